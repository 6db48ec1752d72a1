/* SPDX-License-Identifier: MIT */
/*
 * normalize.c - the steps of a normalizer, one after the other
 *
 * A step that would change nothing is noticed where that is cheap (NFC of NFC, nothing to
 * replace), and then the text is not copied. Source: the normalizers of Hugging Face's
 * tokenizers 0.23.
 */
#include "text/normalize.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "nt/err.h"

void nt_normalizer_release(struct nt_normalizer *n)
{
	nt_matcher_release(&n->matcher);
	free(n->content);
	*n = (struct nt_normalizer){0};
}

int nt_normalizing_init(struct nt_normalizing *w, const struct nt_normalizer *step, size_t n)
{
	*w = (struct nt_normalizing){.step = step, .n = n};
	if (!(w->finder = nt_calloc(n, sizeof(*w->finder))))
		return NT_ESYS;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (step[i].kind == NT_NORMALIZE_REPLACE)
			rc = nt_finder_init(&w->finder[i], &step[i].matcher);
	return rc;
}

void nt_normalizing_release(struct nt_normalizing *w)
{
	for (size_t i = 0; w->finder && i < w->n; i++)
		nt_finder_release(&w->finder[i]);
	free(w->finder);
	nt_rewrite_release(&w->rewrite[0]);
	nt_rewrite_release(&w->rewrite[1]);
	*w = (struct nt_normalizing){0};
}

static size_t look(const struct nt_stretch *in, size_t at, uint32_t *c)
{
	return nt_char_at(in->text + at, in->len - at, c);
}

/* --- characters one by one -------------------------------------------------------- */

/* What Nmt makes of a character: itself, a space, or nothing (0). */
static uint32_t nmt(uint32_t c)
{
	static const uint32_t spaces[] = {0x9, 0xa, 0xc, 0xd, 0x1680, 0x2028, 0x2029, 0x2581, 0xfeff,
					  0xfffd};
	if ((c >= 1 && c <= 8) || c == 0xb || (c >= 0xe && c <= 0x1f) || c == 0x7f || c == 0x8f ||
	    c == 0x9f)
		return 0;
	for (size_t i = 0; i < sizeof(spaces) / sizeof(*spaces); i++)
		if (c == spaces[i])
			return ' ';
	return c >= 0x200b && c <= 0x200f ? ' ' : c;
}

/* Appends what the step makes of character c, bytes [at, at + n) of `in`. */
static int map_one(struct nt_rewrite *out, const struct nt_stretch *in, size_t at, size_t n,
		   uint32_t c, enum nt_normalizer_kind kind)
{
	uint32_t to[2] = {c};
	size_t n_to = 1;
	uint8_t bytes[8];
	size_t len = 0;
	if (c == NT_NO_CHAR)
		return nt_rewrite_keep(out, in, at, at + n);
	if (kind == NT_NORMALIZE_LOWER)
		n_to = nt_lower(c, to);
	else if (kind == NT_NORMALIZE_ACCENTS)
		n_to = !nt_is_mark(c);
	else if (c != 0)
		n_to = (to[0] = nmt(c)) != 0;
	if (n_to == 1 && to[0] == c)
		return nt_rewrite_keep(out, in, at, at + n);
	for (size_t i = 0; i < n_to; i++)
		len += nt_utf8_encode(bytes + len, to[i]);
	return nt_rewrite_add(out, in, at, bytes, len);
}

static int map(struct nt_rewrite *out, const struct nt_stretch *in, enum nt_normalizer_kind kind)
{
	int rc = 0;
	for (size_t i = 0, n; rc == 0 && i < in->len; i += n) {
		uint32_t c;
		n = look(in, i, &c);
		rc = map_one(out, in, i, n, c, kind);
	}
	return rc;
}

static struct nt_stretch strip(const struct nt_stretch *in, bool left, bool right)
{
	size_t start = 0, end = 0;
	bool is_leading = left;
	for (size_t i = 0, n; i < in->len; i += n) {
		uint32_t c;
		n = look(in, i, &c);
		bool is_space = nt_is_space(c);
		is_leading &= is_space;
		if (is_leading)
			start = i + n;
		if (!is_space || !right)
			end = i + n;
	}
	return nt_stretch_part(in, start, end > start ? end : start);
}

/* --- strings ------------------------------------------------------------------------ */

static int prepend(struct nt_rewrite *out, const struct nt_stretch *in, const struct nt_normalizer *s)
{
	int rc = nt_rewrite_add(out, in, 0, s->content, s->content_len);
	return rc < 0 ? rc : nt_rewrite_keep(out, in, 0, in->len);
}

/* What is put in place of text[start, end) counts as made of its last character: so the
 * reference sees it, which asks whether a piece begins where the document does. */
static size_t last_character(const struct nt_stretch *in, size_t start, size_t end)
{
	size_t at = end > start ? end - 1 : start;
	while (at > start && (in->text[at] & 0xc0) == 0x80)
		at--;
	return at;
}

/* *changes: was there anything to replace? If not, nothing has been written. */
static int replace(struct nt_rewrite *out, const struct nt_stretch *in, const struct nt_normalizer *s,
		   struct nt_finder *f, bool *changes)
{
	size_t start, end, done = 0;
	int rc = nt_finder_begin(f, in->text, in->len);
	*changes = false;
	while (rc == 0 && (rc = nt_finder_next(f, &start, &end)) > 0) {
		*changes = true;
		rc = nt_rewrite_keep(out, in, done, start);
		if (rc == 0)
			rc = nt_rewrite_add(out, in, last_character(in, start, end), s->content,
					    s->content_len);
		done = end;
	}
	return rc < 0 || !*changes ? rc : nt_rewrite_keep(out, in, done, in->len);
}

/* --- the list ------------------------------------------------------------------------ */

static int apply(struct nt_normalizing *w, size_t i, struct nt_rewrite *out, struct nt_stretch *text)
{
	const struct nt_normalizer *s = &w->step[i];
	bool changes = true;
	int rc = 0;
	nt_rewrite_reset(out);
	switch (s->kind) {
	case NT_NORMALIZE_FORM:
		changes = s->form != NT_NFC || !nt_is_nfc(text->text, text->len);
		if (changes)
			rc = nt_normal_form(out, text, s->form);
		break;
	case NT_NORMALIZE_STRIP:
		changes = false;
		*text = strip(text, s->strips_left, s->strips_right);
		break;
	case NT_NORMALIZE_REPLACE:
		rc = replace(out, text, s, &w->finder[i], &changes);
		break;
	case NT_NORMALIZE_PREPEND:
		rc = prepend(out, text, s);
		break;
	default:
		rc = map(out, text, s->kind);
	}
	return rc < 0 || !changes ? rc : nt_rewrite_done(out, text, text);
}

int nt_normalize(struct nt_normalizing *w, const struct nt_stretch *in, struct nt_stretch *out)
{
	size_t next = 0; /* the rewrite that is not being read */
	int rc = 0;
	*out = *in;
	for (size_t i = 0; rc == 0 && i < w->n && out->len; i++) {
		rc = apply(w, i, &w->rewrite[next], out);
		if (out->origin && out->origin == w->rewrite[next].origin)
			next = !next;
	}
	return rc;
}

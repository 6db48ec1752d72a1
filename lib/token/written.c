/* SPDX-License-Identifier: MIT */
/*
 * written.c - vocabularies that are not cut into words, as if they were
 *
 * Llama 2's and Gemma's tokenizers write a space as U+2581, by a normalizer or by Metaspace,
 * cut nothing, and merge a whole document as one piece. But a merge over a border between
 * two characters needs a token that ends in the one and a token that begins with the other:
 * where no merge takes two such tokens, nothing ever crosses, and the text may be cut there.
 * That is decided by the bytes on either side, for all merges at once, when the vocabulary
 * is loaded; nearly every space is such a place, and the pieces between are words that repeat.
 */
#include "token/written.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "text/unicode.h"

static bool begins_with_mark(const uint8_t *text, size_t len)
{
	return len >= 3 && memcmp(text, NT_SPACE_MARK, 3) == 0;
}

static bool is_mark_for_space(const struct nt_normalizer *s)
{
	return s->kind == NT_NORMALIZE_REPLACE && s->matcher.kind == NT_MATCH_STRING &&
	       s->matcher.len == 1 && *s->matcher.string == ' ' && s->content_len == 3 &&
	       memcmp(s->content, NT_SPACE_MARK, 3) == 0;
}

static bool prepends_mark(const struct nt_normalizer *s)
{
	return s->kind == NT_NORMALIZE_PREPEND && s->content_len == 3 && memcmp(s->content, NT_SPACE_MARK, 3) == 0;
}

/* Cutting at spaces, of which none is left. */
static bool cuts_nothing(const struct nt_presplit *s)
{
	return s->kind == NT_PRESPLIT_CUT && s->matcher.kind == NT_MATCH_STRING && s->matcher.len == 1 &&
	       *s->matcher.string == ' ' && !s->inverts;
}

bool nt_written_is_whole(const struct nt_tokenizer *t, bool *prepends)
{
	size_t n = t->n_normalizer;
	*prepends = n == 2;
	return t->is_written && (n == 1 || n == 2) && is_mark_for_space(&t->normalizer[n - 1]) &&
	       (n == 1 || prepends_mark(&t->normalizer[0])) &&
	       (t->n_presplit == 0 || (t->n_presplit == 1 && cuts_nothing(&t->presplit[0])));
}

bool nt_written_has_bytes(const struct nt_tokenizer *t)
{
	for (int b = 0; b < 256; b++)
		if (t->byte_id[b] == NT_NO_TOKEN)
			return false;
	return t->has_fallback;
}

bool nt_written_is_byte(const struct nt_tokenizer *t, uint32_t id)
{
	const uint8_t *p = nt_token_text(t, id);
	return t->token[id].len == 6 && memcmp(p, "<0x", 3) == 0 && p[5] == '>';
}

/* Does Metaspace write the spaces, and cuts nothing? */
static bool is_metaspace(const struct nt_tokenizer *t, struct nt_joints *j)
{
	const struct nt_presplit *s = t->presplit;
	if (!t->is_written || t->n_normalizer || t->n_presplit != 1 || s->kind != NT_PRESPLIT_METASPACE || s->cuts)
		return false;
	j->prepend = s->prepend;
	j->spares_space = true;
	return strcmp(s->replacement, NT_SPACE_MARK) == 0;
}

/* Is it one of those tokenizers, and what does it put in front of text? */
static bool is_eligible(const struct nt_tokenizer *t, struct nt_joints *j)
{
	bool prepends;
	if (t->prefers_whole || t->normalized.n || strcmp(t->space, NT_SPACE_MARK) != 0 || !nt_written_has_bytes(t))
		return false;
	if (!nt_written_is_whole(t, &prepends))
		return is_metaspace(t, j);
	j->prepend = prepends ? NT_PREPEND_ALWAYS : NT_PREPEND_NEVER;
	return true;
}

static void join(struct nt_joints *j, uint8_t a, uint8_t b)
{
	j->bit[a][b / 64] |= UINT64_C(1) << b % 64;
}

/* Notes what the merge of tokens a and b crosses. */
static void note(const struct nt_tokenizer *t, struct nt_joints *j, uint32_t a, uint32_t b)
{
	const uint8_t *left = nt_token_text(t, a), *right = nt_token_text(t, b);
	size_t n_left = t->token[a].len, n_right = t->token[b].len;
	bool mark_left = n_left >= 3 && begins_with_mark(left + n_left - 3, 3);
	bool mark_right = begins_with_mark(right, n_right);
	join(j, left[n_left - 1], right[0]);
	if (mark_left)
		join(j, ' ', right[0]);
	if (mark_right)
		join(j, left[n_left - 1], ' ');
	if (mark_left && mark_right)
		join(j, ' ', ' ');
}

int nt_written_index(struct nt_tokenizer *t)
{
	struct nt_joints found = {0}, *j;
	if (!is_eligible(t, &found))
		return 0;
	if (!(j = nt_alloc(1, sizeof(*j))))
		return NT_ESYS;
	*j = found;
	for (int a = 0; a < 256; a++)
		for (int b = 0x80; b < 0xc0; b++)
			join(j, (uint8_t)a, (uint8_t)b); /* inside a character */
	for (size_t i = 0; i < t->n_pair; i++) {
		struct nt_pair p = t->pair[i];
		if (nt_written_is_byte(t, p.left) || nt_written_is_byte(t, p.right)) {
			free(j);
			return 0;
		}
		note(t, j, p.left, p.right);
	}
	for (int c = 0; c < 128; c++)
		j->ascii[c] = nt_token_find_ordinary(t, c == ' ' ? NT_SPACE_MARK : (const char *)&(char){(char)c},
						     c == ' ' ? 3 : 1);
	t->joints = j;
	return 0;
}

bool nt_written_prepends(const struct nt_joints *j, const uint8_t *text, size_t start, size_t end)
{
	if (j->prepend == NT_PREPEND_NEVER || (j->prepend == NT_PREPEND_FIRST && start > 0))
		return false;
	return !j->spares_space || !(text[start] == ' ' || begins_with_mark(text + start, end - start));
}

bool nt_written_has_mark(const uint8_t *text, size_t len)
{
	return memmem(text, len, NT_SPACE_MARK, strlen(NT_SPACE_MARK)) != NULL;
}

size_t nt_written_len(const struct nt_tokenizer *t, uint32_t id, const uint8_t *text)
{
	size_t n = 0;
	if (nt_written_is_byte(t, id) && t->byte_id[t->bytes.data[t->shown[id].at]] == id)
		return 1;
	for (const uint8_t *p = nt_token_text(t, id), *end = p + t->token[id].len; p < end;) {
		bool is_mark = begins_with_mark(p, (size_t)(end - p));
		n += is_mark && text[n] != ' ' ? 3 : 1;
		p += is_mark ? 3 : 1;
	}
	return n;
}

static inline bool is_joined(const struct nt_joints *j, uint8_t a, uint8_t b)
{
	return j->bit[a][b / 64] >> b % 64 & 1;
}

size_t nt_written_cut(const struct nt_joints *j, const uint8_t *text, size_t len, uint32_t *end,
		      size_t cap)
{
	size_t n = 0, most = len < UINT32_MAX ? len : UINT32_MAX;
	for (size_t k = 1; k < most && n < cap; k++) {
		end[n] = (uint32_t)k;
		n += !is_joined(j, text[k - 1], text[k]);
	}
	if (n < cap && most == len)
		end[n++] = (uint32_t)len;
	return n;
}

size_t nt_written_seam(const struct nt_joints *j, const uint8_t *text, size_t len)
{
	for (size_t k = len; k-- > 2;)
		if (text[k - 1] == ' ' && nt_is_ascii_letter(text[k - 2]) && nt_is_ascii_letter(text[k]) &&
		    !is_joined(j, text[k - 2], ' '))
			return k - 1;
	return 0;
}

/* Puts text[n] into w->text as it is written in tokens. */
static int write_marks(struct nt_written_work *w, const uint8_t *text, size_t n)
{
	w->text.len = 0;
	int rc = nt_buf_reserve(&w->text, 3 * n);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		bool is_space = text[i] == ' ';
		memcpy(w->text.data + w->text.len, is_space ? (const uint8_t *)NT_SPACE_MARK : text + i, is_space ? 3 : 1);
		w->text.len += is_space ? 3 : 1;
	}
	return rc;
}

int nt_written_merge(const struct nt_tokenizer *t, struct nt_written_work *w, struct nt_scratch *scratch,
		     const uint8_t *p, size_t n, struct nt_ids *out)
{
	struct nt_symbols *s = &w->symbols;
	int rc = 0;
	s->n = 0;
	for (size_t at = 0, len; rc == 0 && at < n; at += len) {
		len = nt_symbols_window(s, p + at, n - at);
		bool goes_on = at + len < n;
		rc = write_marks(w, p + at, len);
		if (rc == 0)
			rc = nt_symbols_add(s, t, w->text.data, w->text.len, goes_on);
		if (rc < 0)
			break;
		ptrdiff_t done = nt_merge_symbols(scratch, t, s->id, s->n, goes_on, out);
		rc = done < 0 ? (int)done : 0;
		if (rc == 0)
			nt_symbols_drop(s, (size_t)done);
	}
	return rc;
}

void nt_written_release(struct nt_written_work *w)
{
	nt_buf_release(&w->text);
	nt_symbols_release(&w->symbols);
}

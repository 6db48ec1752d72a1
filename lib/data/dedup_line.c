/* SPDX-License-Identifier: MIT */
/*
 * dedup_line.c - repeated lines of text, in documents of ids
 *
 * What stays is what `awk '!seen[$0]++'` leaves of the text, byte for byte: a line is what lies
 * between line feeds, and blank ones are lines as well. Tokens do not end where lines do
 * ("}\n\n    "), so a document's text is put together from its tokens, lines are judged
 * there, and a token that lies in lines that stay and in lines that go is written anew with
 * smaller tokens. Where the vocabulary has none for a byte of it, it stays or goes whole, as
 * the line does that it begins in.
 */
#include "data/dedup_line.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/ident.h"

enum {
	BLOCK = 64,   /* lines that are asked about together */
	TOKENS = 256, /* that are gathered without asking for room */
};

void nt_dedup_line_release(struct nt_dedup_line *l)
{
	free(l->piece);
	nt_buf_release(&l->text);
	free(l->past);
	free(l->end);
	free(l->stays);
	*l = (struct nt_dedup_line){0};
}

int nt_dedup_line_init(struct nt_dedup_line *l, const struct nt_dedup_options *o)
{
	*l = (struct nt_dedup_line){.piece = nt_calloc(o->vocab_size, sizeof(*l->piece))};
	for (uint32_t id = 0; l->piece && id < o->vocab_size; id++) {
		const struct nt_dedup_token *t = &o->token[id];
		bool fits = t->bytes <= sizeof(l->piece->text);
		l->piece[id].len = fits ? (uint8_t)t->bytes : NT_LINE_LONG;
		if (fits && t->bytes)
			memcpy(l->piece[id].text, t->text, t->bytes);
	}
	return l->piece ? 0 : NT_ESYS;
}

/* The text of ids [i, n) up to the first that is long, to text[len]; returns which. They are
 * copied as they lie, what is behind them as well, and the next one goes over it. */
static size_t gather_short(uint8_t *restrict text, size_t *len, size_t *restrict past,
			   const struct nt_line_piece *restrict piece, const uint32_t *restrict id, size_t i,
			   size_t n)
{
	size_t at = *len;
	for (; i < n && piece[id[i]].len != NT_LINE_LONG; i++) {
		memcpy(text + at, &piece[id[i]], sizeof(*piece));
		past[i] = at += piece[id[i]].len;
	}
	*len = at;
	return i;
}

/* The text of a document, and where its tokens end in it. */
static int gather_text(struct nt_dedup_line *l, const struct nt_dedup_options *o, const struct nt_tokens *doc)
{
	l->text.len = 0;
	if (nt_grow(&l->past, &l->cap_past, doc->n, sizeof(*l->past)) < 0)
		return NT_ESYS;
	for (size_t i = 0; i < doc->n;) {
		size_t end = doc->n - i < TOKENS ? doc->n : i + TOKENS;
		if (nt_buf_reserve(&l->text, TOKENS * sizeof(*l->piece)) < 0)
			return NT_ESYS;
		i = gather_short(l->text.data, &l->text.len, l->past, l->piece, doc->id, i, end);
		if (i == end)
			continue;
		const struct nt_dedup_token *t = &o->token[doc->id[i]];
		if (nt_buf_add(&l->text, t->text, t->bytes) < 0)
			return NT_ESYS;
		l->past[i++] = l->text.len;
	}
	return 0;
}

static bool is_blank(const uint8_t *p, size_t n)
{
	while (n && (*p == ' ' || (*p >= '\t' && *p <= '\r'))) {
		p++;
		n--;
	}
	return n == 0;
}

/* Finds lines from *at on, a block of them, and asks about those that are compared. */
static int ask_lines(struct nt_dedup_line *l, const struct nt_dedup_options *o, struct nt_once *seen,
		     size_t *at)
{
	const uint8_t *text = l->text.data;
	size_t len = l->text.len;
	for (size_t next, k = 0; *at < len && k < BLOCK; k++, *at = next) {
		const uint8_t *feed = memchr(text + *at, '\n', len - *at);
		size_t end = feed ? (size_t)(feed - text) : len;
		next = end + (feed != NULL);
		if (nt_grow(&l->end, &l->cap_end, l->n_line + 1, sizeof(*l->end)) < 0 ||
		    nt_grow(&l->stays, &l->cap_stays, l->n_line + 1, sizeof(*l->stays)) < 0)
			return NT_ESYS;
		/* for now: is it compared? */
		l->stays[l->n_line] = !o->keep_blank || !is_blank(text + *at, end - *at);
		if (l->stays[l->n_line] && nt_once_ask(seen, text + *at, end - *at) < 0)
			return NT_ESYS;
		l->end[l->n_line++] = next;
	}
	return 0;
}

/* Answers what was asked about lines from number k on. */
static int judge_lines(struct nt_dedup_line *l, struct nt_once *seen, size_t k)
{
	bool stays = k == 0 || l->stays[k - 1];
	size_t asked = 0;
	for (; k < l->n_line; k++) {
		if (l->stays[k]) {
			int rc = nt_once_answer(seen, asked++);
			if (rc < 0)
				return rc;
			stays = rc == 1;
			l->n_repeated += !stays;
		}
		l->stays[k] = stays;
		l->dropped_bytes += stays ? 0 : l->end[k] - (k ? l->end[k - 1] : 0);
	}
	nt_once_done(seen);
	l->n += asked;
	return 0;
}

/* The ids of bytes[len], appended; 0 if the vocabulary has none. */
static int write_part(const struct nt_dedup_options *o, struct nt_ids *id, const uint8_t *bytes, size_t len)
{
	uint32_t whole = o->find(o->find_arg, bytes, len);
	size_t before = id->n;
	if (whole != NT_NO_TOKEN)
		return nt_ids_add(id, &whole, 1) < 0 ? NT_ESYS : 1;
	for (size_t i = 0; i < len; i++) {
		uint32_t one = o->find(o->find_arg, bytes + i, 1);
		if (one == NT_NO_TOKEN) {
			id->n = before;
			return 0;
		}
		if (nt_ids_add(id, &one, 1) < 0)
			return NT_ESYS;
	}
	return 1;
}

/* Token `token`, which stands for text[at, end), begins in line k and ends in another. */
static int write_over_border(struct nt_dedup_line *l, const struct nt_dedup_options *o, uint32_t token,
			     size_t at, size_t end, size_t k, struct nt_ids *id)
{
	size_t before = id->n, first = k;
	for (; at < end; at = l->end[k++]) {
		size_t stop = l->end[k] < end ? l->end[k] : end;
		int rc = l->stays[k] ? write_part(o, id, l->text.data + at, stop - at) : 1;
		if (rc < 0)
			return rc;
		if (rc == 0) {
			id->n = before;
			return l->stays[first] ? nt_ids_add(id, &token, 1) : 0;
		}
	}
	return 0;
}

/* Where writing stands in the document's units. */
struct in_units {
	const struct nt_tokens *doc;
	struct nt_ids *unit; /* lengths of what is left of them */
	size_t u;
	uint32_t n, kept;    /* tokens of unit u that were passed, and what became of them */
};

/* Closes the unit if all of it was passed. */
static int close_unit(struct in_units *in)
{
	int rc = 0;
	if (in->n == in->doc->unit[in->u]) {
		rc = in->kept ? nt_ids_add(in->unit, &in->kept, 1) : 0;
		in->u++;
		in->n = in->kept = 0;
	}
	return rc;
}

/* Passes n tokens, of which all stay or none. */
static int pass(struct in_units *in, size_t n, bool stays)
{
	int rc = 0;
	while (rc == 0 && n) {
		uint32_t left = in->doc->unit[in->u] - in->n, some = n < left ? (uint32_t)n : left;
		in->n += some;
		in->kept += stays ? some : 0;
		n -= some;
		rc = close_unit(in);
	}
	return rc;
}

/* A token over a border became `kept` others. */
static int pass_one(struct in_units *in, size_t kept)
{
	int rc = 0;
	while (rc == 0 && in->doc->unit[in->u] == 0)
		rc = close_unit(in);
	in->n++;
	in->kept += (uint32_t)kept;
	return rc < 0 ? rc : close_unit(in);
}

/* The first token from i on that ends behind `end`, or n. */
static size_t first_past(const size_t *past, size_t i, size_t n, size_t end)
{
	while (i < n && past[i] <= end)
		i++;
	return i;
}

/* Appends what is left. Lines that stay and lines that go come in stretches. */
static int write_left(struct nt_dedup_line *l, const struct nt_dedup_options *o, const struct nt_tokens *doc,
		      struct nt_ids *id, struct nt_ids *unit)
{
	struct in_units in = {.doc = doc, .unit = unit};
	size_t at = 0, k = 0;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < doc->n;) {
		while (k + 1 < l->n_line && l->end[k] <= at)
			k++;
		bool stays = l->n_line == 0 || l->stays[k];
		size_t last = k, first = i;
		while (last + 1 < l->n_line && l->stays[last + 1] == stays)
			last++;
		size_t end = last + 1 < l->n_line ? l->end[last] : SIZE_MAX;
		i = first_past(l->past, i, doc->n, end);
		at = i > first ? l->past[i - 1] : at;
		if (stays)
			rc = nt_ids_add(id, doc->id + first, i - first);
		if (rc == 0)
			rc = pass(&in, i - first, stays);
		if (rc < 0 || i == doc->n || at == end)
			continue;
		while (l->end[k] <= at)
			k++;
		size_t before = id->n;
		rc = write_over_border(l, o, doc->id[i], at, l->past[i], k, id);
		at = l->past[i++];
		if (rc == 0)
			rc = pass_one(&in, id->n - before);
	}
	return rc;
}

int nt_dedup_line(struct nt_dedup_line *l, const struct nt_dedup_options *o, struct nt_once *seen,
		  const struct nt_tokens *doc, struct nt_ids *id, struct nt_ids *unit)
{
	l->n = l->n_repeated = l->n_line = 0;
	l->dropped_bytes = 0;
	int rc = gather_text(l, o, doc);
	for (size_t begin = 0; rc == 0 && begin < l->text.len;) {
		size_t first = l->n_line;
		if ((rc = ask_lines(l, o, seen, &begin)) == 0)
			rc = judge_lines(l, seen, first);
	}
	return rc < 0 ? rc : write_left(l, o, doc, id, unit);
}

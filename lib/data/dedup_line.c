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

enum { BLOCK = 64 }; /* lines that are asked about together */

void nt_dedup_line_release(struct nt_dedup_line *l)
{
	nt_buf_release(&l->text);
	free(l->end);
	free(l->stays);
	*l = (struct nt_dedup_line){0};
}

static int gather_text(struct nt_dedup_line *l, const struct nt_dedup_token *token,
		       const struct nt_tokens *doc)
{
	size_t len = 0;
	for (size_t i = 0; i < doc->n; i++)
		len += token[doc->id[i]].bytes;
	l->text.len = 0;
	if (nt_buf_reserve(&l->text, len) < 0)
		return NT_ESYS;
	for (size_t i = 0; i < doc->n; i++) {
		const struct nt_dedup_token *t = &token[doc->id[i]];
		memcpy(l->text.data + l->text.len, t->text, t->bytes);
		l->text.len += t->bytes;
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

/* Token `token`, which stands for text[at, end) and begins in line k. */
static int write_token(struct nt_dedup_line *l, const struct nt_dedup_options *o, uint32_t token, size_t at,
		       size_t end, size_t k, struct nt_ids *id)
{
	size_t before = id->n, first = k, last = k;
	bool all = l->stays[k], any = all;
	while (l->end[last] < end) {
		last++;
		all &= l->stays[last];
		any |= l->stays[last];
	}
	if (all || !any)
		return all ? nt_ids_add(id, &token, 1) : 0;
	for (; k <= last; at = l->end[k++]) {
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

/* What is left of a unit of n tokens, from *at in the text on, which begins in line *k. */
static int write_unit(struct nt_dedup_line *l, const struct nt_dedup_options *o, const uint32_t *token,
		      size_t n, size_t *at, size_t *k, struct nt_ids *id, struct nt_ids *unit)
{
	size_t before = id->n;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		size_t bytes = o->token[token[i]].bytes, end = *at + bytes;
		while (*k + 1 < l->n_line && l->end[*k] <= *at)
			++*k;
		if (bytes)
			rc = write_token(l, o, token[i], *at, end, *k, id);
		else if (l->n_line == 0 || l->stays[*k])
			rc = nt_ids_add(id, &token[i], 1);
		*at = end;
	}
	uint32_t left = (uint32_t)(id->n - before);
	return rc == 0 && left ? nt_ids_add(unit, &left, 1) : rc;
}

int nt_dedup_line(struct nt_dedup_line *l, const struct nt_dedup_options *o, struct nt_once *seen,
		  const struct nt_tokens *doc, struct nt_ids *id, struct nt_ids *unit)
{
	size_t at = 0, k = 0;
	l->n = l->n_repeated = 0;
	l->dropped_bytes = 0;
	l->n_line = 0;
	int rc = gather_text(l, o->token, doc);
	for (size_t begin = 0; rc == 0 && begin < l->text.len;) {
		size_t first = l->n_line;
		if ((rc = ask_lines(l, o, seen, &begin)) == 0)
			rc = judge_lines(l, seen, first);
	}
	const uint32_t *token = doc->id;
	for (size_t u = 0; rc == 0 && u < doc->n_unit; token += doc->unit[u++])
		rc = write_unit(l, o, token, doc->unit[u], &at, &k, id, unit);
	return rc;
}

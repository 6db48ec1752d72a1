/* SPDX-License-Identifier: MIT */
/*
 * run.c - distinct pieces in order of their bytes, each with its count, as bytes
 *
 * In order, words share their beginnings: a million pieces of English take some five bytes
 * each, count included. Temporary files and files of counts are made of such runs.
 */
#include "token/run.h"

#include <stdbool.h>
#include <string.h>

#include "nt/err.h"

int nt_piece_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	int c = memcmp(a, b, a_len < b_len ? a_len : b_len);
	return c ? c : (a_len > b_len) - (a_len < b_len);
}

static int add_number(struct nt_buf *out, uint64_t n)
{
	uint8_t bytes[10];
	size_t len = 0;
	for (; n > 0x7f; n >>= 7)
		bytes[len++] = (uint8_t)(n | 0x80);
	bytes[len++] = (uint8_t)n;
	return nt_buf_add(out, bytes, len);
}

int nt_run_add(struct nt_run_writer *w, const uint8_t *p, size_t len, uint64_t count)
{
	size_t same = 0;
	while (same < len && same < w->last.len && p[same] == w->last.data[same])
		same++;
	if (same > (len - same) * NT_RUN_SAME_MOST)
		same = len - len / (NT_RUN_SAME_MOST + 1) - 1;
	int rc = add_number(&w->out, same);
	if (rc == 0)
		rc = add_number(&w->out, len - same);
	if (rc == 0)
		rc = nt_buf_add(&w->out, p + same, len - same);
	if (rc == 0)
		rc = add_number(&w->out, count);
	w->last.len = same;
	return rc < 0 ? rc : nt_buf_add(&w->last, p + same, len - same);
}

int nt_run_end(struct nt_run_writer *w)
{
	w->last.len = 0;
	return nt_buf_add(&w->out, "\0", 2);
}

void nt_run_writer_release(struct nt_run_writer *w)
{
	nt_buf_release(&w->out);
	nt_buf_release(&w->last);
}

/* false: cut, or more than 64 bits. */
static bool take_number(struct nt_run_reader *r, uint64_t *n)
{
	*n = 0;
	for (int shift = 0; shift < 64 && r->at < r->end; shift += 7) {
		uint8_t byte = *r->at++;
		*n |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return shift < 63 || byte < 2;
	}
	return false;
}

int nt_run_next(struct nt_run_reader *r)
{
	uint64_t same, rest;
	if (!take_number(r, &same) || !take_number(r, &rest) || same > r->piece.len ||
	    rest > (size_t)(r->end - r->at))
		return nt_fail(NT_EFORMAT, "a piece is cut or damaged");
	if (same == 0 && rest == 0)
		return 0;
	/* ascending: what follows the common beginning is greater, or there was nothing */
	if (rest == 0 || (same < r->piece.len &&
			  nt_piece_compare(r->at, rest, r->piece.data + same, r->piece.len - same) <= 0))
		return nt_fail(NT_EFORMAT, "its pieces are not in order");
	r->piece.len = same;
	int rc = nt_buf_add(&r->piece, r->at, rest);
	if (rc < 0)
		return rc;
	r->at += rest;
	if (!take_number(r, &r->count) || r->count == 0)
		return nt_fail(NT_EFORMAT, "a count is cut or damaged");
	return 1;
}

void nt_run_reader_release(struct nt_run_reader *r)
{
	nt_buf_release(&r->piece);
}

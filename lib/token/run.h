/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_RUN_H
#define TOKEN_RUN_H
/*
 * run.h - distinct pieces in order of their bytes, each with its count, as bytes
 *
 * A piece is written as the length of what it begins with like the one before, the length
 * of the rest, the rest, and the count; numbers as LEB128. Two zeros end the run.
 */
#include "nt/mem.h"

/* So many times what follows is shared at most, so that pieces take no more than this, and one,
 * times the bytes that they are read from. */
enum { NT_RUN_SAME_MOST = 32 };

struct nt_run_writer {
	struct nt_buf out; /* the caller's to take away at any time */
	struct nt_buf last;
};

/* Behind the last one in order. */
int nt_run_add(struct nt_run_writer *w, const uint8_t *p, size_t len, uint64_t count);
int nt_run_end(struct nt_run_writer *w);
void nt_run_writer_release(struct nt_run_writer *w); /* harmless twice */

struct nt_run_reader {
	const uint8_t *at, *end; /* bytes that are left; the caller sets them */
	struct nt_buf piece;     /* the latest one ... */
	uint64_t count;          /* ... and how often it occurs */
};

/* 1 with the next piece, 0 behind the last, or NT_EFORMAT: cut, or not in order. */
int nt_run_next(struct nt_run_reader *r);
void nt_run_reader_release(struct nt_run_reader *r);

/* By bytes; the shorter first where one begins like the other. */
int nt_piece_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_ROWS_H
#define TRAIN_ROWS_H
/*
 * rows.h - which tokens stand in which row
 *
 * A row has T positions. Each holds an input, and a target that is the token behind it
 * in the same document. A span is a run of positions that see each other and nothing
 * else: n inputs from `token` on, n targets from `token` + 1 on, but for the first
 * `context` of them. A document of m tokens has m - 1 targets, and over all rows each of
 * them stands in exactly one place.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "train/corpus.h"

struct nt_span {
	uint64_t token; /* number of the first input in the corpus */
	uint32_t n;     /* inputs, and targets but for `context` */
	uint32_t col;   /* where it begins in its row */
	uint32_t context; /* of the targets, the first ones that are none */
	uint64_t row;
};

struct nt_rows {
	const struct nt_corpus *corpus;
	size_t T;
	struct nt_span *span; /* [n_span] by row, then column */
	size_t n_span, cap;
	size_t *first;        /* [n_row + 1] a row's first span */
	uint64_t n_row;
	uint64_t n_target;
	uint64_t n_window;    /* not 0: rows are windows at random places instead, */
};                            /* beginning at a token below n_window */

/* The training rows and the held-out rows of a run. */
struct nt_split {
	struct nt_rows train, val;
	char remark[256]; /* how the held-out part was chosen, for people; or "" */
};

/*
 * Data of documents is packed: best fit, whole documents, longer ones cut into pieces
 * of T; data of rows stays as it is, and T must be its row length less one. val NULL
 * holds out a part of the corpus; has_val false holds out nothing.
 */
int nt_rows_fit(struct nt_split *s, const struct nt_corpus *corpus, const struct nt_corpus *val,
		size_t T);

/* Windows of T + 1 tokens out of all tokens in a line; validation: one behind the other. */
int nt_rows_concat(struct nt_split *s, const struct nt_corpus *corpus,
		   const struct nt_corpus *val, size_t T);

void nt_split_release(struct nt_split *s); /* harmless twice */

/* The row that stands at place k of training, over all epochs: a pure function. */
uint64_t nt_rows_order(const struct nt_rows *r, uint64_t seed, uint64_t k);

/*
 * Writes row `row` (for windows: what nt_rows_order gave) into input, target and start,
 * [T] each, as nt_batch wants them. [B] never becomes a target. Returns the number of
 * targets, or a negative enum nt_err.
 */
int nt_rows_fill(const struct nt_rows *r, uint64_t row, uint32_t *input, uint32_t *target,
		 uint32_t *start);

/* Assigns rows and columns to spans[n] of at most T. Out here for its tests. */
int nt_rows_pack(struct nt_span *span, size_t n, size_t T, uint64_t *n_row);

#endif

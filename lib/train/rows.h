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
 * them stands in exactly one place. A row holds one source only, and the rows of a source
 * stand together.
 *
 * Memory: 16 bytes a span, which is a document or a piece of one, and 8 a row; and while
 * what is held out is chosen among rows or pieces, 32 for each of them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "train/corpus.h"
#include "train/mix.h"

struct nt_span {
	uint64_t token;   /* number of the first input in the corpus */
	uint32_t n;       /* inputs, and targets but for `context` */
	uint32_t context; /* of the targets, the first ones that are none */
};

/* What there is of a source. */
struct nt_part {
	uint64_t first, n; /* its rows; or windows, by their first tokens */
	uint64_t n_target;
	double share;      /* of the targets of training, as the weights say */
};

struct nt_rows {
	const struct nt_corpus *corpus;
	size_t T;
	uint32_t row_len;     /* not 0: rows of the data, where spans stay in their columns */
	struct nt_span *span; /* [n_span] by row, then column */
	size_t n_span, cap;
	size_t *first;        /* [n_row + 1] a row's first span */
	size_t first_cap;
	uint64_t n_row;       /* 0: windows */
	uint64_t n_target;
	bool is_windows;      /* rows are windows at random places instead */
	struct nt_part *part; /* [corpus->n_source] */
	struct nt_mix mix;
};

/* The training rows and the held-out rows of a run. */
struct nt_split {
	struct nt_rows train, val;
	char remark[256]; /* how the held-out part was chosen, for people; or "" */
};

/*
 * Data of documents is packed: best fit, whole documents, longer ones cut into pieces
 * of T that begin `stride` apart (T: none is seen twice); data of rows stays as it is, and
 * T must be its row length less one. val NULL holds out a part of the corpus.
 */
int nt_rows_fit(struct nt_split *s, const struct nt_corpus *corpus, const struct nt_corpus *val,
		size_t T, size_t stride);

/* Windows of T + 1 tokens out of all tokens of a source in a line; validation: one behind
 * the other. */
int nt_rows_concat(struct nt_split *s, const struct nt_corpus *corpus,
		   const struct nt_corpus *val, size_t T);

void nt_split_release(struct nt_split *s); /* harmless twice */

/* The row that stands at place k of training, over all epochs: a pure function. */
uint64_t nt_rows_order(const struct nt_rows *r, uint64_t seed, uint64_t k);

/* Row k of a sample of held-out rows: any number of them has its part of every source. */
uint64_t nt_rows_sample(const struct nt_rows *r, uint64_t k);

/* The source of a row, or of the window that nt_rows_order gave. */
size_t nt_rows_source(const struct nt_rows *r, uint64_t row);

/* Targets of a row of training, on average, over sources as they are mixed. */
double nt_rows_mean_target(const struct nt_rows *r);

/*
 * Writes row `row` (for windows: what nt_rows_order gave) into input, target and start,
 * [T] each, as nt_batch wants them. [B] never becomes a target. Returns the number of
 * targets, or a negative enum nt_err.
 */
int nt_rows_fill(const struct nt_rows *r, uint64_t row, uint32_t *input, uint32_t *target,
		 uint32_t *start);

/* --- making them ------------------------------------------------------------------ */

/* r is {0}: rows of T positions of this corpus. */
int nt_rows_begin(struct nt_rows *r, const struct nt_corpus *c, size_t T);
/* What is added between the two is of this source. */
void nt_rows_begin_part(struct nt_rows *r, size_t source);
void nt_rows_end_part(struct nt_rows *r, size_t source);

/* Adds a span to the row that is being made; ends that row. */
int nt_rows_add(struct nt_rows *r, const struct nt_span *s);
int nt_rows_end_row(struct nt_rows *r);

/* Best fit of spans into rows, which are complete after nt_packer_flush. */
struct nt_packer;
int nt_packer_new(struct nt_packer **p, struct nt_rows *rows);
int nt_packer_add(struct nt_packer *p, const struct nt_span *s); /* at most T inputs */
int nt_packer_flush(struct nt_packer *p);
void nt_packer_free(struct nt_packer *p); /* NULL is harmless */

/* Shares and quotas of the parts, once rows are made: by weights, or as much as there is. */
int nt_rows_mix(struct nt_rows *r, bool by_weight);

#endif

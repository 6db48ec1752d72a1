/* SPDX-License-Identifier: MIT */
#ifndef KERN_TILE_H
#define KERN_TILE_H
/*
 * tile.h - the innermost loop of a matrix product, and the order it wants its operands in
 *
 *	C[rows][vector n_vec] (+)= A B		over a block of k
 *
 * A tile of C lives in registers. It goes along k by "steps", the neighbouring k that an
 * instruction sums up by itself: one in f32, two or four in bf16, k_step numbers in one place.
 * B is packed in the order in which it is used, in panels of [step][vector n_vec], which are read
 * from end to end; A as [step][rows] or, where a tile can take its rows from anywhere and they lie
 * so in memory, as [rows][step]. What is missing in the last step is 0.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/cpu.h" /* NT_HAS_WIDE, NT_HAS_NEON */
#include "nt/real.h"

/* What no tile exceeds. */
enum {
	NT_TILE_ROWS = 8,
	NT_TILE_COLUMNS = 48,
	NT_TILE_VECTORS = 3,
	NT_TILE_WORDS = 384, /* of a row or column in a block of k */
	NT_TILE_GAP = 16,    /* words between packed rows of tiles, lest all fall on the same cache lines */
};

/* What sums are added to: rows ld apart, or NULL; and what all rows have, or NULL. */
struct nt_tile_base {
	const nt_real *plus, *bias;
	size_t ld;
};

/* A block of A as it was packed; strides in words. */
struct nt_tile_rows {
	const uint32_t *a;
	size_t row_stride, step_stride;
	size_t tile_stride; /* from a tile's rows to those of the next */
};

struct nt_tile {
	size_t rows, vector;   /* of C: rows, and columns to a vector */
	size_t vectors;        /* beside each other in the widest tile */
	size_t k_step;         /* k in a step ... */
	size_t words;          /* ... and 32-bit words that they take */
	size_t steps;          /* of a block of k: a widest panel of them stays in the first-level cache */

	/* alpha a[m][k], at most a block of k; zeros fill the last tile, and NT_TILE_GAP lies behind
	 * each. In `to` is room for m up to whole vectors. Transposed, a lies as [k][m]. */
	struct nt_tile_rows (*pack_rows)(uint32_t *to, const nt_real *a, size_t lda, bool is_transposed,
					 size_t m, size_t k, nt_real alpha);

	/* b[k][n] as [step][vector n_vec], zeros behind n; transposed, b lies as [n][k]. */
	void (*pack_panel)(uint32_t *to, size_t n_vec, const nt_real *b, size_t ldb, bool is_transposed,
			   size_t n, size_t k);

	/* The same of b[n][k] in bf16; NULL where products are not in it, or there is no way. */
	void (*pack_bf16)(uint32_t *to, size_t n_vec, const uint16_t *b, size_t ldb, size_t n, size_t k);

	/* A whole tile: [rows][vector (i + 1)] for function i. base->plus may be c. */
	void (*run[NT_TILE_VECTORS])(nt_real *c, size_t ldc, const struct nt_tile_rows *rows,
				     const uint32_t *panel, size_t n_step, const struct nt_tile_base *base);
};

/* Of this CPU, or NULL where it has none. */
const struct nt_tile *nt_tile_f32(void);
const struct nt_tile *nt_tile_bf16(void);

extern const struct nt_tile nt_tile_f32_avx2, nt_tile_f32_avx512, nt_tile_bf16_avx512;
extern const struct nt_tile nt_tile_f32_neon, nt_tile_bf16_neon;

#endif

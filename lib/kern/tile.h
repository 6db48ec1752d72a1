/* SPDX-License-Identifier: MIT */
#ifndef KERN_TILE_H
#define KERN_TILE_H
/*
 * tile.h - the innermost loop of a matrix product, and the order it wants its operands in
 *
 *	C[rows][16 n_vec] (+)= A B		over a block of k
 *
 * A tile of C lives in registers. For every k (two neighbouring ones in bf16: a "step",
 * 32 bits wide in either type) it takes one step of each row of A, spread over a register,
 * and a row of n_vec registers of B. So B is packed into panels, [step][16 n_vec], which
 * are read from end to end; A only has to be of the right type, row r and step s at
 * a[r row_stride + s step_stride]. What is missing in the last step is 0.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/cpu.h" /* NT_HAS_WIDE */
#include "nt/real.h"

enum {
	NT_TILE_ROWS = 8,
	NT_TILE_VECTOR = 16,  /* columns */
	NT_TILE_VECTORS = 3,  /* of the widest tile: 24 registers of C, 3 of B, 1 of A */
	NT_TILE_STEPS = 384,  /* of a block of k: a widest panel of 72 KiB */
	/* ... of 8 rows, and a cache line: 8 rows and the next 8 must not fall on the same ones */
	NT_TILE_STRIDE = NT_TILE_ROWS * NT_TILE_STEPS + 16,
};

/* A block of A as it was packed; strides in steps. */
struct nt_tile_rows {
	const uint32_t *a;
	size_t row_stride, step_stride;
	size_t tile_stride; /* from 8 rows to the next 8 */
};

struct nt_tile {
	size_t k_step; /* k in a step: 1 in f32, 2 in bf16 */

	/* A panel of n_vec vectors from b[k][n], n <= 16 n_vec; its columns behind n become 0.
	 * Transposed, b lies as [n][k]. */
	void (*pack_panel)(uint32_t *to, size_t n_vec, const nt_real *b, size_t ldb, bool is_transposed,
			   size_t n, size_t k);

	/* alpha a[m][k] for NT_TILE_STEPS steps at most; m is rounded up to whole tiles, with
	 * zeros. Transposed, a lies as [k][m]. to: NT_TILE_STRIDE for every 8 rows */
	struct nt_tile_rows (*pack_rows)(uint32_t *to, const nt_real *a, size_t lda, bool is_transposed,
					 size_t m, size_t k, nt_real alpha);

	/* A whole tile: [8][16 (i + 1)] for function i. */
	void (*run[NT_TILE_VECTORS])(nt_real *c, size_t ldc, const struct nt_tile_rows *a,
				     const uint32_t *panel, size_t n_step, bool is_added);
};

/* Of this CPU, or NULL where it has none: f32 with AVX-512, bf16 with AVX512-BF16. */
const struct nt_tile *nt_tile_f32(void);
const struct nt_tile *nt_tile_bf16(void);

extern const struct nt_tile nt_tile_f32_avx512, nt_tile_bf16_avx512;

#endif

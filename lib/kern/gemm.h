/* SPDX-License-Identifier: MIT */
#ifndef KERN_GEMM_H
#define KERN_GEMM_H
/*
 * gemm.h - products of row-major matrices
 *
 *	C[m][n] = alpha * A[m][k] B[k][n] (+ C) (+ bias[n]) (+ plus[m][n])
 *
 * ld is a row's length in memory, in elements. A transposed operand lies in memory as
 * [k][m] or [n][k]. The arrays must not overlap, but plus may be C. Sizes may be 0.
 *
 * nt_gemm cuts C into blocks by m, n, k alone and spreads them over the pool: the same bits
 * at any number of threads. nt_gemm_here works in this thread. Neither can fail.
 *
 * Products are our own (gemm_tiled.c) where the CPU has tiles (tile.h), else OpenBLAS's. In bf16 A and B
 * are rounded to it, to nearest even, on their way into the product, which is summed in f32;
 * a single row, and all where the CPU does not multiply bf16, stays in f32.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/real.h"
#include "nt/pool.h"

struct nt_gemm {
	size_t m, n, k;
	const nt_real *a, *b;
	const uint16_t *b_bf16; /* instead of b: in bf16, and transposed; nt_gemm_takes_bf16() */
	nt_real *c;
	size_t lda, ldb, ldc;
	bool is_a_transposed, is_b_transposed;
	bool is_added;       /* to what C holds; else C is written */
	bool is_bf16;
	bool is_symmetric;   /* C is, as A A^T is: one half may be worked out and mirrored; C only written */
	nt_real alpha;
	const nt_real *bias; /* [n] or NULL */
	const nt_real *plus; /* [m][n] of row length ldc, or NULL */
};

void nt_gemm(struct nt_pool *pool, const struct nt_gemm *g);
void nt_gemm_here(const struct nt_gemm *g);

/* What products need, memory or OpenBLAS, is there: 0 or NT_ESYS. Once before the first of them. */
int nt_gemm_load(void);

size_t nt_gemm_room(void);   /* bytes that a thread which calls nt_gemm comes to keep, at most */
bool nt_gemm_has_bf16(void);   /* this CPU multiplies it */
bool nt_gemm_takes_bf16(void); /* ... and products of several rows take a B that is in it */

#endif

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
 * nt_gemm cuts C into blocks by m, n, k alone and spreads them over the pool, each one
 * single-threaded BLAS call: the same bits at any number of threads. nt_gemm_here is
 * one such call in this thread. Neither can fail.
 */
#include <stdbool.h>
#include <stddef.h>

#include "nt/real.h"
#include "nt/pool.h"

struct nt_gemm {
	size_t m, n, k;
	const nt_real *a, *b;
	nt_real *c;
	size_t lda, ldb, ldc;
	bool is_a_transposed, is_b_transposed;
	bool is_added;       /* to what C holds; else C is written */
	nt_real alpha;
	const nt_real *bias; /* [n] or NULL */
	const nt_real *plus; /* [m][n] of row length ldc, or NULL */
};

void nt_gemm(struct nt_pool *pool, const struct nt_gemm *g);
void nt_gemm_here(const struct nt_gemm *g);

#endif

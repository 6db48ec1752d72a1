/* SPDX-License-Identifier: MIT */
/*
 * linear.c - rows times a matrix
 *
 *	Y = X W + b		dX = dY W^T,  dW += X^T dY,  db += sum over rows of dY
 *
 * with W [in][out] as GPT-2's Conv1D stores it, or its transpose [out][in] as a Linear
 * does: the products differ in what is transposed, never in what is computed.
 */
#include "kern/gemm.h"
#include "model/work.h"

void nt_linear(struct nt_pool *pool, const struct nt_linear *l, nt_real *out, const nt_real *in,
	       const nt_real *plus)
{
	nt_gemm(pool, &(struct nt_gemm){
			      .m = l->n_row, .n = l->O, .k = l->I,
			      .a = in, .lda = l->I,
			      .b = l->w, .ldb = l->is_in_out ? l->O : l->I,
			      .is_b_transposed = !l->is_in_out,
			      .c = out, .ldc = l->O,
			      .alpha = 1, .is_bf16 = l->is_bf16, .bias = l->bias, .plus = plus,
		      });
}

enum { COLUMNS = 64 };

struct bias {
	nt_real *db;
	const nt_real *dout;
	const struct nt_linear *l;
};

static int bias_columns(void *arg, size_t i)
{
	const struct bias *b = arg;
	size_t from = i * COLUMNS, O = b->l->O, n = O - from < COLUMNS ? O - from : COLUMNS;
	nt_kern()->sum_rows(b->db + from, b->dout + from, O, b->l->n_row, n);
	return 0;
}

void nt_linear_back_input(struct nt_pool *pool, const struct nt_linear *l, nt_real *din,
			  const nt_real *dout)
{
	nt_gemm(pool, &(struct nt_gemm){
			      .m = l->n_row, .n = l->I, .k = l->O,
			      .a = dout, .lda = l->O,
			      .b = l->w, .ldb = l->is_in_out ? l->O : l->I,
			      .is_b_transposed = l->is_in_out,
			      .c = din, .ldc = l->I, .alpha = 1, .is_bf16 = l->is_bf16,
		      });
}

void nt_linear_back_weight(struct nt_pool *pool, const struct nt_linear *l, const nt_real *dout,
			   const nt_real *in, nt_real *dw, nt_real *dbias)
{
	size_t I = l->I, O = l->O;
	struct nt_gemm g = {
		.m = l->is_in_out ? I : O, .n = l->is_in_out ? O : I, .k = l->n_row,
		.a = l->is_in_out ? in : dout, .lda = l->is_in_out ? I : O, .is_a_transposed = true,
		.b = l->is_in_out ? dout : in, .ldb = l->is_in_out ? O : I,
		.c = dw, .ldc = l->is_in_out ? O : I, .alpha = 1, .is_added = !l->is_first,
		.is_bf16 = l->is_bf16,
	};
	nt_gemm(pool, &g);
	struct bias b = {.db = dbias, .dout = dout, .l = l};
	if (dbias)
		nt_pool_run(pool, (O + COLUMNS - 1) / COLUMNS, bias_columns, &b);
}

void nt_linear_back(struct nt_pool *pool, const struct nt_linear *l, nt_real *din, const nt_real *dout,
		    const nt_real *in, nt_real *dw, nt_real *dbias)
{
	nt_linear_back_input(pool, l, din, dout);
	nt_linear_back_weight(pool, l, dout, in, dw, dbias);
}

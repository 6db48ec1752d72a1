/* SPDX-License-Identifier: MIT */
/*
 * mlp.c - what stands between the two matrices of an MLP
 *
 * GPT-2: GELU in its tanh form (Hendrycks and Gimpel 2016, arXiv:1606.08415) of F values.
 * Llama: SwiGLU (Shazeer 2020, arXiv:2002.05202): a row of U = 2 F is gate then up, and
 * gate s(gate) up goes on. The derivatives stand with the kernels (kern/kern_ref.c).
 */
#include "model/work.h"

struct act {
	const struct nt_kern *kern;
	nt_real *act;  /* [n][F] */
	nt_real *dup;  /* [n][U] */
	const nt_real *up, *dact;
	size_t F;
};

static void gelu_rows(const void *arg, size_t first, size_t n)
{
	const struct act *a = arg;
	a->kern->gelu(a->act + first * a->F, a->up + first * a->F, n * a->F);
}

static void gelu_back_rows(const void *arg, size_t first, size_t n)
{
	const struct act *a = arg;
	size_t at = first * a->F;
	a->kern->gelu_back(a->dup + at, a->act + at, a->dact + at, a->up + at, n * a->F);
}

static void swiglu_rows(const void *arg, size_t first, size_t n)
{
	const struct act *a = arg;
	for (size_t r = first; r < first + n; r++) {
		const nt_real *gate = a->up + 2 * r * a->F;
		a->kern->swiglu(a->act + r * a->F, gate, gate + a->F, a->F);
	}
}

static void swiglu_back_rows(const void *arg, size_t first, size_t n)
{
	const struct act *a = arg;
	for (size_t r = first; r < first + n; r++) {
		const nt_real *gate = a->up + 2 * r * a->F;
		nt_real *dgate = a->dup + 2 * r * a->F;
		a->kern->swiglu_back(dgate, dgate + a->F, a->act + r * a->F, a->dact + r * a->F, gate,
				     gate + a->F, a->F);
	}
}

void nt_activate(struct nt_pool *pool, const struct nt_kern *kern, bool has_gate, nt_real *act,
		 const nt_real *up, size_t n_row, size_t F)
{
	struct act a = {.kern = kern, .act = act, .up = up, .F = F};
	nt_rows_run(pool, n_row, F, has_gate ? swiglu_rows : gelu_rows, &a);
}

void nt_activate_back(struct nt_pool *pool, const struct nt_kern *kern, bool has_gate,
		      nt_real *dup, nt_real *act, const nt_real *dact, const nt_real *up, size_t n_row,
		      size_t F)
{
	struct act a = {.kern = kern, .act = act, .dup = dup, .up = up, .dact = dact, .F = F};
	nt_rows_run(pool, n_row, F, has_gate ? swiglu_back_rows : gelu_back_rows, &a);
}

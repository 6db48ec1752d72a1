/* SPDX-License-Identifier: MIT */
/* gemm.c - which way a matrix product goes */
#include "kern/gemm.h"

#include "kern/gemm_ways.h"
#include "nt/err.h"

/* How this CPU multiplies g; NULL: by OpenBLAS. */
static const struct nt_tile *tile_for(const struct nt_gemm *g)
{
	const struct nt_tile *t = g->is_bf16 && g->m > 1 ? nt_tile_bf16() : NULL;
	return t ? t : nt_tile_f32();
}

/* A sum over no k. */
static void add_nothing(const struct nt_gemm *g)
{
	for (size_t r = 0; r < g->m && !g->is_added; r++)
		for (size_t j = 0; j < g->n; j++)
			g->c[r * g->ldc + j] = (g->plus ? g->plus[r * g->ldc + j] : 0) + (g->bias ? g->bias[j] : 0);
}

void nt_gemm(struct nt_pool *pool, const struct nt_gemm *g)
{
	if (!g->m || !g->n)
		return;
	nt_assert(!(g->is_added && (g->bias || g->plus)));
	nt_assert(!(g->is_symmetric && (g->is_added || g->bias || g->plus)));
	const struct nt_tile *t = tile_for(g);
	nt_assert(!g->b_bf16 || (g->is_bf16 && g->is_b_transposed && t && t->pack_bf16));
	if (g->k == 0)
		add_nothing(g);
	else if (t)
		nt_gemm_tiled(pool, g, t);
	else
		nt_gemm_blas(pool, g);
}

void nt_gemm_here(const struct nt_gemm *g)
{
	nt_gemm(NULL, g);
}

int nt_gemm_load(void)
{
	return nt_tile_f32() ? nt_gemm_take_room() : nt_blas_load();
}

bool nt_gemm_has_bf16(void)
{
	return nt_tile_bf16() != NULL;
}

bool nt_gemm_takes_bf16(void)
{
	return nt_tile_bf16() && nt_tile_bf16()->pack_bf16;
}

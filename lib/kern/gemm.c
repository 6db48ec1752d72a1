/* SPDX-License-Identifier: MIT */
/* gemm.c - which way a matrix product goes */
#include "kern/gemm.h"

#include "kern/gemm_ways.h"
#include "nt/blas.h"
#include "nt/err.h"

/* Our own product of g, or NULL: a row times a matrix only reads it. */
static const struct nt_tile *tile_for(const struct nt_gemm *g)
{
	const struct nt_tile *t = g->is_bf16 ? nt_tile_bf16() : NULL;
	if (!t)
		t = nt_tile_f32();
	return g->m > 1 && g->k > 0 ? t : NULL;
}

void nt_gemm(struct nt_pool *pool, const struct nt_gemm *g)
{
	if (!g->m || !g->n)
		return;
	nt_assert(!(g->is_added && (g->bias || g->plus)));
	nt_assert(!(g->is_symmetric && (g->is_added || g->bias || g->plus)));
	const struct nt_tile *t = tile_for(g);
	nt_assert(!g->b_bf16 || (g->is_bf16 && g->is_b_transposed && t && t->pack_bf16));
	if (!t || !nt_gemm_tiled(pool, g, t))
		nt_gemm_blas(pool, g);
}

void nt_gemm_here(const struct nt_gemm *g)
{
	nt_gemm(NULL, g);
}

int nt_gemm_load(void)
{
	return nt_tile_f32() ? 0 : nt_blas_load();
}

bool nt_gemm_has_bf16(void)
{
	return nt_tile_bf16() != NULL;
}

bool nt_gemm_takes_bf16(void)
{
	return nt_tile_bf16() && nt_tile_bf16()->pack_bf16 && nt_gemm_has_room();
}

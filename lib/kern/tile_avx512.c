/* SPDX-License-Identifier: MIT */
/* tile_avx512.c - products in f32: a step is one k */
#include "kern/tile.h"

#ifdef NT_HAS_WIDE
#include "kern/tile_avx512.h"

#define K_STEP 1
#define TABLE  nt_tile_f32_avx512

static inline wide multiply(wide c, const uint32_t *a, size_t r, steps b)
{
	steps spread = _mm512_set1_epi32((int)a[r]);
	return _mm512_fmadd_ps(_mm512_castsi512_ps(spread), _mm512_castsi512_ps(b), c);
}

static inline steps along(const float *x, size_t k, float alpha)
{
	return _mm512_castps_si512(load(x, k) * _mm512_set1_ps(alpha));
}

static inline steps across(const float *x, size_t ld, size_t k, size_t n, float alpha)
{
	(void)ld, (void)k;
	return along(x, n, alpha);
}

#include "kern/tile_wide.h"
#endif

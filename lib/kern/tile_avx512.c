/* SPDX-License-Identifier: MIT */
/* tile_avx512.c - products in f32: a step is one k */
#include "kern/tile.h"

#ifdef NT_HAS_WIDE
#include <string.h>

#include "kern/avx512.h"

#define K_STEP 1
#define TABLE  nt_tile_f32_avx512

static inline __m512 multiply(__m512 c, __m512i a, __m512i b)
{
	return _mm512_fmadd_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), c);
}

static inline __m512i across(const float *x, const float *y, mask m, float alpha)
{
	(void)y;
	return _mm512_castps_si512(load(x, m) * _mm512_set1_ps(alpha));
}

static inline __m512i along(const float *x, mask m, mask m2, float alpha)
{
	(void)m2;
	return across(x, NULL, m, alpha);
}

#include "kern/tile_wide.h"
#endif

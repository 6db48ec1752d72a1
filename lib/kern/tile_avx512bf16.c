/* SPDX-License-Identifier: MIT */
/*
 * tile_avx512bf16.c - products in bf16: a step is two k, the first in the low half
 *
 * vdpbf16ps multiplies exactly and sums in f32. It takes denormals for 0.
 */
#include "kern/tile.h"

#ifdef NT_HAS_WIDE
#include <string.h>

#include "kern/avx512.h"

#define K_STEP 2
#define TABLE  nt_tile_bf16_avx512

static inline __m512 multiply(__m512 c, __m512i a, __m512i b)
{
	return _mm512_dpbf16_ps(c, (__m512bh)a, (__m512bh)b);
}

static inline __m512i across(const float *x, const float *y, mask m, float alpha)
{
	__m512 scale = _mm512_set1_ps(alpha);
	__m512 low = load(x, m) * scale;
	__m512 high = load(y ? y : x, y ? m : 0) * scale;
	__m512i l = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(low));
	__m512i h = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(high));
	return _mm512_or_si512(l, _mm512_slli_epi32(h, 16));
}

static inline __m512i along(const float *x, mask m, mask m2, float alpha)
{
	__m512 scale = _mm512_set1_ps(alpha);
	__m512 low = load(x, m) * scale;
	__m512 high = load(x + 16, m2) * scale;
	return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

#include "kern/tile_wide.h"
#endif

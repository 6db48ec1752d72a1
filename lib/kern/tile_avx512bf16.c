/* SPDX-License-Identifier: MIT */
/*
 * tile_avx512bf16.c - products in bf16: a step is two k, the first in the low half
 *
 * vdpbf16ps multiplies exactly and sums in f32. It takes denormals for 0.
 */
#include "kern/tile.h"

#ifdef NT_HAS_WIDE
#include "kern/tile_avx512.h"

#define K_STEP 2
#define TABLE  nt_tile_bf16_avx512

static inline wide multiply(wide c, const uint32_t *a, size_t r, steps b)
{
	return _mm512_dpbf16_ps(c, (__m512bh)_mm512_set1_epi32((int)a[r]), (__m512bh)b);
}

static inline steps along(const float *x, size_t k, float alpha)
{
	wide scale = _mm512_set1_ps(alpha);
	wide low = load(x, k) * scale;
	wide high = load(x + 16, k > 16 ? k - 16 : 0) * scale;
	return (steps)_mm512_cvtne2ps_pbh(high, low);
}

#define HAS_BF16
static inline steps along_bf16(const uint16_t *x, size_t k)
{
	return k < 32 ? _mm512_maskz_loadu_epi16((1u << k) - 1, x) : _mm512_loadu_si512(x);
}

static inline steps across(const float *x, size_t ld, size_t k, size_t n, float alpha)
{
	wide scale = _mm512_set1_ps(alpha);
	wide low = load(x, n) * scale;
	wide high = load(x + (k > 1 ? ld : 0), k > 1 ? n : 0) * scale;
	steps l = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(low));
	steps h = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(high));
	return _mm512_or_si512(l, _mm512_slli_epi32(h, 16));
}

#include "kern/tile_wide.h"
#endif

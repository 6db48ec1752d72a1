/* SPDX-License-Identifier: MIT */
/* kern_avx512.c - the kernels in 512-bit registers */
#include "kern/kern.h"

#ifdef NT_HAS_WIDE
#include <math.h>

#include "kern/avx512.h"

#define WIDTH 16
#define REGISTERS 32
#define ISA   NT_ISA_AVX512
#define TABLE nt_kern_avx512
typedef __m512d wide_f64;
static wide all(float x)
{
	return _mm512_set1_ps(x);
}

static wide either(size_t m, wide v, wide w)
{
	return m < 16 ? _mm512_mask_mov_ps(w, bits_of(m), v) : v;
}

static wide fused(wide a, wide b, wide c)
{
	return _mm512_fmadd_ps(a, b, c);
}

static wide root(wide v)
{
	return _mm512_sqrt_ps(v);
}

static wide larger(wide a, wide b)
{
	return _mm512_max_ps(a, b);
}

static float sum_of(wide v)
{
	return _mm512_reduce_add_ps(v);
}

static float top_of(wide v)
{
	return _mm512_reduce_max_ps(v);
}

static wide between(float low, wide x, float high)
{
	/* min and max hand on their second operand if one is a NaN */
	return _mm512_min_ps(all(high), _mm512_max_ps(all(low), x));
}

static wide twos(wide x)
{
	return _mm512_roundscale_ps(x * all(1.44269504088896341f), 8); /* quietly */
}

static wide scaled(wide v, wide k)
{
	return _mm512_scalef_ps(v, k);
}

static wide get_f16(const uint16_t *x)
{
	return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)x));
}

static void put_f16(uint16_t *x, wide v)
{
	_mm256_storeu_si256((__m256i *)(void *)x, _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}

static unsigned places(wide v, wide w)
{
	return _mm512_cmp_ps_mask(v, w, _CMP_GE_OQ);
}

static wide_f64 fused_f64(wide_f64 a, wide_f64 b, wide_f64 c)
{
	return _mm512_fmadd_pd(a, b, c);
}

static void squares(wide_f64 s[2], wide v)
{
	wide_f64 low = _mm512_cvtps_pd(_mm512_castps512_ps256(v));
	wide_f64 high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
	s[0] = _mm512_fmadd_pd(low, low, s[0]);
	s[1] = _mm512_fmadd_pd(high, high, s[1]);
}

static double squares_sum(const wide_f64 s[2])
{
	return _mm512_reduce_add_pd(s[0] + s[1]);
}

#include "kern/kern_wide.h"
#endif

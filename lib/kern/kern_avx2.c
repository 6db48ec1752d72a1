/* SPDX-License-Identifier: MIT */
/* kern_avx2.c - the kernels in 256-bit registers, with FMA */
#include "kern/kern.h"

#ifdef NT_HAS_WIDE
#include <math.h>

#include "kern/avx2.h"

#define WIDTH 8
#define REGISTERS 16
#define ISA   NT_ISA_AVX2
#define TABLE nt_kern_avx2
typedef __m256d wide_f64;

static wide all(float x)
{
	return _mm256_set1_ps(x);
}

static wide either(size_t m, wide v, wide w)
{
	return m < 8 ? _mm256_blendv_ps(w, v, _mm256_castsi256_ps(bits_of(m))) : v;
}

static wide fused(wide a, wide b, wide c)
{
	return _mm256_fmadd_ps(a, b, c);
}

static wide root(wide v)
{
	return _mm256_sqrt_ps(v);
}

static wide larger(wide a, wide b)
{
	return _mm256_max_ps(a, b);
}

static float sum_of(wide v)
{
	__m128 h = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
	h = _mm_add_ps(h, _mm_movehl_ps(h, h));
	return _mm_cvtss_f32(_mm_add_ss(h, _mm_movehdup_ps(h)));
}

static float top_of(wide v)
{
	__m128 h = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
	h = _mm_max_ps(h, _mm_movehl_ps(h, h));
	return _mm_cvtss_f32(_mm_max_ss(h, _mm_movehdup_ps(h)));
}

static wide between(float low, wide x, float high)
{
	/* min and max hand on their second operand if one is a NaN */
	return _mm256_min_ps(all(high), _mm256_max_ps(all(low), x));
}

static wide twos(wide x)
{
	return fused(x, all(1.44269504088896341f), all(12582912.0f)) - all(12582912.0f); /* 1.5 * 2^23 rounds */
}

static wide scaled(wide v, wide k)
{
	__m256i bits = _mm256_slli_epi32(_mm256_cvtps_epi32(k), 23);
	bits = _mm256_add_epi32(bits, _mm256_set1_epi32(0x3f800000)); /* exponent k, above the bias */
	return v * _mm256_castsi256_ps(bits);
}

static wide get_f16(const uint16_t *x)
{
	return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)x));
}

static void put_f16(uint16_t *x, wide v)
{
	_mm_storeu_si128((__m128i *)(void *)x, _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}

static unsigned places(wide v, wide w)
{
	return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(v, w, _CMP_GE_OQ));
}

static wide_f64 fused_f64(wide_f64 a, wide_f64 b, wide_f64 c)
{
	return _mm256_fmadd_pd(a, b, c);
}

static void squares(wide_f64 s[2], wide v)
{
	wide_f64 low = _mm256_cvtps_pd(_mm256_castps256_ps128(v));
	wide_f64 high = _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
	s[0] = _mm256_fmadd_pd(low, low, s[0]);
	s[1] = _mm256_fmadd_pd(high, high, s[1]);
}

static double squares_sum(const wide_f64 s[2])
{
	double lane[4];
	_mm256_storeu_pd(lane, s[0] + s[1]);
	return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

#include "kern/kern_wide.h"
#endif

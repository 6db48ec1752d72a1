/* SPDX-License-Identifier: MIT */
#ifndef KERN_MATRIX_AVX512_H
#define KERN_MATRIX_AVX512_H
/* matrix_avx512.h - what the files of AVX-512 share for matrix_dot.h */
#include "kern/avx512.h"
#include "kern/matrix_four.h"

#define DOT_ROWS 6

/* By pairs and by fours, then over the quarters of a register. */
static inline four sums_of(wide a, wide b, wide c, wide d)
{
	wide ab = _mm512_unpacklo_ps(a, b) + _mm512_unpackhi_ps(a, b);
	wide cd = _mm512_unpacklo_ps(c, d) + _mm512_unpackhi_ps(c, d);
	wide low = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd)));
	wide high = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd)));
	wide all = low + high;
	__m256 half = _mm512_castps512_ps256(all) + _mm512_extractf32x8_ps(all, 1);
	return (four)(_mm256_castps256_ps128(half) + _mm256_extractf128_ps(half, 1));
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef KERN_AVX2_H
#define KERN_AVX2_H
/*
 * avx2.h - loads and stores of the last elements of an array, fewer than a register has
 *
 * For the files that are compiled for AVX2 alone. Of m elements more than 8 are 8. Registers in part
 * go by VMASKMOV, which neither reads nor writes what its mask leaves out.
 */
#include <immintrin.h>
#include <stddef.h>

typedef __m256 wide;

static inline __m256i bits_of(size_t m)
{
	__m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)m), lane);
}

static inline wide load(const float *x, size_t m)
{
	return m < 8 ? _mm256_maskload_ps(x, bits_of(m)) : _mm256_loadu_ps(x);
}

static inline void store(float *x, size_t m, wide v)
{
	if (m < 8)
		_mm256_maskstore_ps(x, bits_of(m), v);
	else
		_mm256_storeu_ps(x, v);
}

#endif

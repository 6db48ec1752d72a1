/* SPDX-License-Identifier: MIT */
#ifndef KERN_AVX512_H
#define KERN_AVX512_H
/*
 * avx512.h - loads and stores of the last elements of an array, fewer than a register has
 *
 * For the files that are compiled for AVX-512 alone. Of m elements more than 16 are 16. Whole
 * registers take no mask of the CPU's: loads and stores under one that is not a constant take
 * twice the time where the data lies beyond the caches (Zen 5), even if it is full.
 */
#include <immintrin.h>
#include <stddef.h>

typedef __m512 wide;

static inline __mmask16 bits_of(size_t m)
{
	return (__mmask16)((1u << m) - 1);
}

static inline wide load(const float *x, size_t m)
{
	return m < 16 ? _mm512_maskz_loadu_ps(bits_of(m), x) : _mm512_loadu_ps(x);
}

static inline void store(float *x, size_t m, wide v)
{
	if (m < 16)
		_mm512_mask_storeu_ps(x, bits_of(m), v);
	else
		_mm512_storeu_ps(x, v);
}

#endif

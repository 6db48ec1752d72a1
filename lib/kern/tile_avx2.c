/* SPDX-License-Identifier: MIT */
/*
 * tile_avx2.c - products in f32 in 256-bit registers: a step is one k
 *
 * 12 registers of C, 3 of B, and one of A.
 */
#include "kern/tile.h"

#ifdef NT_HAS_WIDE
#include <immintrin.h>
#include <string.h>

#define WIDTH	8
#define ROWS	4
#define VECTORS 3
#define STEPS	256 /* 24 KiB */
#define K_STEP	1
#define WORDS	1
#define TABLE	nt_tile_f32_avx2
#define ANY_ROWS
typedef __m256 wide, steps;

static inline wide multiply(wide c, const uint32_t *a, size_t r, steps b)
{
	return _mm256_fmadd_ps(_mm256_broadcast_ss((const float *)a + r), b, c);
}

static inline steps along(const float *x, size_t k, float alpha)
{
	if (k >= 8)
		return _mm256_loadu_ps(x) * _mm256_set1_ps(alpha);
	__m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	__m256i left = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)k), lane);
	return _mm256_maskload_ps(x, left) * _mm256_set1_ps(alpha);
}

static inline steps across(const float *x, size_t ld, size_t k, size_t n, float alpha)
{
	(void)ld, (void)k;
	return along(x, n, alpha);
}

/* By pairs, by fours, by halves of a register. */
static inline __attribute__((always_inline)) void transpose(steps x[8])
{
	steps y[8];
	for (size_t i = 0; i < 8; i += 2) {
		y[i] = _mm256_unpacklo_ps(x[i], x[i + 1]);
		y[i + 1] = _mm256_unpackhi_ps(x[i], x[i + 1]);
	}
	for (size_t i = 0; i < 8; i += 4) {
		x[i] = _mm256_shuffle_ps(y[i], y[i + 2], 0x44);
		x[i + 1] = _mm256_shuffle_ps(y[i], y[i + 2], 0xee);
		x[i + 2] = _mm256_shuffle_ps(y[i + 1], y[i + 3], 0x44);
		x[i + 3] = _mm256_shuffle_ps(y[i + 1], y[i + 3], 0xee);
	}
	for (size_t i = 0; i < 4; i++) {
		y[i] = _mm256_permute2f128_ps(x[i], x[i + 4], 0x20);
		y[i + 4] = _mm256_permute2f128_ps(x[i], x[i + 4], 0x31);
	}
	for (size_t i = 0; i < 8; i++)
		x[i] = y[i];
}

static inline steps get(const uint32_t *from)
{
	return _mm256_loadu_ps((const float *)from);
}

static inline void put(uint32_t *to, steps x)
{
	_mm256_storeu_ps((float *)to, x);
}

static inline void put_half(uint32_t *to, steps x, int i)
{
	_mm_storeu_ps((float *)to, i ? _mm256_extractf128_ps(x, 1) : _mm256_castps256_ps128(x));
}

#include "kern/tile_wide.h"
#endif

/* SPDX-License-Identifier: MIT */
/*
 * tile_avx512.h - what tiles of 512-bit registers share, as text (tile_wide.h)
 *
 * 24 registers of C, 3 of B, and a step of A spread over one more.
 */
#include <string.h>

#include "kern/avx512.h"

#define WIDTH	16
#define ROWS	8
#define VECTORS 3
#define STEPS	384 /* 72 KiB */
#define WORDS	1
#define ANY_ROWS
typedef __m512i steps;

/* By pairs, by fours, by quarters of a register. */
static inline __attribute__((always_inline)) void transpose(steps x[16])
{
	steps y[16];
	for (size_t i = 0; i < 16; i += 2) {
		y[i] = _mm512_unpacklo_epi32(x[i], x[i + 1]);
		y[i + 1] = _mm512_unpackhi_epi32(x[i], x[i + 1]);
	}
	for (size_t i = 0; i < 16; i += 4) {
		x[i] = _mm512_unpacklo_epi64(y[i], y[i + 2]);
		x[i + 1] = _mm512_unpackhi_epi64(y[i], y[i + 2]);
		x[i + 2] = _mm512_unpacklo_epi64(y[i + 1], y[i + 3]);
		x[i + 3] = _mm512_unpackhi_epi64(y[i + 1], y[i + 3]);
	}
	for (size_t i = 0; i < 4; i++) {
		steps even = _mm512_shuffle_i32x4(x[i], x[i + 4], 0x88);
		steps odd = _mm512_shuffle_i32x4(x[i], x[i + 4], 0xdd);
		steps even2 = _mm512_shuffle_i32x4(x[i + 8], x[i + 12], 0x88);
		steps odd2 = _mm512_shuffle_i32x4(x[i + 8], x[i + 12], 0xdd);
		y[i] = _mm512_shuffle_i32x4(even, even2, 0x88);
		y[i + 4] = _mm512_shuffle_i32x4(odd, odd2, 0x88);
		y[i + 8] = _mm512_shuffle_i32x4(even, even2, 0xdd);
		y[i + 12] = _mm512_shuffle_i32x4(odd, odd2, 0xdd);
	}
	for (size_t i = 0; i < 16; i++)
		x[i] = y[i];
}

static inline steps get(const uint32_t *from)
{
	return _mm512_loadu_si512(from);
}

static inline void put(uint32_t *to, steps x)
{
	_mm512_storeu_si512(to, x);
}

static inline void put_half(uint32_t *to, steps x, int i)
{
	_mm256_storeu_si256((__m256i *)to, i ? _mm512_extracti64x4_epi64(x, 1) : _mm512_castsi512_si256(x));
}

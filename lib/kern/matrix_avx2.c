/* SPDX-License-Identifier: MIT */
/*
 * matrix_avx2.c - rows times a weight matrix in 256-bit registers
 *
 * 12 registers of sums, 3 of rows, one of weights. VPMADDUBSW multiplies unsigned by signed bytes
 * and adds two products in 16 bits, where 127 times 127 twice has room: weights go without their
 * signs, which numbers of rows get instead.
 */
#include "kern/matrix_ways.h"

#ifdef NT_HAS_WIDE
#include <math.h>
#include <string.h>

#include "kern/avx2.h"

#define WIDTH	     8
#define DOT_ROWS     3
#define BLOCK	     512
#define GROUP	     (2 * DOT_ROWS)
#define COLUMN_ROWS  3
#define DEEP(n_row)  ((n_row) < 2 ? 8 : (n_row) < 3 ? 4 : 3)
#define TILE_ROWS    4
#define TILE_VECTORS 3
#define PANEL_ROWS   2
#define PANELS	     1
#define OFFSET	     0
typedef __m256i ints, quads;

static inline wide all(float x)
{
	return _mm256_set1_ps(x);
}

static inline wide fused(wide sum, wide w, wide x)
{
	return _mm256_fmadd_ps(w, x, sum);
}

static inline __m128i load_halves(const uint16_t *w, size_t n)
{
	uint16_t last[8] = {0};
	if (n >= 8)
		return _mm_loadu_si128((const __m128i *)(const void *)w);
	memcpy(last, w, n * sizeof(*w));
	return _mm_loadu_si128((const __m128i *)(const void *)last);
}

static inline wide load_f16(const uint16_t *w, size_t n)
{
	return _mm256_cvtph_ps(load_halves(w, n));
}

static inline wide load_bf16(const uint16_t *w, size_t n)
{
	return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(load_halves(w, n)), 16));
}

static inline __attribute__((always_inline)) void add_sums(size_t n_row, float *out, size_t ldo,
							   wide sum[DOT_ROWS][4])
{
#pragma GCC unroll 3
	for (size_t r = 0; r < n_row; r++, out += ldo) {
		wide ab = _mm256_hadd_ps(sum[r][0], sum[r][1]), cd = _mm256_hadd_ps(sum[r][2], sum[r][3]);
		wide halves = _mm256_hadd_ps(ab, cd);
		__m128 all_four = _mm256_castps256_ps128(halves) + _mm256_extractf128_ps(halves, 1);
		_mm_storeu_ps(out, _mm_loadu_ps(out) + all_four);
	}
}

static inline quads get_q8(const uint8_t *w)
{
	__m256i above = _mm256_loadu_si256((const __m256i *)(const void *)w); /* 128 above */
	return _mm256_xor_si256(above, _mm256_set1_epi8((char)0x80));
}

static inline void get_q4(const uint8_t *w, quads *low, quads *high)
{
	__m256i both = _mm256_loadu_si256((const __m256i *)(const void *)w), mask = _mm256_set1_epi8(15);
	*low = _mm256_and_si256(both, mask);
	*high = _mm256_and_si256(_mm256_srli_epi32(both, 4), mask);
}

static inline ints all_ints(const void *x)
{
	int one;
	memcpy(&one, x, sizeof(one));
	return _mm256_set1_epi32(one);
}

static inline ints dot_quads(ints sum, quads w, const void *x)
{
	__m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(all_ints(x), w));
	return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

static inline wide all_floats(const void *x)
{
	return _mm256_castsi256_ps(all_ints(x));
}

static inline wide floats_of(ints x)
{
	return _mm256_cvtepi32_ps(x);
}

static inline wide get_f16(const void *x)
{
	return _mm256_cvtph_ps(_mm_loadu_si128(x));
}

#include "kern/matrix_pack.h"
#include "kern/matrix_types.h"
#include "kern/matrix_panel.h"

static bool is_here(void)
{
	return nt_cpu_isa() == NT_ISA_AVX2 || nt_cpu_isa() == NT_ISA_AVX512;
}

const struct nt_matrix_table nt_matrix_avx2 = {
	.name = "avx2",
	.is_here = is_here,
	.pack = pack,
	.way = {
		WAYS_OF_FLOATS,
		WAYS_OF_PANELS(NT_MATRIX_PANEL),
	},
};
#endif

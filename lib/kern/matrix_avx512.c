/* SPDX-License-Identifier: MIT */
/*
 * matrix_avx512.c - rows times a weight matrix in 512-bit registers
 *
 * 24 registers of sums, 6 of rows, one of weights.
 */
#include "kern/matrix_ways.h"

#ifdef NT_HAS_WIDE
#include "kern/matrix_avx512.h"

static inline wide fused(wide sum, wide w, wide x)
{
	return _mm512_fmadd_ps(w, x, sum);
}

static inline __m256i load_halves(const uint16_t *w, size_t n)
{
	return n < 16 ? _mm256_maskz_loadu_epi16(bits_of(n), w)
		      : _mm256_loadu_si256((const __m256i *)(const void *)w);
}

static inline wide load_f16(const uint16_t *w, size_t n)
{
	return _mm512_cvtph_ps(load_halves(w, n));
}

static inline wide load_bf16(const uint16_t *w, size_t n)
{
	return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(load_halves(w, n)), 16));
}

static inline wide all(float x)
{
	return _mm512_set1_ps(x);
}

#define COLUMN_ROWS  6
#define DEEP(n_row)  ((n_row) < 4 ? 8 : 4)
#define TILE_ROWS    8
#define TILE_VECTORS 3
#include "kern/matrix_pack.h"
#include "kern/matrix_types.h"

static bool is_here(void)
{
	return nt_cpu_isa() == NT_ISA_AVX512;
}

const struct nt_matrix_table nt_matrix_avx512 = {
	.name = "avx512",
	.is_here = is_here,
	.pack = pack,
	.way = {
		WAYS_OF_FLOATS,
	},
};
#endif

/* SPDX-License-Identifier: MIT */
/*
 * matrix_avx512vnni.c - rows of 8 bits times Q8_0 and Q4_0
 *
 * VPDPBUSD multiplies unsigned by signed bytes, as weights and rows are. 12 registers of integers,
 * 12 of floats, and 2 of weights, or 4 of Q4_0's.
 */
#include "kern/matrix_ways.h"

#ifdef NT_HAS_WIDE
#include <string.h>

#include "kern/avx512.h"

#define WIDTH	   16
#define PANEL_ROWS 6
#define PANELS	   2
#define OFFSET	   128
typedef __m512i ints, quads;

static inline quads get_q8(const uint8_t *w)
{
	return _mm512_loadu_si512(w);
}

static inline void get_q4(const uint8_t *w, quads *low, quads *high)
{
	__m512i both = _mm512_loadu_si512(w), mask = _mm512_set1_epi32(0x0f0f0f0f);
	*low = _mm512_and_si512(both, mask);
	*high = _mm512_and_si512(_mm512_srli_epi32(both, 4), mask);
}

static inline ints all_ints(const void *x)
{
	int one;
	memcpy(&one, x, sizeof(one));
	return _mm512_set1_epi32(one);
}

static inline ints dot_quads(ints sum, quads w, const void *x)
{
	return _mm512_dpbusd_epi32(sum, w, all_ints(x));
}

static inline wide all_floats(const void *x)
{
	return _mm512_castsi512_ps(all_ints(x));
}

static inline wide floats_of(ints x)
{
	return _mm512_cvtepi32_ps(x);
}

static inline wide get_f16(const void *x)
{
	return _mm512_cvtph_ps(_mm256_loadu_si256(x));
}

static inline wide fused(wide sum, wide w, wide x)
{
	return _mm512_fmadd_ps(w, x, sum);
}

#include "kern/matrix_panel.h"

static bool is_here(void)
{
	return nt_cpu_has_int8();
}

const struct nt_matrix_table nt_matrix_avx512vnni = {
	.name = "avx512vnni",
	.is_here = is_here,
	.way = {
		WAYS_OF_PANELS(2 * NT_MATRIX_PANEL),
	},
};
#endif

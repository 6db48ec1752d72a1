/* SPDX-License-Identifier: MIT */
/*
 * matrix_avx512bf16.c - rows, rounded to bf16, times a matrix in it
 *
 * VDPBF16PS multiplies exactly and sums in f32. It takes denormals for 0.
 */
#include "kern/matrix_ways.h"

#ifdef NT_HAS_WIDE
#include "kern/matrix_avx512.h"

/* Behind the last element of a row its 32 are filled with 0. */
static void to_bf16(void *to, const float *x, size_t I)
{
	for (size_t i = 0; i < I; i += 32) {
		wide low = load(x + i, I - i), high = load(x + i + 16, I - i > 16 ? I - i - 16 : 0);
		_mm512_storeu_si512((uint16_t *)to + i, (__m512i)_mm512_cvtne2ps_pbh(high, low));
	}
}

static inline __m512i load_weights(const uint16_t *w, size_t n)
{
	return n < 32 ? _mm512_maskz_loadu_epi16((1u << n) - 1, w) : _mm512_loadu_si512(w);
}

static inline __m512i load_items(const uint16_t *x, size_t n)
{
	(void)n;
	return _mm512_loadu_si512(x);
}

static inline wide dot_pairs(wide sum, __m512i w, __m512i x)
{
	return _mm512_dpbf16_ps(sum, (__m512bh)w, (__m512bh)x);
}

#define N(name)	    name##_bf16
#define weight	    uint16_t
#define item	    uint16_t
#define STEP	    32
#define weights	    __m512i
#define items	    __m512i
#define get_weights load_weights
#define get_items   load_items
#define multiply    dot_pairs
#include "kern/matrix_dot.h"

static bool is_here(void)
{
	return nt_cpu_has_bf16();
}

const struct nt_matrix_table nt_matrix_avx512bf16 = {
	.name = "avx512bf16",
	.is_here = is_here,
	.way = {
		[NT_MATRIX_BF16] = {.run = run_bf16, .rows = NT_ROWS_BF16, .prepare = to_bf16, .unit = 4},
	},
};
#endif

/* SPDX-License-Identifier: MIT */
/*
 * matrix_neonbf16.c - rows, rounded to bf16, times a matrix in it, on arm64
 *
 * BFDOT multiplies exactly, rounds sums to odd and takes denormals for 0.
 */
#include "kern/matrix_ways.h"

#ifdef NT_HAS_NEON
#include "kern/matrix_neon.h"

/* Behind the last element of a row its 32 are filled with 0. */
static void to_bf16(void *to, const float *x, size_t I)
{
	for (size_t i = 0; i < (I + NT_BLOCK - 1) / NT_BLOCK * NT_BLOCK; i += 8) {
		wide low = load(x + i, I > i ? I - i : 0), high = load(x + i + 4, I > i + 4 ? I - i - 4 : 0);
		bfloat16x8_t both = vcvtq_high_bf16_f32(vcvtq_low_bf16_f32(low), high);
		vst1q_u16((uint16_t *)to + i, vreinterpretq_u16_bf16(both));
	}
}

static inline bfloat16x8_t load_weights(const uint16_t *w, size_t n)
{
	uint16_t last[8] = {0};
	if (n >= 8)
		return vreinterpretq_bf16_u16(vld1q_u16(w));
	memcpy(last, w, n * sizeof(*w));
	return vreinterpretq_bf16_u16(vld1q_u16(last));
}

static inline bfloat16x8_t load_items(const uint16_t *x, size_t n)
{
	(void)n;
	return vreinterpretq_bf16_u16(vld1q_u16(x));
}

#define N(name)	    name##_bf16
#define weight	    uint16_t
#define item	    uint16_t
#define STEP	    8
#define weights	    bfloat16x8_t
#define items	    bfloat16x8_t
#define get_weights load_weights
#define get_items   load_items
#define multiply    vbfdotq_f32
#include "kern/matrix_dot.h"

static bool is_here(void)
{
	return nt_cpu_has_bf16();
}

const struct nt_matrix_table nt_matrix_neonbf16 = {
	.name = "neonbf16",
	.is_here = is_here,
	.way = {
		[NT_MATRIX_BF16] = {.run = run_bf16, .rows = NT_ROWS_BF16, .prepare = to_bf16, .unit = 4},
	},
};
#endif

/* SPDX-License-Identifier: MIT */
/*
 * tile_neonbf16.c - products in bf16 on arm64: a step is four k
 *
 * BFMMLA multiplies two rows of A, four k of each, by two columns of B and adds to two by two
 * sums in f32: a step of two neighbours, 64 bits of each, is a register. 24 registers of C, 4 of
 * A, and one of B after the other. Products are exact; the instruction rounds their sums to odd
 * and takes denormals for 0.
 */
#include "kern/tile.h"

#ifdef NT_HAS_NEON
#include <string.h>

#include "kern/neon.h"

#define WIDTH	4
#define ROWS	8
#define VECTORS 3
#define STEPS	192 /* 18 KiB */
#define K_STEP	4
#define WORDS	2
#define TABLE	nt_tile_bf16_neon
#define OWN_RUN

/* Of four rows or columns: two and two. */
typedef struct {
	uint64x2_t pair[2];
} steps;

static inline bfloat16x8_t two_at(const uint32_t *x)
{
	return vreinterpretq_bf16_u32(vld1q_u32(x));
}

static inline __attribute__((always_inline)) void run(size_t n_vec, float *c, size_t ldc,
						      const struct nt_tile_rows *rows,
						      const uint32_t *panel, size_t n_step,
						      const struct nt_tile_base *base)
{
	const uint32_t *a = rows->a;
	wide sum[ROWS / 2][2 * VECTORS];
	for (size_t r = 0; r < ROWS / 2; r++)
		for (size_t v = 0; v < 2 * n_vec; v++)
			sum[r][v] = vdupq_n_f32(0);
	for (size_t s = 0; s < n_step; s++, a += ROWS * WORDS, panel += WIDTH * WORDS * n_vec) {
#pragma GCC unroll 6
		for (size_t v = 0; v < 2 * n_vec; v++) {
			bfloat16x8_t b = two_at(panel + 4 * v);
#pragma GCC unroll 4
			for (size_t r = 0; r < ROWS / 2; r++)
				sum[r][v] = vbfmmlaq_f32(sum[r][v], two_at(a + 4 * r), b);
		}
	}
#pragma GCC unroll 4
	for (size_t r = 0; r < ROWS / 2; r++) {
#pragma GCC unroll 3
		for (size_t v = 0; v < n_vec; v++) {
			wide left = sum[r][2 * v], right = sum[r][2 * v + 1];
			float *to = c + 2 * r * ldc + 4 * v;
			const float *plus = base->plus + 2 * r * base->ld + 4 * v;
			wide upper = vcombine_f32(vget_low_f32(left), vget_low_f32(right));
			wide lower = vcombine_f32(vget_high_f32(left), vget_high_f32(right));
			if (base->plus) {
				upper += vld1q_f32(plus);
				lower += vld1q_f32(plus + base->ld);
			}
			if (base->bias) {
				upper += vld1q_f32(base->bias + 4 * v);
				lower += vld1q_f32(base->bias + 4 * v);
			}
			vst1q_f32(to, upper);
			vst1q_f32(to + ldc, lower);
		}
	}
}

static inline uint64x2_t rounded(wide low, wide high)
{
	return vreinterpretq_u64_bf16(vcvtq_high_bf16_f32(vcvtq_low_bf16_f32(low), high));
}

/* Four steps of one row: 16 k. */
static inline steps along(const float *x, size_t k, float alpha)
{
	wide four[4];
	for (size_t i = 0; i < 4; i++)
		four[i] = load(x + 4 * i, k > 4 * i ? k - 4 * i : 0) * vdupq_n_f32(alpha);
	return (steps){{rounded(four[0], four[1]), rounded(four[2], four[3])}};
}

static inline steps across(const float *x, size_t ld, size_t k, size_t n, float alpha)
{
	wide four[4];
	for (size_t i = 0; i < 4; i++)
		four[i] = load(x + (i < k ? i : 0) * ld, i < k ? n : 0) * vdupq_n_f32(alpha);
	transpose_four(four);
	return (steps){{rounded(four[0], four[1]), rounded(four[2], four[3])}};
}

static inline void transpose(steps x[4])
{
	steps y[4];
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < 2; j++) {
			uint64x2_t upper = x[2 * j].pair[i], lower = x[2 * j + 1].pair[i];
			y[2 * i].pair[j] = vtrn1q_u64(upper, lower);
			y[2 * i + 1].pair[j] = vtrn2q_u64(upper, lower);
		}
	}
	memcpy(x, y, sizeof(y));
}

static inline void put(uint32_t *to, steps x)
{
	for (size_t i = 0; i < 2; i++)
		vst1q_u32(to + 4 * i, vreinterpretq_u32_u64(x.pair[i]));
}

#include "kern/tile_wide.h"
#endif

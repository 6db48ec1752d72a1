/* SPDX-License-Identifier: MIT */
#ifndef KERN_MATRIX_NEON_H
#define KERN_MATRIX_NEON_H
/* matrix_neon.h - what the files of arm64 share for matrix_dot.h and matrix_panel.h */
#include <math.h>
#include <string.h>

#include "kern/neon.h"

#define WIDTH	   4
#define DOT_ROWS   6
#define BLOCK	   512
#define GROUP	   DOT_ROWS
#define PANEL_ROWS 3
#define PANELS	   1
#define OFFSET	   0
typedef int32x4_t ints;
typedef int8x16_t quads;

static inline wide all(float x)
{
	return vdupq_n_f32(x);
}

static inline wide fused(wide sum, wide w, wide x)
{
	return vfmaq_f32(sum, w, x);
}

static inline __attribute__((always_inline)) void add_sums(size_t n_row, float *out, size_t ldo,
							   wide sum[DOT_ROWS][4])
{
#pragma GCC unroll 6
	for (size_t r = 0; r < n_row; r++, out += ldo)
		vst1q_f32(out, vld1q_f32(out) + vpaddq_f32(vpaddq_f32(sum[r][0], sum[r][1]),
							   vpaddq_f32(sum[r][2], sum[r][3])));
}

static inline quads get_q8(const uint8_t *w)
{
	return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(w), vdupq_n_u8(0x80))); /* they lie 128 above */
}

static inline void get_q4(const uint8_t *w, quads *low, quads *high)
{
	uint8x16_t both = vld1q_u8(w);
	*low = vreinterpretq_s8_u8(vandq_u8(both, vdupq_n_u8(15)));
	*high = vreinterpretq_s8_u8(vshrq_n_u8(both, 4));
}

static inline ints all_ints(const void *x)
{
	int32_t one;
	memcpy(&one, x, sizeof(one));
	return vdupq_n_s32(one);
}

static inline wide all_floats(const void *x)
{
	return vreinterpretq_f32_s32(all_ints(x));
}

static inline wide floats_of(ints x)
{
	return vcvtq_f32_s32(x);
}

static inline wide get_f16(const void *x)
{
	return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(x)));
}

#endif

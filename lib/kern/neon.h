/* SPDX-License-Identifier: MIT */
#ifndef KERN_NEON_H
#define KERN_NEON_H
/*
 * neon.h - loads and stores of the last elements of an array, fewer than a register has
 *
 * For the files of arm64's kernels alone. Of m elements more than 4 are 4; fewer go one by one, as
 * NEON has no masks.
 */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

typedef float32x4_t wide;

static inline wide load(const float *x, size_t m)
{
	if (m >= 4)
		return vld1q_f32(x);
	wide v = vdupq_n_f32(0);
	v = m > 0 ? vld1q_lane_f32(x, v, 0) : v;
	v = m > 1 ? vld1q_lane_f32(x + 1, v, 1) : v;
	return m > 2 ? vld1q_lane_f32(x + 2, v, 2) : v;
}

static inline void store(float *x, size_t m, wide v)
{
	if (m >= 4) {
		vst1q_f32(x, v);
		return;
	}
	if (m > 0)
		vst1q_lane_f32(x, v, 0);
	if (m > 1)
		vst1q_lane_f32(x + 1, v, 1);
	if (m > 2)
		vst1q_lane_f32(x + 2, v, 2);
}

/* Lane j of x[i] becomes lane i of x[j]: by pairs, by fours. */
static inline void transpose_four(wide x[4])
{
	float64x2_t even = vreinterpretq_f64_f32(vtrn1q_f32(x[0], x[1]));
	float64x2_t odd = vreinterpretq_f64_f32(vtrn2q_f32(x[0], x[1]));
	float64x2_t even2 = vreinterpretq_f64_f32(vtrn1q_f32(x[2], x[3]));
	float64x2_t odd2 = vreinterpretq_f64_f32(vtrn2q_f32(x[2], x[3]));
	x[0] = vreinterpretq_f32_f64(vtrn1q_f64(even, even2));
	x[1] = vreinterpretq_f32_f64(vtrn1q_f64(odd, odd2));
	x[2] = vreinterpretq_f32_f64(vtrn2q_f64(even, even2));
	x[3] = vreinterpretq_f32_f64(vtrn2q_f64(odd, odd2));
}

#endif

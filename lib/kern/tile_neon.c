/* SPDX-License-Identifier: MIT */
/*
 * tile_neon.c - products in f32 on arm64: a step is one k
 *
 * 24 registers of C, 3 of B, and 2 of A, of which an instruction takes a lane.
 */
#include "kern/tile.h"

#ifdef NT_HAS_NEON
#include <string.h>

#include "kern/neon.h"

#define WIDTH	4
#define ROWS	8
#define VECTORS 3
#define STEPS	384 /* 18 KiB */
#define K_STEP	1
#define WORDS	1
#define TABLE	nt_tile_f32_neon
typedef float32x4_t steps;

static inline wide multiply(wide c, const uint32_t *a, size_t r, steps b)
{
	float32x4_t four = vreinterpretq_f32_u32(vld1q_u32(a + r / 4 * 4));
	switch (r % 4) {
	case 0:
		return vfmaq_laneq_f32(c, b, four, 0);
	case 1:
		return vfmaq_laneq_f32(c, b, four, 1);
	case 2:
		return vfmaq_laneq_f32(c, b, four, 2);
	default:
		return vfmaq_laneq_f32(c, b, four, 3);
	}
}

static inline steps along(const float *x, size_t k, float alpha)
{
	return load(x, k) * vdupq_n_f32(alpha);
}

static inline steps across(const float *x, size_t ld, size_t k, size_t n, float alpha)
{
	(void)ld, (void)k;
	return along(x, n, alpha);
}

static inline void transpose(steps x[4])
{
	transpose_four(x);
}

static inline steps get(const uint32_t *from)
{
	return vreinterpretq_f32_u32(vld1q_u32(from));
}

static inline void put(uint32_t *to, steps x)
{
	vst1q_u32(to, vreinterpretq_u32_f32(x));
}

#include "kern/tile_wide.h"
#endif

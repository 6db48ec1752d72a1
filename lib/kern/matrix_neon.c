/* SPDX-License-Identifier: MIT */
/*
 * matrix_neon.c - rows times a weight matrix in the 128-bit registers that every arm64 has
 *
 * 24 registers of sums, 6 of rows, one of weights.
 */
#include "kern/matrix_ways.h"

#ifdef NT_HAS_NEON
#include "kern/matrix_neon.h"

#define COLUMN_ROWS  6
#define DEEP(n_row)  ((n_row) < 4 ? 8 : 4)
#define TILE_ROWS    8
#define TILE_VECTORS 2

static inline uint16x4_t load_halves(const uint16_t *w, size_t n)
{
	uint16_t last[4] = {0};
	if (n >= 4)
		return vld1_u16(w);
	memcpy(last, w, n * sizeof(*w));
	return vld1_u16(last);
}

static inline wide load_f16(const uint16_t *w, size_t n)
{
	return vcvt_f32_f16(vreinterpret_f16_u16(load_halves(w, n)));
}

static inline wide load_bf16(const uint16_t *w, size_t n)
{
	return vreinterpretq_f32_u32(vshll_n_u16(load_halves(w, n), 16));
}

/* Two products of 127 by 127 have room in 16 bits. */
static inline ints dot_quads(ints sum, quads w, const void *x)
{
	int8x16_t four = vreinterpretq_s8_s32(all_ints(x));
	int16x8_t low = vmull_s8(vget_low_s8(w), vget_low_s8(four)), high = vmull_high_s8(w, four);
	return vpadalq_s16(sum, vpaddq_s16(low, high));
}

#include "kern/matrix_pack.h"
#include "kern/matrix_types.h"
#include "kern/matrix_panel.h"

static bool is_here(void)
{
	return nt_cpu_isa() == NT_ISA_NEON;
}

const struct nt_matrix_table nt_matrix_neon = {
	.name = "neon",
	.is_here = is_here,
	.pack = pack,
	.way = {
		WAYS_OF_FLOATS,
		WAYS_OF_PANELS(NT_MATRIX_PANEL),
	},
};
#endif

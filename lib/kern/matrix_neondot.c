/* SPDX-License-Identifier: MIT */
/*
 * matrix_neondot.c - rows of 8 bits times Q8_0 and Q4_0 by SDOT
 *
 * 12 registers of integers, 12 of floats, and 4 of weights, or 8 of Q4_0's.
 */
#include "kern/matrix_ways.h"

#ifdef NT_HAS_NEON
#include "kern/matrix_neon.h"

static inline ints dot_quads(ints sum, quads w, const void *x)
{
	return vdotq_s32(sum, w, vreinterpretq_s8_s32(all_ints(x)));
}

#include "kern/matrix_panel.h"

static bool is_here(void)
{
	return nt_cpu_has_int8();
}

const struct nt_matrix_table nt_matrix_neondot = {
	.name = "neondot",
	.is_here = is_here,
	.way = {
		WAYS_OF_PANELS(NT_MATRIX_PANEL),
	},
};
#endif

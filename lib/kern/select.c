/* SPDX-License-Identifier: MIT */
/* select.c - which kernels, tiles and ways with matrices this CPU gets; decided once, NT_ISA can lower it */
#include <pthread.h>

#include "kern/kern.h"
#include "kern/matrix_ways.h"
#include "kern/tile.h"

static const struct nt_kern *const table[NT_ISA_COUNT] = {
	[NT_ISA_REF] = &nt_kern_ref,
#ifdef NT_HAS_WIDE
	[NT_ISA_AVX2] = &nt_kern_avx2,
	[NT_ISA_AVX512] = &nt_kern_avx512,
#endif
#ifdef NT_HAS_NEON
	[NT_ISA_NEON] = &nt_kern_neon,
#endif
};

const struct nt_matrix_table *const nt_matrix_tables[] = {
#ifdef NT_HAS_WIDE
	&nt_matrix_avx512bf16, &nt_matrix_avx512vnni, &nt_matrix_avx512, &nt_matrix_avx2,
#endif
#ifdef NT_HAS_NEON
	&nt_matrix_neonbf16, &nt_matrix_neondot, &nt_matrix_neon,
#endif
	&nt_matrix_ref, NULL,
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static enum nt_isa best; /* set by decide(), under once, as are the tiles */
static const struct nt_tile *tile_f32, *tile_bf16;

static void decide(void)
{
	best = nt_cpu_isa();
	while (!table[best])
		best--;
#ifdef NT_HAS_WIDE
	if (best == NT_ISA_AVX2)
		tile_f32 = &nt_tile_f32_avx2;
	if (best == NT_ISA_AVX512) {
		tile_f32 = &nt_tile_f32_avx512;
		tile_bf16 = nt_cpu_has_bf16() ? &nt_tile_bf16_avx512 : NULL;
	}
#endif
#ifdef NT_HAS_NEON
	if (best == NT_ISA_NEON) {
		tile_f32 = &nt_tile_f32_neon;
		tile_bf16 = nt_cpu_has_bf16() ? &nt_tile_bf16_neon : NULL;
	}
#endif
}

const struct nt_kern *nt_kern(void)
{
	pthread_once(&once, decide);
	return table[best];
}

const struct nt_kern *nt_kern_of(enum nt_isa isa)
{
	pthread_once(&once, decide);
	return isa <= best ? table[isa] : NULL;
}

const struct nt_tile *nt_tile_f32(void)
{
	pthread_once(&once, decide);
	return tile_f32;
}

const struct nt_tile *nt_tile_bf16(void)
{
	pthread_once(&once, decide);
	return tile_bf16;
}

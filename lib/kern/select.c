/* SPDX-License-Identifier: MIT */
/* select.c - which kernel table this CPU gets; decided once, NT_ISA can lower it */
#include <pthread.h>

#include "kern/kern.h"
#include "kern/tile.h"

static const struct nt_kern *const table[NT_ISA_COUNT] = {
	[NT_ISA_REF] = &nt_kern_ref,
#ifdef NT_HAS_WIDE
	[NT_ISA_AVX2] = &nt_kern_avx2,
	[NT_ISA_AVX512] = &nt_kern_avx512,
#endif
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static enum nt_isa best; /* set by decide(), under once */

static void decide(void)
{
	best = nt_cpu_isa();
	while (!table[best])
		best--;
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
#ifdef NT_HAS_WIDE
	if (nt_cpu_isa() >= NT_ISA_AVX512)
		return &nt_tile_f32_avx512;
#endif
	return NULL;
}

const struct nt_tile *nt_tile_bf16(void)
{
#ifdef NT_HAS_WIDE
	if (nt_cpu_isa() >= NT_ISA_AVX512 && nt_cpu_has_bf16())
		return &nt_tile_bf16_avx512;
#endif
	return NULL;
}

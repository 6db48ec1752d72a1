/* SPDX-License-Identifier: MIT */
#ifndef KERN_GEMM_WAYS_H
#define KERN_GEMM_WAYS_H
/* gemm_ways.h - the two ways a product can go; m and n are not 0 there */
#include "kern/gemm.h"
#include "kern/tile.h"

/* gemm_blas.c */
void nt_gemm_blas(struct nt_pool *pool, const struct nt_gemm *g);

/* gemm_tiled.c; k is not 0 either. False: no memory for packed operands, and nothing was done. */
bool nt_gemm_tiled(struct nt_pool *pool, const struct nt_gemm *g, const struct nt_tile *tile);

/* There is memory for them, in this thread, and it stays. */
bool nt_gemm_has_room(void);

#endif

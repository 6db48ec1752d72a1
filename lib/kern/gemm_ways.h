/* SPDX-License-Identifier: MIT */
#ifndef KERN_GEMM_WAYS_H
#define KERN_GEMM_WAYS_H
/* gemm_ways.h - the two ways a product can go; m and n are not 0 there */
#include "kern/gemm.h"
#include "kern/tile.h"

/* gemm_blas.c. Loads OpenBLAS, once for all threads: 0 or NT_ESYS. */
int nt_blas_load(void);
void nt_gemm_blas(struct nt_pool *pool, const struct nt_gemm *g);

/* gemm_tiled.c; k is not 0 either */
void nt_gemm_tiled(struct nt_pool *pool, const struct nt_gemm *g, const struct nt_tile *tile);

/* This thread has room for packed operands, and keeps it: 0 or NT_ESYS. */
int nt_gemm_take_room(void);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef NT_BLAS_H
#define NT_BLAS_H
/* nt/blas.h - OpenBLAS, and which matrix kernels it chose */

/* Loads it, once for all threads, as nt_model_new does: 0 or NT_ESYS. */
int nt_blas_load(void);

/* Their name, e.g. "Cooperlake"; "none" if it cannot be loaded. */
const char *nt_blas_core(void);

/* One sentence if they are slow ones for this CPU, and what to do; else NULL. Valid until
 * the next call. */
const char *nt_blas_hint(void);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef NT_BLAS_H
#define NT_BLAS_H
/* nt/blas.h - which matrix kernels OpenBLAS chose */

/* Their name, e.g. "Cooperlake". */
const char *nt_blas_core(void);

/* One sentence if they are slow ones for this CPU, and what to do; else NULL. Valid until
 * the next call. */
const char *nt_blas_hint(void);

#endif

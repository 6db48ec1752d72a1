/* SPDX-License-Identifier: MIT */
#ifndef NT_REAL_H
#define NT_REAL_H
/*
 * nt/real.h - the number that weights, activations and gradients are made of
 *
 * The library is compiled a second time in double precision, to check gradients with.
 */
#ifdef NT_REAL_IS_DOUBLE
typedef double nt_real;
#else
typedef float nt_real;
#endif

#endif

/* SPDX-License-Identifier: MIT */
#ifndef KERN_MATRIX_FOUR_H
#define KERN_MATRIX_FOUR_H
/* matrix_four.h - four outputs of a row on their way out, in any instruction set's files */
#include <string.h>

#include "kern/matrix_ways.h"

typedef float four __attribute__((vector_size(16)));

static inline four get_four(const float *x, size_t n)
{
	four v = {0};
	if (n == 4)
		memcpy(&v, x, sizeof(v));
	else
		memcpy(&v, x, sizeof(*x));
	return v;
}

/* n of them, 4 or 1, to row r from output o of the slice. */
static inline void put_four(const struct nt_slice *s, size_t r, size_t o, size_t n, four sum)
{
	four beside = {0};
	if (s->bias)
		beside += get_four(s->bias + o, n);
	if (s->plus)
		beside += get_four(s->plus + r * s->ldo + o, n);
	sum += beside;
	memcpy(s->out + r * s->ldo + o, &sum, n * sizeof(float));
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef KERN_MATRIX_BEGIN_H
#define KERN_MATRIX_BEGIN_H
/* matrix_begin.h - what sums are added to, in the files of any instruction set */
#include <string.h>

#include "kern/matrix_ways.h"

/* Makes the slice of out what lies beside the product. */
static void begin(const struct nt_slice *s)
{
	for (size_t r = 0; r < s->n_row; r++) {
		float *out = s->out + r * s->ldo;
		const float *plus = s->plus ? s->plus + r * s->ldo : NULL;
		if (plus && plus != out)
			memcpy(out, plus, s->n * sizeof(*out));
		if (!plus && s->bias)
			memcpy(out, s->bias, s->n * sizeof(*out));
		for (size_t o = 0; plus && s->bias && o < s->n; o++)
			out[o] += s->bias[o];
		if (!plus && !s->bias)
			memset(out, 0, s->n * sizeof(*out));
	}
}

#endif

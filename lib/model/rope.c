/* SPDX-License-Identifier: MIT */
/*
 * rope.c - rotary positions in Hugging Face's rotate-half order
 *
 *	(x[i], x[i + D/2]) turned by the angle p theta^(-2 i / D), i < D/2
 *
 * for every head of a query or key at position p of its document. A rotation's gradient
 * is the rotation back, so backward is the same function with the sine's sign changed.
 * Angles are worked out in f64 once per run. Su et al. 2021, arXiv:2104.09864, which
 * pairs neighbours instead of halves.
 */
#include <math.h>

#include "model/work.h"

/* turn[p][D]: cos of the D/2 angles, then sin. */
void nt_rope_table(nt_real *turn, size_t T, size_t D, double theta)
{
	for (size_t p = 0; p < T; p++) {
		nt_real *cosine = turn + p * D, *sine = cosine + D / 2;
		for (size_t i = 0; i < D / 2; i++) {
			double angle = (double)p * pow(theta, -2.0 * (double)i / (double)D);
			cosine[i] = (nt_real)cos(angle);
			sine[i] = (nt_real)sin(angle);
		}
	}
}

void nt_rope_turn(nt_real *x, size_t n_head, size_t D, const nt_real *turn, size_t p, nt_real sign)
{
	const nt_real *cosine = turn + p * D, *sine = cosine + D / 2;
	for (size_t h = 0; h < n_head; h++) {
		nt_real *low = x + h * D, *high = low + D / 2;
		for (size_t i = 0; i < D / 2; i++) {
			nt_real a = low[i], b = high[i], s = sign * sine[i];
			low[i] = a * cosine[i] - b * s;
			high[i] = b * cosine[i] + a * s;
		}
	}
}

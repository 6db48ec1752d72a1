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
 *
 * Models that were made to take longer texts than they first saw (Llama 3.1, section 4.1.2 of
 * arXiv:2407.21783) turn slowly the pairs that had not come round once in the old length o:
 * with t turns in o positions, a pair of t < low_freq_factor goes factor times slower, one of
 * t > high_freq_factor as before, and in between the speed is in proportion.
 */
#include <math.h>

#include "model/work.h"

double nt_rope_speed(const struct nt_config *c, size_t i)
{
	const struct nt_rope_scaling *s = &c->rope_scaling;
	double plain = pow(c->rope_theta, -2.0 * (double)i / c->head_dim);
	if (!(s->factor > 0))
		return plain;
	double turns = s->original_max_position_embeddings * plain / (2 * M_PI);
	double kept = (turns - s->low_freq_factor) / (s->high_freq_factor - s->low_freq_factor);
	kept = fmin(fmax(kept, 0), 1);
	return kept * plain + (1 - kept) * plain / s->factor;
}

/* turn[p][D]: cos of the D/2 angles, then sin. */
void nt_rope_table(nt_real *turn, size_t first, size_t n, const struct nt_config *c)
{
	size_t D = c->head_dim;
	for (size_t i = 0; i < D / 2; i++) {
		double each = nt_rope_speed(c, i);
		for (size_t p = first; p < first + n; p++) {
			double angle = (double)p * each;
			turn[p * D + i] = (nt_real)cos(angle);
			turn[p * D + D / 2 + i] = (nt_real)sin(angle);
		}
	}
}

void nt_rope_turn(nt_real *x, size_t n_head, size_t D, const nt_real *turn, size_t p, nt_real sign)
{
	const nt_real *cosine = turn + p * D, *sine = cosine + D / 2;
	for (size_t h = 0; h < n_head; h++)
		nt_kern()->turn(x + h * D, cosine, sine, D / 2, sign);
}

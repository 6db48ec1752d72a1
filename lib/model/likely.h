/* SPDX-License-Identifier: MIT */
#ifndef MODEL_LIKELY_H
#define MODEL_LIKELY_H
/* likely.h - the likeliest tokens, in order */
#include "nt/lanes.h"

/* top[n] with 0 < n <= V: ids of the greatest logits and, as their logprob, these; the greatest
 * first, of equals the one with the lower id, and NaN behind all numbers. */
void nt_likeliest(struct nt_likely *top, size_t n, const nt_real *logits, size_t V);

#endif

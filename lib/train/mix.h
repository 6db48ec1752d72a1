/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_MIX_H
#define TRAIN_MIX_H
/*
 * mix.h - which source a row of training comes from
 *
 * Every source has a quota, and of as many rows as the quotas sum to it gets exactly that
 * many, evenly spread: of the first k rows, whatever k, each has its share to less than
 * two rows, of two sources to half a row.
 */
#include <stddef.h>
#include <stdint.h>

struct nt_mix {
	size_t n;        /* sources with a quota */
	size_t *source;  /* [n], the greatest quota first */
	uint64_t *upto;  /* [n + 1] sum of the quotas before */
};

/* quota[n_source], one of them not 0, in sum below 2^62. */
int nt_mix_init(struct nt_mix *m, const uint64_t *quota, size_t n_source);
void nt_mix_release(struct nt_mix *m); /* harmless twice */

/* Row k comes from this source, and is the nth (from 0) that does. A pure function. */
void nt_mix_at(const struct nt_mix *m, uint64_t k, size_t *source, uint64_t *nth);

#endif

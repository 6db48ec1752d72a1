/* SPDX-License-Identifier: MIT */
/*
 * mix.c - sources interleaved by their quotas, with no state
 *
 * Two sources with quotas a and b are spread evenly by rounding: of the first k rows
 * round(k a / (a + b)) belong to one and the others to the other, never off by more than
 * half a row. More sources are halves of halves: they are divided into two groups of
 * about equal quota, rows are spread over the groups in this way, those of a group over
 * its halves, and so on. Each division adds half a row to the error and passes on the
 * share of the one above; as the quotas are cut near the middle that stays below two.
 *
 * So where row k comes from, and the how-many-th of its source it is, takes a division
 * for each level, and no table that grows with the data.
 */
#include "train/mix.h"

#include <stdlib.h>

#include "nt/err.h"
#include "nt/mem.h"

struct entry {
	uint64_t quota;
	size_t source;
};

static int by_quota(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	if (x->quota != y->quota)
		return x->quota > y->quota ? -1 : 1;
	return x->source < y->source ? -1 : x->source > y->source;
}

int nt_mix_init(struct nt_mix *m, const uint64_t *quota, size_t n_source)
{
	struct entry *entry = nt_alloc(n_source, sizeof(*entry));
	*m = (struct nt_mix){.source = nt_alloc(n_source, sizeof(*m->source)),
			     .upto = nt_calloc(n_source + 1, sizeof(*m->upto))};
	if (!entry || !m->source || !m->upto) {
		free(entry);
		nt_mix_release(m);
		return NT_ESYS;
	}
	for (size_t i = 0; i < n_source; i++)
		entry[i] = (struct entry){quota[i], i};
	qsort(entry, n_source, sizeof(*entry), by_quota);
	for (; m->n < n_source && entry[m->n].quota; m->n++) {
		m->source[m->n] = entry[m->n].source;
		m->upto[m->n + 1] = m->upto[m->n] + entry[m->n].quota;
	}
	free(entry);
	nt_assert(m->n > 0);
	return 0;
}

void nt_mix_release(struct nt_mix *m)
{
	free(m->source);
	free(m->upto);
	*m = (struct nt_mix){0};
}

/* Where [lo, hi), two sources or more, falls into halves that differ least. */
static size_t middle(const struct nt_mix *m, size_t lo, size_t hi)
{
	uint64_t twice = m->upto[lo] + m->upto[hi];
	size_t below = lo, above = hi; /* the border lies between them */
	while (above - below > 1) {
		size_t mid = below + (above - below) / 2;
		if (2 * m->upto[mid] <= twice)
			below = mid;
		else
			above = mid;
	}
	if (below == lo)
		return above;
	return above == hi || twice - 2 * m->upto[below] <= 2 * m->upto[above] - twice ? below : above;
}

/* k a / b to the nearest. */
static uint64_t share(uint64_t k, uint64_t a, uint64_t b)
{
	return (uint64_t)((2 * (unsigned __int128)k * a + b) / (2 * (unsigned __int128)b));
}

void nt_mix_at(const struct nt_mix *m, uint64_t k, size_t *source, uint64_t *nth)
{
	uint64_t round = k / m->upto[m->n];
	size_t lo = 0, hi = m->n;
	k %= m->upto[m->n];
	while (hi - lo > 1) {
		size_t mid = middle(m, lo, hi);
		uint64_t all = m->upto[hi] - m->upto[lo], first = m->upto[mid] - m->upto[lo];
		uint64_t before = share(k, first, all);
		if (share(k + 1, first, all) > before) {
			k = before;
			hi = mid;
		} else {
			k -= before;
			lo = mid;
		}
	}
	*source = m->source[lo];
	*nth = round * (m->upto[hi] - m->upto[lo]) + k;
}

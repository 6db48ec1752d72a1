/* SPDX-License-Identifier: MIT */
/*
 * keyset.c - open addressing with linear probing, the hash being its own hash
 *
 * The keys are XXH3 sums already, so their low bits choose the slot. Probing goes on in
 * the next slot: four keys share a cache line, and at 3/4 full a search looks at two
 * or three slots. Nothing is ever taken out, so no tombstones are needed.
 */
#include "data/keyset.h"

#include <stdlib.h>

#include "nt/err.h"
#include "nt/mem.h"

enum { FIRST_CAP = 1024 };

static bool is_zero(struct nt_hash128 k)
{
	return (k.lo | k.hi) == 0;
}

/* The slot of key, or the free slot where it belongs. */
static struct nt_hash128 *find(const struct nt_keyset *s, struct nt_hash128 key)
{
	size_t i = key.lo & (s->cap - 1);
	while (!is_zero(s->slot[i]) && (s->slot[i].lo != key.lo || s->slot[i].hi != key.hi))
		i = (i + 1) & (s->cap - 1);
	return &s->slot[i];
}

static int make_larger(struct nt_keyset *s, size_t cap)
{
	struct nt_keyset more = {.cap = cap};
	if (!(more.slot = nt_calloc(more.cap, sizeof(*more.slot))))
		return NT_ESYS;
	for (size_t i = 0; i < s->cap; i++)
		if (!is_zero(s->slot[i]))
			*find(&more, s->slot[i]) = s->slot[i];
	free(s->slot);
	s->slot = more.slot;
	s->cap = more.cap;
	return 0;
}

int nt_keyset_reserve(struct nt_keyset *s, size_t n)
{
	size_t cap = s->cap ? s->cap : FIRST_CAP;
	while (cap / 4 * 3 < n && cap <= SIZE_MAX / 4)
		cap *= 2;
	return cap > s->cap ? make_larger(s, cap) : 0;
}

int nt_keyset_add(struct nt_keyset *s, struct nt_hash128 key)
{
	if (is_zero(key)) {
		bool is_new = !s->has_zero;
		s->has_zero = true;
		return is_new;
	}
	if (4 * (s->n + 1) > 3 * s->cap) {
		int rc = make_larger(s, s->cap ? 2 * s->cap : FIRST_CAP);
		if (rc < 0)
			return rc;
	}
	struct nt_hash128 *slot = find(s, key);
	if (!is_zero(*slot))
		return 0;
	*slot = key;
	s->n++;
	return 1;
}

void nt_keyset_release(struct nt_keyset *s)
{
	free(s->slot);
	*s = (struct nt_keyset){0};
}

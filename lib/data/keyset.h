/* SPDX-License-Identifier: MIT */
#ifndef DATA_KEYSET_H
#define DATA_KEYSET_H
/*
 * keyset.h - a set of 128-bit hashes: "was this seen before?"
 *
 * Start with {0}. 16 bytes a key at a load of at most 3/4, so about 21 to 43 bytes for
 * each, and 1.5 times that for the moment in which it grows.
 */
#include <stdbool.h>
#include <stddef.h>

#include "nt/hash.h"

struct nt_keyset {
	struct nt_hash128 *slot; /* [cap], all zero: free */
	size_t n, cap;           /* cap is 0 or a power of two; n without the zero key */
	bool has_zero;
};

/* Begins to fetch what nt_keyset_add will look at. */
static inline void nt_keyset_prefetch(const struct nt_keyset *s, struct nt_hash128 key)
{
	if (s->cap)
		__builtin_prefetch(&s->slot[key.lo & (s->cap - 1)], 1);
}

/* Returns 1 if key is new and was added, 0 if it was there, or NT_ESYS. */
int nt_keyset_add(struct nt_keyset *s, struct nt_hash128 key);
int nt_keyset_reserve(struct nt_keyset *s, size_t n); /* room for n keys at once */
void nt_keyset_release(struct nt_keyset *s); /* harmless twice */

#endif

/* SPDX-License-Identifier: MIT */
#ifndef BASE_LAST_H
#define BASE_LAST_H
/* last.h - which of things that lie one behind the other a place is in */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The last of n things, of `bytes` each, that begins at or before `at`; 0 if none does. Where a thing begins
 * is a uint64_t, first_at bytes into it. Of those that begin at one place, all but the last are empty. */
static inline size_t nt_last_from(const void *thing, size_t n, size_t bytes, size_t first_at, uint64_t at)
{
	size_t lo = 0, hi = n;
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;
		uint64_t first;
		memcpy(&first, (const char *)thing + mid * bytes + first_at, sizeof(first));
		if (first <= at)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

#endif

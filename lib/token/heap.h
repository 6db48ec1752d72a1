/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_HEAP_H
#define TOKEN_HEAP_H
/*
 * heap.h - places by rank, the lowest first
 *
 * An entry is rank << 32 | place: of equal ranks the leftmost comes out first.
 */
#include <stddef.h>
#include <stdint.h>

#include "nt/mem.h"

struct nt_heap {
	uint64_t *entry; /* [n] */
	size_t n, cap;
};

static inline int nt_heap_push(struct nt_heap *h, uint64_t entry)
{
	int rc = nt_grow(&h->entry, &h->cap, h->n + 1, sizeof(*h->entry));
	if (rc < 0)
		return rc;
	size_t i = h->n++;
	for (; i > 0 && h->entry[(i - 1) / 2] > entry; i = (i - 1) / 2)
		h->entry[i] = h->entry[(i - 1) / 2];
	h->entry[i] = entry;
	return 0;
}

/* The least entry; there is one. */
static inline uint64_t nt_heap_pop(struct nt_heap *h)
{
	uint64_t top = h->entry[0], moving = h->entry[--h->n];
	size_t i = 0;
	for (size_t child; (child = 2 * i + 1) < h->n; i = child) {
		if (child + 1 < h->n && h->entry[child + 1] < h->entry[child])
			child++;
		if (h->entry[child] >= moving)
			break;
		h->entry[i] = h->entry[child];
	}
	h->entry[i] = moving; /* of the last one: where it was */
	return top;
}

#endif

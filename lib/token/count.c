/* SPDX-License-Identifier: MIT */
/* count.c - a hash table from pieces to the number of times they occur */
#include "token/count.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/hash.h"

enum { FIRST_SIZE = 1 << 12 };

static int rehash(struct nt_counter *c, size_t size)
{
	uint32_t *slot = nt_alloc(size, sizeof(*slot));
	if (!slot)
		return NT_ESYS;
	memset(slot, 0xff, size * sizeof(*slot));
	for (size_t k = 0; k < c->n_piece; k++) {
		size_t i = c->piece[k].hash & (size - 1);
		while (slot[i] != UINT32_MAX)
			i = (i + 1) & (size - 1);
		slot[i] = (uint32_t)k;
	}
	free(c->slot);
	c->slot = slot;
	c->mask = size - 1;
	return 0;
}

static int insert(struct nt_counter *c, struct nt_piece piece, const uint8_t *p)
{
	if (c->n_piece >= UINT32_MAX - 1)
		return nt_fail(NT_ESYS, "out of memory: %zu distinct pieces", c->n_piece);
	int rc = nt_grow(&c->piece, &c->piece_cap, c->n_piece + 1, sizeof(*c->piece));
	piece.at = c->bytes.len;
	if (rc == 0)
		rc = nt_buf_add(&c->bytes, p, piece.len);
	if (rc == 0)
		c->piece[c->n_piece++] = piece;
	return rc;
}

int nt_counter_add(struct nt_counter *c, const uint8_t *p, size_t len, uint64_t n)
{
	uint64_t hash = nt_hash64(p, len);
	if (!c->slot || c->n_piece * 2 > c->mask) {
		int rc = rehash(c, c->slot ? 2 * (c->mask + 1) : FIRST_SIZE);
		if (rc < 0)
			return rc;
	}
	size_t i = hash & c->mask;
	for (; c->slot[i] != UINT32_MAX; i = (i + 1) & c->mask) {
		struct nt_piece *q = &c->piece[c->slot[i]];
		if (q->hash == hash && q->len == len && memcmp(c->bytes.data + q->at, p, len) == 0) {
			q->n += n;
			return 0;
		}
	}
	int rc = insert(c, (struct nt_piece){.hash = hash, .n = n, .len = len}, p);
	if (rc == 0)
		c->slot[i] = (uint32_t)(c->n_piece - 1);
	return rc;
}

int nt_counter_merge(struct nt_counter *into, const struct nt_counter *from)
{
	int rc = 0;
	for (size_t k = 0; rc == 0 && k < from->n_piece; k++) {
		const struct nt_piece *q = &from->piece[k];
		rc = nt_counter_add(into, from->bytes.data + q->at, q->len, q->n);
	}
	return rc;
}

void nt_counter_release(struct nt_counter *c)
{
	free(c->piece);
	free(c->slot);
	nt_buf_release(&c->bytes);
	*c = (struct nt_counter){0};
}

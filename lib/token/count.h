/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_COUNT_H
#define TOKEN_COUNT_H
/*
 * count.h - how often each distinct piece occurs
 *
 * Places in the table are by the highest bits of the hash, so that the pieces whose hashes
 * lie in a range lie together whatever the table's size: tables of several threads are
 * added up a range at a time, each range by whoever is free.
 */
#include <stdbool.h>

#include "nt/mem.h"

enum { NT_PIECE_INLINE = 15 }; /* bytes of a piece that its slot has room for */

/* Two a cache line. An empty slot has n 0. */
struct nt_count {
	uint64_t lo, hi; /* up to 15 bytes, zeros, and the length in the last byte; of a longer
			    piece its place in nt_counter.bytes, and its length under LONG */
	uint64_t hash;
	uint64_t n;
};

struct nt_counter {
	struct nt_count *slot; /* [1 << bits]; NULL before the first piece */
	int bits;
	int skip; /* highest bits of the hash that all pieces share: those of the range */
	size_t n_piece;      /* distinct ones */
	uint64_t n_total;    /* occurrences of all */
	struct nt_buf bytes; /* of long pieces */
};

/* Counts the n pieces [0, end[0]), [end[0], end[1]), ... of text[len]. */
int nt_counter_add_run(struct nt_counter *c, const uint8_t *text, size_t len,
		       const uint32_t *end, size_t n);

/* n more occurrences of one piece. */
int nt_counter_add(struct nt_counter *c, const uint8_t *p, size_t len, uint64_t n);

/* Adds those of `from` whose hash is in range number `range` of 1 << range_bits equal ones. */
int nt_counter_merge(struct nt_counter *into, const struct nt_counter *from, size_t range,
		     int range_bits);

/* The bytes of a piece, [*len]: in the counter, or in buf. */
const uint8_t *nt_counter_piece(const struct nt_counter *c, const struct nt_count *slot,
				uint8_t buf[16], size_t *len);

static inline size_t nt_counter_size(const struct nt_counter *c) /* slots */
{
	return c->slot ? (size_t)1 << c->bits : 0;
}

/* Bytes of memory it holds, or is about to hold when it grows. */
size_t nt_counter_memory(const struct nt_counter *c);
void nt_counter_reset(struct nt_counter *c);   /* forgets the pieces, keeps the memory */
void nt_counter_release(struct nt_counter *c); /* harmless twice */

#endif

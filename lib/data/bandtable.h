/* SPDX-License-Identifier: MIT */
#ifndef DATA_BANDTABLE_H
#define DATA_BANDTABLE_H
/*
 * bandtable.h - where a key was seen before, in 4 bytes a key
 *
 * A key of 64 bits brings back small numbers that it was added with, and rarely one that
 * another key was added with: whoever asks looks the thing itself up. Start with {0}.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NT_BAND_SLOTS = 16, /* in a line, which is one of the cache's */
	NT_BAND_SAME = 8,   /* what a key is added with at most; more is let go */
};

struct nt_bandtable {
	uint32_t *slot;       /* [n_line * NT_BAND_SLOTS], 0: free */
	uint64_t n_line, n;   /* n: keys in it */
	uint64_t room;        /* keys that it is made for */
	unsigned number_bits; /* of a slot, the lower ones; above them bits of the key */
};

uint64_t nt_bandtable_bytes(uint64_t room); /* of memory */
/* Room for that many keys with numbers below n_number, at most 2^28, and nothing in it; what
 * it held is given back first. */
int nt_bandtable_make(struct nt_bandtable *t, uint64_t room, uint64_t n_number);
void nt_bandtable_release(struct nt_bandtable *t); /* harmless twice */

static inline uint64_t nt_bandtable_line(const struct nt_bandtable *t, uint64_t key)
{
	return (uint64_t)((unsigned __int128)key * t->n_line >> 64);
}

static inline void nt_bandtable_prefetch(const struct nt_bandtable *t, uint64_t key)
{
	__builtin_prefetch(t->slot + NT_BAND_SLOTS * nt_bandtable_line(t, key), 1);
}

/* Into number[], what key may have been added with; returns how many. */
size_t nt_bandtable_find(const struct nt_bandtable *t, uint64_t key, uint32_t number[NT_BAND_SAME]);
void nt_bandtable_add(struct nt_bandtable *t, uint64_t key, uint32_t number);

#endif

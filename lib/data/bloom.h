/* SPDX-License-Identifier: MIT */
#ifndef DATA_BLOOM_H
#define DATA_BLOOM_H
/*
 * bloom.h - was this key there before? Probably, or surely not
 *
 * A Bloom filter of which each key has one line of the cache: a bit in each of its eight words.
 * Source: Putze, Sanders, Singler 2007, "Cache-, Hash- and Space-Efficient Bloom Filters". Start
 * with {0}.
 */
#include <stdbool.h>
#include <stdint.h>

enum { NT_BLOOM_WORDS = 8 };

struct nt_bloom {
	uint64_t *word; /* [n_line * NT_BLOOM_WORDS] */
	uint64_t n_line;
};

int nt_bloom_make(struct nt_bloom *b, uint64_t bytes);
void nt_bloom_release(struct nt_bloom *b); /* harmless twice */

static inline uint64_t *nt_bloom_line(const struct nt_bloom *b, uint64_t key)
{
	return b->word + NT_BLOOM_WORDS * (uint64_t)((unsigned __int128)key * b->n_line >> 64);
}

bool nt_bloom_has(const struct nt_bloom *b, uint64_t key);
void nt_bloom_add(struct nt_bloom *b, uint64_t key);

#endif

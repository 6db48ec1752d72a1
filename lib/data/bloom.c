/* SPDX-License-Identifier: MIT */
/*
 * bloom.c - eight bits of one line for each key
 *
 * The key's upper bits choose the line; six bits of another product of it choose a bit in each
 * word. With 24 bits a key, one question in 12,000 about a key that was never there is answered
 * yes; with 16 bits, one in 1,100.
 */
#include "data/bloom.h"

#include <stdlib.h>

#include "nt/err.h"
#include "nt/mem.h"

int nt_bloom_make(struct nt_bloom *b, uint64_t bytes)
{
	nt_bloom_release(b);
	b->n_line = bytes / (NT_BLOOM_WORDS * sizeof(*b->word)) + 1;
	return (b->word = nt_calloc(b->n_line, NT_BLOOM_WORDS * sizeof(*b->word))) ? 0 : NT_ESYS;
}

void nt_bloom_release(struct nt_bloom *b)
{
	free(b->word);
	*b = (struct nt_bloom){0};
}

/* The bit of word i. */
static uint64_t bit(uint64_t key, int i)
{
	uint64_t h = key * UINT64_C(0x94d049bb133111eb);
	return UINT64_C(1) << (h >> (16 + 6 * i) & 63);
}

bool nt_bloom_has(const struct nt_bloom *b, uint64_t key)
{
	const uint64_t *word = nt_bloom_line(b, key);
	bool all = true;
	for (int i = 0; i < NT_BLOOM_WORDS; i++)
		all &= (word[i] & bit(key, i)) != 0;
	return all;
}

void nt_bloom_add(struct nt_bloom *b, uint64_t key)
{
	uint64_t *word = nt_bloom_line(b, key);
	for (int i = 0; i < NT_BLOOM_WORDS; i++)
		word[i] |= bit(key, i);
}

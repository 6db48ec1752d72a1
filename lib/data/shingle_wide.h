/* SPDX-License-Identifier: MIT */
/*
 * shingle_wide.h - the loops of shingle.h, for compilers to make vectors of
 *
 * Each instruction set's file includes this text and is compiled with its own flags. Hashes
 * are made a block at a time, in loops without a branch; where they fall is scalar.
 */
#ifndef DATA_SHINGLE_WIDE_H
#define DATA_SHINGLE_WIDE_H
#include "data/shingle.h"

enum { BLOCK = 64 };

/* The finalizer of SplitMix64 (Steele, Lea, Flood 2014): every bit depends on every bit. */
static inline uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static void hash(uint64_t *restrict shingle, const uint64_t *restrict word, size_t n)
{
	for (size_t i = 0; i < n; i++)
		shingle[i] = word[i] * UINT64_C(0x9e3779b185ebca87) +
			     word[i + 1] * UINT64_C(0xc2b2ae3d27d4eb4f) +
			     word[i + 2] * UINT64_C(0x165667b19e3779f9) +
			     word[i + 3] * UINT64_C(0x85ebca77c2b2ae63) +
			     word[i + 4] * UINT64_C(0x27d4eb2f165667c5);
}

/* In the first round most shingles are the least so far of their slot, or not, as chance has
 * it: no branch, and nobody counts. In later ones hardly any is; returns how many slots were empty. */
static inline size_t throw_block(uint64_t *restrict slot, size_t n_slot, const uint64_t *restrict shingle,
				 size_t n, uint64_t round, uint64_t seed)
{
	uint64_t value[BLOCK];
	uint32_t place[BLOCK];
	size_t n_filled = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t h = mix(shingle[i] ^ seed);
		place[i] = (uint32_t)((h >> 32) * n_slot >> 32);
		value[i] = round << 32 | (uint32_t)h;
	}
	for (size_t i = 0; i < n && round == 0; i++) {
		uint64_t old = slot[place[i]];
		slot[place[i]] = value[i] < old ? value[i] : old;
	}
	for (size_t i = 0; i < n && round; i++)
		if (__builtin_expect(value[i] < slot[place[i]], 0)) {
			n_filled += slot[place[i]] == UINT64_MAX;
			slot[place[i]] = value[i];
		}
	return n_filled;
}

static size_t throw_all(uint64_t *slot, size_t n_slot, const uint64_t *shingle, size_t n, uint64_t round,
			uint64_t seed)
{
	size_t n_filled = 0;
	for (; n >= BLOCK; n -= BLOCK, shingle += BLOCK)
		n_filled += throw_block(slot, n_slot, shingle, BLOCK, round, seed);
	n_filled += throw_block(slot, n_slot, shingle, n, round, seed);
	for (size_t i = 0; i < n_slot && round == 0; i++)
		n_filled += slot[i] != UINT64_MAX;
	return n_filled;
}

#endif

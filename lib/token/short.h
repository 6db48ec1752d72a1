/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_SHORT_H
#define TOKEN_SHORT_H
/*
 * short.h - short strings as two words, and their hash
 *
 * Most tokens have no more than 16 bytes: two words, with zeros behind the last, that are
 * compared and multiplied without a loop. Which of the two an odd length reaches into is
 * looked up and not asked, because branches on the lengths of tokens are guessed wrong.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/le.h"
#include "nt/hash.h"

enum { NT_SHORT_MOST = 16 };

struct nt_short {
	uint64_t word[2];
};

/* The key of p[n], n at most 16; 16 bytes may be read. */
static inline struct nt_short nt_short_load(const uint8_t *p, size_t n)
{
#define NT_LOW(n) (UINT64_MAX >> (64 - 8 * (n)))
	static const uint64_t keep[NT_SHORT_MOST + 1][2] = {
		{0, 0}, {NT_LOW(1), 0}, {NT_LOW(2), 0}, {NT_LOW(3), 0}, {NT_LOW(4), 0}, {NT_LOW(5), 0},
		{NT_LOW(6), 0}, {NT_LOW(7), 0}, {NT_LOW(8), 0}, {NT_LOW(8), NT_LOW(1)},
		{NT_LOW(8), NT_LOW(2)}, {NT_LOW(8), NT_LOW(3)}, {NT_LOW(8), NT_LOW(4)},
		{NT_LOW(8), NT_LOW(5)}, {NT_LOW(8), NT_LOW(6)}, {NT_LOW(8), NT_LOW(7)},
		{NT_LOW(8), NT_LOW(8)},
	};
#undef NT_LOW
	return (struct nt_short){{nt_le64(p) & keep[n][0], nt_le64(p + 8) & keep[n][1]}};
}

/* The key's hash: a product in which every bit depends on all, folded. */
static inline uint64_t nt_short_hash(struct nt_short k, size_t n)
{
	unsigned __int128 m = (unsigned __int128)(k.word[0] ^ UINT64_C(0x9e3779b97f4a7c15)) *
			      (k.word[1] ^ UINT64_C(0xd6e8feb86659fd93) ^ (uint64_t)n << 56);
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* The hash of any p[n]; 16 bytes may be read. Up to 32, both ends make two keys. */
static inline uint64_t nt_short_hash_bytes(const uint8_t *p, size_t n)
{
	if (n <= NT_SHORT_MOST)
		return nt_short_hash(nt_short_load(p, n), n);
	if (n > 2 * NT_SHORT_MOST)
		return nt_hash64(p, n);
	struct nt_short head = nt_short_load(p, NT_SHORT_MOST);
	struct nt_short tail = nt_short_load(p + n - NT_SHORT_MOST, NT_SHORT_MOST);
	tail.word[0] ^= nt_short_hash(head, n);
	return nt_short_hash(tail, n);
}

/* Are p[n] and q[n] the same? 16 bytes of each may be read. */
static inline int nt_short_same(const uint8_t *p, const uint8_t *q, size_t n)
{
	if (n > NT_SHORT_MOST)
		return memcmp(p, q, n) == 0;
	struct nt_short a = nt_short_load(p, n), b = nt_short_load(q, n);
	return a.word[0] == b.word[0] && a.word[1] == b.word[1];
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef DATA_SHINGLE_H
#define DATA_SHINGLE_H
/*
 * shingle.h - the inner loops of sketching, one table for each instruction set
 *
 * The same numbers come out of each.
 */
#include <stddef.h>
#include <stdint.h>

#include "nt/cpu.h"

enum { NT_SHINGLE_WORDS = 5 };

struct nt_shingle {
	/* shingle[i] is a hash of word[i .. i + NT_SHINGLE_WORDS), for i below n. */
	void (*hash)(uint64_t *shingle, const uint64_t *word, size_t n);
	/* One round: every shingle is thrown into one of slot[n_slot] and leaves there
	 * round << 32 | value, if that is less than what is there. An empty slot is UINT64_MAX, and
	 * in round 0 all are. Returns how many were empty and are not any more. */
	size_t (*round)(uint64_t *slot, size_t n_slot, const uint64_t *shingle, size_t n, uint64_t round,
			uint64_t seed);
};

extern const struct nt_shingle nt_shingle_ref;
#ifdef NT_HAS_WIDE
extern const struct nt_shingle nt_shingle_avx2, nt_shingle_avx512;
#endif

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_RECALL_H
#define TOKEN_RECALL_H
/*
 * recall.h - the inner loops of encoding: keys of pieces, and the ids of those that are known
 *
 * One table of functions for each instruction set; what they append is the same. They
 * differ in the hash that says where a piece is looked for, so a cache belongs to one.
 */
#include "nt/cpu.h"
#include "token/cache.h"

enum { NT_PIECES_MOST = 768 }; /* pieces */

/* The pieces of a batch: piece i is [end[i - 1], end[i]), end[-1] being 0. */
struct nt_pieces {
	uint32_t end[NT_PIECES_MOST];
	uint32_t line[NT_PIECES_MOST]; /* the number of the first entry where it is looked for */
	_Alignas(16) struct nt_key key[NT_PIECES_MOST];
};

struct nt_recall {
	size_t (*line)(const struct nt_cache *c, struct nt_key key); /* as nt_cache.line */
	/* Makes keys and lines of the pieces of p below n that begin NT_OVERREAD bytes or more before
	 * p[left], and asks for the memory of the lines. Returns the first piece that does not. */
	size_t (*make_keys)(struct nt_pieces *b, const struct nt_cache *c, const uint8_t *p, size_t n,
			    size_t left);
	/* Writes the ids of pieces [i, n) to id, which has room for NT_IDS_MOST each, up to the first
	 * that the cache does not have, or not whole. Returns that piece; *n_id: how many. */
	size_t (*recall)(const struct nt_pieces *b, const struct nt_cache *c, size_t i, size_t n,
			 uint32_t *id, size_t *n_id);
};

const struct nt_recall *nt_recall(void); /* that of this CPU: encode.c */

extern const struct nt_recall nt_recall_ref;
#ifdef NT_HAS_WIDE
extern const struct nt_recall nt_recall_avx2;
#endif

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_RECALL_H
#define TOKEN_RECALL_H
/*
 * recall.h - the two inner loops of encoding: keys of pieces, and ids of keys
 *
 * One table for each instruction set; what they give is the same.
 */
#include "nt/cpu.h"
#include "token/cache.h"

enum {
	NT_BATCH = 512,   /* pieces */
	NT_OVERREAD = 16, /* bytes that are read for a key, whatever a piece's length */
};

/* Of each piece of a batch: where it ends, its key, and the line where it is looked for. */
struct nt_batch_keys {
	uint32_t end[NT_BATCH];
	struct nt_key key[NT_BATCH];
	uint32_t line[NT_BATCH];
};

struct nt_recall {
	/* Keys and lines of pieces p[0, end[0]), p[end[0], end[1]) ... below n that have NT_OVERREAD
	 * bytes of the `left` at p; returns the first that has not. */
	size_t (*make_keys)(struct nt_batch_keys *k, const struct nt_cache *c, const uint8_t *p,
			    size_t n, size_t left);
	/* Writes the ids of pieces [i, n) to id, which has room for NT_IDS_MOST each, up to the first
	 * piece that is not whole in its line; *n_id: how many. Returns that piece. */
	size_t (*take_known)(const struct nt_batch_keys *k, const struct nt_cache *c, size_t i,
			     size_t n, uint32_t *id, size_t *n_id);
};

extern const struct nt_recall nt_recall_ref;
#ifdef NT_HAS_WIDE
extern const struct nt_recall nt_recall_avx512;
#endif

static inline size_t nt_make_keys(struct nt_batch_keys *k, const struct nt_cache *c,
				  const uint8_t *p, size_t n, size_t left)
{
	const struct nt_cache cache = *c;
	size_t i = 0;
	for (size_t at = 0; i < n && at + NT_OVERREAD <= left; at = k->end[i++]) {
		struct nt_key key = nt_key_of(p + at, k->end[i] - at);
		size_t line = nt_cache_line(&cache, key);
		__builtin_prefetch(&cache.entry[line]);
		k->key[i] = key;
		k->line[i] = (uint32_t)line;
	}
	return i;
}

#endif

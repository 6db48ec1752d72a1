/* SPDX-License-Identifier: MIT */
#ifndef KERN_KV_H
#define KERN_KV_H
/*
 * kv.h - keys and values that a generation keeps, and what a new token's queries make of them
 *
 *	o = softmax(q K^T / sqrt(D)) V		over the first n_key positions
 *
 * of one key-value head of one sequence, for the query heads that share it (Ainslie et al. 2023,
 * arXiv:2305.13245). Positions lie in blocks of NT_KV_BLOCK:
 *
 *	keys	[D][NT_KV_BLOCK]	so that a register holds one element of several keys, and
 *					no sum runs across one
 *	values	[NT_KV_BLOCK][width]	width: D up to whole 16s, the rest zeros
 *
 * of nt_real or f16, in memory of the caller's, blocks `stride` bytes apart: so the blocks of all
 * layers and heads can lie side by side, and what is used of a great address range is its beginning.
 *
 * Long contexts are cut into parts of NT_KV_PART positions, which threads may take apart from each
 * other, and which are put together by their logsumexp in order: a result depends on what it is
 * made of, and not on who made it, beside what, or with how many heads at once.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "kern/kern.h"

enum { NT_KV_BLOCK = 16, NT_KV_PART = 512 };

struct nt_kv {
	const struct nt_kern *kern;
	unsigned char *block; /* the first; aligned to 64 bytes, as stride is, for speed */
	size_t stride;        /* bytes, nt_kv_block_bytes at least */
	size_t D;
	bool is_f16;
};

/* Elements of a value's row. */
static inline size_t nt_kv_width(size_t D)
{
	return (D + 15) / 16 * 16;
}

size_t nt_kv_block_bytes(size_t D, bool is_f16);

/* Keeps k[D] and v[D] at a position; touches its block only. Positions below it may come later, but
 * must before they are looked at. */
void nt_kv_put(const struct nt_kv *kv, size_t position, const nt_real *k, const nt_real *v);

/* Positions [first, first + n), first a multiple of NT_KV_BLOCK, for many queries to look at: keys as
 * they lie, k[D][ldk], whole blocks of them; values as v[n][D]. */
void nt_kv_get(const struct nt_kv *kv, size_t first, size_t n, nt_real *k, size_t ldk, nt_real *v);

/* One token's queries. */
struct nt_kv_query {
	struct nt_kv kv;
	size_t n_key;                  /* > 0 */
	size_t n_head;                 /* that share kv */
	const nt_real *q; size_t ldq;  /* [n_head][D], ldq apart */
	nt_real *out; size_t ldo;      /* likewise */
	nt_real *scratch;              /* [nt_kv_scratch(n_key, n_head, D)] */
	atomic_size_t n_done;          /* parts; 0 before the first and again behind the last */
};

/* Elements. */
size_t nt_kv_scratch(size_t n_key, size_t n_head, size_t D);

size_t nt_kv_n_part(size_t n_key);
/* Every part once, from any threads at the same time: whoever is last completes out. */
void nt_kv_attend_part(struct nt_kv_query *a, size_t part);

#endif

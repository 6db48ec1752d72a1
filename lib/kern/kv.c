/* SPDX-License-Identifier: MIT */
/*
 * kv.c - where keys and values lie, and parts of a long context put together
 *
 * The loops are the tables' own (kv_wide.h). A part leaves o, divided by the sum of its softmax, and
 * the logarithm of that sum, its logsumexp; the parts' softmax over their logsumexps is what each
 * counts in the whole.
 */
#include "kern/kv.h"

#include <string.h>

#include "base/least.h"
#include "nt/err.h"

static size_t element_bytes(bool is_f16)
{
	return is_f16 ? sizeof(uint16_t) : sizeof(nt_real);
}

size_t nt_kv_block_bytes(size_t D, bool is_f16)
{
	return NT_KV_BLOCK * (D + nt_kv_width(D)) * element_bytes(is_f16);
}

static void *block_of(const struct nt_kv *kv, size_t position)
{
	return kv->block + position / NT_KV_BLOCK * kv->stride;
}

void nt_kv_put(const struct nt_kv *kv, size_t position, const nt_real *k, const nt_real *v)
{
	size_t D = kv->D, width = nt_kv_width(D), t = position % NT_KV_BLOCK;
	if (kv->is_f16) {
		uint16_t *key = block_of(kv, position), *value = key + D * NT_KV_BLOCK + t * width;
		kv->kern->to_f16(value, k, D); /* for a moment */
		for (size_t d = 0; d < D; d++)
			key[d * NT_KV_BLOCK + t] = value[d];
		kv->kern->to_f16(value, v, D);
		memset(value + D, 0, (width - D) * sizeof(*value));
	} else {
		nt_real *key = block_of(kv, position), *value = key + D * NT_KV_BLOCK + t * width;
		for (size_t d = 0; d < D; d++)
			key[d * NT_KV_BLOCK + t] = k[d];
		memcpy(value, v, D * sizeof(*value));
		memset(value + D, 0, (width - D) * sizeof(*value));
	}
}

/* n elements of a block. */
static void get(const struct nt_kv *kv, nt_real *out, const void *block, size_t i, size_t n)
{
	if (kv->is_f16)
		kv->kern->from_f16(out, (const uint16_t *)block + i, n);
	else
		memcpy(out, (const nt_real *)block + i, n * sizeof(*out));
}

void nt_kv_get(const struct nt_kv *kv, size_t first, size_t n, nt_real *k, size_t ldk, nt_real *v)
{
	size_t D = kv->D, width = nt_kv_width(D);
	nt_assert(first % NT_KV_BLOCK == 0 && ldk >= (n + NT_KV_BLOCK - 1) / NT_KV_BLOCK * NT_KV_BLOCK);
	for (size_t at = 0; at < n; at += NT_KV_BLOCK) {
		const void *block = block_of(kv, first + at);
		for (size_t d = 0; d < D; d++)
			get(kv, k + d * ldk + at, block, d * NT_KV_BLOCK, NT_KV_BLOCK);
		for (size_t t = 0; t < least(n - at, NT_KV_BLOCK); t++)
			get(kv, v + (at + t) * D, block, D * NT_KV_BLOCK + t * width, D);
	}
}

size_t nt_kv_n_part(size_t n_key)
{
	return (n_key + NT_KV_PART - 1) / NT_KV_PART;
}

/* What parts leave: o [n_part][n_head][D], and logsumexps [n_head][n_part]. */
size_t nt_kv_scratch(size_t n_key, size_t n_head, size_t D)
{
	return nt_kv_n_part(n_key) * n_head * (D + 1);
}

static nt_real *logsumexps(const struct nt_kv_query *a)
{
	return a->scratch + nt_kv_n_part(a->n_key) * a->n_head * a->kv.D;
}

static void merge(const struct nt_kv_query *a)
{
	size_t n_part = nt_kv_n_part(a->n_key), D = a->kv.D;
	for (size_t h = 0; h < a->n_head; h++) {
		nt_real *share = logsumexps(a) + h * n_part, *out = a->out + h * a->ldo;
		a->kv.kern->softmax(share, n_part, 1);
		memset(out, 0, D * sizeof(*out));
		for (size_t i = 0; i < n_part; i++)
			a->kv.kern->blend(out, 1, a->scratch + (i * a->n_head + h) * D, share[i], D);
	}
}

void nt_kv_attend_part(struct nt_kv_query *a, size_t part)
{
	size_t n_part = nt_kv_n_part(a->n_key), first = part * NT_KV_PART, n = least(a->n_key - first, NT_KV_PART);
	nt_real *lse = logsumexps(a) + part;
	if (n_part == 1) {
		a->kv.kern->attend(a, first, n, a->out, a->ldo, lse, n_part);
		return;
	}
	a->kv.kern->attend(a, first, n, a->scratch + part * a->n_head * a->kv.D, a->kv.D, lse, n_part);
	if (atomic_fetch_add(&a->n_done, 1) == n_part - 1) {
		atomic_store(&a->n_done, 0);
		merge(a);
	}
}

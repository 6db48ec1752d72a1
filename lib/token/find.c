/* SPDX-License-Identifier: MIT */
/*
 * find.c - tokens by their bytes, merges by their pair
 *
 * Two open-addressing tables at most half full. Each is megabytes for a large vocabulary,
 * and half a million merges are looked up and entered while it loads: what counts is how
 * many cache misses are on their way at once. So lookups come in batches, and a table's
 * line is asked for well before it is read.
 *
 * A slot of t->find is an id in 24 bits and 8 more bits of the hash, so that another token
 * is nearly always recognised as another without looking at it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "nt/err.h"
#include "nt/hash.h"
#include "token/tokenizer.h"

enum { BATCH = 64, TAG_SHIFT = 24, ID_MASK = (1 << TAG_SHIFT) - 1 };

/* The bytes p[n] as two words, zeros behind them; 16 bytes may be read. */
static inline void load_16(const uint8_t *p, size_t n, uint64_t word[2])
{
	uint64_t lo = nt_le64(p), hi = nt_le64(p + 8);
	uint64_t keep = ~(UINT64_MAX << (n * 8 & 63)); /* n & 7 bytes; 0 for 8 and 16 */
	word[0] = n < 8 ? lo & keep : lo;
	word[1] = n < 8 ? 0 : n < 16 ? hi & keep : hi;
}

/* A piece of up to 16 bytes is its own key, multiplied until every bit depends on all. */
static inline uint64_t hash_16(const uint64_t word[2], size_t n)
{
	unsigned __int128 m = (unsigned __int128)(word[0] ^ UINT64_C(0x9e3779b97f4a7c15)) *
			      (word[1] ^ UINT64_C(0xd6e8feb86659fd93) ^ (uint64_t)n << 56);
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t hash_of(const uint8_t *p, size_t n)
{
	uint64_t word[2];
	if (n > 16)
		return nt_hash64(p, n);
	load_16(p, n, word);
	return hash_16(word, n);
}

static inline uint32_t tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32) & ~(uint32_t)ID_MASK;
}

/* Is token id these bytes? 16 of them may be read on both sides. */
static inline bool is_bytes(const struct nt_tokenizer *t, uint32_t id, const uint8_t *p, size_t n)
{
	const uint8_t *q = nt_token_text(t, id);
	uint64_t a[2], b[2];
	if (t->token[id].len != n)
		return false;
	if (n > 16)
		return memcmp(p, q, n) == 0;
	load_16(p, n, a);
	load_16(q, n, b);
	return a[0] == b[0] && a[1] == b[1];
}

/* The slot of these bytes, or the empty one where they would be. */
static inline uint32_t *find_slot(const struct nt_tokenizer *t, const uint8_t *p, size_t n,
				  uint64_t hash)
{
	uint32_t tag = tag_of(hash);
	for (size_t i = hash & t->find_mask;; i = (i + 1) & t->find_mask) {
		uint32_t slot = t->find[i];
		if (slot == NT_NO_TOKEN ||
		    ((slot & ~(uint32_t)ID_MASK) == tag && is_bytes(t, slot & ID_MASK, p, n)))
			return &t->find[i];
	}
}

static bool is_in_model(struct nt_token token)
{
	return token.kind == NT_KIND_ORDINARY || token.flags & NT_IN_VOCAB;
}

static uint32_t id_in(uint32_t slot)
{
	return slot == NT_NO_TOKEN ? slot : slot & ID_MASK;
}

uint32_t nt_token_find_ordinary(const struct nt_tokenizer *t, const void *bytes, size_t len)
{
	uint8_t padded[16] = {0};
	const uint8_t *p = bytes;
	if (len <= sizeof(padded)) {
		memcpy(padded, p, len);
		p = padded;
	}
	uint32_t id = id_in(*find_slot(t, p, len, hash_of(p, len)));
	return id == NT_NO_TOKEN || is_in_model(t->token[id]) ? id : NT_NO_TOKEN;
}

void nt_token_find_many(const struct nt_tokenizer *t, struct nt_lookup *l, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		l[i].hash = hash_of(l[i].bytes, l[i].len);
		__builtin_prefetch(&t->find[l[i].hash & t->find_mask]);
	}
	for (size_t i = 0; i < n; i++)
		l[i].id = id_in(*find_slot(t, l[i].bytes, l[i].len, l[i].hash));
}

static size_t table_size(size_t n)
{
	size_t size = 16;
	while (size < 2 * n)
		size *= 2;
	return size;
}

static int enter_token(struct nt_tokenizer *t, uint32_t id, uint64_t hash)
{
	const uint8_t *p = nt_token_text(t, id);
	uint32_t *slot = find_slot(t, p, t->token[id].len, hash);
	if (*slot != NT_NO_TOKEN)
		return nt_fail(NT_EFORMAT, "tokens %u and %u are the same bytes", id_in(*slot), id);
	*slot = id | tag_of(hash);
	if (t->token[id].len == 1 && !t->is_written)
		t->byte_id[*p] = id;
	return 0;
}

int nt_tokenizer_index(struct nt_tokenizer *t)
{
	size_t size = table_size(t->ident.vocab_size);
	uint64_t hash[BATCH];
	if (!(t->find = nt_alloc(size, sizeof(*t->find))))
		return NT_ESYS;
	memset(t->find, 0xff, size * sizeof(*t->find)); /* NT_NO_TOKEN */
	t->find_mask = size - 1;
	int rc = 0;
	for (uint32_t from = 0, n; rc == 0 && from < t->ident.vocab_size; from += n) {
		n = t->ident.vocab_size - from < BATCH ? t->ident.vocab_size - from : BATCH;
		for (uint32_t i = 0; i < n; i++) {
			hash[i] = hash_of(nt_token_text(t, from + i), t->token[from + i].len);
			__builtin_prefetch(&t->find[hash[i] & t->find_mask], 1);
		}
		for (uint32_t i = 0; rc == 0 && i < n; i++)
			if (is_in_model(t->token[from + i]))
				rc = enter_token(t, from + i, hash[i]);
	}
	return rc;
}

/* --- merges ------------------------------------------------------------------------ */

int nt_merges_expect(struct nt_tokenizer *t, size_t n)
{
	if (n >= NT_MERGE_LIMIT)
		return nt_fail(NT_EFORMAT, "%zu merges are too many", n);
	size_t size = table_size(n);
	if (!(t->merge = nt_alloc(size, sizeof(*t->merge))))
		return NT_ESYS;
	memset(t->merge, 0xff, size * sizeof(*t->merge));
	t->merge_mask = size - 1;
	return 0;
}

void nt_merge_enter(struct nt_tokenizer *t, struct nt_merge m)
{
	size_t i = nt_pair_slot(m.left, m.right, t->merge_mask);
	while (t->merge[i].left != NT_NO_TOKEN) {
		if (t->merge[i].left == m.left && t->merge[i].right == m.right) {
			t->merge[i].rank = m.rank; /* named twice: the later place counts, as for others */
			return;
		}
		i = (i + 1) & t->merge_mask;
	}
	t->merge[i] = m;
}

/* Is token id the bytes of left, then those of right? */
static bool is_joined(const struct nt_tokenizer *t, uint32_t id, struct nt_pair p)
{
	uint32_t n = t->token[p.left].len;
	const uint8_t *text = nt_token_text(t, id);
	return is_in_model(t->token[id]) && t->token[id].len == n + t->token[p.right].len &&
	       is_bytes(t, p.left, text, n) && is_bytes(t, p.right, text + n, t->token[p.right].len);
}

/* The token that two make, or NT_NO_TOKEN with their bytes in *joined. Files list merges in
 * the order of what they make: it is nearly always `near`, or the one behind it. */
static uint32_t join(const struct nt_tokenizer *t, struct nt_pair p, uint32_t near,
		     struct nt_buf *joined)
{
	for (uint32_t id = near; id < t->ident.vocab_size && id <= near + 1; id++)
		if (is_joined(t, id, p))
			return id;
	joined->len = 0;
	if (nt_buf_add(joined, nt_token_text(t, p.left), t->token[p.left].len) < 0 ||
	    nt_buf_add(joined, nt_token_text(t, p.right), t->token[p.right].len) < 0)
		return NT_NO_TOKEN;
	return nt_token_find_ordinary(t, joined->data, joined->len);
}

/* Enters merges [from, from + n) of the list, n at most BATCH. */
static int enter_batch(struct nt_tokenizer *t, size_t from, size_t n, uint32_t *near,
		       struct nt_buf *joined)
{
	struct nt_merge m[BATCH];
	for (size_t i = 0; i < n; i++) {
		struct nt_pair p = t->pair[from + i];
		uint32_t id = join(t, p, *near, joined);
		if (id == NT_NO_TOKEN)
			return nt_fail(NT_EFORMAT, "merge %zu makes '%.*s', which is no token", from + i,
				       (int)joined->len, (const char *)joined->data);
		*near = id;
		m[i] = (struct nt_merge){p.left, p.right, (uint32_t)(from + i), id};
		__builtin_prefetch(&t->merge[nt_pair_slot(p.left, p.right, t->merge_mask)], 1);
	}
	for (size_t i = 0; i < n; i++)
		nt_merge_enter(t, m[i]);
	return 0;
}

int nt_merges_index(struct nt_tokenizer *t)
{
	struct nt_buf joined = {0};
	uint32_t near = 0;
	int rc = t->merge ? 0 : nt_merges_expect(t, t->n_pair);
	for (size_t n; rc == 0 && t->n_entered < t->n_pair; t->n_entered += n) {
		n = t->n_pair - t->n_entered < BATCH ? t->n_pair - t->n_entered : BATCH;
		rc = enter_batch(t, t->n_entered, n, &near, &joined);
	}
	nt_buf_release(&joined);
	return rc;
}

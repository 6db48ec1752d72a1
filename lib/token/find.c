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

#include "nt/err.h"
#include "token/short.h"
#include "token/tokenizer.h"

enum { BATCH = 64, ID_MASK = (1 << 24) - 1 };

static inline uint32_t tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32) & ~(uint32_t)ID_MASK;
}

/* Is token id these bytes? 16 of them may be read. */
static inline bool is_bytes(const struct nt_tokenizer *t, uint32_t id, const uint8_t *p, size_t n)
{
	return t->token[id].len == n && nt_short_same(p, nt_token_text(t, id), n);
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

static uint32_t id_in(uint32_t slot)
{
	return slot == NT_NO_TOKEN ? slot : slot & ID_MASK;
}

uint32_t nt_token_find_readable(const struct nt_tokenizer *t, const uint8_t *p, size_t len)
{
	uint32_t id = id_in(*find_slot(t, p, len, nt_short_hash_bytes(p, len)));
	return id == NT_NO_TOKEN || nt_token_merges(t->token[id]) ? id : NT_NO_TOKEN;
}

uint32_t nt_token_find_ordinary(const struct nt_tokenizer *t, const void *bytes, size_t len)
{
	uint8_t padded[16] = {0};
	const uint8_t *p = bytes;
	if (len <= sizeof(padded)) {
		memcpy(padded, p, len);
		p = padded;
	}
	return nt_token_find_readable(t, p, len);
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
	int rc = nt_tokenizer_check_gaps(t);
	if (rc < 0)
		return rc;
	size_t size = table_size(t->ident.vocab_size);
	uint64_t hash[BATCH];
	if (!(t->find = nt_alloc(size, sizeof(*t->find))))
		return NT_ESYS;
	memset(t->find, 0xff, size * sizeof(*t->find)); /* NT_NO_TOKEN */
	t->find_mask = size - 1;
	for (uint32_t from = 0, n; rc == 0 && from < t->ident.vocab_size; from += n) {
		n = t->ident.vocab_size - from < BATCH ? t->ident.vocab_size - from : BATCH;
		for (uint32_t i = 0; i < n; i++) {
			hash[i] = nt_short_hash_bytes(nt_token_text(t, from + i), t->token[from + i].len);
			__builtin_prefetch(&t->find[hash[i] & t->find_mask], 1);
		}
		for (uint32_t i = 0; rc == 0 && i < n; i++)
			if (nt_token_merges(t->token[from + i]))
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
	int rc = nt_grow(&t->pair, &t->pair_cap, n, sizeof(*t->pair));
	if (rc < 0 || !(t->merge = nt_alloc(size, sizeof(*t->merge))))
		return NT_ESYS;
	memset(t->merge, 0xff, size * sizeof(*t->merge));
	t->merge_mask = size - 1;
	return 0;
}

static void enter_merge(struct nt_tokenizer *t, struct nt_merge m)
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

void nt_merges_add(struct nt_tokenizer *t, uint32_t left, uint32_t right, uint32_t id)
{
	enter_merge(t, (struct nt_merge){left, right, (uint32_t)t->n_pair, id});
	t->pair[t->n_pair++] = (struct nt_pair){left, right};
}

int nt_merge_fails(size_t place, const uint8_t *bytes, size_t len)
{
	return nt_fail(NT_EFORMAT, "merge %zu makes '%.*s', which is no token", place, (int)len,
		       (const char *)bytes);
}

/* The token that two make, with their bytes in *joined. */
static int join(const struct nt_tokenizer *t, size_t place, struct nt_buf *joined, uint32_t *id)
{
	struct nt_pair p = t->pair[place];
	joined->len = 0;
	if (nt_buf_add(joined, nt_token_text(t, p.left), t->token[p.left].len) < 0 ||
	    nt_buf_add(joined, nt_token_text(t, p.right), t->token[p.right].len) < 0)
		return NT_ESYS;
	*id = nt_token_find_ordinary(t, joined->data, joined->len);
	return *id == NT_NO_TOKEN ? nt_merge_fails(place, joined->data, joined->len) : 0;
}

int nt_merges_index(struct nt_tokenizer *t)
{
	struct nt_buf joined = {0};
	if (t->merge)
		return 0;
	int rc = nt_merges_expect(t, t->n_pair);
	for (size_t i = 0; rc == 0 && i < t->n_pair; i++) {
		uint32_t id;
		if ((rc = join(t, i, &joined, &id)) == 0)
			enter_merge(t, (struct nt_merge){t->pair[i].left, t->pair[i].right, (uint32_t)i, id});
	}
	nt_buf_release(&joined);
	return rc;
}

/* SPDX-License-Identifier: MIT */
/* recall_ref.c - the inner loops in plain C */
#include "token/recall.h"

static size_t line(const struct nt_cache *c, struct nt_key key)
{
	unsigned __int128 h = (unsigned __int128)(key.lo ^ UINT64_C(0x9e3779b97f4a7c15)) *
			      (key.hi ^ UINT64_C(0xd6e8feb86659fd93));
	return ((uint64_t)h ^ (uint64_t)(h >> 64)) & c->mask & ~(size_t)1;
}

static size_t make_keys(struct nt_pieces *b, const struct nt_cache *cache, const uint8_t *p, size_t n,
			size_t left)
{
	const struct nt_cache c = {.entry = cache->entry, .mask = cache->mask};
	size_t i = 0;
	for (size_t at = 0; i < n && at + NT_OVERREAD <= left; at = b->end[i++]) {
		struct nt_key key = nt_key_of(p + at, b->end[i] - at);
		size_t where = line(&c, key);
		__builtin_prefetch(&c.entry[where]);
		b->key[i] = key;
		b->line[i] = (uint32_t)where;
	}
	return i;
}

static size_t recall(const struct nt_pieces *b, const struct nt_cache *c, size_t i, size_t n,
		     uint32_t *id, size_t *n_id)
{
	const struct nt_cached *entry = c->entry;
	uint32_t *const first = id;
	for (; i < n; i++) {
		const struct nt_cached *e = &entry[b->line[i]];
		e += nt_cached_is(e + 1, b->key[i]);
		if (!nt_cached_is(e, b->key[i]) && !(e = nt_cache_far(c, b->key[i], b->line[i])))
			break;
		size_t more = nt_cached_take(id, e);
		if (more > NT_IDS_MOST)
			break;
		id += more;
	}
	*n_id = (size_t)(id - first);
	return i;
}

const struct nt_recall nt_recall_ref = {line, make_keys, recall};

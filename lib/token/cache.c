/* SPDX-License-Identifier: MIT */
/* cache.c - the tables of cache.h */
#include "token/cache.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "nt/err.h"
#include "nt/hash.h"

enum {
	HUGE_PAGE = 2 << 20,
	CACHE_MOST = 1 << 21,     /* entries: 64 MiB */
	CACHE_GUESS = 1 << 20,    /* of them at once, because a text is long */
	BYTES_A_PLACE = 64,       /* of text: natural language fills a quarter of them then */
	LONG_FIRST = 1 << 10,     /* entries of a table of long pieces, to begin with */
	LONG_BYTES = 32 << 20,    /* bytes and ids of long pieces, before it is emptied */
	LONG_PIECE = 4 << 10,     /* bytes of a piece that is worth keeping */
};

#define BYTES(n) (UINT64_MAX >> (64 - 8 * (n)))
#define SHORT(n) {{BYTES(n), 0}, {0, UINT64_C(n) << 56}}
#define LONG(n)  {{UINT64_MAX, BYTES(n - 8)}, {0, UINT64_C(n) << 56}}
const struct nt_key_form nt_key_form[NT_KEY_MOST + 2] = {
	{{0, 0}, {0, 1}},
	SHORT(1), SHORT(2), SHORT(3), SHORT(4), SHORT(5), SHORT(6), SHORT(7), SHORT(8),
	LONG(9), LONG(10), LONG(11), LONG(12), LONG(13), LONG(14), LONG(15),
	{{0, 0}, {0, 1}},
};

/* Mapped, because such memory comes zeroed, and in huge pages if that is asked for before it
 * is touched: a table that is read at random costs a TLB miss each time without them. */
int nt_cache_init(struct nt_cache *c, size_t n_entry,
		  size_t (*line)(const struct nt_cache *c, struct nt_key key))
{
	size_t bytes = n_entry * sizeof(*c->entry), slack = bytes < HUGE_PAGE ? 0 : HUGE_PAGE;
	*c = (struct nt_cache){.mask = n_entry - 1, .line = line, .mapped = bytes + slack};
	c->memory = mmap(NULL, c->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c->memory == MAP_FAILED) {
		c->memory = NULL;
		return nt_fail(NT_ESYS, "out of memory: %zu bytes", c->mapped);
	}
	uintptr_t at = (uintptr_t)c->memory;
	c->entry = (void *)(slack ? (at + slack - 1) & ~(uintptr_t)(slack - 1) : at);
	if (slack)
		madvise(c->entry, bytes, MADV_HUGEPAGE);
	return 0;
}

void nt_cache_release(struct nt_cache *c)
{
	if (c->memory)
		munmap(c->memory, c->mapped);
	*c = (struct nt_cache){0};
}

/* Takes an empty entry of the two at e for key, if there is one. */
static bool claim(struct nt_cached *e, struct nt_key key, const uint32_t *id, size_t n)
{
	for (size_t k = 0; k < 2; k++) {
		uint64_t empty = 0;
		if (!__atomic_compare_exchange_n(&e[k].hi, &empty, NT_KEY_BUSY, false,
						 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			continue;
		__atomic_store_n(&e[k].lo, key.lo, __ATOMIC_RELAXED);
		memcpy(e[k].id, id, (n < NT_IDS_MOST ? n : NT_IDS_MOST) * sizeof(*id));
		e[k].id[0] |= (uint32_t)n << NT_ID_BITS;
		__atomic_store_n(&e[k].hi, key.hi, __ATOMIC_RELEASE);
		return true;
	}
	return false;
}

const struct nt_cached *nt_cache_far(const struct nt_cache *c, struct nt_key key, size_t line)
{
	const struct nt_cached *e = &c->entry[line ^ 2];
	return nt_cached_is(e, key) ? e : nt_cached_is(e + 1, key) ? e + 1 : NULL;
}

void nt_cache_add(struct nt_cache *c, struct nt_key key, const uint32_t *id, size_t n)
{
	size_t line = c->line(c, key);
	if (nt_cache_find(c, key, line))
		return; /* another thread, or the same batch */
	if (claim(&c->entry[line], key, id, n) || claim(&c->entry[line ^ 2], key, id, n))
		__atomic_fetch_add(&c->n, 1, __ATOMIC_RELAXED);
}

/* The same entries in a table of n_entry. */
static int resize(struct nt_cache *c, size_t n_entry)
{
	struct nt_cache bigger;
	int rc = nt_cache_init(&bigger, n_entry, c->line);
	if (rc < 0)
		return rc;
	for (size_t i = 0; c->n && i <= c->mask; i++) {
		struct nt_cached *e = &c->entry[i];
		size_t n = e->id[0] >> NT_ID_BITS;
		e->id[0] &= (UINT32_C(1) << NT_ID_BITS) - 1;
		if (e->hi)
			nt_cache_add(&bigger, (struct nt_key){e->lo, e->hi}, e->id, n);
	}
	nt_cache_release(c);
	*c = bigger;
	return 0;
}

int nt_cache_expect(struct nt_cache *c, uint64_t bytes)
{
	size_t size = c->mask + 1;
	while (size < CACHE_GUESS && size < bytes / BYTES_A_PLACE)
		size *= 2;
	return size > c->mask + 1 ? resize(c, size) : 0;
}

int nt_cache_tend(struct nt_cache *c)
{
	size_t size = c->mask + 1;
	if (c->n < size / 3)
		return 0;
	if (size < CACHE_MOST)
		return resize(c, size < CACHE_GUESS / 8 ? 4 * size : 2 * size);
	if (c->n >= size / 8 * 7) {
		memset(c->entry, 0, size * sizeof(*c->entry));
		c->n = 0;
	}
	return 0;
}

/* --- long pieces ----------------------------------------------------------------- */

/* Eight bytes, as few as will do: they are read at random. */
struct nt_long_entry {
	uint32_t tag; /* the upper half of the hash */
	uint32_t at;  /* of the record in the store, from 1 on; 0: empty */
};

/* In the store, before the bytes and the ids. */
struct record {
	uint32_t n, n_id;
};

void nt_long_cache_release(struct nt_long_cache *c)
{
	free(c->entry);
	nt_buf_release(&c->store);
	*c = (struct nt_long_cache){0};
}

static const uint8_t *read_record(const struct nt_long_cache *c, struct nt_long_entry e,
				  struct record *r)
{
	const uint8_t *p = c->store.data + e.at - 1;
	memcpy(r, p, sizeof(*r));
	return p + sizeof(*r);
}

/* The ids of a piece, or NULL. */
static const uint8_t *find_long(const struct nt_long_cache *c, uint64_t hash, const uint8_t *p,
				size_t n, struct record *r)
{
	struct nt_long_entry e;
	if (!c->entry)
		return NULL;
	for (size_t i = hash & c->mask; (e = c->entry[i]).at; i = (i + 1) & c->mask) {
		if (e.tag != hash >> 32)
			continue;
		const uint8_t *kept = read_record(c, e, r);
		if (r->n == n && memcmp(kept, p, n) == 0)
			return kept + n;
	}
	return NULL;
}

bool nt_long_cache_has(const struct nt_long_cache *c, uint64_t hash, const uint8_t *p, size_t n)
{
	struct record r;
	return find_long(c, hash, p, n, &r) != NULL;
}

int nt_long_cache_find(const struct nt_long_cache *c, uint64_t hash, const uint8_t *p, size_t n,
		       struct nt_ids *out)
{
	struct record r;
	const uint8_t *id = find_long(c, hash, p, n, &r);
	int rc = id ? nt_grow(&out->id, &out->cap, out->n + r.n_id, sizeof(*out->id)) : 0;
	if (rc < 0 || !id)
		return rc;
	memcpy(out->id + out->n, id, r.n_id * sizeof(*out->id));
	out->n += r.n_id;
	return 1;
}

static void enter_long(struct nt_long_entry *entry, size_t mask, uint64_t hash, uint32_t at)
{
	size_t i = hash & mask;
	while (entry[i].at)
		i = (i + 1) & mask;
	entry[i] = (struct nt_long_entry){(uint32_t)(hash >> 32), at};
}

static int grow_long(struct nt_long_cache *c)
{
	size_t size = c->entry ? 2 * (c->mask + 1) : LONG_FIRST;
	struct nt_long_entry *entry = nt_calloc(size, sizeof(*entry));
	struct record r;
	if (!entry)
		return NT_ESYS;
	for (size_t k = 0; c->entry && k <= c->mask; k++) {
		if (!c->entry[k].at)
			continue;
		const uint8_t *kept = read_record(c, c->entry[k], &r);
		enter_long(entry, size - 1, nt_hash64(kept, r.n), c->entry[k].at);
	}
	free(c->entry);
	c->entry = entry;
	c->mask = size - 1;
	return 0;
}

int nt_long_cache_add(struct nt_long_cache *c, uint64_t hash, const uint8_t *p, size_t n,
		      const uint32_t *id, size_t n_id)
{
	struct record r = {(uint32_t)n, (uint32_t)n_id};
	int rc = 0;
	if (n > LONG_PIECE)
		return 0;
	if (c->store.len > LONG_BYTES) {
		memset(c->entry, 0, (c->mask + 1) * sizeof(*c->entry));
		c->store.len = c->n = 0;
	}
	if (!c->entry || 2 * c->n > c->mask)
		rc = grow_long(c);
	size_t at = c->store.len;
	if (rc == 0)
		rc = nt_buf_add(&c->store, &r, sizeof(r));
	if (rc == 0)
		rc = nt_buf_add(&c->store, p, n);
	if (rc == 0)
		rc = nt_buf_add(&c->store, id, n_id * sizeof(*id));
	if (rc == 0) {
		enter_long(c->entry, c->mask, hash, (uint32_t)at + 1);
		c->n++;
	}
	return rc;
}

/* SPDX-License-Identifier: MIT */
/*
 * count.c - a hash table from pieces to the number of times they occur
 *
 * Nearly all pieces of nearly any text are shorter than 16 bytes: a slot holds them whole,
 * so that a hit is one comparison of two words in one cache line. Runs of pieces are taken
 * in two steps, first all keys and a prefetch for each, then all look-ups: the table does
 * not fit a core's cache, and so its misses overlap.
 */
#include "token/count.h"

#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "nt/err.h"
#include "nt/hash.h"

enum { FIRST_BITS = 12, RUN = 64 };

#define LONG ((uint64_t)0xff << 56)

struct key {
	uint64_t lo, hi, hash;
};

static inline uint64_t low_bytes(uint64_t word, size_t n)
{
	return n >= 8 ? word : word & (((uint64_t)1 << 8 * n) - 1);
}

/* The 128-bit product folded: every bit of both words reaches the high bits. */
static inline uint64_t hash_short(uint64_t lo, uint64_t hi)
{
	unsigned __int128 m = (unsigned __int128)(lo ^ UINT64_C(0x9e3779b97f4a7c15)) *
			      (hi ^ UINT64_C(0xd1b54a32d192ed03));
	uint64_t h = (uint64_t)m ^ (uint64_t)(m >> 64);
	return h * UINT64_C(0x9e3779b97f4a7c15);
}

/* readable: bytes that may be read from p on, at least len. */
static inline struct key key_of(const uint8_t *p, size_t len, size_t readable)
{
	uint8_t copy[16] = {0};
	if (len > NT_PIECE_INLINE)
		return (struct key){0, LONG | len, nt_hash64(p, len)};
	if (readable < 16)
		p = memcpy(copy, p, len);
	uint64_t lo = low_bytes(nt_le64(p), len);
	uint64_t hi = len > 8 ? low_bytes(nt_le64(p + 8), len - 8) : 0;
	hi |= (uint64_t)len << 56;
	return (struct key){lo, hi, hash_short(lo, hi)};
}

static inline size_t home(const struct nt_counter *c, uint64_t hash)
{
	return hash << c->skip >> (64 - c->bits);
}

static int resize(struct nt_counter *c, int bits)
{
	struct nt_counter big = *c;
	size_t size = (size_t)1 << bits;
	if (!(big.slot = nt_calloc(size, sizeof(*big.slot))))
		return NT_ESYS;
	big.bits = bits;
	for (size_t k = 0; k < nt_counter_size(c); k++) {
		if (!c->slot[k].n)
			continue;
		size_t i = home(&big, c->slot[k].hash);
		while (big.slot[i].n)
			i = (i + 1) & (size - 1);
		big.slot[i] = c->slot[k];
	}
	free(c->slot);
	*c = big;
	return 0;
}

/* Room for n more distinct pieces, at most five slots of eight in use. */
static int reserve(struct nt_counter *c, size_t n)
{
	int rc = 0;
	while (rc == 0 && (c->n_piece + n) * 8 > nt_counter_size(c) * 5)
		rc = resize(c, c->slot ? c->bits + 1 : FIRST_BITS);
	return rc;
}

static inline bool is_same(const struct nt_counter *c, const struct nt_count *s,
			   const struct key *k, const uint8_t *p)
{
	if (k->hi < LONG)
		return s->lo == k->lo && s->hi == k->hi;
	return s->hash == k->hash && s->hi == k->hi &&
	       memcmp(c->bytes.data + s->lo, p, k->hi & ~LONG) == 0;
}

/* There is room for it. */
static inline int add(struct nt_counter *c, struct key k, const uint8_t *p, uint64_t n)
{
	size_t mask = nt_counter_size(c) - 1, i = home(c, k.hash);
	struct nt_count *s;
	for (; (s = &c->slot[i])->n; i = (i + 1) & mask)
		if (is_same(c, s, &k, p)) {
			s->n += n;
			return 0;
		}
	if (k.hi >= LONG) {
		k.lo = c->bytes.len;
		int rc = nt_buf_add(&c->bytes, p, k.hi & ~LONG);
		if (rc < 0)
			return rc;
	}
	*s = (struct nt_count){k.lo, k.hi, k.hash, n};
	c->n_piece++;
	return 0;
}

int nt_counter_add_run(struct nt_counter *c, const uint8_t *text, size_t len,
		       const uint32_t *end, size_t n)
{
	struct key key[RUN];
	uint32_t start = 0, at;
	for (size_t most; n > 0; n -= most, end += most) {
		most = n < RUN ? n : RUN;
		int rc = reserve(c, most);
		if (rc < 0)
			return rc;
		at = start;
		for (size_t i = 0; i < most; at = end[i++]) {
			key[i] = key_of(text + at, end[i] - at, len - at);
			__builtin_prefetch(&c->slot[home(c, key[i].hash)], 1);
		}
		for (size_t i = 0; i < most; start = end[i++])
			if ((rc = add(c, key[i], text + start, 1)) < 0)
				return rc;
		c->n_total += most;
	}
	return 0;
}

int nt_counter_add(struct nt_counter *c, const uint8_t *p, size_t len, uint64_t n)
{
	int rc = n ? reserve(c, 1) : 0;
	c->n_total += n;
	return rc < 0 || !n ? rc : add(c, key_of(p, len, len), p, n);
}

int nt_counter_merge(struct nt_counter *into, const struct nt_counter *from, size_t range,
		     int range_bits)
{
	size_t size = nt_counter_size(from), per = size >> range_bits;
	nt_assert(per > 0 || size == 0);
	/* collisions carry a range's last pieces past its end, up to the next empty slot */
	for (size_t k = 0; k < size; k++) {
		const struct nt_count *s = &from->slot[(range * per + k) & (size - 1)];
		if (!s->n && k >= per)
			break;
		if (!s->n || s->hash >> (64 - range_bits) != range)
			continue;
		const uint8_t *p = s->hi >= LONG ? from->bytes.data + s->lo : NULL;
		int rc = reserve(into, 1);
		if (rc == 0)
			rc = add(into, (struct key){s->lo, s->hi, s->hash}, p, s->n);
		if (rc < 0)
			return rc;
		into->n_total += s->n;
	}
	return 0;
}

const uint8_t *nt_counter_piece(const struct nt_counter *c, const struct nt_count *slot,
				uint8_t buf[16], size_t *len)
{
	*len = slot->hi >> 56;
	if (slot->hi >= LONG) {
		*len = slot->hi & ~LONG;
		return c->bytes.data + slot->lo;
	}
	nt_put64(buf, slot->lo);
	nt_put64(buf + 8, slot->hi);
	return buf;
}

size_t nt_counter_memory(const struct nt_counter *c)
{
	size_t size = nt_counter_size(c);
	bool grows = (c->n_piece + RUN) * 8 > size * 5;
	return (grows ? 3 : 1) * size * sizeof(*c->slot) + c->bytes.cap;
}

void nt_counter_reset(struct nt_counter *c)
{
	if (c->slot)
		memset(c->slot, 0, nt_counter_size(c) * sizeof(*c->slot));
	c->n_piece = c->bytes.len = 0;
	c->n_total = 0;
}

void nt_counter_release(struct nt_counter *c)
{
	free(c->slot);
	nt_buf_release(&c->bytes);
	*c = (struct nt_counter){0};
}

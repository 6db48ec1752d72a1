/* SPDX-License-Identifier: MIT */
/* hash.c - XXH3 by way of libxxhash, of bytes and of sets of documents */
#include "nt/hash.h"

#include <xxhash.h>

#include "nt/err.h"

/* XXH3's streaming state serves both widths; only the digest differs. */
static XXH3_state_t *state(const struct nt_hasher *h)
{
	return (XXH3_state_t *)(uintptr_t)h;
}

uint64_t nt_hash64(const void *data, size_t len)
{
	return XXH3_64bits(data, len);
}

static struct nt_hash128 from_xxh(XXH128_hash_t h)
{
	return (struct nt_hash128){.lo = h.low64, .hi = h.high64};
}

struct nt_hash128 nt_hash128(const void *data, size_t len)
{
	return from_xxh(XXH3_128bits(data, len));
}

struct nt_hash128 nt_hash128_sum(struct nt_hash128 a, struct nt_hash128 b)
{
	uint64_t lo = a.lo + b.lo;
	return (struct nt_hash128){.lo = lo, .hi = a.hi + b.hi + (lo < a.lo)};
}

struct nt_hash128 nt_hash128_keyed(const void *data, size_t len, uint64_t secret)
{
	return from_xxh(XXH3_128bits_withSeed(data, len, secret));
}

struct nt_hasher *nt_hasher_new(void)
{
	struct nt_hasher *h = (struct nt_hasher *)XXH3_createState();
	if (h)
		nt_hasher_reset(h);
	else
		nt_fail(NT_ESYS, "out of memory: the state of a hash");
	return h;
}

void nt_hasher_add(struct nt_hasher *h, const void *data, size_t len)
{
	XXH3_128bits_update(state(h), data, len);
}

uint64_t nt_hasher_sum64(const struct nt_hasher *h)
{
	return XXH3_64bits_digest(state(h));
}

struct nt_hash128 nt_hasher_sum128(const struct nt_hasher *h)
{
	return from_xxh(XXH3_128bits_digest(state(h)));
}

void nt_hasher_reset(struct nt_hasher *h)
{
	XXH3_128bits_reset(state(h));
}

void nt_hasher_free(struct nt_hasher *h)
{
	XXH3_freeState(state(h));
}

/* --- documents ------------------------------------------------------------------- */

int nt_digest_add(struct nt_digest *d, const void *text, size_t len, bool goes_on)
{
	bool is_whole = !d->goes_on && !goes_on;
	d->documents += !d->goes_on;
	d->bytes += len;
	if (is_whole && len)
		d->hash = nt_hash128_sum(d->hash, nt_hash128(text, len));
	if (is_whole)
		return 0;
	if (!d->part && !(d->part = nt_hasher_new()))
		return NT_ESYS;
	if (!d->goes_on)
		nt_hasher_reset(d->part);
	nt_hasher_add(d->part, text, len);
	if (!goes_on)
		d->hash = nt_hash128_sum(d->hash, nt_hasher_sum128(d->part));
	d->goes_on = goes_on;
	return 0;
}

void nt_digest_release(struct nt_digest *d)
{
	nt_hasher_free(d->part);
	d->part = NULL;
}

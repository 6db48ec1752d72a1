/* SPDX-License-Identifier: MIT */
/* hash.c - XXH3 by way of libxxhash */
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

/* SPDX-License-Identifier: MIT */
#ifndef DATA_NEAR_H
#define DATA_NEAR_H
/*
 * near.h - sketches of the documents that stayed, and their bands
 */
#include <stdbool.h>
#include <string.h>

#include "data/bandtable.h"
#include "data/bloom.h"
#include "io/spill.h"
#include "nt/hash.h"
#include "nt/near.h"

struct nt_near {
	struct nt_near_options o;
	size_t bytes; /* of a sketch */
	uint64_t n_doc;
	struct nt_spill sketches;
	struct nt_bandtable table; /* one of these two */
	struct nt_bloom filter;
	uint64_t filter_room;      /* documents */
	uint8_t *group; /* sketches that are looked at together */
	uint64_t *key;  /* [bands] of the document at hand */
};

static inline uint64_t nt_near_key(const struct nt_near *n, const uint8_t *sketch, uint32_t band)
{
	const uint8_t *p = sketch + (size_t)band * n->o.rows;
	uint64_t key = 0;
	if (n->o.rows == sizeof(key))
		memcpy(&key, p, sizeof(key)); /* of a length known here: one load */
	else if (n->o.rows > sizeof(key))
		key = nt_hash64(p, n->o.rows);
	else
		memcpy(&key, p, n->o.rows);
	key = (key + band) * UINT64_C(0x9e3779b97f4a7c15);
	return (key ^ key >> 32) * UINT64_C(0xd6e8feb86659fd93);
}

static inline bool nt_near_share_band(const struct nt_near *n, const uint8_t *a, const uint8_t *b, uint32_t band)
{
	size_t at = (size_t)band * n->o.rows;
	return memcmp(a + at, b + at, n->o.rows) == 0;
}

/* J by the rows outside of the band that the two are known to share. */
static inline double nt_near_estimate(const struct nt_near *n, const uint8_t *a, const uint8_t *b)
{
	const double chance = 1.0 / 256; /* that different rows have equal bytes */
	size_t same = 0, others = n->bytes - n->o.rows;
	for (size_t i = 0; i < n->bytes; i++)
		same += a[i] == b[i];
	if (others == 0)
		return 1;
	return ((double)(same - n->o.rows) / (double)others - chance) / (1 - chance);
}

#endif

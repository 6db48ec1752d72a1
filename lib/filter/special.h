/* SPDX-License-Identifier: MIT */
#ifndef FILTER_SPECIAL_H
#define FILTER_SPECIAL_H
/*
 * special.h - words of English that no rule of affixes cuts right
 *
 * "cannot" is two words and "Mr." is one. The list is spaCy's.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "nt/hash.h"

enum { NT_SPECIAL_BYTES = 16, NT_SPECIAL_BITS = 1 << 15 }; /* none is longer */

/*
 * A word's bytes in two integers, the text being little-endian: of up to eight bytes `low` has them
 * all, at its top. No branch asks how long a word is, for nobody could foretell it.
 */
struct nt_word_bytes {
	uint64_t low, high;
};

struct nt_special {
	struct nt_word_bytes bytes;
	uint8_t len;     /* 0: no entry */
	uint8_t part[3]; /* lengths of its words, 0 behind the last */
};

/* A bit for each value of a few bits of a hash: one that is not set says that no entry has it. */
extern uint64_t nt_special_filter[NT_SPECIAL_BITS / 64];

void nt_special_init(void); /* before the others; cheap after the first time */

/* The entry of a word of `len` bytes, whose hash is `hash`, or NULL. */
const struct nt_special *nt_special_look_up(uint64_t hash, struct nt_word_bytes bytes, size_t len);

static inline uint64_t nt_word_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)(a ^ UINT64_C(0x9e3779b97f4a7c15)) * (b ^ UINT64_C(0xd6e8feb86659fd93));
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Of text[len], 0 < len <= 16, of which 16 bytes can be read. */
static inline struct nt_word_bytes nt_word_bytes(const uint8_t *text, size_t len)
{
	struct nt_word_bytes b;
	memcpy(&b.low, text, 8);
	memcpy(&b.high, text + 8, 8);
	size_t missing = len < 8 ? 8 - len : 0;
	b.low <<= 8 * missing;
	b.high = (b.high << (8 * (16 - len) & 63)) & -(uint64_t)(len > 8);
	return b;
}

/* A hash of text[len], 0 < len, of which 16 bytes can be read; its bytes, or nothing of a longer one. */
static inline uint64_t nt_word_hash(const uint8_t *text, size_t len, struct nt_word_bytes *bytes)
{
	if (len > 16) {
		*bytes = (struct nt_word_bytes){0};
		return nt_hash64(text, len);
	}
	*bytes = nt_word_bytes(text, len);
	return nt_word_mix(bytes->low, bytes->high ^ len);
}

static inline const struct nt_special *nt_special_find(uint64_t hash, struct nt_word_bytes bytes, size_t len)
{
	uint64_t bit = hash >> 32 & (NT_SPECIAL_BITS - 1);
	return nt_special_filter[bit / 64] >> bit % 64 & 1 ? nt_special_look_up(hash, bytes, len) : NULL;
}

/* The same of text[len], 0 < len, of which 16 bytes can be read. */
static inline const struct nt_special *nt_special_at(const uint8_t *text, size_t len)
{
	if (len > NT_SPECIAL_BYTES)
		return NULL;
	struct nt_word_bytes bytes = nt_word_bytes(text, len);
	return nt_special_find(nt_word_mix(bytes.low, bytes.high ^ len), bytes, len);
}

/* Gopher's stop words: each in the place that its `low` tells. */
enum { NT_STOP_SLOTS = 64 };
extern uint64_t nt_stop_low[NT_STOP_SLOTS];
extern uint8_t nt_stop_bit[NT_STOP_SLOTS];

static inline size_t nt_stop_slot(uint64_t low)
{
	return (size_t)(low * UINT64_C(0xff51afd7ed558ccd) >> 58);
}

/* The bit of the stop word whose `low` this is, or 0: longer words have a byte more at the bottom. */
static inline unsigned nt_stop_word(uint64_t low)
{
	size_t slot = nt_stop_slot(low);
	return nt_stop_bit[slot] & -(unsigned)(nt_stop_low[slot] == low);
}

#endif

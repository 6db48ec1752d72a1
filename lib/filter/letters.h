/* SPDX-License-Identifier: MIT */
#ifndef FILTER_LETTERS_H
#define FILTER_LETTERS_H
/*
 * letters.h - what kinds of bytes there are, many at a time
 *
 * Where a word ends is known only when its bytes have been looked at, and a loop that looks
 * at one word after the other waits for each. So 64 bytes become masks of bits first. SSE2 is
 * part of every x86-64; elsewhere a table is asked.
 */
#include <stddef.h>
#include <stdint.h>

/* Bit i speaks of byte i. */
struct nt_kinds {
	uint64_t letter; /* ASCII's */
	uint64_t space;  /* blank, tab, line feed */
	uint64_t feed;
	uint64_t other;  /* not ASCII, or another control */
};

#ifdef __SSE2__
#include <emmintrin.h>

static inline __m128i nt_letters_of(__m128i x)
{
	x = _mm_sub_epi8(_mm_or_si128(x, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
	return _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(25)), x);
}

static inline uint64_t nt_mask_of(__m128i x)
{
	return (unsigned)_mm_movemask_epi8(x);
}

static inline void nt_kinds_of(struct nt_kinds *k, const uint8_t text[64])
{
	*k = (struct nt_kinds){0};
	for (unsigned i = 0; i < 64; i += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
		__m128i feed = _mm_cmpeq_epi8(x, _mm_set1_epi8('\n'));
		__m128i tab = _mm_cmpeq_epi8(x, _mm_set1_epi8('\t'));
		__m128i space = _mm_or_si128(_mm_or_si128(feed, tab), _mm_cmpeq_epi8(x, _mm_set1_epi8(' ')));
		/* as numbers with a sign, those that are not ASCII are below zero */
		__m128i low = _mm_cmplt_epi8(x, _mm_set1_epi8(' '));
		k->letter |= nt_mask_of(nt_letters_of(x)) << i;
		k->space |= nt_mask_of(space) << i;
		k->feed |= nt_mask_of(feed) << i;
		k->other |= nt_mask_of(_mm_andnot_si128(space, low)) << i;
	}
}

/* Of text[16], those that are no ASCII letter: a bit each. */
static inline unsigned nt_not_letters(const uint8_t *text)
{
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)text);
	return (unsigned)nt_mask_of(nt_letters_of(x)) ^ 0xffff;
}
#else
static inline uint64_t nt_is_letter(uint8_t c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26;
}

static inline void nt_kinds_of(struct nt_kinds *k, const uint8_t text[64])
{
	*k = (struct nt_kinds){0};
	for (unsigned i = 0; i < 64; i++) {
		uint8_t c = text[i];
		uint64_t is_space = c == ' ' || c == '\t' || c == '\n';
		k->letter |= nt_is_letter(c) << i;
		k->space |= is_space << i;
		k->feed |= (uint64_t)(c == '\n') << i;
		k->other |= (uint64_t)(!is_space && (c < ' ' || c >= 0x80)) << i;
	}
}

static inline unsigned nt_not_letters(const uint8_t *text)
{
	unsigned bits = 0;
	for (unsigned i = 0; i < 16; i++)
		bits |= (unsigned)!nt_is_letter(text[i]) << i;
	return bits;
}
#endif

/* How many ASCII letters text begins with, which is padded (words.h). */
static inline size_t nt_count_letters(const uint8_t *text)
{
	size_t n = 0;
	unsigned bits;
	while (!(bits = nt_not_letters(text + n)))
		n += 16;
	return n + (size_t)__builtin_ctz(bits);
}

#endif

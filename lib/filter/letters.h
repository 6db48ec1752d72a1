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
	uint64_t carriage;
	uint64_t high;   /* not ASCII */
	uint64_t other;  /* another control: a carriage return too */
};

#ifdef __SSE2__
#include <emmintrin.h>

static inline __m128i nt_load16(const uint8_t *text)
{
	return _mm_loadu_si128((const __m128i *)(const void *)text);
}

/* Bytes from `first` on, `n` of them. */
static inline __m128i nt_range_of(__m128i x, char first, char n)
{
	x = _mm_sub_epi8(x, _mm_set1_epi8(first));
	return _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8((char)(n - 1))), x);
}

static inline __m128i nt_letters_of(__m128i x)
{
	return nt_range_of(_mm_or_si128(x, _mm_set1_epi8(0x20)), 'a', 26);
}

static inline uint64_t nt_mask_of(__m128i x)
{
	return (unsigned)_mm_movemask_epi8(x);
}

static inline void nt_kinds_of(struct nt_kinds *k, const uint8_t text[64])
{
	*k = (struct nt_kinds){0};
	for (unsigned i = 0; i < 64; i += 16) {
		__m128i x = nt_load16(text + i);
		__m128i feed = _mm_cmpeq_epi8(x, _mm_set1_epi8('\n'));
		__m128i tab = _mm_cmpeq_epi8(x, _mm_set1_epi8('\t'));
		__m128i space = _mm_or_si128(_mm_or_si128(feed, tab), _mm_cmpeq_epi8(x, _mm_set1_epi8(' ')));
		__m128i low = nt_range_of(x, 0, 32);
		k->letter |= nt_mask_of(nt_letters_of(x)) << i;
		k->space |= nt_mask_of(space) << i;
		k->feed |= nt_mask_of(feed) << i;
		k->carriage |= nt_mask_of(_mm_cmpeq_epi8(x, _mm_set1_epi8('\r'))) << i;
		k->high |= nt_mask_of(x) << i;
		k->other |= nt_mask_of(_mm_andnot_si128(space, low)) << i;
	}
}

/* Of text[64], where white space beyond ASCII may begin: c2; e1 9a; e1, e2 or e3 with 80 or 81. */
static inline uint64_t nt_space_leads(const uint8_t *text)
{
	uint64_t leads = 0;
	for (unsigned i = 0; i < 64; i += 16) {
		__m128i x = nt_load16(text + i), next = nt_load16(text + i + 1);
		__m128i low = _mm_or_si128(nt_range_of(next, (char)0x80, 2), nt_range_of(next, (char)0x9a, 1));
		__m128i three = _mm_and_si128(nt_range_of(x, (char)0xe1, 3), low);
		leads |= nt_mask_of(_mm_or_si128(nt_range_of(x, (char)0xc2, 1), three)) << i;
	}
	return leads;
}

/* Of text[16], those that are no ASCII letter: a bit each. */
static inline unsigned nt_not_letters(const uint8_t *text)
{
	return (unsigned)nt_mask_of(nt_letters_of(nt_load16(text))) ^ 0xffff;
}

static inline unsigned nt_digits(const uint8_t *text)
{
	return (unsigned)nt_mask_of(nt_range_of(nt_load16(text), '0', 10));
}

/* Those that are not ASCII. */
static inline unsigned nt_highs(const uint8_t *text)
{
	return (unsigned)nt_mask_of(nt_load16(text));
}

static inline unsigned nt_dots(const uint8_t *text)
{
	return (unsigned)nt_mask_of(_mm_cmpeq_epi8(nt_load16(text), _mm_set1_epi8('.')));
}

/* Those that may part a word in its middle, and a few more: * to /, : to >, ^, ~, and what is not ASCII. */
static inline unsigned nt_infixes(const uint8_t *text)
{
	__m128i x = nt_load16(text);
	__m128i is = _mm_or_si128(nt_range_of(x, '*', 6), nt_range_of(x, ':', 5));
	__m128i tilde = _mm_cmpeq_epi8(_mm_or_si128(x, _mm_set1_epi8(0x20)), _mm_set1_epi8('~'));
	return (unsigned)nt_mask_of(_mm_or_si128(x, _mm_or_si128(is, tilde)));
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
		k->carriage |= (uint64_t)(c == '\r') << i;
		k->high |= (uint64_t)(c >= 0x80) << i;
		k->other |= (uint64_t)(!is_space && c < ' ') << i;
	}
}

static inline uint64_t nt_space_leads(const uint8_t *text)
{
	uint64_t leads = 0;
	for (unsigned i = 0; i < 64; i++)
		leads |= (uint64_t)(text[i] == 0xc2 || (text[i] >= 0xe1 && text[i] <= 0xe3)) << i;
	return leads;
}

#define NT_SIXTEEN(name, is)                             \
	static inline unsigned name(const uint8_t *text) \
	{                                                \
		unsigned bits = 0;                       \
		for (unsigned i = 0; i < 16; i++) {      \
			uint8_t c = text[i];             \
			bits |= (unsigned)(is) << i;     \
		}                                        \
		return bits;                             \
	}
NT_SIXTEEN(nt_not_letters, !nt_is_letter(c))
NT_SIXTEEN(nt_digits, c >= '0' && c <= '9')
NT_SIXTEEN(nt_highs, c >= 0x80)
NT_SIXTEEN(nt_dots, c == '.')
NT_SIXTEEN(nt_infixes, c >= 0x80 || (c >= '*' && c <= '/') || (c >= ':' && c <= '>') || c == '^' || c == '~')
#undef NT_SIXTEEN
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

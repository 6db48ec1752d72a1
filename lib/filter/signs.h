/* SPDX-License-Identifier: MIT */
#ifndef FILTER_SIGNS_H
#define FILTER_SIGNS_H
/*
 * signs.h - what the rules ask of one character
 *
 * The published filters are Python's: their white space is str.isspace's, their letters
 * str.isalpha's, and their lists of punctuation name each character. Those lists are one
 * table here (signs.c), a set of bits for each sign.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/utf8.h"

enum {
	NT_SIGN_SYMBOL = 1,  /* a word of these alone is no word (Gopher) */
	NT_SIGN_FINAL = 2,   /* ends a line that is a sentence (FineWeb) */
	NT_SIGN_STOP = 4,    /* ends a sentence */
	NT_SIGN_FRONT = 8,   /* cut off where a word begins ... */
	NT_SIGN_BACK = 16,   /* ... and where it ends */
	NT_SIGN_FULL = 32,   /* a full stop behind it is cut off */
	NT_SIGN_QUOTE = 64,
	NT_SIGN_PICTURE = 128, /* of category So: cut off at both ends, and a word's middle */
};

extern const uint8_t nt_ascii_sign[128];
uint8_t nt_high_sign(uint32_t c); /* of a character that is not ASCII */

static inline uint8_t nt_sign(uint32_t c)
{
	return c < 128 ? nt_ascii_sign[c] : nt_high_sign(c);
}

/* What a byte says of where words and lines end. */
enum {
	NT_BYTE_SPACE = 1,
	NT_BYTE_BREAK = 2,
	NT_BYTE_LAST = 4,  /* comes off the end of a word; a full stop does not always */
	NT_BYTE_INFIX = 8, /* may part a word in its middle */
};
extern const uint8_t nt_byte_kind[256];

/* str.isspace of a character that is not ASCII, and str.splitlines' part of it. */
static inline bool nt_is_high_space(uint32_t c)
{
	return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
	       c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

static inline bool nt_is_high_break(uint32_t c)
{
	return c == 0x85 || c == 0x2028 || c == 0x2029;
}

/* The character in front of `at` > start in text that is UTF-8, and its length. */
static inline size_t nt_char_before(const uint8_t *text, size_t start, size_t at, uint32_t *c)
{
	size_t i = at - 1;
	while (i > start && (text[i] & 0xc0) == 0x80)
		i--;
	nt_utf8_decode(text + i, at - i, c);
	return at - i;
}

/* Code points in text that is UTF-8. */
size_t nt_count_chars(const uint8_t *text, size_t len);

bool nt_is_ascii(const uint8_t *text, size_t len);

/* text[*start, *end) without the white space at its ends (str.strip). */
void nt_strip_more(const uint8_t *text, size_t *start, size_t *end);

static inline bool nt_is_ascii_sign(uint8_t c)
{
	return c > ' ' && c < 127;
}

static inline void nt_strip(const uint8_t *text, size_t *start, size_t *end)
{
	if (*start < *end && !(nt_is_ascii_sign(text[*start]) && nt_is_ascii_sign(text[*end - 1])))
		nt_strip_more(text, start, end);
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H
/*
 * utf8.h - code points out of bytes that may be anything
 *
 * Well-formed is what Unicode 16 table 3-7 says: no overlong forms, no surrogates,
 * nothing past U+10FFFF.
 */
#include <stddef.h>
#include <stdint.h>

/* The length of the well-formed sequence at p (left > 0 bytes are there), its code point in
 * *c; 0 if there is none. */
static inline size_t nt_utf8_decode(const uint8_t *p, size_t left, uint32_t *c)
{
	uint32_t b = p[0];
	if (b < 0x80) {
		*c = b;
		return 1;
	}
	if (b < 0xc2 || left < 2 || (p[1] & 0xc0) != 0x80)
		return 0;
	if (b < 0xe0) {
		*c = (b & 0x1f) << 6 | (p[1] & 0x3f);
		return 2;
	}
	if (left < 3 || (p[2] & 0xc0) != 0x80)
		return 0;
	if (b < 0xf0) {
		*c = (b & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
		return *c >= 0x800 && *c - 0xd800 >= 0x800 ? 3 : 0;
	}
	if (b > 0xf4 || left < 4 || (p[3] & 0xc0) != 0x80)
		return 0;
	*c = (b & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 |
	     (p[3] & 0x3f);
	return *c >= 0x10000 && *c < 0x110000 ? 4 : 0;
}

/* Writes the sequence of c (a code point below 0x110000) to p[4]; returns its length. */
static inline size_t nt_utf8_encode(uint8_t p[4], uint32_t c)
{
	if (c < 0x80) {
		p[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		p[0] = (uint8_t)(0xc0 | c >> 6);
		p[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		p[0] = (uint8_t)(0xe0 | c >> 12);
		p[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		p[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	p[0] = (uint8_t)(0xf0 | c >> 18);
	p[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	p[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	p[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

#endif

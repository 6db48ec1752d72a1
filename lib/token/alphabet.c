/* SPDX-License-Identifier: MIT */
/*
 * alphabet.c - bytes as visible characters
 *
 * A JSON string cannot hold every byte, so byte-level vocabularies are written in an
 * alphabet of 256 characters: the printable ones of Latin-1 stand for themselves, and
 * the other 68 bytes, in order, are U+0100 .. U+0143. A space becomes U+0120.
 *
 * In UTF-8 the visible part of ASCII is one byte, and is read eight at a time; all other
 * characters are two bytes that begin with 0xc2 to 0xc5.
 *
 * Source: GPT-2's encoder (Radford et al. 2019).
 */
#include "token/tokenizer.h"

#include <string.h>

#include "base/le.h"
#include "base/utf8.h"
#include "nt/err.h"

static bool stands_for_itself(uint32_t c)
{
	return (c >= 33 && c <= 126) || (c >= 161 && c <= 172) || (c >= 174 && c <= 255);
}

/* The bytes that do not, in order: 0..32, 127..160, 173. */
static uint32_t character_of(uint8_t byte)
{
	if (stands_for_itself(byte))
		return byte;
	return 256u + (byte <= 32 ? byte : byte <= 160 ? byte - 127u + 33 : 67u);
}

static int byte_of(uint32_t c)
{
	if (stands_for_itself(c))
		return (int)c;
	if (c < 256 || c > 256 + 67)
		return -1;
	c -= 256;
	return (int)(c <= 32 ? c : c <= 66 ? c - 33 + 127 : 173);
}

void nt_alphabet_order(uint8_t byte[256])
{
	size_t n = 0;
	for (uint32_t c = 0; c < 256 + 68; c++)
		if (byte_of(c) >= 0)
			byte[n++] = (uint8_t)byte_of(c);
}

int nt_alphabet_write(struct nt_buf *out, const uint8_t *bytes, size_t len)
{
	int rc = nt_buf_reserve(out, 2 * len);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < len; i++)
		out->len += nt_utf8_encode(out->data + out->len, character_of(bytes[i]));
	return 0;
}

/* The places in the word of bytes below 0x21 or above 0x7e, as their high bits; the lowest
 * is right, those above it may not be. */
static inline uint64_t not_visible(uint64_t word)
{
	const uint64_t every = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);
	return (word | (word - every * 0x21) | (word + every)) & high;
}

/* The eight bytes at p, zeros for those that are not there. */
static inline uint64_t load(const uint8_t *p, size_t left)
{
	uint8_t byte[8] = {0};
	if (left >= sizeof(byte))
		return nt_le64(p);
	memcpy(byte, p, left);
	return nt_le64(byte);
}

/* The byte that the two at p stand for, or -1. */
static inline int read_two(const uint8_t *p)
{
	if (p[0] < 0xc2 || p[0] > 0xc5 || (p[1] & 0xc0) != 0x80)
		return -1;
	return byte_of((uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f));
}

size_t nt_alphabet_read_some(uint8_t *out, size_t *n, const uint8_t *text, size_t len, size_t room)
{
	uint8_t *const start = out;
	size_t i = 0;
	for (int byte; i < len;) {
		uint64_t word = load(text + i, room - i), stop = not_visible(word);
		size_t k = stop ? (size_t)__builtin_ctzll(stop) / 8 : 8;
		nt_put64(out, word);
		k = k < len - i ? k : len - i;
		out += k;
		i += k;
		if (k == 8 || i == len)
			continue;
		size_t before = i;
		for (; len - i >= 2 && (byte = read_two(text + i)) >= 0; i += 2)
			*out++ = (uint8_t)byte;
		if (i == before)
			break;
	}
	*n = (size_t)(out - start);
	return i;
}

int nt_alphabet_read(struct nt_buf *out, const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t n;
	int rc = nt_buf_reserve(out, len + 8);
	if (rc < 0)
		return rc;
	bool is_all = nt_alphabet_read_some(out->data + out->len, &n, p, len, len) == len;
	out->len += n;
	return is_all;
}

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

/* The bytes at the beginning of the word that are below 0x21 or above 0x7e. */
static inline uint64_t not_visible(uint64_t word)
{
	const uint64_t every = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);
	return (word | (word - every * 0x21) | (word + every)) & high;
}

size_t nt_alphabet_read_some(uint8_t *out, size_t *n, const uint8_t *text, size_t len)
{
	size_t i = 0, made = 0;
	for (;;) {
		while (len - i >= 8) {
			uint64_t word = nt_le64(text + i), stop = not_visible(word);
			size_t k = stop ? (size_t)__builtin_ctzll(stop) / 8 : 8;
			nt_put64(out + made, word);
			made += k;
			i += k;
			if (k < 8)
				break;
		}
		size_t before = i;
		while (len - i >= 2 && text[i] >= 0xc2 && text[i] <= 0xc5 && (text[i + 1] & 0xc0) == 0x80) {
			int byte = byte_of((uint32_t)(text[i] & 0x1f) << 6 | (text[i + 1] & 0x3f));
			if (byte < 0)
				break;
			out[made++] = (uint8_t)byte;
			i += 2;
		}
		while (i < len && len - i < 8 && text[i] >= 0x21 && text[i] <= 0x7e)
			out[made++] = text[i++];
		if (i == before) {
			*n = made;
			return i;
		}
	}
}

int nt_alphabet_read(struct nt_buf *out, const char *text, size_t len)
{
	size_t n;
	int rc = nt_buf_reserve(out, len + 8);
	if (rc < 0)
		return rc;
	bool is_all = nt_alphabet_read_some(out->data + out->len, &n, (const uint8_t *)text, len) == len;
	out->len += n;
	return is_all;
}

/* SPDX-License-Identifier: MIT */
/*
 * alphabet.c - bytes as visible characters
 *
 * A JSON string cannot hold every byte, so byte-level vocabularies are written in an
 * alphabet of 256 characters: the printable ones of Latin-1 stand for themselves, and
 * the other 68 bytes, in order, are U+0100 .. U+0143. A space becomes U+0120.
 * Source: GPT-2's encoder (Radford et al. 2019).
 */
#include "token/tokenizer.h"

#include <string.h>

#include "nt/err.h"
#include "base/utf8.h"

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

int nt_alphabet_read(struct nt_buf *out, const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;
	int rc = nt_buf_reserve(out, len);
	if (rc < 0)
		return rc;
	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c;
		n = nt_utf8_decode(p + i, len - i, &c);
		int byte = n ? byte_of(c) : -1;
		if (byte < 0)
			return 0;
		out->data[out->len++] = (uint8_t)byte;
	}
	return 1;
}

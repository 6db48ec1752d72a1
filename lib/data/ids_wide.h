/* SPDX-License-Identifier: MIT */
/*
 * ids_wide.h - token ids to bytes and back, for compilers to make vectors of
 *
 * Every token of every stream and data file goes through here. Each instruction set's file
 * includes this text and is compiled with its own flags. Blocks of a fixed length, of arrays
 * that do not overlap, become vectors; the largest ids are looked for side by side.
 */
#ifndef DATA_IDS_WIDE_H
#define DATA_IDS_WIDE_H
#include <endian.h>
#include <stdbool.h>
#include <string.h>

#include "data/ids.h"

enum { BLOCK = 32 };

static inline uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static inline uint32_t get(const uint8_t *in, bool is_short)
{
	uint16_t v16 = 0;
	uint32_t v32 = 0;
	if (is_short)
		memcpy(&v16, in, sizeof(v16));
	else
		memcpy(&v32, in, sizeof(v32));
	return is_short ? le16toh(v16) : le32toh(v32);
}

static inline void put(uint8_t *out, uint32_t id, bool is_short)
{
	uint16_t v16 = htole16((uint16_t)id);
	uint32_t v32 = htole32(id);
	if (is_short)
		memcpy(out, &v16, sizeof(v16));
	else
		memcpy(out, &v32, sizeof(v32));
}

/* The largest of many. */
static inline uint32_t largest(const uint32_t *top)
{
	uint32_t of_all = 0;
	for (size_t k = 0; k < BLOCK; k++)
		of_all = larger(of_all, top[k]);
	return of_all;
}

static inline uint32_t narrow_as(uint8_t *restrict out, const uint32_t *restrict id, size_t n, bool is_short)
{
	size_t i = 0, width = is_short ? 2 : 4;
	uint32_t top[BLOCK] = {0};
	for (; n - i >= BLOCK; i += BLOCK)
		for (size_t k = 0; k < BLOCK; k++) {
			put(out + width * (i + k), id[i + k], is_short);
			top[k] = larger(top[k], id[i + k]);
		}
	for (; i < n; i++) {
		put(out + width * i, id[i], is_short);
		top[0] = larger(top[0], id[i]);
	}
	return largest(top);
}

static inline uint32_t widen_as(uint32_t *restrict id, const uint8_t *restrict in, size_t n, bool is_short)
{
	size_t i = 0, width = is_short ? 2 : 4;
	uint32_t top[BLOCK] = {0};
	for (; n - i >= BLOCK; i += BLOCK)
		for (size_t k = 0; k < BLOCK; k++) {
			id[i + k] = get(in + width * (i + k), is_short);
			top[k] = larger(top[k], id[i + k]);
		}
	for (; i < n; i++) {
		id[i] = get(in + width * i, is_short);
		top[0] = larger(top[0], id[i]);
	}
	return largest(top);
}

static inline uint32_t top_as(const uint8_t *in, size_t n, bool is_short)
{
	size_t i = 0, width = is_short ? 2 : 4;
	uint32_t top[BLOCK] = {0};
	for (; n - i >= BLOCK; i += BLOCK)
		for (size_t k = 0; k < BLOCK; k++)
			top[k] = larger(top[k], get(in + width * (i + k), is_short));
	for (; i < n; i++)
		top[0] = larger(top[0], get(in + width * i, is_short));
	return largest(top);
}

static uint32_t narrow(uint8_t *out, const uint32_t *id, size_t n, size_t width)
{
	return width == 2 ? narrow_as(out, id, n, true) : narrow_as(out, id, n, false);
}

static uint32_t widen(uint32_t *id, const uint8_t *in, size_t n, size_t width)
{
	return width == 2 ? widen_as(id, in, n, true) : widen_as(id, in, n, false);
}

static uint32_t find_top(const uint8_t *in, size_t n, size_t width)
{
	return width == 2 ? top_as(in, n, true) : top_as(in, n, false);
}

#endif

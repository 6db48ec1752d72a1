/* SPDX-License-Identifier: MIT */
/*
 * ids.c - token ids to bytes and back
 *
 * Every token of every stream and data file goes through here. Blocks of a fixed length, of
 * arrays that do not overlap, are what compilers make vectors of without being asked.
 */
#include "data/ids.h"

#include <endian.h>
#include <string.h>

#include "base/le.h"

enum { BLOCK = 32 };

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Whole blocks of n ids; returns how many ids that was. */
static size_t narrow_blocks(uint8_t *restrict out, const uint32_t *restrict id, size_t n, uint32_t *top)
{
	uint32_t tops[BLOCK] = {0};
	size_t i = 0;
	for (; n - i >= BLOCK; i += BLOCK)
		for (size_t k = 0; k < BLOCK; k++) {
			uint16_t v = htole16((uint16_t)id[i + k]);
			memcpy(out + 2 * (i + k), &v, sizeof(v));
			tops[k] = larger(tops[k], id[i + k]);
		}
	for (size_t k = 0; k < BLOCK; k++)
		*top = larger(*top, tops[k]);
	return i;
}

static size_t widen_blocks(uint32_t *restrict id, const uint8_t *restrict in, size_t n, uint32_t *top)
{
	uint16_t tops[BLOCK] = {0};
	size_t i = 0;
	for (; n - i >= BLOCK; i += BLOCK)
		for (size_t k = 0; k < BLOCK; k++) {
			uint16_t v;
			memcpy(&v, in + 2 * (i + k), sizeof(v));
			v = le16toh(v);
			id[i + k] = v;
			tops[k] = v > tops[k] ? v : tops[k];
		}
	for (size_t k = 0; k < BLOCK; k++)
		*top = larger(*top, tops[k]);
	return i;
}

static size_t store_blocks(uint8_t *restrict out, const uint32_t *restrict id, size_t n, uint32_t *top)
{
	uint32_t tops[BLOCK] = {0};
	size_t i = 0;
	for (; n - i >= BLOCK; i += BLOCK)
		for (size_t k = 0; k < BLOCK; k++) {
			uint32_t v = htole32(id[i + k]);
			memcpy(out + 4 * (i + k), &v, sizeof(v));
			tops[k] = larger(tops[k], id[i + k]);
		}
	for (size_t k = 0; k < BLOCK; k++)
		*top = larger(*top, tops[k]);
	return i;
}

static size_t load_blocks(uint32_t *restrict id, const uint8_t *restrict in, size_t n, uint32_t *top)
{
	uint32_t tops[BLOCK] = {0};
	size_t i = 0;
	for (; n - i >= BLOCK; i += BLOCK)
		for (size_t k = 0; k < BLOCK; k++) {
			uint32_t v;
			memcpy(&v, in + 4 * (i + k), sizeof(v));
			id[i + k] = le32toh(v);
			tops[k] = larger(tops[k], id[i + k]);
		}
	for (size_t k = 0; k < BLOCK; k++)
		*top = larger(*top, tops[k]);
	return i;
}

uint32_t nt_ids_narrow(uint8_t *out, const uint32_t *id, size_t n, size_t width)
{
	uint32_t top = 0;
	size_t i = width == 2 ? narrow_blocks(out, id, n, &top) : store_blocks(out, id, n, &top);
	for (; i < n; i++) {
		if (width == 2)
			nt_put16(out + 2 * i, (uint16_t)id[i]);
		else
			nt_put32(out + 4 * i, id[i]);
		top = larger(top, id[i]);
	}
	return top;
}

uint32_t nt_ids_widen(uint32_t *id, const uint8_t *in, size_t n, size_t width)
{
	uint32_t top = 0;
	size_t i = width == 2 ? widen_blocks(id, in, n, &top) : load_blocks(id, in, n, &top);
	for (; i < n; i++) {
		id[i] = width == 2 ? nt_le16(in + 2 * i) : nt_le32(in + 4 * i);
		top = larger(top, id[i]);
	}
	return top;
}

/* SPDX-License-Identifier: MIT */
/*
 * bandtable.c - a hash table whose every search is one line of the cache
 *
 * A line has 16 slots of 4 bytes: the number in the lower bits, and as many bits of the key as
 * are left above, never all 0. The upper bits of the key choose the line; one that is full
 * passes on to the next, and a search ends at the first line with room. At 80 % full, where
 * the caller makes a larger one, a search looks at 1.5 lines on average.
 */
#include "data/bandtable.h"

#include <stdlib.h>

#include "nt/err.h"
#include "nt/mem.h"

static uint64_t lines_for(uint64_t room)
{
	return room * 100 / 80 / NT_BAND_SLOTS + 1;
}

uint64_t nt_bandtable_bytes(uint64_t room)
{
	return lines_for(room) * NT_BAND_SLOTS * sizeof(uint32_t);
}

int nt_bandtable_make(struct nt_bandtable *t, uint64_t room, uint64_t n_number)
{
	nt_bandtable_release(t);
	nt_assert(n_number <= UINT64_C(1) << 28);
	t->n_line = lines_for(room);
	t->room = room;
	for (t->number_bits = 8; UINT64_C(1) << t->number_bits < n_number;)
		t->number_bits++;
	return (t->slot = nt_calloc(t->n_line, NT_BAND_SLOTS * sizeof(*t->slot))) ? 0 : NT_ESYS;
}

void nt_bandtable_release(struct nt_bandtable *t)
{
	free(t->slot);
	*t = (struct nt_bandtable){0};
}

/* What a slot of this key holds above its number: 1 to 2^bits - 1. */
static uint32_t mark(const struct nt_bandtable *t, uint64_t key)
{
	uint64_t n = (UINT64_C(1) << (32 - t->number_bits)) - 1;
	return (uint32_t)((key & UINT32_MAX) * n >> 32) + 1;
}

/* Slots of a line that are taken, which are the first ones, and those with this mark: no branch. */
static uint32_t n_taken(const uint32_t *slot)
{
	uint32_t n = 0;
	for (int k = 0; k < NT_BAND_SLOTS; k++)
		n += slot[k] != 0;
	return n;
}

static uint32_t n_same(const struct nt_bandtable *t, const uint32_t *slot, uint32_t m)
{
	/* Counted down: gcc 12 for arm64 gets the sum of these equalities with the wrong sign. */
	uint32_t n = NT_BAND_SLOTS, bits = t->number_bits;
	for (int k = 0; k < NT_BAND_SLOTS; k++)
		n -= slot[k] >> bits != m;
	return n;
}

size_t nt_bandtable_find(const struct nt_bandtable *t, uint64_t key, uint32_t number[NT_BAND_SAME])
{
	uint32_t m = mark(t, key), mask = (UINT32_C(1) << t->number_bits) - 1;
	size_t n = 0;
	for (uint64_t i = nt_bandtable_line(t, key);; i = i + 1 < t->n_line ? i + 1 : 0) {
		const uint32_t *slot = t->slot + NT_BAND_SLOTS * i;
		uint32_t left = n_same(t, slot, m);
		for (const uint32_t *s = slot; left && n < NT_BAND_SAME; s++)
			if (*s >> t->number_bits == m) {
				number[n++] = *s & mask;
				left--;
			}
		if (slot[NT_BAND_SLOTS - 1] == 0)
			return n;
	}
}

void nt_bandtable_add(struct nt_bandtable *t, uint64_t key, uint32_t number)
{
	uint32_t m = mark(t, key), same = 0;
	for (uint64_t i = nt_bandtable_line(t, key);; i = i + 1 < t->n_line ? i + 1 : 0) {
		uint32_t *slot = t->slot + NT_BAND_SLOTS * i, taken = n_taken(slot);
		same += n_same(t, slot, m);
		if (same >= NT_BAND_SAME)
			return;
		if (taken < NT_BAND_SLOTS) {
			slot[taken] = m << t->number_bits | number;
			t->n++;
			return;
		}
	}
}

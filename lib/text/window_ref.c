/* SPDX-License-Identifier: MIT */
/*
 * window_ref.c - windows without any instruction set in particular
 *
 * A table gives each byte a set of bits, one for every mask, and eight bytes of it at a time
 * are turned: a multiplication gathers one bit of each byte side by side.
 */
#include "text/window.h"

enum { UP = 1, LOW = 2, NUM = 4, SP = 8, FEED = 16, BLANK = 32, QUOTE = 64, HIGH = 128 };

#define FOUR(x)  x, x, x, x
#define EIGHT(x) FOUR(x), FOUR(x)
static const uint8_t bits_of[256] = {
	EIGHT(0), 0, SP, SP | FEED, SP, SP, SP | FEED, 0, 0, EIGHT(0), EIGHT(0),
	SP | BLANK, 0, 0, 0, 0, 0, 0, QUOTE, EIGHT(0), EIGHT(NUM), NUM, NUM, 0, 0, 0, 0, 0, 0,
	0, UP, UP, UP, UP, UP, UP, UP, EIGHT(UP), EIGHT(UP), UP, UP, UP, 0, 0, 0, 0, 0,
	0, LOW, LOW, LOW, LOW, LOW, LOW, LOW, EIGHT(LOW), EIGHT(LOW), LOW, LOW, LOW, 0, 0, 0, 0, 0,
	EIGHT(HIGH), EIGHT(HIGH), EIGHT(HIGH), EIGHT(HIGH), EIGHT(HIGH), EIGHT(HIGH), EIGHT(HIGH), EIGHT(HIGH),
	EIGHT(HIGH), EIGHT(HIGH), EIGHT(HIGH), EIGHT(HIGH), EIGHT(HIGH), EIGHT(HIGH), EIGHT(HIGH), EIGHT(HIGH),
};

/* Bit k of the eight bytes of x, the first byte's lowest. */
static inline uint64_t plane(uint64_t x, unsigned k)
{
	return ((x >> k & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080)) >> 56;
}

ALWAYS_INLINE void classify(struct window *w, const uint8_t text[WINDOW])
{
	*w = (struct window){0};
	for (unsigned i = 0; i < WINDOW; i += 8) {
		uint64_t x = 0;
		for (unsigned k = 0; k < 8; k++)
			x |= (uint64_t)bits_of[text[i + k]] << 8 * k;
		w->upper |= plane(x, 0) << i;
		w->lower |= plane(x, 1) << i;
		w->number |= plane(x, 2) << i;
		w->space |= plane(x, 3) << i;
		w->feed |= plane(x, 4) << i;
		w->blank |= plane(x, 5) << i;
		w->quote |= plane(x, 6) << i;
		w->high |= plane(x, 7) << i;
	}
}

ALWAYS_INLINE size_t emit(uint32_t *end, uint32_t from, uint64_t starts)
{
	size_t n = 0;
	for (; starts; starts &= starts - 1)
		end[n++] = from + first_of(starts);
	return n;
}

WINDOW_TABLE(nt_window_ref);

/* SPDX-License-Identifier: MIT */
/* utf8.c - how many bytes of a text are not UTF-8, and whether its end is one */
#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

#include "nt/text.h"

/* The end of the run of ASCII from i on, eight bytes at a time. */
static size_t skip_ascii(const uint8_t *p, size_t i, size_t len)
{
	for (uint64_t word; i + 8 <= len; i += 8) {
		memcpy(&word, p + i, 8);
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (i < len && p[i] < 0x80)
		i++;
	return i;
}

struct nt_utf8_damage nt_utf8_check(const void *text, size_t len)
{
	const uint8_t *p = text;
	struct nt_utf8_damage d = {.first = SIZE_MAX};
	uint32_t c;
	for (size_t i = skip_ascii(p, 0, len); i < len; i = skip_ascii(p, i, len)) {
		size_t n = nt_utf8_decode(p + i, len - i, &c);
		if (n == 0 && d.n_byte++ == 0)
			d.first = i;
		i += n ? n : 1;
	}
	return d;
}

/* Can a sequence that begins with this lead go on with this second byte? */
static bool may_follow(uint8_t lead, uint8_t second)
{
	uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
	return second >= low && second <= high;
}

size_t nt_utf8_unfinished(const void *text, size_t len)
{
	const uint8_t *end = (const uint8_t *)text + len;
	for (size_t n = 1; n <= 3 && n <= len; n++) {
		uint8_t lead = end[-(ptrdiff_t)n];
		if ((lead & 0xc0) == 0x80)
			continue;
		size_t whole = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
		return n < whole && (n == 1 || may_follow(lead, end[1 - (ptrdiff_t)n])) ? n : 0;
	}
	return 0;
}

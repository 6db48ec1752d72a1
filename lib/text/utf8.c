/* SPDX-License-Identifier: MIT */
/* utf8.c - how many bytes of a text are not UTF-8 */
#include "text/utf8.h"

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

/* SPDX-License-Identifier: MIT */
/* unit.c - units of a document: what lies between blank lines */
#include <stdbool.h>
#include <string.h>

#include "nt/text.h"

static bool is_blank(const uint8_t *line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
			return false;
	return true;
}

size_t nt_unit_end(const void *text, size_t len, size_t start)
{
	const uint8_t *p = text;
	bool has_text = false, was_blank = false;
	for (size_t at = start; at < len;) {
		const uint8_t *feed = memchr(p + at, '\n', len - at);
		size_t end = feed ? (size_t)(feed - p) : len;
		bool blank = is_blank(p + at, end - at);
		if (!blank && has_text && was_blank)
			return at;
		has_text |= !blank;
		was_blank = blank;
		at = end + (feed != NULL);
	}
	return len;
}

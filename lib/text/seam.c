/* SPDX-License-Identifier: MIT */
/*
 * seam.c - where a text may be cut in two without changing a piece
 *
 * A matcher decides piece by piece, looking at nothing before the place where a piece
 * begins, and behind its end at one character at most. So halves have the pieces of the
 * whole wherever a piece is sure to end. That is, in each of the famous expressions,
 *
 *	between a letter and a space that a letter follows:  a| b
 *	behind a newline that stands alone:                  x\n|y   x, y no white space
 *
 * but o200k's punctuation takes newlines and slashes with it, so y must not be a slash.
 * Other expressions could look anywhere: they have no seam.
 */
#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"
#include "text/split.h"
#include "text/unicode.h"

/* Is there a whole character at p[n], and is it no white space? */
static bool is_solid(const uint8_t *p, size_t n)
{
	uint32_t c;
	return n > 0 && nt_utf8_decode(p, n, &c) > 0 && !(nt_char_class(c) & NT_SPACE);
}

static bool is_solid_before(const uint8_t *text, size_t at)
{
	size_t n = 1;
	while (n < 4 && n < at && (text[at - n] & 0xc0) == 0x80)
		n++;
	return at > 0 && is_solid(text + at - n, n);
}

size_t nt_pattern_seam(const struct nt_pattern *p, const uint8_t *text, size_t len)
{
	if (!p->name || !*p->regex || len < 3)
		return 0;
	for (size_t k = len - 1; k > 1; k--) {
		if (text[k] == ' ' && nt_is_ascii_letter(text[k - 1]) && k + 1 < len && nt_is_ascii_letter(text[k + 1]))
			return k;
		if (text[k - 1] == '\n' && text[k] != '/' && is_solid(text + k, len - k) &&
		    is_solid_before(text, k - 1))
			return k;
	}
	return 0;
}

/* SPDX-License-Identifier: MIT */
#ifndef NT_TEXT_H
#define NT_TEXT_H
/*
 * nt/text.h - what can be said about text before it becomes ids
 */
#include <stddef.h>
#include <stdint.h>

#include "nt/mem.h"

/* Bytes that belong to no well-formed UTF-8 sequence. */
struct nt_utf8_damage {
	size_t n_byte;
	size_t first; /* offset of the first one; SIZE_MAX if there is none */
};
struct nt_utf8_damage nt_utf8_check(const void *text, size_t len);

/* Bytes at the end that begin a character whose rest may still come: 0 to 3. */
size_t nt_utf8_unfinished(const void *text, size_t len);

/* Strings that end a text that is still growing. Start with {0}. */
struct nt_stops {
	struct nt_buf bytes; /* all of them, one after the other */
	size_t *end;         /* [n] where each ends there */
	size_t n, cap;
};
/* As nt_buf_unescape takes it. NT_EARG: it is empty, or has escapes that there are not. */
int nt_stops_add(struct nt_stops *s, const char *written);
void nt_stops_release(struct nt_stops *s); /* harmless twice */

/*
 * How many bytes of text[len] stand in front of every stop string, whatever comes behind text.
 * *found: the one that the text ends in front of; s->n: none so far, and what is behind these
 * bytes may become one. Which one it is does not depend on where text was looked at on its way: it
 * is the first to be complete, and of those with the same last byte the longest.
 */
size_t nt_stops_scan(const struct nt_stops *s, const void *text, size_t len, size_t *found);

/*
 * Where the unit that begins at `start` (< len) ends, as an offset in the text: behind the
 * blank lines that follow its last line, or at len. A line of spaces, tabs and carriage
 * returns is blank. Blank lines in front of the first other line belong to its unit, so
 * the units of a text, one after the other, are the text.
 */
size_t nt_unit_end(const void *text, size_t len, size_t start);

#endif

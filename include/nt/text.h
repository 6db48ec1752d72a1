/* SPDX-License-Identifier: MIT */
#ifndef NT_TEXT_H
#define NT_TEXT_H
/*
 * nt/text.h - what can be said about text before it becomes ids
 */
#include <stddef.h>
#include <stdint.h>


/* Bytes that belong to no well-formed UTF-8 sequence. */
struct nt_utf8_damage {
	size_t n_byte;
	size_t first; /* offset of the first one; SIZE_MAX if there is none */
};
struct nt_utf8_damage nt_utf8_check(const void *text, size_t len);

/* Bytes at the end that begin a character whose rest may still come: 0 to 3. */
size_t nt_utf8_unfinished(const void *text, size_t len);

/*
 * Where the unit that begins at `start` (< len) ends, as an offset in the text: behind the
 * blank lines that follow its last line, or at len. A line of spaces, tabs and carriage
 * returns is blank. Blank lines in front of the first other line belong to its unit, so
 * the units of a text, one after the other, are the text.
 */
size_t nt_unit_end(const void *text, size_t len, size_t start);

#endif

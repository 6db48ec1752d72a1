/* SPDX-License-Identifier: MIT */
#ifndef TEXT_NORMAL_H
#define TEXT_NORMAL_H
/*
 * normal.h - Unicode's normal forms, and characters as normalizers see them
 *
 * Everything here follows the reference client of tokenizer.json, whose parts bring tables
 * of different ages: normal forms and marks are those of Unicode 9.0, punctuation of 8.0,
 * numbers and lower case of 17.0, word characters of 16.0. share/unicode/normal.js says how
 * that was found. A byte that is not UTF-8 is a character that nothing changes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/utf8.h"
#include "text/stretch.h"

/* No character: greater than all of them. */
#define NT_NO_CHAR UINT32_C(0x110000)

/* The length of the character at p, of which left > 0 bytes are there: 1 for a byte that is none,
 * and then *c is NT_NO_CHAR. */
static inline size_t nt_char_at(const uint8_t *p, size_t left, uint32_t *c)
{
	size_t n = nt_utf8_decode(p, left, c);
	if (n == 0)
		*c = NT_NO_CHAR;
	return n ? n : 1;
}

enum nt_normal_form { NT_NFC, NT_NFD, NT_NFKC, NT_NFKD };

/* Is text[len] its own NFC? "No" is "not surely": some of what is says no. Fast. */
bool nt_is_nfc(const void *text, size_t len);

/* Writes a normal form of `in` to out, which is empty. */
int nt_normal_form(struct nt_rewrite *out, const struct nt_stretch *in, enum nt_normal_form form);

bool nt_is_number(uint32_t c);      /* N */
bool nt_is_punctuation(uint32_t c); /* P, or one of ASCII's 32 */
bool nt_is_mark(uint32_t c);        /* M */
bool nt_is_word(uint32_t c);        /* \w: alphabetic, M, Nd, Pc, joiners */
bool nt_is_space(uint32_t c);       /* White_Space */

/* The lower case of a character, one or two: returns how many. */
size_t nt_lower(uint32_t c, uint32_t to[2]);

#endif

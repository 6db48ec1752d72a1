/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_VISIBLE_H
#define TOKEN_VISIBLE_H
/*
 * visible.h - the bytes of a token so that a person sees each of them, and one way only
 *
 * Letters, marks, numbers, punctuation, symbols and the space are themselves. \n \r \t are
 * what they are in C, \\ is a backslash; \xNN is a byte that is no character, or control;
 * \u{NNNN} a character that leaves no trace on a screen, or would sit on what is in front.
 */
#include <stdint.h>

#include "nt/mem.h"

/* delimiter: an ASCII character that gets a backslash too; 0: none. */
int nt_visible_add(struct nt_buf *out, const uint8_t *bytes, size_t len, char delimiter);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * unicode.c - the table of classes: a page number for every 128 code points, and pages
 *
 * share/unicode/generate.sh writes the table. The first page stands here once more,
 * because ASCII is most of the text there is and deserves a load less.
 */
#include "text/unicode.h"

#include "text/unicode_table.h"

enum { O = 0, U = NT_UPPER, l = NT_LOWER, N = NT_NUMBER, W = NT_SPACE, P = NT_PUNCT, S = NT_SYMBOL };

const uint8_t nt_ascii_class[128] = {
	O, O, O, O, O, O, O, O, O, W, W, W, W, W, O, O, /* 00 */
	O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, /* 10 */
	W, P, P, P, S, P, P, P, P, P, P, S, P, P, P, P, /*  !"#$%&'()*+,-./ */
	N, N, N, N, N, N, N, N, N, N, P, P, S, S, S, P, /* 0123456789:;<=>? */
	P, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, /* @ABCDEFGHIJKLMNO */
	U, U, U, U, U, U, U, U, U, U, U, P, P, P, S, P, /* PQRSTUVWXYZ[\]^_ */
	S, l, l, l, l, l, l, l, l, l, l, l, l, l, l, l, /* `abcdefghijklmno */
	l, l, l, l, l, l, l, l, l, l, l, P, S, P, S, O, /* pqrstuvwxyz{|}~ */
};

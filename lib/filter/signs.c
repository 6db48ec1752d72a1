/* SPDX-License-Identifier: MIT */
/*
 * signs.c - the table of signs
 *
 * The lists are datatrove's PUNCTUATION and TERMINAL_PUNCTUATION, and the affixes and ends of
 * sentences of spaCy's English, which datatrove cuts words with; So is Unicode's category,
 * told from the other symbols (Sm, Sc, Sk), which are fewer.
 */
#include "filter/signs.h"

#include <pthread.h>

#include "text/unicode.h"

enum {
	Y = NT_SIGN_SYMBOL, T = NT_SIGN_FINAL, E = NT_SIGN_STOP, F = NT_SIGN_FRONT,
	B = NT_SIGN_BACK, D = NT_SIGN_FULL, Q = NT_SIGN_QUOTE,
};

const uint8_t nt_ascii_sign[128] = {
	[0 ... 8] = Y, [11 ... 31] = Y, [127] = Y,
	['0' ... '9'] = D,
	['!'] = Y | T | E | F | B | D, ['?'] = Y | T | E | F | B | D, ['.'] = Y | T | E,
	['"'] = Y | F | B | D | Q, ['\''] = Y | F | B | D | Q, [','] = Y | F | B | D | Q,
	['`'] = Y | F | B | D | Q,
	['#'] = Y | F | B | D, ['&'] = Y | F | B | D, ['('] = Y | F | B | D, [')'] = Y | F | B | D,
	['*'] = Y | F | B | D, [':'] = Y | F | B | D, [';'] = Y | F | B | D, ['<'] = Y | F | B | D,
	['>'] = Y | F | B | D, ['['] = Y | F | B | D, [']'] = Y | F | B | D, ['_'] = Y | F | B | D,
	['{'] = Y | F | B | D, ['}'] = Y | F | B | D,
	['%'] = Y | F | D, ['+'] = Y | D, ['$'] = Y | F, ['='] = Y | F, ['-'] = Y | D, ['|'] = Y | D,
	['/'] = Y, ['@'] = Y, ['\\'] = Y, ['^'] = Y, ['~'] = Y,
};

enum { S = NT_BYTE_SPACE, N = NT_BYTE_SPACE | NT_BYTE_BREAK, L = NT_BYTE_LAST, I = NT_BYTE_INFIX };

const uint8_t nt_byte_kind[256] = {
	['\t'] = S, ['\n' ... '\r'] = N, [28 ... 30] = N, [31] = S, [' '] = S,
	[','] = L | I, ['.'] = L | I, [';'] = L, [':'] = L | I, ['!'] = L, ['?'] = L,
	['+'] = I, ['-'] = I, ['*'] = I, ['^'] = I, ['<'] = I, ['>'] = I, ['='] = I, ['/'] = I, ['~'] = I,
};

struct range {
	uint32_t first, last;
	uint8_t bits;
};

static const struct range signs[] = {
	{0x80, 0x9f, Y}, {0xa1, 0xa1, F|B|D}, {0xa3, 0xa3, F}, {0xa5, 0xa5, F}, {0xa7, 0xa7, F},
	{0xab, 0xab, Y|F|B|D|Q}, {0xb2, 0xb2, D}, {0xb4, 0xb4, Y|F|B|D|Q}, {0xb7, 0xb7, F|B|D},
	{0xbb, 0xbb, Y|F|B|D|Q}, {0xbf, 0xbf, F|B|D}, {0x589, 0x589, Y|T|E}, {0x60c, 0x60c, F|B|D},
	{0x61b, 0x61b, F|B|D}, {0x61d, 0x61e, Y|T}, {0x61f, 0x61f, Y|T|E|F|B|D}, {0x66a, 0x66a, F|B|D},
	{0x6d4, 0x6d4, Y|T|E|F|B|D}, {0x700, 0x702, Y|T|E}, {0x7f9, 0x7f9, Y|T|E}, {0x837, 0x837, Y|T},
	{0x839, 0x839, Y|T}, {0x83d, 0x83e, Y|T}, {0x964, 0x964, Y|T|E|F|B|D}, {0x965, 0x965, Y|T|E},
	{0xe3f, 0xe3f, F}, {0x104a, 0x104b, Y|T|E}, {0x1362, 0x1362, Y|T|E}, {0x1367, 0x1368, Y|T|E},
	{0x166e, 0x166e, Y|T|E}, {0x1735, 0x1736, Y|T|E}, {0x17d4, 0x17d6, Y|T}, {0x17d9, 0x17da, Y|T},
	{0x1803, 0x1803, Y|T|E}, {0x1809, 0x1809, Y|T|E}, {0x1944, 0x1945, Y|T|E},
	{0x1aa8, 0x1aab, Y|T|E}, {0x1b5a, 0x1b5b, Y|T|E}, {0x1b5e, 0x1b5f, Y|T|E}, {0x1b7d, 0x1b7e, Y|T},
	{0x1c3b, 0x1c3c, Y|T|E}, {0x1c7e, 0x1c7f, Y|T|E}, {0x2013, 0x2014, Y|F|B},
	{0x2018, 0x2018, F|B|D|Q}, {0x2019, 0x2019, Y|F|B|D|Q}, {0x201a, 0x201a, F|B|D|Q},
	{0x201c, 0x201e, Y|F|B|D|Q}, {0x2026, 0x2026, Y|F|B|D}, {0x203c, 0x203d, Y|T|E},
	{0x2047, 0x2049, Y|T|E}, {0x20a0, 0x20bf, F}, {0x2236, 0x2236, Y}, {0x2329, 0x232a, F|B|D|Q},
	{0x2501, 0x2501, Y}, {0x25ba, 0x25ba, Y}, {0x27e6, 0x27e7, F|B|D|Q}, {0x2e2e, 0x2e2e, Y|T|E},
	{0x2e3c, 0x2e3c, Y|T|E}, {0x2e53, 0x2e54, Y|T}, {0x3001, 0x3001, Y|F|B|D},
	{0x3002, 0x3002, Y|T|E|F|B|D}, {0x3008, 0x300d, Y|F|B|D|Q}, {0x300e, 0x300f, F|B|D|Q},
	{0x3010, 0x3011, Y|F|B|D|Q}, {0x3014, 0x3015, F|B|D|Q}, {0xa4ff, 0xa4ff, Y|T|E},
	{0xa60e, 0xa60f, Y|T|E}, {0xa6f3, 0xa6f3, Y|T|E}, {0xa6f7, 0xa6f7, Y|T|E},
	{0xa876, 0xa877, Y|T|E}, {0xa8ce, 0xa8cf, Y|T|E}, {0xa92f, 0xa92f, Y|T|E},
	{0xa9c8, 0xa9c9, Y|T|E}, {0xaa5d, 0xaa5f, Y|T|E}, {0xaaf0, 0xaaf1, Y|T|E},
	{0xabeb, 0xabeb, Y|T|E}, {0xfdfc, 0xfdfc, F}, {0xfe52, 0xfe52, Y|T|E}, {0xfe56, 0xfe57, Y|T|E},
	{0xff01, 0xff01, Y|T|E|F|B|D}, {0xff05, 0xff05, Y}, {0xff08, 0xff09, Y|F|B|D|Q},
	{0xff0c, 0xff0c, Y|F|B|D}, {0xff0e, 0xff0e, Y|T|E}, {0xff11, 0xff11, Y},
	{0xff1a, 0xff1b, Y|F|B|D}, {0xff1f, 0xff1f, Y|T|E|F|B|D}, {0xff5e, 0xff5e, Y|F|B|D},
	{0xff61, 0xff61, Y|T|E}, {0x10a56, 0x10a57, Y|T|E}, {0x10f55, 0x10f59, Y|T},
	{0x10f86, 0x10f89, Y|T}, {0x11047, 0x11048, Y|T|E}, {0x110be, 0x110c1, Y|T|E},
	{0x11141, 0x11143, Y|T|E}, {0x111c5, 0x111c6, Y|T|E}, {0x111cd, 0x111cd, Y|T|E},
	{0x111de, 0x111df, Y|T|E}, {0x11238, 0x11239, Y|T|E}, {0x1123b, 0x1123c, Y|T|E},
	{0x112a9, 0x112a9, Y|T|E}, {0x1144b, 0x1144c, Y|T|E}, {0x115c2, 0x115c3, Y|T|E},
	{0x115c9, 0x115d7, Y|T|E}, {0x11641, 0x11642, Y|T|E}, {0x1173c, 0x1173e, Y|T|E},
	{0x11944, 0x11944, Y|T}, {0x11946, 0x11946, Y|T}, {0x11a42, 0x11a43, Y|T|E},
	{0x11a9b, 0x11a9c, Y|T|E}, {0x11c41, 0x11c42, Y|T|E}, {0x11ef7, 0x11ef8, Y|T},
	{0x11f43, 0x11f44, Y|T}, {0x16a6e, 0x16a6f, Y|T|E}, {0x16af5, 0x16af5, Y|T|E},
	{0x16b37, 0x16b38, Y|T|E}, {0x16b44, 0x16b44, Y|T|E}, {0x16e98, 0x16e98, Y|T},
	{0x1bc9f, 0x1bc9f, Y|T|E}, {0x1da88, 0x1da88, Y|T|E},
};

/* Sm, Sc and Sk. */
#define OF(first, last) {first, last, 0}
static const struct range no_picture[] = {
	OF(0xa2, 0xa5), OF(0xa8, 0xa8), OF(0xac, 0xac), OF(0xaf, 0xaf), OF(0xb1, 0xb1), OF(0xb4, 0xb4), OF(0xb8, 0xb8),
	OF(0xd7, 0xd7), OF(0xf7, 0xf7), OF(0x2c2, 0x2c5), OF(0x2d2, 0x2df), OF(0x2e5, 0x2eb), OF(0x2ed, 0x2ed),
	OF(0x2ef, 0x2ff), OF(0x375, 0x375), OF(0x384, 0x385), OF(0x3f6, 0x3f6), OF(0x58f, 0x58f), OF(0x606, 0x608),
	OF(0x60b, 0x60b), OF(0x7fe, 0x7ff), OF(0x888, 0x888), OF(0x9f2, 0x9f3), OF(0x9fb, 0x9fb), OF(0xaf1, 0xaf1),
	OF(0xbf9, 0xbf9), OF(0xe3f, 0xe3f), OF(0x17db, 0x17db), OF(0x1fbd, 0x1fbd), OF(0x1fbf, 0x1fc1),
	OF(0x1fcd, 0x1fcf), OF(0x1fdd, 0x1fdf), OF(0x1fed, 0x1fef), OF(0x1ffd, 0x1ffe), OF(0x2044, 0x2044),
	OF(0x2052, 0x2052), OF(0x207a, 0x207c), OF(0x208a, 0x208c), OF(0x20a0, 0x20c0), OF(0x2118, 0x2118),
	OF(0x2140, 0x2144), OF(0x214b, 0x214b), OF(0x2190, 0x2194), OF(0x219a, 0x219b), OF(0x21a0, 0x21a0),
	OF(0x21a3, 0x21a3), OF(0x21a6, 0x21a6), OF(0x21ae, 0x21ae), OF(0x21ce, 0x21cf), OF(0x21d2, 0x21d2),
	OF(0x21d4, 0x21d4), OF(0x21f4, 0x22ff), OF(0x2320, 0x2321), OF(0x237c, 0x237c), OF(0x239b, 0x23b3),
	OF(0x23dc, 0x23e1), OF(0x25b7, 0x25b7), OF(0x25c1, 0x25c1), OF(0x25f8, 0x25ff), OF(0x266f, 0x266f),
	OF(0x27c0, 0x27c4), OF(0x27c7, 0x27e5), OF(0x27f0, 0x27ff), OF(0x2900, 0x2982), OF(0x2999, 0x29d7),
	OF(0x29dc, 0x29fb), OF(0x29fe, 0x2aff), OF(0x2b30, 0x2b44), OF(0x2b47, 0x2b4c), OF(0x309b, 0x309c),
	OF(0xa700, 0xa716), OF(0xa720, 0xa721), OF(0xa789, 0xa78a), OF(0xa838, 0xa838), OF(0xab5b, 0xab5b),
	OF(0xab6a, 0xab6b), OF(0xfb29, 0xfb29), OF(0xfbb2, 0xfbc2), OF(0xfdfc, 0xfdfc), OF(0xfe62, 0xfe62),
	OF(0xfe64, 0xfe66), OF(0xfe69, 0xfe69), OF(0xff04, 0xff04), OF(0xff0b, 0xff0b), OF(0xff1c, 0xff1e),
	OF(0xff3e, 0xff3e), OF(0xff40, 0xff40), OF(0xff5c, 0xff5c), OF(0xff5e, 0xff5e), OF(0xffe0, 0xffe3),
	OF(0xffe5, 0xffe6), OF(0xffe9, 0xffec), OF(0x11fdd, 0x11fe0), OF(0x1d6c1, 0x1d6c1), OF(0x1d6db, 0x1d6db),
	OF(0x1d6fb, 0x1d6fb), OF(0x1d715, 0x1d715), OF(0x1d735, 0x1d735), OF(0x1d74f, 0x1d74f),
	OF(0x1d76f, 0x1d76f), OF(0x1d789, 0x1d789), OF(0x1d7a9, 0x1d7a9), OF(0x1d7c3, 0x1d7c3),
	OF(0x1e2ff, 0x1e2ff), OF(0x1ecb0, 0x1ecb0), OF(0x1eef0, 0x1eef1), OF(0x1f3fb, 0x1f3ff),
};
#undef OF

/* The one of n ranges that holds c, or NULL. */
static const struct range *find_range(const struct range *range, size_t n, uint32_t c)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (range[middle].last < c)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && range[low].first <= c ? &range[low] : NULL;
}

static uint8_t find_sign(uint32_t c)
{
	uint8_t class = nt_char_class(c);
	if (class & NT_LETTER)
		return 0;
	const struct range *r = find_range(signs, sizeof(signs) / sizeof(*signs), c);
	bool is_picture = class & NT_SYMBOL && !find_range(no_picture, sizeof(no_picture) / sizeof(*no_picture), c);
	return (r ? r->bits : 0) | (is_picture ? NT_SIGN_PICTURE : 0);
}

enum { EARLY = 0x3400 }; /* nearly all signs that text has are in front of it */
static uint8_t early_sign[EARLY];

static void fill_signs(void)
{
	for (uint32_t c = 128; c < EARLY; c++)
		early_sign[c] = find_sign(c);
}

uint8_t nt_high_sign(uint32_t c)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	if (c >= EARLY)
		return find_sign(c);
	pthread_once(&once, fill_signs);
	return early_sign[c];
}

size_t nt_count_chars(const uint8_t *text, size_t len)
{
	enum { BLOCK = 128 }; /* so that a byte counts them, in each lane of a vector */
	size_t n = 0, i = 0;
	for (; i + BLOCK <= len; i += BLOCK) {
		uint8_t in_block = 0;
		for (size_t k = 0; k < BLOCK; k++)
			in_block = (uint8_t)(in_block + ((text[i + k] & 0xc0) != 0x80));
		n += in_block;
	}
	for (; i < len; i++)
		n += (text[i] & 0xc0) != 0x80;
	return n;
}

bool nt_is_ascii(const uint8_t *text, size_t len)
{
	uint8_t all = 0;
	for (size_t i = 0; i < len; i++)
		all |= text[i];
	return all < 0x80;
}

static bool is_space(uint32_t c)
{
	return c < 128 ? nt_byte_kind[c] & NT_BYTE_SPACE : nt_is_high_space(c);
}

void nt_strip_more(const uint8_t *text, size_t *start, size_t *end)
{
	uint32_t c = 0;
	size_t n;
	while (*start < *end && text[*start] == ' ')
		++*start;
	while (*start < *end && (n = nt_utf8_decode(text + *start, *end - *start, &c)) && is_space(c))
		*start += n;
	while (*start < *end && (n = nt_char_before(text, *start, *end, &c)) && is_space(c))
		*end -= n;
}

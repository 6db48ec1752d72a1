/* SPDX-License-Identifier: MIT */
#ifndef TEXT_UNICODE_H
#define TEXT_UNICODE_H
/*
 * unicode.h - the classes of characters that pre-tokenizers ask for
 *
 * General categories of Unicode 16.0 folded into eight bits, and White_Space. A code
 * point has one bit or none (control, format, unassigned, private use, surrogate).
 * The version matters: ids of new scripts depend on it, and this is the one the
 * reference tokenizers use.
 */
#include <stdbool.h>
#include <stdint.h>

enum {
	NT_UPPER = 1,    /* Lu Lt */
	NT_LOWER = 2,    /* Ll */
	NT_CASELESS = 4, /* Lm Lo */
	NT_MARK = 8,     /* M */
	NT_NUMBER = 16,  /* N */
	NT_SPACE = 32,   /* White_Space: 25 code points */
	NT_PUNCT = 64,   /* P */
	NT_SYMBOL = 128, /* S */
	NT_LETTER = NT_UPPER | NT_LOWER | NT_CASELESS,
};

/* A page for every 128 code points, the last one also for all behind it; and the pages. */
enum { NT_CLASS_PAGES = 7173 };
extern const uint16_t nt_class_page[NT_CLASS_PAGES];
extern const uint8_t nt_class[];

static inline uint8_t nt_char_class(uint32_t code_point)
{
	uint32_t page = code_point / 128;
	return nt_class[nt_class_page[page < NT_CLASS_PAGES ? page : NT_CLASS_PAGES - 1] * 128 +
			code_point % 128];
}

extern const uint8_t nt_ascii_class[128];

static inline bool nt_is_ascii_letter(uint8_t c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26;
}

static inline bool nt_is_feed(uint8_t c) /* [\r\n] */
{
	return c == '\n' || c == '\r';
}

#endif

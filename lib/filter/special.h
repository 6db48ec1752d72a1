/* SPDX-License-Identifier: MIT */
#ifndef FILTER_SPECIAL_H
#define FILTER_SPECIAL_H
/*
 * special.h - words of English that no rule of affixes cuts right
 *
 * "cannot" is two words and "Mr." is one. The list is spaCy's.
 */
#include <stddef.h>
#include <stdint.h>

enum { NT_SPECIAL_BYTES = 24 }; /* none is longer */

struct nt_special {
	uint8_t len;     /* 0: no entry */
	uint8_t part[3]; /* lengths of its words, 0 behind the last */
	uint8_t stop;    /* not special but one of Gopher's eight stop words: its bit */
	char text[NT_SPECIAL_BYTES];
};

void nt_special_init(void); /* before the others; cheap after the first time */

/* The entry of text[len], whose hash is `hash`, or NULL. */
const struct nt_special *nt_special_find(uint64_t hash, const uint8_t *text, size_t len);

/* A hash of text[len], of which 16 bytes can be read. */
uint64_t nt_word_hash(const uint8_t *text, size_t len);

#endif

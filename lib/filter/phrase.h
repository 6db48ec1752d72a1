/* SPDX-License-Identifier: MIT */
#ifndef FILTER_PHRASE_H
#define FILTER_PHRASE_H
/* phrase.h - what C4 does not want to read */
#include <stddef.h>
#include <stdint.h>

enum { NT_PHRASE_LOREM = 1, NT_PHRASE_JAVASCRIPT = 2, NT_PHRASE_POLICY = 4 };

/* Which of them text[len] holds, in whatever case; 18 bytes behind it can be read. */
unsigned nt_phrases(const uint8_t *text, size_t len);

#endif

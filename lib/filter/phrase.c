/* SPDX-License-Identifier: MIT */
/*
 * phrase.c - a few phrases, all looked for at once
 *
 * Each has three letters in it that are rare in English. Blocks of text without any of these
 * are passed over, by a loop that compilers turn into vectors.
 */
#include "filter/phrase.h"

#include <stdbool.h>
#include <string.h>

enum { BLOCK = 64 };

static const struct phrase {
	const char *text, *rare;
	unsigned bit;
} phrases[] = {
	{"lorem ipsum", "ips", NT_PHRASE_LOREM},
	{"javascript", "jav", NT_PHRASE_JAVASCRIPT},
	{"terms of use", "f u", NT_PHRASE_POLICY},
	{"privacy policy", "cy ", NT_PHRASE_POLICY},
	{"cookie policy", "coo", NT_PHRASE_POLICY},
	{"uses cookies", "coo", NT_PHRASE_POLICY},
	{"use of cookies", "coo", NT_PHRASE_POLICY},
	{"use cookies", "coo", NT_PHRASE_POLICY},
};

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* Does text[len] begin with the phrase? The sign for kelvin, U+212A, is a k to str.lower. */
static bool begins_with(const uint8_t *text, size_t len, const char *phrase)
{
	size_t at = 0;
	for (const char *p = phrase; *p; p++, at++) {
		if (at < len && lower(text[at]) == *p)
			continue;
		if (*p != 'k' || len < at + 3 || memcmp(text + at, "\u212a", 3) != 0)
			return false;
		at += 2;
	}
	return true;
}

/* The phrases whose rare letters stand at text[at]. */
static unsigned phrases_at(const uint8_t *text, size_t at, size_t len)
{
	unsigned found = 0;
	for (size_t i = 0; i < sizeof(phrases) / sizeof(*phrases); i++) {
		const struct phrase *p = &phrases[i];
		size_t before = (size_t)(strstr(p->text, p->rare) - p->text);
		if (before <= at && begins_with(text + at - before, len - at + before, p->text))
			found |= p->bit;
	}
	return found;
}

static inline uint8_t is(const uint8_t *p, char a, char b, char c)
{
	return (((p[0] | 32) ^ a) | ((p[1] | 32) ^ b) | ((p[2] | 32) ^ c)) == 0;
}

static inline uint8_t is_rare(const uint8_t *p)
{
	return is(p, 'i', 'p', 's') | is(p, 'j', 'a', 'v') | is(p, 'f', ' ', 'u') | is(p, 'c', 'y', ' ') |
	       is(p, 'c', 'o', 'o');
}

static uint8_t has_rare(const uint8_t *p)
{
	uint8_t any = 0;
	for (size_t i = 0; i < BLOCK; i++)
		any |= is_rare(p + i);
	return any;
}

unsigned nt_phrases(const uint8_t *text, size_t len)
{
	unsigned found = 0;
	size_t at = 0;
	for (; at + 2 < len;) {
		bool is_block = len - at >= BLOCK + 2;
		size_t n = is_block ? BLOCK : len - at - 2;
		if (!is_block || has_rare(text + at))
			for (size_t i = at; i < at + n; i++)
				if (is_rare(text + i))
					found |= phrases_at(text, i, len);
		at += n;
	}
	return found;
}

/* SPDX-License-Identifier: MIT */
/*
 * phrase.c - a few phrases, all looked for at once
 *
 * Each has three letters in it that are rare in English. Blocks of text without any of these
 * are passed over, sixteen bytes at a time.
 */
#include "filter/phrase.h"

#include <stdbool.h>
#include <string.h>

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
		if (!begins_with(text + at, len - at, p->rare))
			continue;
		size_t before = (size_t)(strstr(p->text, p->rare) - p->text);
		if (before <= at && begins_with(text + at - before, len - at + before, p->text))
			found |= p->bit;
	}
	return found;
}

/* Sixteen bytes, in a register where there is one. */
typedef uint8_t lanes __attribute__((vector_size(16)));

static inline lanes load(const uint8_t *p)
{
	lanes x;
	memcpy(&x, p, sizeof(x));
	return x | 32; /* small letters */
}

/* 0 in the lanes where a, b, c are these three. */
static inline lanes differ(const lanes x[3], char a, char b, char c)
{
	return (x[0] ^ (uint8_t)a) | (x[1] ^ (uint8_t)b) | (x[2] ^ (uint8_t)c);
}

/* Do three rare letters begin at one of p[16]? */
static inline bool has_rare(const uint8_t *p)
{
	lanes x[3] = {load(p), load(p + 1), load(p + 2)};
	lanes is = (lanes)(differ(x, 'i', 'p', 's') == 0) | (lanes)(differ(x, 'j', 'a', 'v') == 0) |
		   (lanes)(differ(x, 'f', ' ', 'u') == 0) | (lanes)(differ(x, 'c', 'y', ' ') == 0) |
		   (lanes)(differ(x, 'c', 'o', 'o') == 0);
	uint64_t half[2];
	memcpy(half, &is, sizeof(half));
	return half[0] | half[1];
}

unsigned nt_phrases(const uint8_t *text, size_t len)
{
	unsigned found = 0;
	for (size_t at = 0; at < len; at += sizeof(lanes))
		if (has_rare(text + at))
			for (size_t i = at; i < at + sizeof(lanes) && i < len; i++)
				found |= phrases_at(text, i, len);
	return found;
}

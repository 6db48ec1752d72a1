/* SPDX-License-Identifier: MIT */
#ifndef TEXT_MATCH_H
#define TEXT_MATCH_H
/*
 * match.h - the places in a text where something matches
 *
 * What normalizers replace and pre-tokenizers cut at: a string, a pattern (a known one by
 * hand, or a regular expression), or characters of a set. A matcher is immutable and may
 * be shared by threads; each has a finder of its own.
 */
#include <stdbool.h>

#include "text/split.h"

enum nt_matcher_kind {
	NT_MATCH_STRING,
	NT_MATCH_PATTERN,     /* a regular expression, or known by name */
	NT_MATCH_NUMBER,      /* a character of N */
	NT_MATCH_PUNCTUATION, /* ASCII's, or a character of P */
	NT_MATCH_SPACE,       /* White_Space */
	NT_MATCH_WORDS,       /* \w+|[^\w\s]+ */
};

struct nt_matcher {
	enum nt_matcher_kind kind;
	struct nt_pattern pattern; /* of NT_MATCH_PATTERN */
	char *string;              /* [len], of NT_MATCH_STRING; owned */
	size_t len;
};

/* A copy of string[len], which is not empty. */
int nt_matcher_string(struct nt_matcher *m, const char *string, size_t len);
/* NT_EARG as nt_pattern_init says. */
int nt_matcher_pattern(struct nt_matcher *m, const char *regex);
void nt_matcher_release(struct nt_matcher *m); /* harmless twice */

struct nt_finder {
	const struct nt_matcher *matcher;
	struct nt_cutter cutter; /* of a regular expression */
	const uint8_t *text;
	size_t len, at;
	size_t last_end; /* of the match before, SIZE_MAX if there was none */
};

int nt_finder_init(struct nt_finder *f, const struct nt_matcher *m);
void nt_finder_release(struct nt_finder *f); /* harmless twice */

/* text[len] must stay until the last match has been taken. */
int nt_finder_begin(struct nt_finder *f, const void *text, size_t len);

/*
 * The next match is [*start, *end): 1, or 0 when there is none, or < 0. Matches do not
 * overlap. A regular expression may match nothing at a place (*start == *end), though not
 * where the match before ended.
 */
int nt_finder_next(struct nt_finder *f, size_t *start, size_t *end);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TEXT_SPLIT_H
#define TEXT_SPLIT_H
/*
 * split.h - text cut into the pieces inside which merging happens
 *
 * The rule is the regular expression that a vocabulary was learned with. The famous
 * ones have a matcher by hand; any other goes through PCRE2. Every byte lands in
 * exactly one piece: what a regular expression leaves out between two matches is a
 * piece too. A byte that is not UTF-8 counts as one character of no class.
 *
 * A rule is immutable and may be shared by threads; each has a cutter of its own.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/cpu.h"
#include "nt/mem.h"

/* The rules that have a matcher which looks at many places at once (window.h). */
enum nt_rule { NT_RULE_GPT2, NT_RULE_CL100K, NT_RULE_QWEN2, NT_RULE_O200K, NT_RULE_COUNT };

/* The end of the piece of text[len] that begins at `at` (< len). */
typedef size_t nt_next_fn(const uint8_t *text, size_t at, size_t len);

/*
 * The ends, counted from `at`, of the pieces of text[len] that begin at `at` (< len), one
 * after the other: at least one while cap, the room in end, is 64 or more. 0: the next
 * piece is longer than 2^32 - 1 bytes.
 */
typedef size_t nt_cut_fn(const uint8_t *text, size_t at, size_t len, uint32_t *end, size_t cap);

struct nt_pattern {
	const char *name;  /* "gpt2", ...; NULL for a regular expression of the user's */
	const char *regex; /* the one spelling it is known by, "" for one single piece; where several
			    * follow one another, each cutting anew, U+001E is between them */
	nt_next_fn *next;  /* NULL: by PCRE2 */
	nt_cut_fn *cut;    /* the same many at a time; NULL: by next, or PCRE2 */
	void *code; /* pcre2_code */
	char *own;  /* behind regex, where it is the user's */
};

/*
 * rule: gpt2 cl100k qwen2 o200k deepseek none, another name of these, any known spelling of their
 * regular expressions, or a regular expression. NT_EARG: no such name, or not a regular
 * expression; the sentence is about "pattern".
 */
int nt_pattern_init(struct nt_pattern *s, const char *rule);
/* The same of a regular expression and nothing else. */
int nt_pattern_regex(struct nt_pattern *s, const char *regex);
bool nt_pattern_is_known(const char *regex); /* is there a matcher by hand? */
void nt_pattern_release(struct nt_pattern *s); /* harmless twice */

/* seam.c: the last place in (0, len) where text[len], which may go on, can be cut so that the
 * pieces of both parts are those of the whole; 0 if there is none. */
size_t nt_pattern_seam(const struct nt_pattern *p, const uint8_t *text, size_t len);

struct nt_cutter {
	const struct nt_pattern *split;
	const uint8_t *text;
	size_t len, at;
	size_t pending;        /* end of a match found behind a gap that ends at `at`, or 0 */
	void *match;           /* pcre2_match_data ... */
	void *context, *stack; /* ... and what PCRE2's compiled code runs with */
	struct nt_buf clean;   /* the text with bytes that are not UTF-8 replaced */
};

int nt_cutter_init(struct nt_cutter *c, const struct nt_pattern *split);
void nt_cutter_release(struct nt_cutter *c); /* harmless twice */

/* text[len] must stay until its last piece has been taken. */
int nt_cutter_begin(struct nt_cutter *c, const void *text, size_t len);

/* The next piece is [*start, *end) of the text: 1, or 0 at its end, or < 0. */
int nt_cutter_next(struct nt_cutter *c, size_t *start, size_t *end);

/*
 * The ends of the next pieces, counted from *from (an offset in the text): *n of them, at
 * most cap, which is 64 or more. 1, or 0 at the text's end, or < 0.
 */
int nt_cutter_batch(struct nt_cutter *c, size_t *from, uint32_t *end, size_t cap, size_t *n);

/* The matchers by hand, and the length of 's 't 'm 'd 're 've 'll at `at` < len, or 0. */
nt_next_fn nt_next_gpt2, nt_next_cl100k, nt_next_qwen2, nt_next_o200k, nt_next_deepseek;
size_t nt_contraction(const uint8_t *text, size_t at, size_t len, bool folds);

/* window_*.c: for each instruction set */
extern nt_cut_fn *const nt_window_ref[NT_RULE_COUNT];
#ifdef NT_HAS_WIDE
extern nt_cut_fn *const nt_window_avx2[NT_RULE_COUNT];
#endif

/* dialect.c: an expression of tokenizer.json as PCRE2's, NUL included; NT_EARG names what
 * cannot be said there */
int nt_regex_translate(struct nt_buf *out, const char *regex);

/* split_regex.c: begin, next and the rest by PCRE2 */
int nt_regex_compile(void **code, const char *regex);
void nt_regex_free(void *code);
bool nt_regex_matches_nothing(const void *code); /* may its match be of no bytes? */
int nt_regex_init(struct nt_cutter *c);
void nt_regex_release(struct nt_cutter *c);
int nt_regex_begin(struct nt_cutter *c);
int nt_regex_next(struct nt_cutter *c, size_t *start, size_t *end);
/* The first match at `from` or behind it, maybe of nothing: 1, or 0, or < 0. */
int nt_regex_search(const struct nt_cutter *c, size_t from, size_t *start, size_t *end);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FILTER_JUDGE_H
#define FILTER_JUDGE_H
/*
 * judge.h - a document before its judge
 *
 * Each family of rules is a function: false once one of its rules has dropped the document.
 * What several of them need is measured when the first one asks.
 */
#include "filter/rules.h"
#include "filter/signs.h"
#include "filter/words.h"
#include "nt/mem.h"

/* Lines as "\n" parts them, and paragraphs, counted in one pass (lines.c). */
struct nt_line_counts {
	size_t n_feed;                              /* "\n" */
	size_t n_line, n_final, n_short, dup_chars; /* lines that are not blank (FineWeb) */
	size_t n_run, n_dup_run, dup_run_chars;     /* lines that are not empty (Gopher) */
	size_t n_para, n_dup_para, dup_para_chars;
};

/* A set of hashes of the document at hand, which does not grow. */
struct nt_seen {
	uint64_t *slot; /* [size], 0: free */
	size_t size, cap;
};

struct nt_judge {
	const struct nt_filter *f;
	const uint8_t *text; /* [len], UTF-8, padded (words.h): in `copy` */
	size_t len, chars;
	bool is_ascii;
	struct nt_verdict *verdict;

	struct nt_buf copy;
	struct nt_words words;
	struct nt_line_counts lines;
	bool has_words, has_lines;

	struct nt_buf line;         /* one without citations ... */
	struct nt_words line_words; /* ... and its words */
	struct nt_seen seen;
	int rc; /* NT_ESYS: no memory on the way; the verdict is none */
};

static inline bool nt_rule_on(const struct nt_judge *j, int rule)
{
	return j->f->on[rule];
}

static inline size_t nt_judge_chars(const struct nt_judge *j, const uint8_t *text, size_t len)
{
	return j->is_ascii ? len : nt_count_chars(text, len);
}

/* Does the rule, if it is on, drop a document that measures `value`? Notes it in the verdict. A
 * NAN, a share of nothing, drops none. */
bool nt_rule_drops(struct nt_judge *j, int rule, double value);

bool nt_gopher_quality(struct nt_judge *j);
bool nt_gopher_repetition(struct nt_judge *j);
bool nt_c4(struct nt_judge *j);
bool nt_mc4(struct nt_judge *j);
bool nt_fineweb(struct nt_judge *j);

/* Empties it, with room for len bytes and what nt_words_cut wants to see behind them. */
int nt_judge_reserve(struct nt_buf *text, size_t len);
/* Puts that there. */
void nt_judge_pad(struct nt_buf *text);

/* Measures, once; false: no memory. */
bool nt_judge_words(struct nt_judge *j);
/* Hands them to `take`, a block at a time (words.h). */
bool nt_judge_show(struct nt_judge *j, void (*take)(void *arg, const struct nt_words *w), void *arg);
bool nt_judge_lines(struct nt_judge *j);

/* Empties the set for n members at most; false: no memory. */
bool nt_seen_reset(struct nt_seen *s, size_t n);
/* Makes `size` slots that are free. */
bool nt_seen_clear(struct nt_seen *s, size_t size);
void nt_seen_release(struct nt_seen *s);

/* Where a hash stands if nothing else does. */
static inline size_t nt_seen_home(const struct nt_seen *s, uint64_t hash)
{
	return (size_t)((unsigned __int128)hash * s->size >> 64);
}

/* The place of a hash, which is entered if it was not there: *is_new. */
static inline size_t nt_seen_find(struct nt_seen *s, uint64_t hash, bool *is_new)
{
	size_t i;
	hash |= hash == 0;
	for (i = nt_seen_home(s, hash); s->slot[i] && s->slot[i] != hash; i = i + 1 < s->size ? i + 1 : 0)
		;
	*is_new = s->slot[i] == 0;
	s->slot[i] = hash;
	return i;
}

static inline bool nt_seen_before(struct nt_seen *s, uint64_t hash)
{
	bool is_new;
	nt_seen_find(s, hash, &is_new);
	return !is_new;
}

#endif

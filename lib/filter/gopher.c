/* SPDX-License-Identifier: MIT */
/*
 * gopher.c - Gopher's rules about quality
 *
 * Rae and others 2021, arXiv:2112.11446, table A1 and section A1.1, as datatrove's
 * GopherQualityFilter has them.
 */
#include <string.h>

#include "filter/judge.h"
#include "filter/signs.h"

static bool ends_with_ellipsis(const uint8_t *text, size_t len)
{
	return len >= 3 && (memcmp(text + len - 3, "...", 3) == 0 || memcmp(text + len - 3, "\u2026", 3) == 0);
}

/* "#", and "..." and U+2026, of which no part is counted twice. */
struct sign_counts {
	size_t n_hash, n_ellipsis;
};

enum { BLOCK = 64 };

/* Counts those that begin in a block of text, from `from` on; returns how far the last runs out of it. */
static size_t count_ellipses(struct sign_counts *n, const uint8_t *text, size_t from)
{
	for (; from < BLOCK; from++)
		if (ends_with_ellipsis(text, from + 3)) {
			n->n_ellipsis++;
			from += 2;
		}
	return from - BLOCK;
}

/* Two full stops are enough to look closer at a block; nothing behind the text is a sign (words.h). */
static struct sign_counts count_signs(const uint8_t *text, size_t len)
{
	struct sign_counts n = {0};
	for (size_t at = 0, from = 0; at < len; at += BLOCK) {
		const uint8_t *t = text + at;
		uint8_t n_hash = 0, any = 0;
		for (size_t i = 0; i < BLOCK; i++) {
			n_hash = (uint8_t)(n_hash + (t[i] == '#'));
			any |= (uint8_t)((t[i] == '.') & (t[i + 1] == '.'));
			any |= (uint8_t)((t[i] == 0xe2) & (t[i + 2] == 0xa6));
		}
		n.n_hash += n_hash;
		from = any ? count_ellipses(&n, t, from) : 0;
	}
	return n;
}

static bool begins_with_bullet(const uint8_t *text, size_t len)
{
	return len && (*text == '-' || (len >= 3 && memcmp(text, "\u2022", 3) == 0));
}

/* How many lines begin with a bullet, and end with an ellipsis. */
struct line_signs {
	const uint8_t *text;
	size_t n_bullet, n_ellipsis;
};

static void count_lines(void *arg, const struct nt_words *w)
{
	struct line_signs *n = arg;
	for (size_t i = 0; i < w->n_line; i++) {
		size_t start = w->line[i].start, end = w->line[i].end;
		nt_strip(n->text, &start, &end);
		n->n_bullet += begins_with_bullet(n->text + start, end - start);
		n->n_ellipsis += ends_with_ellipsis(n->text + start, end - start);
	}
}

bool nt_gopher_quality(struct nt_judge *j)
{
	const struct nt_words *w = &j->words;
	struct sign_counts signs;
	struct line_signs in_lines = {.text = j->text};
	if (!nt_judge_words(j))
		return false;
	double n = (double)w->all_words, real = (double)w->n_real, length = (double)w->real_chars / real;
	if (nt_rule_drops(j, NT_R_SHORT_DOC, real) || nt_rule_drops(j, NT_R_LONG_DOC, real) ||
	    nt_rule_drops(j, NT_R_SHORT_WORDS, length) || nt_rule_drops(j, NT_R_LONG_WORDS, length))
		return false;
	signs = count_signs(j->text, j->len);
	if (nt_rule_drops(j, NT_R_HASHES, (double)signs.n_hash / n) ||
	    nt_rule_drops(j, NT_R_ELLIPSES, (double)signs.n_ellipsis / n))
		return false;
	if (!nt_judge_show(j, count_lines, &in_lines))
		return false;
	double lines = (double)w->all_lines;
	return !nt_rule_drops(j, NT_R_BULLETS, (double)in_lines.n_bullet / lines) &&
	       !nt_rule_drops(j, NT_R_END_ELLIPSES, (double)in_lines.n_ellipsis / lines) &&
	       !nt_rule_drops(j, NT_R_ALPHA, (double)w->n_letter / n) &&
	       !nt_rule_drops(j, NT_R_STOP_WORDS, __builtin_popcount(w->stop_words));
}

/* SPDX-License-Identifier: MIT */
/*
 * lines.c - lines and paragraphs, how they end and how often they come; FineWeb's rules
 *
 * Penedo and others 2024, arXiv:2406.17557, as datatrove's FineWebQualityFilter has them, and
 * what Gopher's rules about repetition need. A line is one hash of 64 bits: that two
 * different lines of a document have the same is not to be expected.
 */
#include <stdlib.h>
#include <string.h>

#include "filter/judge.h"
#include "filter/signs.h"
#include "nt/err.h"
#include "nt/hash.h"

bool nt_seen_clear(struct nt_seen *s, size_t size)
{
	if (size > s->cap) {
		nt_seen_release(s);
		if (!(s->slot = nt_alloc(size, sizeof(*s->slot))))
			return false;
		s->cap = size;
	}
	s->size = size;
	memset(s->slot, 0, size * sizeof(*s->slot));
	return true;
}

/* Half of the slots stay free, of many an eighth: they may be one for each byte of the text. */
bool nt_seen_reset(struct nt_seen *s, size_t n)
{
	return nt_seen_clear(s, n + (n < 1 << 18 ? n : n / 7) + 16);
}

void nt_seen_release(struct nt_seen *s)
{
	free(s->slot);
	*s = (struct nt_seen){0};
}

static size_t count_feeds(const uint8_t *text, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

/* A line that is not empty. */
static void count_line(struct nt_judge *j, const uint8_t *text, size_t len)
{
	struct nt_line_counts *c = &j->lines;
	size_t start = 0, end = len, chars = nt_judge_chars(j, text, len);
	bool is_dup = nt_seen_before(&j->seen, nt_hash64(text, len));
	uint32_t last = 0;
	c->n_run++;
	c->n_dup_run += is_dup;
	c->dup_run_chars += is_dup ? chars : 0;
	nt_strip(text, &start, &end);
	if (start == end)
		return;
	nt_char_before(text, 0, len, &last);
	c->n_line++;
	c->n_final += nt_sign(last) & NT_SIGN_FINAL ? 1 : 0;
	c->n_short += (double)chars <= j->f->value[NT_R_SHORT_LINE_LENGTH];
	c->dup_chars += is_dup ? chars : 0;
}

static void count_lines(struct nt_judge *j)
{
	const uint8_t *at = j->text, *end = j->text + j->len, *feed;
	for (; at < end; at = feed + 1) {
		feed = memchr(at, '\n', (size_t)(end - at));
		feed = feed ? feed : end;
		if (feed > at)
			count_line(j, at, (size_t)(feed - at));
	}
	/* Gopher's lines stand between runs of feeds; the text's ends are there even if empty */
	bool first = j->len == 0 || *j->text == '\n', last = j->len && end[-1] == '\n';
	j->lines.n_run += (size_t)first + last;
	j->lines.n_dup_run += first && last;
}

/* Where the paragraph at `at` ends: in front of two feeds, or at the end. */
static const uint8_t *paragraph_end(const uint8_t *at, const uint8_t *end)
{
	const uint8_t *feed = at;
	while (feed < end && (feed = memchr(feed, '\n', (size_t)(end - feed)))) {
		if (feed + 1 < end && feed[1] == '\n')
			return feed;
		feed++;
	}
	return end;
}

static void count_paragraphs(struct nt_judge *j)
{
	size_t start = 0, stop = j->len;
	nt_strip(j->text, &start, &stop);
	const uint8_t *at = j->text + start, *end = j->text + stop;
	do {
		const uint8_t *p = paragraph_end(at, end);
		bool is_dup = nt_seen_before(&j->seen, nt_hash64(at, (size_t)(p - at)));
		j->lines.n_para++;
		j->lines.n_dup_para += is_dup;
		j->lines.dup_para_chars += is_dup ? nt_judge_chars(j, at, (size_t)(p - at)) : 0;
		for (at = p; at < end && *at == '\n'; at++)
			;
	} while (at < end);
}

bool nt_judge_lines(struct nt_judge *j)
{
	if (j->has_lines)
		return true;
	j->has_lines = true;
	j->lines = (struct nt_line_counts){.n_feed = count_feeds(j->text, j->len)};
	size_t most = j->len / 2 + 1; /* empty lines do not enter the set */
	if (!nt_seen_reset(&j->seen, j->lines.n_feed < most ? j->lines.n_feed + 1 : most)) {
		j->rc = NT_ESYS;
		return false;
	}
	count_lines(j);
	nt_seen_clear(&j->seen, j->seen.size);
	count_paragraphs(j);
	return true;
}

bool nt_fineweb(struct nt_judge *j)
{
	const struct nt_line_counts *c = &j->lines;
	if (!nt_judge_lines(j) || !nt_judge_words(j) || nt_rule_drops(j, NT_R_EMPTY, c->n_line == 0))
		return false;
	double n = (double)c->n_line;
	return !nt_rule_drops(j, NT_R_LINE_PUNCT, (double)c->n_final / n) &&
	       !nt_rule_drops(j, NT_R_SHORT_LINES, (double)c->n_short / n) &&
	       !nt_rule_drops(j, NT_R_CHAR_DUP, (double)c->dup_chars / (double)(j->chars - c->n_feed)) &&
	       !nt_rule_drops(j, NT_R_LIST, (double)c->n_feed / (double)j->words.all_words);
}

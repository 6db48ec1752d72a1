/* SPDX-License-Identifier: MIT */
/*
 * c4.c - C4's rules, and mC4's about paragraphs
 *
 * Raffel and others 2020, JMLR 21(140), section 2.2; Xue and others 2021, as datatrove's
 * C4QualityFilter and C4ParagraphFilter have them. C4 takes lines out of a page and judges what
 * is left by its sentences. Our text stays whole: lines that C4 would take out do not count.
 */
#include <string.h>

#include "filter/judge.h"
#include "filter/letters.h"
#include "filter/phrase.h"
#include "filter/signs.h"
#include "nt/err.h"

/* Bytes of the citation at text[0] == '[': [1] [] [edit] [citation needed]; or 0. */
static size_t citation(const uint8_t *text, size_t len)
{
	static const char *const word[] = {"[edit]", "[citation needed]"};
	size_t n = 1;
	while (n < len && text[n] >= '0' && text[n] <= '9')
		n++;
	if (n < len && text[n] == ']')
		return n + 1;
	for (size_t i = 0; i < sizeof(word) / sizeof(*word); i++)
		if (len >= strlen(word[i]) && memcmp(text, word[i], strlen(word[i])) == 0)
			return strlen(word[i]);
	return 0;
}

/* A line as the rules see it. */
struct view {
	const uint8_t *text;
	size_t len;
	bool is_cut; /* citations are gone: the judge's own copy */
};

static bool without_citations(struct nt_judge *j, struct view *v)
{
	const uint8_t *at = memchr(v->text, '[', v->len), *end = v->text + v->len, *from = v->text;
	if (at && nt_judge_reserve(&j->line, v->len) < 0)
		return false;
	for (size_t n; at; at = at + n < end ? memchr(at + n, '[', (size_t)(end - at) - n) : NULL) {
		n = citation(at, (size_t)(end - at));
		if (n) {
			nt_buf_add(&j->line, from, (size_t)(at - from));
			from = at + n;
		}
		n = n ? n : 1;
	}
	if (from == v->text)
		return true;
	nt_buf_add(&j->line, from, (size_t)(end - from));
	nt_judge_pad(&j->line);
	*v = (struct view){j->line.data, j->line.len, true};
	return true;
}

static bool ends_sentence(const struct view *v)
{
	if (v->len == 0 || (v->len >= 3 && memcmp(v->text + v->len - 3, "...", 3) == 0))
		return false;
	uint8_t c = v->text[v->len - 1];
	return c == '.' || c == '?' || c == '!' || c == '"' || c == '\'';
}

/* How many runs of characters that are no space are in text[start, end): at least `enough` of them. */
static size_t count_chunks(const uint8_t *text, size_t start, size_t end, double enough)
{
	struct nt_kinds k;
	size_t n, len = end - start;
	nt_kinds_of(&k, text + start);
	uint64_t begins = ~k.space & (k.space << 1 | 1) & (len < 64 ? (UINT64_C(1) << len) - 1 : ~UINT64_C(0));
	n = (size_t)__builtin_popcountll(begins);
	if (!(k.other | k.high) && ((double)n >= enough || len <= 64))
		return n;
	bool in_chunk = false;
	n = 0;
	for (size_t i = start; i < end && (double)n < enough; i++) {
		if ((text[i] & 0xc0) == 0x80)
			continue;
		bool is_space = nt_is_space_at(text + i);
		n += !is_space && !in_chunk;
		in_chunk = !is_space;
	}
	return n;
}

/* Has one of them more than `most` characters? */
static bool has_longer(const uint8_t *text, size_t start, size_t end, double most)
{
	size_t chars = 0;
	if ((double)(end - start) <= most)
		return false;
	for (size_t i = start; i < end && (double)chars <= most; i++) {
		if ((text[i] & 0xc0) == 0x80)
			continue;
		chars = nt_is_space_at(text + i) ? 0 : chars + 1;
	}
	return (double)chars > most;
}

/* Sentences, as spaCy's sentencizer counts them: one begins with the first word that is no
 * punctuation behind a full stop. No words are one sentence. */
struct sentences {
	size_t n; /* that others begin behind */
	bool has_stop;
};

/* Goes on with those of words [first, last) that are fresh in the block. */
static void read_words(struct sentences *s, const struct nt_words *w, size_t first, size_t last)
{
	for (size_t i = first > w->fresh ? first : w->fresh; i < last; i++) {
		uint64_t flags = nt_words_at(w, i)->key;
		if (flags & NT_WORD_ENDS) {
			s->has_stop = true;
		} else if (s->has_stop && !(flags & NT_WORD_IS_PUNCT)) {
			s->n++;
			s->has_stop = false;
		}
	}
}

static void read_block(void *arg, const struct nt_words *w)
{
	read_words(arg, w, w->fresh, w->first + w->n);
}

static size_t count_sentences(struct nt_judge *j, const struct view *v)
{
	struct sentences s = {0};
	if (nt_words_cut(&j->line_words, v->text, v->len) < 0 ||
	    nt_words_show(&j->line_words, v->text, v->len, read_block, &s) < 0)
		j->rc = NT_ESYS;
	return s.n + 1;
}

/* Does the line count? *v: as the rules see it; *drops: the whole document goes. */
static bool keeps_line(struct nt_judge *j, const struct nt_line *line, struct view *v, bool *drops)
{
	size_t start = line->start, end = line->end;
	if (nt_rule_on(j, NT_R_TOO_LONG_WORD) &&
	    has_longer(j->text, start, end, j->f->value[NT_R_TOO_LONG_WORD]))
		return false;
	nt_strip(j->text, &start, &end);
	*v = (struct view){j->text + start, end - start, false};
	if (!without_citations(j, v)) {
		j->rc = NT_ESYS;
		return false;
	}
	if (nt_rule_on(j, NT_R_NO_TERMINAL) && !ends_sentence(v))
		return false;
	double few = j->f->value[NT_R_TOO_FEW_WORDS];
	if (nt_rule_on(j, NT_R_TOO_FEW_WORDS) && (double)count_chunks(j->text, start, end, few) < few)
		return false;
	unsigned found = nt_phrases(v->text, v->len);
	if ((*drops = nt_rule_drops(j, NT_R_LOREM_IPSUM, found & NT_PHRASE_LOREM ? 1 : 0)))
		return false;
	if (nt_rule_on(j, NT_R_JAVASCRIPT) && found & NT_PHRASE_JAVASCRIPT)
		return false;
	if ((*drops = nt_rule_drops(j, NT_R_CURLY_BRACKET, v->len && memchr(v->text, '{', v->len) ? 1 : 0)))
		return false;
	return !(nt_rule_on(j, NT_R_POLICY) && found & NT_PHRASE_POLICY);
}

/* A page, read line by line. */
struct page {
	struct nt_judge *j;
	size_t n;              /* sentences in the lines that are left */
	struct sentences open; /* in the line that goes on, up to this block */
	bool drops;
};

static void read_lines(void *arg, const struct nt_words *w)
{
	struct page *p = arg;
	struct view v;
	for (size_t i = 0; i < w->n_line && !p->drops && p->j->rc == 0; i++) {
		if (keeps_line(p->j, &w->line[i], &v, &p->drops)) {
			if (!v.is_cut)
				read_words(&p->open, w, w->line[i].word, w->line[i + 1].word);
			p->n += v.is_cut ? count_sentences(p->j, &v) : p->open.n + 1;
		}
		p->open = (struct sentences){0};
	}
	read_words(&p->open, w, w->line[w->n_line].word, w->first + w->n);
}

bool nt_c4(struct nt_judge *j)
{
	struct page p = {.j = j};
	return nt_judge_show(j, read_lines, &p) && !p.drops &&
	       !nt_rule_drops(j, NT_R_TOO_FEW_SENTENCES, (double)p.n);
}

bool nt_mc4(struct nt_judge *j)
{
	size_t n = 0;
	const uint8_t *at = j->text, *end = j->text + j->len, *feed;
	for (; at < end; at = feed + 1) {
		feed = memchr(at, '\n', (size_t)(end - at));
		feed = feed ? feed : end;
		n += (double)nt_judge_chars(j, at, (size_t)(feed - at)) >= j->f->value[NT_R_PARAGRAPH_LENGTH];
	}
	return !nt_rule_drops(j, NT_R_TOO_FEW_PARAGRAPHS, (double)n);
}

/* SPDX-License-Identifier: MIT */
/*
 * repeat.c - Gopher's rules about repetition
 *
 * Rae and others 2021, table A1, as datatrove's GopherRepetitionFilter has them: of n words, how
 * much of the text is the commonest run, or in runs that came before.
 *
 * Nine counts of runs cost nine tables. Nearly every text is far from every threshold, so one
 * pass finds bounds first. A run of n >= 5 that came before holds n - 4 runs of five that did,
 * one behind the other: what these cover is no less than what runs of n cover. A run of 2, 3 or 4
 * that comes often
 * begins with a pair that comes as often: characters of the four words at each pair, added up
 * by the pair's hash, are no less than those of any such run. A rule counts only where
 * its bound is beyond the threshold. Two runs are the same if their words are; datatrove joins
 * the words of longer ones first, so that "a bc" is "ab c" to it.
 */
#include <string.h>

#include "filter/judge.h"
#include "filter/special.h"
#include "nt/err.h"

enum { TOP_MOST = 4, DUP_LEAST = 5, DUP_MOST = 10, N_DUP = DUP_MOST - DUP_LEAST + 1, PAIRS = 512 };

static bool no_memory(struct nt_judge *j)
{
	j->rc = NT_ESYS;
	return false;
}

/* A hash of words i to i + n. */
static inline uint64_t run_hash(const struct nt_word *word, size_t n)
{
	static const uint64_t odd[] = {
		UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xff51afd7ed558ccd), UINT64_C(0xc4ceb9fe1a85ec53),
		UINT64_C(0xd6e8feb86659fd93), UINT64_C(0x9fb21c651e98df25), UINT64_C(0xbf58476d1ce4e5b9),
		UINT64_C(0x94d049bb133111eb), UINT64_C(0xa0761d6478bd642f), UINT64_C(0xe7037ed1a0b428db),
		UINT64_C(0x8ebc6af09c88c6e3),
	};
	uint64_t sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += word[i].key * odd[i];
	return sum ^ sum >> 29;
}

/* No run of 2 to 4 words has more characters in all its places. */
static size_t top_bound(const struct nt_words *w)
{
	size_t sum[PAIRS] = {0}, most = 0;
	size_t i = 0;
	for (; i + TOP_MOST <= w->n; i++)
		sum[run_hash(&w->word[i], 2) % PAIRS] += nt_words_chars(w, i, TOP_MOST) + TOP_MOST - 1;
	for (; i + 1 < w->n; i++)
		sum[run_hash(&w->word[i], 2) % PAIRS] += nt_words_chars(w, i, w->n - i) + TOP_MOST - 1;
	for (i = 0; i < PAIRS; i++)
		most = sum[i] > most ? sum[i] : most;
	return most;
}

/* Sets two bits that a hash tells in one integer of a Bloom filter; were they set? That they
 * were by chance makes a bound higher, and is rare: there are 32 bits for each run. */
static inline bool was_there(uint64_t *filter, size_t mask, uint64_t hash)
{
	uint64_t *bits = &filter[hash >> 40 & mask];
	uint64_t two = UINT64_C(1) << (hash >> 28 & 63) | UINT64_C(1) << (hash >> 34 & 63);
	bool is_old = (*bits & two) == two;
	*bits |= two;
	return is_old;
}

/* What runs of each length that came before cover at most. */
struct cover {
	size_t chars[N_DUP];
	size_t end[N_DUP]; /* words in front of it are counted */
};

/* Words up to `end` are in n_dup runs of DUP_LEAST that came before, one behind the other. */
static void add_cover(struct cover *c, const struct nt_words *w, size_t end, size_t n_dup)
{
	for (size_t i = 0; i < N_DUP && i < n_dup; i++) {
		size_t first = end - DUP_LEAST - i;
		first = first > c->end[i] ? first : c->end[i];
		c->chars[i] += nt_words_chars(w, first, end - first);
		c->end[i] = end;
	}
}

static bool find_cover(struct nt_judge *j, struct cover *c)
{
	const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15), odd_5 = odd * odd * odd * odd * odd;
	const struct nt_words *w = &j->words;
	size_t size = 16, n_dup = 0;
	uint64_t hash = 0; /* a polynomial of five keys, which rolls */
	*c = (struct cover){0};
	while (size < w->n / 2)
		size *= 2;
	if (nt_grow(&j->seen.slot, &j->seen.cap, size, sizeof(*j->seen.slot)) < 0)
		return no_memory(j);
	memset(j->seen.slot, 0, size * sizeof(*j->seen.slot));
	for (size_t i = 0; i < w->n; i++) {
		hash = hash * odd + w->word[i].key;
		if (i >= DUP_LEAST)
			hash -= w->word[i - DUP_LEAST].key * odd_5;
		if (i + 1 < DUP_LEAST || !was_there(j->seen.slot, size - 1, hash)) {
			n_dup = 0;
			continue;
		}
		add_cover(c, w, i + 1, ++n_dup);
	}
	return true;
}

/* Characters of the commonest run of n words, times how often it comes; of several as common, the
 * one that comes first. */
static bool top_chars(struct nt_judge *j, size_t n, size_t *chars)
{
	const struct nt_words *w = &j->words;
	size_t most = 0, first = 0;
	bool is_new;
	if (!nt_seen_reset(&j->seen, w->n) || nt_grow(&j->count, &j->count_cap, j->seen.mask + 1, sizeof(*j->count)) < 0)
		return no_memory(j);
	for (size_t i = 0; i + n <= w->n; i++) {
		size_t slot = nt_seen_find(&j->seen, run_hash(&w->word[i], n), &is_new);
		j->count[slot] = is_new ? 1 : j->count[slot] + 1;
		most = j->count[slot] > most ? j->count[slot] : most;
	}
	for (size_t i = 0; i + n <= w->n; i++)
		if (j->count[nt_seen_find(&j->seen, run_hash(&w->word[i], n), &is_new)] == most) {
			first = i;
			break;
		}
	*chars = w->n < n ? 0 : (nt_words_chars(w, first, n) + n - 1) * most;
	return true;
}

/* Characters of runs of n words that came before, none counted twice. */
static bool dup_chars(struct nt_judge *j, size_t n, size_t *chars)
{
	const struct nt_words *w = &j->words;
	*chars = 0;
	if (!nt_seen_reset(&j->seen, w->n))
		return no_memory(j);
	for (size_t i = 0; i + n <= w->n;) {
		bool is_dup = nt_seen_before(&j->seen, run_hash(&w->word[i], n));
		*chars += is_dup ? nt_words_chars(w, i, n) : 0;
		i += is_dup ? n : 1;
	}
	return true;
}

/* Asks the rule about runs of n words, unless the bound says that it keeps the document. */
static bool keeps(struct nt_judge *j, int rule, size_t n, size_t bound,
		  bool (*count)(struct nt_judge *j, size_t n, size_t *chars))
{
	double len = (double)j->chars;
	size_t chars;
	if (!nt_rule_on(j, rule) || !((double)bound / len > j->f->value[rule]))
		return true;
	return count(j, n, &chars) && !nt_rule_drops(j, rule, (double)chars / len);
}

static bool keeps_runs(struct nt_judge *j)
{
	struct cover cover;
	if (!nt_judge_words(j))
		return false;
	size_t bound = top_bound(&j->words);
	for (int n = 2; n <= TOP_MOST; n++)
		if (!keeps(j, NT_R_TOP_2 + n - 2, (size_t)n, bound, top_chars))
			return false;
	if (!find_cover(j, &cover))
		return false;
	for (int i = 0; i < N_DUP; i++)
		if (!keeps(j, NT_R_DUP_5 + i, (size_t)(DUP_LEAST + i), cover.chars[i], dup_chars))
			return false;
	return true;
}

bool nt_gopher_repetition(struct nt_judge *j)
{
	const struct nt_line_counts *c = &j->lines;
	double len = (double)j->chars;
	if (!nt_judge_lines(j) ||
	    nt_rule_drops(j, NT_R_DUP_PARA, (double)c->n_dup_para / (double)c->n_para) ||
	    nt_rule_drops(j, NT_R_DUP_PARA_CHAR, (double)c->dup_para_chars / len) ||
	    nt_rule_drops(j, NT_R_DUP_LINE, (double)c->n_dup_run / (double)c->n_run) ||
	    nt_rule_drops(j, NT_R_DUP_LINE_CHAR, (double)c->dup_run_chars / len))
		return false;
	return keeps_runs(j);
}

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

enum { TOP_MOST = 4, DUP_LEAST = 5, DUP_MOST = 10, N_DUP = DUP_MOST - DUP_LEAST + 1, PAIRS = 512, FEW = 1 << 18 };

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

/* Characters of four words at each pair, added up by the pair's hash. */
struct pair_sums {
	size_t sum[PAIRS];
	size_t at; /* the next pair */
	size_t n_word;
};

static void add_pairs(void *arg, const struct nt_words *w)
{
	struct pair_sums *s = arg;
	size_t i = s->at, end = w->first + w->n;
	for (; i + TOP_MOST <= end; i++)
		s->sum[run_hash(nt_words_at(w, i), 2) % PAIRS] += nt_words_chars(w, i, TOP_MOST) + TOP_MOST - 1;
	for (; i + 1 < end && end == s->n_word; i++)
		s->sum[run_hash(nt_words_at(w, i), 2) % PAIRS] += nt_words_chars(w, i, end - i) + TOP_MOST - 1;
	s->at = i;
}

/* No run of 2 to 4 words has more characters in all its places. */
static bool top_bound(struct nt_judge *j, size_t *most)
{
	struct pair_sums s = {.n_word = j->words.all_words};
	if (!nt_judge_show(j, add_pairs, &s))
		return false;
	*most = 0;
	for (size_t i = 0; i < PAIRS; i++)
		*most = s.sum[i] > *most ? s.sum[i] : *most;
	return true;
}

/* Sets two bits that a hash tells in one integer of a Bloom filter; were they set? That they
 * were by chance makes a bound higher, and is rare: there are 32 bits for each run. */
static inline bool was_there(const struct nt_seen *filter, uint64_t hash)
{
	uint64_t *bits = &filter->slot[nt_seen_home(filter, hash)];
	uint64_t two = UINT64_C(1) << (hash >> 28 & 63) | UINT64_C(1) << (hash >> 34 & 63);
	bool is_old = (*bits & two) == two;
	*bits |= two;
	return is_old;
}

/* What runs of each length that came before cover at most. */
struct cover {
	size_t chars[N_DUP];
	size_t end[N_DUP]; /* words in front of it are counted */
	const struct nt_seen *filter;
	uint64_t hash; /* a polynomial of five keys, which rolls */
	size_t n_dup;
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

static void cover_block(void *arg, const struct nt_words *w)
{
	const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15), odd_5 = odd * odd * odd * odd * odd;
	struct cover *c = arg;
	const struct nt_seen filter = *c->filter;
	uint64_t hash = c->hash;
	size_t n_dup = c->n_dup;
	for (size_t i = w->fresh; i < w->first + w->n; i++) {
		hash = hash * odd + nt_words_at(w, i)->key;
		if (i >= DUP_LEAST)
			hash -= nt_words_at(w, i - DUP_LEAST)->key * odd_5;
		if (i + 1 < DUP_LEAST || !was_there(&filter, hash)) {
			n_dup = 0;
			continue;
		}
		add_cover(c, w, i + 1, ++n_dup);
	}
	c->hash = hash;
	c->n_dup = n_dup;
}

static bool find_cover(struct nt_judge *j, struct cover *c)
{
	*c = (struct cover){.filter = &j->seen};
	if (!nt_seen_clear(&j->seen, j->words.all_words / 2 + 16))
		return no_memory(j);
	return nt_judge_show(j, cover_block, c);
}

/* Runs of n words, counted. */
struct runs {
	struct nt_seen *seen;
	size_t n, at;         /* words in each; the next one's number */
	size_t n_other, room; /* different ones, and for how many there is room */
	size_t most;          /* how often the commonest comes */
	size_t chars;
};

/* Is run r->at in the block, and was there room for those before? */
static inline bool has_run(const struct runs *r, const struct nt_words *w)
{
	return r->at + r->n <= w->first + w->n && r->n_other <= r->room;
}

/* Hands blocks to `take` with room for few runs, as text has that repeats itself, and if they are more, with
 * room for all. */
static bool read_runs(struct nt_judge *j, struct runs *r, size_t n, void (*take)(void *arg, const struct nt_words *w))
{
	size_t all = j->words.all_words;
	*r = (struct runs){.room = all < FEW ? all : FEW};
	do {
		*r = (struct runs){.seen = &j->seen, .n = n, .room = r->n_other > r->room ? all : r->room};
		if (!nt_seen_reset(&j->seen, r->room))
			return no_memory(j);
		if (!nt_judge_show(j, take, r))
			return false;
	} while (r->n_other > r->room);
	return true;
}

/* In a slot is the lower half of a run's hash, whose upper bits tell the slot, and how often it came. */
static uint32_t count_run(const struct nt_seen *s, uint64_t hash, uint32_t times)
{
	size_t i = nt_seen_home(s, hash);
	while (s->slot[i] && (uint32_t)(s->slot[i] >> 32) != (uint32_t)hash)
		i = i + 1 < s->size ? i + 1 : 0;
	uint32_t count = (uint32_t)s->slot[i] + times;
	s->slot[i] = hash << 32 | count;
	return count;
}

static void count_runs(void *arg, const struct nt_words *w)
{
	struct runs *r = arg;
	for (; has_run(r, w); r->at++) {
		uint32_t count = count_run(r->seen, run_hash(nt_words_at(w, r->at), r->n), 1);
		r->n_other += count == 1;
		r->most = count > r->most ? count : r->most;
	}
}

static void find_commonest(void *arg, const struct nt_words *w)
{
	struct runs *r = arg;
	for (; has_run(r, w) && !r->chars; r->at++)
		if (count_run(r->seen, run_hash(nt_words_at(w, r->at), r->n), 0) == r->most)
			r->chars = (nt_words_chars(w, r->at, r->n) + r->n - 1) * r->most;
}

/* Characters of the commonest run of n words, times how often it comes; of several as common, the
 * one that comes first. */
static bool top_chars(struct nt_judge *j, size_t n, size_t *chars)
{
	struct runs r;
	if (!read_runs(j, &r, n, count_runs))
		return false;
	r.at = 0;
	if (!nt_judge_show(j, find_commonest, &r))
		return false;
	*chars = r.chars;
	return true;
}

static void add_dups(void *arg, const struct nt_words *w)
{
	struct runs *r = arg;
	while (has_run(r, w)) {
		bool is_dup = nt_seen_before(r->seen, run_hash(nt_words_at(w, r->at), r->n));
		r->chars += is_dup ? nt_words_chars(w, r->at, r->n) : 0;
		r->at += is_dup ? r->n : 1;
		r->n_other += !is_dup;
	}
}

/* Characters of runs of n words that came before, none counted twice. */
static bool dup_chars(struct nt_judge *j, size_t n, size_t *chars)
{
	struct runs r;
	if (!read_runs(j, &r, n, add_dups))
		return false;
	*chars = r.chars;
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
	size_t bound;
	if (!nt_judge_words(j) || !top_bound(j, &bound))
		return false;
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

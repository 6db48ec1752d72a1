/* SPDX-License-Identifier: MIT */
/*
 * overlap.c - grams of test texts, looked for in all others
 *
 * A gram is known by 64 bits, a sum of its words' hashes times powers of an odd number, which a
 * window rolls along with two multiplications a word. Test sets are small, and nearly all
 * questions are answered no, by a filter of 2^23 bits, which fits a cache, before the table is
 * asked. Of 10^12 windows, with 10^6 grams to look for, one is found in twenty such runs that
 * is not there: 10^18 / 2^64.
 */
#include "nt/overlap.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/mem.h"

#define P UINT64_C(0x9e3779b97f4a7c15)

enum { FILTER_BITS = 1 << 23, N_LEN = NT_GRAM_WORDS - NT_GRAM_LEAST + 1 };

/* A set of grams. */
struct grams {
	uint64_t *slot; /* [cap], 0: free */
	size_t n, cap;
};

struct nt_overlap {
	struct nt_overlap_options options;
	struct nt_dedup_counts count;
	struct grams grams;
	uint64_t *filter; /* [FILTER_BITS / 64] */
	bool has[N_LEN];  /* grams of NT_GRAM_LEAST + i words */
	struct nt_word_list list;
	struct nt_ids id, unit;
	uint8_t *goes;    /* [n_unit] of the current document */
	size_t cap_goes;
};

int nt_overlap_new(struct nt_overlap **result, const struct nt_overlap_options *options)
{
	struct nt_overlap *o = nt_calloc(1, sizeof(*o));
	*result = o;
	if (!o)
		return NT_ESYS;
	o->options = *options;
	return (o->filter = nt_calloc(FILTER_BITS / 64, sizeof(*o->filter))) ? 0 : NT_ESYS;
}

void nt_overlap_free(struct nt_overlap *o)
{
	if (!o)
		return;
	free(o->grams.slot);
	free(o->filter);
	nt_word_list_release(&o->list);
	nt_ids_release(&o->id);
	nt_ids_release(&o->unit);
	free(o->goes);
	free(o);
}

/* --- grams ----------------------------------------------------------------------- */

/* A window's sum, and how long it is, as one number; never 0. */
static uint64_t finish(uint64_t sum, size_t len)
{
	uint64_t h = (sum ^ sum >> 29) * UINT64_C(0xbf58476d1ce4e5b9) + len;
	h = (h ^ h >> 32) * UINT64_C(0x94d049bb133111eb);
	return (h ^ h >> 29) | 1;
}

static uint64_t *slot_of(const struct grams *g, uint64_t gram)
{
	size_t i = (gram >> 1) & (g->cap - 1);
	while (g->slot[i] && g->slot[i] != gram)
		i = (i + 1) & (g->cap - 1);
	return &g->slot[i];
}

static int make_larger(struct grams *g)
{
	struct grams more = {.cap = g->cap ? 2 * g->cap : 1024, .n = g->n};
	if (!(more.slot = nt_calloc(more.cap, sizeof(*more.slot))))
		return NT_ESYS;
	for (size_t i = 0; i < g->cap; i++)
		if (g->slot[i])
			*slot_of(&more, g->slot[i]) = g->slot[i];
	free(g->slot);
	*g = more;
	return 0;
}

static uint64_t filter_bit(uint64_t gram)
{
	return gram >> 41; /* FILTER_BITS = 2^23 */
}

static int add_gram(struct nt_overlap *o, uint64_t gram)
{
	struct grams *g = &o->grams;
	if (2 * (g->n + 1) > g->cap && make_larger(g) < 0)
		return NT_ESYS;
	uint64_t *slot = slot_of(g, gram), bit = filter_bit(gram);
	g->n += *slot == 0;
	*slot = gram;
	o->filter[bit / 64] |= UINT64_C(1) << bit % 64;
	return 0;
}

static bool has_gram(const struct nt_overlap *o, uint64_t gram)
{
	uint64_t bit = filter_bit(gram);
	return (o->filter[bit / 64] >> bit % 64 & 1) && *slot_of(&o->grams, gram);
}

static uint64_t power(size_t n)
{
	uint64_t p = 1;
	while (n--)
		p *= P;
	return p;
}

/* Calls each with every window of len words, and its first word's number, until it returns not 0. */
static int each_window(const uint64_t *word, size_t n, size_t len,
		       int (*each)(struct nt_overlap *o, uint64_t gram, size_t first, size_t len),
		       struct nt_overlap *o)
{
	uint64_t sum = 0, top = power(len);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		sum = sum * P + word[i];
		if (i >= len)
			sum -= top * word[i - len];
		if (i + 1 >= len)
			rc = each(o, finish(sum, len), i + 1 - len, len);
	}
	return rc;
}

static int learn(struct nt_overlap *o, uint64_t gram, size_t first, size_t len)
{
	(void)first;
	(void)len;
	return add_gram(o, gram);
}

int nt_overlap_against(struct nt_overlap *o, const uint64_t *word, size_t n_word)
{
	size_t len = n_word < NT_GRAM_WORDS ? n_word : NT_GRAM_WORDS;
	if (len < NT_GRAM_LEAST)
		return 0;
	o->has[len - NT_GRAM_LEAST] = true;
	int rc = each_window(word, n_word, len, learn, o);
	return rc < 0 ? rc : 1;
}

int nt_overlap_against_docs(struct nt_overlap *o, struct nt_docs *docs, uint64_t *n, uint64_t *n_short)
{
	struct nt_word_list words = {0};
	struct nt_doc doc;
	int rc;
	*n = *n_short = 0;
	while ((rc = nt_docs_next(docs, &doc)) == 1) {
		if ((rc = nt_words_of_text(&words, doc.text, doc.len)) == 0)
			rc = nt_overlap_against(o, words.hash, words.n);
		if (rc < 0)
			break;
		++*n;
		*n_short += rc == 0;
	}
	nt_word_list_release(&words);
	return rc;
}

uint64_t nt_overlap_n_gram(const struct nt_overlap *o)
{
	return o->grams.n;
}

/* --- documents ------------------------------------------------------------------- */

/* Notes the tokens of a window that a test text has: goes[] is by token here. */
static int look(struct nt_overlap *o, uint64_t gram, size_t first, size_t len)
{
	if (has_gram(o, gram))
		memset(o->goes + o->list.first[first], 1,
		       o->list.end[first + len - 1] - o->list.first[first]);
	return 0;
}

static int find(struct nt_overlap *o, const struct nt_tokens *doc)
{
	int rc = nt_words_of_with_places(o->options.words, &o->list, doc->id, doc->n);
	if (rc == 0)
		rc = nt_grow(&o->goes, &o->cap_goes, doc->n, 1);
	if (rc < 0)
		return rc;
	memset(o->goes, 0, doc->n);
	for (size_t i = 0; i < N_LEN; i++)
		if (o->has[i])
			each_window(o->list.hash, o->list.n, NT_GRAM_LEAST + i, look, o);
	return 0;
}

static int keep(struct nt_overlap *o, const struct nt_tokens *doc)
{
	size_t at = 0;
	bool any = memchr(o->goes, 1, doc->n) != NULL;
	for (size_t u = 0; u < doc->n_unit; at += doc->unit[u++]) {
		uint32_t n = doc->unit[u];
		bool goes = o->options.by_document ? any : n && memchr(o->goes + at, 1, n);
		o->count.repeated += goes && (!o->options.by_document || u == 0);
		if (!goes && n && (nt_ids_add(&o->id, doc->id + at, n) < 0 || nt_ids_add(&o->unit, &n, 1) < 0))
			return NT_ESYS;
		for (size_t i = 0; goes && o->options.token && i < n; i++)
			o->count.dropped_bytes += o->options.token[doc->id[at + i]].bytes;
	}
	return o->id.n > 0;
}

int nt_overlap_next(struct nt_overlap *o, struct nt_tokens *kept, const struct nt_tokens *doc)
{
	int rc = 1;
	nt_stream_count(&o->count.in, doc);
	*kept = *doc;
	o->id.n = o->unit.n = 0;
	o->count.compared += o->options.by_document ? 1 : doc->n_unit;
	if (doc->n && (rc = find(o, doc)) == 0) {
		rc = keep(o, doc);
		*kept = (struct nt_tokens){
			.id = o->id.id, .n = o->id.n, .unit = o->unit.id, .n_unit = o->unit.n};
	}
	if (rc == 1)
		nt_stream_count(&o->count.kept, kept);
	return rc;
}

const struct nt_dedup_counts *nt_overlap_counts(const struct nt_overlap *o)
{
	return &o->count;
}

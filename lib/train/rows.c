/* SPDX-License-Identifier: MIT */
/*
 * rows.c - the plan of all rows, made once, and a row's tokens when its time has come
 *
 * The plan is a table of spans, 24 bytes each: which tokens, in which row, at which
 * column. It is a pure function of the data and of T. Tokens are read from the mapped
 * file when a step needs them, so data larger than memory trains.
 *
 * What is held out must never be trained on, and a run that is begun again must hold
 * out the same: so content decides. A document is held out if the hash of its ids
 * falls below the share wanted, so that copies of it share its fate and it stays held
 * out as the corpus grows. Where the documents are too few for that to come near the
 * share, pieces (or packed rows) take their place, those with the smallest hashes,
 * copies together.
 */
#include "train/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/hash.h"
#include "nt/mem.h"
#include "nt/model.h"
#include "nt/random.h"

/* --- filling --------------------------------------------------------------------- */

uint64_t nt_rows_order(const struct nt_rows *r, uint64_t seed, uint64_t k)
{
	if (r->n_window)
		return nt_random_below(seed, NT_RANDOM_WINDOW, k, r->n_window);
	uint64_t epoch_seed = nt_random_u64(seed, NT_RANDOM_ROWS, k / r->n_row);
	return nt_random_permute(epoch_seed, NT_RANDOM_ROWS, r->n_row, k % r->n_row);
}

static int fill_span(const struct nt_rows *r, const struct nt_span *s, uint32_t *input,
		     uint32_t *target, uint32_t *start)
{
	uint32_t bos = r->corpus->ident->bos;
	int rc = nt_corpus_read(r->corpus, s->token, 1, input + s->col);
	if (rc < 0 || (rc = nt_corpus_read(r->corpus, s->token + 1, s->n, target + s->col)) < 0)
		return rc;
	memcpy(input + s->col + 1, target + s->col, (s->n - 1) * sizeof(*input));
	int n_target = 0;
	for (uint32_t i = s->col; i < s->col + s->n; i++) {
		start[i] = s->col;
		if (i - s->col < s->context || (bos != NT_NO_TOKEN && target[i] == bos))
			target[i] = NT_IGNORE;
		else
			n_target++;
	}
	return n_target;
}

int nt_rows_fill(const struct nt_rows *r, uint64_t row, uint32_t *input, uint32_t *target,
		 uint32_t *start)
{
	struct nt_span window = {.token = row, .n = (uint32_t)r->T};
	const struct nt_span *s = &window, *end = s + 1;
	int n_target = 0;
	if (!r->n_window) {
		s = r->span + r->first[row];
		end = r->span + r->first[row + 1];
	}
	for (size_t i = 0; i < r->T; i++) {
		input[i] = 0;
		target[i] = NT_IGNORE;
		start[i] = (uint32_t)i;
	}
	for (; s < end; s++) {
		int rc = fill_span(r, s, input, target, start);
		if (rc < 0)
			return rc;
		n_target += rc;
	}
	return n_target;
}

/* --- the table ------------------------------------------------------------------- */

static void rows_release(struct nt_rows *r)
{
	free(r->span);
	free(r->first);
	*r = (struct nt_rows){0};
}

void nt_split_release(struct nt_split *s)
{
	rows_release(&s->train);
	rows_release(&s->val);
}

static int add_span(struct nt_rows *r, struct nt_span s)
{
	int rc = nt_grow(&r->span, &r->cap, r->n_span + 1, sizeof(*r->span));
	if (rc < 0)
		return rc;
	r->span[r->n_span++] = s;
	r->n_target += s.n - s.context;
	return 0;
}

/* A document of len tokens in pieces of at most T inputs, each target in one piece. */
static int add_document(struct nt_rows *r, uint64_t token, uint64_t len)
{
	int rc = 0;
	for (uint64_t at = 0; rc == 0 && at + 1 < len; at += r->T) {
		uint64_t left = len - 1 - at;
		struct nt_span s = {.token = token + at, .n = (uint32_t)(left < r->T ? left : r->T)};
		rc = add_span(r, s);
	}
	return rc;
}

/* Sorts the spans by row, keeping their order within one, and finds each row's first. */
static int index_rows(struct nt_rows *r, uint64_t n_row)
{
	struct nt_span *sorted = nt_alloc(r->n_span, sizeof(*sorted));
	r->n_row = n_row;
	r->first = nt_calloc(n_row + 2, sizeof(*r->first));
	if (!sorted || !r->first) {
		free(sorted);
		return NT_ESYS;
	}
	/* first[row + 2] counts, then first[row + 1] is where the row's next span goes */
	for (size_t i = 0; i < r->n_span; i++)
		r->first[r->span[i].row + 2]++;
	for (uint64_t row = 2; row < n_row + 2; row++)
		r->first[row] += r->first[row - 1];
	for (size_t i = 0; i < r->n_span; i++)
		sorted[r->first[r->span[i].row + 1]++] = r->span[i];
	free(r->span);
	r->span = sorted;
	r->cap = r->n_span;
	return 0;
}

static int pack_and_index(struct nt_rows *r)
{
	uint64_t n_row;
	int rc = nt_rows_pack(r->span, r->n_span, r->T, &n_row);
	return rc < 0 ? rc : index_rows(r, n_row);
}

/* --- what is held out ------------------------------------------------------------ */

/* About 1 %, but enough for a steady figure, and no more than is quickly evaluated. */
static double holdout_share(uint64_t n_target)
{
	double share = 0.01, least = 20000 / (double)n_target, most = 200000 / (double)n_target;
	if (share < least)
		share = least < 0.1 ? least : 0.1;
	return share < most ? share : most;
}

static int hash_tokens(const struct nt_corpus *c, struct nt_hasher *h, uint64_t token, uint64_t n)
{
	uint32_t id[4096];
	while (n > 0) {
		size_t part = n < 4096 ? (size_t)n : 4096;
		int rc = nt_corpus_read(c, token, part, id);
		if (rc < 0)
			return rc;
		nt_hasher_add(h, id, part * sizeof(*id));
		token += part;
		n -= part;
	}
	return 0;
}

/* Sends every document of data of documents to one of the two sides. */
static int cut_documents(struct nt_rows *train, struct nt_rows *held, double share,
			 struct nt_hasher *h)
{
	const struct nt_corpus *c = train->corpus;
	int rc = 0;
	for (size_t f = 0; f < c->n; f++)
		for (uint64_t i = 0; rc == 0 && i < nt_data_n_doc(c->file[f]); i++) {
			uint64_t token, len;
			if ((rc = nt_data_doc(c->file[f], i, &token, &len)) < 0)
				break;
			token += c->first[f];
			nt_hasher_reset(h);
			if (share > 0)
				rc = hash_tokens(c, h, token, len);
			/* not the hash itself: another tool may have sorted documents by it */
			double place = nt_random_unit(nt_hasher_sum64(h), NT_RANDOM_HOLDOUT, 1);
			if (rc == 0)
				rc = add_document(share > 0 && place < share ? held : train, token, len);
		}
	return rc;
}

/* The spans of packed rows; rows are numbered through over the files. */
static int take_fragments(struct nt_rows *r, uint64_t *n_row)
{
	const struct nt_corpus *c = r->corpus;
	*n_row = 0;
	for (size_t f = 0; f < c->n; f++) {
		const struct nt_data *d = c->file[f];
		for (uint64_t i = 0; i < nt_data_n_fragment(d); i++) {
			struct nt_fragment g;
			int rc = nt_data_fragment(d, i, &g);
			if (rc < 0)
				return rc;
			if (g.len < 2)
				continue;
			struct nt_span s = {.token = c->first[f] + g.row * nt_data_row_len(d) + g.start,
					    .n = g.len - 1, .col = g.start,
					    .context = g.context - 1, .row = *n_row + g.row};
			if ((rc = add_span(r, s)) < 0)
				return rc;
		}
		*n_row += nt_data_n_row(d);
	}
	return 0;
}

/* Spans with one row number, adjacent in the table, stand or fall together. */
struct group {
	uint64_t hash;
	size_t first, n; /* spans */
	uint64_t n_target;
};

static int by_hash(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

static int find_groups(const struct nt_rows *r, struct nt_hasher *h, struct group *group, size_t *n)
{
	*n = 0;
	for (size_t i = 0; i < r->n_span;) {
		struct group *g = &group[(*n)++];
		*g = (struct group){.first = i};
		nt_hasher_reset(h);
		for (; i < r->n_span && r->span[i].row == r->span[g->first].row; i++, g->n++) {
			int rc = hash_tokens(r->corpus, h, r->span[i].token, r->span[i].n + 1);
			if (rc < 0)
				return rc;
			g->n_target += r->span[i].n - r->span[i].context;
		}
		g->hash = nt_random_u64(nt_hasher_sum64(h), NT_RANDOM_HOLDOUT, 2);
	}
	return 0;
}

/* How many of the sorted groups make up the share: copies together, never all of them. */
static size_t count_held(const struct group *group, size_t n, double wanted)
{
	double held = 0;
	size_t k = 0;
	while (k < n && held < wanted) {
		size_t same = k;
		while (same < n && group[same].hash == group[k].hash)
			held += (double)group[same++].n_target;
		k = same;
	}
	return k < n ? k : 0;
}

/* Moves the groups with the smallest hashes from train to held. */
static int hold_out_groups(struct nt_rows *train, struct nt_rows *held, double share,
			   struct nt_hasher *h)
{
	struct group *group = nt_alloc(train->n_span, sizeof(*group));
	size_t n = 0, left = 0;
	int rc = group ? find_groups(train, h, group, &n) : NT_ESYS;
	if (rc < 0)
		goto out;
	qsort(group, n, sizeof(*group), by_hash);
	n = count_held(group, n, share * (double)train->n_target);
	for (size_t i = 0; rc == 0 && i < n; i++)
		for (size_t k = group[i].first; rc == 0 && k < group[i].first + group[i].n; k++) {
			rc = add_span(held, train->span[k]);
			train->n_target -= train->span[k].n - train->span[k].context;
			train->span[k].n = 0;
		}
	for (size_t k = 0; k < train->n_span; k++)
		if (train->span[k].n)
			train->span[left++] = train->span[k];
	train->n_span = left;
out:
	free(group);
	return rc;
}

/* Numbers the rows that are left from 0 up, in the order they stand in. */
static uint64_t renumber(struct nt_rows *r)
{
	uint64_t row = 0, last = 0;
	for (size_t i = 0; i < r->n_span; i++) {
		uint64_t old = r->span[i].row;
		row += i > 0 && old != last;
		last = old;
		r->span[i].row = row;
	}
	return r->n_span ? row + 1 : 0;
}

static int split_documents(struct nt_split *s, bool has_val, struct nt_hasher *h)
{
	struct nt_rows *train = &s->train, *held = &s->val;
	uint64_t n_token = nt_corpus_n_token(train->corpus);
	double share = has_val || n_token == 0 ? 0 : holdout_share(n_token);
	struct nt_rows *none = &(struct nt_rows){.corpus = train->corpus, .T = train->T};
	int rc = cut_documents(train, has_val ? none : held, share, h);
	if (rc < 0 || has_val)
		return rc;
	double got = (double)held->n_target, all = got + (double)train->n_target;
	if (got >= 0.5 * share * all && got <= 2 * share * all) {
		snprintf(s->remark, sizeof(s->remark), "held out %.2f %% of the text, documents by hash",
			 100 * got / all);
		return 0;
	}
	/* too few documents, or too unlike in length: begin again with pieces */
	train->n_span = held->n_span = 0;
	train->n_target = held->n_target = 0;
	if ((rc = cut_documents(train, none, 0, h)) < 0)
		return rc;
	for (size_t i = 0; i < train->n_span; i++)
		train->span[i].row = i;
	rc = hold_out_groups(train, held, share, h);
	snprintf(s->remark, sizeof(s->remark),
		 "too few documents to hold some out: %.2f %% of the text is held out in pieces of "
		 "%zu tokens",
		 all > 0 ? 100 * (double)held->n_target / all : 0, train->T);
	return rc;
}

static int fit_documents(struct nt_split *s, bool has_val, struct nt_hasher *h)
{
	int rc = split_documents(s, has_val, h);
	if (rc == 0)
		rc = pack_and_index(&s->train);
	if (rc == 0 && !has_val)
		rc = pack_and_index(&s->val);
	return rc;
}

static int fit_rows(struct nt_split *s, bool has_val, struct nt_hasher *h)
{
	uint64_t n_row;
	int rc = take_fragments(&s->train, &n_row);
	double all = (double)s->train.n_target;
	if (rc == 0 && !has_val && all > 0) {
		rc = hold_out_groups(&s->train, &s->val, holdout_share(s->train.n_target), h);
		snprintf(s->remark, sizeof(s->remark), "held out %.2f %% of the text, rows by hash",
			 100 * (double)s->val.n_target / all);
	}
	if (rc == 0)
		rc = index_rows(&s->train, renumber(&s->train));
	if (rc == 0 && !has_val)
		rc = index_rows(&s->val, renumber(&s->val));
	return rc;
}

/* All of a corpus, nothing held out. */
static int fit_all(struct nt_rows *r, struct nt_hasher *h)
{
	struct nt_split whole = {.train = *r};
	int rc = nt_corpus_kind(r->corpus) == NT_DATA_ROWS ? fit_rows(&whole, true, h)
							     : fit_documents(&whole, true, h);
	*r = whole.train;
	return rc;
}

static int check_row_len(const struct nt_corpus *c, size_t T)
{
	uint32_t len = nt_data_row_len(c->file[0]);
	if (nt_corpus_kind(c) == NT_DATA_ROWS && len != T + 1)
		return nt_fail(NT_EARG, "the data's rows have %" PRIu32 " tokens, so --seq-len must be "
					"%" PRIu32 ", not %zu: or pack it again", len, len - 1, T);
	return 0;
}

int nt_rows_fit(struct nt_split *s, const struct nt_corpus *corpus, const struct nt_corpus *val,
		size_t T)
{
	*s = (struct nt_split){.train = {.corpus = corpus, .T = T},
			       .val = {.corpus = val ? val : corpus, .T = T}};
	int rc = check_row_len(corpus, T);
	if (rc == 0 && val && nt_corpus_kind(val) == NT_DATA_ROWS)
		rc = check_row_len(val, T);
	struct nt_hasher *h = rc == 0 ? nt_hasher_new() : NULL;
	if (rc == 0 && !h)
		rc = NT_ESYS;
	if (rc == 0)
		rc = nt_corpus_kind(corpus) == NT_DATA_ROWS ? fit_rows(s, val != NULL, h)
							    : fit_documents(s, val != NULL, h);
	if (rc == 0 && val)
		rc = fit_all(&s->val, h);
	nt_hasher_free(h);
	return rc;
}

/* Windows one behind the other over tokens [from, to); the last may be shorter. */
static int tile(struct nt_rows *r, uint64_t from, uint64_t to)
{
	int rc = 0;
	uint64_t row = 0;
	for (uint64_t at = from; rc == 0 && at + 1 < to; at += r->T, row++) {
		uint64_t left = to - 1 - at;
		struct nt_span s = {.token = at, .n = (uint32_t)(left < r->T ? left : r->T), .row = row};
		rc = add_span(r, s);
	}
	return rc < 0 ? rc : index_rows(r, row);
}

int nt_rows_concat(struct nt_split *s, const struct nt_corpus *corpus,
		   const struct nt_corpus *val, size_t T)
{
	uint64_t n = nt_corpus_n_token(corpus), held = 0;
	*s = (struct nt_split){.train = {.corpus = corpus, .T = T},
			       .val = {.corpus = val ? val : corpus, .T = T}};
	if (nt_corpus_kind(corpus) == NT_DATA_ROWS || (val && nt_corpus_kind(val) == NT_DATA_ROWS))
		return nt_fail(NT_EARG, "--rows=concat wants data of documents, not of rows: "
					"pack without --seq-len");
	if (!val && n > 0) {
		held = (uint64_t)(holdout_share(n) * (double)n);
		snprintf(s->remark, sizeof(s->remark), "held out the last %.2f %% of the tokens",
			 100 * (double)held / (double)n);
	}
	if (n - held <= T)
		return nt_fail(NT_EFORMAT, "the data has %" PRIu64 " tokens, too few for a window of "
					   "%zu: use a smaller --seq-len, or more data", n, T + 1);
	s->train.n_window = n - held - T;
	s->train.n_target = n - held - 1;
	return val ? tile(&s->val, 0, nt_corpus_n_token(val)) : tile(&s->val, n - held, n);
}

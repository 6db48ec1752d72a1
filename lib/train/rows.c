/* SPDX-License-Identifier: MIT */
/*
 * rows.c - the plan of all rows, made once, and a row's tokens when its time has come
 *
 * The plan is a table of spans: which tokens, how many. It is a pure function of the data
 * and of T. Tokens are read from the mapped file when a step needs them, so data larger
 * than memory trains.
 *
 * Each source has rows, an order of its rows for each time it is read through, and a
 * share of all rows that follows from its weight; mix.c tells whose turn it is. Without
 * weights the share is as many rows as the source has, so when all rows have been read
 * once each of them has.
 *
 * rows_fit.c and rows_concat.c make the plan; what is held out is chosen in holdout.c.
 */
#include "train/rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/last.h"
#include "nt/err.h"
#include "nt/mem.h"
#include "nt/model.h"
#include "nt/random.h"

/* --- which row ------------------------------------------------------------------- */

/* What a source draws is its own business: counters of different ones never meet. */
static uint64_t counter(size_t source, uint64_t n)
{
	return (uint64_t)source << 44 | n;
}

uint64_t nt_rows_order(const struct nt_rows *r, uint64_t seed, uint64_t k)
{
	size_t source;
	uint64_t nth;
	nt_mix_at(&r->mix, k, &source, &nth);
	const struct nt_part *p = &r->part[source];
	if (r->is_windows)
		return p->first + nt_random_below(seed, NT_RANDOM_WINDOW, counter(source, nth), p->n);
	uint64_t epoch_seed = nt_random_u64(seed, NT_RANDOM_ROWS, counter(source, nth / p->n));
	return p->first + nt_random_permute(epoch_seed, NT_RANDOM_ROWS, p->n, nth % p->n);
}

uint64_t nt_rows_sample(const struct nt_rows *r, uint64_t k)
{
	size_t source;
	uint64_t nth;
	nt_mix_at(&r->mix, k, &source, &nth);
	const struct nt_part *p = &r->part[source];
	return p->first + nt_random_permute(source, NT_RANDOM_HOLDOUT, p->n, nth % p->n);
}

size_t nt_rows_source(const struct nt_rows *r, uint64_t row)
{
	return nt_last_from(r->part, r->corpus->n_source, sizeof(*r->part), offsetof(struct nt_part, first), row);
}

/* --- its tokens ------------------------------------------------------------------ */

static int fill_span(const struct nt_rows *r, const struct nt_span *s, uint32_t col, uint32_t *input,
		     uint32_t *target, uint32_t *start)
{
	uint32_t bos = r->corpus->ident->bos;
	int rc = nt_corpus_read(r->corpus, s->token, 1, input + col);
	if (rc < 0 || (rc = nt_corpus_read(r->corpus, s->token + 1, s->n, target + col)) < 0)
		return rc;
	memcpy(input + col + 1, target + col, (s->n - 1) * sizeof(*input));
	int n_target = 0;
	for (uint32_t i = 0; i < s->n; i++) {
		start[col + i] = col;
		if (i < s->context || (bos != NT_NO_TOKEN && target[col + i] == bos))
			target[col + i] = NT_IGNORE;
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
	if (!r->is_windows) {
		s = r->span + r->first[row];
		end = r->span + r->first[row + 1];
	}
	for (size_t i = 0; i < r->T; i++) {
		input[i] = 0;
		target[i] = NT_IGNORE;
		start[i] = (uint32_t)i;
	}
	for (uint32_t col = 0; s < end; col += s->n, s++) {
		if (r->row_len) /* files of rows hold nothing else: their tokens tell the column */
			col = (uint32_t)(s->token % r->row_len);
		int rc = fill_span(r, s, col, input, target, start);
		if (rc < 0)
			return rc;
		n_target += rc;
	}
	return n_target;
}

/* --- the table ------------------------------------------------------------------- */

int nt_rows_begin(struct nt_rows *r, const struct nt_corpus *c, size_t T)
{
	r->corpus = c;
	r->T = T;
	r->row_len = nt_data_row_len(c->file[0]);
	r->part = nt_calloc(c->n_source, sizeof(*r->part));
	return r->part ? 0 : NT_ESYS;
}

void nt_rows_begin_part(struct nt_rows *r, size_t source)
{
	r->part[source].first = r->n_row;
	r->part[source].n_target = r->n_target;
}

void nt_rows_end_part(struct nt_rows *r, size_t source)
{
	struct nt_part *p = &r->part[source];
	p->n = r->n_row - p->first;
	p->n_target = r->n_target - p->n_target;
}

int nt_rows_add(struct nt_rows *r, const struct nt_span *s)
{
	int rc = nt_grow(&r->span, &r->cap, r->n_span + 1, sizeof(*r->span));
	if (rc < 0)
		return rc;
	r->span[r->n_span++] = *s;
	r->n_target += s->n - s->context;
	return 0;
}

int nt_rows_end_row(struct nt_rows *r)
{
	int rc = nt_grow(&r->first, &r->first_cap, r->n_row + 2, sizeof(*r->first));
	if (rc < 0)
		return rc;
	r->first[0] = 0;
	r->first[++r->n_row] = r->n_span;
	return 0;
}

static void rows_release(struct nt_rows *r)
{
	free(r->span);
	free(r->first);
	free(r->part);
	nt_mix_release(&r->mix);
	*r = (struct nt_rows){0};
}

void nt_split_release(struct nt_split *s)
{
	rows_release(&s->train);
	rows_release(&s->val);
}

/* --- whose turn it is ------------------------------------------------------------ */

/* What of all targets a source's are to be: as much as it has, or its part of its group's
 * weight, or of what weights leave. */
static int settle_shares(struct nt_rows *r, bool by_weight)
{
	const struct nt_corpus *c = r->corpus;
	double *of_group = nt_calloc(c->n + c->n_source, sizeof(*of_group)), left = 1, rest = 0, sum = 0;
	if (!of_group)
		return NT_ESYS;
	for (size_t i = 0; i < c->n_source; i++)
		of_group[c->source[i].group] += (double)r->part[i].n_target;
	for (size_t i = 0; i < c->n_source; i++) {
		const struct nt_source *s = &c->source[i];
		struct nt_part *p = &r->part[i];
		p->share = (double)p->n_target;
		if (!by_weight)
			continue;
		if (s->weight > 0)
			left -= p->share = s->weight * p->share / of_group[s->group];
		else
			rest += p->share;
	}
	for (size_t i = 0; i < c->n_source; i++) {
		if (by_weight && c->source[i].weight == 0 && rest > 0)
			r->part[i].share *= left / rest;
		sum += r->part[i].share;
	}
	for (size_t i = 0; i < c->n_source; i++)
		r->part[i].share /= sum;
	free(of_group);
	return 0;
}

/* A weight asks for targets. */
static int check_groups(const struct nt_rows *r)
{
	const struct nt_corpus *c = r->corpus;
	for (size_t i = 0; i < c->n_source; i++) {
		uint64_t n = 0;
		for (size_t k = 0; k < c->n_source; k++)
			n += c->source[k].group == c->source[i].group ? r->part[k].n_target : 0;
		if (c->source[i].weight > 0 && n == 0)
			return nt_fail(NT_EFORMAT, "%s: it has a weight, and nothing to train on",
				       c->source[i].name);
	}
	return 0;
}

/* Rows of a source for each target of training. */
static double rows_per_target(const struct nt_rows *r, size_t source)
{
	const struct nt_part *p = &r->part[source];
	if (p->n == 0)
		return 0;
	return p->share * (r->is_windows ? 1 / (double)r->T : (double)p->n / (double)p->n_target);
}

double nt_rows_mean_target(const struct nt_rows *r)
{
	double sum = 0;
	for (size_t i = 0; i < r->corpus->n_source; i++)
		sum += rows_per_target(r, i);
	return 1 / sum;
}

/* Rows for each source: all it has; or of 2^32 as many as give its share of the targets. */
static void settle_quotas(const struct nt_rows *r, uint64_t *quota, bool by_weight)
{
	const struct nt_corpus *c = r->corpus;
	double mean = nt_rows_mean_target(r);
	for (size_t i = 0; i < c->n_source; i++) {
		quota[i] = r->part[i].n;
		if (!by_weight || quota[i] == 0)
			continue;
		quota[i] = (uint64_t)llround(0x1p32 * rows_per_target(r, i) * mean);
		quota[i] += quota[i] == 0;
	}
}

int nt_rows_mix(struct nt_rows *r, bool by_weight)
{
	if (r->n_target == 0) /* nobody will ask */
		return 0;
	uint64_t *quota = nt_calloc(r->corpus->n_source, sizeof(*quota));
	by_weight &= r->corpus->has_weight;
	int rc = quota ? 0 : NT_ESYS;
	if (rc == 0 && by_weight)
		rc = check_groups(r);
	if (rc == 0)
		rc = settle_shares(r, by_weight);
	if (rc == 0) {
		settle_quotas(r, quota, by_weight);
		rc = nt_mix_init(&r->mix, quota, r->corpus->n_source);
	}
	free(quota);
	return rc;
}

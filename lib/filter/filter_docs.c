/* SPDX-License-Identifier: MIT */
/*
 * filter_docs.c - whole sources of documents, judged on all threads, in order (io/turns.h)
 */
#include <stdlib.h>

#include "filter/judge.h"
#include "io/turns.h"
#include "nt/err.h"

struct work {
	int (*sink)(void *arg, const struct nt_judged *doc);
	void *arg;
	struct nt_judge **judge; /* [n_judge], one for each thread */
	int n_judge;
	struct {
		struct nt_verdict *of; /* [n_doc] of a load */
		size_t cap;
	} verdict[NT_LOADS];
};

static int make_room(void *arg, const struct nt_load *l)
{
	struct work *w = arg;
	return nt_grow(&w->verdict[l->number].of, &w->verdict[l->number].cap, l->batch.n_doc,
		       sizeof(struct nt_verdict));
}

static int judge_group(void *arg, const struct nt_load *l, size_t i, int desk)
{
	struct work *w = arg;
	const struct nt_batch_group *g = &l->batch.group[i];
	int rc = 0;
	for (size_t k = g->first; rc == 0 && k < g->first + g->n; k++) {
		const struct nt_batch_doc *d = &l->batch.doc[k];
		rc = nt_judge_text(w->judge[desk], d->text, d->len, &w->verdict[l->number].of[k]);
	}
	return rc;
}

static int hand_out(void *arg, const struct nt_load *l, size_t i)
{
	struct work *w = arg;
	const struct nt_batch_group *g = &l->batch.group[i];
	int rc = 0;
	for (size_t k = g->first; rc >= 0 && k < g->first + g->n; k++) {
		const struct nt_batch_doc *d = &l->batch.doc[k];
		struct nt_judged doc = {.text = d->text, .len = d->len, .source = d->source,
					.line = d->line, .line_len = d->line_len,
					.verdict = w->verdict[l->number].of[k],
					.input_bytes = l->input_bytes};
		rc = w->sink(w->arg, &doc);
	}
	return rc;
}

static int make_judges(struct work *w, const struct nt_filter *f, int n)
{
	if (!(w->judge = nt_calloc((size_t)n, sizeof(struct nt_judge *))))
		return NT_ESYS;
	for (; w->n_judge < n; w->n_judge++)
		if (!(w->judge[w->n_judge] = nt_judge_new(f)))
			return NT_ESYS;
	return 0;
}

static void release(struct work *w)
{
	for (int i = 0; i < w->n_judge; i++)
		nt_judge_free(w->judge[i]);
	free(w->judge);
	for (int i = 0; i < NT_LOADS; i++)
		free(w->verdict[i].of);
}

int nt_filter_docs(const struct nt_filter *f, struct nt_docs *docs, struct nt_pool *pool,
		   int (*sink)(void *arg, const struct nt_judged *doc), void *arg)
{
	struct work w = {.sink = sink, .arg = arg};
	struct nt_turns turns = {.prepare = make_room, .work = judge_group, .write = hand_out, .arg = &w};
	int rc = make_judges(&w, f, nt_pool_size(pool));
	if (rc == 0)
		rc = nt_take_turns(&turns, docs, pool);
	release(&w);
	return rc;
}

/* SPDX-License-Identifier: MIT */
/*
 * filter_docs.c - whole sources of documents, judged on all threads, in order
 *
 * As encode_docs.c does it: while one batch is judged, the next one is read and what became of
 * the one before is handed out, as two tasks among the others.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/lend.h"
#include "filter/judge.h"
#include "io/batch.h"
#include "nt/err.h"

enum { BATCH_BYTES = 512 << 10 }; /* for each thread */

struct load {
	struct nt_batch batch;
	struct nt_verdict *verdict; /* [n_doc] */
	size_t verdict_cap;
	uint64_t input_bytes; /* read when the batch was */
};

struct work {
	struct nt_docs *docs;
	int (*sink)(void *arg, const struct nt_judged *doc);
	void *arg;
	struct nt_lender lender;
	struct nt_judge **judge; /* [lender.n] */
	struct load load[3];
	struct load *read, *judged, *written; /* this way round */
	int read_rc;    /* of the last nt_batch_read ... */
	char why[1024]; /* ... and its sentence, if it failed */
};

static int judge_group(struct work *w, size_t i)
{
	const struct nt_batch_group *g = &w->judged->batch.group[i];
	int desk = nt_lender_take(&w->lender), rc = 0;
	for (size_t k = g->first; rc == 0 && k < g->first + g->n; k++) {
		const struct nt_batch_doc *d = &w->judged->batch.doc[k];
		rc = nt_judge_text(w->judge[desk], d->text, d->len, &w->judged->verdict[k]);
	}
	nt_lender_give(&w->lender, desk);
	return rc;
}

static int write_load(struct work *w)
{
	const struct load *l = w->written;
	int rc = 0;
	for (size_t k = 0; rc >= 0 && k < l->batch.n_doc; k++) {
		const struct nt_batch_doc *d = &l->batch.doc[k];
		struct nt_judged doc = {.text = d->text, .len = d->len, .source = d->source,
					.line = d->line, .line_len = d->line_len,
					.verdict = l->verdict[k], .input_bytes = l->input_bytes};
		rc = w->sink(w->arg, &doc);
	}
	return rc < 0 ? rc : 0;
}

/* A failure is kept: what was read before is good. */
static void read_load(struct work *w)
{
	struct load *l = w->read;
	int rc = nt_batch_read(&l->batch, w->docs);
	l->input_bytes = nt_docs_bytes(w->docs);
	if (rc > 0 && nt_grow(&l->verdict, &l->verdict_cap, l->batch.n_doc, sizeof(*l->verdict)) < 0)
		rc = NT_ESYS;
	if (rc < 0)
		snprintf(w->why, sizeof(w->why), "%s", nt_errmsg());
	if (rc <= 0)
		l->batch.n_doc = l->batch.n_group = 0;
	w->read_rc = rc;
}

/* Tasks 0 and 1 write and read, the others judge. */
static int do_task(void *arg, size_t i)
{
	struct work *w = arg;
	if (i == 0)
		return write_load(w);
	if (i > 1)
		return judge_group(w, i - 2);
	if (w->judged->batch.is_copied && w->read_rc > 0)
		read_load(w);
	return 0;
}

/* Judges the batch read last, while what became of the one before is written, and reads on. */
static int turn(struct work *w, struct nt_pool *pool)
{
	struct load *free = w->written;
	w->written = w->judged;
	w->judged = w->read;
	w->read = free;
	w->read->batch.n_doc = w->read->batch.n_group = 0;
	int rc = nt_pool_run(pool, w->judged->batch.n_group + 2, do_task, w);
	if (rc == 0 && !w->judged->batch.is_copied && w->read_rc > 0) {
		/* the one large document is where reading on would put the next */
		w->written = w->judged;
		rc = write_load(w);
		w->judged->batch.n_doc = w->judged->batch.n_group = 0;
		if (rc == 0)
			read_load(w);
	}
	return rc;
}

static int begin(struct work *w, const struct nt_filter *f, int n)
{
	int rc = nt_lender_init(&w->lender, n);
	if (rc == 0 && !(w->judge = nt_calloc((size_t)n, sizeof(struct nt_judge *))))
		rc = NT_ESYS;
	for (int i = 0; rc == 0 && i < n; i++)
		if (!(w->judge[i] = nt_judge_new(f)))
			rc = NT_ESYS;
	return rc;
}

static void release(struct work *w)
{
	for (int i = 0; w->judge && i < w->lender.n; i++)
		nt_judge_free(w->judge[i]);
	for (size_t i = 0; i < 3; i++) {
		free(w->load[i].verdict);
		nt_batch_release(&w->load[i].batch);
	}
	free(w->judge);
	nt_lender_release(&w->lender);
}

int nt_filter_docs(const struct nt_filter *f, struct nt_docs *docs, struct nt_pool *pool,
		   int (*sink)(void *arg, const struct nt_judged *doc), void *arg)
{
	struct work w = {.docs = docs, .sink = sink, .arg = arg};
	for (size_t i = 0; i < 3; i++)
		w.load[i].batch.most = BATCH_BYTES * (1 + (size_t)nt_pool_size(pool));
	w.read = &w.load[0];
	w.judged = &w.load[1];
	w.written = &w.load[2];
	int rc = begin(&w, f, nt_pool_size(pool));
	if (rc == 0)
		read_load(&w);
	while (rc == 0 && (w.read->batch.n_doc || w.judged->batch.n_doc))
		rc = turn(&w, pool);
	if (rc == 0 && w.read_rc < 0)
		rc = nt_fail(w.read_rc, "%s", w.why);
	release(&w);
	return rc;
}

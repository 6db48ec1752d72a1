/* SPDX-License-Identifier: MIT */
/*
 * near_docs.c - documents by the batch, side by side while their sketches are made
 *
 * Sketching is most of the work and needs nothing but the document; deciding needs all
 * decisions before it, and waits for memory. So a batch is sketched by all threads, then
 * decided in order, the table's lines of documents further ahead being fetched meanwhile.
 *
 * In groups nothing can be decided before all is known: documents go to a temporary file as they
 * are, and are read back.
 */
#include <stdlib.h>

#include "io/spill.h"
#include "nt/err.h"
#include "nt/mem.h"
#include "nt/near.h"

enum {
	MOST_DOCS = 1024,
	MOST_TOKENS = 1 << 18,
	TASK_DOCS = 64, /* documents a thread takes at once */
	AHEAD = 8,      /* documents whose lines are on the way */
	SPILL_BUFFER = 1 << 20, /* bytes */
};

struct place {
	size_t token, n_token, unit, n_unit; /* in the batch's ids and units */
};

/* What a task works with: its number chooses it, so that no two share one. */
struct worker {
	struct nt_near_sketcher *sketcher;
	struct nt_word_list list;
};

struct nt_near_docs {
	struct nt_near *near;
	struct nt_near_docs_options o;
	struct nt_dedup_counts count;
	size_t bytes; /* of a sketch */
	size_t n, at; /* documents of the batch, and those handed out */
	bool is_end;  /* no more are to be read */
	struct place place[MOST_DOCS];
	bool stays[MOST_DOCS];
	struct nt_ids ids, units;
	uint8_t *sketch; /* [MOST_DOCS * bytes] */
	struct worker worker[MOST_DOCS / TASK_DOCS];

	struct nt_spill docs; /* in groups: n_token, n_unit, ids and units of each, u32 */
	bool *first;          /* of its group: [n_doc], once that is known */
	uint64_t n_doc, doc;  /* in docs, read back */
};

int nt_near_docs_new(struct nt_near_docs **result, struct nt_near *n, const struct nt_near_docs_options *options)
{
	struct nt_near_docs *d = nt_calloc(1, sizeof(*d));
	*result = d;
	if (!d)
		return NT_ESYS;
	d->near = n;
	d->o = *options;
	d->bytes = nt_near_sketch_bytes(n);
	d->docs.fd = -1;
	int rc = d->o.in_groups ? nt_spill_open(&d->docs, NULL, SPILL_BUFFER) : 0;
	if (rc == 0)
		rc = (d->sketch = nt_alloc(MOST_DOCS, d->bytes)) ? 0 : NT_ESYS;
	for (size_t i = 0; rc == 0 && i < MOST_DOCS / TASK_DOCS; i++)
		rc = nt_near_sketcher_new(&d->worker[i].sketcher, n);
	return rc;
}

void nt_near_docs_free(struct nt_near_docs *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < MOST_DOCS / TASK_DOCS; i++) {
		nt_near_sketcher_free(d->worker[i].sketcher);
		nt_word_list_release(&d->worker[i].list);
	}
	nt_ids_release(&d->ids);
	nt_ids_release(&d->units);
	nt_spill_close(&d->docs);
	free(d->first);
	free(d->sketch);
	free(d);
}

/* --- a batch --------------------------------------------------------------------- */

static int put(struct nt_near_docs *d, const struct nt_tokens *doc)
{
	d->place[d->n++] = (struct place){d->ids.n, doc->n, d->units.n, doc->n_unit};
	int rc = nt_ids_add(&d->ids, doc->id, doc->n);
	return rc < 0 ? rc : nt_ids_add(&d->units, doc->unit, doc->n_unit);
}

/* Reads documents until there are enough to decide about, or no more. */
static int fill(struct nt_near_docs *d)
{
	struct nt_tokens doc;
	int rc = 0;
	while (rc == 0 && !d->is_end && d->n < MOST_DOCS && d->ids.n < MOST_TOKENS) {
		rc = d->o.next(d->o.arg, &doc);
		d->is_end = rc == 0;
		if (rc == 1)
			rc = put(d, &doc);
	}
	return rc;
}

static int sketch(void *arg, size_t task)
{
	struct nt_near_docs *d = arg;
	struct worker *w = &d->worker[task];
	int rc = 0;
	for (size_t i = task * TASK_DOCS; rc == 0 && i < d->n && i < (task + 1) * TASK_DOCS; i++) {
		rc = nt_words_of(d->o.words, &w->list, d->ids.id + d->place[i].token, d->place[i].n_token);
		if (rc == 0)
			rc = nt_near_sketch(w->sketcher, d->sketch + i * d->bytes, w->list.hash, w->list.n);
	}
	return rc;
}

static int decide_now(struct nt_near_docs *d)
{
	uint64_t of;
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < d->n; i++) {
		if (i + AHEAD < d->n)
			nt_near_prefetch(d->near, d->sketch + (i + AHEAD) * d->bytes);
		rc = nt_near_add(d->near, d->sketch + i * d->bytes, &of);
		d->stays[i] = rc == 1;
	}
	return rc < 0 ? rc : 0;
}

/* --- in groups ------------------------------------------------------------------- */

static int put_off(struct nt_near_docs *d)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < d->n; i++) {
		const struct place *p = &d->place[i];
		uint32_t head[2] = {(uint32_t)p->n_token, (uint32_t)p->n_unit};
		if (p->n_token > UINT32_MAX)
			return nt_fail(NT_ESYS, "a document of 2^32 tokens or more");
		if ((rc = nt_near_remember(d->near, d->sketch + i * d->bytes)) == 0)
			rc = nt_spill_add(&d->docs, head, sizeof(head));
		if (rc == 0)
			rc = nt_spill_add(&d->docs, d->ids.id + p->token, p->n_token * sizeof(uint32_t));
		if (rc == 0)
			rc = nt_spill_add(&d->docs, d->units.id + p->unit, p->n_unit * sizeof(uint32_t));
	}
	d->n_doc += d->n;
	d->n = d->ids.n = d->units.n = 0;
	return rc;
}

static int find_groups(struct nt_near_docs *d)
{
	if (!(d->first = nt_alloc(d->n_doc, sizeof(*d->first))))
		return NT_ESYS;
	int rc = nt_near_groups(d->near, d->first);
	return rc < 0 ? rc : nt_spill_rewind(&d->docs);
}

static int read_ids(struct nt_near_docs *d, struct nt_ids *ids, size_t n)
{
	ids->n = 0;
	if (nt_grow(&ids->id, &ids->cap, n, sizeof(*ids->id)) < 0)
		return NT_ESYS;
	ids->n = n;
	return nt_spill_read(&d->docs, ids->id, n * sizeof(*ids->id));
}

static int read_back(struct nt_near_docs *d, struct nt_tokens *doc, bool *stays)
{
	uint32_t head[2];
	if (!d->first || d->doc == d->n_doc)
		return 0;
	int rc = nt_spill_read(&d->docs, head, sizeof(head));
	if (rc == 0)
		rc = read_ids(d, &d->ids, head[0]);
	if (rc == 0)
		rc = read_ids(d, &d->units, head[1]);
	*doc = (struct nt_tokens){.id = d->ids.id, .n = d->ids.n, .unit = d->units.id, .n_unit = d->units.n};
	*stays = rc == 0 && d->first[d->doc++];
	return rc < 0 ? rc : 1;
}

/* --- from outside ---------------------------------------------------------------- */

static int decide(struct nt_near_docs *d)
{
	int rc = fill(d);
	if (rc == 0)
		rc = nt_pool_run(d->o.pool, (d->n + TASK_DOCS - 1) / TASK_DOCS, sketch, d);
	if (rc == 0)
		rc = d->o.in_groups ? put_off(d) : decide_now(d);
	return rc == 0 && d->is_end && d->o.in_groups ? find_groups(d) : rc;
}

/* Returns 1 with the next document that was decided about; 0: the batch is empty. */
static int take(struct nt_near_docs *d, struct nt_tokens *doc, bool *stays)
{
	if (d->o.in_groups)
		return read_back(d, doc, stays);
	if (d->at == d->n) {
		d->at = d->n = d->ids.n = d->units.n = 0;
		return 0;
	}
	const struct place *p = &d->place[d->at];
	*doc = (struct nt_tokens){.id = d->ids.id + p->token, .n = p->n_token,
				  .unit = d->units.id + p->unit, .n_unit = p->n_unit};
	*stays = d->stays[d->at++];
	return 1;
}

static void count(struct nt_near_docs *d, const struct nt_tokens *doc, bool stays)
{
	struct nt_dedup_counts *c = &d->count;
	c->compared++;
	c->repeated += !stays;
	nt_stream_count(&c->in, doc);
	if (stays)
		nt_stream_count(&c->kept, doc);
	for (size_t i = 0; i < doc->n && !stays && d->o.token; i++)
		c->dropped_bytes += d->o.token[doc->id[i]].bytes;
}

int nt_near_docs_next(struct nt_near_docs *d, struct nt_tokens *doc)
{
	bool stays = false;
	int rc = 0;
	while (rc >= 0 && !stays) {
		rc = take(d, doc, &stays);
		if (rc == 1)
			count(d, doc, stays);
		else if (rc == 0 && d->is_end)
			return 0;
		else if (rc == 0)
			rc = decide(d);
	}
	return rc;
}

const struct nt_dedup_counts *nt_near_docs_counts(const struct nt_near_docs *d)
{
	return &d->count;
}

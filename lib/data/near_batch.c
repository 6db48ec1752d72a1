/* SPDX-License-Identifier: MIT */
/*
 * near_batch.c - documents side by side while their sketches are made
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

struct nt_near_batch {
	struct nt_near *near;
	const struct nt_words *words;
	struct nt_pool *pool;
	size_t bytes; /* of a sketch */
	size_t n, at; /* documents put in, taken out */
	struct place place[MOST_DOCS];
	bool stays[MOST_DOCS];
	struct nt_ids ids, units;
	uint8_t *sketch; /* [MOST_DOCS * bytes] */
	struct worker worker[MOST_DOCS / TASK_DOCS];

	bool in_groups;
	struct nt_spill docs; /* n_token, n_unit, ids and units of each, u32 */
	bool *first;          /* of its group: [n_doc], once that is known */
	uint64_t n_doc, doc;  /* in docs, read back */
};

int nt_near_batch_new(struct nt_near_batch **result, struct nt_near *n, const struct nt_words *words,
		      struct nt_pool *pool, bool in_groups)
{
	struct nt_near_batch *b = nt_calloc(1, sizeof(*b));
	*result = b;
	if (!b)
		return NT_ESYS;
	b->near = n;
	b->words = words;
	b->pool = pool;
	b->bytes = nt_near_sketch_bytes(n);
	b->in_groups = in_groups;
	b->docs.fd = -1;
	int rc = in_groups ? nt_spill_open(&b->docs, NULL, SPILL_BUFFER) : 0;
	if (rc == 0)
		rc = (b->sketch = nt_alloc(MOST_DOCS, b->bytes)) ? 0 : NT_ESYS;
	for (size_t i = 0; rc == 0 && i < MOST_DOCS / TASK_DOCS; i++)
		rc = nt_near_sketcher_new(&b->worker[i].sketcher, n);
	return rc;
}

void nt_near_batch_free(struct nt_near_batch *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < MOST_DOCS / TASK_DOCS; i++) {
		nt_near_sketcher_free(b->worker[i].sketcher);
		nt_word_list_release(&b->worker[i].list);
	}
	nt_ids_release(&b->ids);
	nt_ids_release(&b->units);
	nt_spill_close(&b->docs);
	free(b->first);
	free(b->sketch);
	free(b);
}

int nt_near_batch_put(struct nt_near_batch *b, const struct nt_tokens *doc)
{
	b->place[b->n++] = (struct place){b->ids.n, doc->n, b->units.n, doc->n_unit};
	if (nt_ids_add(&b->ids, doc->id, doc->n) < 0 || nt_ids_add(&b->units, doc->unit, doc->n_unit) < 0)
		return NT_ESYS;
	return b->n == MOST_DOCS || b->ids.n >= MOST_TOKENS;
}

static int sketch(void *arg, size_t task)
{
	struct nt_near_batch *b = arg;
	struct worker *w = &b->worker[task];
	int rc = 0;
	for (size_t i = task * TASK_DOCS; rc == 0 && i < b->n && i < (task + 1) * TASK_DOCS; i++) {
		rc = nt_words_of(b->words, &w->list, b->ids.id + b->place[i].token, b->place[i].n_token);
		if (rc == 0)
			rc = nt_near_sketch(w->sketcher, b->sketch + i * b->bytes, w->list.hash, w->list.n);
	}
	return rc;
}

static int decide_now(struct nt_near_batch *b)
{
	uint64_t of;
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < b->n; i++) {
		if (i + AHEAD < b->n)
			nt_near_prefetch(b->near, b->sketch + (i + AHEAD) * b->bytes);
		rc = nt_near_add(b->near, b->sketch + i * b->bytes, &of);
		b->stays[i] = rc == 1;
	}
	return rc < 0 ? rc : 0;
}

/* --- in groups ------------------------------------------------------------------- */

static int put_off(struct nt_near_batch *b)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < b->n; i++) {
		const struct place *p = &b->place[i];
		uint32_t head[2] = {(uint32_t)p->n_token, (uint32_t)p->n_unit};
		if (p->n_token > UINT32_MAX)
			return nt_fail(NT_ESYS, "a document of 2^32 tokens or more");
		if ((rc = nt_near_remember(b->near, b->sketch + i * b->bytes)) == 0)
			rc = nt_spill_add(&b->docs, head, sizeof(head));
		if (rc == 0)
			rc = nt_spill_add(&b->docs, b->ids.id + p->token, p->n_token * sizeof(uint32_t));
		if (rc == 0)
			rc = nt_spill_add(&b->docs, b->units.id + p->unit, p->n_unit * sizeof(uint32_t));
	}
	b->n_doc += b->n;
	b->n = b->ids.n = b->units.n = 0;
	return rc;
}

static int find_groups(struct nt_near_batch *b)
{
	if (!(b->first = nt_alloc(b->n_doc, sizeof(*b->first))))
		return NT_ESYS;
	int rc = nt_near_groups(b->near, b->first);
	return rc < 0 ? rc : nt_spill_rewind(&b->docs);
}

static int read_ids(struct nt_near_batch *b, struct nt_ids *ids, size_t n)
{
	ids->n = 0;
	if (nt_grow(&ids->id, &ids->cap, n, sizeof(*ids->id)) < 0)
		return NT_ESYS;
	ids->n = n;
	return nt_spill_read(&b->docs, ids->id, n * sizeof(*ids->id));
}

static int read_back(struct nt_near_batch *b, struct nt_tokens *doc, bool *stays)
{
	uint32_t head[2];
	if (!b->first || b->doc == b->n_doc)
		return 0;
	int rc = nt_spill_read(&b->docs, head, sizeof(head));
	if (rc == 0)
		rc = read_ids(b, &b->ids, head[0]);
	if (rc == 0)
		rc = read_ids(b, &b->units, head[1]);
	*doc = (struct nt_tokens){.id = b->ids.id, .n = b->ids.n, .unit = b->units.id, .n_unit = b->units.n};
	*stays = rc == 0 && b->first[b->doc++];
	return rc < 0 ? rc : 1;
}

/* --- from outside ---------------------------------------------------------------- */

int nt_near_batch_decide(struct nt_near_batch *b, bool is_end)
{
	int rc = nt_pool_run(b->pool, (b->n + TASK_DOCS - 1) / TASK_DOCS, sketch, b);
	if (rc == 0)
		rc = b->in_groups ? put_off(b) : decide_now(b);
	return rc == 0 && is_end && b->in_groups ? find_groups(b) : rc;
}

int nt_near_batch_take(struct nt_near_batch *b, struct nt_tokens *doc, bool *stays)
{
	if (b->in_groups)
		return read_back(b, doc, stays);
	if (b->at == b->n) {
		b->at = b->n = b->ids.n = b->units.n = 0;
		return 0;
	}
	const struct place *p = &b->place[b->at];
	*doc = (struct nt_tokens){.id = b->ids.id + p->token, .n = p->n_token,
				  .unit = b->units.id + p->unit, .n_unit = p->n_unit};
	*stays = b->stays[b->at++];
	return 1;
}

/* SPDX-License-Identifier: MIT */
/*
 * relay.c - while one thread fills a batch of documents, another empties the one before
 *
 * A document handed over is valid until the next one, so it is copied, once, into a batch that
 * stays in the caches of the two. Who gives and who takes see the same documents in the
 * same order as without threads.
 */
#include "data/relay.h"

#include <stdbool.h>
#include <stdlib.h>

#include "nt/err.h"
#include "nt/mem.h"

enum { BATCH_BYTES = 1 << 18, BATCH_DOCS = 1 << 14 };

struct batch {
	struct nt_buf token;
	struct nt_ids unit;
	struct nt_stored doc[BATCH_DOCS]; /* [n] lengths only */
	size_t n;
};

struct relay {
	const struct nt_relay *r;
	struct batch *full, *empty;
	bool is_over;
};

static int fill(struct relay *w, struct batch *b)
{
	struct nt_stored doc;
	int rc;
	b->token.len = b->unit.n = b->n = 0;
	while (b->n < BATCH_DOCS && b->token.len < BATCH_BYTES) {
		if ((rc = w->r->give(w->r->giver, &doc)) <= 0) {
			w->is_over = true;
			return rc;
		}
		if ((rc = nt_buf_add(&b->token, doc.token, doc.n * w->r->width)) < 0 ||
		    (rc = nt_ids_add(&b->unit, doc.unit, doc.n_unit)) < 0)
			return rc;
		b->doc[b->n++] = (struct nt_stored){.n = doc.n, .n_unit = doc.n_unit};
	}
	return 0;
}

static int pour(const struct relay *w, struct batch *b)
{
	const uint8_t *token = b->token.data;
	const uint32_t *unit = b->unit.id;
	int rc = 0;
	for (size_t i = 0; i < b->n && rc == 0; i++) {
		struct nt_stored doc = b->doc[i];
		doc.token = token;
		doc.unit = unit;
		rc = w->r->take(w->r->taker, &doc);
		token += doc.n * w->r->width;
		unit += doc.n_unit;
	}
	return rc;
}

static int do_part(void *arg, size_t i)
{
	struct relay *w = arg;
	return i == 0 ? fill(w, w->empty) : pour(w, w->full);
}

static int by_turns(const struct nt_relay *r)
{
	struct nt_stored doc;
	int rc;
	while ((rc = r->give(r->giver, &doc)) == 1)
		if ((rc = r->take(r->taker, &doc)) < 0)
			return rc;
	return rc;
}

static void release(struct batch *b)
{
	if (!b)
		return;
	nt_buf_release(&b->token);
	nt_ids_release(&b->unit);
	free(b);
}

int nt_relay(const struct nt_relay *r, struct nt_pool *pool)
{
	if (!pool || nt_pool_size(pool) == 1)
		return by_turns(r);
	struct relay w = {.r = r, .full = nt_calloc(1, sizeof(*w.full)), .empty = nt_calloc(1, sizeof(*w.empty))};
	int rc = w.full && w.empty ? 0 : NT_ESYS;
	while (rc == 0 && !w.is_over) {
		rc = nt_pool_run(pool, 2, do_part, &w);
		struct batch *b = w.full;
		w.full = w.empty;
		w.empty = b;
	}
	if (rc == 0)
		rc = pour(&w, w.full);
	release(w.full);
	release(w.empty);
	return rc;
}

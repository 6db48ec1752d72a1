/* SPDX-License-Identifier: MIT */
/*
 * encode_docs.c - whole sources of documents to ids
 *
 * A batch is read, its groups of documents are encoded by whatever thread is free, and
 * their ids go out in order.
 */
#include "nt/encode.h"

#include <stdlib.h>

#include "nt/err.h"
#include "nt/text.h"
#include "token/batch.h"
#include "token/lend.h"

/* What a document of the batch became: its part of the group's ids and units. */
struct result {
	size_t id, n_id;
	size_t unit, n_unit;
	size_t n_invalid;
};

struct output {
	struct nt_ids ids, unit;
};

struct work {
	const struct nt_encode_options *options;
	struct nt_batch batch;
	struct nt_lender lender;
	struct nt_encoder **encoder; /* [lender.n] */
	struct output *output;       /* [n_output], of groups; kept for the next batch */
	size_t n_output, output_cap;
	struct result *result; /* [n_doc] */
	size_t result_cap;
};

static int encode_doc(struct work *w, struct nt_encoder *e, size_t doc, struct output *out)
{
	const struct nt_batch_doc *d = &w->batch.doc[doc];
	struct result *r = &w->result[doc];
	struct nt_utf8_damage damage = nt_utf8_check(d->text, d->len);
	if (damage.n_byte && w->options->strict)
		return nt_fail(NT_EFORMAT, "%s: not UTF-8 at byte %zu", d->source, damage.first);
	*r = (struct result){.id = out->ids.n, .unit = out->unit.n, .n_invalid = damage.n_byte};
	int rc = nt_encode_units(e, d->text, d->len, w->options->flags, &out->ids, &out->unit);
	if (rc < 0)
		return nt_fail(rc, "%s: %s", d->source, nt_errmsg());
	r->n_id = out->ids.n - r->id;
	r->n_unit = out->unit.n - r->unit;
	return 0;
}

static int encode_group(void *arg, size_t i)
{
	struct work *w = arg;
	const struct nt_batch_group *g = &w->batch.group[i];
	struct output *out = &w->output[i];
	int desk = nt_lender_take(&w->lender), rc = 0;
	out->ids.n = out->unit.n = 0;
	for (size_t k = 0; rc == 0 && k < g->n; k++)
		rc = encode_doc(w, w->encoder[desk], g->first + k, out);
	nt_lender_give(&w->lender, desk);
	return rc;
}

static int hand_out(struct work *w, int (*sink)(void *, const struct nt_encoded *), void *arg)
{
	int rc = 0;
	for (size_t i = 0; i < w->batch.n_group; i++) {
		const struct nt_batch_group *g = &w->batch.group[i];
		const struct output *out = &w->output[i];
		for (size_t k = g->first; rc >= 0 && k < g->first + g->n; k++) {
			const struct result *r = &w->result[k];
			struct nt_encoded doc = {
				.tokens = {.id = out->ids.id + r->id, .n = r->n_id,
					   .unit = out->unit.id + r->unit, .n_unit = r->n_unit},
				.bytes = w->batch.doc[k].len,
				.n_invalid = r->n_invalid,
				.source = w->batch.doc[k].source,
			};
			rc = sink(arg, &doc);
		}
	}
	return rc < 0 ? rc : 0;
}

static int make_room(struct work *w)
{
	int rc = nt_grow(&w->result, &w->result_cap, w->batch.n_doc, sizeof(*w->result));
	if (rc == 0)
		rc = nt_grow(&w->output, &w->output_cap, w->batch.n_group, sizeof(*w->output));
	while (rc == 0 && w->n_output < w->batch.n_group)
		w->output[w->n_output++] = (struct output){0};
	return rc;
}

static int make_encoders(struct work *w, const struct nt_tokenizer *t, int n)
{
	int rc = nt_lender_init(&w->lender, n);
	if (rc == 0 && !(w->encoder = nt_calloc((size_t)n, sizeof(struct nt_encoder *))))
		rc = NT_ESYS;
	for (int i = 0; rc == 0 && i < n; i++)
		if (!(w->encoder[i] = nt_encoder_new(t)))
			rc = NT_ESYS;
	return rc;
}

static void release(struct work *w)
{
	for (int i = 0; w->encoder && i < w->lender.n; i++)
		nt_encoder_free(w->encoder[i]);
	for (size_t i = 0; i < w->n_output; i++) {
		nt_ids_release(&w->output[i].ids);
		nt_ids_release(&w->output[i].unit);
	}
	free(w->encoder);
	free(w->output);
	free(w->result);
	nt_batch_release(&w->batch);
	nt_lender_release(&w->lender);
}

int nt_encode_docs(const struct nt_tokenizer *t, struct nt_docs *docs,
		   const struct nt_encode_options *options, struct nt_pool *pool,
		   int (*sink)(void *arg, const struct nt_encoded *doc), void *arg)
{
	struct work w = {.options = options};
	int rc = make_encoders(&w, t, nt_pool_size(pool));
	while (rc == 0 && (rc = nt_batch_read(&w.batch, docs)) > 0) {
		if ((rc = make_room(&w)) == 0)
			rc = nt_pool_run(pool, w.batch.n_group, encode_group, &w);
		if (rc == 0)
			rc = hand_out(&w, sink, arg);
	}
	release(&w);
	return rc;
}

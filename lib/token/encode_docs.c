/* SPDX-License-Identifier: MIT */
/*
 * encode_docs.c - whole sources of documents to ids
 *
 * Groups of documents are encoded by whatever thread is free, while more are read and the ids
 * of those before are written (io/turns.h). All threads look pieces up in one cache, which is
 * tended when they are done with a batch.
 */
#include "nt/encode.h"

#include <stdlib.h>

#include "io/turns.h"
#include "nt/err.h"
#include "nt/text.h"
#include "text/unicode.h"
#include "token/cache.h"
#include "token/encode.h"
#include "token/recall.h"
#include "token/tokenizer.h"
#include "token/written.h"

enum {
	PART_BYTES = 128 << 10,
	CACHE_FIRST = 1 << 14, /* entries */
};

/* What a document became: its part of the group's ids and units. */
struct result {
	size_t id, n_id;
	size_t unit, n_unit;
	size_t n_invalid;
};

struct output {
	struct nt_ids ids, unit;
};

/* What became of a load. */
struct product {
	struct output *output; /* [n_output], of groups; kept for the next batch */
	size_t n_output, output_cap;
	struct result *result; /* [n_doc] */
	size_t result_cap;
};

struct work {
	const struct nt_encode_options *options;
	int (*sink)(void *arg, const struct nt_encoded *text);
	void *arg;
	struct nt_cache cache;
	struct nt_encoder **encoder; /* [n_encoder], one for each thread */
	int n_encoder;
	struct product product[NT_LOADS];
	bool goes_on; /* what was written last is a part */
};

static int make_room(void *arg, const struct nt_load *l)
{
	struct product *p = &((struct work *)arg)->product[l->number];
	if (nt_grow(&p->result, &p->result_cap, l->batch.n_doc, sizeof(*p->result)) < 0 ||
	    nt_grow(&p->output, &p->output_cap, l->batch.n_group, sizeof(*p->output)) < 0)
		return NT_ESYS;
	while (p->n_output < l->batch.n_group)
		p->output[p->n_output++] = (struct output){0};
	return 0;
}

static int encode_doc(const struct work *w, struct nt_encoder *e, const struct nt_batch_doc *d,
		      struct output *out, struct result *r)
{
	struct nt_utf8_damage damage = nt_utf8_check(d->text, d->len);
	if (damage.n_byte && w->options->strict)
		return nt_fail(NT_EFORMAT, "%s: not UTF-8 at byte %zu", d->source, d->before + damage.first);
	*r = (struct result){.id = out->ids.n, .unit = out->unit.n, .n_invalid = damage.n_byte};
	unsigned flags = w->options->flags | (d->before ? NT_CONTINUES : 0);
	int rc = nt_encode_units(e, d->text, d->len, flags, &out->ids, &out->unit);
	if (rc < 0)
		return nt_fail(rc, "%s: %s", d->source, nt_errmsg());
	r->n_id = out->ids.n - r->id;
	r->n_unit = out->unit.n - r->unit;
	return 0;
}

static int encode_group(void *arg, const struct nt_load *l, size_t i, int desk)
{
	struct work *w = arg;
	struct product *p = &w->product[l->number];
	const struct nt_batch_group *g = &l->batch.group[i];
	struct output *out = &p->output[i];
	int rc = 0;
	out->ids.n = out->unit.n = 0;
	for (size_t k = g->first; rc == 0 && k < g->first + g->n; k++)
		rc = encode_doc(w, w->encoder[desk], &l->batch.doc[k], out, &p->result[k]);
	return rc;
}

static int tend_cache(void *arg)
{
	struct work *w = arg;
	return nt_cache_tend(&w->cache);
}

static int hand_out(void *arg, const struct nt_load *l, size_t i)
{
	struct work *w = arg;
	const struct nt_batch_group *g = &l->batch.group[i];
	const struct output *out = &w->product[l->number].output[i];
	int rc = 0;
	for (size_t k = g->first; rc >= 0 && k < g->first + g->n; k++) {
		const struct nt_batch_doc *d = &l->batch.doc[k];
		const struct result *r = &w->product[l->number].result[k];
		struct nt_encoded text = {
			.tokens = {.id = out->ids.id + r->id, .n = r->n_id,
				   .unit = out->unit.id + r->unit, .n_unit = r->n_unit},
			.text = d->text,
			.bytes = d->len,
			.n_invalid = r->n_invalid,
			.source = d->source,
			.input_bytes = l->input_bytes,
			.begins = !w->goes_on,
			.goes_on = d->goes_on,
		};
		w->goes_on = d->goes_on;
		rc = w->sink(w->arg, &text);
	}
	return rc;
}

static int make_encoders(struct work *w, const struct nt_tokenizer *t, int n)
{
	int rc = nt_cache_init(&w->cache, CACHE_FIRST, nt_recall()->line);
	if (rc == 0 && !(w->encoder = nt_calloc((size_t)n, sizeof(struct nt_encoder *))))
		rc = NT_ESYS;
	for (; rc == 0 && w->n_encoder < n; w->n_encoder++)
		if (!(w->encoder[w->n_encoder] = nt_encoder_share(t, &w->cache)))
			return NT_ESYS;
	return rc;
}

static void release(struct work *w)
{
	for (int i = 0; i < w->n_encoder; i++)
		nt_encoder_free(w->encoder[i]);
	free(w->encoder);
	for (struct product *p = w->product; p < w->product + NT_LOADS; p++) {
		for (size_t i = 0; i < p->n_output; i++) {
			nt_ids_release(&p->output[i].ids);
			nt_ids_release(&p->output[i].unit);
		}
		free(p->output);
		free(p->result);
	}
	nt_cache_release(&w->cache);
}

int nt_encode_docs(const struct nt_tokenizer *t, struct nt_docs *docs,
		   const struct nt_encode_options *options, struct nt_pool *pool,
		   int (*sink)(void *arg, const struct nt_encoded *text), void *arg)
{
	struct work w = {.options = options, .sink = sink, .arg = arg};
	struct nt_turns turns = {.prepare = make_room, .work = encode_group, .tend = tend_cache,
				 .write = hand_out, .arg = &w};
	int rc = make_encoders(&w, t, nt_pool_size(pool));
	if (rc == 0)
		rc = nt_cache_expect(&w.cache, nt_docs_total(docs));
	if (rc == 0)
		rc = nt_take_turns(&turns, docs, pool);
	release(&w);
	return rc;
}

/* --- parts ------------------------------------------------------------------------- */

/* Could an added token lie across the place where a part ends? Before a space between letters,
 * that is, or behind a newline that something else follows. */
static bool may_cross(const struct nt_tokenizer *t, const struct nt_added_set *set)
{
	for (uint32_t i = 0; i < set->n; i++) {
		const uint8_t *p = t->bytes.data + set->entry[i].at;
		if (t->token[set->entry[i].id].flags & NT_SINGLE_WORD)
			return true;
		for (uint32_t k = 1; k < set->entry[i].len; k++)
			if ((p[k] == ' ' && nt_is_ascii_letter(p[k - 1])) || (p[k - 1] == '\n' && p[k] != '\n'))
				return true;
	}
	return set->strips;
}

static size_t seam(const void *arg, const uint8_t *text, size_t len)
{
	const struct nt_tokenizer *t = arg;
	return t->joints ? nt_written_seam(t->joints, text, len) : nt_pattern_seam(&t->split, text, len);
}

void nt_encode_parts(const struct nt_tokenizer *t, struct nt_docs_options *how)
{
	bool has_seams = t->joints || nt_is_direct(t) || nt_is_usually_nfc(t);
	if (!has_seams || may_cross(t, &t->raw))
		return;
	how->part_bytes = PART_BYTES;
	how->seam = seam;
	how->seam_arg = t;
}

/* SPDX-License-Identifier: MIT */
/*
 * encode_docs.c - whole sources of documents to ids
 *
 * A batch is read, its groups of documents are encoded by whatever thread is free, and
 * their ids go out in order. While one batch is encoded the next one is read and the ids
 * of the one before are written, as two tasks among the others. All threads look pieces up
 * in one cache, which is tended when they are done with a batch.
 */
#include "nt/encode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/text.h"
#include "text/unicode.h"
#include "io/batch.h"
#include "token/cache.h"
#include "token/encode.h"
#include "base/lend.h"
#include "token/recall.h"
#include "token/tokenizer.h"
#include "token/written.h"

enum {
	PART_BYTES = 128 << 10,
	BATCH_BYTES = 512 << 10, /* for each thread: what is small stays in its cache */
	CACHE_FIRST = 1 << 14, /* entries */
};

/* What a document of the batch became: its part of the group's ids and units. */
struct result {
	size_t id, n_id;
	size_t unit, n_unit;
	size_t n_invalid;
};

struct output {
	struct nt_ids ids, unit;
};

/* A batch and what became of it. */
struct load {
	struct nt_batch batch;
	struct output *output; /* [n_output], of groups; kept for the next batch */
	size_t n_output, output_cap;
	struct result *result; /* [n_doc] */
	size_t result_cap;
	uint64_t input_bytes; /* read when the batch was */
};

struct work {
	const struct nt_encode_options *options;
	struct nt_docs *docs;
	int (*sink)(void *arg, const struct nt_encoded *text);
	void *arg;
	struct nt_cache cache;
	struct nt_lender lender;
	struct nt_encoder **encoder; /* [lender.n] */

	struct load load[3];
	struct load *read, *encoded, *written; /* this way round */
	bool goes_on;    /* what was written last is a part */
	size_t before;   /* bytes read of a document that goes on */
	int read_rc;     /* of the last nt_batch_read ... */
	char why[1024];  /* ... and its sentence, if it failed */
};

static int encode_doc(struct work *w, struct nt_encoder *e, size_t doc, struct output *out)
{
	const struct nt_batch_doc *d = &w->encoded->batch.doc[doc];
	struct result *r = &w->encoded->result[doc];
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

static int encode_group(struct work *w, size_t i)
{
	const struct nt_batch_group *g = &w->encoded->batch.group[i];
	struct output *out = &w->encoded->output[i];
	int desk = nt_lender_take(&w->lender), rc = 0;
	out->ids.n = out->unit.n = 0;
	for (size_t k = 0; rc == 0 && k < g->n; k++)
		rc = encode_doc(w, w->encoder[desk], g->first + k, out);
	nt_lender_give(&w->lender, desk);
	return rc;
}

/* Hands out what became of document k of a load, which is in a group's output. */
static int hand_out(struct work *w, const struct output *out, size_t k)
{
	const struct nt_batch_doc *d = &w->written->batch.doc[k];
	const struct result *r = &w->written->result[k];
	struct nt_encoded text = {
		.tokens = {.id = out->ids.id + r->id, .n = r->n_id,
			   .unit = out->unit.id + r->unit, .n_unit = r->n_unit},
		.text = d->text,
		.bytes = d->len,
		.n_invalid = r->n_invalid,
		.source = d->source,
		.input_bytes = w->written->input_bytes,
		.begins = !w->goes_on,
		.goes_on = d->goes_on,
	};
	w->goes_on = d->goes_on;
	return w->sink(w->arg, &text);
}

static int write_load(struct work *w)
{
	const struct nt_batch *b = &w->written->batch;
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < b->n_group; i++)
		for (size_t k = b->group[i].first; rc >= 0 && k < b->group[i].first + b->group[i].n; k++)
			rc = hand_out(w, &w->written->output[i], k);
	return rc < 0 ? rc : 0;
}

/* Reads a batch and makes room for what becomes of it. A failure is kept: what was read before
 * is good. */
static void read_load(struct work *w)
{
	struct load *l = w->read;
	l->batch.before = w->before;
	int rc = nt_batch_read(&l->batch, w->docs);
	w->before = l->batch.before;
	l->input_bytes = nt_docs_bytes(w->docs);
	if (rc > 0 && (nt_grow(&l->result, &l->result_cap, l->batch.n_doc, sizeof(*l->result)) < 0 ||
		       nt_grow(&l->output, &l->output_cap, l->batch.n_group, sizeof(*l->output)) < 0))
		rc = NT_ESYS;
	while (rc > 0 && l->n_output < l->batch.n_group)
		l->output[l->n_output++] = (struct output){0};
	if (rc < 0)
		snprintf(w->why, sizeof(w->why), "%s", nt_errmsg());
	if (rc <= 0)
		l->batch.n_doc = l->batch.n_group = 0;
	w->read_rc = rc;
}

/* Tasks 0 and 1 read and write, the others encode. */
static int do_task(void *arg, size_t i)
{
	struct work *w = arg;
	if (i == 0)
		return write_load(w);
	if (i > 1)
		return encode_group(w, i - 2);
	if (w->encoded->batch.is_copied && w->read_rc > 0)
		read_load(w);
	return 0;
}

/* Encodes the batch read last, while what became of the one before is written, and reads on. */
static int turn(struct work *w, struct nt_pool *pool)
{
	struct load *free = w->written;
	w->written = w->encoded;
	w->encoded = w->read;
	w->read = free;
	w->read->batch.n_doc = w->read->batch.n_group = 0;
	int rc = nt_pool_run(pool, w->encoded->batch.n_group + 2, do_task, w);
	if (rc == 0)
		rc = nt_cache_tend(&w->cache);
	if (rc == 0 && !w->encoded->batch.is_copied && w->read_rc > 0) {
		/* the one large document is where reading on would put the next */
		w->written = w->encoded;
		rc = write_load(w);
		w->encoded->batch.n_doc = w->encoded->batch.n_group = 0;
		if (rc == 0)
			read_load(w);
	}
	return rc;
}

static int make_encoders(struct work *w, const struct nt_tokenizer *t, int n)
{
	int rc = nt_cache_init(&w->cache, CACHE_FIRST, nt_recall()->line);
	if (rc == 0)
		rc = nt_lender_init(&w->lender, n);
	if (rc == 0 && !(w->encoder = nt_calloc((size_t)n, sizeof(struct nt_encoder *))))
		rc = NT_ESYS;
	for (int i = 0; rc == 0 && i < n; i++)
		if (!(w->encoder[i] = nt_encoder_share(t, &w->cache)))
			rc = NT_ESYS;
	return rc;
}

static void release_load(struct load *l)
{
	for (size_t i = 0; i < l->n_output; i++) {
		nt_ids_release(&l->output[i].ids);
		nt_ids_release(&l->output[i].unit);
	}
	free(l->output);
	free(l->result);
	nt_batch_release(&l->batch);
}

static void release(struct work *w)
{
	for (int i = 0; w->encoder && i < w->lender.n; i++)
		nt_encoder_free(w->encoder[i]);
	for (size_t i = 0; i < 3; i++)
		release_load(&w->load[i]);
	free(w->encoder);
	nt_cache_release(&w->cache);
	nt_lender_release(&w->lender);
}

int nt_encode_docs(const struct nt_tokenizer *t, struct nt_docs *docs,
		   const struct nt_encode_options *options, struct nt_pool *pool,
		   int (*sink)(void *arg, const struct nt_encoded *text), void *arg)
{
	struct work w = {.options = options, .docs = docs, .sink = sink, .arg = arg};
	for (size_t i = 0; i < 3; i++)
		w.load[i].batch.most = BATCH_BYTES * (1 + (size_t)nt_pool_size(pool));
	w.read = &w.load[0];
	w.encoded = &w.load[1];
	w.written = &w.load[2];
	int rc = make_encoders(&w, t, nt_pool_size(pool));
	if (rc == 0)
		rc = nt_cache_expect(&w.cache, nt_docs_total(docs));
	if (rc == 0)
		read_load(&w);
	while (rc == 0 && (w.read->batch.n_doc || w.encoded->batch.n_doc))
		rc = turn(&w, pool);
	if (rc == 0 && w.read_rc < 0)
		rc = nt_fail(w.read_rc, "%s", w.why);
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

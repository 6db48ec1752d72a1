/* SPDX-License-Identifier: MIT */
/*
 * dedup.c - exact repeats, in one pass, 16 bytes for each different thing
 *
 * Ids are compared and not text: a stream holds no text, and equal ids of one tokenizer
 * are equal text. The reverse nearly holds, too: the ids of a unit depend on what stands
 * around it only where a token reaches over its border (docs/formats.md, "Units").
 *
 * The white space behind a unit is no part of what is compared, or the last paragraph
 * of a text would differ from all others for the blank line that it lacks. It may sit in
 * tokens of its own or in the last one with text (".\n\n"), which is then
 * compared as the token without it (".").
 *
 * A document whose units are all repeats goes whole, and no empty one stays behind to
 * become a bare [B] [E]; a document that was empty before is not touched, since nobody
 * asked about it.
 */
#include "nt/dedup.h"

#include <stdlib.h>
#include <string.h>

#include "data/keyset.h"
#include "nt/err.h"
#include "nt/ident.h"
#include "nt/mem.h"

struct nt_dedup {
	struct nt_dedup_options options;
	struct nt_dedup_counts count;
	struct nt_keyset seen;
	struct nt_ids id, unit; /* what is kept of the current document */
	struct nt_ids trimmed;  /* a unit without the white space at its end */
};

int nt_dedup_new(struct nt_dedup **result, const struct nt_dedup_options *options)
{
	struct nt_dedup *d = nt_calloc(1, sizeof(*d));
	*result = d;
	if (!d)
		return NT_ESYS;
	nt_assert(options->by != NT_DEDUP_LINE || options->token);
	d->options = *options;
	return 0;
}

/* Returns 1 if id[n] is seen for the first time. */
static int is_first(struct nt_dedup *d, const uint32_t *id, size_t n)
{
	int rc = nt_keyset_add(&d->seen, nt_hash128(id, n * sizeof(*id)));
	d->count.compared++;
	d->count.repeated += rc == 0;
	return rc;
}

/* The same without the white space at its end; if that is all there is, as *stays says. */
static int is_first_trimmed(struct nt_dedup *d, const uint32_t *id, size_t n, bool *stays)
{
	const struct nt_dedup_token *token = d->options.token;
	while (n && token && token[id[n - 1]].trimmed == NT_NO_TOKEN)
		n--;
	if (n == 0)
		return *stays;
	int rc = 0;
	uint32_t last = token ? token[id[n - 1]].trimmed : id[n - 1];
	if (last != id[n - 1]) {
		d->trimmed.n = 0;
		if ((rc = nt_ids_add(&d->trimmed, id, n)) < 0)
			return rc;
		d->trimmed.id[n - 1] = last;
		id = d->trimmed.id;
	}
	rc = is_first(d, id, n);
	*stays = rc == 1;
	return rc;
}

static int keep(struct nt_dedup *d, const uint32_t *id, size_t n)
{
	return nt_ids_add(&d->id, id, n);
}

static void drop(struct nt_dedup *d, const uint32_t *id, size_t n)
{
	for (size_t i = 0; i < n && d->options.token; i++)
		d->count.dropped_bytes += d->options.token[id[i]].bytes;
}

/* A span that is compared as one: it is kept or dropped. */
static int keep_span(struct nt_dedup *d, const uint32_t *id, size_t n, bool *stays)
{
	int rc = is_first_trimmed(d, id, n, stays);
	if (rc == 0)
		drop(d, id, n);
	return rc == 1 ? keep(d, id, n) : rc;
}

/* Tokens of the line that id[n] begins with. */
static size_t line_len(const struct nt_dedup *d, const uint32_t *id, size_t n)
{
	size_t i = 0;
	while (i < n && !d->options.token[id[i]].has_break)
		i++;
	return i < n ? i + 1 : n;
}

static int keep_unit(struct nt_dedup *d, const uint32_t *id, size_t n, bool *stays)
{
	int rc = 0;
	if (d->options.by == NT_DEDUP_UNIT)
		return keep_span(d, id, n, stays);
	for (size_t at = 0, len; at < n && rc == 0; at += len) {
		len = line_len(d, id + at, n - at);
		rc = keep_span(d, id + at, len, stays);
	}
	return rc;
}

static int keep_units(struct nt_dedup *d, const struct nt_tokens *doc)
{
	bool stays = true; /* white space at the very beginning */
	size_t at = 0;
	d->id.n = d->unit.n = 0;
	for (size_t i = 0; i < doc->n_unit; at += doc->unit[i++]) {
		size_t before = d->id.n;
		int rc = keep_unit(d, doc->id + at, doc->unit[i], &stays);
		uint32_t left = (uint32_t)(d->id.n - before);
		if (rc == 0 && left)
			rc = nt_ids_add(&d->unit, &left, 1);
		if (rc < 0)
			return rc;
	}
	return d->id.n > 0;
}

static void count(struct nt_stream_counts *c, const struct nt_tokens *doc)
{
	c->documents++;
	c->units += doc->n_unit;
	c->tokens += doc->n;
}

int nt_dedup_next(struct nt_dedup *d, struct nt_tokens *kept, const struct nt_tokens *doc)
{
	int rc = 1;
	count(&d->count.in, doc);
	*kept = *doc;
	if (doc->n == 0) {
		rc = 1;
	} else if (d->options.by == NT_DEDUP_DOCUMENT) {
		rc = is_first(d, doc->id, doc->n);
		if (rc == 0)
			drop(d, doc->id, doc->n);
	} else {
		rc = keep_units(d, doc);
		*kept = (struct nt_tokens){
			.id = d->id.id, .n = d->id.n, .unit = d->unit.id, .n_unit = d->unit.n};
	}
	if (rc == 1)
		count(&d->count.kept, kept);
	return rc;
}

const struct nt_dedup_counts *nt_dedup_counts(const struct nt_dedup *d)
{
	return &d->count;
}

void nt_dedup_free(struct nt_dedup *d)
{
	if (!d)
		return;
	nt_keyset_release(&d->seen);
	nt_ids_release(&d->id);
	nt_ids_release(&d->unit);
	nt_ids_release(&d->trimmed);
	free(d);
}

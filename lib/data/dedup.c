/* SPDX-License-Identifier: MIT */
/*
 * dedup.c - exact repeats, in one pass, 16 bytes for each different thing
 *
 * Ids are compared and not text: equal ids of one tokenizer are equal text. The reverse nearly
 * holds, too: the ids of a unit depend on what stands around it only where a token reaches over
 * its border (docs/formats.md, "Units"). Lines are short and there is more around them than in
 * them: they are compared as text (dedup_line.c).
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

#include "base/le.h"
#include "data/dedup_line.h"
#include "data/once.h"
#include "data/state.h"
#include "nt/err.h"
#include "nt/hash.h"
#include "nt/ident.h"
#include "nt/mem.h"

struct nt_dedup {
	struct nt_dedup_options options;
	struct nt_dedup_counts count;
	struct nt_once seen;
	struct nt_dedup_line line;
	struct nt_ids id, unit; /* what is kept of the current document */
	struct nt_ids trimmed;  /* a unit without the white space at its end */
};

int nt_dedup_new(struct nt_dedup **result, const struct nt_dedup_options *options)
{
	struct nt_dedup *d = nt_calloc(1, sizeof(*d));
	*result = d;
	if (!d)
		return NT_ESYS;
	nt_assert(options->by == NT_DEDUP_DOCUMENT || options->n_part == 0);
	nt_assert(options->by != NT_DEDUP_LINE || (options->token && options->find));
	d->options = *options;
	int rc = nt_once_init(&d->seen);
	return rc == 0 && options->by == NT_DEDUP_LINE ? nt_dedup_line_init(&d->line, options) : rc;
}

/* --- units ----------------------------------------------------------------------- */

/* The length of id[n] without tokens of white space at its end. */
static size_t trimmed_len(const struct nt_dedup *d, const uint32_t *id, size_t n)
{
	const struct nt_dedup_token *token = d->options.token;
	while (n && token && token[id[n - 1]].trimmed == NT_NO_TOKEN)
		n--;
	return n;
}

/* Asks about id[n] without the white space in its last token. */
static int ask(struct nt_dedup *d, const uint32_t *id, size_t n)
{
	const struct nt_dedup_token *token = d->options.token;
	uint32_t last = token ? token[id[n - 1]].trimmed : id[n - 1];
	if (last != id[n - 1]) {
		d->trimmed.n = 0;
		if (nt_ids_add(&d->trimmed, id, n) < 0)
			return NT_ESYS;
		d->trimmed.id[n - 1] = last;
		id = d->trimmed.id;
	}
	return nt_once_ask(&d->seen, id, n * sizeof(*id));
}

static int ask_units(struct nt_dedup *d, const struct nt_tokens *doc)
{
	int rc = 0;
	size_t at = 0;
	for (size_t i = 0; rc == 0 && i < doc->n_unit; at += doc->unit[i++]) {
		size_t n = trimmed_len(d, doc->id + at, doc->unit[i]);
		if (n)
			rc = ask(d, doc->id + at, n);
	}
	return rc;
}

static void drop(struct nt_dedup *d, const uint32_t *id, size_t n)
{
	for (size_t i = 0; i < n && d->options.token; i++)
		d->count.dropped_bytes += d->options.token[id[i]].bytes;
}

static int keep(struct nt_dedup *d, const uint32_t *id, uint32_t n)
{
	int rc = nt_ids_add(&d->id, id, n);
	return rc < 0 ? rc : nt_ids_add(&d->unit, &n, 1);
}

static int keep_units(struct nt_dedup *d, const struct nt_tokens *doc)
{
	bool stays = true; /* white space at the very beginning */
	size_t at = 0, asked = 0;
	int rc = ask_units(d, doc);
	for (size_t i = 0; rc >= 0 && i < doc->n_unit; at += doc->unit[i++]) {
		const uint32_t *id = doc->id + at;
		if (doc->unit[i] == 0)
			continue;
		if (trimmed_len(d, id, doc->unit[i])) {
			if ((rc = nt_once_answer(&d->seen, asked++)) < 0)
				break;
			stays = rc == 1;
			d->count.repeated += !stays;
		}
		if (stays)
			rc = keep(d, id, doc->unit[i]);
		else
			drop(d, id, doc->unit[i]);
	}
	d->count.compared += asked;
	return rc < 0 ? rc : d->id.n > 0;
}

/* --- documents ------------------------------------------------------------------- */

/* A hash that every run knows: those of `seen` are of one run, or of one state. */
static bool is_of_part(const struct nt_dedup *d, const struct nt_tokens *doc)
{
	const struct nt_dedup_options *o = &d->options;
	return o->n_part == 0 || nt_hash64(doc->id, doc->n * sizeof(*doc->id)) % o->n_part == o->part;
}

static int keep_document(struct nt_dedup *d, const struct nt_tokens *doc)
{
	if (!is_of_part(d, doc)) {
		drop(d, doc->id, doc->n);
		return 0;
	}
	int rc = nt_once_ask(&d->seen, doc->id, doc->n * sizeof(*doc->id));
	if (rc == 0)
		rc = nt_once_answer(&d->seen, 0);
	d->count.compared++;
	d->count.repeated += rc == 0;
	if (rc == 0)
		drop(d, doc->id, doc->n);
	return rc;
}

static int keep_lines(struct nt_dedup *d, const struct nt_tokens *doc)
{
	int rc = nt_dedup_line(&d->line, &d->options, &d->seen, doc, &d->id, &d->unit);
	d->count.compared += d->line.n;
	d->count.repeated += d->line.n_repeated;
	d->count.dropped_bytes += d->line.dropped_bytes;
	return rc < 0 ? rc : d->id.n > 0;
}

int nt_dedup_next(struct nt_dedup *d, struct nt_tokens *kept, const struct nt_tokens *doc)
{
	int rc = 1;
	nt_stream_count(&d->count.in, doc);
	*kept = *doc;
	d->id.n = d->unit.n = 0;
	if (d->options.by == NT_DEDUP_DOCUMENT) {
		rc = doc->n ? keep_document(d, doc) : is_of_part(d, doc);
	} else if (doc->n) {
		rc = d->options.by == NT_DEDUP_UNIT ? keep_units(d, doc) : keep_lines(d, doc);
		*kept = (struct nt_tokens){
			.id = d->id.id, .n = d->id.n, .unit = d->unit.id, .n_unit = d->unit.n};
	}
	nt_once_done(&d->seen);
	if (rc == 1)
		nt_stream_count(&d->count.kept, kept);
	return rc;
}

const struct nt_dedup_counts *nt_dedup_counts(const struct nt_dedup *d)
{
	return &d->count;
}

/* --- states ---------------------------------------------------------------------- */

static struct nt_state state_of(const struct nt_dedup *d, const uint8_t fingerprint[16])
{
	static const uint32_t kind[] = {NT_STATE_UNITS, NT_STATE_DOCUMENTS, NT_STATE_LINES};
	const struct nt_keyset *set = &d->seen.set;
	struct nt_state s = {.kind = kind[d->options.by], .secret = d->seen.secret,
			     .n = set->n + set->has_zero};
	if (d->options.by != NT_DEDUP_LINE)
		memcpy(s.fingerprint, fingerprint, sizeof(s.fingerprint));
	return s;
}

static int begin_state(void *arg, const struct nt_state *s)
{
	struct nt_dedup *d = arg;
	d->seen.secret = s->secret;
	return nt_keyset_reserve(&d->seen.set, s->n);
}

static int take_keys(void *arg, const uint8_t *entries, size_t n)
{
	struct nt_dedup *d = arg;
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < n; i++, entries += 16)
		rc = nt_keyset_add(&d->seen.set, (struct nt_hash128){nt_le64(entries), nt_le64(entries + 8)});
	return rc < 0 ? rc : 0;
}

int nt_dedup_load(struct nt_dedup *d, const char *path, const uint8_t fingerprint[16])
{
	struct nt_state s, due = state_of(d, fingerprint);
	return nt_state_read(path, &s, &due, begin_state, take_keys, d);
}

static int write_key(struct nt_state_writer *w, struct nt_hash128 key)
{
	uint8_t entry[16];
	nt_put64(entry, key.lo);
	nt_put64(entry + 8, key.hi);
	return nt_state_add(w, entry, sizeof(entry));
}

int nt_dedup_save(const struct nt_dedup *d, const char *path, const uint8_t fingerprint[16])
{
	const struct nt_keyset *set = &d->seen.set;
	const struct nt_hash128 zero = {0};
	struct nt_state s = state_of(d, fingerprint);
	struct nt_state_writer w;
	int rc = nt_state_begin(&w, path, &s);
	for (size_t i = 0; rc == 0 && i < set->cap; i++)
		if (set->slot[i].lo | set->slot[i].hi)
			rc = write_key(&w, set->slot[i]);
	if (rc == 0 && set->has_zero)
		rc = write_key(&w, zero);
	return nt_state_end(&w, rc);
}

void nt_dedup_free(struct nt_dedup *d)
{
	if (!d)
		return;
	nt_once_release(&d->seen);
	nt_dedup_line_release(&d->line);
	nt_ids_release(&d->id);
	nt_ids_release(&d->unit);
	nt_ids_release(&d->trimmed);
	free(d);
}

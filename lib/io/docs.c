/* SPDX-License-Identifier: MIT */
/*
 * docs.c - the documents of all operands, and what is to be said about them at the end
 *
 * One operand is read where it is asked for; several may be read ahead by threads.
 */
#include "nt/docs.h"

#include <stdlib.h>
#include <string.h>

#include "io/ahead.h"
#include "io/reader.h"
#include "io/walk.h"
#include "nt/err.h"
#include "nt/file.h"

struct nt_docs {
	struct nt_docs_options options;
	struct nt_walk *walk;
	struct nt_reader *reader;
	bool is_open; /* the reader is in an operand */
	bool has_folder; /* among the operands */
	bool is_many; /* operands, for several threads ... */
	struct nt_ahead *ahead; /* ... from the first document on */
	uint64_t total;
	struct nt_buf remark, damage; /* made at the end */
};

int nt_docs_open(struct nt_docs **docs, const struct nt_docs_options *options,
		 char *const *operand, size_t n)
{
	static const struct nt_docs_options defaults;
	struct nt_docs *d = nt_calloc(1, sizeof(*d));
	*docs = NULL;
	if (!d)
		return NT_ESYS;
	d->options = options ? *options : defaults;
	int rc = nt_reader_new(&d->reader, &d->options);
	if (rc == 0)
		rc = nt_walk_open(&d->walk, operand, n);
	if (rc < 0) {
		nt_docs_close(d);
		return rc;
	}
	d->total = nt_walk_total(d->walk);
	for (size_t i = 0; i < n && !d->has_folder; i++)
		d->has_folder = nt_is_folder(operand[i]);
	d->is_many = d->options.n_thread > 1 && (n > 1 || d->has_folder);
	*docs = d;
	return 0;
}

static void get_counts(const struct nt_docs *d, struct nt_reader_counts *c)
{
	if (d->ahead)
		nt_ahead_counts(d->ahead, c);
	else
		nt_reader_counts(d->reader, c);
}

/* --- remarks ----------------------------------------------------------------------- */

/* Ends the sentence before, if there is one. */
static int begin_remark(struct nt_docs *d)
{
	return d->remark.len ? nt_buf_printf(&d->remark, "; ") : 0;
}

/* "between N what", unless N is 0. */
static int add_count(struct nt_buf *to, const char **between, uint64_t n, const char *what)
{
	if (n == 0)
		return 0;
	int rc = nt_buf_printf(to, "%s %llu %s", *between, (unsigned long long)n, what);
	*between = ",";
	return rc;
}

static int remark_warc(struct nt_docs *d, const struct nt_reader_counts *c)
{
	const struct nt_input_tally *t = &c->input;
	uint64_t over = t->warc.other_types + t->warc.not_text + t->warc.encoded + t->warc.segments;
	const char *between = ",", *over_between = "; passed over";
	struct nt_buf *to = &d->remark;
	if (begin_remark(d) < 0 ||
	    nt_buf_printf(to, "WARC: documents in %llu of %s", (unsigned long long)(t->warc.records - over),
			  nt_counted(t->warc.records, "record")) < 0 ||
	    add_count(to, &between, t->warc.html, "in HTML, tags and all") < 0 ||
	    add_count(to, &between, t->warc.cut, "cut by the server or the crawler") < 0 ||
	    add_count(to, &over_between, t->warc.other_types, "of other types") < 0 ||
	    add_count(to, &over_between, t->warc.not_text, "not text") < 0 ||
	    add_count(to, &over_between, t->warc.encoded, "in a Content-Encoding other than gzip and deflate") < 0)
		return NT_ESYS;
	return add_count(to, &over_between, t->warc.segments, "in segments");
}

/* A delimiter that is nowhere is likelier misspelt than meant. */
static int remark_delimiter(struct nt_docs *d, const struct nt_reader_counts *c)
{
	if (!nt_reader_has_delimiter(d->reader) || c->delimiters || !c->has_text)
		return 0;
	return nt_buf_printf(&d->remark, "the delimiter of --split is nowhere in the text: it is not cut; "
					 "words with a meaning are auto, none, line, blank, nul, jsonl");
}

/* All operands are read. */
static int make_remarks(struct nt_docs *d)
{
	struct nt_reader_counts c;
	const char *latest = d->ahead ? nt_ahead_remark(d->ahead) : nt_reader_remark(d->reader);
	get_counts(d, &c);
	d->remark.len = d->damage.len = 0;
	int rc = latest ? nt_buf_printf(&d->remark, "%s", latest) : remark_delimiter(d, &c);
	if (rc == 0 && c.input.warc.records)
		rc = remark_warc(d, &c);
	if (rc == 0 && c.unwanted && (rc = begin_remark(d)) == 0)
		rc = nt_buf_printf(&d->remark, "--where passed over %llu of %s",
				   (unsigned long long)c.unwanted, nt_counted(c.lines, "JSON line"));
	if (rc == 0 && c.input.damage)
		rc = nt_buf_printf(&d->damage, "damage passed over in %s, the first: %s",
				   nt_counted(c.input.damage, "place"), c.input.first);
	return rc;
}

const char *nt_docs_remark(const struct nt_docs *d)
{
	return d->remark.len ? (const char *)d->remark.data : NULL;
}

const char *nt_docs_damage(const struct nt_docs *d)
{
	return d->damage.len ? (const char *)d->damage.data : NULL;
}

/* --- for a manifest ------------------------------------------------------------------ */

static int add_strings(struct nt_buf *members, const char *name, const char *const *item, size_t n)
{
	int rc = n ? nt_buf_printf(members, ", \"%s\": [", name) : 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		if ((rc = nt_buf_add(members, ", ", i ? 2 : 0)) == 0)
			rc = nt_json_string(members, item[i], strlen(item[i]));
	return rc == 0 && n ? nt_buf_printf(members, "]") : rc;
}

int nt_docs_describe(struct nt_buf *members, const struct nt_docs_options *o)
{
	const char *split = o->split ? o->split : "auto";
	int rc = nt_buf_printf(members, "\"split\": ");
	if (rc == 0)
		rc = nt_json_string(members, split, strlen(split));
	if (rc == 0)
		rc = add_strings(members, "field", o->field, o->n_field);
	if (rc == 0)
		rc = add_strings(members, "where", o->where, o->n_where);
	return rc == 0 && o->is_lenient ? nt_buf_printf(members, ", \"lenient\": true") : rc;
}

/* --- documents --------------------------------------------------------------------- */

/* The next document of one operand after the other, read here. */
static int next_here(struct nt_docs *d, struct nt_doc *doc)
{
	const char *path;
	for (;;) {
		int rc = d->is_open ? nt_reader_next(d->reader, doc) : 0;
		if (rc != 0)
			return rc;
		d->is_open = false;
		if ((rc = nt_walk_next(d->walk, &path)) <= 0 || (rc = nt_reader_open(d->reader, path)) < 0)
			return rc;
		d->is_open = true;
	}
}

int nt_docs_next(struct nt_docs *d, struct nt_doc *doc)
{
	int rc = 0;
	if (d->is_many && !d->ahead)
		rc = nt_ahead_new(&d->ahead, &d->options, d->walk);
	if (rc == 0)
		rc = d->is_many ? nt_ahead_next(d->ahead, doc) : next_here(d, doc);
	if (rc == NT_EFORMAT && d->has_folder) /* nobody knows all that lies in one */
		return nt_fail(rc, "%s; nt-cat --lenient passes over it", nt_errmsg());
	return rc == 0 ? make_remarks(d) : rc;
}

uint64_t nt_docs_bytes(const struct nt_docs *d)
{
	struct nt_reader_counts c;
	get_counts(d, &c);
	return c.bytes;
}

uint64_t nt_docs_total(const struct nt_docs *d)
{
	return d->total;
}

void nt_docs_close(struct nt_docs *d)
{
	if (!d)
		return;
	nt_ahead_free(d->ahead);
	nt_reader_free(d->reader);
	nt_walk_close(d->walk);
	nt_buf_release(&d->remark);
	nt_buf_release(&d->damage);
	free(d);
}

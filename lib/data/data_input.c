/* SPDX-License-Identifier: MIT */
/*
 * data_input.c - token streams or data files as one run of documents
 *
 * A stream is told from a data file by the first operand; what stands behind it must be of
 * the same kind, and says so itself if it is not. The first data file stays open to the
 * end, because the tokenizer that is handed out lies in it.
 */
#include <stdlib.h>
#include <string.h>

#include "data/ids.h"
#include "nt/data.h"
#include "nt/err.h"

struct nt_data_input {
	struct nt_stream_reader *stream; /* or else data files: */
	char *const *operand;
	size_t n, n_opened;
	struct nt_data *first, *now; /* now may be first */
	struct nt_data_docs *docs;   /* of now */
	struct nt_buf manifest;
	struct nt_stream_counts count;
	bool is_unknown; /* the source bytes of some file */
	struct nt_buf narrow;
};

static void close_now(struct nt_data_input *in)
{
	nt_data_docs_free(in->docs);
	if (in->now != in->first)
		nt_data_close(in->now);
	in->docs = NULL;
	in->now = NULL;
}

static int add_up(struct nt_data_input *in)
{
	uint64_t bytes = nt_data_source_bytes(in->now);
	in->is_unknown |= bytes == 0 && nt_data_n_doc(in->now) > 0;
	in->count.source_bytes = in->is_unknown ? 0 : in->count.source_bytes + bytes;
	return nt_data_manifest(in->now, &in->manifest);
}

/* Returns 1, or 0 if there is no other file. */
static int open_next(struct nt_data_input *in)
{
	close_now(in);
	if (in->n_opened == in->n)
		return 0;
	const char *path = in->operand[in->n_opened++];
	int rc = nt_data_open(&in->now, path);
	if (rc < 0)
		return rc;
	if (!in->first)
		in->first = in->now;
	if (!nt_ident_equal(nt_data_ident(in->now), nt_data_ident(in->first)))
		return nt_fail(NT_EFORMAT, "%s: of another tokenizer than %s: two vocabularies cannot be mixed",
			       path, in->operand[0]);
	rc = nt_data_docs_new(&in->docs, in->now);
	return rc < 0 ? rc : 1;
}

int nt_data_input_open(struct nt_data_input **result, char *const *operand, size_t n)
{
	static char *const standard_input[] = {"-"};
	struct nt_data_input *in = nt_calloc(1, sizeof(*in));
	*result = NULL;
	if (!in)
		return NT_ESYS;
	in->operand = n ? operand : standard_input;
	in->n = n ? n : 1;
	int rc = nt_data_is(in->operand[0]);
	if (rc >= 0)
		rc = rc ? open_next(in) : nt_stream_open(&in->stream, operand, n);
	if (rc < 0)
		nt_data_input_close(in);
	else
		*result = in;
	return rc < 0 ? rc : 0;
}

const struct nt_ident *nt_data_input_ident(const struct nt_data_input *in)
{
	return in->stream ? nt_stream_ident(in->stream) : nt_data_ident(in->first);
}

int nt_data_input_next(struct nt_data_input *in, struct nt_tokens *doc)
{
	if (in->stream)
		return nt_stream_next(in->stream, doc);
	for (int rc; in->docs;) {
		if ((rc = nt_data_docs_next(in->docs, doc)) == 1) {
			in->count.documents++;
			in->count.units += doc->n_unit;
			in->count.tokens += doc->n;
		}
		if (rc != 0)
			return rc;
		if ((rc = add_up(in)) < 0 || (rc = open_next(in)) < 0)
			return rc;
	}
	return 0;
}

int nt_data_input_next_stored(struct nt_data_input *in, struct nt_stored *doc)
{
	struct nt_tokens wide;
	if (in->stream)
		return nt_stream_next_stored(in->stream, doc);
	int rc = nt_data_input_next(in, &wide);
	if (rc <= 0)
		return rc;
	rc = nt_tokens_store(&in->narrow, &wide, (size_t)nt_ident_width(nt_data_input_ident(in)), doc);
	return rc < 0 ? rc : 1;
}

/* *name, NULL at first, stays what it is if this file's segments all have that name; else it
 * becomes NULL, and 1 is returned. */
static int compare_source(const struct nt_data *d, char **name)
{
	for (size_t i = 0; i < nt_data_n_segment(d); i++) {
		struct nt_data_segment s;
		nt_data_segment(d, i, &s);
		if (!*name && !(*name = strdup(s.source)))
			return nt_fail(NT_ESYS, "out of memory");
		if (strcmp(s.source, *name) != 0) {
			free(*name);
			*name = NULL;
			return 1;
		}
	}
	return 0;
}

int nt_data_input_source(const struct nt_data_input *in, char **name)
{
	*name = NULL;
	if (in->stream)
		return (*name = strdup("")) ? 0 : nt_fail(NT_ESYS, "out of memory");
	int rc = compare_source(in->first, name);
	for (size_t i = 1; rc == 0 && i < in->n; i++) {
		struct nt_data *d;
		if ((rc = nt_data_open(&d, in->operand[i])) < 0)
			break;
		rc = compare_source(d, name);
		nt_data_close(d);
	}
	if (rc < 0) {
		free(*name);
		*name = NULL;
	}
	return rc < 0 ? rc : 0;
}

const char *nt_data_input_manifest(const struct nt_data_input *in)
{
	return in->stream ? nt_stream_manifest(in->stream) : (const char *)in->manifest.data;
}

const struct nt_stream_counts *nt_data_input_counts(const struct nt_data_input *in)
{
	return in->stream ? nt_stream_counts(in->stream) : &in->count;
}

void nt_data_input_close(struct nt_data_input *in)
{
	if (!in)
		return;
	close_now(in);
	nt_data_close(in->first);
	nt_stream_close(in->stream);
	nt_buf_release(&in->manifest);
	nt_buf_release(&in->narrow);
	free(in);
}

/* SPDX-License-Identifier: MIT */
/*
 * pack.c - documents with their marks into a data file, as they come or as rows
 *
 * Which piece goes into which row is fit.c's choice. What is kept meanwhile is the tokens of
 * the pieces that wait, 4 bytes each: those of a thousand documents, of which none takes
 * more than a row, or two rows where that is more.
 */
#include "nt/pack.h"

#include <stdlib.h>
#include <string.h>

#include "data/fit.h"
#include "nt/data.h"
#include "nt/err.h"
#include "nt/hash.h"
#include "nt/random.h"

/* A document, or the last piece of one, that waits for its row. */
struct piece {
	uint64_t doc, doc_offset;
	uint32_t context;
	uint32_t *id;
};

struct nt_pack {
	struct nt_data_writer *writer;
	struct nt_pack_options options;
	struct nt_pack_counts count;
	uint32_t bos, eos, pad;
	struct nt_ids doc; /* with its marks */

	/* rows */
	struct nt_fit *fit;
	struct piece *piece;  /* [piece_cap] by slot */
	size_t piece_cap;
	uint32_t *row;        /* [seq_len] */
	struct nt_fragment *fragment;
	size_t cap;
};

/* --- rows ------------------------------------------------------------------------ */

static int write_row(struct nt_pack *p, uint32_t used, size_t n_fragment)
{
	uint32_t T = p->options.seq_len;
	for (uint32_t i = used; i < T; i++)
		p->row[i] = p->pad;
	p->count.rows++;
	p->count.padding += T - used;
	return nt_data_write_row(p->writer, p->row, p->fragment, n_fragment);
}

/* What a piece of a document begins with that the one before it had. */
static uint32_t context_at(const struct nt_pack *p, uint64_t doc_offset)
{
	return doc_offset ? p->options.seq_len - p->options.stride : 1;
}

/* Fills one row from what waits. */
static int fit_row(struct nt_pack *p)
{
	uint32_t used = 0, len;
	size_t n = 0, slot;
	while ((len = nt_fit_next(p->fit, p->options.seq_len - used, &slot)) > 0) {
		struct piece *piece = &p->piece[slot];
		int rc = nt_grow(&p->fragment, &p->cap, n + 1, sizeof(*p->fragment));
		if (rc < 0)
			return rc;
		memcpy(p->row + used, piece->id, len * sizeof(*p->row));
		free(piece->id);
		piece->id = NULL;
		p->fragment[n++] = (struct nt_fragment){
			.start = used, .len = len, .doc = piece->doc, .doc_offset = piece->doc_offset,
			.context = piece->context};
		used += len;
	}
	return write_row(p, used, n);
}

/* Copies a piece, which then waits for its row. */
static int keep(struct nt_pack *p, const uint32_t *id, uint32_t len, uint64_t doc, uint64_t doc_offset)
{
	size_t slot, had = p->piece_cap;
	int rc = nt_fit_add(p->fit, len, &slot);
	if (rc == 0)
		rc = nt_grow(&p->piece, &p->piece_cap, slot + 1, sizeof(*p->piece));
	if (rc < 0)
		return rc;
	memset(p->piece + had, 0, (p->piece_cap - had) * sizeof(*p->piece));
	uint32_t *copy = nt_alloc(len, sizeof(*copy));
	if (!copy)
		return NT_ESYS;
	memcpy(copy, id, len * sizeof(*copy));
	p->piece[slot] = (struct piece){doc, doc_offset, context_at(p, doc_offset), copy};
	return 0;
}

/* A piece that is a row by itself. */
static int write_full(struct nt_pack *p, const uint32_t *id, uint64_t doc, uint64_t doc_offset)
{
	uint32_t T = p->options.seq_len;
	int rc = nt_grow(&p->fragment, &p->cap, 1, sizeof(*p->fragment));
	if (rc < 0)
		return rc;
	memcpy(p->row, id, T * sizeof(*id));
	p->fragment[0] = (struct nt_fragment){
		.len = T, .doc = doc, .doc_offset = doc_offset, .context = context_at(p, doc_offset)};
	return write_row(p, T, 1);
}

static int add_to_rows(struct nt_pack *p, const uint32_t *id, size_t n, uint64_t doc)
{
	uint32_t T = p->options.seq_len;
	size_t at = 0;
	p->count.cut += n > T;
	for (; n - at > T; at += p->options.stride) {
		int rc = write_full(p, id + at, doc, at);
		if (rc < 0)
			return rc;
		p->count.repeated += T - p->options.stride;
	}
	if (nt_fit_is_full(p->fit)) {
		int rc = fit_row(p);
		if (rc < 0)
			return rc;
	}
	return keep(p, id + at, (uint32_t)(n - at), doc, at);
}

/* --- the whole ------------------------------------------------------------------- */

static int set_up_rows(struct nt_pack *p)
{
	size_t T = p->options.seq_len;
	nt_assert(T >= 2 && p->options.buffer >= 1 && p->options.stride < T);
	if (!p->options.stride)
		p->options.stride = p->options.seq_len - 1;
	p->row = nt_alloc(T, sizeof(*p->row));
	return p->row ? nt_fit_new(&p->fit, (uint32_t)T, p->options.buffer) : NT_ESYS;
}

int nt_pack_new(struct nt_pack **result, struct nt_out *out, const struct nt_ident *ident,
		const struct nt_pack_options *options)
{
	*result = NULL;
	if (ident->bos == NT_NO_TOKEN || ident->eos == NT_NO_TOKEN)
		return nt_fail(NT_EFORMAT,
			       "tokenizer '%s' has no token for the %s of a document, and packing needs one: "
			       "add it to the tokenizer",
			       ident->name, ident->bos == NT_NO_TOKEN ? "beginning" : "end");
	struct nt_pack *p = nt_calloc(1, sizeof(*p));
	if (!p)
		return NT_ESYS;
	p->options = *options;
	p->bos = ident->bos;
	p->eos = ident->eos;
	p->pad = ident->pad != NT_NO_TOKEN ? ident->pad : ident->eos;
	const struct nt_data_options data = {
		.kind = options->seq_len ? NT_DATA_ROWS : NT_DATA_DOCUMENTS,
		.row_len = options->seq_len,
		.seed = options->seed,
		.source = options->source,
	};
	int rc = options->seq_len ? set_up_rows(p) : 0;
	if (rc == 0)
		rc = nt_data_create(&p->writer, out, ident, &data);
	if (rc < 0)
		nt_pack_free(p);
	else
		*result = p;
	return rc;
}

int nt_pack_add(struct nt_pack *p, const uint32_t *id, size_t n)
{
	p->doc.n = 0;
	int rc = nt_ids_add(&p->doc, &p->bos, 1);
	if (rc == 0)
		rc = nt_ids_add(&p->doc, id, n);
	if (rc == 0)
		rc = nt_ids_add(&p->doc, &p->eos, 1);
	if (rc < 0)
		return rc;
	uint64_t doc = p->count.documents++;
	p->count.tokens += p->doc.n;
	return p->options.seq_len ? add_to_rows(p, p->doc.id, p->doc.n, doc)
				  : nt_data_write_doc(p->writer, p->doc.id, p->doc.n);
}

int nt_pack_flush(struct nt_pack *p)
{
	int rc = 0;
	while (rc == 0 && p->fit && nt_fit_n_waiting(p->fit) > 0)
		rc = fit_row(p);
	return rc;
}

int nt_pack_end(struct nt_pack *p, const char *manifest, uint64_t source_bytes)
{
	int rc = nt_pack_flush(p);
	if (rc == 0 && manifest)
		rc = nt_data_report(p->writer, manifest);
	return rc < 0 ? rc : nt_data_end(p->writer, source_bytes, 1);
}

const struct nt_pack_counts *nt_pack_counts(const struct nt_pack *p)
{
	return &p->count;
}

void nt_pack_free(struct nt_pack *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->piece_cap; i++)
		free(p->piece[i].id);
	nt_data_writer_free(p->writer);
	nt_ids_release(&p->doc);
	nt_fit_free(p->fit);
	free(p->piece);
	free(p->row);
	free(p->fragment);
	free(p);
}

bool nt_pack_is_held_out(const uint32_t *id, size_t n, double fraction, uint64_t seed)
{
	uint64_t content = n ? nt_hash64(id, n * sizeof(*id)) : 0;
	return nt_random_unit(seed, NT_RANDOM_HOLDOUT, content) < fraction;
}

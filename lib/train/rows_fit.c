/* SPDX-License-Identifier: MIT */
/*
 * rows_fit.c - documents, or rows that were packed before, into rows of training and held-out rows
 *
 * Each source is treated as if it were alone, so that each has a loss. Its documents are held out
 * one by one where that comes near the share wanted; where they are too few, or too unlike in
 * length, pieces take their place (holdout.c). What was packed before is held out by rows.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "nt/err.h"
#include "nt/mem.h"
#include "train/holdout.h"

enum { BY_DOCUMENT = 1, BY_PIECE = 2, BY_ROW = 4 };

/* How rows are being made of one corpus. */
struct maker {
	const struct nt_corpus *corpus;
	size_t source; /* the one at hand */
	struct nt_rows *train, *held; /* held NULL: nothing is held out */
	struct nt_packer *to_train, *to_held;
	struct nt_hasher *h;
	size_t T, stride;
	int how; /* what was held out, BY_DOCUMENT and the others */
};

/* --- data of rows ----------------------------------------------------------------- */

/* The spans of a row that has something to predict. */
struct row {
	struct nt_span *span;
	size_t n, cap;
};

static int disordered(const struct nt_data *d, uint64_t row)
{
	return nt_fail(NT_EFORMAT, "%s: the fragments of row %" PRIu64 " are out of order: pack it again",
		       nt_data_name(d), row);
}

static int end_row(struct row *row, nt_group_fn *fn, void *arg)
{
	int rc = row->n ? fn(arg, row->span, row->n) : 0;
	row->n = 0;
	return rc;
}

static int walk_extent(const struct nt_extent *e, struct row *row, nt_group_fn *fn, void *arg)
{
	struct nt_fragment f, before = {0};
	uint64_t row_len = nt_data_row_len(e->file);
	int rc = 0;
	for (uint64_t i = 0; rc == 0 && i < e->n_fragment; i++, before = f) {
		if ((rc = nt_data_fragment(e->file, e->fragment + i, &f)) < 0)
			return rc;
		if (i > 0 && (f.row < before.row ||
			      (f.row == before.row && f.start < before.start + before.len)))
			return disordered(e->file, f.row);
		if (f.row != before.row)
			rc = end_row(row, fn, arg);
		if (rc == 0 && f.len > 1)
			rc = nt_grow(&row->span, &row->cap, row->n + 1, sizeof(*row->span));
		if (rc == 0 && f.len > 1)
			row->span[row->n++] = (struct nt_span){
				.token = e->number + f.row * row_len + f.start - e->token,
				.n = f.len - 1, .context = f.context - 1};
	}
	return rc < 0 ? rc : end_row(row, fn, arg);
}

static int walk_rows(void *maker, nt_group_fn *fn, void *arg)
{
	const struct maker *m = maker;
	const struct nt_source *s = &m->corpus->source[m->source];
	struct row row = {0};
	int rc = 0;
	for (size_t k = 0; rc == 0 && k < s->n_extent; k++)
		rc = walk_extent(&m->corpus->extent[s->extent + k], &row, fn, arg);
	free(row.span);
	return rc;
}

static int add_row(void *rows, const struct nt_span *span, size_t n)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = nt_rows_add(rows, &span[i]);
	return rc < 0 ? rc : nt_rows_end_row(rows);
}

static int put_row(void *maker, const struct nt_span *span, size_t n, bool is_held)
{
	const struct maker *m = maker;
	return add_row(is_held ? m->held : m->train, span, n);
}

static int split_rows(struct maker *m)
{
	const struct nt_groups rows = {.corpus = m->corpus, .walk = walk_rows, .put = put_row, .arg = m};
	if (!m->held)
		return walk_rows(m, add_row, m->train);
	m->how |= BY_ROW;
	return nt_holdout_groups(&rows, m->h, 0);
}

/* --- data of documents ------------------------------------------------------------ */

/* A document of len tokens in pieces of at most T inputs, each target in one piece. */
static int cut_document(const struct maker *m, uint64_t token, uint64_t len, nt_group_fn *fn, void *arg)
{
	int rc = 0;
	for (uint64_t at = 0, left; rc == 0 && at + 1 < len; at += m->stride) {
		left = len - 1 - at;
		struct nt_span s = {.token = token + at, .n = (uint32_t)(left < m->T ? left : m->T),
				    .context = at ? (uint32_t)(m->T - m->stride) : 0};
		rc = fn(arg, &s, 1);
		if (left <= m->T)
			break;
	}
	return rc;
}

static int to_packer(void *packer, const struct nt_span *span, size_t n)
{
	nt_assert(n == 1);
	return nt_packer_add(packer, span);
}

static int put_piece(void *maker, const struct nt_span *span, size_t n, bool is_held)
{
	const struct maker *m = maker;
	return to_packer(is_held ? m->to_held : m->to_train, span, n);
}

/* Document i of an extent, by its tokens in the corpus. */
static int find_document(const struct nt_extent *e, uint64_t i, uint64_t *token, uint64_t *len)
{
	int rc = nt_data_doc(e->file, e->doc + i, token, len);
	*token += e->number - e->token;
	return rc;
}

static int walk_pieces(void *maker, nt_group_fn *fn, void *arg)
{
	const struct maker *m = maker;
	const struct nt_source *s = &m->corpus->source[m->source];
	uint64_t token, len;
	int rc = 0;
	for (size_t k = s->extent; k < s->extent + s->n_extent; k++)
		for (uint64_t i = 0; rc == 0 && i < m->corpus->extent[k].n_doc; i++)
			if ((rc = find_document(&m->corpus->extent[k], i, &token, &len)) == 0)
				rc = cut_document(m, token, len, fn, arg);
	return rc;
}

/* A document that is held out goes to the one packer, any other to the other. */
static int put_documents(struct maker *m, double share)
{
	const struct nt_source *s = &m->corpus->source[m->source];
	uint64_t token, len;
	bool is_held;
	int rc = 0;
	for (size_t k = s->extent; k < s->extent + s->n_extent; k++)
		for (uint64_t i = 0; rc == 0 && i < m->corpus->extent[k].n_doc; i++)
			if ((rc = find_document(&m->corpus->extent[k], i, &token, &len)) == 0 &&
			    (rc = nt_holdout_document(&is_held, m->h, m->corpus, token, len, share)) == 0)
				rc = cut_document(m, token, len, to_packer, is_held ? m->to_held : m->to_train);
	return rc;
}

static int flush(struct maker *m)
{
	int rc = nt_packer_flush(m->to_train);
	return rc == 0 && m->held ? nt_packer_flush(m->to_held) : rc;
}

static void rewind_to(struct nt_rows *r, const struct nt_rows *before)
{
	r->n_span = before->n_span;
	r->n_row = before->n_row;
	r->n_target = before->n_target;
}

static int split_documents(struct maker *m)
{
	const struct nt_groups pieces = {.corpus = m->corpus, .walk = walk_pieces, .put = put_piece, .arg = m};
	struct nt_rows train = *m->train, held = m->held ? *m->held : (struct nt_rows){0};
	double share = m->held ? nt_holdout_share(m->corpus, m->corpus->source[m->source].n_token) : 0;
	int rc = put_documents(m, share);
	if (rc == 0)
		rc = flush(m);
	if (rc < 0 || !m->held)
		return rc;
	double got = (double)(m->held->n_target - held.n_target);
	double all = got + (double)(m->train->n_target - train.n_target);
	if (got >= 0.5 * share * all && got <= 2 * share * all) {
		m->how |= BY_DOCUMENT;
		return 0;
	}
	/* too few documents, or too unlike in length: begin this source again with pieces */
	rewind_to(m->train, &train);
	rewind_to(m->held, &held);
	m->how |= BY_PIECE;
	rc = nt_holdout_groups(&pieces, m->h, share);
	return rc < 0 ? rc : flush(m);
}

/* --- all of a corpus -------------------------------------------------------------- */

static int make_parts(struct maker *m)
{
	bool is_rows = nt_corpus_kind(m->corpus) == NT_DATA_ROWS;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < m->corpus->n_source; i++) {
		m->source = i;
		nt_rows_begin_part(m->train, i);
		if (m->held)
			nt_rows_begin_part(m->held, i);
		rc = is_rows ? split_rows(m) : split_documents(m);
		nt_rows_end_part(m->train, i);
		if (m->held)
			nt_rows_end_part(m->held, i);
	}
	return rc;
}

/* held NULL: nothing of it is held out. */
static int make_rows(struct nt_rows *train, struct nt_rows *held, const struct nt_corpus *c, size_t T,
		     size_t stride, int *how)
{
	struct maker m = {.corpus = c, .train = train, .held = held, .T = T, .stride = stride};
	int rc = nt_rows_begin(train, c, T);
	if (rc == 0 && held)
		rc = nt_rows_begin(held, c, T);
	if (rc == 0 && !(m.h = nt_hasher_new()))
		rc = NT_ESYS;
	if (rc == 0)
		rc = nt_packer_new(&m.to_train, train);
	if (rc == 0 && held)
		rc = nt_packer_new(&m.to_held, held);
	if (rc == 0)
		rc = make_parts(&m);
	nt_packer_free(m.to_train);
	nt_packer_free(m.to_held);
	nt_hasher_free(m.h);
	*how = m.how;
	return rc;
}

static void say_how(struct nt_split *s, int how)
{
	double held = (double)s->val.n_target, all = held + (double)s->train.n_target;
	double percent = all > 0 ? 100 * held / all : 0;
	if (how == BY_PIECE)
		snprintf(s->remark, sizeof(s->remark),
			 "too few documents to hold some out: %.2f %% of the text is held out in pieces of "
			 "%zu tokens", percent, s->train.T);
	else if (how)
		snprintf(s->remark, sizeof(s->remark), "held out %.2f %% of the text, %s by hash", percent,
			 how == BY_ROW ? "rows" : how == BY_DOCUMENT ? "documents" :
			 "documents, and pieces where a source has few,");
}

static int check_row_len(const struct nt_corpus *c, size_t T)
{
	uint32_t len = nt_data_row_len(c->file[0]);
	if (nt_corpus_kind(c) == NT_DATA_ROWS && len != T + 1)
		return nt_fail(NT_EARG, "the data's rows have %" PRIu32 " tokens, so --seq-len must be "
					"%" PRIu32 ", not %zu: or pack it again", len, len - 1, T);
	return 0;
}

int nt_rows_fit(struct nt_split *s, const struct nt_corpus *corpus, const struct nt_corpus *val,
		size_t T, size_t stride)
{
	int how, none, rc = check_row_len(corpus, T);
	*s = (struct nt_split){0};
	nt_assert(stride >= 1 && stride <= T);
	if (rc == 0 && val)
		rc = check_row_len(val, T);
	if (rc == 0)
		rc = make_rows(&s->train, val ? NULL : &s->val, corpus, T, stride, &how);
	if (rc == 0 && val)
		rc = make_rows(&s->val, NULL, val, T, stride, &none);
	if (rc == 0)
		rc = nt_rows_mix(&s->train, true);
	if (rc == 0)
		rc = nt_rows_mix(&s->val, false);
	if (rc == 0)
		say_how(s, how);
	return rc;
}

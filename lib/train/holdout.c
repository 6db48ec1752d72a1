/* SPDX-License-Identifier: MIT */
/*
 * holdout.c - documents into rows of training and rows that are held out
 *
 * What is held out must never be trained on, and a run that is begun again must hold
 * out the same: so content decides. A document is held out if the hash of its ids
 * falls below the share wanted, so that copies of it share its fate and it stays held
 * out as the corpus grows. Where the documents are too few for that to come near the
 * share, pieces (or packed rows) take their place, those with the smallest hashes,
 * copies together. Each source is treated as if it were alone, so that each has a loss.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/hash.h"
#include "nt/mem.h"
#include "nt/random.h"
#include "train/rows.h"

enum { BY_DOCUMENT = 1, BY_PIECE = 2, BY_ROW = 4 };

/* How rows are being made of one corpus. */
struct maker {
	const struct nt_corpus *corpus;
	struct nt_rows *train, *held; /* held NULL: nothing is held out */
	struct nt_packer *to_train, *to_held;
	struct nt_hasher *h;
	size_t T, stride;
	int how; /* what was held out, BY_DOCUMENT and the others */
};

/* About 1 %, but enough for a steady figure, and of all sources no more than is quickly
 * evaluated. */
static double holdout_share(const struct nt_corpus *c, uint64_t n_target)
{
	double n = (double)n_target, share = 0.01, least = 20000 / n, most = 200000 / n / (double)c->n_source;
	if (n_target == 0)
		return 0;
	if (share < least)
		share = least < 0.1 ? least : 0.1;
	return share < most ? share : most;
}

static int hash_tokens(const struct nt_corpus *c, struct nt_hasher *h, uint64_t token, uint64_t n)
{
	uint32_t id[4096];
	while (n > 0) {
		size_t part = n < 4096 ? (size_t)n : 4096;
		int rc = nt_corpus_read(c, token, part, id);
		if (rc < 0)
			return rc;
		nt_hasher_add(h, id, part * sizeof(*id));
		token += part;
		n -= part;
	}
	return 0;
}

/* --- choosing among groups of spans ------------------------------------------------ */

/* Is handed a group, one after the other: spans that stand or fall together. */
typedef int group_fn(void *arg, const struct nt_span *span, size_t n);

struct key {
	uint64_t hash, n_target;
};

/* Groups are gone through twice: to see which have the smallest hashes, and to put them. */
struct chooser {
	struct maker *m;
	struct key *key;   /* [n] in the order of the groups */
	size_t n, cap;
	uint64_t n_target;
	bool has_any;      /* something is held out, */
	uint64_t limit;    /* whatever has this hash or a smaller one */
	size_t next;       /* the group that comes next */
};

static int note_group(void *arg, const struct nt_span *span, size_t n)
{
	struct chooser *c = arg;
	struct key key = {0};
	nt_hasher_reset(c->m->h);
	for (size_t i = 0; i < n; i++) {
		int rc = hash_tokens(c->m->corpus, c->m->h, span[i].token, span[i].n + 1);
		if (rc < 0)
			return rc;
		key.n_target += span[i].n - span[i].context;
	}
	key.hash = nt_random_u64(nt_hasher_sum64(c->m->h), NT_RANDOM_HOLDOUT, 2);
	int rc = nt_grow(&c->key, &c->cap, c->n + 1, sizeof(key));
	if (rc < 0)
		return rc;
	c->key[c->n++] = key;
	c->n_target += key.n_target;
	return 0;
}

static int by_hash(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

/* How many of the sorted keys make up the share: copies together, never all of them. */
static size_t count_held(const struct key *key, size_t n, double wanted)
{
	double held = 0;
	size_t k = 0;
	while (k < n && held < wanted) {
		size_t same = k;
		while (same < n && key[same].hash == key[k].hash)
			held += (double)key[same++].n_target;
		k = same;
	}
	return k < n ? k : 0;
}

static int choose(struct chooser *c, double share)
{
	struct key *sorted = nt_alloc(c->n, sizeof(*sorted));
	if (!sorted)
		return NT_ESYS;
	memcpy(sorted, c->key, c->n * sizeof(*sorted));
	qsort(sorted, c->n, sizeof(*sorted), by_hash);
	size_t n = count_held(sorted, c->n, share * (double)c->n_target);
	c->has_any = n > 0;
	c->limit = n ? sorted[n - 1].hash : 0;
	free(sorted);
	return 0;
}

static bool is_held(struct chooser *c)
{
	return c->has_any && c->key[c->next++].hash <= c->limit;
}

/* Goes through a source twice, and puts its groups where their hashes say. */
static int divide(struct maker *m, size_t source, double share,
		  int (*walk)(const struct maker *m, size_t source, group_fn *fn, void *arg), group_fn *put)
{
	struct chooser c = {.m = m};
	int rc = walk(m, source, note_group, &c);
	if (rc == 0 && c.n)
		rc = choose(&c, share > 0 ? share : holdout_share(m->corpus, c.n_target));
	if (rc == 0)
		rc = walk(m, source, put, &c);
	free(c.key);
	return rc;
}

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

static int end_row(struct row *row, group_fn *fn, void *arg)
{
	int rc = row->n ? fn(arg, row->span, row->n) : 0;
	row->n = 0;
	return rc;
}

static int walk_extent(const struct nt_extent *e, struct row *row, group_fn *fn, void *arg)
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

static int walk_rows(const struct maker *m, size_t source, group_fn *fn, void *arg)
{
	const struct nt_source *s = &m->corpus->source[source];
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

static int put_row(void *arg, const struct nt_span *span, size_t n)
{
	struct chooser *c = arg;
	return add_row(is_held(c) ? c->m->held : c->m->train, span, n);
}

static int split_rows(struct maker *m, size_t source)
{
	if (!m->held)
		return walk_rows(m, source, add_row, m->train);
	m->how |= BY_ROW;
	return divide(m, source, 0, walk_rows, put_row);
}

/* --- data of documents ------------------------------------------------------------ */

/* A document of len tokens in pieces of at most T inputs, each target in one piece. */
static int cut_document(const struct maker *m, uint64_t token, uint64_t len, group_fn *fn, void *arg)
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

static int put_piece(void *arg, const struct nt_span *span, size_t n)
{
	struct chooser *c = arg;
	return to_packer(is_held(c) ? c->m->to_held : c->m->to_train, span, n);
}

/* Document i of an extent, by its tokens in the corpus. */
static int find_document(const struct nt_extent *e, uint64_t i, uint64_t *token, uint64_t *len)
{
	int rc = nt_data_doc(e->file, e->doc + i, token, len);
	*token += e->number - e->token;
	return rc;
}

static int walk_pieces(const struct maker *m, size_t source, group_fn *fn, void *arg)
{
	const struct nt_source *s = &m->corpus->source[source];
	uint64_t token, len;
	int rc = 0;
	for (size_t k = s->extent; k < s->extent + s->n_extent; k++)
		for (uint64_t i = 0; rc == 0 && i < m->corpus->extent[k].n_doc; i++)
			if ((rc = find_document(&m->corpus->extent[k], i, &token, &len)) == 0)
				rc = cut_document(m, token, len, fn, arg);
	return rc;
}

/* Where a document belongs, if this share of all is to be held out. */
static int choose_side(struct maker *m, uint64_t token, uint64_t len, double share,
		       struct nt_packer **side)
{
	*side = m->to_train;
	if (!(share > 0))
		return 0;
	nt_hasher_reset(m->h);
	int rc = hash_tokens(m->corpus, m->h, token, len);
	/* not the hash itself: another tool may have sorted documents by it */
	if (nt_random_unit(nt_hasher_sum64(m->h), NT_RANDOM_HOLDOUT, 1) < share)
		*side = m->to_held;
	return rc;
}

static int put_documents(struct maker *m, size_t source, double share)
{
	const struct nt_source *s = &m->corpus->source[source];
	struct nt_packer *side;
	uint64_t token, len;
	int rc = 0;
	for (size_t k = s->extent; k < s->extent + s->n_extent; k++)
		for (uint64_t i = 0; rc == 0 && i < m->corpus->extent[k].n_doc; i++)
			if ((rc = find_document(&m->corpus->extent[k], i, &token, &len)) == 0 &&
			    (rc = choose_side(m, token, len, share, &side)) == 0)
				rc = cut_document(m, token, len, to_packer, side);
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

static int split_documents(struct maker *m, size_t source)
{
	struct nt_rows train = *m->train, held = m->held ? *m->held : (struct nt_rows){0};
	double share = m->held ? holdout_share(m->corpus, m->corpus->source[source].n_token) : 0;
	int rc = put_documents(m, source, share);
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
	rc = divide(m, source, share, walk_pieces, put_piece);
	return rc < 0 ? rc : flush(m);
}

/* --- all of a corpus -------------------------------------------------------------- */

static int begin_rows(struct nt_rows *r, const struct nt_corpus *c, size_t T)
{
	r->corpus = c;
	r->T = T;
	r->row_len = nt_data_row_len(c->file[0]);
	r->part = nt_calloc(c->n_source, sizeof(*r->part));
	return r->part ? 0 : NT_ESYS;
}

static void begin_part(struct nt_rows *r, size_t source)
{
	r->part[source].first = r->n_row;
	r->part[source].n_target = r->n_target;
}

static void end_part(struct nt_rows *r, size_t source)
{
	struct nt_part *p = &r->part[source];
	p->n = r->n_row - p->first;
	p->n_target = r->n_target - p->n_target;
}

static int make_parts(struct maker *m)
{
	bool is_rows = nt_corpus_kind(m->corpus) == NT_DATA_ROWS;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < m->corpus->n_source; i++) {
		begin_part(m->train, i);
		if (m->held)
			begin_part(m->held, i);
		rc = is_rows ? split_rows(m, i) : split_documents(m, i);
		end_part(m->train, i);
		if (m->held)
			end_part(m->held, i);
	}
	return rc;
}

/* held NULL: nothing of it is held out. */
static int make_rows(struct nt_rows *train, struct nt_rows *held, const struct nt_corpus *c, size_t T,
		     size_t stride, int *how)
{
	struct maker m = {.corpus = c, .train = train, .held = held, .T = T, .stride = stride};
	int rc = begin_rows(train, c, T);
	if (rc == 0 && held)
		rc = begin_rows(held, c, T);
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

/* --- windows ---------------------------------------------------------------------- */

/* Windows one behind the other over tokens [from, to); the last may be shorter. */
static int tile(struct nt_rows *r, uint64_t from, uint64_t to)
{
	int rc = 0;
	for (uint64_t at = from; rc == 0 && at + 1 < to; at += r->T) {
		uint64_t left = to - 1 - at;
		struct nt_span s = {.token = at, .n = (uint32_t)(left < r->T ? left : r->T)};
		rc = add_row(r, &s, 1);
	}
	return rc;
}

/* Random windows over a source but for its last part, which is tiled. */
static int window_source(struct nt_rows *train, struct nt_rows *held, size_t source)
{
	const struct nt_source *s = &train->corpus->source[source];
	uint64_t n = s->n_token;
	uint64_t last = held ? (uint64_t)(holdout_share(train->corpus, n) * (double)n) : 0;
	size_t T = train->T;
	if (n - last <= T)
		return nt_fail(NT_EFORMAT, "%s%sthe data has %" PRIu64 " tokens, too few for a window of "
					   "%zu: use a smaller --seq-len, or more data",
			       s->name, *s->name ? ": " : "", n, T + 1);
	train->part[source] = (struct nt_part){.first = s->token, .n = n - last - T,
					       .n_target = n - last - 1};
	train->n_target += n - last - 1;
	return held ? tile(held, s->token + n - last, s->token + n) : 0;
}

static int window_sources(struct nt_split *s, bool has_val)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < s->train.corpus->n_source; i++) {
		if (!has_val)
			begin_part(&s->val, i);
		rc = window_source(&s->train, has_val ? NULL : &s->val, i);
		if (!has_val)
			end_part(&s->val, i);
	}
	return rc;
}

static int tile_sources(struct nt_rows *r)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < r->corpus->n_source; i++) {
		const struct nt_source *s = &r->corpus->source[i];
		begin_part(r, i);
		rc = tile(r, s->token, s->token + s->n_token);
		end_part(r, i);
	}
	return rc;
}

int nt_rows_concat(struct nt_split *s, const struct nt_corpus *corpus,
		   const struct nt_corpus *val, size_t T)
{
	*s = (struct nt_split){0};
	if (nt_corpus_kind(corpus) == NT_DATA_ROWS || (val && nt_corpus_kind(val) == NT_DATA_ROWS))
		return nt_fail(NT_EARG, "--rows=concat wants data of documents, not of rows: "
					"pack without --seq-len");
	int rc = begin_rows(&s->train, corpus, T);
	if (rc == 0)
		rc = begin_rows(&s->val, val ? val : corpus, T);
	s->train.is_windows = true;
	if (rc == 0)
		rc = window_sources(s, val != NULL);
	if (rc == 0 && val)
		rc = tile_sources(&s->val);
	if (rc == 0)
		rc = nt_rows_mix(&s->train, true);
	if (rc == 0)
		rc = nt_rows_mix(&s->val, false);
	if (rc == 0 && !val)
		snprintf(s->remark, sizeof(s->remark), "held out the last %.2f %% of the tokens%s",
			 100 * (double)s->val.n_target / (double)nt_corpus_n_token(corpus),
			 corpus->n_source > 1 ? " of each source" : "");
	return rc;
}

/* SPDX-License-Identifier: MIT */
/*
 * attention.c - every position looks at its document up to itself
 *
 * For one head and one document of n positions, with q, k, v its [n][D] rows:
 *
 *	S = q k^T / sqrt(D),  P = softmax of row r over columns 0..r,  o = P v
 *
 *	dv = P^T do,  dP = do v^T,  dS = P (dP - delta) / sqrt(D),  delta[r] = do[r] o[r]
 *	dq = dS k,  dk = dS^T q
 *
 * A document is a causal sequence of its own, whatever row it lies in. Scores exist for a tile
 * of NT_ATTEND_ROWS queries and NT_ATTEND_KEYS keys at a time, and for no key that none of them
 * sees; a row's softmax runs along its tiles. Of P only the logsumexp of each row is kept;
 * backward makes it again (Dao et al. 2022, arXiv:2205.14135). Several query heads share a key-value head (Ainslie et al. 2023,
 * arXiv:2305.13245), so a task is one document and one key-value head: nobody else
 * writes its dk and dv.
 */
#include <math.h>
#include <string.h>

#include "base/least.h"
#include "kern/gemm.h"
#include "model/work.h"

static nt_real score_scale(size_t D)
{
	return (nt_real)(1 / sqrt((double)D));
}

/* Queries [first, first + n), and only the keys they see. */
static struct nt_attend rows_of(const struct nt_attend *a, size_t first, size_t n)
{
	struct nt_attend t = *a;
	t.n_query = n;
	t.n_key = a->n_key - a->n_query + first + n;
	t.q = a->q + first * a->ldq;
	return t;
}

/* A tile of rows: keys [at, at + n_key) of them, which come out of kv into memory behind the scores. */
static struct nt_attend tile_of(const struct nt_attend *rows, size_t at, nt_real *s)
{
	struct nt_attend t = *rows;
	t.n_key = least(rows->n_key - at, NT_ATTEND_KEYS);
	if (!t.kv) {
		t.k += at * t.ldkv;
		t.v += at * t.ldkv;
		return t;
	}
	nt_real *k = s + NT_ATTEND_TILE, *v = k + NT_ATTEND_KEYS * t.D;
	nt_kv_get(t.kv, at, t.n_key, k, NT_ATTEND_KEYS, v);
	t.k = k;
	t.v = v;
	t.ldkv = t.D;
	return t;
}

/* How many of the tile's keys row r sees; the last row sees the last key there is. */
static size_t n_seen(const struct nt_attend *rows, size_t r, size_t at, size_t n_key)
{
	size_t seen = rows->n_key - rows->n_query + r + 1;
	return seen > at ? least(seen - at, n_key) : 0;
}

/* Columns that a row does not see become 0. */
static void clear_unseen(nt_real *row, size_t seen, size_t n)
{
	memset(row + seen, 0, (n - seen) * sizeof(*row));
}

/* S[n_query][n_key] of a tile; keys out of kv are [D][NT_ATTEND_KEYS] */
static void scores(const struct nt_attend *a, nt_real *s)
{
	nt_gemm_here(&(struct nt_gemm){
		.m = a->n_query, .n = a->n_key, .k = a->D,
		.a = a->q, .lda = a->ldq,
		.b = a->k, .ldb = a->kv ? NT_ATTEND_KEYS : a->ldkv, .is_b_transposed = !a->kv,
		.c = s, .ldc = a->n_key, .alpha = score_scale(a->D), .is_bf16 = a->is_bf16,
	});
}

/* What a row is made of so far: o is off by exp(high), and not yet divided by the sum. */
struct running {
	nt_real high[NT_ATTEND_ROWS], sum[NT_ATTEND_ROWS];
};

static void attend_tile(const struct nt_attend *rows, size_t at, struct running *run, nt_real *o,
			size_t ldo, nt_real *s)
{
	struct nt_attend t = tile_of(rows, at, s);
	scores(&t, s);
	for (size_t r = 0; r < t.n_query; r++) {
		nt_real *row = s + r * t.n_key;
		size_t seen = n_seen(rows, r, at, t.n_key);
		nt_real keep = seen ? t.kern->softmax_part(row, seen, &run->high[r], &run->sum[r]) : 1;
		clear_unseen(row, seen, t.n_key);
		if (at > 0 && keep < 1)
			t.kern->times(o + r * ldo, t.D, keep);
	}
	nt_gemm_here(&(struct nt_gemm){
		.m = t.n_query, .n = t.D, .k = t.n_key, .is_added = at > 0,
		.a = s, .lda = t.n_key, .b = t.v, .ldb = t.ldkv,
		.c = o, .ldc = ldo, .alpha = 1, .is_bf16 = t.is_bf16,
	});
}

static void attend_rows(const struct nt_attend *rows, nt_real *o, size_t ldo, nt_real *lse,
			size_t ld_lse, nt_real *s)
{
	struct running run;
	for (size_t r = 0; r < rows->n_query; r++) {
		run.high[r] = -(nt_real)INFINITY;
		run.sum[r] = 0;
	}
	for (size_t at = 0; at < rows->n_key; at += NT_ATTEND_KEYS)
		attend_tile(rows, at, &run, o, ldo, s);
	for (size_t r = 0; r < rows->n_query; r++) {
		rows->kern->times(o + r * ldo, rows->D, 1 / run.sum[r]);
		if (lse)
			lse[r * ld_lse] = run.high[r] + (nt_real)log((double)run.sum[r]);
	}
}

/* The next of n queries: no block of one is left for last, which would lay out its keys for a single row. */
static size_t block_of(size_t n)
{
	return n == NT_ATTEND_ROWS + 1 ? NT_ATTEND_ROWS - 1 : least(n, NT_ATTEND_ROWS);
}

/* A document of one: it sees itself. */
static void attend_itself(const struct nt_attend *a, nt_real *o, nt_real *lse)
{
	memcpy(o, a->v, a->D * sizeof(*o));
	if (lse)
		*lse = a->kern->dot(a->q, a->k, a->D) * score_scale(a->D);
}

void nt_attend(const struct nt_attend *a, nt_real *o, size_t ldo, nt_real *lse, size_t ld_lse,
	       nt_real *scratch)
{
	if (a->n_query == 1 && a->n_key == 1 && !a->kv) {
		attend_itself(a, o, lse);
		return;
	}
	for (size_t first = 0, n; first < a->n_query; first += n) {
		n = block_of(a->n_query - first);
		struct nt_attend rows = rows_of(a, first, n);
		attend_rows(&rows, o + first * ldo, ldo, lse ? lse + first * ld_lse : NULL, ld_lse, scratch);
	}
}

/* --- all heads of some documents -------------------------------------------------------- */

/* Head h of a document; n rows of queries over the same n rows of keys. */
static struct nt_attend attend_of(const struct nt_attention *a, const struct nt_span *span, size_t h)
{
	size_t width = (a->H + 2 * a->K) * a->D, kv = h / (a->H / a->K);
	const nt_real *rows = a->qkv + span->first * width;
	return (struct nt_attend){
		.kern = a->kern,
		.q = rows + h * a->D,
		.k = rows + (a->H + kv) * a->D,
		.v = rows + (a->H + a->K + kv) * a->D,
		.ldq = width, .ldkv = width,
		.n_query = span->n, .n_key = span->n, .D = a->D,
		.is_bf16 = a->is_bf16,
	};
}

static int forward_task(void *arg, size_t i)
{
	const struct nt_attention *a = arg;
	const struct nt_span *span = &a->span[i / a->K];
	size_t group = a->H / a->K, kv = i % a->K;
	nt_real *scratch = nt_slot_take(a->slots);
	for (size_t h = kv * group; h < (kv + 1) * group; h++) {
		struct nt_attend one = attend_of(a, span, h);
		nt_attend(&one, a->att + (span->first * a->H + h) * a->D, a->H * a->D,
			  a->lse ? a->lse + span->first * a->H + h : NULL, a->H, scratch);
	}
	nt_slot_give(a->slots, scratch);
	return 0;
}

void nt_attention(struct nt_pool *pool, struct nt_attention *a)
{
	nt_pool_run(pool, a->n_span * a->K, forward_task, a);
}

static struct nt_attention attention_of(struct nt_work *w, size_t layer)
{
	const struct nt_config *c = &w->config;
	size_t H = c->num_attention_heads, D = c->head_dim;
	return (struct nt_attention){
		.kern = w->kern, .slots = &w->slots, .span = w->span, .n_span = w->n_span,
		.qkv = nt_attended(w, layer), .att = nt_kept(w, w->att, layer, H * D),
		.lse = nt_kept(w, w->lse, layer, H),
		.H = H, .K = c->num_key_value_heads, .D = D, .is_bf16 = w->is_bf16,
	};
}

void nt_attention_of_layer(struct nt_work *w, size_t layer)
{
	struct nt_attention a = attention_of(w, layer);
	nt_attention(w->pool, &a);
}

/* --- and back ---------------------------------------------------------------------------- */

/* Gradients of one head: rows of the same strides as what they belong to. */
struct head_back {
	struct nt_attend a;
	const nt_real *o, *dout, *lse; /* row r at r ldo, r ldo, r ld_lse */
	nt_real *dq, *dk, *dv;
	size_t ldo, ld_lse;
};

/* P of a tile again, and dS out of dP, row by row. */
static void back_scores(const struct head_back *b, const struct nt_attend *rows, size_t at,
			const struct nt_attend *t, const nt_real *delta, nt_real *p, nt_real *dp)
{
	for (size_t r = 0; r < t->n_query; r++) {
		size_t seen = n_seen(rows, r, at, t->n_key);
		nt_real *row = p + r * t->n_key, *drow = dp + r * t->n_key;
		t->kern->exp_shift(row, seen, b->lse[r * b->ld_lse]);
		t->kern->softmax_back(drow, row, seen, delta[r], score_scale(t->D));
		clear_unseen(row, seen, t->n_key);
		clear_unseen(drow, seen, t->n_key);
	}
}

static void back_tile(const struct head_back *b, const struct nt_attend *rows, size_t at,
		      const nt_real *delta, nt_real *p)
{
	struct nt_attend t = tile_of(rows, at, p);
	nt_real *dp = p + NT_ATTEND_TILE;
	scores(&t, p);
	nt_gemm_here(&(struct nt_gemm){
		.m = t.n_query, .n = t.n_key, .k = t.D,
		.a = b->dout, .lda = b->ldo,
		.b = t.v, .ldb = t.ldkv, .is_b_transposed = true,
		.c = dp, .ldc = t.n_key, .alpha = 1, .is_bf16 = t.is_bf16,
	});
	back_scores(b, rows, at, &t, delta, p, dp);
	struct nt_gemm g = {
		.m = t.n_key, .n = t.D, .k = t.n_query, .alpha = 1, .is_added = true,
		.a = p, .lda = t.n_key, .is_a_transposed = true,
		.b = b->dout, .ldb = b->ldo,
		.c = b->dv + at * t.ldkv, .ldc = t.ldkv, .is_bf16 = t.is_bf16,
	};
	nt_gemm_here(&g);
	g.a = dp;
	g.b = t.q;
	g.ldb = t.ldq;
	g.c = b->dk + at * t.ldkv;
	nt_gemm_here(&g);
	nt_gemm_here(&(struct nt_gemm){
		.m = t.n_query, .n = t.D, .k = t.n_key, .is_added = at > 0,
		.a = dp, .lda = t.n_key, .b = t.k, .ldb = t.ldkv,
		.c = b->dq, .ldc = t.ldq, .alpha = 1, .is_bf16 = t.is_bf16,
	});
}

static void back_rows(const struct head_back *whole, size_t first, size_t n, nt_real *scratch)
{
	struct head_back b = *whole;
	struct nt_attend rows = rows_of(&whole->a, first, n);
	nt_real delta[NT_ATTEND_ROWS];
	b.o += first * b.ldo;
	b.dout += first * b.ldo;
	b.lse += first * b.ld_lse;
	b.dq += first * rows.ldq;
	for (size_t r = 0; r < rows.n_query; r++)
		delta[r] = rows.kern->dot(b.dout + r * b.ldo, b.o + r * b.ldo, rows.D);
	for (size_t at = 0; at < rows.n_key; at += NT_ATTEND_KEYS)
		back_tile(&b, &rows, at, delta, scratch);
}

struct layer_back {
	struct nt_attention a;
	const nt_real *datt;
	nt_real *dqkv;
};

static int back_task(void *arg, size_t i)
{
	const struct layer_back *l = arg;
	const struct nt_attention *a = &l->a;
	const struct nt_span *span = &a->span[i / a->K];
	size_t group = a->H / a->K, kv = i % a->K, width = (a->H + 2 * a->K) * a->D;
	nt_real *scratch = nt_slot_take(a->slots), *rows = l->dqkv + span->first * width;
	nt_real *dk = rows + (a->H + kv) * a->D, *dv = dk + a->K * a->D;
	for (size_t r = 0; r < span->n; r++) {
		memset(dk + r * width, 0, a->D * sizeof(*dk));
		memset(dv + r * width, 0, a->D * sizeof(*dv));
	}
	for (size_t h = kv * group; h < (kv + 1) * group; h++) {
		size_t at = (span->first * a->H + h) * a->D;
		struct head_back b = {
			.a = attend_of(a, span, h),
			.o = a->att + at, .dout = l->datt + at, .ldo = a->H * a->D,
			.lse = a->lse + span->first * a->H + h, .ld_lse = a->H,
			.dq = rows + h * a->D, .dk = dk, .dv = dv,
		};
		for (size_t first = 0, n; first < span->n; first += n) {
			n = block_of(span->n - first);
			back_rows(&b, first, n, scratch);
		}
	}
	nt_slot_give(a->slots, scratch);
	return 0;
}

void nt_attention_back(struct nt_work *w, size_t layer)
{
	struct layer_back l = {.a = attention_of(w, layer), .datt = w->datt, .dqkv = w->dwide};
	nt_pool_run(w->pool, w->n_span * l.a.K, back_task, &l);
}

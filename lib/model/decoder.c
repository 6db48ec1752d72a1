/* SPDX-License-Identifier: MIT */
/*
 * cache.c - one token after the other, keys and values kept
 *
 * A key or value depends on what stands before it only, so it is computed once and kept:
 * [L][K][n_position][D], a head's rows behind each other. Ids come in pieces of up to
 * ROWS: a prompt in few matrix products, a single token as matrix-vector products, both
 * through the same functions as training's forward pass.
 */
#include <stdlib.h>
#include <string.h>

#include "model/work.h"
#include "nt/err.h"
#include "nt/mem.h"

enum {
	ROWS = 128,
	HEAD_ROWS = 32, /* logits are the widest of all */
};

struct nt_cache {
	const struct nt_model *m;
	struct nt_layout layout;
	struct nt_pool *pool;
	const struct nt_kern *kern;
	size_t n_position, n; /* room, and ids in it */
	nt_real *key, *value; /* [L][K][n_position][D] */
	nt_real *turn;        /* [n_position][D], or NULL: no rotation */
	nt_real *x, *mid, *norm, *qkv, *att, *up, *act, *stat; /* [ROWS][...], as in work.h */
	nt_real *logits;      /* [V] */
	nt_real *many;        /* [HEAD_ROWS][V], or NULL before the first nt_cache_score */
	struct nt_slots slots;
	nt_real *memory;      /* the one allocation behind the pointers above */
};

/* Sizes in elements; NULL memory only counts. Returns the total. */
static size_t lay_out(struct nt_cache *k, nt_real *memory, size_t n_thread)
{
	const struct nt_config *c = &k->m->config;
	size_t kept = (size_t)c->num_hidden_layers * c->num_key_value_heads * c->head_dim * k->n_position;
	size_t rows = k->n_position < ROWS ? k->n_position : ROWS;
	size_t HD = (size_t)c->num_attention_heads * c->head_dim;
	const struct {
		nt_real **to;
		size_t n;
	} part[] = {
		{&k->key, kept},
		{&k->value, kept},
		{&k->turn, nt_family(c->arch)->has_rope ? k->n_position * c->head_dim : 0},
		{&k->x, rows * c->hidden_size},
		{&k->mid, rows * c->hidden_size},
		{&k->norm, rows * c->hidden_size},
		{&k->qkv, rows * nt_qkv_width(c)},
		{&k->att, rows * HD},
		{&k->up, rows * nt_up_width(c)},
		{&k->act, rows * c->intermediate_size},
		{&k->stat, rows * 2},
		{&k->logits, c->vocab_size},
		{&k->slots.data, n_thread * NT_ATTEND_TILE},
	};
	size_t total = 0;
	for (size_t i = 0; i < sizeof(part) / sizeof(*part); i++) {
		*part[i].to = memory && part[i].n ? memory + total : NULL;
		total += (part[i].n + 15) / 16 * 16;
	}
	k->slots.n = n_thread;
	k->slots.each = NT_ATTEND_TILE;
	return total;
}

static int allocate(struct nt_cache *k)
{
	size_t n_thread = (size_t)nt_pool_size(k->pool), n = lay_out(k, NULL, n_thread);
	k->memory = nt_alloc(n, sizeof(*k->memory));
	k->slots.taken = nt_calloc(n_thread, sizeof(*k->slots.taken));
	if (!k->memory || !k->slots.taken)
		return NT_ESYS;
	lay_out(k, k->memory, n_thread);
	for (size_t i = 0; i < n_thread; i++)
		atomic_init(&k->slots.taken[i], false);
	return 0;
}

int nt_cache_new(struct nt_cache **result, const struct nt_model *m, size_t n_position,
		 struct nt_pool *pool)
{
	const struct nt_config *c = &m->config;
	*result = NULL;
	if (n_position < 1 || n_position > c->max_position_embeddings)
		return nt_fail(NT_EARG, "a cache of %zu positions: max_position_embeddings is %u",
			       n_position, c->max_position_embeddings);
	struct nt_cache *k = nt_calloc(1, sizeof(*k));
	if (!k)
		return NT_ESYS;
	k->m = m;
	k->pool = pool;
	k->kern = nt_kern();
	k->n_position = n_position;
	nt_layout_make(&k->layout, c);
	if (allocate(k) < 0) {
		nt_cache_free(k);
		return NT_ESYS;
	}
	if (k->turn)
		nt_rope_table(k->turn, n_position, c);
	*result = k;
	return 0;
}

void nt_cache_reset(struct nt_cache *k)
{
	k->n = 0;
}

size_t nt_cache_len(const struct nt_cache *k)
{
	return k->n;
}

size_t nt_cache_room(const struct nt_cache *k)
{
	return k->n_position;
}

void nt_cache_free(struct nt_cache *k)
{
	if (!k)
		return;
	free(k->memory);
	free(k->many);
	free(k->slots.taken);
	free(k);
}

static void embed(struct nt_cache *k, const uint32_t *id, size_t n)
{
	size_t C = k->m->config.hidden_size;
	const nt_real *token = nt_part_of(k->m->param, &k->layout, NT_ROLE_EMBED, 0);
	const nt_real *place = nt_part_of(k->m->param, &k->layout, NT_ROLE_POSITION, 0);
	for (size_t r = 0; r < n; r++) {
		memcpy(k->x + r * C, token + id[r] * C, C * sizeof(*k->x));
		if (place)
			k->kern->add(k->x + r * C, place + (k->n + r) * C, C);
	}
}

/* Where head kv of layer l begins in keys or values. */
static size_t kept_at(const struct nt_cache *k, size_t l, size_t kv)
{
	const struct nt_config *c = &k->m->config;
	return (l * c->num_key_value_heads + kv) * k->n_position * c->head_dim;
}

/* Makes queries and keys of n rows what attention takes, and keeps keys and values. */
static void keep(struct nt_cache *k, const struct nt_view *v, size_t l)
{
	struct nt_heads heads = nt_view_heads(v, l, k->turn);
	const struct nt_config *c = &k->m->config;
	size_t H = c->num_attention_heads, K = c->num_key_value_heads, D = c->head_dim;
	for (size_t r = 0; r < v->n_row; r++) {
		nt_real *row = k->qkv + r * nt_qkv_width(c);
		nt_heads_row(&heads, row, row, k->n + r, NULL);
		for (size_t kv = 0; kv < K; kv++) {
			size_t at = kept_at(k, l, kv) + (k->n + r) * D;
			memcpy(k->key + at, row + (H + kv) * D, D * sizeof(*row));
			memcpy(k->value + at, row + (H + K + kv) * D, D * sizeof(*row));
		}
	}
}

struct attention {
	struct nt_cache *k;
	size_t layer, n_row;
};

static int attend_head(void *arg, size_t h)
{
	const struct attention *a = arg;
	struct nt_cache *k = a->k;
	const struct nt_config *c = &k->m->config;
	size_t D = c->head_dim, H = c->num_attention_heads;
	size_t at = kept_at(k, a->layer, h / (H / c->num_key_value_heads));
	struct nt_attend attend = {
		.kern = k->kern,
		.q = k->qkv + h * D, .ldq = nt_qkv_width(c),
		.k = k->key + at, .v = k->value + at, .ldkv = D,
		.n_query = a->n_row, .n_key = k->n + a->n_row, .D = D,
	};
	nt_real *scratch = nt_slot_take(&k->slots);
	nt_attend(&attend, k->att + h * D, H * D, NULL, 0, scratch);
	nt_slot_give(&k->slots, scratch);
	return 0;
}

static void layer(struct nt_cache *k, const struct nt_view *v, size_t l)
{
	const struct nt_config *c = &k->m->config;
	struct nt_norm norm1 = nt_view_norm(v, NT_ROLE_NORM1, l, k->x, k->stat);
	struct nt_norm norm2 = nt_view_norm(v, NT_ROLE_NORM2, l, k->mid, k->stat);
	struct nt_linear to_qkv = nt_view_linear(v, NT_ROLE_QKV, l);
	struct nt_linear to_mid = nt_view_linear(v, NT_ROLE_OUT, l);
	struct nt_linear to_up = nt_view_linear(v, NT_ROLE_UP, l);
	struct nt_linear to_x = nt_view_linear(v, NT_ROLE_DOWN, l);
	struct attention a = {.k = k, .layer = l, .n_row = v->n_row};

	nt_norm(k->pool, &norm1, k->norm);
	nt_linear(k->pool, &to_qkv, k->qkv, k->norm, NULL);
	keep(k, v, l);
	nt_pool_run(k->pool, c->num_attention_heads, attend_head, &a);
	nt_linear(k->pool, &to_mid, k->mid, k->att, k->x);

	nt_norm(k->pool, &norm2, k->norm);
	nt_linear(k->pool, &to_up, k->up, k->norm, NULL);
	nt_activate(k->pool, k->kern, nt_family(c->arch)->has_gate, k->act, k->up, v->n_row, c->intermediate_size);
	nt_linear(k->pool, &to_x, k->x, k->act, k->mid);
}

/* The logits of row r of the last piece. */
static void to_logits(struct nt_cache *k, size_t r)
{
	struct nt_view v = {.m = k->m, .layout = &k->layout, .kern = k->kern, .n_row = 1};
	const nt_real *x = k->x + r * k->m->config.hidden_size;
	struct nt_norm norm = nt_view_norm(&v, NT_ROLE_NORM_F, 0, x, k->stat);
	struct nt_linear head = nt_view_head(&v);
	nt_norm(k->pool, &norm, k->norm);
	nt_linear(k->pool, &head, k->logits, k->norm, NULL);
}

/* Takes ids in. With `each`, it is called for every piece, while rows of x are its own. */
static int take_in(struct nt_cache *k, const uint32_t *id, size_t n,
		   void (*each)(struct nt_cache *k, size_t n_row, void *arg), void *arg)
{
	nt_assert(n > 0);
	if (n > k->n_position - k->n)
		return nt_fail(NT_EARG, "%zu tokens do not fit into a context of %zu that holds %zu", n,
			       k->n_position, k->n);
	for (size_t i = 0; i < n; i++)
		if (id[i] >= k->m->config.vocab_size)
			return nt_fail(NT_EARG, "token %u is not below vocab_size %u", id[i],
				       k->m->config.vocab_size);
	size_t rows = 0;
	for (size_t first = 0; first < n; first += rows) {
		rows = n - first < ROWS ? n - first : ROWS;
		struct nt_view v = {.m = k->m, .layout = &k->layout, .kern = k->kern, .n_row = rows};
		embed(k, id + first, rows);
		for (size_t l = 0; l < k->m->config.num_hidden_layers; l++)
			layer(k, &v, l);
		k->n += rows;
		if (each)
			each(k, rows, arg);
	}
	return 0;
}

int nt_cache_extend(struct nt_cache *k, const uint32_t *id, size_t n, const nt_real **logits)
{
	int rc = take_in(k, id, n, NULL, NULL);
	if (rc < 0)
		return rc;
	to_logits(k, (n - 1) % ROWS);
	*logits = k->logits;
	return 0;
}

void nt_cache_rewind(struct nt_cache *k, size_t n)
{
	nt_assert(n <= k->n);
	k->n = n;
}

struct targets {
	const uint32_t *target;
	double *nll;
};

/* -log p of the targets of n rows, HEAD_ROWS at a time. */
static void score_rows(struct nt_cache *k, size_t n, void *arg)
{
	struct targets *t = arg;
	size_t C = k->m->config.hidden_size, V = k->m->config.vocab_size;
	for (size_t first = 0, rows; first < n; first += rows) {
		rows = n - first < HEAD_ROWS ? n - first : HEAD_ROWS;
		struct nt_view v = {.m = k->m, .layout = &k->layout, .kern = k->kern, .n_row = rows};
		struct nt_norm norm = nt_view_norm(&v, NT_ROLE_NORM_F, 0, k->x + first * C, k->stat);
		struct nt_linear head = nt_view_head(&v);
		nt_norm(k->pool, &norm, k->norm);
		nt_linear(k->pool, &head, k->many, k->norm, NULL);
		for (size_t r = 0; r < rows; r++)
			if (t->target[first + r] != NT_IGNORE)
				t->nll[first + r] = (double)k->kern->logsumexp(k->many + r * V, V) -
						    (double)k->many[r * V + t->target[first + r]];
	}
	t->target += n;
	t->nll += n;
}

int nt_cache_score(struct nt_cache *k, const uint32_t *id, size_t n, const uint32_t *target, double *nll)
{
	struct targets t = {target, nll};
	for (size_t i = 0; i < n; i++)
		if (target[i] != NT_IGNORE && target[i] >= k->m->config.vocab_size)
			return nt_fail(NT_EARG, "token %u is not below vocab_size %u", target[i],
				       k->m->config.vocab_size);
	if (!k->many && !(k->many = nt_alloc((size_t)k->m->config.vocab_size * HEAD_ROWS, sizeof(*k->many))))
		return NT_ESYS;
	return take_in(k, id, n, score_rows, &t);
}

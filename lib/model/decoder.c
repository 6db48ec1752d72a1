/* SPDX-License-Identifier: MIT */
/*
 * decoder.c - sequences that grow, keys and values kept
 *
 * A key or value depends on what stands before it only, so it is computed once and kept: for
 * each sequence [L][K][n_position][D], a head's rows behind each other. Ids come in pieces of
 * up to ROWS: a prompt in few matrix products, a single token as matrix-vector products, both
 * through the same functions as training's forward pass.
 *
 * Memory for keys and values is mapped whole and becomes real page by page, as it is written:
 * room for a long context costs nothing while texts are short.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "model/lm.h"
#include "model/work.h"
#include "nt/err.h"
#include "nt/mem.h"

enum {
	ROWS = 128,
	HEAD_ROWS = 32, /* logits are the widest of all */
};

struct nt_decoder {
	const struct nt_model *m;
	struct nt_layout layout;
	struct nt_pool *pool;
	const struct nt_kern *kern;
	size_t n_sequence, n_position;
	size_t *len;          /* [n_sequence] ids in each */
	size_t kept;          /* elements of a sequence's keys, and of its values */
	nt_real *key, *value; /* [n_sequence][L][K][n_position][D] */
	size_t mapped;        /* bytes behind both */
	nt_real *turn;        /* [n_position][D], or NULL: no rotation */
	nt_real *x, *mid, *norm, *qkv, *att, *up, *act, *stat; /* [ROWS][...], as in work.h */
	nt_real *logits;      /* [n_sequence][V] */
	nt_real *many;        /* [HEAD_ROWS][V], or NULL before the first nt_decoder_score */
	struct nt_slots slots;
	nt_real *memory;      /* the one allocation behind the pointers above */
};

/* Sizes in elements; NULL memory only counts. Returns the total. */
static size_t lay_out(struct nt_decoder *d, nt_real *memory, size_t n_thread)
{
	const struct nt_config *c = &d->m->config;
	size_t rows = d->n_position < ROWS ? d->n_position : ROWS;
	size_t HD = (size_t)c->num_attention_heads * c->head_dim;
	const struct {
		nt_real **to;
		size_t n;
	} part[] = {
		{&d->turn, nt_family(c->arch)->has_rope ? d->n_position * c->head_dim : 0},
		{&d->x, rows * c->hidden_size},
		{&d->mid, rows * c->hidden_size},
		{&d->norm, rows * c->hidden_size},
		{&d->qkv, rows * nt_qkv_width(c)},
		{&d->att, rows * HD},
		{&d->up, rows * nt_up_width(c)},
		{&d->act, rows * c->intermediate_size},
		{&d->stat, rows * 2},
		{&d->logits, d->n_sequence * c->vocab_size},
		{&d->slots.data, n_thread * NT_ATTEND_TILE},
	};
	size_t total = 0;
	for (size_t i = 0; i < sizeof(part) / sizeof(*part); i++) {
		*part[i].to = memory && part[i].n ? memory + total : NULL;
		total += (part[i].n + 15) / 16 * 16;
	}
	d->slots.n = n_thread;
	d->slots.each = NT_ATTEND_TILE;
	return total;
}

/* Keys and values of all sequences, none of it real yet. */
static int map_kept(struct nt_decoder *d)
{
	const struct nt_config *c = &d->m->config;
	size_t bytes;
	d->kept = (size_t)c->num_hidden_layers * c->num_key_value_heads * c->head_dim;
	if (nt_mul(d->kept, d->n_position, &d->kept) < 0 || nt_mul(d->kept, d->n_sequence, &bytes) < 0 ||
	    nt_mul(bytes, 2 * sizeof(*d->key), &bytes) < 0)
		return NT_ESYS;
	d->key = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (d->key == MAP_FAILED) {
		d->key = NULL;
		return nt_fail_sys("no room for the keys and values of %zu sequences of %zu tokens, %zu bytes",
				   d->n_sequence, d->n_position, bytes);
	}
	d->mapped = bytes;
	d->value = d->key + d->n_sequence * d->kept;
	return 0;
}

static int allocate(struct nt_decoder *d)
{
	size_t n_thread = (size_t)nt_pool_size(d->pool), n = lay_out(d, NULL, n_thread);
	d->len = nt_calloc(d->n_sequence, sizeof(*d->len));
	d->memory = nt_alloc(n, sizeof(*d->memory));
	d->slots.taken = nt_calloc(n_thread, sizeof(*d->slots.taken));
	if (!d->len || !d->memory || !d->slots.taken)
		return NT_ESYS;
	lay_out(d, d->memory, n_thread);
	for (size_t i = 0; i < n_thread; i++)
		atomic_init(&d->slots.taken[i], false);
	return map_kept(d);
}

int nt_decoder_new(struct nt_decoder **result, const struct nt_lm *lm, size_t n_sequence, size_t n_position,
		   struct nt_pool *pool)
{
	const struct nt_config *c = nt_lm_config(lm);
	*result = NULL;
	nt_assert(n_sequence > 0);
	if (n_position < 1 || n_position > c->max_position_embeddings)
		return nt_fail(NT_EARG, "a context of %zu positions: max_position_embeddings is %u", n_position,
			       c->max_position_embeddings);
	struct nt_decoder *d = nt_calloc(1, sizeof(*d));
	if (!d)
		return NT_ESYS;
	d->m = lm->m;
	d->pool = pool;
	d->kern = nt_kern();
	d->n_sequence = n_sequence;
	d->n_position = n_position;
	nt_layout_make(&d->layout, c);
	int rc = allocate(d);
	if (rc < 0) {
		nt_decoder_free(d);
		return rc;
	}
	if (d->turn)
		nt_rope_table(d->turn, n_position, c);
	*result = d;
	return 0;
}

void nt_decoder_free(struct nt_decoder *d)
{
	if (!d)
		return;
	if (d->key)
		munmap(d->key, d->mapped);
	free(d->len);
	free(d->memory);
	free(d->many);
	free(d->slots.taken);
	free(d);
}

size_t nt_decoder_room(const struct nt_decoder *d)
{
	return d->n_position;
}

size_t nt_decoder_len(const struct nt_decoder *d, size_t seq)
{
	return d->len[seq];
}

void nt_decoder_rewind(struct nt_decoder *d, size_t seq, size_t n)
{
	nt_assert(n <= d->len[seq]);
	d->len[seq] = n;
}

/* Rows that go through the layers now: the next ids of a sequence. */
struct piece {
	struct nt_decoder *d;
	struct nt_view view;
	size_t seq, at, n_row; /* at: ids before them */
};

static struct piece piece_of(struct nt_decoder *d, size_t seq, size_t n_row)
{
	return (struct piece){
		.d = d, .seq = seq, .at = d->len[seq], .n_row = n_row,
		.view = {.m = d->m, .layout = &d->layout, .kern = d->kern, .n_row = n_row},
	};
}

static void embed(const struct piece *p, const uint32_t *id)
{
	struct nt_decoder *d = p->d;
	size_t C = d->m->config.hidden_size;
	const nt_real *token = nt_part_of(d->m->param, &d->layout, NT_ROLE_EMBED, 0);
	const nt_real *place = nt_part_of(d->m->param, &d->layout, NT_ROLE_POSITION, 0);
	for (size_t r = 0; r < p->n_row; r++) {
		memcpy(d->x + r * C, token + id[r] * C, C * sizeof(*d->x));
		if (place)
			d->kern->add(d->x + r * C, place + (p->at + r) * C, C);
	}
}

/* Where head kv of layer l begins in the sequence's keys or values. */
static size_t kept_at(const struct piece *p, size_t l, size_t kv)
{
	const struct nt_config *c = &p->d->m->config;
	return p->seq * p->d->kept + (l * c->num_key_value_heads + kv) * p->d->n_position * c->head_dim;
}

/* Makes queries and keys what attention takes, and keeps keys and values. */
static void keep(const struct piece *p, size_t l)
{
	struct nt_decoder *d = p->d;
	struct nt_heads heads = nt_view_heads(&p->view, l, d->turn);
	const struct nt_config *c = &d->m->config;
	size_t H = c->num_attention_heads, K = c->num_key_value_heads, D = c->head_dim;
	for (size_t r = 0; r < p->n_row; r++) {
		nt_real *row = d->qkv + r * nt_qkv_width(c);
		nt_heads_row(&heads, row, row, p->at + r, NULL);
		for (size_t kv = 0; kv < K; kv++) {
			size_t at = kept_at(p, l, kv) + (p->at + r) * D;
			memcpy(d->key + at, row + (H + kv) * D, D * sizeof(*row));
			memcpy(d->value + at, row + (H + K + kv) * D, D * sizeof(*row));
		}
	}
}

struct attention {
	const struct piece *p;
	size_t layer;
};

static int attend_head(void *arg, size_t h)
{
	const struct attention *a = arg;
	struct nt_decoder *d = a->p->d;
	const struct nt_config *c = &d->m->config;
	size_t D = c->head_dim, H = c->num_attention_heads;
	size_t at = kept_at(a->p, a->layer, h / (H / c->num_key_value_heads));
	struct nt_attend attend = {
		.kern = d->kern,
		.q = d->qkv + h * D, .ldq = nt_qkv_width(c),
		.k = d->key + at, .v = d->value + at, .ldkv = D,
		.n_query = a->p->n_row, .n_key = a->p->at + a->p->n_row, .D = D,
	};
	nt_real *scratch = nt_slot_take(&d->slots);
	nt_attend(&attend, d->att + h * D, H * D, NULL, 0, scratch);
	nt_slot_give(&d->slots, scratch);
	return 0;
}

static void layer(const struct piece *p, size_t l)
{
	struct nt_decoder *d = p->d;
	const struct nt_config *c = &d->m->config;
	const struct nt_view *v = &p->view;
	struct nt_norm norm1 = nt_view_norm(v, NT_ROLE_NORM1, l, d->x, d->stat);
	struct nt_norm norm2 = nt_view_norm(v, NT_ROLE_NORM2, l, d->mid, d->stat);
	struct nt_linear to_qkv = nt_view_linear(v, NT_ROLE_QKV, l);
	struct nt_linear to_mid = nt_view_linear(v, NT_ROLE_OUT, l);
	struct nt_linear to_up = nt_view_linear(v, NT_ROLE_UP, l);
	struct nt_linear to_x = nt_view_linear(v, NT_ROLE_DOWN, l);
	struct attention a = {.p = p, .layer = l};

	nt_norm(d->pool, &norm1, d->norm);
	nt_linear(d->pool, &to_qkv, d->qkv, d->norm, NULL);
	keep(p, l);
	nt_pool_run(d->pool, c->num_attention_heads, attend_head, &a);
	nt_linear(d->pool, &to_mid, d->mid, d->att, d->x);

	nt_norm(d->pool, &norm2, d->norm);
	nt_linear(d->pool, &to_up, d->up, d->norm, NULL);
	nt_activate(d->pool, d->kern, nt_family(c->arch)->has_gate, d->act, d->up, p->n_row, c->intermediate_size);
	nt_linear(d->pool, &to_x, d->x, d->act, d->mid);
}

/* out[n][V], the logits of n rows of the last piece from row `first` on. */
static void to_logits(struct nt_decoder *d, nt_real *out, size_t first, size_t n)
{
	struct nt_view v = {.m = d->m, .layout = &d->layout, .kern = d->kern, .n_row = n};
	const nt_real *x = d->x + first * d->m->config.hidden_size;
	struct nt_norm norm = nt_view_norm(&v, NT_ROLE_NORM_F, 0, x, d->stat);
	struct nt_linear head = nt_view_head(&v);
	nt_norm(d->pool, &norm, d->norm);
	nt_linear(d->pool, &head, out, d->norm, NULL);
}

static int check(const struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n)
{
	nt_assert(n > 0 && seq < d->n_sequence);
	if (n > d->n_position - d->len[seq])
		return nt_fail(NT_EARG, "%zu tokens do not fit into a context of %zu that holds %zu", n,
			       d->n_position, d->len[seq]);
	for (size_t i = 0; i < n; i++)
		if (id[i] >= d->m->config.vocab_size)
			return nt_fail(NT_EARG, "token %u is not below vocab_size %u", id[i],
				       d->m->config.vocab_size);
	return 0;
}

/* Takes ids in. With `each`, it is called for every piece, while rows of x are its own. */
static void take_in(struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n,
		    void (*each)(struct nt_decoder *d, size_t n_row, void *arg), void *arg)
{
	size_t rows = 0;
	for (size_t first = 0; first < n; first += rows) {
		rows = n - first < ROWS ? n - first : ROWS;
		struct piece p = piece_of(d, seq, rows);
		embed(&p, id + first);
		for (size_t l = 0; l < d->m->config.num_hidden_layers; l++)
			layer(&p, l);
		d->len[seq] += rows;
		if (each)
			each(d, rows, arg);
	}
}

int nt_decoder_extend(struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n, const nt_real **logits)
{
	int rc = check(d, seq, id, n);
	if (rc < 0)
		return rc;
	take_in(d, seq, id, n, NULL, NULL);
	to_logits(d, d->logits, (n - 1) % ROWS, 1);
	*logits = d->logits;
	return 0;
}

int nt_decoder_step(struct nt_decoder *d, const size_t *seq, const uint32_t *id, size_t n,
		    const nt_real **logits)
{
	nt_assert(n > 0 && n <= d->n_sequence);
	for (size_t i = 0; i < n; i++) {
		int rc = check(d, seq[i], &id[i], 1);
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < n; i++) {
		take_in(d, seq[i], &id[i], 1, NULL, NULL);
		to_logits(d, d->logits + i * d->m->config.vocab_size, 0, 1);
	}
	*logits = d->logits;
	return 0;
}

struct targets {
	const uint32_t *target;
	double *nll;
};

/* -log p of the targets of n rows, HEAD_ROWS at a time. */
static void score_rows(struct nt_decoder *d, size_t n, void *arg)
{
	struct targets *t = arg;
	size_t V = d->m->config.vocab_size;
	for (size_t first = 0, rows; first < n; first += rows) {
		rows = n - first < HEAD_ROWS ? n - first : HEAD_ROWS;
		to_logits(d, d->many, first, rows);
		for (size_t r = 0; r < rows; r++)
			if (t->target[first + r] != NT_IGNORE)
				t->nll[first + r] = (double)d->kern->logsumexp(d->many + r * V, V) -
						    (double)d->many[r * V + t->target[first + r]];
	}
	t->target += n;
	t->nll += n;
}

int nt_decoder_score(struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n, const uint32_t *target,
		     double *nll)
{
	struct targets t = {target, nll};
	int rc = check(d, seq, id, n);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		if (target[i] != NT_IGNORE && target[i] >= d->m->config.vocab_size)
			return nt_fail(NT_EARG, "token %u is not below vocab_size %u", target[i],
				       d->m->config.vocab_size);
	if (!d->many && !(d->many = nt_alloc((size_t)d->m->config.vocab_size * HEAD_ROWS, sizeof(*d->many))))
		return NT_ESYS;
	take_in(d, seq, id, n, score_rows, &t);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * decoder.c - sequences that grow, keys and values kept
 *
 * A key or value depends on what stands before it only, so it is computed once and kept (kern/kv.h).
 * Rows go through the layers in one of two ways:
 *
 *	a step	the next id of each of several sequences: every weight is read once for all of them, and
 *		a query looks at its own sequence's keys (nt_kv_attend_part)
 *	a piece	up to 512 next ids of one sequence, from a prompt: tiles of queries and keys (nt_attend)
 *
 * What a row becomes does not depend on which rows go with it, since products sum up each element by
 * itself (kern/matrix.h) and a prompt is cut by its own length alone: so a sequence is the same
 * whatever grows beside it.
 *
 * Keys and values of 16 positions lie side by side, those of all layers and heads: so a long context
 * takes memory from its beginning on, in pages of whatever size.
 */
#include <stdlib.h>

#include "base/least.h"
#include "kern/kv.h"
#include "model/layers.h"
#include "nt/err.h"
#include "nt/mem.h"

enum { ROWS = 512 };

struct nt_decoder {
	struct nt_layers layers;
	const struct nt_lm *lm;
	const struct nt_config *c;
	struct nt_pool *pool;
	size_t n_sequence, n_position;
	size_t *len;            /* [n_sequence] ids in each */
	uint8_t *is_stepped;    /* [n_sequence] 0 but within a step */
	uint8_t *kept;          /* [n_sequence][block][L][K][block_bytes], keys and values */
	size_t sequence_bytes;
	nt_real *logits;        /* [n_sequence][V] */
	struct nt_kv_query *query; /* [n_sequence][K] */
	nt_real *parts;         /* [n_sequence][K][nt_kv_scratch] */
	struct nt_room room;
};

static int map_memory(struct nt_decoder *d)
{
	const struct nt_config *c = d->c;
	size_t K = c->num_key_value_heads, D = c->head_dim;
	size_t group = c->num_attention_heads / K, S = d->n_sequence, real = sizeof(nt_real);
	const struct nt_part part[] = {
		{&d->len, S, 1, sizeof(*d->len)},
		{&d->is_stepped, S, 1, 1},
		{&d->kept, S, d->sequence_bytes, 1},
		{&d->logits, S, c->vocab_size, real},
		{&d->query, S, K, sizeof(*d->query)},
		{&d->parts, S * K, nt_kv_scratch(d->n_position, group, D), real},
	};
	return nt_room_map(&d->room, part, sizeof(part) / sizeof(*part), false);
}

/* Of a sequence's positions, all layers' and heads'; SIZE_MAX: too many. */
size_t nt_decoder_bytes(const struct nt_lm *lm, size_t n_position)
{
	const struct nt_config *c = &lm->config;
	size_t bytes = (n_position + NT_KV_BLOCK - 1) / NT_KV_BLOCK;
	int rc = nt_mul(bytes, nt_kv_block_bytes(c->head_dim, !lm->is_exact), &bytes);
	rc = rc < 0 ? rc : nt_mul(bytes, (size_t)c->num_hidden_layers * c->num_key_value_heads, &bytes);
	return rc < 0 ? SIZE_MAX : bytes;
}

int nt_decoder_new(struct nt_decoder **result, const struct nt_lm *lm, size_t n_sequence, size_t n_position,
		   struct nt_pool *pool)
{
	const struct nt_config *c = &lm->config;
	*result = NULL;
	nt_assert(n_sequence > 0);
	if (n_position < 1 || n_position > c->max_position_embeddings)
		return nt_fail(NT_EARG, "a context of %zu positions: max_position_embeddings is %u", n_position,
			       c->max_position_embeddings);
	struct nt_decoder *d = nt_calloc(1, sizeof(*d));
	if (!d)
		return NT_ESYS;
	size_t rows = least(n_position, ROWS);
	*d = (struct nt_decoder){
		.lm = lm, .c = c, .pool = pool, .n_sequence = n_sequence, .n_position = n_position,
		.sequence_bytes = nt_decoder_bytes(lm, n_position),
	};
	int rc = nt_layers_make(&d->layers, lm, n_sequence > rows ? n_sequence : rows, n_position, false, pool);
	if (rc == 0)
		rc = map_memory(d);
	if (rc == 0) {
		*result = d;
		return 0;
	}
	nt_decoder_free(d);
	return nt_fail(rc, "no room for %zu sequences of %zu tokens", n_sequence, n_position);
}

void nt_decoder_free(struct nt_decoder *d)
{
	if (!d)
		return;
	nt_layers_release(&d->layers);
	nt_room_unmap(&d->room);
	free(d);
}

size_t nt_decoder_room(const struct nt_decoder *d)
{
	return d->n_position;
}

size_t nt_decoder_len(const struct nt_decoder *d, size_t seq)
{
	nt_assert(seq < d->n_sequence);
	return d->len[seq];
}

void nt_decoder_rewind(struct nt_decoder *d, size_t seq, size_t n)
{
	nt_assert(seq < d->n_sequence && n <= d->len[seq]);
	d->len[seq] = n;
}

/* --- rows ------------------------------------------------------------------------------------ */

struct pass {
	struct nt_decoder *d;
	const size_t *seq; /* of each row; of a piece only one */
	size_t n_row;
	bool is_piece;     /* rows are the next n_row ids of one sequence */
};

static size_t seq_of(const struct pass *p, size_t r)
{
	return p->seq[p->is_piece ? 0 : r];
}

static size_t place_of(const struct pass *p, size_t r)
{
	return p->d->len[seq_of(p, r)] + (p->is_piece ? r : 0);
}

static struct nt_kv kv_of(const struct nt_decoder *d, size_t seq, size_t layer, size_t kv)
{
	const struct nt_config *c = d->c;
	size_t K = c->num_key_value_heads, each = nt_kv_block_bytes(c->head_dim, !d->lm->is_exact);
	return (struct nt_kv){.kern = d->layers.kern, .D = c->head_dim, .is_f16 = !d->lm->is_exact,
			      .block = d->kept + seq * d->sequence_bytes + (layer * K + kv) * each,
			      .stride = c->num_hidden_layers * K * each};
}

struct layer {
	const struct pass *p;
	size_t number;
	size_t n_part; /* of the longest sequence's keys */
};

/* Queries and keys of rows become what attention takes; keys and values are kept. */
static void keep_rows(const void *arg, size_t first, size_t n)
{
	const struct layer *l = arg;
	const struct pass *p = l->p;
	struct nt_decoder *d = p->d;
	struct nt_heads heads = nt_layers_heads(&d->layers, l->number);
	size_t H = heads.H, K = heads.K, D = heads.D;
	for (size_t r = first; r < first + n; r++) {
		nt_real *row = d->layers.qkv + r * nt_qkv_width(d->c);
		nt_heads_row(&heads, row, row, place_of(p, r), NULL);
		for (size_t k = 0; k < K; k++) {
			struct nt_kv kv = kv_of(d, seq_of(p, r), l->number, k);
			nt_kv_put(&kv, place_of(p, r), row + (H + k) * D, row + (H + K + k) * D);
		}
	}
}

/* Task i of a step: a part of what the heads of one row that share a key-value head look at. */
static int attend_step(void *arg, size_t i)
{
	const struct layer *l = arg;
	struct nt_kv_query *query = &l->p->d->query[i / l->n_part];
	if (i % l->n_part < nt_kv_n_part(query->n_key))
		nt_kv_attend_part(query, i % l->n_part);
	return 0;
}

static void prepare_queries(struct layer *l)
{
	const struct pass *p = l->p;
	struct nt_decoder *d = p->d;
	size_t K = d->c->num_key_value_heads, D = d->c->head_dim, group = d->c->num_attention_heads / K;
	size_t width = nt_qkv_width(d->c), each = nt_kv_scratch(d->n_position, group, D), n_part = 0;
	for (size_t r = 0; r < p->n_row; r++) {
		size_t n_key = place_of(p, r) + 1;
		n_part = nt_kv_n_part(n_key) > n_part ? nt_kv_n_part(n_key) : n_part;
		for (size_t k = 0; k < K; k++)
			d->query[r * K + k] = (struct nt_kv_query){
				.kv = kv_of(d, seq_of(p, r), l->number, k), .n_key = n_key, .n_head = group,
				.q = d->layers.qkv + r * width + k * group * D, .ldq = D,
				.out = d->layers.att + (r * K + k) * group * D, .ldo = D,
				.scratch = d->parts + (r * K + k) * each,
			};
	}
	l->n_part = n_part;
}

/* Task h of a piece: a head of all its rows. */
static int attend_piece(void *arg, size_t h)
{
	const struct layer *l = arg;
	struct nt_decoder *d = l->p->d;
	const struct nt_config *c = d->c;
	size_t D = c->head_dim, H = c->num_attention_heads;
	struct nt_kv kv = kv_of(d, l->p->seq[0], l->number, h / (H / c->num_key_value_heads));
	struct nt_attend attend = {
		.kern = d->layers.kern, .q = d->layers.qkv + h * D, .ldq = nt_qkv_width(c), .kv = &kv,
		.n_query = l->p->n_row, .n_key = place_of(l->p, l->p->n_row), .D = D,
	};
	nt_real *scratch = nt_slot_take(&d->layers.slots);
	nt_attend(&attend, d->layers.att + h * D, H * D, NULL, 0, scratch);
	nt_slot_give(&d->layers.slots, scratch);
	return 0;
}

static void look_around(void *arg, size_t number)
{
	const struct pass *p = arg;
	struct nt_decoder *d = p->d;
	struct layer l = {.p = p, .number = number};
	nt_rows_run(d->pool, p->n_row, nt_qkv_width(d->c), keep_rows, &l);
	if (p->is_piece) {
		nt_pool_run(d->pool, d->c->num_attention_heads, attend_piece, &l);
		return;
	}
	prepare_queries(&l);
	nt_pool_run(d->pool, p->n_row * d->c->num_key_value_heads * l.n_part, attend_step, &l);
}

/* Rows go through the layers, and their sequences are longer. */
static void run_pass(struct pass *p, const uint32_t *id)
{
	struct nt_decoder *d = p->d;
	for (size_t r = 0; r < p->n_row; r++)
		d->layers.place[r] = place_of(p, r);
	nt_layers_run(&d->layers, id, p->n_row, p->is_piece ? NT_ROWS_MANY : NT_ROWS_FEW, look_around, p);
	if (p->is_piece)
		d->len[p->seq[0]] += p->n_row;
	for (size_t r = 0; r < p->n_row && !p->is_piece; r++)
		d->len[p->seq[r]]++;
}

/* The next of n ids of a sequence go through the layers; returns how many. */
static size_t take_piece(struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n)
{
	struct pass p = {.d = d, .seq = &seq, .n_row = least(n, ROWS), .is_piece = n > 1};
	run_pass(&p, id);
	return p.n_row;
}

/* d->logits[n][V] of rows [first, first + n) of the last pass. */
static void make_logits(struct nt_decoder *d, size_t first, size_t n)
{
	struct nt_layers *l = &d->layers;
	nt_layers_last(l, l->x + first * d->c->hidden_size, n);
	nt_layers_multiply(l, &d->lm->head, d->logits, l->norm, NULL, n, NT_ROWS_FEW);
}

/* --- what callers see ------------------------------------------------------------------------ */

static int check(const struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n)
{
	nt_assert(n > 0 && seq < d->n_sequence);
	if (n > d->n_position - d->len[seq])
		return nt_fail(NT_EARG, "a context of %zu that holds %zu has no room for %s", d->n_position, d->len[seq],
			       nt_counted(n, "token"));
	for (size_t i = 0; i < n; i++)
		if (id[i] >= d->c->vocab_size)
			return nt_fail(NT_EARG, "token %u is not below vocab_size %u", id[i], d->c->vocab_size);
	return 0;
}

int nt_decoder_extend(struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n, const nt_real **logits)
{
	int rc = check(d, seq, id, n);
	if (rc < 0)
		return rc;
	size_t rows = 0;
	for (size_t at = 0; at < n; at += rows)
		rows = take_piece(d, seq, id + at, n - at);
	make_logits(d, rows - 1, 1);
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
		nt_assert(!d->is_stepped[seq[i]]); /* twice */
		d->is_stepped[seq[i]] = 1;
	}
	for (size_t i = 0; i < n; i++)
		d->is_stepped[seq[i]] = 0;
	run_pass(&(struct pass){.d = d, .seq = seq, .n_row = n}, id);
	make_logits(d, 0, n);
	*logits = d->logits;
	return 0;
}

int nt_decoder_score(struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n, const uint32_t *target,
		     double *nll)
{
	int rc = check(d, seq, id, n);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		if (target[i] != NT_IGNORE && target[i] >= d->c->vocab_size)
			return nt_fail(NT_EARG, "token %u is not below vocab_size %u", target[i], d->c->vocab_size);
	for (size_t at = 0, rows; at < n; at += rows) {
		rows = take_piece(d, seq, id + at, n - at);
		nt_layers_losses(&d->layers, target + at, rows, nll + at, NULL);
	}
	return 0;
}

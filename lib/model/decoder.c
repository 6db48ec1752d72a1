/* SPDX-License-Identifier: MIT */
/*
 * decoder.c - sequences that grow, keys and values kept
 *
 * A key or value depends on what stands before it only, so it is computed once and kept (kern/kv.h).
 * The next ids of several sequences go through the layers together, so that every weight is read
 * once for all of them; only a prompt of more than NT_ROWS_ALIKE ids goes alone, up to 512 at a time. What
 * looks around is one of two:
 *
 *	a step	the next id of a sequence: parts of its keys, side by side (nt_kv_attend_part)
 *	a piece	the next ids of a sequence, from a prompt: tiles of queries and keys (nt_attend)
 *
 * What a row becomes does not depend on which rows go with it, since products sum up each element by
 * itself (kern/matrix.h) and a prompt is cut by its own length alone: so a sequence is the same
 * whatever grows beside it.
 *
 * Keys and values of 16 positions lie side by side, those of all layers and heads: so a long context
 * takes memory from its beginning on, in pages of whatever size.
 */
#include <stdlib.h>
#include <string.h>

#include "base/least.h"
#include "kern/kv.h"
#include "model/layers.h"
#include "nt/err.h"
#include "nt/mem.h"

enum { ROWS = 512 };

/* Rows of a pass: the next n ids of a sequence. */
struct span {
	size_t seq, row, n;
	nt_real *last; /* [C] what the last of them becomes */
};

struct nt_decoder {
	struct nt_layers layers;
	const struct nt_lm *lm;
	const struct nt_config *c;
	struct nt_pool *pool;
	size_t n_sequence, n_position;
	size_t *len;            /* [n_sequence] ids in each */
	uint8_t *is_named;      /* [n_sequence] 0 but while sequences are told from each other */
	uint8_t *kept;          /* [n_sequence][block][L][K][block_bytes], keys and values */
	size_t sequence_bytes;
	nt_real *last, *logits; /* [n_sequence][C] behind the last layer, and [n_sequence][V] */
	struct nt_kv_query *query; /* [n_sequence][K] */
	nt_real *parts;         /* [n_sequence][K][nt_kv_scratch] */
	struct span *span;      /* [n_sequence], n_span of them in the next pass, which has n_row rows: */
	size_t n_span, n_row;
	uint32_t *id;           /* [layers.n_row] */
	size_t *seq;            /* [layers.n_row] */
	struct nt_room room;
};

static int map_memory(struct nt_decoder *d)
{
	const struct nt_config *c = d->c;
	size_t K = c->num_key_value_heads, D = c->head_dim;
	size_t group = c->num_attention_heads / K, S = d->n_sequence, real = sizeof(nt_real);
	const struct nt_part part[] = {
		{&d->len, S, 1, sizeof(*d->len)},
		{&d->is_named, S, 1, 1},
		{&d->kept, S, d->sequence_bytes, 1},
		{&d->last, S, c->hidden_size, real},
		{&d->logits, S, c->vocab_size, real},
		{&d->span, S, 1, sizeof(*d->span)},
		{&d->id, d->layers.n_row, 1, sizeof(*d->id)},
		{&d->seq, d->layers.n_row, 1, sizeof(*d->seq)},
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

static struct nt_kv kv_of(const struct nt_decoder *d, size_t seq, size_t layer, size_t kv)
{
	const struct nt_config *c = d->c;
	size_t K = c->num_key_value_heads, each = nt_kv_block_bytes(c->head_dim, !d->lm->is_exact);
	return (struct nt_kv){.kern = d->layers.kern, .D = c->head_dim, .is_f16 = !d->lm->is_exact,
			      .block = d->kept + seq * d->sequence_bytes + (layer * K + kv) * each,
			      .stride = c->num_hidden_layers * K * each};
}

struct layer {
	struct nt_decoder *d;
	size_t number;
	size_t n_query; /* of steps: in d->query */
	size_t n_part;  /* of the longest one's keys */
};

/* Queries and keys of rows become what attention takes; keys and values are kept. */
static void keep_rows(const void *arg, size_t first, size_t n)
{
	const struct layer *l = arg;
	struct nt_decoder *d = l->d;
	struct nt_heads heads = nt_layers_heads(&d->layers, l->number);
	size_t H = heads.H, K = heads.K, D = heads.D;
	for (size_t r = first; r < first + n; r++) {
		nt_real *row = d->layers.qkv + r * nt_qkv_width(d->c);
		nt_heads_row(&heads, row, row, d->layers.place[r], NULL);
		for (size_t k = 0; k < K; k++) {
			struct nt_kv kv = kv_of(d, d->seq[r], l->number, k);
			nt_kv_put(&kv, d->layers.place[r], row + (H + k) * D, row + (H + K + k) * D);
		}
	}
}

/* Task i of the steps: a part of what the heads of one row that share a key-value head look at. */
static int attend_step(void *arg, size_t i)
{
	const struct layer *l = arg;
	struct nt_kv_query *query = &l->d->query[i / l->n_part];
	if (i % l->n_part < nt_kv_n_part(query->n_key))
		nt_kv_attend_part(query, i % l->n_part);
	return 0;
}

static void prepare_queries(struct layer *l)
{
	struct nt_decoder *d = l->d;
	size_t K = d->c->num_key_value_heads, D = d->c->head_dim, group = d->c->num_attention_heads / K;
	size_t width = nt_qkv_width(d->c), each = nt_kv_scratch(d->n_position, group, D);
	for (size_t s = 0; s < d->n_span; s++) {
		size_t r = d->span[s].row, n_key = d->layers.place[r] + 1, n_part = nt_kv_n_part(n_key);
		if (d->span[s].n > 1)
			continue;
		l->n_part = n_part > l->n_part ? n_part : l->n_part;
		for (size_t k = 0; k < K; k++, l->n_query++)
			d->query[l->n_query] = (struct nt_kv_query){
				.kv = kv_of(d, d->span[s].seq, l->number, k), .n_key = n_key, .n_head = group,
				.q = d->layers.qkv + r * width + k * group * D, .ldq = D,
				.out = d->layers.att + (r * K + k) * group * D, .ldo = D,
				.scratch = d->parts + l->n_query * each,
			};
	}
}

/* Task i of the pieces: a head of all rows of one. */
static int attend_piece(void *arg, size_t i)
{
	const struct layer *l = arg;
	struct nt_decoder *d = l->d;
	const struct nt_config *c = d->c;
	size_t D = c->head_dim, H = c->num_attention_heads, h = i % H, width = nt_qkv_width(c);
	const struct span *s = &d->span[i / H];
	if (s->n == 1)
		return 0;
	struct nt_kv kv = kv_of(d, s->seq, l->number, h / (H / c->num_key_value_heads));
	struct nt_attend attend = {
		.kern = d->layers.kern, .q = d->layers.qkv + s->row * width + h * D, .ldq = width, .kv = &kv,
		.n_query = s->n, .n_key = d->len[s->seq] + s->n, .D = D,
	};
	nt_real *scratch = nt_slot_take(&d->layers.slots);
	nt_attend(&attend, d->layers.att + (s->row * H + h) * D, H * D, NULL, 0, scratch);
	nt_slot_give(&d->layers.slots, scratch);
	return 0;
}

static void look_around(void *arg, size_t number)
{
	struct nt_decoder *d = arg;
	struct layer l = {.d = d, .number = number};
	nt_rows_run(d->pool, d->n_row, nt_qkv_width(d->c), keep_rows, &l);
	prepare_queries(&l);
	nt_pool_run(d->pool, l.n_query * l.n_part, attend_step, &l);
	if (d->n_row > d->n_span)
		nt_pool_run(d->pool, d->n_span * d->c->num_attention_heads, attend_piece, &l);
}

/* The next ids of a sequence are in the next pass. */
static void add_span(struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n, nt_real *last)
{
	d->span[d->n_span++] = (struct span){.seq = seq, .row = d->n_row, .n = n, .last = last};
	for (size_t i = 0; i < n; i++, d->n_row++) {
		d->id[d->n_row] = id[i];
		d->seq[d->n_row] = seq;
		d->layers.place[d->n_row] = d->len[seq] + i;
	}
}

/* Rows go through the layers, and their sequences are longer. */
static void run_pass(struct nt_decoder *d)
{
	size_t C = d->c->hidden_size;
	nt_layers_run(&d->layers, d->id, d->n_row, d->n_span == 1 ? NT_ROWS_MANY : NT_ROWS_FEW, look_around, d);
	for (const struct span *s = d->span; s < d->span + d->n_span; s++) {
		memcpy(s->last, d->layers.x + (s->row + s->n - 1) * C, C * sizeof(*s->last));
		d->len[s->seq] += s->n;
	}
	d->n_span = d->n_row = 0;
}

/* The next of n ids of a sequence go through the layers alone; returns how many. */
static size_t take_piece(struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n, nt_real *last)
{
	add_span(d, seq, id, least(n, ROWS), last);
	run_pass(d);
	return least(n, ROWS);
}

/* --- what callers see ------------------------------------------------------------------------ */

int nt_decoder_check(const struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n)
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

static int check_all(struct nt_decoder *d, const struct nt_next *next, size_t n)
{
	nt_assert(n > 0 && n <= d->n_sequence);
	for (size_t i = 0; i < n; i++) {
		int rc = nt_decoder_check(d, next[i].seq, next[i].id, next[i].n);
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < n; i++) {
		nt_assert(!d->is_named[next[i].seq]); /* twice */
		d->is_named[next[i].seq] = 1;
	}
	for (size_t i = 0; i < n; i++)
		d->is_named[next[i].seq] = 0;
	return 0;
}

int nt_decoder_take(struct nt_decoder *d, const struct nt_next *next, size_t n, const nt_real **logits)
{
	struct nt_layers *l = &d->layers;
	size_t C = d->c->hidden_size;
	int rc = check_all(d, next, n);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		for (size_t at = 0; next[i].n > NT_ROWS_ALIKE && at < next[i].n;)
			at += take_piece(d, next[i].seq, next[i].id + at, next[i].n - at, d->last + i * C);
	for (size_t i = 0; i < n; i++) {
		if (next[i].n > NT_ROWS_ALIKE)
			continue;
		if (d->n_row + next[i].n > l->n_row)
			run_pass(d);
		add_span(d, next[i].seq, next[i].id, next[i].n, d->last + i * C);
	}
	if (d->n_row)
		run_pass(d);
	nt_layers_last(l, d->last, n);
	nt_layers_multiply(l, &d->lm->head, d->logits, l->norm, NULL, n, NT_ROWS_FEW);
	*logits = d->logits;
	return 0;
}

int nt_decoder_extend(struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n, const nt_real **logits)
{
	return nt_decoder_take(d, &(struct nt_next){.seq = seq, .id = id, .n = n}, 1, logits);
}

int nt_decoder_score(struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n, const uint32_t *target,
		     double *nll)
{
	int rc = nt_decoder_check(d, seq, id, n);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		if (target[i] != NT_IGNORE && target[i] >= d->c->vocab_size)
			return nt_fail(NT_EARG, "token %u is not below vocab_size %u", target[i], d->c->vocab_size);
	for (size_t at = 0, rows; at < n; at += rows) {
		rows = take_piece(d, seq, id + at, n - at, d->last);
		nt_layers_losses(&d->layers, target + at, rows, nll + at, NULL);
	}
	return 0;
}

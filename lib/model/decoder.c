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
 * whatever grows beside it. All memory is mapped at once and becomes real page by page, as it is
 * written: room for a long context costs nothing while texts are short.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/least.h"
#include "kern/gemm.h"
#include "kern/kv.h"
#include "model/lm.h"
#include "model/work.h"
#include "nt/err.h"
#include "nt/mem.h"

enum {
	ROWS = 512,
	HEAD_ROWS = 64, /* logits are the widest of all */
	TURNS = 16,
	GEMM_ROWS = 192,
};

struct nt_decoder {
	const struct nt_lm *lm;
	const struct nt_config *c;
	struct nt_pool *pool;
	const struct nt_kern *kern;
	size_t n_sequence, n_position;
	size_t n_row;           /* rows there is room for */
	size_t *len;            /* [n_sequence] ids in each */
	uint8_t *kept;          /* [n_sequence][L][K][head_bytes], keys and values */
	size_t head_bytes;
	nt_real *turn;          /* [n_position][D], of which n_turn are made; or NULL: no rotation */
	size_t n_turn;
	nt_real *x, *mid, *norm, *qkv, *att, *up, *act, *stat; /* [n_row][...], as in work.h */
	nt_real *logits;        /* [n_sequence][V], or [HEAD_ROWS][V] */
	void *rounded;          /* nt_product's */
	struct nt_kv_query *query; /* [n_sequence][K] */
	nt_real *parts;         /* [n_sequence][K][nt_kv_scratch] */
	struct nt_slots slots;
	uint8_t *memory;        /* the one mapping behind the pointers above */
	size_t mapped;
};

/* --- memory -------------------------------------------------------------------------------- */

/* An array: n elements of a size. */
struct part {
	void *to; /* where its pointer is kept */
	size_t n, each, size;
};

/* Their distances from each other, of `memory` if it is there. Returns the total, SIZE_MAX: too much. */
static size_t lay_out(const struct part *part, size_t n_part, uint8_t *memory)
{
	size_t total = 0;
	for (size_t i = 0; i < n_part; i++) {
		uint8_t *at = part[i].n && part[i].each ? memory + total : NULL;
		size_t bytes;
		if (memory)
			memcpy(part[i].to, &at, sizeof(at));
		if (__builtin_mul_overflow(part[i].n, part[i].each, &bytes) ||
		    __builtin_mul_overflow(bytes, part[i].size, &bytes) ||
		    __builtin_add_overflow(total, (bytes + 4095) / 4096 * 4096, &total) || total > SIZE_MAX / 2)
			return SIZE_MAX;
	}
	return total;
}

static int map_memory(struct nt_decoder *d)
{
	const struct nt_config *c = d->c;
	size_t L = c->num_hidden_layers, K = c->num_key_value_heads, V = c->vocab_size, D = c->head_dim;
	size_t HD = (size_t)c->num_attention_heads * D, C = c->hidden_size, F = c->intermediate_size;
	size_t n = d->n_row, S = d->n_sequence, widest = HD > F ? HD : F, real = sizeof(nt_real);
	const struct part part[] = {
		{&d->len, S, 1, sizeof(*d->len)},
		{&d->kept, S, L * K, d->head_bytes},
		{&d->turn, nt_family(c->arch)->has_rope ? d->n_position : 0, D, real},
		{&d->x, n, C, real},
		{&d->mid, n, C, real},
		{&d->norm, n, C, real},
		{&d->qkv, n, nt_qkv_width(c), real},
		{&d->att, n, HD, real},
		{&d->up, n, nt_up_width(c), real},
		{&d->act, n, F, real},
		{&d->stat, n, 2, real},
		{&d->logits, S > HEAD_ROWS ? S : HEAD_ROWS, V, real},
		{&d->rounded, 1, nt_product_scratch(widest > C ? widest : C, n), 1},
		{&d->query, S, K, sizeof(*d->query)},
		{&d->parts, S * K, nt_kv_scratch(d->n_position, HD / D / K, D), real},
		{&d->slots.data, d->slots.n, d->slots.each, real},
		{&d->slots.taken, d->slots.n, 1, sizeof(*d->slots.taken)},
	};
	size_t bytes = lay_out(part, sizeof(part) / sizeof(*part), NULL);
	void *memory = bytes == SIZE_MAX ? MAP_FAILED
					 : mmap(NULL, bytes, PROT_READ | PROT_WRITE,
						MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return nt_fail(NT_ESYS, "no room for %zu sequences of %zu tokens", d->n_sequence, d->n_position);
	d->memory = memory;
	d->mapped = bytes;
	lay_out(part, sizeof(part) / sizeof(*part), d->memory);
	return 0;
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
		.lm = lm, .c = c, .pool = pool, .kern = nt_kern(),
		.n_sequence = n_sequence, .n_position = n_position, .n_row = n_sequence > rows ? n_sequence : rows,
		.head_bytes = (n_position + NT_KV_BLOCK - 1) / NT_KV_BLOCK * nt_kv_block_bytes(c->head_dim, !lm->is_exact),
		.slots = {.n = (size_t)nt_pool_size(pool), .each = nt_attend_scratch(c->head_dim)},
	};
	int rc = map_memory(d);
	if (rc < 0)
		nt_decoder_free(d);
	else
		*result = d;
	return rc;
}

void nt_decoder_free(struct nt_decoder *d)
{
	if (d && d->memory)
		munmap(d->memory, d->mapped);
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
	size_t i = (seq * c->num_hidden_layers + layer) * c->num_key_value_heads + kv;
	bool is_f16 = !d->lm->is_exact;
	return (struct nt_kv){.kern = d->kern, .block = d->kept + i * d->head_bytes, .D = c->head_dim,
			      .stride = nt_kv_block_bytes(c->head_dim, is_f16), .is_f16 = is_f16};
}

static void embed(const struct pass *p, const uint32_t *id)
{
	struct nt_decoder *d = p->d;
	size_t C = d->c->hidden_size;
	for (size_t r = 0; r < p->n_row; r++) {
		nt_lm_row(d->x + r * C, &d->lm->embed, id[r]);
		if (d->lm->position.data) {
			nt_lm_row(d->mid, &d->lm->position, place_of(p, r));
			d->kern->add(d->x + r * C, d->mid, C);
		}
	}
}

/* Where training's product is faster: there are many rows, as only a piece of a prompt has them. */
static bool takes_gemm(const struct nt_lm_linear *l, size_t n_row)
{
	return n_row >= GEMM_ROWS && l->part[0].type == NT_MATRIX_REAL &&
	       (uintptr_t)l->part[0].data % sizeof(nt_real) == 0;
}

static void multiply_many(struct nt_pool *pool, const struct nt_product *p)
{
	size_t column = 0;
	for (size_t k = 0; k < p->n_part; k++) {
		const struct nt_matrix *w = &p->part[k];
		nt_gemm(pool, &(struct nt_gemm){
			.m = p->n_row, .n = w->O, .k = w->I, .a = p->in, .lda = p->ldi,
			.b = w->data, .ldb = w->is_in_out ? w->O : w->I, .is_b_transposed = !w->is_in_out,
			.c = p->out + column, .ldc = p->ldo, .alpha = 1, .bias = p->bias ? p->bias[k] : NULL,
			.plus = p->plus ? p->plus + column : NULL,
		});
		column += w->O;
	}
}

/* out = rows times l, and plus, which is as out. */
static void multiply(const struct nt_decoder *d, const struct nt_lm_linear *l, nt_real *out, const nt_real *in,
		     const nt_real *plus, size_t n_row, bool is_piece)
{
	struct nt_product p = {.part = l->part, .n_part = l->n_part, .bias = l->n_bias ? l->bias : NULL,
			       .in = in, .ldi = l->part[0].I, .out = out, .plus = plus, .n_row = n_row,
			       .scratch = d->rounded};
	for (size_t k = 0; k < l->n_part; k++)
		p.ldo += l->part[k].O;
	if (is_piece && takes_gemm(l, n_row))
		multiply_many(d->pool, &p);
	else
		nt_product(d->pool, &p);
}

static void normalise(struct nt_decoder *d, const struct nt_lm_norm *norm, const nt_real *x, size_t n_row)
{
	struct nt_norm n = {.kern = d->kern, .x = x, .w = norm->w, .b = norm->b, .stat = d->stat, .n_row = n_row,
			    .C = d->c->hidden_size, .eps = (nt_real)d->c->norm_eps};
	nt_norm(d->pool, &n, d->norm);
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
	const struct nt_config *c = d->c;
	const struct nt_lm_layer *of = &d->lm->layer[l->number];
	size_t H = c->num_attention_heads, K = c->num_key_value_heads, D = c->head_dim;
	struct nt_heads heads = {.kern = d->kern, .w_q = of->q_norm, .w_k = of->k_norm, .turn = d->turn, .H = H, .K = K,
				 .D = D, .eps = (nt_real)c->norm_eps};
	for (size_t r = first; r < first + n; r++) {
		nt_real *row = d->qkv + r * nt_qkv_width(c);
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
				.q = d->qkv + r * width + k * group * D, .ldq = D,
				.out = d->att + (r * K + k) * group * D, .ldo = D,
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
		.kern = d->kern, .q = d->qkv + h * D, .ldq = nt_qkv_width(c), .kv = &kv,
		.n_query = l->p->n_row, .n_key = place_of(l->p, l->p->n_row), .D = D,
	};
	nt_real *scratch = nt_slot_take(&d->slots);
	nt_attend(&attend, d->att + h * D, H * D, NULL, 0, scratch);
	nt_slot_give(&d->slots, scratch);
	return 0;
}

static void look_around(const struct pass *p, size_t number)
{
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

static void run_layers(const struct pass *p)
{
	struct nt_decoder *d = p->d;
	const struct nt_config *c = d->c;
	for (size_t i = 0; i < c->num_hidden_layers; i++) {
		const struct nt_lm_layer *l = &d->lm->layer[i];
		normalise(d, &l->norm1, d->x, p->n_row);
		multiply(d, &l->qkv, d->qkv, d->norm, NULL, p->n_row, p->is_piece);
		look_around(p, i);
		multiply(d, &l->out, d->mid, d->att, d->x, p->n_row, p->is_piece);
		normalise(d, &l->norm2, d->mid, p->n_row);
		multiply(d, &l->up, d->up, d->norm, NULL, p->n_row, p->is_piece);
		nt_activate(d->pool, d->kern, nt_family(c->arch)->has_gate, d->act, d->up, p->n_row, c->intermediate_size);
		multiply(d, &l->down, d->x, d->act, d->mid, p->n_row, p->is_piece);
	}
}

/* d->logits[n][V] of rows [first, first + n) of the last pass. */
static void make_logits(struct nt_decoder *d, size_t first, size_t n)
{
	normalise(d, &d->lm->norm_f, d->x + first * d->c->hidden_size, n);
	multiply(d, &d->lm->head, d->logits, d->norm, NULL, n, false);
}

/* Angles up to a position are there, some at a time. */
static void make_turns(struct nt_decoder *d, size_t place)
{
	while (d->n_turn <= place) {
		size_t n = least(d->n_position - d->n_turn, TURNS);
		nt_rope_table(d->turn, d->n_turn, n, d->c);
		d->n_turn += n;
	}
}

/* Rows go through the layers, and their sequences are longer. */
static void run_pass(const struct pass *p, const uint32_t *id)
{
	struct nt_decoder *d = p->d;
	for (size_t r = 0; r < p->n_row && d->turn; r++)
		make_turns(d, place_of(p, r));
	embed(p, id);
	run_layers(p);
	if (p->is_piece)
		d->len[p->seq[0]] += p->n_row;
	for (size_t r = 0; r < p->n_row && !p->is_piece; r++)
		d->len[p->seq[r]]++;
}

/* The next of n ids of a sequence go through the layers; returns how many. No piece leaves a last
 * block of one query, whose products would be OpenBLAS's (kern/gemm.h), which is not loaded. */
static size_t take_piece(struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n)
{
	struct pass p = {.d = d, .seq = &seq, .n_row = least(n, ROWS)};
	if (p.n_row > 1 && p.n_row % NT_ATTEND_ROWS == 1)
		p.n_row--;
	p.is_piece = p.n_row > 1;
	run_pass(&p, id);
	return p.n_row;
}

/* --- what callers see ------------------------------------------------------------------------ */

static int check(const struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n)
{
	nt_assert(n > 0 && seq < d->n_sequence);
	if (n > d->n_position - d->len[seq])
		return nt_fail(NT_EARG, "%zu tokens do not fit into a context of %zu that holds %zu", n,
			       d->n_position, d->len[seq]);
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
	run_pass(&(struct pass){.d = d, .seq = seq, .n_row = n}, id);
	make_logits(d, 0, n);
	*logits = d->logits;
	return 0;
}

struct scores {
	const struct nt_decoder *d;
	const uint32_t *target;
	double *nll;
};

static void score_rows(const void *arg, size_t first, size_t n)
{
	const struct scores *s = arg;
	size_t V = s->d->c->vocab_size;
	for (size_t r = first; r < first + n; r++) {
		const nt_real *logits = s->d->logits + r * V;
		if (s->target[r] != NT_IGNORE)
			s->nll[r] = (double)s->d->kern->logsumexp(logits, V) - (double)logits[s->target[r]];
	}
}

static bool has_target(const uint32_t *target, size_t n)
{
	while (n > 0 && *target == NT_IGNORE) {
		target++;
		n--;
	}
	return n > 0;
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
		for (size_t r = 0, some; r < rows; r += some) {
			some = least(rows - r, HEAD_ROWS);
			if (!has_target(target + at + r, some))
				continue;
			make_logits(d, r, some);
			struct scores s = {d, target + at + r, nll + at + r};
			nt_rows_run(d->pool, some, d->c->vocab_size, score_rows, &s);
		}
	}
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * layers.c - rows through the layers of a model that is made for generating; see layers.h
 *
 * Products are nt_product's, which take weights as they lie, or training's, which lay them out
 * anew: where there are so many rows that this is soon paid for.
 */
#include "model/layers.h"

#include "base/least.h"
#include "kern/gemm.h"

enum {
	TURNS = 16,
	GEMM_ROWS = NT_ROWS_ALIKE + 1, /* f32 */
	GEMM_ROWS_BF16 = 640,
};

int nt_layers_make(struct nt_layers *l, const struct nt_lm *lm, size_t n_row, size_t n_position, bool is_dense,
		   struct nt_pool *pool)
{
	const struct nt_config *c = &lm->config;
	size_t HD = (size_t)c->num_attention_heads * c->head_dim, C = c->hidden_size, F = c->intermediate_size;
	size_t Q = nt_qkv_width(c), U = nt_up_width(c), act = nt_family(c->arch)->has_gate ? F : 0;
	size_t widest = HD > F ? HD : F, real = sizeof(nt_real);
	*l = (struct nt_layers){
		.lm = lm, .c = c, .pool = pool, .kern = nt_kern(), .n_row = n_row, .n_position = n_position,
		.slots = {.n = (size_t)nt_pool_size(pool), .each = nt_attend_scratch(c->head_dim)},
	};
	const struct nt_part part[] = {
		{&l->place, n_row, 1, sizeof(*l->place)},
		{&l->x, n_row, C, real},
		{&l->mid, n_row, C, real},
		{&l->norm, n_row, C, real},
		{&l->qkv, n_row, Q + HD > U + act ? Q + HD : U + act, real},
		{&l->stat, n_row, 2, real},
		{&l->turn, nt_family(c->arch)->has_rope ? n_position : 0, c->head_dim, real},
		{&l->rounded, 1, nt_product_scratch(widest > C ? widest : C, Q > U ? Q : U, n_row), 1},
		{&l->logits, 1, nt_loss_elements(c->vocab_size), real},
		{&l->gap, n_row, 1, sizeof(*l->gap)},
		{&l->slots.data, l->slots.n, l->slots.each, real},
		{&l->slots.taken, l->slots.n, 1, sizeof(*l->slots.taken)},
	};
	int rc = nt_room_map(&l->room, part, sizeof(part) / sizeof(*part), is_dense);
	if (rc < 0)
		return rc;
	l->att = l->qkv + n_row * Q; /* one half of a layer is over before the other begins */
	l->up = l->qkv;
	l->act = act ? l->up + n_row * U : l->up; /* without a gate each element becomes another */
	return 0;
}

void nt_layers_release(struct nt_layers *l)
{
	nt_room_unmap(&l->room);
}

/* --- products ---------------------------------------------------------------------------------- */

static bool takes_gemm(const struct nt_lm_linear *m, size_t n_row)
{
	uintptr_t at = (uintptr_t)m->part[0].data;
	switch (m->part[0].type) {
	case NT_MATRIX_REAL:
		return n_row >= GEMM_ROWS && at % sizeof(nt_real) == 0;
	case NT_MATRIX_BF16:
		return n_row >= GEMM_ROWS_BF16 && at % sizeof(uint16_t) == 0 && nt_gemm_takes_bf16();
	default:
		return false;
	}
}

static void multiply_many(struct nt_pool *pool, const struct nt_product *p)
{
	size_t column = 0;
	for (size_t k = 0; k < p->n_part; k++) {
		const struct nt_matrix *w = &p->part[k];
		bool is_bf16 = w->type == NT_MATRIX_BF16;
		nt_gemm(pool, &(struct nt_gemm){
			.m = p->n_row, .n = w->O, .k = w->I, .a = p->in, .lda = p->ldi,
			.b = is_bf16 ? NULL : w->data, .b_bf16 = is_bf16 ? w->data : NULL, .is_bf16 = is_bf16,
			.ldb = w->is_in_out ? w->O : w->I, .is_b_transposed = !w->is_in_out,
			.c = p->out + column, .ldc = p->ldo, .alpha = 1, .bias = p->bias ? p->bias[k] : NULL,
			.plus = p->plus ? p->plus + column : NULL,
		});
		column += w->O;
	}
}

void nt_layers_multiply(const struct nt_layers *l, const struct nt_lm_linear *m, nt_real *out, const nt_real *in,
			const nt_real *plus, size_t n_row, enum nt_rows_how how)
{
	struct nt_product p = {.part = m->part, .n_part = m->n_part, .bias = m->n_bias ? m->bias : NULL,
			       .in = in, .ldi = m->part[0].I, .out = out, .plus = plus, .n_row = n_row,
			       .scratch = l->rounded, .is_prepared = how == NT_ROWS_AGAIN};
	for (size_t k = 0; k < m->n_part; k++)
		p.ldo += m->part[k].O;
	if (how != NT_ROWS_FEW && takes_gemm(m, n_row))
		multiply_many(l->pool, &p);
	else
		nt_product(l->pool, &p);
}

/* --- layers ------------------------------------------------------------------------------------ */

static void embed(struct nt_layers *l, const uint32_t *id, size_t n_row)
{
	size_t C = l->c->hidden_size;
	for (size_t r = 0; r < n_row; r++) {
		nt_lm_row(l->x + r * C, &l->lm->embed, id[r]);
		if (l->lm->position.data) {
			nt_lm_row(l->mid, &l->lm->position, l->place[r]);
			l->kern->add(l->x + r * C, l->mid, C);
		}
	}
}

/* Angles up to a position are there, some at a time. */
static void make_turns(struct nt_layers *l, size_t place)
{
	while (l->n_turn <= place) {
		size_t n = least(l->n_position - l->n_turn, TURNS);
		nt_rope_table(l->turn, l->n_turn, n, l->c);
		l->n_turn += n;
	}
}

static void normalise(struct nt_layers *l, const struct nt_lm_norm *norm, const nt_real *x, size_t n_row)
{
	struct nt_norm n = {.kern = l->kern, .x = x, .w = norm->w, .b = norm->b, .stat = l->stat, .n_row = n_row,
			    .C = l->c->hidden_size, .eps = (nt_real)l->c->norm_eps};
	nt_norm(l->pool, &n, l->norm);
}

struct nt_heads nt_layers_heads(const struct nt_layers *l, size_t layer)
{
	const struct nt_config *c = l->c;
	const struct nt_lm_layer *of = &l->lm->layer[layer];
	return (struct nt_heads){.kern = l->kern, .w_q = of->q_norm, .w_k = of->k_norm, .turn = l->turn,
				 .H = c->num_attention_heads, .K = c->num_key_value_heads, .D = c->head_dim,
				 .eps = (nt_real)c->norm_eps};
}

void nt_layers_run(struct nt_layers *l, const uint32_t *id, size_t n_row, enum nt_rows_how how,
		   nt_layers_look *look, void *arg)
{
	const struct nt_config *c = l->c;
	bool has_gate = nt_family(c->arch)->has_gate;
	for (size_t r = 0; r < n_row && l->turn; r++)
		make_turns(l, l->place[r]);
	embed(l, id, n_row);
	for (size_t i = 0; i < c->num_hidden_layers; i++) {
		const struct nt_lm_layer *of = &l->lm->layer[i];
		normalise(l, &of->norm1, l->x, n_row);
		nt_layers_multiply(l, &of->qkv, l->qkv, l->norm, NULL, n_row, how);
		look(arg, i);
		nt_layers_multiply(l, &of->out, l->mid, l->att, l->x, n_row, how);
		normalise(l, &of->norm2, l->mid, n_row);
		nt_layers_multiply(l, &of->up, l->up, l->norm, NULL, n_row, how);
		nt_activate(l->pool, l->kern, has_gate, l->act, l->up, n_row, c->intermediate_size);
		nt_layers_multiply(l, &of->down, l->x, l->act, l->mid, n_row, how);
	}
}

void nt_layers_last(struct nt_layers *l, const nt_real *x, size_t n)
{
	normalise(l, &l->lm->norm_f, x, n);
}

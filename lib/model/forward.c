/* SPDX-License-Identifier: MIT */
/*
 * forward.c - a batch through the model, and its gradient back
 *
 *	mid = x + out(attention(norm1(x)))
 *	x'  = mid + down(activate(up(norm2(mid))))		for every layer
 *	loss = head(norm_f(x))
 *
 * Each layer function cuts its work by the batch's size, so a run gives the same bits at
 * any number of threads. The loss is summed in f64 in the order of the positions.
 */
#include "model/work.h"

#include <string.h>

#include "nt/err.h"

static struct nt_view view_of(const struct nt_work *w, const struct nt_model *m)
{
	return (struct nt_view){.m = m, .layout = &w->layout, .kern = w->kern, .n_row = w->N,
				.is_bf16 = w->is_bf16, .is_first = w->is_first};
}

/* A layer's pieces, for either direction. */
struct layer {
	nt_real *x, *mid, *qkv, *att, *up, *after;
	struct nt_norm norm1, norm2;
	struct nt_heads heads;
	struct nt_linear to_qkv, to_mid, to_up, to_x;
};

static struct layer layer_of(const struct nt_work *w, const struct nt_model *m, size_t l)
{
	const struct nt_config *c = &w->config;
	struct nt_view v = view_of(w, m);
	struct layer s = {
		.x = nt_stream(w, l),
		.mid = nt_kept(w, w->mid, l, c->hidden_size),
		.qkv = nt_kept(w, w->qkv, l, nt_qkv_width(c)),
		.att = nt_kept(w, w->att, l, (size_t)c->num_attention_heads * c->head_dim),
		.up = nt_kept(w, w->up, l, nt_up_width(c)),
		.after = nt_stream(w, l + 1),
		.heads = nt_view_heads(&v, l, w->turn),
		.to_qkv = nt_view_linear(&v, NT_ROLE_QKV, l),
		.to_mid = nt_view_linear(&v, NT_ROLE_OUT, l),
		.to_up = nt_view_linear(&v, NT_ROLE_UP, l),
		.to_x = nt_view_linear(&v, NT_ROLE_DOWN, l),
	};
	s.norm1 = nt_view_norm(&v, NT_ROLE_NORM1, l, s.x, nt_kept(w, w->stat1, l, 2));
	s.norm2 = nt_view_norm(&v, NT_ROLE_NORM2, l, s.mid, nt_kept(w, w->stat2, l, 2));
	return s;
}

/* All but the end of a layer: what its way back needs. */
static struct layer layer_inside(struct nt_work *w, const struct nt_model *m, const struct nt_batch *b,
				 size_t l)
{
	struct layer s = layer_of(w, m, l);
	nt_norm(w->pool, &s.norm1, w->norm);
	nt_linear(w->pool, &s.to_qkv, s.qkv, w->norm, NULL);
	nt_heads(w, &s.heads, b, l);
	nt_attention_of_layer(w, l);
	nt_linear(w->pool, &s.to_mid, s.mid, s.att, s.x);

	nt_norm(w->pool, &s.norm2, w->norm);
	nt_linear(w->pool, &s.to_up, s.up, w->norm, NULL);
	return s;
}

static void layer_forward(struct nt_work *w, const struct nt_model *m, const struct nt_batch *b,
			  size_t l)
{
	const struct nt_config *c = &w->config;
	struct layer s = layer_inside(w, m, b, l);
	nt_activate(w->pool, w->kern, nt_family(c->arch)->has_gate, w->act, s.up, w->N, c->intermediate_size);
	nt_linear(w->pool, &s.to_x, s.after, w->act, s.mid);
}

/* w->dx comes in as the gradient behind the layer and leaves as the one before it. */
static void layer_backward(struct nt_work *w, const struct nt_model *m, const struct nt_batch *b,
			   size_t l, nt_real *grad)
{
	const struct nt_config *c = &w->config;
	bool is_gone = w->pass == NT_PASS_RECOMPUTE && l + 1 < c->num_hidden_layers;
	struct layer s = is_gone ? layer_inside(w, m, b, l) : layer_of(w, m, l);
#define GRAD(role) nt_part_of(grad, &w->layout, role, l)
	nt_linear_back_input(w->pool, &s.to_x, w->dact, w->dx);
	nt_activate_back(w->pool, w->kern, nt_family(c->arch)->has_gate, w->dwide, w->act, w->dact, s.up, w->N,
			 c->intermediate_size);
	nt_linear_back_weight(w->pool, &s.to_x, w->dx, w->act, GRAD(NT_ROLE_DOWN), GRAD(NT_ROLE_DOWN_BIAS));
	nt_norm(w->pool, &s.norm2, w->norm);
	nt_linear_back(w->pool, &s.to_up, w->dnorm, w->dwide, w->norm, GRAD(NT_ROLE_UP),
		       GRAD(NT_ROLE_UP_BIAS));
	nt_norm_back(w->pool, &s.norm2, w->dx, w->dnorm, GRAD(NT_ROLE_NORM2), GRAD(NT_ROLE_NORM2_BIAS));

	nt_linear_back(w->pool, &s.to_mid, w->datt, w->dx, s.att, GRAD(NT_ROLE_OUT),
		       GRAD(NT_ROLE_OUT_BIAS));
	if (w->turned && !is_gone)
		nt_heads(w, &s.heads, b, l);
	nt_attention_back(w, l);
	nt_heads_back(w, &s.heads, b, l, GRAD(NT_ROLE_Q_NORM), GRAD(NT_ROLE_K_NORM));
	nt_norm(w->pool, &s.norm1, w->norm);
	nt_linear_back(w->pool, &s.to_qkv, w->dnorm, w->dwide, w->norm, GRAD(NT_ROLE_QKV),
		       GRAD(NT_ROLE_QKV_BIAS));
	nt_norm_back(w->pool, &s.norm1, w->dx, w->dnorm, GRAD(NT_ROLE_NORM1), GRAD(NT_ROLE_NORM1_BIAS));
#undef GRAD
}

/* Cuts the batch into documents. Ids and starts come from callers that checked them. */
static void begin(struct nt_work *w, const struct nt_batch *b)
{
	nt_assert(b->B >= 1 && b->B <= w->max_B && b->T >= 1 && b->T <= w->max_T);
	w->N = b->B * b->T;
	w->T = b->T;
	w->n_span = 0;
	for (size_t n = 0; n < w->N; n++) {
		size_t t = n % b->T;
		nt_assert(b->input[n] < w->config.vocab_size);
		nt_assert(b->target[n] == NT_IGNORE || b->target[n] < w->config.vocab_size);
		if (b->start[n] == t) {
			w->span[w->n_span++] = (struct nt_span){.first = (uint32_t)n, .n = 1};
		} else {
			nt_assert(t > 0 && b->start[n] == b->start[n - 1]);
			w->span[w->n_span - 1].n++;
		}
	}
}

static struct nt_norm last_norm(const struct nt_work *w, const struct nt_model *m)
{
	const nt_real *x = nt_stream(w, w->config.num_hidden_layers);
	struct nt_view v = view_of(w, m);
	return nt_view_norm(&v, NT_ROLE_NORM_F, 0, x, w->stat_f);
}

static void to_last_norm(struct nt_work *w, const struct nt_model *m, const struct nt_batch *b)
{
	begin(w, b);
	nt_embed(w, m, b);
	for (size_t l = 0; l < w->config.num_hidden_layers; l++)
		layer_forward(w, m, b, l);
	struct nt_norm norm = last_norm(w, m);
	nt_norm(w->pool, &norm, w->norm);
}

static double sum_nll(const struct nt_work *w)
{
	double sum = 0;
	for (size_t n = 0; n < w->N; n++)
		sum += w->nll[n];
	return sum;
}

double nt_row_loss(const struct nt_work *w, size_t b)
{
	double sum = 0;
	for (size_t n = b * w->T; n < (b + 1) * w->T; n++)
		sum += w->nll[n];
	return sum;
}

double nt_forward(struct nt_work *w, const struct nt_model *m, const struct nt_batch *b, nt_real *nll,
		  nt_real *logits)
{
	to_last_norm(w, m, b);
	nt_head(w, m, b, logits);
	for (size_t n = 0; nll && n < w->N; n++)
		nll[n] = (nt_real)w->nll[n];
	return sum_nll(w);
}

static double forward_backward(struct nt_work *w, const struct nt_model *m, const struct nt_batch *b,
			       double scale, nt_real *grad)
{
	nt_assert(w->pass != NT_PASS_FORWARD);
	to_last_norm(w, m, b);
	nt_head_back(w, m, b, scale, grad);
	memset(w->dx, 0, w->N * w->config.hidden_size * sizeof(*w->dx));
	struct nt_norm norm = last_norm(w, m);
	nt_norm_back(w->pool, &norm, w->dx, w->dnorm, nt_part_of(grad, &w->layout, NT_ROLE_NORM_F, 0),
		     nt_part_of(grad, &w->layout, NT_ROLE_NORM_F_BIAS, 0));
	for (size_t l = w->config.num_hidden_layers; l-- > 0;)
		layer_backward(w, m, b, l, grad);
	nt_embed_back(w, b, grad);
	return sum_nll(w);
}

double nt_forward_backward(struct nt_work *w, const struct nt_model *m, const struct nt_batch *b,
			   double scale, nt_real *grad)
{
	w->is_first = false;
	return forward_backward(w, m, b, scale, grad);
}

/* What is added to even so: vectors, and rows of embeddings that no product has written. */
static void clear_sums(const struct nt_work *w, const struct nt_model *m, nt_real *grad)
{
	for (size_t i = 0; i < m->n_tensor; i++) {
		const struct nt_tensor *t = &m->tensor[i];
		bool is_looked_up = t->offset == w->layout.at[NT_ROLE_POSITION] ||
				    (t->offset == w->layout.at[NT_ROLE_EMBED] && !m->config.tie_word_embeddings);
		if (t->n_dim == 1 || is_looked_up)
			memset(grad + t->offset, 0, t->n * sizeof(*grad));
	}
}

double nt_forward_backward_first(struct nt_work *w, const struct nt_model *m, const struct nt_batch *b,
				 double scale, nt_real *grad)
{
	w->is_first = true;
	clear_sums(w, m, grad);
	return forward_backward(w, m, b, scale, grad);
}

/*
 * Two FLOPs for each weight of a matrix forward and four backward, embeddings looked up
 * not counted, the head counted; the same for attention's two products, over T / 2 keys
 * on average.
 */
double nt_flops_per_token(const struct nt_config *c, size_t T)
{
	double C = c->hidden_size, HD = (double)c->num_attention_heads * c->head_dim;
	double layer = C * (double)nt_qkv_width(c) + HD * C +
		       C * (double)nt_up_width(c) + (double)c->intermediate_size * C;
	double attention = 6.0 * c->num_hidden_layers * (double)T * HD;
	return 6 * (c->num_hidden_layers * layer + (double)c->vocab_size * C) + attention;
}

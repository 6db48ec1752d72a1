/* SPDX-License-Identifier: MIT */
/* view.c - a model's parts, as the layer functions want them */
#include "model/work.h"

static const nt_real *part(const struct nt_view *v, enum nt_role role, size_t layer)
{
	return nt_part_of(v->m->param, v->layout, role, layer);
}

struct nt_norm nt_view_norm(const struct nt_view *v, enum nt_role role, size_t layer, const nt_real *x,
			    nt_real *stat)
{
	return (struct nt_norm){
		.kern = v->kern,
		.x = x,
		.w = part(v, role, layer),
		.b = part(v, (enum nt_role)(role + 1), layer), /* a bias follows what it belongs to */
		.stat = stat,
		.n_row = v->n_row,
		.C = v->m->config.hidden_size,
		.eps = (nt_real)v->m->config.norm_eps,
	};
}

struct nt_linear nt_view_linear(const struct nt_view *v, enum nt_role role, size_t layer)
{
	const struct nt_config *c = &v->m->config;
	size_t C = c->hidden_size, HD = (size_t)c->num_attention_heads * c->head_dim;
	struct nt_linear l = {
		.w = part(v, role, layer),
		.bias = part(v, (enum nt_role)(role + 1), layer),
		.n_row = v->n_row,
		.I = role == NT_ROLE_OUT ? HD : role == NT_ROLE_DOWN ? c->intermediate_size : C,
		.O = role == NT_ROLE_QKV ? nt_qkv_width(c) : role == NT_ROLE_UP ? nt_up_width(c) : C,
		.is_in_out = nt_family(c->arch)->is_in_out,
		.is_bf16 = v->is_bf16,
		.is_first = v->is_first,
	};
	return l;
}

struct nt_heads nt_view_heads(const struct nt_view *v, size_t layer, const nt_real *turn)
{
	const struct nt_config *c = &v->m->config;
	return (struct nt_heads){
		.kern = v->kern,
		.w_q = part(v, NT_ROLE_Q_NORM, layer),
		.w_k = part(v, NT_ROLE_K_NORM, layer),
		.turn = turn,
		.H = c->num_attention_heads,
		.K = c->num_key_value_heads,
		.D = c->head_dim,
		.eps = (nt_real)c->norm_eps,
	};
}

struct nt_linear nt_view_head(const struct nt_view *v)
{
	return (struct nt_linear){
		.w = part(v, NT_ROLE_HEAD, 0),
		.n_row = v->n_row,
		.I = v->m->config.hidden_size,
		.O = v->m->config.vocab_size,
		.is_bf16 = v->is_bf16,
		.is_first = v->is_first,
	};
}

/* SPDX-License-Identifier: MIT */
/*
 * layout.c - the one tensor table
 *
 * Each family is a list of rows: name, shape in letters, place, first weights. From it
 * come the count, the offsets, the names in files and what weight decay touches. The
 * order is the order in memory and in model.safetensors; q, k, v and gate, up must
 * stay together (layout.h).
 */
#include "model/layout.h"

#include <stdio.h>
#include <string.h>

#include "model/family.h"

/* A dimension, by the letters of docs/model.md. */
enum dim { NONE, V, P, C, C3, F, HD, KD, D };

struct row {
	const char *name; /* in a layer, what follows the layer's prefix */
	enum dim shape[2];
	enum nt_role role;
	enum nt_first first;
	unsigned has; /* only models that have this (enum nt_has); 0: all */
};

/* What stands last in most rows is 0 and left out, which clang would warn of. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
struct rows {
	struct row before[3], layer[19], after[3], head; /* the first three end with {0} */
	const char *prefix; /* of a layer */
};

static const struct rows gpt2 = {
	.before = {{"transformer.wte.weight", {V, C}, NT_ROLE_EMBED, NT_FIRST_NORMAL, 0},
		   {"transformer.wpe.weight", {P, C}, NT_ROLE_POSITION, NT_FIRST_NORMAL, 0}},
	.prefix = "transformer.h.",
	.layer = {{"ln_1.weight", {C}, NT_ROLE_NORM1, NT_FIRST_ONE, 0},
		  {"ln_1.bias", {C}, NT_ROLE_NORM1_BIAS, NT_FIRST_ZERO, 0},
		  {"attn.c_attn.weight", {C, C3}, NT_ROLE_QKV, NT_FIRST_NORMAL, 0},
		  {"attn.c_attn.bias", {C3}, NT_ROLE_QKV_BIAS, NT_FIRST_ZERO, 0},
		  {"attn.c_proj.weight", {C, C}, NT_ROLE_OUT, NT_FIRST_RESIDUAL, 0},
		  {"attn.c_proj.bias", {C}, NT_ROLE_OUT_BIAS, NT_FIRST_ZERO, 0},
		  {"ln_2.weight", {C}, NT_ROLE_NORM2, NT_FIRST_ONE, 0},
		  {"ln_2.bias", {C}, NT_ROLE_NORM2_BIAS, NT_FIRST_ZERO, 0},
		  {"mlp.c_fc.weight", {C, F}, NT_ROLE_UP, NT_FIRST_NORMAL, 0},
		  {"mlp.c_fc.bias", {F}, NT_ROLE_UP_BIAS, NT_FIRST_ZERO, 0},
		  {"mlp.c_proj.weight", {F, C}, NT_ROLE_DOWN, NT_FIRST_RESIDUAL, 0},
		  {"mlp.c_proj.bias", {C}, NT_ROLE_DOWN_BIAS, NT_FIRST_ZERO, 0}},
	.after = {{"transformer.ln_f.weight", {C}, NT_ROLE_NORM_F, NT_FIRST_ONE, 0},
		  {"transformer.ln_f.bias", {C}, NT_ROLE_NORM_F_BIAS, NT_FIRST_ZERO, 0}},
	.head = {"lm_head.weight", {V, C}, NT_ROLE_HEAD, NT_FIRST_NORMAL, 0},
};

static const struct rows llama = {
	.before = {{"model.embed_tokens.weight", {V, C}, NT_ROLE_EMBED, NT_FIRST_NORMAL, 0}},
	.prefix = "model.layers.",
	.layer = {{"input_layernorm.weight", {C}, NT_ROLE_NORM1, NT_FIRST_ONE, 0},
		  {"self_attn.q_proj.weight", {HD, C}, NT_ROLE_QKV, NT_FIRST_NORMAL, 0},
		  {"self_attn.k_proj.weight", {KD, C}, NT_ROLE_QKV, NT_FIRST_NORMAL, 0},
		  {"self_attn.v_proj.weight", {KD, C}, NT_ROLE_QKV, NT_FIRST_NORMAL, 0},
		  {"self_attn.q_proj.bias", {HD}, NT_ROLE_QKV_BIAS, NT_FIRST_ZERO, NT_HAS_QKV_BIAS},
		  {"self_attn.k_proj.bias", {KD}, NT_ROLE_QKV_BIAS, NT_FIRST_ZERO, NT_HAS_QKV_BIAS},
		  {"self_attn.v_proj.bias", {KD}, NT_ROLE_QKV_BIAS, NT_FIRST_ZERO, NT_HAS_QKV_BIAS},
		  {"self_attn.q_norm.weight", {D}, NT_ROLE_Q_NORM, NT_FIRST_ONE, NT_HAS_QK_NORM},
		  {"self_attn.k_norm.weight", {D}, NT_ROLE_K_NORM, NT_FIRST_ONE, NT_HAS_QK_NORM},
		  {"self_attn.o_proj.weight", {C, HD}, NT_ROLE_OUT, NT_FIRST_RESIDUAL, 0},
		  {"self_attn.o_proj.bias", {C}, NT_ROLE_OUT_BIAS, NT_FIRST_ZERO, NT_HAS_OUT_BIAS},
		  {"post_attention_layernorm.weight", {C}, NT_ROLE_NORM2, NT_FIRST_ONE, 0},
		  {"mlp.gate_proj.weight", {F, C}, NT_ROLE_UP, NT_FIRST_NORMAL, 0},
		  {"mlp.up_proj.weight", {F, C}, NT_ROLE_UP, NT_FIRST_NORMAL, 0},
		  {"mlp.gate_proj.bias", {F}, NT_ROLE_UP_BIAS, NT_FIRST_ZERO, NT_HAS_MLP_BIAS},
		  {"mlp.up_proj.bias", {F}, NT_ROLE_UP_BIAS, NT_FIRST_ZERO, NT_HAS_MLP_BIAS},
		  {"mlp.down_proj.weight", {C, F}, NT_ROLE_DOWN, NT_FIRST_RESIDUAL, 0},
		  {"mlp.down_proj.bias", {C}, NT_ROLE_DOWN_BIAS, NT_FIRST_ZERO, NT_HAS_MLP_BIAS}},
	.after = {{"model.norm.weight", {C}, NT_ROLE_NORM_F, NT_FIRST_ONE, 0}},
	.head = {"lm_head.weight", {V, C}, NT_ROLE_HEAD, NT_FIRST_NORMAL, 0},
};

static const struct rows *const rows_of[] = {
	[NT_LLAMA] = &llama, [NT_GPT2] = &gpt2, [NT_QWEN3] = &llama, [NT_QWEN2] = &llama, [NT_MISTRAL] = &llama,
};

static size_t length(const struct nt_config *c, enum dim d)
{
	switch (d) {
	case V:
		return c->vocab_size;
	case P:
		return c->max_position_embeddings;
	case C:
		return c->hidden_size;
	case C3:
		return 3 * (size_t)c->hidden_size;
	case F:
		return c->intermediate_size;
	case HD:
		return (size_t)c->num_attention_heads * c->head_dim;
	case KD:
		return (size_t)c->num_key_value_heads * c->head_dim;
	case D:
		return c->head_dim;
	case NONE:
		break;
	}
	return 1;
}

/* Row i of those that such models have; NULL behind the last. */
static const struct row *nth(const struct row *r, unsigned has, size_t i)
{
	for (; r->name; r++)
		if ((r->has & has) == r->has && i-- == 0)
			return r;
	return NULL;
}

static size_t count(const struct row *r, unsigned has)
{
	size_t n = 0;
	while (nth(r, has, n))
		n++;
	return n;
}

/* The row of tensor i and the layer it is in; NULL behind the last. */
static const struct row *find(const struct nt_config *c, size_t i, const char **prefix, size_t *layer)
{
	const struct rows *f = rows_of[c->arch];
	unsigned has = nt_family_has(c);
	size_t before = count(f->before, has), in_layer = count(f->layer, has), after = count(f->after, has);
	*prefix = NULL;
	if (i < before)
		return nth(f->before, has, i);
	i -= before;
	*layer = i / in_layer;
	if (*layer < c->num_hidden_layers) {
		*prefix = f->prefix;
		return nth(f->layer, has, i % in_layer);
	}
	i -= c->num_hidden_layers * in_layer;
	if (i < after)
		return nth(f->after, has, i);
	return i == after && !c->tie_word_embeddings ? &f->head : NULL;
}

bool nt_layout_tensor(const struct nt_config *c, size_t i, struct nt_tensor *t,
		      enum nt_role *role, enum nt_first *first)
{
	const char *prefix;
	size_t layer = 0;
	const struct row *r = find(c, i, &prefix, &layer);
	if (!r)
		return false;
	*t = (struct nt_tensor){.n_dim = r->shape[1] ? 2 : 1};
	if (prefix)
		snprintf(t->name, sizeof(t->name), "%s%zu.%s", prefix, layer, r->name);
	else
		snprintf(t->name, sizeof(t->name), "%s", r->name);
	t->shape[0] = length(c, r->shape[0]);
	t->shape[1] = length(c, r->shape[1]);
	t->n = t->shape[0] * t->shape[1];
	t->has_decay = t->n_dim == 2;
	t->n_factor = !prefix || t->n_dim < 2 ? 0 : r->shape[1] == C3 ? 3 : 1;
	t->is_in_out = t->n_factor > 0 && nt_family(c->arch)->is_in_out;
	*role = r->role;
	*first = r->first;
	return true;
}

void nt_layout_make(struct nt_layout *l, const struct nt_config *c)
{
	struct nt_tensor t;
	enum nt_role role;
	enum nt_first first;
	size_t second_norm1 = SIZE_MAX;
	memset(l->at, 0xff, sizeof(l->at));
	l->n_param = 0;
	for (size_t i = 0; nt_layout_tensor(c, i, &t, &role, &first); i++) {
		if (l->at[role] == SIZE_MAX)
			l->at[role] = l->n_param;
		else if (role == NT_ROLE_NORM1 && second_norm1 == SIZE_MAX)
			second_norm1 = l->n_param;
		l->n_param += t.n;
	}
	l->layer_step = second_norm1 == SIZE_MAX ? 0 : second_norm1 - l->at[NT_ROLE_NORM1];
	if (c->tie_word_embeddings)
		l->at[NT_ROLE_HEAD] = l->at[NT_ROLE_EMBED];
}

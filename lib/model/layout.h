/* SPDX-License-Identifier: MIT */
#ifndef MODEL_LAYOUT_H
#define MODEL_LAYOUT_H
/*
 * layout.h - where in the parameters what part of the model lies
 *
 * The tensors that a layer multiplies its input with at once (q, k, v; gate, up) stand
 * one behind the other in the table and so are one matrix in memory: the offset of the
 * first is the offset of the whole.
 */
#include <stdbool.h>

#include "nt/model.h"

enum nt_role {
	NT_ROLE_EMBED,    /* [V][C] */
	NT_ROLE_POSITION, /* [max_position_embeddings][C], GPT-2 */
	NT_ROLE_NORM1,    /* [C], before attention */
	NT_ROLE_NORM1_BIAS,
	NT_ROLE_QKV,      /* Llama: [(H + 2 K) D][C], q then k then v; GPT-2: [C][3 C] */
	NT_ROLE_QKV_BIAS,
	NT_ROLE_Q_NORM,   /* [D], of each head of queries; Qwen3 */
	NT_ROLE_K_NORM,
	NT_ROLE_OUT,      /* Llama: [C][H D]; GPT-2: [C][C], in by out */
	NT_ROLE_OUT_BIAS,
	NT_ROLE_NORM2,    /* [C], before the MLP */
	NT_ROLE_NORM2_BIAS,
	NT_ROLE_UP,       /* Llama: [2 F][C], gate then up; GPT-2: [C][F] */
	NT_ROLE_UP_BIAS,
	NT_ROLE_DOWN,     /* Llama: [C][F]; GPT-2: [F][C] */
	NT_ROLE_DOWN_BIAS,
	NT_ROLE_NORM_F,   /* [C], before the head */
	NT_ROLE_NORM_F_BIAS,
	NT_ROLE_HEAD,     /* [V][C]; NT_ROLE_EMBED's place when tied */
	NT_ROLE_COUNT,
};

struct nt_layout {
	size_t at[NT_ROLE_COUNT]; /* of layer 0 for a layer's; SIZE_MAX: the model has none */
	size_t layer_step;        /* from one layer's to the next's */
	size_t n_param;
};

void nt_layout_make(struct nt_layout *l, const struct nt_config *c);

/* The part in params, gradients or moments that begin at base; NULL if there is none. */
static inline nt_real *nt_part_of(nt_real *base, const struct nt_layout *l, enum nt_role role,
				  size_t layer)
{
	bool is_layers = role >= NT_ROLE_NORM1 && role <= NT_ROLE_DOWN_BIAS;
	if (!base || l->at[role] == SIZE_MAX)
		return NULL;
	return base + l->at[role] + (is_layers ? layer * l->layer_step : 0);
}

/* What a tensor's first weights are. */
enum nt_first { NT_FIRST_NORMAL, NT_FIRST_RESIDUAL, NT_FIRST_ONE, NT_FIRST_ZERO };

/* Tensor i of the one table: fills *t (all but has_decay follow from c) and *first;
 * false behind the last. */
bool nt_layout_tensor(const struct nt_config *c, size_t i, struct nt_tensor *t,
		      enum nt_role *role, enum nt_first *first);

#endif

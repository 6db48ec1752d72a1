/* SPDX-License-Identifier: MIT */
#ifndef MODEL_FAMILY_H
#define MODEL_FAMILY_H
/* family.h - what sets the families apart; docs/model.md has it as a table */
#include <stdbool.h>

#include "nt/model.h"

/* Tensors that not every model has. */
enum nt_has {
	NT_HAS_QKV_BIAS = 1,
	NT_HAS_OUT_BIAS = 2,
	NT_HAS_MLP_BIAS = 4,
	NT_HAS_QK_NORM = 8, /* a norm of each head of queries and keys */
};

enum { NT_NO_WINDOW = UINT32_MAX };

struct nt_family {
	const char *name;        /* model_type of config.json, and what --arch takes */
	const char *class_name;  /* architectures of config.json */
	bool has_rope;           /* else a learned row for every position */
	bool has_gate;           /* SwiGLU, else GELU */
	bool is_in_out;          /* matrices are [in][out], as Conv1D has them */
	unsigned has;            /* enum nt_has, whatever config.json says */

	/* what Hugging Face's class takes where config.json says nothing */
	double norm_eps;
	uint32_t max_position_embeddings, num_key_value_heads, head_dim; /* 0: what follows from the others */
	bool tie_word_embeddings;
	uint32_t sliding_window;
	bool has_window_switch;  /* the window counts only with use_sliding_window */
};

const struct nt_family *nt_family(enum nt_arch arch);
/* enum nt_has of a model: the family's, and what its configuration adds. */
unsigned nt_family_has(const struct nt_config *c);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef MODEL_FAMILY_H
#define MODEL_FAMILY_H
/* family.h - what sets the families apart; docs/model.md has it as a table */
#include <stdbool.h>

#include "nt/model.h"

/* Tensors that not every model has. */
enum nt_has {
	NT_HAS_QK_NORM = 1, /* a norm of each head of queries and keys */
};

struct nt_family {
	const char *name;       /* model_type of config.json, and what --arch takes */
	const char *class_name; /* architectures of config.json */
	bool has_rope;          /* else a learned row for every position */
	bool has_gate;          /* SwiGLU, else GELU */
	bool is_in_out;         /* matrices are [in][out], as Conv1D has them */
	unsigned has;           /* enum nt_has */
};

const struct nt_family *nt_family(enum nt_arch arch);

#endif

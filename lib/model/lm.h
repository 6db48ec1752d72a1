/* SPDX-License-Identifier: MIT */
#ifndef MODEL_LM_H
#define MODEL_LM_H
/* lm.h - a model's weights as a decoder multiplies with them */
#include <stdatomic.h>
#include <stdbool.h>

#include "kern/matrix.h"
#include "model/pretrained.h"
#include "nt/generate.h"

/* Matrices side by side that multiply the same rows, and their biases. */
struct nt_lm_linear {
	struct nt_matrix part[NT_PRODUCT_PARTS];
	const nt_real *bias[NT_PRODUCT_PARTS];
	size_t n_part, n_bias; /* n_bias is n_part or 0 */
};

struct nt_lm_norm {
	const nt_real *w, *b; /* [C]; b NULL: RMSNorm */
};

struct nt_lm_layer {
	struct nt_lm_norm norm1, norm2;
	struct nt_lm_linear qkv, out, up, down;
	const nt_real *q_norm, *k_norm; /* [D] or NULL */
};

struct nt_lm {
	struct nt_config config;
	struct nt_matrix embed, position; /* rows that are looked up, never packed; position.data may be NULL */
	struct nt_lm_layer *layer;        /* [L] */
	struct nt_lm_norm norm_f;
	struct nt_lm_linear head;
	bool is_exact;                    /* matrices have all bits of an f32 */

	struct nt_pretrained stored;      /* where weights were mapped; empty if they are another's */
	const char *tokenizer_json;
	size_t tokenizer_json_len;
	nt_real *vectors; /* norms and biases of a file */
	uint8_t *packed;  /* matrices that are not used where they lie */
	struct nt_thread *toucher; /* maps pages ahead of their use; or NULL */
	atomic_bool is_ending;
};

/* out[I] = row `row` of a matrix that is [O][I] and not packed */
void nt_lm_row(nt_real *out, const struct nt_matrix *m, size_t row);

#endif

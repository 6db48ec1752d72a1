/* SPDX-License-Identifier: MIT */
/*
 * round.c - weights with the values that they would have in a file of fewer bits
 *
 * Matrices are rounded to what nt_model_write_gguf would write and stay nt_real: what such a
 * file costs in nats is then whatever the model says, by the products that there are. The
 * exceptions are those of that file: vectors and GPT-2's positions stay, in a Q4_0 file what
 * makes the logits is Q8_0, and rows that are not whole blocks are F16.
 */
#include <string.h>

#include "model/blocks.h"
#include "model/layout.h"
#include "nt/model.h"

enum { N_BLOCK = 32, BLOCKS_PER_TASK = 1 << 12 };

struct matrix {
	nt_real *data;
	size_t I, O, step;  /* from an element to the next along I */
	enum nt_gguf_type type;
};

/* Block b of output o: elements along I. */
static void round_block(const struct matrix *m, size_t o, size_t first)
{
	uint8_t bytes[4 * N_BLOCK];
	float x[N_BLOCK];
	size_t n = m->I - first < N_BLOCK ? m->I - first : N_BLOCK;
	nt_real *at = m->data + (m->step == 1 ? o * m->I + first : first * m->step + o);
	for (size_t i = 0; i < n; i++)
		x[i] = (float)at[i * m->step];
	nt_blocks_write(bytes, x, n, m->type);
	nt_blocks_read(x, bytes, n, m->type);
	for (size_t i = 0; i < n; i++)
		at[i * m->step] = x[i];
}

static int round_task(void *arg, size_t task)
{
	const struct matrix *m = arg;
	size_t across = (m->I + N_BLOCK - 1) / N_BLOCK, end = (task + 1) * BLOCKS_PER_TASK;
	end = end < across * m->O ? end : across * m->O;
	for (size_t b = task * BLOCKS_PER_TASK; b < end; b++) {
		bool is_row_wise = m->step == 1;
		round_block(m, is_row_wise ? b / across : b % m->O, N_BLOCK * (is_row_wise ? b % across : b / m->O));
	}
	return 0;
}

void nt_model_round(struct nt_model *m, enum nt_gguf_type type, struct nt_pool *pool)
{
	struct nt_tensor t;
	enum nt_role role;
	enum nt_first first;
	for (size_t i = 0; nt_layout_tensor(&m->config, i, &t, &role, &first); i++) {
		bool makes_logits = role == NT_ROLE_HEAD || (role == NT_ROLE_EMBED && m->config.tie_word_embeddings);
		struct matrix of = {
			.data = m->param + m->tensor[i].offset,
			.I = t.shape[!t.is_in_out], .O = t.shape[t.is_in_out], .step = t.is_in_out ? t.shape[1] : 1,
			.type = type == NT_GGML_Q4_0 && makes_logits ? NT_GGML_Q8_0 : type,
		};
		if (t.n_dim == 1 || role == NT_ROLE_POSITION)
			continue;
		if ((type == NT_GGML_Q8_0 || type == NT_GGML_Q4_0) && of.I % N_BLOCK)
			of.type = NT_GGML_F16;
		size_t n_block = (of.I + N_BLOCK - 1) / N_BLOCK * of.O;
		nt_pool_run(pool, (n_block + BLOCKS_PER_TASK - 1) / BLOCKS_PER_TASK, round_task, &of);
	}
}

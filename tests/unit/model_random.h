/* SPDX-License-Identifier: MIT */
/* model_random.h - a small random model whose loss depends on the context */
#include <string.h>

#include "nt/err.h"
#include "nt/model.h"

/* Llama has half as many key-value heads as queries. Frees with nt_model_free. */
static struct nt_model *random_model(enum nt_arch arch, uint32_t V, uint32_t C, uint32_t T, float gain)
{
	struct nt_config c;
	struct nt_model *m;
	nt_config_init(&c, arch);
	c.vocab_size = V;
	c.hidden_size = C;
	c.intermediate_size = 5 * C / 2;
	c.num_hidden_layers = 2;
	c.num_attention_heads = 4;
	c.num_key_value_heads = arch == NT_GPT2 ? 4 : 2;
	c.head_dim = C / 4;
	c.max_position_embeddings = T;
	if (nt_model_new(&m, &c) < 0)
		fail_msg("%s", nt_errmsg());
	nt_model_init(m, 1);
	/* first weights are too small for attention to choose; where its norms are, they do it */
	for (size_t t = 0; t < m->n_tensor; t++)
		for (size_t i = 0; i < m->tensor[t].n && !strstr(m->tensor[t].name, "_norm.weight"); i++)
			m->param[m->tensor[t].offset + i] *= gain;
	return m;
}

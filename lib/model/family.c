/* SPDX-License-Identifier: MIT */
/*
 * family.c - the table of families
 *
 * A family is data. What is computed differently asks the table what the model has, and a
 * new family of the same parts is a row here, one in the table of tensors (layout.c), and
 * its name in the sets of settings (config_keys.h).
 */
#include "model/family.h"

static const struct nt_family families[] = {
	[NT_LLAMA] = {
		.name = "llama", .class_name = "LlamaForCausalLM", .has_rope = true, .has_gate = true,
		.norm_eps = 1e-6, .max_position_embeddings = 2048, .sliding_window = NT_NO_WINDOW,
	},
	[NT_GPT2] = {
		.name = "gpt2", .class_name = "GPT2LMHeadModel", .is_in_out = true, .norm_eps = 1e-5,
		.max_position_embeddings = 1024, .tie_word_embeddings = true, .sliding_window = NT_NO_WINDOW,
	},
	[NT_QWEN3] = {
		.name = "qwen3", .class_name = "Qwen3ForCausalLM", .has_rope = true, .has_gate = true,
		.has = NT_HAS_QK_NORM, .norm_eps = 1e-6, .max_position_embeddings = 32768,
		.num_key_value_heads = 32, .head_dim = 128, .sliding_window = 4096, .has_window_switch = true,
	},
	[NT_QWEN2] = {
		.name = "qwen2", .class_name = "Qwen2ForCausalLM", .has_rope = true, .has_gate = true,
		.has = NT_HAS_QKV_BIAS, .norm_eps = 1e-6, .max_position_embeddings = 32768,
		.num_key_value_heads = 32, .sliding_window = 4096, .has_window_switch = true,
	},
	[NT_MISTRAL] = {
		.name = "mistral", .class_name = "MistralForCausalLM", .has_rope = true, .has_gate = true,
		.norm_eps = 1e-6, .max_position_embeddings = 131072, .num_key_value_heads = 8,
		.sliding_window = 4096,
	},
};

const struct nt_family *nt_family(enum nt_arch arch)
{
	return &families[arch];
}

unsigned nt_family_has(const struct nt_config *c)
{
	return families[c->arch].has | (c->attention_bias ? NT_HAS_QKV_BIAS | NT_HAS_OUT_BIAS : 0) |
	       (c->mlp_bias ? NT_HAS_MLP_BIAS : 0);
}

const char *nt_arch_name(enum nt_arch arch)
{
	return arch < NT_ARCH_COUNT ? families[arch].name : NULL;
}

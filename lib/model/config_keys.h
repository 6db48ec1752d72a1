/* SPDX-License-Identifier: MIT */
#ifndef MODEL_CONFIG_KEYS_H
#define MODEL_CONFIG_KEYS_H
/*
 * config_keys.h - the keys of config.json that we read and write, and whose files have them
 *
 * Source: LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config, GPT2Config and their base class in Hugging
 * Face transformers, versions 4 and 5, which name rotary settings differently: rope_theta and
 * rope_scaling, or both in rope_parameters. We write both.
 */
#include <stddef.h>

#include "model/family.h"

enum kind { COUNT, REAL, BOOL, TOKEN, ENDS };

/* Sets of families. */
enum {
	LLAMA = 1 << NT_LLAMA,
	GPT2 = 1 << NT_GPT2,
	QWEN3 = 1 << NT_QWEN3,
	QWEN2 = 1 << NT_QWEN2,
	MISTRAL = 1 << NT_MISTRAL,
	ALL = (1 << NT_ARCH_COUNT) - 1,
	ROTARY = ALL & ~GPT2,
};

/* One setting of the families that have it: its name in their files, and GPT-2's own for it. */
struct field {
	const char *key, *gpt2;
	size_t at;
	enum kind kind;
	unsigned families;
};

#define AT(field) offsetof(struct nt_config, field)

static const struct field fields[] = {
	{"vocab_size", NULL, AT(vocab_size), COUNT, ALL},
	{"hidden_size", "n_embd", AT(hidden_size), COUNT, ALL},
	{"intermediate_size", "n_inner", AT(intermediate_size), COUNT, ALL},
	{"num_hidden_layers", "n_layer", AT(num_hidden_layers), COUNT, ALL},
	{"num_attention_heads", "n_head", AT(num_attention_heads), COUNT, ALL},
	{"num_key_value_heads", NULL, AT(num_key_value_heads), COUNT, ROTARY},
	{"head_dim", NULL, AT(head_dim), COUNT, ROTARY},
	{"max_position_embeddings", "n_positions", AT(max_position_embeddings), COUNT, ALL},
	{"rms_norm_eps", NULL, AT(norm_eps), REAL, ROTARY},
	{"layer_norm_epsilon", NULL, AT(norm_eps), REAL, GPT2},
	{"rope_theta", NULL, AT(rope_theta), REAL, ROTARY},
	{"initializer_range", NULL, AT(initializer_range), REAL, ALL},
	{"attention_bias", NULL, AT(attention_bias), BOOL, LLAMA | QWEN3},
	{"mlp_bias", NULL, AT(mlp_bias), BOOL, LLAMA},
	{"tie_word_embeddings", NULL, AT(tie_word_embeddings), BOOL, ALL},
	{"bos_token_id", NULL, AT(bos_token_id), TOKEN, ALL},
	{"eos_token_id", NULL, AT(eos_token_id), ENDS, ALL},
};
#define N_FIELD (sizeof(fields) / sizeof(*fields))

/* Where such a setting stands, this is the only value that we compute, or its other spelling. */
static const struct {
	const char *key, *value[2];
	unsigned families, written; /* those it is checked in, and those into whose files it is put */
} fixed[] = {
	{"hidden_act", {"\"silu\""}, ROTARY, ROTARY},
	{"activation_function", {"\"gelu_new\"", "\"gelu_pytorch_tanh\""}, GPT2, GPT2},
	{"attention_bias", {"true"}, QWEN2, 0},
	{"use_sliding_window", {"false"}, 0, QWEN2 | QWEN3},      /* check_window looks at these two */
	{"sliding_window", {"null"}, 0, QWEN2 | QWEN3 | MISTRAL},
	{"partial_rotary_factor", {"1.0", "1"}, ROTARY, 0},
	{"scale_attn_weights", {"true"}, GPT2, 0},
	{"pruned_heads", {"{}"}, ALL, 0},
};
#define N_FIXED (sizeof(fixed) / sizeof(*fixed))

/* Acts in training only: ours has none, and what a file says of others' does not matter. */
static const struct {
	const char *key;
	unsigned families;
} dropouts[] = {
	{"attention_dropout", ROTARY},
	{"attn_pdrop", GPT2},
	{"embd_pdrop", GPT2},
	{"resid_pdrop", GPT2},
};
#define N_DROPOUT (sizeof(dropouts) / sizeof(*dropouts))

static inline const char *key_of(const struct field *f, enum nt_arch arch)
{
	return arch == NT_GPT2 && f->gpt2 ? f->gpt2 : f->key;
}

#endif

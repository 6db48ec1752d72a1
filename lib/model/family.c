/* SPDX-License-Identifier: MIT */
/* family.c - the table of families */
#include "model/family.h"

#include <string.h>

static const struct nt_family families[] = {
	[NT_LLAMA] = {"llama", "LlamaForCausalLM", .has_rope = true, .has_gate = true},
	[NT_GPT2] = {"gpt2", "GPT2LMHeadModel", .is_in_out = true},
	[NT_QWEN3] = {"qwen3", "Qwen3ForCausalLM", .has_rope = true, .has_gate = true, .has = NT_HAS_QK_NORM},
};

const struct nt_family *nt_family(enum nt_arch arch)
{
	return &families[arch];
}

const char *nt_arch_name(enum nt_arch arch)
{
	return arch < NT_ARCH_COUNT ? families[arch].name : NULL;
}

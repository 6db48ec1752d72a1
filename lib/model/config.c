/* SPDX-License-Identifier: MIT */
/* config.c - what a configuration may be */
#include "model/family.h"
#include "model/layout.h"
#include "nt/err.h"

void nt_config_init(struct nt_config *c, enum nt_arch arch)
{
	const struct nt_family *f = nt_family(arch);
	*c = (struct nt_config){
		.arch = arch,
		.norm_eps = f->norm_eps,
		.rope_theta = 10000,
		.initializer_range = 0.02,
		.tie_word_embeddings = f->tie_word_embeddings,
		.max_position_embeddings = f->max_position_embeddings,
		.num_key_value_heads = f->num_key_value_heads,
		.head_dim = f->head_dim,
		.bos_token_id = NT_NO_TOKEN,
		.eos_token_id = NT_NO_TOKEN,
	};
}

static int in_range(const char *name, uint32_t value, uint32_t most)
{
	if (value >= 1 && value <= most)
		return 0;
	return nt_fail(NT_EARG, "%s: %u is not from 1 to %u", name, value, most);
}

/* The limits keep every size in 60 bits. */
static int check_sizes(const struct nt_config *c)
{
	int rc = in_range("vocab_size", c->vocab_size, 1 << 24);
	if (rc == 0)
		rc = in_range("hidden_size", c->hidden_size, 1 << 20);
	if (rc == 0)
		rc = in_range("intermediate_size", c->intermediate_size, 1 << 22);
	if (rc == 0)
		rc = in_range("num_hidden_layers", c->num_hidden_layers, 1 << 12);
	if (rc == 0)
		rc = in_range("num_attention_heads", c->num_attention_heads, 1 << 12);
	if (rc == 0)
		rc = in_range("num_key_value_heads", c->num_key_value_heads, 1 << 12);
	if (rc == 0)
		rc = in_range("head_dim", c->head_dim, 1 << 12);
	if (rc == 0)
		rc = in_range("max_position_embeddings", c->max_position_embeddings, 1 << 24);
	return rc;
}

static int check_heads(const struct nt_config *c)
{
	if (c->num_attention_heads % c->num_key_value_heads)
		return nt_fail(NT_EARG, "num_attention_heads %u is no multiple of num_key_value_heads %u",
			       c->num_attention_heads, c->num_key_value_heads);
	if (nt_family(c->arch)->has_rope && c->head_dim % 2)
		return nt_fail(NT_EARG, "head_dim %u is odd: rotary positions turn pairs", c->head_dim);
	if (c->arch == NT_GPT2 && (c->num_key_value_heads != c->num_attention_heads ||
				   c->num_attention_heads * c->head_dim != c->hidden_size))
		return nt_fail(NT_EARG, "hidden_size %u is not %u heads of %u, as gpt2 has it",
			       c->hidden_size, c->num_attention_heads, c->head_dim);
	return 0;
}

static int check_token(const char *name, uint32_t id, uint32_t vocab_size)
{
	if (id == NT_NO_TOKEN || id < vocab_size)
		return 0;
	return nt_fail(NT_EARG, "%s %u is not below vocab_size %u", name, id, vocab_size);
}

static int check_rope(const struct nt_config *c)
{
	const struct nt_rope_scaling *s = &c->rope_scaling;
	if (!(c->rope_theta >= 1 && c->rope_theta < 1e30))
		return nt_fail(NT_EARG, "rope_theta %g is not from 1 to below 1e30", c->rope_theta);
	if (s->factor == 0)
		return 0;
	if (!(s->factor >= 1 && s->factor < 1e9))
		return nt_fail(NT_EARG, "factor %g of rope scaling is not from 1 to below 1e9", s->factor);
	if (!(s->low_freq_factor > 0 && s->high_freq_factor > s->low_freq_factor && s->high_freq_factor < 1e9))
		return nt_fail(NT_EARG, "low_freq_factor %g and high_freq_factor %g of rope scaling: the first must "
					"be above 0, and the second above it", s->low_freq_factor,
			       s->high_freq_factor);
	return in_range("original_max_position_embeddings", s->original_max_position_embeddings, 1 << 24);
}

int nt_config_check(const struct nt_config *c)
{
	int rc = check_sizes(c);
	if (rc == 0)
		rc = check_heads(c);
	if (rc == 0)
		rc = check_token("bos_token_id", c->bos_token_id, c->vocab_size);
	if (rc == 0)
		rc = check_token("eos_token_id", c->eos_token_id, c->vocab_size);
	for (uint32_t i = 0; rc == 0 && i < c->n_more_eos; i++)
		rc = check_token("eos_token_id", c->more_eos[i], c->vocab_size);
	if (rc < 0)
		return rc;
	if (!(c->norm_eps >= 0 && c->norm_eps < 1))
		return nt_fail(NT_EARG, "norm epsilon %g is not from 0 to below 1", c->norm_eps);
	if (nt_family(c->arch)->has_rope && (rc = check_rope(c)) < 0)
		return rc;
	if (!(c->initializer_range >= 0 && c->initializer_range < 1e6))
		return nt_fail(NT_EARG, "initializer_range %g is not from 0 to below 1e6",
			       c->initializer_range);
	return 0;
}

struct nt_ends nt_config_ends(const struct nt_config *c, const struct nt_ident *tokenizer)
{
	struct nt_ends e = {.bos = c->bos_token_id, .eos = {c->eos_token_id}};
	if (tokenizer && e.bos == NT_NO_TOKEN)
		e.bos = tokenizer->bos;
	if (tokenizer && e.eos[0] == NT_NO_TOKEN)
		e.eos[0] = tokenizer->eos;
	e.n_eos = e.eos[0] != NT_NO_TOKEN;
	for (uint32_t i = 0; i < c->n_more_eos; i++)
		e.eos[e.n_eos++] = c->more_eos[i];
	return e;
}

bool nt_ends_is_eos(const struct nt_ends *e, uint32_t id)
{
	size_t i = 0;
	while (i < e->n_eos && e->eos[i] != id)
		i++;
	return i < e->n_eos;
}

size_t nt_config_n_param(const struct nt_config *c)
{
	struct nt_layout l;
	nt_layout_make(&l, c);
	return l.n_param;
}

/* SPDX-License-Identifier: MIT */
/*
 * config.c - config.json of the two families, read and written
 *
 * A model that computes something else than its config says is worse than none, so
 * settings that change the function and are not implemented here (scaled rotary
 * positions, biases in Llama, other activations) are refused by name. Dropout is not:
 * it acts in other people's training only. Unknown keys say nothing about the function
 * in practice (use_cache, transformers_version) and are passed over.
 *
 * Source: LlamaConfig and GPT2Config of Hugging Face transformers, versions 4 and 5,
 * which name rotary settings differently: rope_theta, and rope_parameters.rope_theta.
 */
#include <json-c/json.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/layout.h"
#include "nt/err.h"
#include "nt/file.h"

enum kind { COUNT, REAL, BOOL, TOKEN };

/* One setting: its name in the family's files, and the other library's name for it. */
struct field {
	const char *key, *other;
	size_t at;
	enum kind kind;
};

#define AT(field) offsetof(struct nt_config, field)

static const struct field llama_fields[] = {
	{"vocab_size", NULL, AT(vocab_size), COUNT},
	{"hidden_size", NULL, AT(hidden_size), COUNT},
	{"intermediate_size", NULL, AT(intermediate_size), COUNT},
	{"num_hidden_layers", NULL, AT(num_hidden_layers), COUNT},
	{"num_attention_heads", NULL, AT(num_attention_heads), COUNT},
	{"num_key_value_heads", NULL, AT(num_key_value_heads), COUNT},
	{"head_dim", NULL, AT(head_dim), COUNT},
	{"max_position_embeddings", NULL, AT(max_position_embeddings), COUNT},
	{"rms_norm_eps", NULL, AT(norm_eps), REAL},
	{"rope_theta", NULL, AT(rope_theta), REAL},
	{"initializer_range", NULL, AT(initializer_range), REAL},
	{"tie_word_embeddings", NULL, AT(tie_word_embeddings), BOOL},
	{"bos_token_id", NULL, AT(bos_token_id), TOKEN},
	{"eos_token_id", NULL, AT(eos_token_id), TOKEN},
	{0},
};

static const struct field gpt2_fields[] = {
	{"vocab_size", NULL, AT(vocab_size), COUNT},
	{"n_embd", "hidden_size", AT(hidden_size), COUNT},
	{"n_inner", "intermediate_size", AT(intermediate_size), COUNT},
	{"n_layer", "num_hidden_layers", AT(num_hidden_layers), COUNT},
	{"n_head", "num_attention_heads", AT(num_attention_heads), COUNT},
	{"n_positions", "max_position_embeddings", AT(max_position_embeddings), COUNT},
	{"layer_norm_epsilon", NULL, AT(norm_eps), REAL},
	{"initializer_range", NULL, AT(initializer_range), REAL},
	{"tie_word_embeddings", NULL, AT(tie_word_embeddings), BOOL},
	{"bos_token_id", NULL, AT(bos_token_id), TOKEN},
	{"eos_token_id", NULL, AT(eos_token_id), TOKEN},
	{0},
};

/* Where a setting stands, this is the only value that we compute. */
static const struct {
	const char *key, *value[2];
} fixed[] = {
	{"hidden_act", {"\"silu\""}},
	{"activation_function", {"\"gelu_new\"", "\"gelu_pytorch_tanh\""}},
	{"architectures", {"[\"LlamaForCausalLM\"]", "[\"GPT2LMHeadModel\"]"}},
	{"attention_bias", {"false"}},
	{"mlp_bias", {"false"}},
	{"rope_scaling", {"null"}},
	{"partial_rotary_factor", {"1.0", "1"}},
	{"sliding_window", {"null"}},
	{"quantization_config", {"null"}},
	{"scale_attn_weights", {"true"}},
	{"scale_attn_by_inverse_layer_idx", {"false"}},
	{"add_cross_attention", {"false"}},
	{"is_encoder_decoder", {"false"}},
};

void nt_config_init(struct nt_config *c, enum nt_arch arch)
{
	*c = (struct nt_config){
		.arch = arch,
		.norm_eps = arch == NT_GPT2 ? 1e-5 : 1e-6,
		.rope_theta = 10000,
		.initializer_range = 0.02,
		.tie_word_embeddings = arch == NT_GPT2,
		.max_position_embeddings = arch == NT_GPT2 ? 1024 : 2048,
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
	if (c->arch == NT_LLAMA && c->head_dim % 2)
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

int nt_config_check(const struct nt_config *c)
{
	int rc = check_sizes(c);
	if (rc == 0)
		rc = check_heads(c);
	if (rc == 0)
		rc = check_token("bos_token_id", c->bos_token_id, c->vocab_size);
	if (rc == 0)
		rc = check_token("eos_token_id", c->eos_token_id, c->vocab_size);
	if (rc < 0)
		return rc;
	if (!(c->norm_eps >= 0 && c->norm_eps < 1))
		return nt_fail(NT_EARG, "norm epsilon %g is not from 0 to below 1", c->norm_eps);
	if (c->arch == NT_LLAMA && !(c->rope_theta >= 1 && c->rope_theta < 1e30))
		return nt_fail(NT_EARG, "rope_theta %g is not from 1 to below 1e30", c->rope_theta);
	if (!(c->initializer_range >= 0 && c->initializer_range < 1e6))
		return nt_fail(NT_EARG, "initializer_range %g is not from 0 to below 1e6",
			       c->initializer_range);
	return 0;
}

size_t nt_config_n_param(const struct nt_config *c)
{
	struct nt_layout l;
	nt_layout_make(&l, c);
	return l.n_param;
}

static int wrong(const char *name, const char *key, struct json_object *v, const char *wanted)
{
	return nt_fail(NT_EFORMAT, "%s: \"%s\" is %.60s, not %s", name, key,
		       json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN), wanted);
}

static int take_count(void *to, const char *name, const char *key, struct json_object *v)
{
	int64_t n = json_object_get_int64(v);
	if (!json_object_is_type(v, json_type_int) || n < 0 || n >= UINT32_MAX)
		return wrong(name, key, v, "a count");
	*(uint32_t *)to = (uint32_t)n;
	return 0;
}

/* Llama 3 lists several ends of text; the first is the one that we write and stop at. */
static int take_token(void *to, const char *name, const char *key, struct json_object *v)
{
	if (json_object_is_type(v, json_type_array) && json_object_array_length(v) > 0)
		v = json_object_array_get_idx(v, 0);
	return take_count(to, name, key, v);
}

static int take(struct nt_config *c, const struct field *f, const char *name, const char *key,
		struct json_object *v)
{
	void *to = (char *)c + f->at;
	switch (f->kind) {
	case COUNT:
		return take_count(to, name, key, v);
	case TOKEN:
		return take_token(to, name, key, v);
	case BOOL:
		if (!json_object_is_type(v, json_type_boolean))
			return wrong(name, key, v, "true or false");
		*(bool *)to = json_object_get_boolean(v);
		return 0;
	case REAL:
		if (!json_object_is_type(v, json_type_double) && !json_object_is_type(v, json_type_int))
			return wrong(name, key, v, "a number");
		*(double *)to = json_object_get_double(v);
		return 0;
	}
	return 0;
}

static int take_fields(struct nt_config *c, const struct field *f, const char *name,
		       struct json_object *o)
{
	int rc = 0;
	for (; rc == 0 && f->key; f++) {
		struct json_object *v = json_object_object_get(o, f->key);
		const char *key = f->key;
		if (!v && f->other)
			v = json_object_object_get(o, key = f->other);
		if (v) /* null means the default, as in Hugging Face's library */
			rc = take(c, f, name, key, v);
	}
	return rc;
}

static bool is_one_of(const char *text, const char *const value[2])
{
	return strcmp(text, value[0]) == 0 || (value[1] && strcmp(text, value[1]) == 0);
}

static int check_fixed(const char *name, struct json_object *o)
{
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++) {
		struct json_object *v;
		if (!json_object_object_get_ex(o, fixed[i].key, &v) || !v)
			continue;
		const char *text = json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN);
		if (!is_one_of(text, fixed[i].value))
			return nt_fail(NT_EFORMAT, "%s: \"%s\": %.60s is not implemented; only %s%s%s is",
				       name, fixed[i].key, text, fixed[i].value[0],
				       fixed[i].value[1] ? " or " : "",
				       fixed[i].value[1] ? fixed[i].value[1] : "");
	}
	return 0;
}

/* Version 5's name for everything rotary; only its plain form is ours. */
static int take_rope(struct nt_config *c, const char *name, struct json_object *o)
{
	struct json_object *r = json_object_object_get(o, "rope_parameters");
	if (!r)
		return 0;
	if (!json_object_is_type(r, json_type_object))
		return wrong(name, "rope_parameters", r, "an object");
	json_object_object_foreach(r, key, v) {
		int rc = 0;
		if (strcmp(key, "rope_theta") == 0)
			rc = take(c, &(struct field){key, NULL, AT(rope_theta), REAL}, name, key, v);
		else if (strcmp(key, "rope_type") != 0 || !json_object_get_string(v) ||
			 strcmp(json_object_get_string(v), "default") != 0)
			rc = nt_fail(NT_EFORMAT, "%s: \"rope_parameters\": %.60s is not implemented; "
						 "only rope_theta and rope_type \"default\" are",
				     name, json_object_to_json_string_ext(r, JSON_C_TO_STRING_PLAIN));
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* What follows from the other sizes where it is not said. */
static void complete(struct nt_config *c)
{
	if (!c->num_key_value_heads)
		c->num_key_value_heads = c->num_attention_heads;
	if (!c->head_dim && c->num_attention_heads)
		c->head_dim = c->hidden_size / c->num_attention_heads;
	if (!c->intermediate_size && c->arch == NT_GPT2 && c->hidden_size <= UINT32_MAX / 4)
		c->intermediate_size = 4 * c->hidden_size;
}

static int from_object(struct nt_config *c, const char *name, struct json_object *o)
{
	struct json_object *type = json_object_object_get(o, "model_type");
	const char *arch = type ? json_object_get_string(type) : "";
	bool is_gpt2 = strcmp(arch, "gpt2") == 0;
	if (!is_gpt2 && strcmp(arch, "llama") != 0)
		return nt_fail(NT_EFORMAT, "%s: \"model_type\" is '%.40s'; llama and gpt2 are implemented",
			       name, arch);
	nt_config_init(c, is_gpt2 ? NT_GPT2 : NT_LLAMA);
	int rc = take_fields(c, is_gpt2 ? gpt2_fields : llama_fields, name, o);
	if (rc == 0 && !is_gpt2)
		rc = take_rope(c, name, o);
	if (rc == 0)
		rc = check_fixed(name, o);
	if (rc < 0)
		return rc;
	complete(c);
	if (nt_config_check(c) < 0)
		return nt_fail(NT_EFORMAT, "%s: %s", name, nt_errmsg());
	return 0;
}

int nt_config_parse(struct nt_config *c, const void *json, size_t len, const char *name)
{
	struct json_tokener *tok = json_tokener_new_ex(32);
	if (!tok)
		return nt_fail(NT_ESYS, "out of memory");
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	struct json_object *o = NULL;
	if (len <= INT_MAX)
		o = json_tokener_parse_ex(tok, json, (int)len);
	enum json_tokener_error err = json_tokener_get_error(tok);
	int rc;
	if (!o || !json_object_is_type(o, json_type_object))
		rc = nt_fail(NT_EFORMAT, "%s: not a JSON object: %s", name,
			     err == json_tokener_success ? "another type" : json_tokener_error_desc(err));
	else
		rc = from_object(c, name, o);
	json_object_put(o);
	json_tokener_free(tok);
	return rc;
}

int nt_config_read(struct nt_config *c, const char *dir)
{
	struct nt_buf path = {0}, text = {0};
	int rc = nt_buf_printf(&path, "%s/config.json", dir);
	if (rc == 0)
		rc = nt_read_file(&text, (const char *)path.data);
	if (rc == 0)
		rc = nt_config_parse(c, text.data, text.len, (const char *)path.data);
	nt_buf_release(&path);
	nt_buf_release(&text);
	return rc;
}

/* A float in JSON must look like one: LlamaConfig is strictly typed since version 5. */
static const char *real(char text[32], double v)
{
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, 32, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	if (!strpbrk(text, ".e"))
		strcat(text, ".0");
	return text;
}

static const char *token(char text[32], uint32_t id)
{
	if (id == NT_NO_TOKEN)
		return "null";
	snprintf(text, 32, "%u", id);
	return text;
}

static int print_gpt2(struct nt_buf *out, const struct nt_config *c)
{
	char eps[32];
	return nt_buf_printf(out,
			     "  \"activation_function\": \"gelu_new\",\n"
			     "  \"attn_pdrop\": 0.0,\n"
			     "  \"embd_pdrop\": 0.0,\n"
			     "  \"resid_pdrop\": 0.0,\n"
			     "  \"n_embd\": %u,\n"
			     "  \"n_head\": %u,\n"
			     "  \"n_inner\": %u,\n"
			     "  \"n_layer\": %u,\n"
			     "  \"n_positions\": %u,\n"
			     "  \"layer_norm_epsilon\": %s,\n",
			     c->hidden_size, c->num_attention_heads, c->intermediate_size,
			     c->num_hidden_layers, c->max_position_embeddings, real(eps, c->norm_eps));
}

static int print_llama(struct nt_buf *out, const struct nt_config *c)
{
	char eps[32], theta[32];
	real(theta, c->rope_theta);
	return nt_buf_printf(out,
			     "  \"attention_bias\": false,\n"
			     "  \"attention_dropout\": 0.0,\n"
			     "  \"head_dim\": %u,\n"
			     "  \"hidden_act\": \"silu\",\n"
			     "  \"hidden_size\": %u,\n"
			     "  \"intermediate_size\": %u,\n"
			     "  \"max_position_embeddings\": %u,\n"
			     "  \"mlp_bias\": false,\n"
			     "  \"num_attention_heads\": %u,\n"
			     "  \"num_hidden_layers\": %u,\n"
			     "  \"num_key_value_heads\": %u,\n"
			     "  \"rms_norm_eps\": %s,\n"
			     "  \"rope_parameters\": {\"rope_theta\": %s, \"rope_type\": \"default\"},\n"
			     "  \"rope_theta\": %s,\n",
			     c->head_dim, c->hidden_size, c->intermediate_size,
			     c->max_position_embeddings, c->num_attention_heads, c->num_hidden_layers,
			     c->num_key_value_heads, real(eps, c->norm_eps), theta, theta);
}

int nt_config_print(struct nt_buf *out, const struct nt_config *c)
{
	char bos[32], eos[32], range[32];
	bool is_gpt2 = c->arch == NT_GPT2;
	int rc = nt_buf_printf(out, "{\n  \"architectures\": [\"%s\"],\n  \"model_type\": \"%s\",\n",
			       is_gpt2 ? "GPT2LMHeadModel" : "LlamaForCausalLM",
			       is_gpt2 ? "gpt2" : "llama");
	if (rc == 0)
		rc = is_gpt2 ? print_gpt2(out, c) : print_llama(out, c);
	if (rc < 0)
		return rc;
	return nt_buf_printf(out,
			     "  \"initializer_range\": %s,\n"
			     "  \"vocab_size\": %u,\n"
			     "  \"bos_token_id\": %s,\n"
			     "  \"eos_token_id\": %s,\n"
			     "  \"tie_word_embeddings\": %s,\n"
			     "  \"torch_dtype\": \"%s\"\n"
			     "}\n",
			     real(range, c->initializer_range), c->vocab_size, token(bos, c->bos_token_id),
			     token(eos, c->eos_token_id), c->tie_word_embeddings ? "true" : "false",
			     sizeof(nt_real) == 8 ? "float64" : "float32");
}

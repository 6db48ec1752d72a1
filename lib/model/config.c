/* SPDX-License-Identifier: MIT */
/*
 * config.c - config.json of the families, read and written
 *
 * A model that computes something else than its config says is worse than none, so
 * settings that change the function and are not implemented here (scaled rotary
 * positions, biases in Llama, other activations) are refused by name. Dropout is not:
 * it acts in other people's training only. Unknown keys say nothing about the function
 * in practice (use_cache, transformers_version) and are passed over.
 *
 * Source: LlamaConfig, Qwen3Config and GPT2Config of Hugging Face transformers, versions 4 and 5,
 * which name rotary settings differently: rope_theta, and rope_parameters.rope_theta.
 */
#include <json-c/json.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/family.h"
#include "model/layout.h"
#include "nt/err.h"
#include "nt/file.h"

enum kind { COUNT, REAL, BOOL, TOKEN };

/* Sets of families. */
enum {
	GPT2 = 1 << NT_GPT2,
	QWEN3 = 1 << NT_QWEN3,
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
	{"tie_word_embeddings", NULL, AT(tie_word_embeddings), BOOL, ALL},
	{"bos_token_id", NULL, AT(bos_token_id), TOKEN, ALL},
	{"eos_token_id", NULL, AT(eos_token_id), TOKEN, ALL},
};
#define N_FIELD (sizeof(fields) / sizeof(*fields))

/* Where a setting stands, this is the only value that we compute, or its other spelling. */
static const struct {
	const char *key, *value[2];
	unsigned written; /* into files of these families */
} fixed[] = {
	{"hidden_act", {"\"silu\""}, ROTARY},
	{"activation_function", {"\"gelu_new\"", "\"gelu_pytorch_tanh\""}, GPT2},
	{"attention_bias", {"false"}, ROTARY},
	{"mlp_bias", {"false"}, 1 << NT_LLAMA},
	{"use_sliding_window", {"false"}, QWEN3},
	{"sliding_window", {"null"}, QWEN3},
	{"rope_scaling", {"null"}, 0},
	{"partial_rotary_factor", {"1.0", "1"}, 0},
	{"quantization_config", {"null"}, 0},
	{"scale_attn_weights", {"true"}, 0},
	{"scale_attn_by_inverse_layer_idx", {"false"}, 0},
	{"add_cross_attention", {"false"}, 0},
	{"is_encoder_decoder", {"false"}, 0},
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
	if (nt_family(c->arch)->has_rope && !(c->rope_theta >= 1 && c->rope_theta < 1e30))
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

static int take_fields(struct nt_config *c, const char *name, struct json_object *o)
{
	int rc = 0;
	for (const struct field *f = fields; rc == 0 && f < fields + N_FIELD; f++) {
		if (!(f->families & 1u << c->arch))
			continue;
		const char *key = c->arch == NT_GPT2 && f->gpt2 ? f->gpt2 : f->key;
		struct json_object *v = json_object_object_get(o, key);
		if (!v)
			v = json_object_object_get(o, key = f->key);
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
	for (size_t i = 0; i < N_FIXED; i++) {
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
			rc = take(c, &(struct field){.at = AT(rope_theta), .kind = REAL}, name, key, v);
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

/* The family is one that we have, and so is the class if it is said. */
static int take_family(struct nt_config *c, const char *name, struct json_object *o)
{
	struct json_object *type = json_object_object_get(o, "model_type"), *class;
	const char *arch = type ? json_object_get_string(type) : "";
	int found = 0;
	while (found < NT_ARCH_COUNT && strcmp(arch, nt_arch_name(found)) != 0)
		found++;
	if (found == NT_ARCH_COUNT)
		return nt_fail(NT_EFORMAT, "%s: \"model_type\" is '%.40s'; llama, gpt2 and qwen3 are implemented",
			       name, arch);
	nt_config_init(c, found);
	if (!(class = json_object_object_get(o, "architectures")))
		return 0;
	bool is_list = json_object_is_type(class, json_type_array) && json_object_array_length(class) == 1;
	const char *text = is_list ? json_object_get_string(json_object_array_get_idx(class, 0)) : NULL;
	if (!text || strcmp(text, nt_family(found)->class_name) != 0)
		return wrong(name, "architectures", class, nt_family(found)->class_name);
	return 0;
}

static int from_object(struct nt_config *c, const char *name, struct json_object *o)
{
	int rc = take_family(c, name, o);
	if (rc == 0)
		rc = take_fields(c, name, o);
	if (rc == 0 && nt_family(c->arch)->has_rope)
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

static int print_field(struct nt_buf *out, const struct nt_config *c, const struct field *f)
{
	const void *from = (const char *)c + f->at;
	const char *key = c->arch == NT_GPT2 && f->gpt2 ? f->gpt2 : f->key;
	char text[32];
	switch (f->kind) {
	case BOOL:
		return nt_buf_printf(out, "  \"%s\": %s,\n", key, *(const bool *)from ? "true" : "false");
	case REAL:
		return nt_buf_printf(out, "  \"%s\": %s,\n", key, real(text, *(const double *)from));
	case TOKEN:
		if (*(const uint32_t *)from == NT_NO_TOKEN)
			return nt_buf_printf(out, "  \"%s\": null,\n", key);
		/* fall through */
	case COUNT:
		return nt_buf_printf(out, "  \"%s\": %u,\n", key, *(const uint32_t *)from);
	}
	return 0;
}

/* What is the same in every file of the family. */
static int print_constants(struct nt_buf *out, unsigned family)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < N_FIXED; i++)
		if (fixed[i].written & family)
			rc = nt_buf_printf(out, "  \"%s\": %s,\n", fixed[i].key, fixed[i].value[0]);
	for (size_t i = 0; rc == 0 && i < N_DROPOUT; i++)
		if (dropouts[i].families & family)
			rc = nt_buf_printf(out, "  \"%s\": 0.0,\n", dropouts[i].key);
	return rc;
}

/* Version 5's place for what version 4 has beside the rest. */
static int print_rope(struct nt_buf *out, const struct nt_config *c)
{
	char theta[32];
	return nt_buf_printf(out, "  \"rope_parameters\": {\"rope_theta\": %s, \"rope_type\": \"default\"},\n",
			     real(theta, c->rope_theta));
}

int nt_config_print(struct nt_buf *out, const struct nt_config *c)
{
	const struct nt_family *f = nt_family(c->arch);
	unsigned family = 1u << c->arch;
	int rc = nt_buf_printf(out, "{\n  \"architectures\": [\"%s\"],\n  \"model_type\": \"%s\",\n",
			       f->class_name, f->name);
	for (size_t i = 0; rc == 0 && i < N_FIELD; i++)
		if (fields[i].families & family)
			rc = print_field(out, c, &fields[i]);
	if (rc == 0 && f->has_rope)
		rc = print_rope(out, c);
	if (rc == 0)
		rc = print_constants(out, family);
	return rc < 0 ? rc : nt_buf_printf(out, "  \"torch_dtype\": \"%s\"\n}\n",
					   sizeof(nt_real) == 8 ? "float64" : "float32");
}

/* SPDX-License-Identifier: MIT */
/*
 * checkpoint.c - a model as the directory that Hugging Face's library reads
 *
 * Each file is written beside its name and renamed, so a directory never holds half of
 * one; that a whole directory appears at once is its writer's business (lib/train).
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/half.h"
#include "io/json.h"
#include "model/blocks.h"
#include "model/pretrained.h"
#include "nt/err.h"
#include "nt/file.h"
#include "nt/safetensors.h"

static int load_weights(struct nt_model *m, const struct nt_pretrained *p, const char *path)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < m->n_tensor; i++) {
		const struct nt_tensor *t = &m->tensor[i];
		rc = nt_safetensor_real(nt_pretrained_find(p, t->name), m->param + t->offset);
		if (rc < 0)
			rc = nt_fail(rc, "%s: %s", path, nt_errmsg());
	}
	return rc;
}

static int copy_tokenizer(struct nt_model *m, const struct nt_map *json)
{
	if (!(m->tokenizer_json = nt_alloc(json->len, 1)))
		return NT_ESYS;
	memcpy(m->tokenizer_json, json->data, json->len);
	m->tokenizer_json_len = json->len;
	return 0;
}

int nt_model_load(struct nt_model **m, const char *path)
{
	struct nt_pretrained p;
	*m = NULL;
	int rc = nt_pretrained_open(&p, path);
	if (rc == 0)
		rc = nt_model_new(m, &p.config);
	if (rc == 0)
		rc = load_weights(*m, &p, path);
	if (rc == 0 && p.tokenizer.data)
		rc = copy_tokenizer(*m, &p.tokenizer);
	if (rc < 0) {
		nt_model_free(*m);
		*m = NULL;
	}
	nt_pretrained_close(&p);
	return rc;
}

static bool has_file(const char *dir, const char *name)
{
	struct nt_buf path = {0};
	bool has = nt_pretrained_path(&path, dir, name) == 0 && access((const char *)path.data, F_OK) == 0;
	nt_buf_release(&path);
	return has;
}

bool nt_model_is(const char *dir)
{
	return has_file(dir, "config.json") &&
	       (has_file(dir, "model.safetensors") || has_file(dir, "model.safetensors.index.json"));
}

static int describe_weights(struct nt_buf *json, const struct nt_weights *w)
{
	uint64_t bytes = 0;
	const char *dtype = nt_weights_at(w, 0)->dtype;
	for (size_t i = 0; i < nt_weights_count(w); i++) {
		const struct nt_safetensor *t = nt_weights_at(w, i);
		bytes += t->n_bytes;
		dtype = strcmp(dtype, t->dtype) == 0 ? dtype : "mixed";
	}
	return nt_buf_printf(json, "\"files\": %zu, \"tensors\": %zu, \"tensor_bytes\": %" PRIu64 ", \"dtype\": \"%s\", ",
			     nt_weights_n_file(w), nt_weights_count(w), bytes, dtype);
}

static int describe_config(struct nt_buf *json, const struct nt_config *c)
{
	const struct {
		const char *name;
		size_t value;
	} row[] = {
		{"parameters", nt_config_n_param(c)},
		{"vocab_size", c->vocab_size},
		{"hidden_size", c->hidden_size},
		{"intermediate_size", c->intermediate_size},
		{"num_hidden_layers", c->num_hidden_layers},
		{"num_attention_heads", c->num_attention_heads},
		{"num_key_value_heads", c->num_key_value_heads},
		{"head_dim", c->head_dim},
		{"max_position_embeddings", c->max_position_embeddings},
	};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < sizeof(row) / sizeof(*row); i++)
		rc = nt_buf_printf(json, "\"%s\": %zu, ", row[i].name, row[i].value);
	return rc;
}

int nt_model_describe(const char *dir, struct nt_buf *json)
{
	struct nt_pretrained p;
	int rc = nt_pretrained_open(&p, dir);
	if (rc == 0 && (rc = nt_buf_printf(json, "{\"file\": ")) == 0)
		rc = nt_json_string(json, dir, strlen(dir));
	if (rc == 0)
		rc = nt_buf_printf(json, ", \"kind\": \"model\", \"arch\": \"%s\", ", nt_arch_name(p.config.arch));
	if (rc == 0)
		rc = describe_config(json, &p.config);
	if (rc == 0)
		rc = describe_weights(json, p.weights);
	if (rc == 0)
		rc = nt_buf_printf(json, "\"tie_word_embeddings\": %s, \"tokenizer\": %s}",
				   p.config.tie_word_embeddings ? "true" : "false",
				   p.tokenizer.data ? "true" : "false");
	nt_pretrained_close(&p);
	return rc;
}

static int write_file(const char *dir, const char *name, const void *data, size_t len)
{
	struct nt_buf path = {0};
	struct nt_out *out = NULL;
	int rc = nt_pretrained_path(&path, dir, name);
	if (rc == 0)
		rc = nt_out_open(&out, (const char *)path.data, 0);
	if (rc == 0) {
		rc = nt_out_write(out, data, len);
		if (rc < 0)
			nt_out_discard(out);
		else
			rc = nt_out_close(out);
	}
	nt_buf_release(&path);
	return rc;
}

static int check_values(const struct nt_model *m, enum nt_precision precision)
{
	static const enum nt_gguf_type type[] = {
		[NT_PRECISION_REAL] = NT_GGML_F32, [NT_PRECISION_F16] = NT_GGML_F16, [NT_PRECISION_BF16] = NT_GGML_BF16,
	};
	int rc = 0;
	for (size_t i = 0; rc == 0 && precision != NT_PRECISION_REAL && i < m->n_tensor; i++)
		rc = nt_blocks_check(m->param + m->tensor[i].offset, m->tensor[i].n, type[precision], m->tensor[i].name);
	return rc;
}

/* All parameters in 16 bits; NULL: no memory. */
static uint16_t *round_all(const struct nt_model *m, enum nt_precision precision)
{
	uint16_t *half = nt_alloc(m->n_param, sizeof(*half));
	for (size_t i = 0; half && i < m->n_param; i++)
		half[i] = (precision == NT_PRECISION_F16 ? nt_to_f16 : nt_to_bf16)((float)m->param[i]);
	return half;
}

static int save_weights(const struct nt_model *m, const char *dir, enum nt_precision precision)
{
	struct nt_buf path = {0};
	struct nt_safetensor_source *t = nt_calloc(m->n_tensor, sizeof(*t));
	uint16_t *half = precision == NT_PRECISION_REAL ? NULL : round_all(m, precision);
	int rc = t && (half || precision == NT_PRECISION_REAL) ? nt_pretrained_path(&path, dir, "model.safetensors") : NT_ESYS;
	for (size_t i = 0; rc == 0 && i < m->n_tensor; i++)
		t[i] = (struct nt_safetensor_source){
			.name = m->tensor[i].name,
			.n_dim = m->tensor[i].n_dim,
			.shape = {m->tensor[i].shape[0], m->tensor[i].shape[1]},
			.data = m->param + m->tensor[i].offset,
			.half = half ? half + m->tensor[i].offset : NULL,
			.is_f16 = precision == NT_PRECISION_F16,
		};
	if (rc == 0)
		rc = nt_safetensors_write((const char *)path.data, t, m->n_tensor);
	free(t);
	free(half);
	nt_buf_release(&path);
	return rc;
}

static int save_generation(const struct nt_model *m, const char *dir)
{
	struct nt_buf b = {0};
	int rc = nt_config_print_generation(&b, &m->config);
	if (rc == 0)
		rc = write_file(dir, "generation_config.json", b.data, b.len);
	nt_buf_release(&b);
	return rc;
}

/* How tokenizer.json writes special token id; NULL if it does not. */
static const char *special_name(struct json_object *tokenizer, uint32_t id)
{
	struct json_object *added = json_object_object_get(tokenizer, "added_tokens");
	size_t n = added && json_object_is_type(added, json_type_array) ? json_object_array_length(added) : 0;
	for (size_t i = 0; i < n; i++) {
		struct json_object *t = json_object_array_get_idx(added, i);
		struct json_object *v = json_object_object_get(t, "id");
		if (v && json_object_get_int64(v) == (int64_t)id)
			return json_object_get_string(json_object_object_get(t, "content"));
	}
	return NULL;
}

static int add_special(struct nt_buf *b, const char *key, const char *name)
{
	int rc = nt_buf_printf(b, "  \"%s\": ", key);
	if (rc < 0)
		return rc;
	rc = name ? nt_json_string(b, name, strlen(name)) : nt_buf_printf(b, "null");
	return rc < 0 ? rc : nt_buf_printf(b, ",\n");
}

/* Without tokenizer_class Hugging Face's AutoTokenizer looks for slow tokenizers. */
static int print_tokenizer_config(struct nt_buf *b, const struct nt_model *m, struct json_object *o)
{
	int rc = nt_buf_printf(b, "{\n  \"tokenizer_class\": \"PreTrainedTokenizerFast\",\n");
	if (rc == 0)
		rc = add_special(b, "bos_token", special_name(o, m->config.bos_token_id));
	if (rc == 0)
		rc = add_special(b, "eos_token", special_name(o, m->config.eos_token_id));
	if (rc == 0)
		rc = add_special(b, "unk_token", NULL);
	if (rc < 0)
		return rc;
	return nt_buf_printf(b,
			     "  \"model_max_length\": %u,\n"
			     "  \"clean_up_tokenization_spaces\": false\n}\n",
			     m->config.max_position_embeddings);
}

static int save_tokenizer(const struct nt_model *m, const char *dir, const struct nt_ident *ident)
{
	struct nt_buf b = {0};
	struct json_object *o;
	int rc = nt_json_tree(&o, ident->json, ident->json_len);
	if (rc < 0)
		return nt_fail(rc, "the tokenizer '%s': %s", ident->name, nt_errmsg());
	rc = print_tokenizer_config(&b, m, o);
	if (rc == 0)
		rc = write_file(dir, "tokenizer_config.json", b.data, b.len);
	if (rc == 0)
		rc = write_file(dir, "tokenizer.json", ident->json, ident->json_len);
	json_object_put(o);
	nt_buf_release(&b);
	return rc;
}

int nt_model_save(const struct nt_model *m, const char *dir, const struct nt_ident *ident, enum nt_precision precision)
{
	struct nt_buf config = {0};
	if (ident && ident->vocab_size > m->config.vocab_size)
		return nt_fail(NT_EFORMAT, "the tokenizer has %u ids, the model %u", ident->vocab_size, m->config.vocab_size);
	int rc = check_values(m, precision);
	if (rc == 0)
		rc = nt_config_print(&config, &m->config, precision);
	if (rc == 0)
		rc = write_file(dir, "config.json", config.data, config.len);
	nt_buf_release(&config);
	if (rc == 0)
		rc = save_generation(m, dir);
	if (rc == 0 && ident && ident->json)
		rc = save_tokenizer(m, dir, ident);
	return rc < 0 ? rc : save_weights(m, dir, precision);
}

/* SPDX-License-Identifier: MIT */
/*
 * config_read.c - config.json of the families, and what generation_config.json adds to it
 *
 * A model that computes something else than its config says is worse than none, so every
 * key of a file must be known (config_keys.h): as a setting of ours, as one that has to have the only
 * value that is implemented, or as one that says nothing about the function (how a file was
 * made, how others generate from it, their dropout). Any other key is refused by name unless
 * it says null or false.
 *
 * What ends a text is one id or a list, and Hugging Face's library stops at what generation_config.json
 * lists, where that is there: instruction-tuned models often say only there how a turn ends.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/json.h"
#include "model/config_keys.h"
#include "nt/err.h"
#include "nt/file.h"

/* Of rope_scaling and rope_parameters; all but the first are for rope_type "llama3". */
static const struct field rope_fields[] = {
	{"rope_theta", NULL, AT(rope_theta), REAL, ROTARY},
	{"factor", NULL, AT(rope_scaling.factor), REAL, ROTARY},
	{"low_freq_factor", NULL, AT(rope_scaling.low_freq_factor), REAL, ROTARY},
	{"high_freq_factor", NULL, AT(rope_scaling.high_freq_factor), REAL, ROTARY},
	{"original_max_position_embeddings", NULL, AT(rope_scaling.original_max_position_embeddings), COUNT,
	 ROTARY},
};
#define N_ROPE_FIELD (sizeof(rope_fields) / sizeof(*rope_fields))

/* Looked at by a function of their own, or of no consequence. */
static const char *const others[] = {
	"model_type", "architectures", "rope_scaling", "rope_parameters", "sliding_window", "layer_types",
	/* how it was made, what it calls itself, how it is run */
	"name_or_path", "transformers_version", "dtype", "torch_dtype", "tokenizer_class", "prefix", "use_cache",
	"is_decoder", "return_dict", "output_attentions", "output_hidden_states", "output_scores",
	"return_dict_in_generate", "torchscript", "use_bfloat16", "tf_legacy_loss", "tie_encoder_decoder",
	"chunk_size_feed_forward", "pretraining_tp", "reorder_and_upcast_attn", "n_ctx", "max_window_layers",
	"pad_token_id", "sep_token_id", "decoder_start_token_id",
	/* heads that classify */
	"finetuning_task", "problem_type", "num_labels", "id2label", "label2id", "task_specific_params",
	"summary_activation", "summary_first_dropout", "summary_proj_to_labels", "summary_type",
	"summary_use_proj",
	/* how version 4 says to generate */
	"max_length", "min_length", "do_sample", "early_stopping", "num_beams", "num_beam_groups",
	"diversity_penalty", "temperature", "top_k", "top_p", "typical_p", "repetition_penalty",
	"length_penalty", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "bad_words_ids",
	"num_return_sequences", "forced_bos_token_id", "forced_eos_token_id", "remove_invalid_values",
	"exponential_decay_length_penalty", "suppress_tokens", "begin_suppress_tokens",
};
#define N_OTHER (sizeof(others) / sizeof(*others))

static int wrong(const char *name, const char *key, struct json_object *v, const char *wanted)
{
	struct nt_buf text = {0};
	int rc = nt_json_text(&text, v);
	if (rc == 0)
		rc = nt_fail(NT_EFORMAT, "%s: \"%s\" is %.60s, not %s", name, key, (char *)text.data, wanted);
	nt_buf_release(&text);
	return rc;
}

static int take_count(void *to, const char *name, const char *key, struct json_object *v)
{
	int64_t n = json_object_get_int64(v);
	if (!json_object_is_type(v, json_type_int) || n < 0 || n >= UINT32_MAX)
		return wrong(name, key, v, "a count");
	*(uint32_t *)to = (uint32_t)n;
	return 0;
}

/* Adds an end of text, or several, to those that are there. */
static int take_ends(struct nt_config *c, const char *name, const char *key, struct json_object *v)
{
	bool is_list = json_object_is_type(v, json_type_array);
	size_t n = is_list ? json_object_array_length(v) : 1;
	for (size_t i = 0; i < n; i++) {
		uint32_t id = NT_NO_TOKEN;
		struct nt_ends have = nt_config_ends(c, NULL);
		int rc = take_count(&id, name, key, is_list ? json_object_array_get_idx(v, i) : v);
		if (rc < 0)
			return rc;
		if (nt_ends_is_eos(&have, id))
			continue;
		if (have.n_eos == NT_EOS_MOST)
			return nt_fail(NT_EFORMAT, "%s: \"%s\" makes more than %d ends of text, the most a model may have", name,
				       key, NT_EOS_MOST);
		*(have.n_eos ? &c->more_eos[c->n_more_eos++] : &c->eos_token_id) = id;
	}
	return n ? 0 : wrong(name, key, v, "a token id or a list of them");
}

/* What null stands for in Hugging Face's library: a size that follows from others, no token,
 * the default. */
static int take_null(void *to, enum kind kind)
{
	if (kind == COUNT || kind == TOKEN || kind == ENDS)
		*(uint32_t *)to = kind == COUNT ? 0 : NT_NO_TOKEN;
	return 0;
}

static int take(struct nt_config *c, const struct field *f, const char *name, const char *key,
		struct json_object *v)
{
	void *to = (char *)c + f->at;
	if (!v)
		return take_null(to, f->kind);
	switch (f->kind) {
	case COUNT:
	case TOKEN:
		return take_count(to, name, key, v);
	case ENDS:
		return take_ends(c, name, key, v);
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
		const char *key = key_of(f, c->arch);
		struct json_object *v;
		if (!(f->families & 1u << c->arch))
			continue;
		if (json_object_object_get_ex(o, key, &v) || json_object_object_get_ex(o, key = f->key, &v))
			rc = take(c, f, name, key, v);
	}
	return rc;
}

static int check_fixed(const struct nt_config *c, const char *name, struct json_object *o)
{
	struct nt_buf written = {0};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < N_FIXED; i++) {
		struct json_object *v = json_object_object_get(o, fixed[i].key);
		const char *const *value = fixed[i].value;
		if (!v || !(fixed[i].families & 1u << c->arch) || (rc = nt_json_text(&written, v)) < 0)
			continue;
		const char *text = (char *)written.data;
		if (strcmp(text, value[0]) != 0 && !(value[1] && strcmp(text, value[1]) == 0))
			rc = nt_fail(NT_EFORMAT, "%s: \"%s\": %.60s is not implemented; only %s%s%s is", name,
				     fixed[i].key, text, value[0], value[1] ? " or " : "", value[1] ? value[1] : "");
	}
	nt_buf_release(&written);
	return rc;
}

/* --- rotary positions -------------------------------------------------------------- */

static int take_rope_setting(struct nt_config *c, const char *name, const char *key, struct json_object *v,
			     bool is_llama3)
{
	if (strcmp(key, "rope_type") == 0 || strcmp(key, "type") == 0)
		return 0;
	for (size_t i = 0; i < (is_llama3 ? N_ROPE_FIELD : 1); i++)
		if (strcmp(key, rope_fields[i].key) == 0)
			return take(c, &rope_fields[i], name, key, v);
	if (strcmp(key, "partial_rotary_factor") == 0 && v && json_object_get_double(v) == 1)
		return 0;
	return nt_fail(NT_EFORMAT, "%s: \"%.40s\" of rotary positions is not implemented", name, key);
}

/* rope_scaling of version 4 or rope_parameters of version 5. */
static int take_rope_object(struct nt_config *c, const char *name, const char *where, struct json_object *o)
{
	if (!json_object_is_type(o, json_type_object))
		return wrong(name, where, o, "an object");
	struct json_object *type = json_object_object_get(o, "rope_type");
	if (!type)
		type = json_object_object_get(o, "type");
	const char *kind = type ? json_object_get_string(type) : "default";
	bool is_llama3 = strcmp(kind, "llama3") == 0;
	if (!is_llama3 && strcmp(kind, "default") != 0)
		return nt_fail(NT_EFORMAT, "%s: \"%s\" of type '%.40s' is not implemented; only default and llama3 "
					   "are", name, where, kind);
	json_object_object_foreach(o, key, v) {
		int rc = take_rope_setting(c, name, key, v, is_llama3);
		if (rc < 0)
			return rc;
	}
	if (is_llama3 && !(c->rope_scaling.factor > 0))
		return nt_fail(NT_EFORMAT, "%s: \"%s\" of type llama3 has no factor", name, where);
	return 0;
}

static bool is_same_rope(const struct nt_config *a, const struct nt_config *b)
{
	const struct nt_rope_scaling *x = &a->rope_scaling, *y = &b->rope_scaling;
	return a->rope_theta == b->rope_theta && x->factor == y->factor &&
	       x->low_freq_factor == y->low_freq_factor && x->high_freq_factor == y->high_freq_factor &&
	       x->original_max_position_embeddings == y->original_max_position_embeddings;
}

/* Either place, or both of them if they say the same. */
static int take_rope(struct nt_config *c, const char *name, struct json_object *o)
{
	struct json_object *v4 = json_object_object_get(o, "rope_scaling");
	struct json_object *v5 = json_object_object_get(o, "rope_parameters");
	struct nt_config old = *c, new = *c;
	bool has_theta = json_object_object_get(o, "rope_theta");
	int rc = v4 ? take_rope_object(&old, name, "rope_scaling", v4) : 0;
	if (rc == 0 && v5)
		rc = take_rope_object(&new, name, "rope_parameters", v5);
	if (rc < 0)
		return rc;
	if (!has_theta && v5)
		old.rope_theta = new.rope_theta;
	if (!v4 && v5)
		old.rope_scaling = new.rope_scaling;
	if ((v5 && !is_same_rope(&old, &new)) || (has_theta && old.rope_theta != c->rope_theta))
		return nt_fail(NT_EFORMAT, "%s: rope_theta, rope_scaling and rope_parameters contradict each other", name);
	*c = old;
	return 0;
}

/* --- what attention sees ----------------------------------------------------------- */

/* A window as long as the context hides nothing; a shorter one is not implemented. */
static int check_window(const struct nt_config *c, const char *name, struct json_object *o)
{
	const struct nt_family *f = nt_family(c->arch);
	uint32_t window = f->sliding_window;
	struct json_object *v;
	int rc = 0;
	if (f->has_window_switch && !json_object_get_boolean(json_object_object_get(o, "use_sliding_window")))
		return 0;
	if (json_object_object_get_ex(o, "sliding_window", &v)) {
		window = NT_NO_WINDOW;
		rc = v ? take_count(&window, name, "sliding_window", v) : 0;
	}
	if (rc < 0 || window >= c->max_position_embeddings)
		return rc;
	return nt_fail(NT_EFORMAT, "%s: \"sliding_window\" of %u%s is shorter than max_position_embeddings, %u: not "
				   "implemented; only null is, or one as long",
		       name, window, json_object_object_get(o, "sliding_window") ? "" : " (the default)",
		       c->max_position_embeddings);
}

static int check_layer_types(const char *name, struct json_object *o)
{
	struct json_object *v = json_object_object_get(o, "layer_types");
	bool is_full = !v || json_object_is_type(v, json_type_array);
	for (size_t i = 0; is_full && v && i < json_object_array_length(v); i++) {
		struct json_object *type = json_object_array_get_idx(v, i);
		is_full = type && strcmp(json_object_get_string(type), "full_attention") == 0;
	}
	return is_full ? 0 : wrong(name, "layer_types", v, "full_attention in every layer");
}

/* --- all of it --------------------------------------------------------------------- */

static bool is_known(const struct nt_config *c, const char *key)
{
	unsigned family = 1u << c->arch;
	for (size_t i = 0; i < N_FIELD; i++)
		if (fields[i].families & family &&
		    (strcmp(key, fields[i].key) == 0 || strcmp(key, key_of(&fields[i], c->arch)) == 0))
			return true;
	for (size_t i = 0; i < N_FIXED; i++)
		if ((fixed[i].families | fixed[i].written) & family && strcmp(key, fixed[i].key) == 0)
			return true;
	for (size_t i = 0; i < N_DROPOUT; i++)
		if (dropouts[i].families & family && strcmp(key, dropouts[i].key) == 0)
			return true;
	for (size_t i = 0; i < N_OTHER; i++)
		if (strcmp(key, others[i]) == 0)
			return true;
	return *key == '_'; /* the library's own notes */
}

static int unknown(const struct nt_config *c, const char *name, const char *key, struct json_object *v)
{
	struct nt_buf text = {0};
	int rc = nt_json_text(&text, v);
	if (rc == 0)
		rc = nt_fail(NT_EFORMAT, "%s: \"%.40s\": %.60s is no setting that is implemented for %s; take "
					 "it out if the model does not depend on it",
			     name, key, (char *)text.data, nt_arch_name(c->arch));
	nt_buf_release(&text);
	return rc;
}

static int check_known(const struct nt_config *c, const char *name, struct json_object *o)
{
	json_object_object_foreach(o, key, v) {
		bool is_off = !v || (json_object_is_type(v, json_type_boolean) && !json_object_get_boolean(v));
		if (!is_off && !is_known(c, key))
			return unknown(c, name, key, v);
	}
	return 0;
}

static int unknown_family(const char *name, const char *family)
{
	char all[128] = "";
	size_t n = 0;
	for (int i = 0; i < NT_ARCH_COUNT; i++)
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", i ? ", " : "", nt_arch_name(i));
	return nt_fail(NT_EFORMAT, "%s: \"model_type\" is '%.40s'; implemented are %s", name, family, all);
}

/* The family is one that we have, and so is the class if it is said. */
static int take_family(struct nt_config *c, const char *name, struct json_object *o)
{
	struct json_object *type = json_object_object_get(o, "model_type"), *class;
	const char *text = type ? json_object_get_string(type) : "";
	int arch = 0;
	while (arch < NT_ARCH_COUNT && strcmp(text, nt_arch_name(arch)) != 0)
		arch++;
	if (arch == NT_ARCH_COUNT)
		return unknown_family(name, text);
	nt_config_init(c, arch);
	if (!(class = json_object_object_get(o, "architectures")))
		return 0;
	const char *want = nt_family(arch)->class_name;
	bool is_one = json_object_is_type(class, json_type_array) && json_object_array_length(class) == 1;
	text = is_one ? json_object_get_string(json_object_array_get_idx(class, 0)) : NULL;
	return text && strcmp(text, want) == 0 ? 0 : wrong(name, "architectures", class, want);
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
	int rc = take_family(c, name, o);
	if (rc == 0)
		rc = take_fields(c, name, o);
	if (rc == 0 && nt_family(c->arch)->has_rope)
		rc = take_rope(c, name, o);
	if (rc == 0)
		rc = check_fixed(c, name, o);
	if (rc == 0)
		rc = check_window(c, name, o);
	if (rc == 0)
		rc = check_layer_types(name, o);
	if (rc == 0)
		rc = check_known(c, name, o);
	if (rc < 0)
		return rc;
	complete(c);
	if (nt_config_check(c) < 0)
		return nt_fail(NT_EFORMAT, "%s: %s", name, nt_errmsg());
	return 0;
}

static int add_generation(struct nt_config *c, const char *name, struct json_object *o)
{
	struct json_object *v = json_object_object_get(o, "eos_token_id");
	int rc = v ? take_ends(c, name, "eos_token_id", v) : 0;
	return rc == 0 && nt_config_check(c) < 0 ? nt_fail(NT_EFORMAT, "%s: %s", name, nt_errmsg()) : rc;
}

static int parse(struct nt_config *c, const void *json, size_t len, const char *name,
		 int (*from)(struct nt_config *c, const char *name, struct json_object *o))
{
	struct json_object *o;
	int rc = nt_json_tree(&o, json, len);
	if (rc < 0)
		return nt_fail(rc, "%s: %s", name, nt_errmsg());
	rc = json_object_is_type(o, json_type_object) ? from(c, name, o) : nt_fail(NT_EFORMAT, "%s: not a JSON object", name);
	json_object_put(o);
	return rc;
}

int nt_config_parse(struct nt_config *c, const void *json, size_t len, const char *name)
{
	return parse(c, json, len, name, from_object);
}

int nt_config_parse_generation(struct nt_config *c, const void *json, size_t len, const char *name)
{
	return parse(c, json, len, name, add_generation);
}

int nt_config_read(struct nt_config *c, const char *dir)
{
	struct nt_buf path = {0}, text = {0};
	int rc = nt_buf_printf(&path, "%s/config.json", dir);
	if (rc == 0)
		rc = nt_read_file(&text, (const char *)path.data);
	if (rc == 0)
		rc = nt_config_parse(c, text.data, text.len, (const char *)path.data);
	path.len = 0;
	if (rc == 0)
		rc = nt_buf_printf(&path, "%s/generation_config.json", dir);
	if (rc == 0 && access((const char *)path.data, F_OK) == 0) {
		text.len = 0;
		rc = nt_read_file(&text, (const char *)path.data);
		if (rc == 0)
			rc = nt_config_parse_generation(c, text.data, text.len, (const char *)path.data);
	}
	nt_buf_release(&path);
	nt_buf_release(&text);
	return rc;
}

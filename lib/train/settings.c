/* SPDX-License-Identifier: MIT */
/* settings.c - the options of a run as trainer.json keeps them */
#include "train/settings.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/file.h"
#include "train/schedule.h"

enum setting_type { CHOICE, COUNT, REAL, TEXT, INTERVAL, REPLANNED };

struct setting {
	const char *name; /* of the option */
	enum setting_type type;
	size_t at;
	bool is_free;           /* may change when a run is resumed */
	const char *choices[6]; /* of a CHOICE, by value */
};

#define AT(field) offsetof(struct nt_train_options, field)
static const struct setting settings[] = {
	{"arch", CHOICE, AT(arch), false, {"llama", "gpt2", "qwen3", "qwen2", "mistral"}},
	{"hidden-size", COUNT, AT(hidden_size), false, {0}},
	{"intermediate-size", COUNT, AT(intermediate_size), false, {0}},
	{"num-hidden-layers", COUNT, AT(num_hidden_layers), false, {0}},
	{"num-attention-heads", COUNT, AT(num_attention_heads), false, {0}},
	{"num-key-value-heads", COUNT, AT(num_key_value_heads), false, {0}},
	{"head-dim", COUNT, AT(head_dim), false, {0}},
	{"tie-word-embeddings", CHOICE, AT(tie_word_embeddings), false, {"false", "true"}},
	{"dtype", CHOICE, AT(dtype), false, {"f32", "bf16"}},
	{"init", TEXT, AT(init), false, {0}},
	{"rows", CHOICE, AT(rows), false, {"fit", "concat"}},
	{"seq-len", COUNT, AT(seq_len), false, {0}},
	{"stride", COUNT, AT(stride), false, {0}},
	{"batch-size", COUNT, AT(batch_size), false, {0}},
	{"gradient-accumulation-steps", COUNT, AT(gradient_accumulation_steps), false, {0}},
	{"max-steps", COUNT, AT(max_steps), true, {0}},
	{"replanned", REPLANNED, AT(replanned), false, {0}},
	{"time", REAL, AT(time), true, {0}},
	{"seed", COUNT, AT(seed), false, {0}},
	{"optimizer", CHOICE, AT(optimizer), false, {"adamw", "muon", "normuon"}},
	{"moments", CHOICE, AT(moments), false, {"f32", "bf16"}},
	{"muon-momentum", REAL, AT(muon_momentum), false, {0}},
	{"learning-rate", REAL, AT(learning_rate), false, {0}},
	{"min-learning-rate", REAL, AT(min_learning_rate), false, {0}},
	{"embedding-learning-rate", REAL, AT(embedding_learning_rate), false, {0}},
	{"weight-decay", REAL, AT(weight_decay), false, {0}},
	{"adam-beta1", REAL, AT(adam_beta1), false, {0}},
	{"adam-beta2", REAL, AT(adam_beta2), false, {0}},
	{"adam-eps", REAL, AT(adam_eps), false, {0}},
	{"max-grad-norm", REAL, AT(max_grad_norm), false, {0}},
	{"z-loss", REAL, AT(z_loss), false, {0}},
	{"warmup-steps", COUNT, AT(warmup_steps), false, {0}},
	{"lr-schedule", CHOICE, AT(lr_schedule), false, {"cosine", "wsd", "constant"}},
	{"on-spike", CHOICE, AT(on_spike), true, {"warn", "skip", "stop", "off"}},
	{"eval-every", INTERVAL, AT(eval_every), true, {0}},
	{"save-every", INTERVAL, AT(save_every), true, {0}},
	{"keep", COUNT, AT(keep), true, {0}},
	{"label", TEXT, AT(label), true, {0}},
};
#define N_SETTING (sizeof(settings) / sizeof(*settings))

static const void *field(const struct setting *s, const struct nt_train_options *o)
{
	return (const char *)o + s->at;
}

static size_t field_bytes(const struct setting *s)
{
	switch (s->type) {
	case CHOICE:
		return sizeof(int);
	case COUNT:
		return sizeof(uint64_t);
	case REAL:
		return sizeof(double);
	case TEXT:
		return sizeof(const char *);
	case INTERVAL:
		return sizeof(struct nt_interval);
	case REPLANNED:
		return sizeof(struct nt_replanned);
	}
	return 0;
}

static const char *text_of(const struct setting *s, const struct nt_train_options *o)
{
	const char *text;
	memcpy(&text, field(s, o), sizeof(text));
	return text;
}

/* Steps are a number, and a time is a string: "600s". */
static int add_interval(struct nt_buf *out, const struct nt_interval *v)
{
	return v->steps ? nt_buf_printf(out, "%" PRIu64, v->steps)
			: nt_buf_printf(out, "\"%.17gs\"", v->seconds);
}

static int add_replanned(struct nt_buf *out, const struct nt_replanned *v)
{
	int rc = nt_buf_add(out, "\"", 1);
	if (rc == 0)
		rc = nt_replanned_write(v, out);
	return rc < 0 ? rc : nt_buf_add(out, "\"", 1);
}

/* The value as it stands in JSON. 17 digits give every double back as it was. */
static int add_value(struct nt_buf *out, const struct setting *s, const struct nt_train_options *o)
{
	const char *text = s->type == TEXT ? text_of(s, o) : NULL;
	switch (s->type) {
	case CHOICE:
		return nt_buf_printf(out, "\"%s\"", s->choices[*(const int *)field(s, o)]);
	case COUNT:
		return nt_buf_printf(out, "%" PRIu64, *(const uint64_t *)field(s, o));
	case REAL:
		return nt_buf_printf(out, "%.17g", *(const double *)field(s, o));
	case TEXT:
		return text ? nt_json_string(out, text, strlen(text)) : nt_buf_printf(out, "null");
	case INTERVAL:
		return add_interval(out, field(s, o));
	case REPLANNED:
		return add_replanned(out, field(s, o));
	}
	return 0;
}

static void key_of(const struct setting *s, char key[64])
{
	snprintf(key, 64, "%s", s->name);
	for (char *c = key; *c; c++)
		if (*c == '-')
			*c = '_';
}

int nt_settings_write(const struct nt_train_options *o, struct nt_buf *out)
{
	int rc = nt_buf_printf(out, "{");
	for (size_t i = 0; rc == 0 && i < N_SETTING; i++) {
		char key[64];
		key_of(&settings[i], key);
		if ((rc = nt_buf_printf(out, "%s\"%s\": ", i ? ", " : "", key)) == 0)
			rc = add_value(out, &settings[i], o);
	}
	return rc < 0 ? rc : nt_buf_printf(out, "}");
}

static bool take_choice(const struct setting *s, struct json_object *v, int *out)
{
	const char *text = json_object_get_string(v);
	for (*out = 0; *out < (int)(sizeof(s->choices) / sizeof(*s->choices)) && s->choices[*out]; ++*out)
		if (text && strcmp(text, s->choices[*out]) == 0)
			return true;
	return false;
}

static bool take_interval(struct json_object *v, struct nt_interval *out)
{
	*out = (struct nt_interval){0};
	if (json_object_is_type(v, json_type_int) && json_object_get_int64(v) > 0) {
		out->steps = json_object_get_uint64(v);
		return true;
	}
	char *end;
	const char *text = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
	out->seconds = strtod(text, &end);
	return end != text && strcmp(end, "s") == 0 && isfinite(out->seconds) && out->seconds > 0;
}

static bool take_value(const struct setting *s, struct json_object *v, void *into)
{
	enum json_type type = json_object_get_type(v);
	if (s->type == CHOICE)
		return type == json_type_string && take_choice(s, v, into);
	if (s->type == TEXT) {
		const char *text = v ? json_object_get_string(v) : NULL;
		memcpy(into, &text, sizeof(text));
		return type == json_type_string || type == json_type_null;
	}
	if (s->type == INTERVAL)
		return take_interval(v, into);
	if (s->type == REPLANNED)
		return type == json_type_string && nt_train_read_replanned(into, json_object_get_string(v)) == 0;
	if (s->type == COUNT) {
		*(uint64_t *)into = json_object_get_uint64(v);
		return type == json_type_int && (json_object_get_int64(v) >= 0);
	}
	*(double *)into = json_object_get_double(v);
	return (type == json_type_double || type == json_type_int) && isfinite(*(double *)into);
}

/* Checkpoints of before there was one lack it: 0, which is what there was. */
static bool is_later(const struct setting *s)
{
	return s->at == AT(stride) || s->at == AT(dtype) || s->at == AT(optimizer) ||
	       s->at == AT(muon_momentum) || s->at == AT(label) || s->at == AT(z_loss) || s->at == AT(replanned) ||
	       s->at == AT(embedding_learning_rate) || s->at == AT(moments) || s->at == AT(on_spike) || s->at == AT(head_dim);
}

int nt_settings_read(struct nt_train_options *o, struct json_object *object, const char *path)
{
	for (size_t i = 0; i < N_SETTING; i++) {
		char key[64];
		struct json_object *v;
		key_of(&settings[i], key);
		if (is_later(&settings[i]) && !json_object_object_get_ex(object, key, NULL))
			continue;
		if (!json_object_object_get_ex(object, key, &v) ||
		    !take_value(&settings[i], v, (char *)o + settings[i].at))
			return nt_fail(NT_EFORMAT, "%s: option '%s' is missing or makes no sense", path, key);
	}
	return 0;
}

bool nt_settings_named(const struct nt_train_options *o, const char *name)
{
	for (size_t i = 0; i < o->n_named; i++)
		if (strcmp(o->named[i], name) == 0)
			return true;
	return false;
}

static bool is_equal(const struct setting *s, const struct nt_train_options *a,
		     const struct nt_train_options *b)
{
	if (s->type != TEXT)
		return memcmp(field(s, a), field(s, b), field_bytes(s)) == 0;
	const char *x = text_of(s, a), *y = text_of(s, b);
	return x == y || (x && y && strcmp(x, y) == 0);
}

static int refuse(const struct setting *s, const struct nt_train_options *o,
		  const struct nt_train_options *pinned, const char *dir)
{
	struct nt_buf was = {0}, is = {0};
	int rc = add_value(&was, s, pinned);
	if (rc == 0)
		rc = add_value(&is, s, o);
	if (rc == 0)
		rc = nt_fail(NT_EARG,
			     "%s: its %s is %.*s, and %.*s was asked: leave --%s out to resume it, "
			     "use --restart to begin anew, or -o OTHER",
			     dir, s->name, (int)was.len, (const char *)was.data, (int)is.len,
			     (const char *)is.data, s->name);
	nt_buf_release(&was);
	nt_buf_release(&is);
	return rc;
}

int nt_settings_resume(struct nt_train_options *o, const struct nt_train_options *pinned,
		       const char *dir)
{
	for (size_t i = 0; i < N_SETTING; i++) {
		const struct setting *s = &settings[i];
		bool is_named = nt_settings_named(o, s->name);
		if (is_named && !s->is_free && !is_equal(s, o, pinned))
			return refuse(s, o, pinned, dir);
		if (!is_named || !s->is_free)
			memcpy((char *)o + s->at, field(s, pinned), field_bytes(s));
	}
	return 0;
}

/* Nothing said twice. */
static int check_once(const struct nt_train_options *o)
{
	if (nt_settings_named(o, "replanned") && !nt_settings_named(o, "max-steps"))
		return nt_fail(NT_EARG, "--replanned says what --max-steps was earlier: give that too");
	if (nt_settings_named(o, "max-steps") + (o->max_tokens > 0) + (o->epochs > 0) > 1)
		return nt_fail(NT_EARG, "--max-steps, --max-tokens and --epochs are three ways to say how long: "
					"give one of them");
	if (o->size && (nt_settings_named(o, "hidden-size") || o->init))
		return nt_fail(NT_EARG, "--size chooses the width of a new model: leave it out beside --hidden-size or --init");
	if (o->batch_tokens && nt_settings_named(o, "batch-size") &&
	    nt_settings_named(o, "gradient-accumulation-steps"))
		return nt_fail(NT_EARG, "--batch-tokens follows from --batch-size and "
					"--gradient-accumulation-steps: give two of the three at most");
	return o->finetune && !o->init
		       ? nt_fail(NT_EARG, "--finetune goes on from a model: name it, as in --init DIR")
		       : 0;
}

int nt_settings_check(const struct nt_train_options *o)
{
	if (o->num_attention_heads && o->hidden_size && !o->head_dim && o->hidden_size % o->num_attention_heads)
		return nt_fail(NT_EARG, "--hidden-size %" PRIu64 " is not a multiple of "
					"--num-attention-heads %" PRIu64,
			       o->hidden_size, o->num_attention_heads);
	if (o->num_key_value_heads && o->num_attention_heads &&
	    o->num_attention_heads % o->num_key_value_heads)
		return nt_fail(NT_EARG, "--num-attention-heads %" PRIu64 " is not a multiple of "
					"--num-key-value-heads %" PRIu64,
			       o->num_attention_heads, o->num_key_value_heads);
	if (o->min_learning_rate >= 0 && o->learning_rate >= 0 &&
	    o->min_learning_rate > o->learning_rate)
		return nt_fail(NT_EARG, "--min-learning-rate %g is above --learning-rate %g",
			       o->min_learning_rate, o->learning_rate);
	if (o->dtype == NT_DTYPE_BF16 && !nt_has_bf16())
		return nt_fail(NT_EARG, "this CPU does not multiply bf16: --dtype f32 makes a run of its own, "
					"also with --init from this one's checkpoint");
	if (nt_settings_named(o, "warmup-steps") && o->max_steps && o->warmup_steps > o->max_steps)
		return nt_fail(NT_EARG, "--warmup-steps %" PRIu64 " is more than --max-steps %" PRIu64,
			       o->warmup_steps, o->max_steps);
	return check_once(o);
}

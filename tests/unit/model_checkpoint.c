/* SPDX-License-Identifier: MIT */
/* model_checkpoint.c - models saved, loaded, and refused */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "nt/err.h"
#include "nt/file.h"
#include "nt/model.h"
#include "nt/safetensors.h"

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/nt-model.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = {"config.json", "model.safetensors", "generation_config.json",
					    "tokenizer.json", "tokenizer_config.json", "x"};
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[128];
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

static struct nt_config small(enum nt_arch arch)
{
	struct nt_config c;
	nt_config_init(&c, arch);
	c.vocab_size = 11;
	c.hidden_size = 12;
	c.intermediate_size = 20;
	c.num_hidden_layers = 2;
	c.num_attention_heads = 2;
	c.num_key_value_heads = arch == NT_GPT2 ? 2 : 1;
	c.head_dim = 6;
	c.max_position_embeddings = 9;
	c.bos_token_id = 1;
	c.eos_token_id = 2;
	return c;
}

static void round_trip(enum nt_arch arch, bool is_tied)
{
	struct nt_config c = small(arch);
	struct nt_model *m, *again;
	c.tie_word_embeddings = is_tied;
	assert_int_equal(nt_model_new(&m, &c), 0);
	nt_model_init(m, 7);
	static const char json[] = "{\"added_tokens\":[{\"id\":1,\"content\":\"<b>\"}]}";
	struct nt_ident ident = {
		.vocab_size = 11, .bos = 1, .eos = 2,
		.json = (const uint8_t *)json, .json_len = strlen(json),
	};
	assert_int_equal(nt_model_save(m, dir, &ident, NT_PRECISION_REAL), 0);
	if (nt_model_load(&again, dir) < 0)
		fail_msg("%s", nt_errmsg());
	struct nt_buf want = {0}, got = {0};
	assert_int_equal(nt_config_print(&want, &m->config, NT_PRECISION_REAL), 0);
	assert_int_equal(nt_config_print(&got, &again->config, NT_PRECISION_REAL), 0);
	assert_string_equal(got.data, want.data);
	nt_buf_release(&want);
	nt_buf_release(&got);
	assert_int_equal(again->n_param, m->n_param);
	assert_memory_equal(again->param, m->param, m->n_param * sizeof(*m->param));
	assert_int_equal(again->tokenizer_json_len, ident.json_len);
	nt_model_free(again);
	nt_model_free(m);
}

static void a_saved_model_loads_as_it_was(void **state)
{
	(void)state;
	for (int arch = 0; arch < NT_ARCH_COUNT; arch++) {
		round_trip((enum nt_arch)arch, true);
		round_trip((enum nt_arch)arch, false);
	}
}

static void the_tokenizer_config_names_the_special_tokens(void **state)
{
	struct nt_buf text = {0};
	char path[128];
	(void)state;
	round_trip(NT_LLAMA, true);
	snprintf(path, sizeof(path), "%s/tokenizer_config.json", dir);
	assert_int_equal(nt_read_file(&text, path), 0);
	assert_int_equal(nt_buf_add(&text, "", 1), 0);
	assert_non_null(strstr((char *)text.data, "\"bos_token\": \"<b>\""));
	assert_non_null(strstr((char *)text.data, "\"eos_token\": null"));
	assert_non_null(strstr((char *)text.data, "\"PreTrainedTokenizerFast\""));
	nt_buf_release(&text);
}

static void first_weights_have_the_deviation_of_their_place(void **state)
{
	struct nt_config c = small(NT_GPT2);
	struct nt_model *m;
	(void)state;
	c.hidden_size = 64;
	c.head_dim = 32;
	c.intermediate_size = 256;
	assert_int_equal(nt_model_new(&m, &c), 0);
	nt_model_init(m, 1);
	for (size_t i = 0; i < m->n_tensor; i++) {
		const struct nt_tensor *t = &m->tensor[i];
		double sum = 0;
		for (size_t j = 0; j < t->n; j++)
			sum += pow((double)m->param[t->offset + j], 2);
		double deviation = sqrt(sum / (double)t->n);
		double want = strstr(t->name, "c_proj.weight") ? 0.01 : 0.02;
		if (strstr(t->name, "ln_"))
			want = strstr(t->name, "weight") ? 1 : 0;
		else if (strstr(t->name, "bias"))
			want = 0;
		assert_true(fabs(deviation - want) <= 0.1 * want);
	}
	nt_model_free(m);
}

static void refuse_config(const char *json, const char *why)
{
	struct nt_config c;
	assert_int_equal(nt_config_parse(&c, json, strlen(json), "config.json"), NT_EFORMAT);
	if (!strstr(nt_errmsg(), why))
		fail_msg("'%s' does not say '%s'", nt_errmsg(), why);
}

#define SHAPE                                                                                      \
	"\"vocab_size\":64,\"hidden_size\":32,\"intermediate_size\":88,\"num_hidden_layers\":2,"       \
	"\"num_attention_heads\":4,"
#define LLAMA "\"model_type\":\"llama\"," SHAPE
#define LLAMA3                                                                                     \
	"{\"rope_type\":\"llama3\",\"factor\":32,\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,"  \
	"\"original_max_position_embeddings\":8192}"

static void what_is_not_implemented_is_refused_by_name(void **state)
{
	(void)state;
	refuse_config("{" LLAMA "\"rope_scaling\":{\"type\":\"linear\",\"factor\":2.0}}", "rope_scaling");
	refuse_config("{" LLAMA "\"rope_parameters\":{\"rope_type\":\"yarn\"}}", "rope_parameters");
	refuse_config("{" LLAMA "\"rope_parameters\":{\"rope_type\":\"llama3\",\"rope_theta\":1e4}}", "has no factor");
	refuse_config("{" LLAMA "\"rope_parameters\":{\"rope_type\":\"default\",\"factor\":2.0}}", "\"factor\"");
	refuse_config("{" LLAMA "\"rope_scaling\":" LLAMA3 ",\"rope_parameters\":{\"rope_theta\":1e4}}", "contradict");
	refuse_config("{" LLAMA "\"rope_theta\":1e4,\"rope_parameters\":{\"rope_theta\":2e4}}", "contradict");
	refuse_config("{" LLAMA "\"rope_theta\":1e4,\"rope_scaling\":{\"type\":\"default\",\"rope_theta\":2e4}}", "contradict");
	refuse_config("{" LLAMA "\"attention_bias\":1}", "attention_bias");
	refuse_config("{" LLAMA "\"sliding_window\":128,\"max_position_embeddings\":129}", "sliding_window");
	refuse_config("{" LLAMA "\"layer_types\":[\"full_attention\",\"sliding_attention\"]}", "layer_types");
	refuse_config("{" LLAMA "\"logit_scale\":0.5}", "\"logit_scale\": 0.5");
	refuse_config("{" LLAMA "\"architectures\":[\"LlamaForSequenceClassification\"]}", "architectures");
	refuse_config("{" LLAMA "\"n_embd\":32}", "n_embd");
	refuse_config("{" SHAPE "\"model_type\":\"mistral\",\"num_key_value_heads\":2}", "4096 (the default)");
	refuse_config("{" SHAPE "\"model_type\":\"mistral\",\"num_key_value_heads\":2,\"sliding_window\":null,"
		      "\"attention_bias\":true}", "attention_bias");
	refuse_config("{" SHAPE "\"model_type\":\"qwen2\",\"num_key_value_heads\":2,\"use_sliding_window\":true}",
		      "sliding_window");
	refuse_config("{" SHAPE "\"model_type\":\"qwen3\"}", "num_key_value_heads 32");
	refuse_config("{" LLAMA "\"hidden_act\":\"gelu\"}", "hidden_act");
	refuse_config("{" LLAMA "\"head_dim\":7}", "head_dim 7 is odd");
	refuse_config("{" LLAMA "\"num_key_value_heads\":3}", "num_key_value_heads 3");
	refuse_config("{" LLAMA "\"bos_token_id\":64}", "bos_token_id 64");
	refuse_config("{" LLAMA "\"bos_token_id\":[1]}", "bos_token_id");
	refuse_config("{" LLAMA "\"eos_token_id\":[1,64]}", "eos_token_id 64");
	refuse_config("{" LLAMA "\"eos_token_id\":[]}", "\"eos_token_id\" is []");
	refuse_config("{" LLAMA "\"eos_token_id\":[1,null]}", "\"eos_token_id\" is null");
	refuse_config("{" LLAMA "\"eos_token_id\":[1,2,3,4,5,6,7,8,9]}", "more than 8 ends of text");
	refuse_config("{" LLAMA "\"rms_norm_eps\":\"small\"}", "rms_norm_eps");
	refuse_config("{\"model_type\":\"llama\"}", "vocab_size: 0");
	refuse_config("{\"model_type\":\"bert\"}", "'bert'");
	refuse_config("{\"model_type\":", "JSON");
	refuse_config("[]", "JSON");
}

static void gpt2_and_llama_names_are_both_read(void **state)
{
	struct nt_config c;
	static const char json[] =
		"{\"model_type\":\"gpt2\",\"vocab_size\":64,\"n_positions\":16,\"n_embd\":32,"
		"\"num_hidden_layers\":3,\"n_head\":2,\"n_inner\":null,\"eos_token_id\":[5,6],"
		"\"resid_pdrop\":0.1}";
	(void)state;
	assert_int_equal(nt_config_parse(&c, json, strlen(json), "x"), 0);
	assert_int_equal(c.num_hidden_layers, 3);
	assert_int_equal(c.intermediate_size, 128);
	assert_int_equal(c.head_dim, 16);
	assert_int_equal(c.eos_token_id, 5);
	static const char v5[] = "{" LLAMA "\"rope_parameters\":{\"rope_type\":\"default\",\"rope_theta\":5e5}}";
	assert_int_equal(nt_config_parse(&c, v5, strlen(v5), "x"), 0);
	assert_true(c.rope_theta == 5e5);
	assert_int_equal(c.num_key_value_heads, 4);
}

/* As their makers publish them, shortened by what repeats, with the parameters they tell of. */
static const struct {
	const char *json;
	size_t n_param;
} published[] = {
	{"{\"architectures\":[\"GPT2LMHeadModel\"],\"model_type\":\"gpt2\",\"n_ctx\":1024,\"n_embd\":768,\"n_head\":12,"
	 "\"n_layer\":12,\"n_positions\":1024,\"vocab_size\":50257,\"activation_function\":\"gelu_new\","
	 "\"attn_pdrop\":0.1,\"bos_token_id\":50256,\"eos_token_id\":50256,\"layer_norm_epsilon\":1e-05,"
	 "\"summary_type\":\"cls_index\",\"summary_use_proj\":true,"
	 "\"task_specific_params\":{\"text-generation\":{\"do_sample\":true,\"max_length\":50}}}",
	 124439808},
	{"{\"architectures\":[\"LlamaForCausalLM\"],\"model_type\":\"llama\",\"hidden_size\":2048,\"head_dim\":64,"
	 "\"intermediate_size\":8192,\"num_attention_heads\":32,\"num_hidden_layers\":16,\"num_key_value_heads\":8,"
	 "\"vocab_size\":128256,\"max_position_embeddings\":131072,\"hidden_act\":\"silu\",\"mlp_bias\":false,"
	 "\"attention_bias\":false,\"pretraining_tp\":1,\"rms_norm_eps\":1e-05,\"rope_theta\":500000.0,"
	 "\"rope_scaling\":" LLAMA3 ",\"tie_word_embeddings\":true,\"torch_dtype\":\"bfloat16\",\"use_cache\":true,"
	 "\"bos_token_id\":128000,\"eos_token_id\":[128001,128008,128009],\"transformers_version\":\"4.45.0.dev0\"}",
	 1235814400},
	{"{\"architectures\":[\"Qwen2ForCausalLM\"],\"model_type\":\"qwen2\",\"hidden_size\":896,"
	 "\"intermediate_size\":4864,\"num_attention_heads\":14,\"num_hidden_layers\":24,\"num_key_value_heads\":2,"
	 "\"vocab_size\":151936,\"max_position_embeddings\":32768,\"max_window_layers\":24,\"sliding_window\":32768,"
	 "\"use_sliding_window\":false,\"use_mrope\":false,\"rope_theta\":1000000.0,\"rms_norm_eps\":1e-06,"
	 "\"tie_word_embeddings\":true,\"bos_token_id\":151643,\"eos_token_id\":151643}",
	 494032768},
	{"{\"architectures\":[\"Qwen3ForCausalLM\"],\"model_type\":\"qwen3\",\"hidden_size\":1024,\"head_dim\":128,"
	 "\"intermediate_size\":3072,\"num_attention_heads\":16,\"num_hidden_layers\":28,\"num_key_value_heads\":8,"
	 "\"vocab_size\":151936,\"max_position_embeddings\":40960,\"max_window_layers\":28,\"sliding_window\":null,"
	 "\"use_sliding_window\":false,\"rope_scaling\":null,\"rope_theta\":1000000,\"rms_norm_eps\":1e-06,"
	 "\"attention_bias\":false,\"attention_dropout\":0.0,\"tie_word_embeddings\":true,\"bos_token_id\":151643,"
	 "\"eos_token_id\":151645}",
	 596049920},
	{"{\"architectures\":[\"MistralForCausalLM\"],\"model_type\":\"mistral\",\"hidden_size\":4096,"
	 "\"intermediate_size\":14336,\"num_attention_heads\":32,\"num_hidden_layers\":32,\"num_key_value_heads\":8,"
	 "\"vocab_size\":32768,\"max_position_embeddings\":32768,\"sliding_window\":null,\"rope_theta\":1000000.0,"
	 "\"rms_norm_eps\":1e-05,\"tie_word_embeddings\":false,\"bos_token_id\":1,\"eos_token_id\":2}",
	 7248023552},
};

static void published_configs_have_the_parameters_they_are_known_for(void **state)
{
	struct nt_config c;
	(void)state;
	for (size_t i = 0; i < sizeof(published) / sizeof(*published); i++) {
		if (nt_config_parse(&c, published[i].json, strlen(published[i].json), "x") < 0)
			fail_msg("%s", nt_errmsg());
		assert_int_equal(nt_config_n_param(&c), published[i].n_param);
	}
	assert_int_equal(nt_config_parse(&c, published[1].json, strlen(published[1].json), "x"), 0);
	assert_true(c.rope_scaling.factor == 32 && c.rope_scaling.original_max_position_embeddings == 8192);
}

static void parse_ends(struct nt_config *c, const char *config, const char *generation)
{
	assert_int_equal(nt_config_parse(c, config, strlen(config), "x"), 0);
	if (nt_config_parse_generation(c, generation, strlen(generation), "y") < 0)
		fail_msg("%s", nt_errmsg());
}

static void every_end_of_text_is_kept(void **state)
{
	static const struct nt_ident tokenizer = {.bos = 10, .eos = 11};
	struct nt_config c;
	struct nt_buf text = {0};
	(void)state;
	parse_ends(&c, "{" LLAMA "\"eos_token_id\":[7,3,7]}", "{\"eos_token_id\":[3,5],\"top_k\":[]}");
	struct nt_ends e = nt_config_ends(&c, &tokenizer);
	assert_int_equal(e.bos, 10);
	assert_true(e.n_eos == 3 && e.eos[0] == 7 && e.eos[1] == 3 && e.eos[2] == 5);
	assert_true(nt_ends_is_eos(&e, 5) && !nt_ends_is_eos(&e, 11));
	assert_int_equal(nt_config_print(&text, &c, NT_PRECISION_REAL), 0);
	assert_non_null(strstr((char *)text.data, "\"eos_token_id\": [7, 3, 5],\n"));
	text.len = 0;
	assert_int_equal(nt_config_print_generation(&text, &c), 0);
	assert_string_equal(text.data, "{\n  \"eos_token_id\": [7, 3, 5]\n}\n");
	parse_ends(&c, "{" LLAMA "\"bos_token_id\":1,\"eos_token_id\":null}", "{}");
	e = nt_config_ends(&c, &tokenizer);
	assert_true(e.bos == 1 && e.n_eos == 1 && e.eos[0] == 11);
	e = nt_config_ends(&c, NULL);
	assert_true(e.n_eos == 0 && e.eos[0] == NT_NO_TOKEN && !nt_ends_is_eos(&e, NT_NO_TOKEN));
	parse_ends(&c, "{" LLAMA "\"bos_token_id\":1}", "{\"bos_token_id\":2,\"eos_token_id\":4}");
	assert_true(c.bos_token_id == 1 && c.eos_token_id == 4 && c.n_more_eos == 0);
	static const char *const wrong[] = {"{\"eos_token_id\":64}", "{\"eos_token_id\":[\"a\"]}", "[]", "{",
					    "{\"eos_token_id\":[10,11,12,13,14,15,16,17]}"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct nt_config bad = c;
		assert_int_equal(nt_config_parse_generation(&bad, wrong[i], strlen(wrong[i]), "y"), NT_EFORMAT);
		assert_non_null(strstr(nt_errmsg(), "y: "));
	}
	nt_buf_release(&text);
}

static void what_cannot_be_saved_is_said_before_the_first_file(void **state)
{
	struct nt_config c = small(NT_LLAMA);
	struct nt_ident ident = {.vocab_size = 12};
	struct nt_model *m;
	(void)state;
	assert_int_equal(remove_dir(state) | mkdir(dir, 0700), 0);
	assert_int_equal(nt_model_new(&m, &c), 0);
	nt_model_init(m, 7);
	assert_int_equal(nt_model_save(m, dir, &ident, NT_PRECISION_REAL), NT_EFORMAT);
	assert_string_equal(nt_errmsg(), "the tokenizer has 12 ids, the model 11");
	m->param[m->tensor[1].offset] = (nt_real)-65520;
	assert_int_equal(nt_model_save(m, dir, NULL, NT_PRECISION_F16), NT_EFAIL);
	assert_non_null(strstr(nt_errmsg(), "-65520, which f16 cannot hold: take bf16"));
	assert_int_equal(rmdir(dir) | mkdir(dir, 0700), 0);
	m->param[m->tensor[1].offset] = (nt_real)-65519;
	assert_int_equal(nt_model_save(m, dir, NULL, NT_PRECISION_F16), 0);
	m->param[m->tensor[1].offset] = (nt_real)-INFINITY;
	assert_int_equal(nt_model_save(m, dir, NULL, NT_PRECISION_F16), 0);
	m->param[m->tensor[1].offset] = (nt_real)3.4e38;
	assert_int_equal(nt_model_save(m, dir, NULL, NT_PRECISION_BF16), NT_EFAIL);
	assert_non_null(strstr(nt_errmsg(), "bf16 cannot hold: take f32"));
	nt_model_free(m);
}

/* A file of this header text (padded) and n bytes of data. */
static int parse(const char *json, size_t n)
{
	struct nt_buf b = {0};
	uint8_t zero[64] = {0}, len[8] = {(uint8_t)strlen(json), (uint8_t)(strlen(json) >> 8)};
	struct nt_safetensors *s;
	assert_int_equal(nt_buf_add(&b, len, 8), 0);
	assert_int_equal(nt_buf_add(&b, json, strlen(json)), 0);
	assert_int_equal(nt_buf_add(&b, zero, n), 0);
	int rc = nt_safetensors_parse(&s, b.data, b.len, "x");
	nt_safetensors_close(s);
	nt_buf_release(&b);
	return rc;
}

#define A(from, to) "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[" #from "," #to "]}"
#define Z(from, to) "\"z\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[" #from "," #to "]}"

static void a_tensor_file_must_tile_its_data(void **state)
{
	(void)state;
	assert_int_equal(parse("{" A(0, 8) "," Z(8, 12) "}   ", 12), 0);
	assert_int_equal(parse("{" Z(8, 12) "," A(0, 8) "}", 12), 0);
	assert_int_equal(parse("{" A(0, 8) "," Z(9, 13) "}", 13), NT_EFORMAT);   /* hole */
	assert_int_equal(parse("{" A(0, 8) "," Z(6, 10) "}", 10), NT_EFORMAT);   /* overlap */
	assert_int_equal(parse("{" A(0, 8) "}", 12), NT_EFORMAT);                /* rest */
	assert_int_equal(parse("{" A(0, 8) "}", 7), NT_EFORMAT);                 /* cut */
	assert_int_equal(parse("{" A(0, 4) "}", 4), NT_EFORMAT);                 /* shape */
	assert_int_equal(parse("{" A(8, 0) "}", 8), NT_EFORMAT);
	assert_int_equal(parse("{" A(-8, 0) "}", 8), NT_EFORMAT);
	assert_int_equal(parse("{" A(0, 8) "," A(0, 8) "}", 8), NT_EFORMAT);     /* twice */
	assert_int_equal(parse("{" A(0, 18446744073709551615) "}", 8), NT_EFORMAT);
	assert_int_equal(parse("{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,2],"
			       "\"data_offsets\":[0,8]}}", 8), NT_EFORMAT);
	assert_int_equal(parse("{\"a\":{\"dtype\":\"F31\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8),
			 NT_EFORMAT);
	assert_int_equal(parse("{\"__metadata__\":[]}", 0), NT_EFORMAT);
	assert_int_equal(parse("{\"a\":1}", 0), NT_EFORMAT);
	assert_int_equal(parse("{" A(0, 8), 8), NT_EFORMAT);
	assert_int_equal(parse("{}x", 0), NT_EFORMAT);
	assert_int_equal(parse("[]", 0), NT_EFORMAT);
}

static void every_floating_point_dtype_is_converted(void **state)
{
	static const uint8_t f16[] = {0, 0x3c, 0, 0xc1, 1, 0, 0xff, 0x7b}; /* 1 -2.5 2^-24 65504 */
	static const uint8_t bf16[] = {0x80, 0x3f, 0x20, 0xc0}, f64[] = {0, 0, 0, 0, 0, 0, 0xf8, 0x3f};
	struct nt_safetensor t = {.name = "t", .dtype = "F16", .n = 4, .data = f16};
	nt_real x[4];
	(void)state;
	assert_int_equal(nt_safetensor_real(&t, x), 0);
	assert_true(x[0] == 1 && x[1] == (nt_real)-2.5 && x[2] == (nt_real)0x1p-24 && x[3] == 65504);
	t = (struct nt_safetensor){.name = "t", .dtype = "BF16", .n = 2, .data = bf16};
	assert_int_equal(nt_safetensor_real(&t, x), 0);
	assert_true(x[0] == 1 && x[1] == (nt_real)-2.5);
	t = (struct nt_safetensor){.name = "t", .dtype = "F64", .n = 1, .data = f64};
	assert_int_equal(nt_safetensor_real(&t, x), 0);
	assert_true(x[0] == (nt_real)1.5);
	t = (struct nt_safetensor){.name = "t", .dtype = "I64", .n = 1, .data = f64};
	assert_int_equal(nt_safetensor_real(&t, x), NT_EFORMAT);
}

/* Changes one byte or cuts the saved file, and wants a refusal that names the file. */
static void a_damaged_checkpoint_is_refused(void **state)
{
	struct nt_model *m;
	struct nt_buf file = {0};
	char path[128];
	(void)state;
	round_trip(NT_GPT2, true);
	snprintf(path, sizeof(path), "%s/model.safetensors", dir);
	assert_int_equal(nt_read_file(&file, path), 0);
	for (size_t len = 0; len < file.len; len += 97) {
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(file.data, 1, len, f), len);
		assert_int_equal(fclose(f), 0);
		assert_int_equal(nt_model_load(&m, dir), NT_EFORMAT);
		assert_null(m);
		assert_non_null(strstr(nt_errmsg(), path));
	}
	nt_buf_release(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_saved_model_loads_as_it_was),
		cmocka_unit_test(the_tokenizer_config_names_the_special_tokens),
		cmocka_unit_test(first_weights_have_the_deviation_of_their_place),
		cmocka_unit_test(what_is_not_implemented_is_refused_by_name),
		cmocka_unit_test(gpt2_and_llama_names_are_both_read),
		cmocka_unit_test(published_configs_have_the_parameters_they_are_known_for),
		cmocka_unit_test(every_end_of_text_is_kept),
		cmocka_unit_test(what_cannot_be_saved_is_said_before_the_first_file),
		cmocka_unit_test(a_tensor_file_must_tile_its_data),
		cmocka_unit_test(every_floating_point_dtype_is_converted),
		cmocka_unit_test(a_damaged_checkpoint_is_refused),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

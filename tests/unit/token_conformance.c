/* SPDX-License-Identifier: MIT */
/*
 * token_conformance.c - ids, one by one, against the reference implementations
 *
 * The sets are lines of {"mode", "text_b64", "ids"}, compressed, in ../shared/data; where
 * they are not, the whole is skipped. Mode "ordinary" is encoding with specials as text,
 * "special_all" and "hf" with specials recognised; "hf_add" has what a post-processor
 * adds, which is our [B] or nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <zstd.h>

#include "nt/err.h"
#include "nt/file.h"
#include "nt/tokenizer.h"
#include "token_check.h"

#define SHARED "../shared/data/"

/* Appends the content of a .zst file. */
static void read_zst(struct nt_buf *out, const char *path)
{
	struct nt_buf packed = {0};
	assert_int_equal(nt_read_file(&packed, path), 0);
	unsigned long long size = ZSTD_getFrameContentSize(packed.data, packed.len);
	assert_true(size < 1ull << 30);
	assert_int_equal(nt_buf_reserve(out, size), 0);
	size_t n = ZSTD_decompress(out->data + out->len, size, packed.data, packed.len);
	assert_int_equal(n, size);
	out->len += n;
	nt_buf_release(&packed);
}

static void unbase64(struct nt_buf *out, const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	int n_bit = 0;
	for (const char *d; *text && (d = strchr(digits, *text)); text++) {
		bits = bits << 6 | (uint32_t)(d - digits);
		if ((n_bit += 6) >= 8)
			assert_int_equal(nt_buf_add(out, &(uint8_t){(uint8_t)(bits >> (n_bit -= 8))}, 1), 0);
	}
}

struct score {
	size_t n_case, n_wrong;
};

static int64_t id_at(struct json_object *list, size_t i)
{
	return json_object_get_int64(json_object_array_get_idx(list, i));
}

/* From `from` on. */
static bool is_same(struct json_object *want, size_t from, const uint32_t *id, size_t n)
{
	if (json_object_array_length(want) != from + n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (id_at(want, from + i) != id[i])
			return false;
	return true;
}

static bool begins_with_bos(struct json_object *want, const struct nt_tokenizer *t)
{
	return json_object_array_length(want) && id_at(want, 0) == nt_tokenizer_ident(t)->bos;
}

static void run_case(struct nt_encoder *e, const struct nt_tokenizer *t, struct json_object *line,
		     struct score *score)
{
	const char *mode = json_object_get_string(json_object_object_get(line, "mode"));
	struct json_object *want = json_object_object_get(line, "ids");
	bool has_bos = strcmp(mode, "hf_add") == 0 && begins_with_bos(want, t);
	struct nt_buf text = {0}, back = {0};
	struct nt_ids ids = {0}, unit = {0};
	unsigned flags = strcmp(mode, "ordinary") == 0 ? 0 : NT_ALLOW_SPECIAL;
	unbase64(&text, json_object_get_string(json_object_object_get(line, "text_b64")));
	assert_int_equal(nt_encode_units(e, text.data, text.len, flags, &ids, &unit), 0);
	bool right = is_same(want, has_bos, ids.id, ids.n);
	if (!right && score->n_wrong++ < 3)
		fprintf(stderr, "# wrong: %s\n",
			json_object_get_string(json_object_object_get(line, "id")));
	score->n_case++;
	size_t in_units = 0;
	for (size_t i = 0; i < unit.n; i++)
		in_units += unit.id[i];
	assert_int_equal(in_units, ids.n);
	if (!flags) { /* and back to the very bytes */
		assert_int_equal(nt_decode(t, ids.id, ids.n, &back), 0);
		assert_int_equal(back.len, text.len);
		if (text.len)
			assert_memory_equal(back.data, text.data, text.len);
	}
	nt_buf_release(&text);
	nt_buf_release(&back);
	nt_ids_release(&ids);
	nt_ids_release(&unit);
}

static struct score run_set(const struct nt_tokenizer *t, const char *path)
{
	struct nt_buf lines = {0};
	struct score score = {0};
	struct nt_encoder *e = nt_encoder_new(t);
	assert_non_null(e);
	read_zst(&lines, path);
	for (char *p = (char *)lines.data, *end = p + lines.len, *feed; p < end; p = feed + 1) {
		feed = memchr(p, '\n', (size_t)(end - p));
		assert_non_null(feed);
		*feed = 0;
		struct json_object *line = json_tokener_parse(p);
		assert_non_null(line);
		run_case(e, t, line, &score);
		json_object_put(line);
	}
	nt_encoder_free(e);
	nt_buf_release(&lines);
	return score;
}

/* Opens a compressed vocabulary by way of a file of its name, as a user would. */
static struct nt_tokenizer *open_packed(const char *path, const char *name)
{
	char folder[] = "/tmp/nt-test.XXXXXX", file[128];
	struct nt_buf text = {0};
	struct nt_tokenizer *t;
	struct nt_out *out;
	read_zst(&text, path);
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/%s", folder, name);
	assert_int_equal(nt_out_open(&out, file, 0), 0);
	assert_int_equal(nt_out_write(out, text.data, text.len), 0);
	assert_int_equal(nt_out_close(out), 0);
	if (nt_tokenizer_open(&t, file, NULL) < 0)
		fail_msg("%s", nt_errmsg());
	unlink(file);
	rmdir(folder);
	nt_buf_release(&text);
	return t;
}

static void check_set(const char *vocab, const char *file, const char *set)
{
	struct nt_tokenizer *t = open_packed(vocab, file);
	struct score score = run_set(t, set);
	assert_true(score.n_case > 2000);
	assert_int_equal(score.n_wrong, 0);
	check_canonical(t);
	nt_tokenizer_free(t);
}

#define RANKS(name)                                                                                \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		check_set(SHARED "vocabs/" #name ".tiktoken.zst", #name ".tiktoken",               \
			  SHARED "conformance/" #name ".jsonl.zst");                               \
	}
RANKS(r50k_base)
RANKS(p50k_base)
RANKS(cl100k_base)
RANKS(o200k_base)

#define JSON(name, file)                                                                           \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		check_set(SHARED "vocabs/" file ".tokenizer.json.zst", file ".tokenizer.json",     \
			  SHARED "conformance/" #name ".jsonl.zst");                               \
	}
JSON(llama3, "llama3_1")
JSON(gptoss, "gptoss")
JSON(qwen3, "qwen3")
JSON(deepseek_v3, "deepseek_v3")
JSON(gemma3, "gemma3")
JSON(llama2, "llama2")
static void gpt4o(void **state)
{
	(void)state;
	check_set(SHARED "vocabs/gpt4o.tokenizer.json.zst", "gpt4o.tokenizer.json",
		  SHARED "conformance/o200k_base.jsonl.zst");
}

/* GPT-2's two files as one tokenizer.json: vocab as it is, merges line by line. */
static struct nt_tokenizer *open_gpt2(void)
{
	struct nt_buf json = {0}, merges = {0};
	struct nt_tokenizer *t;
	assert_int_equal(nt_buf_printf(&json, "{\"added_tokens\":[{\"id\":50256,\"content\":"
		"\"<|endoftext|>\",\"special\":true}],\"pre_tokenizer\":{\"type\":\"ByteLevel\","
		"\"add_prefix_space\":false},\"model\":{\"vocab\":"), 0);
	read_zst(&json, SHARED "vocabs/gpt2.encoder.json.zst");
	read_zst(&merges, SHARED "vocabs/gpt2.vocab.bpe.zst");
	assert_int_equal(nt_buf_printf(&json, ",\"merges\":["), 0);
	const char *p = (char *)merges.data, *end = p + merges.len, *feed, *comma = "";
	for (; p < end && (feed = memchr(p, '\n', (size_t)(end - p))); p = feed + 1) {
		if (p == (char *)merges.data || feed == p) /* "#version" */
			continue;
		assert_int_equal(nt_buf_add(&json, comma, strlen(comma)), 0);
		assert_int_equal(nt_json_string(&json, p, (size_t)(feed - p)), 0);
		comma = ",";
	}
	assert_int_equal(nt_buf_printf(&json, "]}}"), 0);
	if (nt_tokenizer_parse(&t, json.data, json.len, "gpt2") < 0)
		fail_msg("%s", nt_errmsg());
	nt_buf_release(&json);
	nt_buf_release(&merges);
	return t;
}

static void gpt2(void **state)
{
	(void)state;
	struct nt_tokenizer *t = open_gpt2();
	struct nt_tokenizer *ranks = open_packed(SHARED "vocabs/r50k_base.tiktoken.zst", "ranks");
	struct score score = run_set(t, SHARED "conformance/r50k_base.jsonl.zst");
	assert_true(score.n_case > 2000);
	assert_int_equal(score.n_wrong, 0);
	/* one vocabulary in two forms */
	assert_memory_equal(nt_tokenizer_ident(t)->fingerprint,
			    nt_tokenizer_ident(ranks)->fingerprint, 16);
	nt_tokenizer_free(t);
	nt_tokenizer_free(ranks);
}

int main(void)
{
	if (access(SHARED "conformance", R_OK) != 0) {
		puts("1..0 # SKIP no shared data");
		return 0;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r50k_base), cmocka_unit_test(p50k_base),
		cmocka_unit_test(cl100k_base), cmocka_unit_test(o200k_base),
		cmocka_unit_test(llama3), cmocka_unit_test(gptoss), cmocka_unit_test(gpt4o),
		cmocka_unit_test(gpt2), cmocka_unit_test(qwen3), cmocka_unit_test(deepseek_v3),
		cmocka_unit_test(gemma3), cmocka_unit_test(llama2),
	};
	return cmocka_run_group_tests_name("ids of the reference implementations", tests, NULL, NULL);
}

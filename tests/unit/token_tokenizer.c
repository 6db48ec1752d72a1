/* SPDX-License-Identifier: MIT */
/* token_tokenizer.c - what a tokenizer says of itself, and what it will not be made from */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nt/err.h"
#include "nt/file.h"
#include "token/tokenizer.h"
#include "token_check.h"

static struct nt_tokenizer *from(const char *json)
{
	struct nt_tokenizer *t;
	if (nt_tokenizer_parse(&t, json, strlen(json), "test") < 0)
		fail_msg("%s", nt_errmsg());
	return t;
}

#define IDS(t, text, flags, want) check_ids_of(t, text, sizeof(text) - 1, flags, want)
#define PRE "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false}"
#define ABC "\"a\":0,\"b\":1,\"c\":2,\"ab\":3,\"bc\":4,\"abc\":5"

static void bytes_are_ids_and_two_more(void **state)
{
	(void)state;
	struct nt_tokenizer *t;
	assert_int_equal(nt_tokenizer_open(&t, "bytes", NULL), 0);
	const struct nt_ident *id = nt_tokenizer_ident(t);
	assert_int_equal(id->vocab_size, 258);
	assert_int_equal(id->bos, 256);
	assert_int_equal(id->eos, 257);
	assert_string_equal(id->name, "bytes");
	assert_string_equal(nt_token_name(t, 256), "<|begin_of_text|>");
	assert_null(nt_token_name(t, 65));
	assert_null(nt_tokenizer_remark(t));
	IDS(t, "a\0\xff", 0, "97 0 255");
	nt_tokenizer_free(t);
}

/* Also where a merge is of no tokens: it is not looked at. */
static void tokens_are_the_same_without_merges(void **state)
{
	(void)state;
	static const char json[] = "{\"added_tokens\":[{\"id\":6,\"content\":\"<|endoftext|>\",\"special\":true}],"
		PRE ",\"model\":{\"type\":\"BPE\",\"vocab\":{" ABC "},\"merges\":[\"a b\",[\"x\",\"]\"]]}}";
	struct nt_tokenizer *t;
	assert_int_equal(nt_tokenizer_parse(&t, json, strlen(json), "test"), NT_EFORMAT);
	assert_int_equal(nt_tokenizer_parse_tokens(&t, json, strlen(json), "test"), 0);
	const struct nt_ident *id = nt_tokenizer_summary(t);
	assert_int_equal(id->vocab_size, 7);
	assert_int_equal(id->eos, 6);
	size_t len;
	assert_memory_equal(nt_token_bytes(t, 5, &len), "abc", 3);
	assert_int_equal(len, 3);
	assert_int_equal(nt_token_find(t, "bc", 2), 4);
	assert_string_equal(nt_token_name(t, 6), "<|endoftext|>");
	nt_tokenizer_free(t);
}

static void the_embedded_vocabulary_has_8192_entries(void **state)
{
	(void)state;
	struct nt_tokenizer *t;
	assert_int_equal(nt_tokenizer_open(&t, NULL, NULL), 0);
	const struct nt_ident *id = nt_tokenizer_ident(t);
	assert_int_equal(id->vocab_size, 8192);
	assert_int_equal(id->bos, 8190);
	assert_int_equal(id->eos, 8191);
	assert_string_equal(id->name, "nt-8k");
	assert_int_equal(nt_ident_width(id), 2);
	for (uint32_t b = 0; b < 256; b++) {
		size_t len;
		const uint8_t *bytes = nt_token_bytes(t, b, &len);
		assert_int_equal(len, 1);
		assert_int_equal(*bytes, b);
	}
	nt_tokenizer_free(t);
}

static void specials_in_text_are_text_unless_allowed(void **state)
{
	(void)state;
	struct nt_tokenizer *t;
	struct nt_buf text = {0};
	assert_int_equal(nt_tokenizer_open(&t, "bytes", NULL), 0);
	IDS(t, "<|end_of_text|>", NT_ALLOW_SPECIAL, "257");
	IDS(t, "a<|end_of_text|><|begin_of_text|>b", NT_ALLOW_SPECIAL, "97 257 256 98");
	IDS(t, "<|e", 0, "60 124 101");
	IDS(t, "<|end_of_text|", NT_ALLOW_SPECIAL, "60 124 101 110 100 95 111 102 95 116 101 120 116 124");
	assert_int_equal(nt_decode(t, (uint32_t[]){97, 257, 98}, 3, &text), 0);
	assert_int_equal(text.len, 2);
	assert_memory_equal(text.data, "ab", 2);
	assert_int_equal(nt_decode(t, (uint32_t[]){258}, 1, &text), NT_EFORMAT);
	assert_int_equal(nt_token_find(t, "<|end_of_text|>", 15), 257);
	assert_int_equal(nt_token_find(t, "a", 1), 97);
	assert_true(nt_token_find(t, "ab", 2) == NT_NO_TOKEN);
	nt_buf_release(&text);
	nt_tokenizer_free(t);
}

static void the_place_in_the_list_of_merges_counts_not_the_id(void **state)
{
	(void)state;
	struct nt_tokenizer *t = from("{" PRE ",\"model\":{\"vocab\":{" ABC "},"
				      "\"merges\":[\"b c\",[\"a\",\"b\"]]}}");
	IDS(t, "abc", 0, "0 4"); /* by ids, a b would go first */
	assert_string_equal(nt_tokenizer_remark(t), "added: <|begin_of_text|> is token 6, "
						    "<|end_of_text|> is token 7");
	nt_tokenizer_free(t);
}

static void a_whole_piece_is_preferred_where_the_file_says_so(void **state)
{
	(void)state;
	struct nt_tokenizer *t = from("{" PRE ",\"model\":{\"type\":\"BPE\",\"ignore_merges\":true,"
				      "\"vocab\":{" ABC "},\"merges\":[\"b c\"]}}");
	IDS(t, "abc", 0, "5");
	IDS(t, "abcb", 0, "0 4 1");
	nt_tokenizer_free(t);
}

static void one_mark_serves_as_both_ends(void **state)
{
	(void)state;
	struct nt_tokenizer *t = from("{\"added_tokens\":[{\"id\":9,\"content\":\"<|endoftext|>\","
				      "\"special\":true},{\"id\":7,\"content\":\"<think>\"}]," PRE
				      ",\"model\":{\"vocab\":{" ABC ",\"<|endoftext|>\":9},\"merges\":[]}}");
	const struct nt_ident *id = nt_tokenizer_ident(t);
	assert_int_equal(id->bos, 9);
	assert_int_equal(id->eos, 9);
	assert_int_equal(id->vocab_size, 10);
	size_t len;
	assert_null(nt_token_bytes(t, 8, &len)); /* a hole */
	assert_int_equal(len, 0);
	IDS(t, "a<think>b", 0, "0 7 1"); /* not special: found in any text */
	nt_tokenizer_free(t);
}

static void a_byte_without_a_token_is_said(void **state)
{
	(void)state;
	struct nt_tokenizer *t = from("{" PRE ",\"model\":{\"vocab\":{" ABC "},\"merges\":[]}}");
	struct nt_encoder *e = nt_encoder_new(t);
	struct nt_ids ids = {0};
	assert_int_equal(nt_encode(e, "abx", 3, 0, &ids), NT_EFORMAT);
	assert_non_null(strstr(nt_errmsg(), "0x78"));
	nt_ids_release(&ids);
	nt_encoder_free(e);
	nt_tokenizer_free(t);
}

static void check_refused(const char *json, const char *because)
{
	struct nt_tokenizer *t;
	assert_int_equal(nt_tokenizer_parse(&t, json, strlen(json), "test"), NT_EFORMAT);
	assert_null(t);
	if (!strstr(nt_errmsg(), because))
		fail_msg("said '%s', not '%s'", nt_errmsg(), because);
}

static void what_is_not_implemented_is_refused_by_name(void **state)
{
	(void)state;
	check_refused("{" PRE ",\"model\":{\"type\":\"Unigram\",\"vocab\":[]}}", "'Unigram'");
	check_refused("{" PRE ",\"model\":{\"type\":\"WordPiece\",\"vocab\":{}}}", "'WordPiece'");
	check_refused("{\"normalizer\":{\"type\":\"BertNormalizer\"}," PRE
		      ",\"model\":{\"vocab\":{},\"merges\":[]}}", "normalizer 'BertNormalizer'");
	check_refused("{\"pre_tokenizer\":{\"type\":\"UnicodeScripts\"},\"model\":{\"vocab\":{},"
		      "\"merges\":[]}}", "'UnicodeScripts'");
	check_refused("{\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"ByteLevel\"},"
		      "{\"type\":\"Metaspace\",\"replacement\":\"_\"}]},\"model\":{\"vocab\":{},\"merges\":[]}}",
		      "behind ByteLevel 'Metaspace'");
	check_refused("{" PRE ",\"model\":{\"dropout\":0.1,\"vocab\":{},\"merges\":[]}}", "dropout");
	check_refused("{" PRE ",\"model\":{\"end_of_word_suffix\":\"</w>\",\"vocab\":{},\"merges\":[]}}",
		      "end_of_word_suffix");
}

static void what_is_wrong_is_named(void **state)
{
	(void)state;
	check_refused("{" PRE ",\"model\":{\"vocab\":{\"a\":0,\"b\":0},\"merges\":[]}}", "token 0");
	check_refused("{" PRE ",\"model\":{\"vocab\":{\"a\":-1},\"merges\":[]}}", "-1");
	check_refused("{" PRE ",\"model\":{\"vocab\":{\"a\":4000000000},\"merges\":[]}}", "4000000000");
	check_refused("{" PRE ",\"model\":{\"vocab\":{\"a b\":0},\"merges\":[]}}", "'a b'");
	check_refused("{" PRE ",\"model\":{\"vocab\":{" ABC "},\"merges\":[\"a x\"]}}", "merge 0: 'x'");
	check_refused("{" PRE ",\"model\":{\"vocab\":{" ABC "},\"merges\":[\"a c\"]}}", "'ac'");
	check_refused("{" PRE ",\"model\":{\"vocab\":{" ABC "},\"merges\":[[\"a\"]]}}", "merge 0");
	check_refused("{" PRE ",\"model\":{\"vocab\":{" ABC "},\"merges\":[]}", "cut");
	check_refused("{" PRE ",\"model\":{\"vocab\":{" ABC "},\"merges\":[]}} x", "goes on");
	check_refused("{\"added_tokens\":[{\"id\":9,\"content\":\"a\"}]," PRE ",\"model\":{\"vocab\":{" ABC
		      "},\"merges\":[]}}", "written like token 0");
	check_refused("{" PRE ",\"model\":{\"vocab\":{\"a\":0,\"b\":1,\"a\":2},\"merges\":[]}}", "'a' twice");
	check_refused("{" PRE ",\"model\":{\"vocab\":{},\"vocab\":{},\"merges\":[]}}", "vocab twice");
	check_refused("{" PRE ",\"model\":{\"vocab\":{" ABC "},\"merges\":[[\"a\",\"b\",\"c\"]]}}", "merge 0");
	check_refused("{" PRE ",\"model\":{\"vocab\":{" ABC "},\"merges\":[\"a b\",[\"ab\",1]]}}", "merge 1");
	check_refused("{" PRE ",\"model\":{\"vocab\":{" ABC "},\"merges\":[\"ab\"]}}", "merge 0");
	check_refused("{" PRE ",\"model\":{\"vocab\":{\"a\":1.5},\"merges\":[]}}", "1.5");
	check_refused("{" PRE ",\"model\":{\"vocab\":{\"a\":\"0\"},\"merges\":[]}}", "an id is \"0\"");
	check_refused("[1]", "model");
	check_refused("{}", "no model in it");
	check_refused("", "cut");
}

static void a_fingerprint_is_of_the_tokenizer_not_of_the_file(void **state)
{
	(void)state;
	struct nt_tokenizer *t[3] = {
		from("{" PRE ",\"model\":{\"vocab\":{" ABC "},\"merges\":[\"a b\"]}}"),
		from("{ \"version\":\"1.0\",\"model\":{\"type\":\"BPE\",\"merges\":[[\"a\",\"b\"]],"
		     "\"ignore_merges\":false,\"vocab\":{\"abc\":5,\"c\":2,\"b\":1,\"bc\":4,\"a\":0,"
		     "\"ab\":3}}," PRE "}"),
		from("{" PRE ",\"model\":{\"vocab\":{" ABC "},\"merges\":[\"b c\"]}}"),
	};
	assert_memory_equal(nt_tokenizer_ident(t[0])->fingerprint, nt_tokenizer_ident(t[1])->fingerprint, 16);
	assert_memory_not_equal(nt_tokenizer_ident(t[0])->fingerprint,
				nt_tokenizer_ident(t[2])->fingerprint, 16);
	for (int i = 0; i < 3; i++)
		nt_tokenizer_free(t[i]);
}

static void merges_are_read_however_they_are_laid_out(void **state)
{
	(void)state;
#define VOCAB "\"vocab\":{\"a\":0,\"\\\"\":1,\"\xc4\xa0\":2,\"a\\\"\":3,\"\xc4\xa0" "a\":4,\"\\\"a\":5," \
	      "\"\xc4\xa0" "a\\\"\":6}"
	static const char *const model[] = {
		VOCAB ",\"merges\":[\"a \\\"\",\"\xc4\xa0 a\",\"\\\" a\",\"\xc4\xa0 a\\\"\"]",
		"\"merges\":[[\"a\",\"\\\"\"],[\"\xc4\xa0\",\"a\"],[\"\\\"\",\"a\"],[\"\xc4\xa0\",\"a\\\"\"]]," VOCAB,
		VOCAB ",\"merges\": [\n  [\n    \"a\",\n    \"\\u0022\"\n  ],\n  [\n    \"\\u0120\",\n    \"a\"\n  ],\n  [\n"
		      "    \"\\\"\",\n    \"a\"\n  ],\n  [\n    \"\xc4\xa0\",\n    \"\\u0061\\\"\"\n  ]\n]",
		VOCAB ",\"merges\":[\"a \\\"\", [\"\xc4\xa0\", \"a\"],[\"\\\"\",\"a\"],\n\"\xc4\xa0 a\\\"\"]",
		VOCAB ",\"merges\":[\"a\\u0020\\\"\",\"\xc4\xa0 a\",\"\\\" a\"  ,\"\xc4\xa0 a\\\"\"]",
	};
	uint8_t first[16];
	for (size_t i = 0; i < sizeof(model) / sizeof(*model); i++) {
		char json[1024];
		snprintf(json, sizeof(json), "{" PRE ",\"model\":{%s}}", model[i]);
		struct nt_tokenizer *t = from(json);
		if (i == 0)
			memcpy(first, nt_tokenizer_ident(t)->fingerprint, 16);
		assert_memory_equal(nt_tokenizer_ident(t)->fingerprint, first, 16);
		IDS(t, " a\"a\"", 0, "4 1 0 1");
		nt_tokenizer_free(t);
	}
#undef VOCAB
}

static void units_take_whole_tokens(void **state)
{
	(void)state;
	/* a token that reaches over the border of two units */
	struct nt_tokenizer *t = from("{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"
				      "\"use_regex\":false},\"model\":{\"vocab\":{\"a\":0,\"\\u010a\":1,"
				      "\"\\u010aa\":2},\"merges\":[\"\\u010a a\"]}}");
	struct nt_encoder *e = nt_encoder_new(t);
	struct nt_ids ids = {0}, unit = {0};
	assert_int_equal(nt_encode_units(e, "a\n\na\n\na\n", 8, 0, &ids, &unit), 0);
	assert_int_equal(ids.n, 6); /* a, \n, \na, \n, \na, \n: ends at 1 2 4 5 7 8 */
	assert_int_equal(unit.n, 3);
	assert_int_equal(unit.id[0], 3); /* bytes [0, 3) end inside the third token */
	assert_int_equal(unit.id[1], 2);
	assert_int_equal(unit.id[2], 1);
	unit.n = ids.n = 0;
	assert_int_equal(nt_encode_units(e, "", 0, 0, &ids, &unit), 0);
	assert_int_equal(unit.n, 1);
	assert_int_equal(unit.id[0], 0);
	nt_ids_release(&ids);
	nt_ids_release(&unit);
	nt_encoder_free(e);
	nt_tokenizer_free(t);
}

/* Parts of a long text go different ways, where one is not NFC. */
static void a_long_text_is_normalized_where_it_must_be(void **state)
{
	static const char json[] = "{\"added_tokens\":[],\"normalizer\":{\"type\":\"NFC\"},"
		"\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":true},"
		"\"model\":{\"type\":\"BPE\",\"vocab\":{%s},\"merges\":[]}}";
	enum { WORDS = 20000 };
	struct nt_buf vocab = {0}, file = {0}, text = {0}, composed = {0};
	struct nt_tokenizer *t;
	struct nt_ids ids = {0}, want = {0};
	(void)state;
	for (unsigned b = 0; b < 256; b++) {
		uint8_t byte = (uint8_t)b;
		struct nt_buf written = {0};
		assert_int_equal(nt_alphabet_write(&written, &byte, 1), 0);
		assert_int_equal(nt_buf_add(&vocab, ",", b > 0), 0);
		assert_int_equal(nt_json_string(&vocab, written.data, written.len), 0);
		assert_int_equal(nt_buf_printf(&vocab, ":%u", b), 0);
		nt_buf_release(&written);
	}
	assert_int_equal(nt_buf_printf(&file, json, (char *)vocab.data), 0);
	assert_int_equal(nt_tokenizer_parse(&t, file.data, file.len, "nfc"), 0);
	for (int i = 0; i < WORDS; i++) { /* e and an accent in one of ten thousand */
		bool is_odd = i % 10000 == 9000;
		assert_int_equal(nt_buf_printf(&text, "word%s ", is_odd ? "e\xcc\x81" : ""), 0);
		assert_int_equal(nt_buf_printf(&composed, "word%s ", is_odd ? "\xc3\xa9" : ""), 0);
	}
	struct nt_encoder *e = nt_encoder_new(t);
	assert_int_equal(nt_encode(e, text.data, text.len, 0, &ids), 0);
	assert_int_equal(nt_encode(e, composed.data, composed.len, 0, &want), 0);
	assert_int_equal(ids.n, composed.len);
	assert_int_equal(want.n, composed.len);
	assert_memory_equal(ids.id, want.id, want.n * sizeof(*want.id));
	nt_encoder_free(e);
	nt_tokenizer_free(t);
	nt_ids_release(&ids);
	nt_ids_release(&want);
	nt_buf_release(&vocab);
	nt_buf_release(&file);
	nt_buf_release(&text);
	nt_buf_release(&composed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_text_is_normalized_where_it_must_be),
		cmocka_unit_test(bytes_are_ids_and_two_more),
		cmocka_unit_test(tokens_are_the_same_without_merges),
		cmocka_unit_test(the_embedded_vocabulary_has_8192_entries),
		cmocka_unit_test(specials_in_text_are_text_unless_allowed),
		cmocka_unit_test(the_place_in_the_list_of_merges_counts_not_the_id),
		cmocka_unit_test(a_whole_piece_is_preferred_where_the_file_says_so),
		cmocka_unit_test(one_mark_serves_as_both_ends),
		cmocka_unit_test(a_byte_without_a_token_is_said),
		cmocka_unit_test(what_is_not_implemented_is_refused_by_name),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_fingerprint_is_of_the_tokenizer_not_of_the_file),
		cmocka_unit_test(merges_are_read_however_they_are_laid_out),
		cmocka_unit_test(units_take_whole_tokens),
	};
	return cmocka_run_group_tests_name("tokenizers", tests, NULL, NULL);
}

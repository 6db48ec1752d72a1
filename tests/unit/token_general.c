/* SPDX-License-Identifier: MIT */
/*
 * token_general.c - tokenizers that normalize, fall back to bytes, and flag their tokens
 *
 * What is expected was printed by Hugging Face's tokenizers 0.23, or by SentencePiece for
 * its own files; more of that is compared in tests/interop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nt/err.h"
#include "nt/tokenizer.h"
#include "nt/vocab.h"
#include "token/tokenizer.h"
#include "token_check.h"

static struct nt_tokenizer *from(const char *json)
{
	struct nt_tokenizer *t;
	if (nt_tokenizer_parse(&t, json, strlen(json), "test") < 0)
		fail_msg("%s", nt_errmsg());
	check_canonical(t);
	return t;
}

/* The ids of a text with their places in it, as "7[0,1) 8[1,3)"; every byte is in a unit. */
static void check_spans(const struct nt_tokenizer *t, const char *text, unsigned flags, const char *want)
{
	struct nt_encoder *e = nt_encoder_new(t);
	struct nt_ids ids = {0}, again = {0}, unit = {0};
	struct nt_spans spans = {0};
	char got[512] = "";
	size_t in_units = 0;
	assert_int_equal(nt_encode_offsets(e, text, strlen(text), flags, &ids, &spans), 0);
	assert_int_equal(ids.n, spans.n);
	for (size_t i = 0; i < ids.n; i++) {
		size_t n = strlen(got);
		snprintf(got + n, sizeof(got) - n, "%s%u[%zu,%zu)", i ? " " : "", ids.id[i],
			 spans.span[i].start, spans.span[i].end);
	}
	assert_string_equal(got, want);
	assert_int_equal(nt_encode_units(e, text, strlen(text), flags, &again, &unit), 0);
	assert_int_equal(again.n, ids.n);
	for (size_t i = 0; i < unit.n; i++)
		in_units += unit.id[i];
	assert_int_equal(in_units, ids.n);
	nt_ids_release(&ids);
	nt_ids_release(&again);
	nt_ids_release(&unit);
	nt_spans_release(&spans);
	nt_encoder_free(e);
}

/* The same without the places. */
static void check_ids(const struct nt_tokenizer *t, const char *text, unsigned flags, const char *want)
{
	check_ids_of(t, text, strlen(text), flags, want);
}

#define BYTES "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false}"
#define ABC   "\"a\":0,\"b\":1,\"c\":2,\"ab\":3,\"bc\":4,\"\\u0120\":5"
#define PLAIN "\"model\":{\"vocab\":{" ABC "},\"merges\":[\"a b\",\"b c\"]}"

/* As Llama 2 and Gemma are. */
#define BLOCK "\\u2581"
#define WRITTEN                                                                                    \
	"\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"fuse_unk\":true,\"byte_fallback\":true,"    \
	"\"vocab\":{\"<unk>\":0,\"<0xC3>\":1,\"<0xA9>\":2,\"" BLOCK "\":3,\"a\":4,\"b\":5,\"" BLOCK       \
	"a\":6,\"ab\":7,\"" BLOCK BLOCK "\":8,\"\\n\":9},\"merges\":[[\"" BLOCK "\",\"a\"],[\"a\",\"b\"],"    \
	"[\"" BLOCK "\",\"" BLOCK "\"]]}"
#define LLAMA                                                                                      \
	"\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"" BLOCK  \
	"\"},{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"" BLOCK "\"}]}"

static void spaces_are_written_and_one_is_put_in_front(void **state)
{
	(void)state;
	struct nt_tokenizer *t = from("{" LLAMA "," WRITTEN "}");
	struct nt_buf text = {0};
	check_spans(t, "a b", 0, "6[0,1) 3[1,2) 5[2,3)");
	check_spans(t, "", 0, "");
	check_spans(t, "\xc3\xa9", 0, "3[0,0) 1[0,1) 2[1,2)");
	assert_int_equal(nt_decode(t, (uint32_t[]){6, 3, 5, 1, 2}, 5, &text), 0);
	assert_int_equal(text.len, 6);
	assert_memory_equal(text.data, " a b\xc3\xa9", 6);
	text.len = 0;
	assert_int_equal(nt_decode_document(t, (uint32_t[]){6, 3, 5}, 3, &text), 0);
	assert_int_equal(text.len, 3);
	assert_memory_equal(text.data, "a b", 3);
	size_t len;
	assert_memory_equal(nt_token_bytes(t, 6, &len), " a", 2);
	assert_int_equal(len, 2);
	assert_int_equal(nt_token_find(t, " a", 2), 6);
	assert_int_equal(nt_token_find(t, "\xa9", 1), 2);
	nt_buf_release(&text);
	nt_tokenizer_free(t);
}

static void what_is_unknown_is_bytes_or_one_token(void **state)
{
	(void)state;
	struct nt_tokenizer *t = from("{" WRITTEN "}");
	check_spans(t, "axyb", 0, "4[0,1) 0[1,3) 5[3,4)"); /* two unknown, fused */
	check_ids(t, "a\xc3\xa9x", 0, "4 1 2 0");
	check_ids(t, "x\xc3\xa9" "a", 0, "1 2 0 4"); /* the unknown waits, as in the reference */
	check_ids(t, "\xc3" "a", 0, "1 4");           /* a byte that is no character */
	nt_tokenizer_free(t);
	t = from("{\"model\":{\"vocab\":{\"a\":0},\"merges\":[]}}");
	struct nt_encoder *e = nt_encoder_new(t);
	struct nt_ids ids = {0};
	assert_int_equal(nt_encode(e, "ax", 2, 0, &ids), NT_EFORMAT);
	assert_non_null(strstr(nt_errmsg(), "'x'"));
	nt_ids_release(&ids);
	nt_encoder_free(e);
	nt_tokenizer_free(t);
}

static void added_tokens_stand_in_the_vocabulary_and_its_merges(void **state)
{
	(void)state;
	struct nt_tokenizer *t = from("{\"added_tokens\":[{\"id\":8,\"content\":\"" BLOCK BLOCK "\"},"
				      "{\"id\":9,\"content\":\"\\n\"}]," LLAMA "," WRITTEN "}");
	check_ids(t, "  b", 0, "8 3 5"); /* by merging spaces */
	check_ids(t, "a\na", 0, "6 9 6"); /* each part of the text begins anew */
	nt_tokenizer_free(t);
}

#define ADDED(flags) "\"added_tokens\":[{\"id\":9,\"content\":\"<x>\"," flags "}]"

static void flags_say_where_an_added_token_is_found(void **state)
{
	(void)state;
	struct nt_tokenizer *t = from("{" ADDED("\"single_word\":true") "," BYTES ","
				      "\"model\":{\"vocab\":{" ABC ",\"<\":6,\"x\":7,\">\":8},\"merges\":[]}}");
	check_ids(t, "<x> a<x> <x>b", 0, "9 5 0 6 7 8 5 6 7 8 1");
	nt_tokenizer_free(t);
	t = from("{" ADDED("\"lstrip\":true") "," BYTES "," PLAIN "}");
	check_spans(t, "a \t<x> b", 0, "0[0,1) 9[1,6) 5[6,7) 1[7,8)");
	nt_tokenizer_free(t);
	t = from("{" ADDED("\"rstrip\":true") "," BYTES "," PLAIN "}");
	check_spans(t, "a<x> \n b", 0, "0[0,1) 9[1,7) 1[7,8)");
	nt_tokenizer_free(t);
}

/* What reads the canonical form must not find a lone character in the model, either, and
 * gives it the id that it has only if it counts on from the vocabulary's size. */
static void a_character_outside_of_the_model_stays_outside(void **state)
{
	(void)state;
	static const struct {
		const char *id, *entry;
		bool is_listed;
	} cases[] = {{"2", "\"\\t\":2", false}, {"3", "\"\\t\":3", true}};
	for (size_t i = 0; i < 2; i++) {
		char json[256];
		snprintf(json, sizeof(json), "{\"added_tokens\":[{\"id\":%s,\"content\":\"\\t\",\"single_word\":true}],"
			 "\"model\":{\"unk_token\":\"<unk>\",\"vocab\":{\"<unk>\":0,\"a\":1},\"merges\":[]}}", cases[i].id);
		struct nt_tokenizer *t = from(json);
		check_ids(t, "a\ta", 0, "1 0 1");
		const struct nt_ident *id = nt_tokenizer_ident(t);
		struct nt_buf text = {0};
		assert_int_equal(nt_buf_add(&text, id->json, id->json_len), 0);
		assert_int_equal(nt_buf_add(&text, "", 1), 0);
		assert_int_equal(strstr((char *)text.data, cases[i].entry) != NULL, cases[i].is_listed);
		nt_buf_release(&text);
		nt_tokenizer_free(t);
	}
}

static void white_space_is_taken_in_once(void **state)
{
	(void)state;
	struct nt_tokenizer *t = from("{\"added_tokens\":[{\"id\":9,\"content\":\"  \",\"lstrip\":true,\"rstrip\":true}],"
				      BYTES "," PLAIN "}");
	check_spans(t, "a      b", 0, "0[0,1) 9[1,7) 1[7,8)");
	nt_tokenizer_free(t);
}

static void a_normalized_token_is_found_in_normalized_text(void **state)
{
	(void)state;
	struct nt_tokenizer *t = from("{\"added_tokens\":[{\"id\":9,\"content\":\"AB\",\"normalized\":true}],"
				      "\"normalizer\":{\"type\":\"Lowercase\"}," BYTES "," PLAIN "}");
	check_spans(t, "aB AbC", 0, "9[0,2) 5[2,3) 9[3,5) 2[5,6)");
	nt_tokenizer_free(t);
	t = from("{\"added_tokens\":[{\"id\":9,\"content\":\"AB\"}],\"normalizer\":{\"type\":\"Lowercase\"},"
		 BYTES "," PLAIN "}");
	check_spans(t, "ABAb", 0, "9[0,2) 3[2,4)");
	nt_tokenizer_free(t);
}

static void offsets_are_of_the_text_as_it_was(void **state)
{
	(void)state;
	struct nt_tokenizer *t = from("{\"normalizer\":{\"type\":\"NFC\"}," BYTES ",\"model\":{\"vocab\":{" ABC
				      ",\"\\u00c3\":6,\"\\u00a9\":7,\"\\u00c3\\u00a9\":8},\"merges\":"
				      "[\"\\u00c3 \\u00a9\",\"a b\"]}}");
	check_spans(t, "abe\xcc\x81" "ab", 0, "3[0,2) 8[2,5) 3[5,7)");
	check_spans(t, "ab\xc3\xa9", 0, "3[0,2) 8[2,4)");
	nt_tokenizer_free(t);
}

static void steps_and_flags_are_part_of_the_fingerprint(void **state)
{
	(void)state;
	static const char *const json[] = {
		"{" BYTES "," PLAIN "}", "{\"normalizer\":{\"type\":\"NFC\"}," BYTES "," PLAIN "}",
		"{\"normalizer\":{\"type\":\"NFD\"}," BYTES "," PLAIN "}",
		"{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true}," PLAIN "}",
		"{\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Digits\"},"
		"{\"type\":\"ByteLevel\",\"add_prefix_space\":false}]}," PLAIN "}"};
	enum { N = sizeof(json) / sizeof(*json) };
	struct nt_tokenizer *t[N];
	for (size_t i = 0; i < N; i++) {
		t[i] = from(json[i]);
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(nt_tokenizer_ident(t[i])->fingerprint,
						nt_tokenizer_ident(t[k])->fingerprint, 16);
	}
	for (size_t i = 0; i < N; i++)
		nt_tokenizer_free(t[i]);
}

static void ranks_cannot_say_what_is_done_to_text(void **state)
{
	(void)state;
	struct nt_tokenizer *t = from("{\"normalizer\":{\"type\":\"NFC\"}," BYTES ",\"model\":{\"vocab\":{"
				      "\"a\":0,\"b\":1,\"ab\":2},\"merges\":[\"a b\"]}}");
	struct nt_buf ranks = {0};
	assert_int_equal(nt_vocab_ranks(t, &ranks), NT_EFORMAT);
	assert_non_null(strstr(nt_errmsg(), "normalizer"));
	nt_tokenizer_free(t);
	t = from("{" BYTES ",\"model\":{\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[\"a b\"]}}");
	assert_int_equal(nt_vocab_ranks(t, &ranks), 0);
	nt_buf_release(&ranks);
	nt_tokenizer_free(t);
}

/* Merges are looked up many at a time. */
static void any_number_of_merges_is_read(void **state)
{
	(void)state;
	static const char *const form[] = {"%s\"%c %c\"", "%s[\"%c\",\"%c\"]"};
	for (size_t n = 126; n <= 130; n++)
		for (int f = 0; f < 2; f++) {
			struct nt_buf json = {0};
			struct nt_tokenizer *t;
			assert_int_equal(nt_buf_printf(&json, "{" BYTES ",\"model\":{\"vocab\":{"), 0);
			for (int c = 0; c < 26; c++)
				assert_int_equal(nt_buf_printf(&json, "\"%c\":%d,", 'a' + c, c), 0);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(nt_buf_printf(&json, "%s\"%c%c\":%zu", i ? "," : "", (int)('a' + i / 26),
							       (int)('a' + i % 26), 26 + i), 0);
			assert_int_equal(nt_buf_printf(&json, "},\"merges\":["), 0);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(nt_buf_printf(&json, form[f], i ? "," : "", (int)('a' + i / 26),
							       (int)('a' + i % 26)), 0);
			assert_int_equal(nt_buf_printf(&json, "]}}"), 0);
			if (nt_tokenizer_parse(&t, json.data, json.len, "test") < 0)
				fail_msg("%zu merges: %s", n, nt_errmsg());
			assert_int_equal(t->n_pair, n);
			nt_tokenizer_free(t);
			nt_buf_release(&json);
		}
}

/* --- SentencePiece -------------------------------------------------------------------- */

static void add_piece(struct nt_buf *file, const char *text, float score, int type)
{
	uint8_t bits[4];
	size_t n = strlen(text);
	memcpy(bits, &score, 4);
	assert_int_equal(nt_buf_printf(file, "\n%c\n%c%s\x15", (int)n + 9, (int)n, text), 0);
	assert_int_equal(nt_buf_add(file, bits, 4), 0);
	assert_int_equal(nt_buf_add(file, (uint8_t[]){0x18, (uint8_t)type}, 2), 0);
}

/* A model of a few pieces; flags: add_dummy_prefix, remove_extra_whitespaces. */
static void make_model(struct nt_buf *file, bool adds_prefix, bool removes_extra, int model_type)
{
	add_piece(file, "<unk>", 0, 2);
	add_piece(file, "<s>", 0, 3);
	add_piece(file, "</s>", 0, 3);
	add_piece(file, "<0xC3>", 0, 6);
	add_piece(file, "<0xA9>", 0, 6);
	add_piece(file, "<x>", 0, 4);
	add_piece(file, "ab", -0.0f, 1);
	add_piece(file, "\u2581" "a", -1, 1);
	add_piece(file, "\u2581", -2, 1);
	add_piece(file, "a", -3, 1);
	add_piece(file, "b", -4, 1);
	const uint8_t rest[] = {0x12, 5, 0x18, (uint8_t)model_type, 0x98, 0x02, 1, /* trainer_spec */
				0x1a, 4, 0x18, adds_prefix, 0x20, removes_extra};
	assert_int_equal(nt_buf_add(file, rest, sizeof(rest)), 0);
}

static struct nt_tokenizer *from_model(bool adds_prefix, bool removes_extra)
{
	struct nt_buf file = {0};
	struct nt_tokenizer *t;
	make_model(&file, adds_prefix, removes_extra, 2);
	assert_true(nt_sentencepiece_is(file.data, file.len));
	if (nt_sentencepiece_parse(&t, file.data, file.len, "test", NULL) < 0)
		fail_msg("%s", nt_errmsg());
	nt_buf_release(&file);
	check_canonical(t);
	return t;
}

static void a_sentencepiece_model_merges_by_score(void **state)
{
	(void)state;
	struct nt_tokenizer *t = from_model(true, false);
	const struct nt_ident *id = nt_tokenizer_ident(t);
	assert_int_equal(id->bos, 1);
	assert_int_equal(id->eos, 2);
	check_ids(t, "ab a", 0, "8 6 7"); /* ab before a space and a */
	check_ids(t, "a\xc3\xa9z", 0, "7 3 4 0");
	check_ids(t, "a<x>", 0, "7 5");
	check_ids(t, "  a", 0, "8 8 7");
	nt_tokenizer_free(t);
	t = from_model(false, true);
	check_ids(t, "  a   a ", 0, "9 7");
	nt_tokenizer_free(t);
}

static void what_is_no_bpe_model_is_refused(void **state)
{
	(void)state;
	struct nt_buf file = {0};
	struct nt_tokenizer *t;
	make_model(&file, true, false, 1);
	assert_int_equal(nt_sentencepiece_parse(&t, file.data, file.len, "test", NULL), NT_EFORMAT);
	assert_non_null(strstr(nt_errmsg(), "'Unigram'"));
	assert_int_equal(nt_sentencepiece_parse(&t, file.data, file.len, "test", "gpt2"), NT_EARG);
	for (size_t len = 0; len < file.len; len++) {
		assert_true(nt_sentencepiece_parse(&t, file.data, len, "test", NULL) < 0);
		assert_null(t);
	}
	nt_buf_release(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spaces_are_written_and_one_is_put_in_front),
		cmocka_unit_test(what_is_unknown_is_bytes_or_one_token),
		cmocka_unit_test(added_tokens_stand_in_the_vocabulary_and_its_merges),
		cmocka_unit_test(flags_say_where_an_added_token_is_found),
		cmocka_unit_test(a_character_outside_of_the_model_stays_outside),
		cmocka_unit_test(white_space_is_taken_in_once),
		cmocka_unit_test(a_normalized_token_is_found_in_normalized_text),
		cmocka_unit_test(offsets_are_of_the_text_as_it_was),
		cmocka_unit_test(steps_and_flags_are_part_of_the_fingerprint),
		cmocka_unit_test(ranks_cannot_say_what_is_done_to_text),
		cmocka_unit_test(any_number_of_merges_is_read),
		cmocka_unit_test(a_sentencepiece_model_merges_by_score),
		cmocka_unit_test(what_is_no_bpe_model_is_refused),
	};
	return cmocka_run_group_tests_name("any tokenizer.json", tests, NULL, NULL);
}

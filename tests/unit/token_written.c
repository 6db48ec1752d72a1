/* SPDX-License-Identifier: MIT */
/*
 * token_written.c - text cut at joints against text merged whole
 *
 * Small vocabularies of Llama 2's and Gemma's kind, and such as Metaspace writes, with merges at random,
 * among them some that cross spaces. The reference is the same tokenizer without its joints.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nt/file.h"
#include "nt/random.h"
#include "token/written.h"

static const char *const characters[] = {"a", "b", ".", "\n", "\xc3\xa9", "\xe2\x96\x81"};
enum { N_CHARACTER = sizeof(characters) / sizeof(*characters), N_MERGE = 40 };

static uint32_t draw(uint64_t *number, uint32_t n)
{
	return (uint32_t)nt_random_below(11, NT_RANDOM_SAMPLE, (*number)++, n);
}

static void add_string(struct nt_buf *json, const char *text)
{
	assert_int_equal(nt_json_string(json, text, strlen(text)), 0);
}

static void write_vocab(struct nt_buf *json, struct nt_buf *merges, uint64_t seed)
{
	char token[N_CHARACTER + N_MERGE][64];
	uint64_t number = seed << 32;
	uint32_t n = N_CHARACTER;
	for (uint32_t b = 0; b < 256; b++)
		assert_int_equal(nt_buf_printf(json, "\"<0x%02X>\":%u,", b, b), 0);
	for (uint32_t i = 0; i < N_CHARACTER; i++)
		strcpy(token[i], characters[i]);
	for (uint32_t i = 0; i < N_MERGE; i++) {
		const char *a = token[draw(&number, n)], *b = token[draw(&number, n)];
		bool is_new = strlen(a) + strlen(b) < 20;
		char both[128] = "";
		strcat(strcat(both, a), b);
		for (uint32_t k = 0; k < n; k++)
			is_new &= strcmp(token[k], both) != 0;
		/* most vocabularies have no token with a space inside */
		if (!is_new || (seed % 3 && strstr(b, characters[5]) && !strstr(a, characters[5])))
			continue;
		assert_int_equal(nt_buf_printf(merges, "%s[", merges->len ? "," : ""), 0);
		add_string(merges, a);
		assert_int_equal(nt_buf_add(merges, ",", 1), 0);
		add_string(merges, b);
		assert_int_equal(nt_buf_add(merges, "]", 1), 0);
		strcpy(token[n++], both);
	}
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(nt_buf_printf(json, "%s", i ? "," : ""), 0);
		add_string(json, token[i]);
		assert_int_equal(nt_buf_printf(json, ":%u", 256 + i), 0);
	}
}

#define REPLACE "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\xe2\x96\x81\"}"
#define METASPACE(scheme)                                                                          \
	"\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"\xe2\x96\x81\"," \
	"\"split\":false,\"prepend_scheme\":\"" scheme "\"}"
static const char *const forms[] = {
	"\"normalizer\":" REPLACE ",\"pre_tokenizer\":null",
	"\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"\xe2\x96\x81\"},"
	REPLACE "]},\"pre_tokenizer\":null",
	METASPACE("never"), METASPACE("first"), METASPACE("always"),
};
enum { N_FORM = sizeof(forms) / sizeof(*forms), PREPENDS = 1 };

/* "<x>" is added to the vocabulary, so that texts have stretches between added tokens. */
static struct nt_tokenizer *make(uint64_t seed, int form)
{
	struct nt_buf json = {0}, vocab = {0}, merges = {0};
	struct nt_tokenizer *t;
	write_vocab(&vocab, &merges, seed);
	assert_int_equal(nt_buf_printf(&json, "{\"added_tokens\":[{\"id\":1000,\"content\":\"<x>\"}],%s,\"decoder\":null,"
		"\"model\":{\"type\":\"BPE\",\"byte_fallback\":true,"
		"\"fuse_unk\":true,\"unk_token\":null,\"vocab\":{%.*s},\"merges\":[%.*s]}}", forms[form],
		(int)vocab.len, (char *)vocab.data, (int)merges.len, merges.len ? (char *)merges.data : ""), 0);
	assert_int_equal(nt_tokenizer_parse(&t, json.data, json.len, "written"), 0);
	nt_buf_release(&json);
	nt_buf_release(&vocab);
	nt_buf_release(&merges);
	return t;
}

static size_t make_text(char *text, uint64_t *number)
{
	static const char *const more[] = {" ", " ", "  ", "a", "b", "x", "\xe4\xb8\xad", "\xff", "ab", "<x>"};
	size_t n = draw(number, 60);
	*text = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t k = draw(number, 16);
		strcat(text, k < N_CHARACTER ? characters[k] : more[k - N_CHARACTER]);
	}
	return strlen(text);
}

static void compare(const struct nt_tokenizer *t, const struct nt_tokenizer *whole, uint64_t seed)
{
	struct nt_encoder *e = nt_encoder_new(t), *w = nt_encoder_new(whole);
	struct nt_ids got = {0}, want = {0};
	struct nt_spans spans = {0}, want_spans = {0};
	uint64_t number = seed << 32 | 1 << 24;
	char text[1000];
	for (int i = 0; i < 200; i++) {
		size_t len = make_text(text, &number);
		got.n = want.n = spans.n = want_spans.n = 0;
		assert_int_equal(nt_encode_offsets(w, text, len, 0, &want, &want_spans), 0);
		assert_int_equal(nt_encode_offsets(e, text, len, 0, &got, &spans), 0);
		assert_int_equal(got.n, want.n);
		assert_memory_equal(got.id, want.id, want.n * sizeof(*want.id));
		assert_int_equal(spans.n, want_spans.n);
		for (size_t k = 0; k < spans.n; k++)
			assert_int_equal(spans.span[k].end, want_spans.span[k].end);
	}
	nt_ids_release(&got);
	nt_ids_release(&want);
	nt_spans_release(&spans);
	nt_spans_release(&want_spans);
	nt_encoder_free(e);
	nt_encoder_free(w);
}

static void pieces_between_joints_have_the_ids_of_the_whole(void **state)
{
	(void)state;
	size_t n_cut = 0;
	for (uint64_t seed = 0; seed < 60; seed++) {
		struct nt_tokenizer *t = make(seed, (int)(seed % N_FORM)), *whole = make(seed, (int)(seed % N_FORM));
		assert_non_null(t->joints);
		n_cut += !(t->joints->bit['a'][0] >> ' ' & 1);
		free(whole->joints);
		whole->joints = NULL;
		compare(t, whole, seed);
		nt_tokenizer_free(t);
		nt_tokenizer_free(whole);
	}
	assert_in_range(n_cut, 20, 59); /* both kinds came */
}

static void a_text_may_come_in_parts(void **state)
{
	static const char text[] = "ab ab. a b ab";
	struct nt_tokenizer *t = make(1, PREPENDS);
	struct nt_encoder *e = nt_encoder_new(t);
	struct nt_ids whole = {0}, parts = {0};
	(void)state;
	size_t at = nt_written_seam(t->joints, (const uint8_t *)text, sizeof(text) - 1);
	assert_int_equal(at, strlen("ab ab. a b"));
	assert_int_equal(nt_encode(e, text, sizeof(text) - 1, 0, &whole), 0);
	assert_int_equal(nt_encode(e, text, at, 0, &parts), 0);
	assert_int_equal(nt_encode(e, text + at, sizeof(text) - 1 - at, NT_CONTINUES, &parts), 0);
	assert_int_equal(parts.n, whole.n);
	assert_memory_equal(parts.id, whole.id, whole.n * sizeof(*whole.id));
	nt_ids_release(&whole);
	nt_ids_release(&parts);
	nt_encoder_free(e);
	nt_tokenizer_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_between_joints_have_the_ids_of_the_whole),
		cmocka_unit_test(a_text_may_come_in_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * token_added.c - tokens found in text, beside trying each of them at each place
 *
 * Names of two letters, among them some that go on alike for long, so that the text is read
 * from behind sooner or later, over the ends of several blocks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nt/err.h"
#include "nt/random.h"
#include "token/starts.h"

enum { TOKENS_MOST = 30, LEN_MOST = 300, TEXT_MOST = 20000, N_ROUND = 300 };

struct dice {
	uint64_t seed, n_rolled;
};

static uint32_t roll(struct dice *d, uint32_t n)
{
	return (uint32_t)nt_random_below(d->seed, NT_RANDOM_SAMPLE, d->n_rolled++, n);
}

/* A short row of letters, again and again, with a mistake now and then. */
static void write_row(struct dice *d, char *text, size_t n)
{
	size_t period = 1 + roll(d, 3);
	uint32_t one_in = 2 + roll(d, 400);
	for (size_t i = 0; i < n; i++)
		text[i] = i < period || roll(d, one_in) == 0 ? (char)('a' + roll(d, 2)) : text[i - period];
}

static struct nt_tokenizer *make(struct dice *d)
{
	struct nt_tokenizer *t;
	uint32_t n = 1 + roll(d, TOKENS_MOST), n_added = 0;
	assert_int_equal(nt_tokenizer_new(&t, "test"), 0);
	for (int b = 0; b < 256; b++)
		assert_int_equal(nt_tokenizer_add(t, (uint32_t)b, &(uint8_t){(uint8_t)b}, 1, NT_KIND_ORDINARY), 0);
	for (uint32_t i = 0; i < n; i++) {
		char name[LEN_MOST];
		size_t len = 2 + roll(d, roll(d, 4) ? 8 : LEN_MOST - 2);
		bool is_new = true;
		write_row(d, name, len);
		for (uint32_t k = 0; k < n_added; k++)
			is_new &= t->token[256 + k].len != len || memcmp(nt_token_text(t, 256 + k), name, len) != 0;
		if (is_new)
			assert_int_equal(nt_tokenizer_add(t, 256 + n_added++, name, len, NT_KIND_ADDED), 0);
	}
	assert_int_equal(nt_tokenizer_index(t), 0);
	assert_int_equal(nt_tokenizer_finish(t, false), 0);
	return t;
}

/* The longest token at text[at], or NT_NO_TOKEN. */
static uint32_t longest_at(const struct nt_tokenizer *t, const uint8_t *text, size_t len, size_t at)
{
	uint32_t best = NT_NO_TOKEN;
	for (uint32_t id = 256; id < t->ident.vocab_size; id++)
		if (t->token[id].kind == NT_KIND_ADDED && t->token[id].len <= len - at &&
		    memcmp(nt_token_text(t, id), text + at, t->token[id].len) == 0 &&
		    (best == NT_NO_TOKEN || t->token[id].len > t->token[best].len))
			best = id;
	return best;
}

/* Returns whether the text was read from behind. */
static bool check(const struct nt_tokenizer *t, const uint8_t *text, size_t len)
{
	struct nt_starts *starts = NULL;
	struct nt_added_walk w = nt_added_walk(t, &t->raw, &starts, text, len, false);
	struct nt_added_match m;
	for (size_t at = 0; at < len;) {
		uint32_t id = longest_at(t, text, len, at);
		if (id == NT_NO_TOKEN) {
			at++;
			continue;
		}
		assert_int_equal(nt_added_next(&w, &m), 1);
		assert_int_equal(m.start, at);
		assert_int_equal(m.id, id);
		at += t->token[id].len;
	}
	assert_int_equal(nt_added_next(&w, &m), 0);
	bool was_read = starts != NULL;
	nt_starts_free(starts);
	return was_read;
}

static void the_leftmost_and_longest_is_found(void **state)
{
	(void)state;
	int n_read = 0;
	for (uint64_t seed = 0; seed < N_ROUND; seed++) {
		struct dice d = {.seed = seed};
		static char text[TEXT_MOST];
		struct nt_tokenizer *t = make(&d);
		size_t len = roll(&d, roll(&d, 4) ? TEXT_MOST / 20 : TEXT_MOST);
		write_row(&d, text, len);
		n_read += check(t, (const uint8_t *)text, len);
		nt_tokenizer_free(t);
	}
	assert_in_range(n_read, N_ROUND / 10, N_ROUND - N_ROUND / 10); /* both ways are tested */
}

/* Tokens may be longer than what is read from behind at once, and reach over its end. */
static void a_long_token_is_found_in_any_place(void **state)
{
	(void)state;
	enum { LONG = 9000 };
	static uint8_t text[5 * LONG];
	struct nt_tokenizer *t;
	memset(text, 'a', sizeof(text));
	text[LONG] = '!';
	assert_int_equal(nt_tokenizer_new(&t, "test"), 0);
	for (int b = 0; b < 256; b++)
		assert_int_equal(nt_tokenizer_add(t, (uint32_t)b, &(uint8_t){(uint8_t)b}, 1, NT_KIND_ORDINARY), 0);
	assert_int_equal(nt_tokenizer_add(t, 256, text, LONG + 1, NT_KIND_ADDED), 0);
	assert_int_equal(nt_tokenizer_add(t, 257, "aa!", 3, NT_KIND_ADDED), 0);
	assert_int_equal(nt_tokenizer_index(t), 0);
	assert_int_equal(nt_tokenizer_finish(t, false), 0);
	text[LONG] = 'a';
	for (size_t at = LONG; at < sizeof(text); at += 1999) {
		text[at] = '!';
		assert_true(check(t, text, sizeof(text)));
		text[at] = 'a';
	}
	nt_tokenizer_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_leftmost_and_longest_is_found),
		cmocka_unit_test(a_long_token_is_found_in_any_place),
	};
	return cmocka_run_group_tests_name("added tokens in text", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * token_merge.c - byte pair encoding against its definition
 *
 * Vocabularies are made at random over three letters: merges in any order, several ways to
 * make one token, tokens of up to a hundred bytes. The texts are short, long, and periodic.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nt/random.h"
#include "token/tokenizer.h"

enum { LETTERS = 3, MERGES = 60, LONGEST = 100, TEXT = 1500 };

static uint32_t draw(uint64_t *number, uint32_t n)
{
	return (uint32_t)nt_random_below(7, NT_RANDOM_SAMPLE, (*number)++, n);
}

static struct nt_tokenizer *make_vocabulary(uint64_t seed)
{
	struct nt_tokenizer *t;
	struct nt_pair pair[MERGES];
	uint64_t number = seed << 32;
	uint32_t n_token = LETTERS;
	assert_int_equal(nt_tokenizer_new(&t, "random"), 0);
	for (uint32_t i = 0; i < LETTERS; i++)
		assert_int_equal(nt_tokenizer_add(t, i, &(char){(char)('a' + i)}, 1, NT_KIND_ORDINARY), 0);
	for (size_t i = 0; i < MERGES; i++) {
		char bytes[2 * LONGEST];
		pair[i] = (struct nt_pair){draw(&number, n_token), draw(&number, n_token)};
		size_t left = t->token[pair[i].left].len, len = left + t->token[pair[i].right].len;
		memcpy(bytes, nt_token_text(t, pair[i].left), left);
		memcpy(bytes + left, nt_token_text(t, pair[i].right), len - left);
		bool is_new = len <= LONGEST;
		for (uint32_t k = 0; k < n_token; k++)
			is_new &= t->token[k].len != len || memcmp(nt_token_text(t, k), bytes, len) != 0;
		if (len > LONGEST)
			pair[i] = (struct nt_pair){0, 0};
		else if (is_new)
			assert_int_equal(nt_tokenizer_add(t, n_token++, bytes, len, NT_KIND_ORDINARY), 0);
	}
	if (t->ident.vocab_size == LETTERS)
		assert_int_equal(nt_tokenizer_add(t, LETTERS, "aa", 2, NT_KIND_ORDINARY), 0);
	assert_int_equal(nt_tokenizer_index(t), 0);
	for (size_t i = 0; i < MERGES; i++) {
		uint32_t a = pair[i].left, b = pair[i].right;
		char bytes[2 * LONGEST];
		memcpy(bytes, nt_token_text(t, a), t->token[a].len);
		memcpy(bytes + t->token[a].len, nt_token_text(t, b), t->token[b].len);
		if (nt_token_find_ordinary(t, bytes, t->token[a].len + t->token[b].len) != NT_NO_TOKEN)
			assert_int_equal(nt_tokenizer_merge(t, a, b), 0);
	}
	assert_int_equal(nt_pattern_init(&t->split, "none"), 0);
	assert_int_equal(nt_tokenizer_finish(t, false), 0);
	return t;
}

/* The definition: look at all neighbours, merge the best, again. */
static size_t define(const struct nt_tokenizer *t, const uint8_t *text, size_t n, uint32_t *id)
{
	for (size_t i = 0; i < n; i++)
		id[i] = (uint32_t)(text[i] - 'a');
	for (;;) {
		const struct nt_merge *best = NULL;
		size_t where = 0;
		for (size_t i = 0; i + 1 < n; i++) {
			const struct nt_merge *m = nt_merge_find(t, id[i], id[i + 1]);
			if (m && (!best || m->rank < best->rank)) {
				best = m;
				where = i;
			}
		}
		if (!best)
			return n;
		id[where] = best->id;
		memmove(id + where + 1, id + where + 2, (--n - where - 1) * sizeof(*id));
	}
}

static size_t make_text(uint8_t *text, uint64_t *number, size_t most)
{
	size_t n = 1 + draw(number, (uint32_t)most), period = draw(number, 4);
	for (size_t i = 0; i < n; i++)
		text[i] = period && i >= period ? text[i - period] : (uint8_t)('a' + draw(number, LETTERS));
	return n;
}

/* Merges symbols that come bit by bit. */
static void merge_parts(struct nt_scratch *scratch, const struct nt_tokenizer *t, const uint32_t *symbol,
			size_t n, uint64_t *number, struct nt_ids *got)
{
	size_t from = 0;
	for (size_t end = 0; end < n;) {
		end += 1 + draw(number, 900);
		if (end > n)
			end = n;
		ptrdiff_t done = nt_merge_symbols(scratch, t, symbol + from, end - from, end < n, got);
		assert_true(done >= 0);
		from += (size_t)done;
	}
	assert_int_equal(from, n);
}

static void a_piece_of_any_length_is_merged_as_defined(void **state)
{
	uint8_t text[TEXT];
	uint32_t want[TEXT], symbol[TEXT];
	(void)state;
	for (uint64_t seed = 0; seed < 150; seed++) {
		struct nt_tokenizer *t = make_vocabulary(seed);
		struct nt_scratch scratch = {0};
		struct nt_ids got = {0};
		uint64_t number = seed << 32 | 1 << 20;
		for (int k = 0; k < 12; k++) {
			size_t n = make_text(text, &number, k % 2 ? TEXT : 300);
			size_t n_want = define(t, text, n, want);
			got.n = 0;
			assert_int_equal(nt_merge_piece(&scratch, t, text, n, &got), 0);
			assert_int_equal(got.n, n_want);
			assert_memory_equal(got.id, want, n_want * sizeof(*want));
			for (size_t i = 0; i < n; i++)
				symbol[i] = (uint32_t)(text[i] - 'a');
			got.n = 0;
			assert_int_equal(nt_merge_symbols(&scratch, t, symbol, n, false, &got), n);
			assert_int_equal(got.n, n_want);
			assert_memory_equal(got.id, want, n_want * sizeof(*want));
			got.n = 0;
			merge_parts(&scratch, t, symbol, n, &number, &got);
			assert_int_equal(got.n, n_want);
			assert_memory_equal(got.id, want, n_want * sizeof(*want));
		}
		nt_ids_release(&got);
		nt_scratch_release(&scratch);
		nt_tokenizer_free(t);
	}
}

static void words_are_merged_as_defined(void **state)
{
	enum { WORDS = 37 };
	static struct nt_word word[WORDS];
	static uint8_t text[WORDS][NT_WORD_MOST];
	uint32_t want[NT_WORD_MOST];
	(void)state;
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct nt_tokenizer *t = make_vocabulary(seed);
		uint64_t number = seed << 32 | 1 << 20;
		for (size_t i = 0; i < WORDS; i++) {
			word[i].text = text[i];
			word[i].n = make_text(text[i], &number, NT_WORD_MOST);
		}
		nt_merge_words_fn *const by[] = {nt_merge_words_ref, nt_merge_words()};
		for (size_t k = 0; k < 2; k++) {
			by[k](t, word, WORDS);
			for (size_t i = 0; i < WORDS; i++) {
				size_t n_want = define(t, text[i], word[i].n, want);
				assert_int_equal(word[i].n_id, n_want);
				assert_memory_equal(word[i].id, want, n_want * sizeof(*want));
			}
		}
		nt_tokenizer_free(t);
	}
}

static void a_byte_without_a_token_is_an_error(void **state)
{
	struct nt_tokenizer *t = make_vocabulary(1);
	struct nt_scratch scratch = {0};
	struct nt_ids got = {0};
	struct nt_word word = {.text = (const uint8_t *)"abx", .n = 3};
	uint8_t text[TEXT];
	(void)state;
	memset(text, 'a', TEXT);
	text[TEXT - 1] = 'x';
	assert_true(nt_merge_piece(&scratch, t, text, TEXT, &got) < 0);
	nt_merge_words()(t, &word, 1);
	assert_int_equal(word.n_id, 0);
	nt_ids_release(&got);
	nt_scratch_release(&scratch);
	nt_tokenizer_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_piece_of_any_length_is_merged_as_defined),
		cmocka_unit_test(words_are_merged_as_defined),
		cmocka_unit_test(a_byte_without_a_token_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

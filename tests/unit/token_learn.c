/* SPDX-License-Identifier: MIT */
/*
 * token_learn.c - learning and merging against the shortest programs that are right
 *
 * The reference counts every pair anew for every merge and encodes by scanning for the
 * lowest rank: quadratic, and plain enough to be believed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nt/err.h"
#include "nt/random.h"
#include "nt/vocab.h"
#include "text/split.h"
#include "token/tokenizer.h"

enum { MOST = 20000, MERGES = 200 };

/* Text of few letters, in which merges overlap and tie often. */
static size_t make_text(char *text, uint64_t seed, size_t n, const char *letters)
{
	for (size_t i = 0; i < n; i++)
		text[i] = letters[nt_random_below(seed, NT_RANDOM_SAMPLE, i, strlen(letters))];
	return n;
}

static struct nt_tokenizer *learn_as(const char *text, size_t len, struct nt_learn_options options)
{
	struct nt_learner *l;
	struct nt_tokenizer *t;
	assert_int_equal(nt_learner_new(&l, &options, 1), 0);
	assert_int_equal(nt_learner_count(l, text, len), 0);
	assert_int_equal(nt_learner_run(l, NULL, NULL, NULL, &t), 0);
	nt_learner_free(l);
	return t;
}

static struct nt_tokenizer *learn(const char *text, size_t len, const char *pattern, uint32_t n)
{
	return learn_as(text, len, (struct nt_learn_options){.vocab_size = n, .pattern = pattern,
							     .min_frequency = 2});
}

/* A text as symbols, 0xffffffff between pieces. */
struct naive {
	uint32_t symbol[2 * MOST];
	size_t n;
	struct nt_pair merge[MERGES];
	size_t n_merge;
};

static void naive_read(struct naive *v, const char *text, size_t len, const char *pattern,
		       const uint32_t byte_id[256])
{
	struct nt_pattern p;
	struct nt_cutter cutter;
	size_t start, end;
	v->n = v->n_merge = 0;
	assert_int_equal(nt_pattern_init(&p, pattern), 0);
	assert_int_equal(nt_cutter_init(&cutter, &p), 0);
	assert_int_equal(nt_cutter_begin(&cutter, text, len), 0);
	while (nt_cutter_next(&cutter, &start, &end) > 0) {
		for (size_t i = start; i < end; i++)
			v->symbol[v->n++] = byte_id[(uint8_t)text[i]];
		v->symbol[v->n++] = UINT32_MAX;
	}
	nt_cutter_release(&cutter);
	nt_pattern_release(&p);
}

static bool naive_best(const struct naive *v, struct nt_pair *best)
{
	static uint32_t count[256 + MERGES][256 + MERGES];
	uint32_t most = 1;
	memset(count, 0, sizeof(count));
	for (size_t i = 0; i + 1 < v->n; i++)
		if (v->symbol[i] != UINT32_MAX && v->symbol[i + 1] != UINT32_MAX)
			count[v->symbol[i]][v->symbol[i + 1]]++;
	for (uint32_t a = 0; a < 256 + MERGES; a++)
		for (uint32_t b = 0; b < 256 + MERGES; b++)
			if (count[a][b] > most) {
				most = count[a][b];
				*best = (struct nt_pair){a, b};
			}
	return most > 1;
}

static void naive_learn(struct naive *v, size_t n_merge)
{
	struct nt_pair p;
	while (v->n_merge < n_merge && naive_best(v, &p)) {
		size_t kept = 0;
		for (size_t i = 0; i < v->n; kept++) {
			bool is = i + 1 < v->n && v->symbol[i] == p.left && v->symbol[i + 1] == p.right;
			v->symbol[kept] = is ? (uint32_t)(256 + v->n_merge) : v->symbol[i];
			i += is ? 2 : 1;
		}
		v->n = kept;
		v->merge[v->n_merge++] = p;
	}
}

static void check_order(const char *text, size_t len, const char *pattern, bool by_value)
{
	static struct naive v;
	struct nt_tokenizer *t = learn_as(text, len, (struct nt_learn_options){
		.vocab_size = 256 + MERGES + 2, .pattern = pattern, .min_frequency = 2,
		.bytes_by_value = by_value});
	naive_read(&v, text, len, pattern, t->byte_id);
	naive_learn(&v, MERGES);
	assert_int_equal(t->n_pair, v.n_merge);
	for (size_t i = 0; i < v.n_merge; i++) {
		assert_int_equal(t->pair[i].left, v.merge[i].left);
		assert_int_equal(t->pair[i].right, v.merge[i].right);
	}
	nt_tokenizer_free(t);
}

static void check_learning(const char *text, size_t len, const char *pattern)
{
	check_order(text, len, pattern, false);
	check_order(text, len, pattern, true);
}

static void the_merges_are_those_of_counting_anew(void **state)
{
	(void)state;
	static char text[MOST];
	check_learning(text, make_text(text, 1, 3000, "ab "), "gpt2");
	check_learning(text, make_text(text, 2, 3000, "aaab\n "), "cl100k");
	check_learning(text, make_text(text, 3, 8000, "abcdefgh  \n"), "cl100k");
	check_learning(text, make_text(text, 4, 2000, "ab"), "none");
	check_learning(text, make_text(text, 5, 500, "a"), "none");
	check_learning("", 0, "gpt2");
}

/* Lowest rank first, leftmost first, by scanning. */
static size_t naive_encode(const struct nt_tokenizer *t, const char *text, size_t n, uint32_t *id)
{
	for (size_t i = 0; i < n; i++)
		id[i] = t->byte_id[(uint8_t)text[i]];
	for (;;) {
		const struct nt_merge *best = NULL, *m;
		size_t where = 0;
		for (size_t i = 0; i + 1 < n; i++)
			if ((m = nt_merge_find(t, id[i], id[i + 1])) && (!best || m->rank < best->rank)) {
				best = m;
				where = i;
			}
		if (!best)
			return n;
		id[where] = best->id;
		memmove(id + where + 1, id + where + 2, (n - where - 2) * sizeof(*id));
		n--;
	}
}

static void pieces_of_any_length_are_merged_alike(void **state)
{
	(void)state;
	static char text[MOST];
	static uint32_t want[MOST];
	struct nt_tokenizer *t = learn(text, make_text(text, 6, 20000, "aab"), "none", 256 + MERGES + 2);
	struct nt_encoder *e = nt_encoder_new(t);
	for (size_t len = 0; len < 700; len = len < 70 ? len + 1 : len + 37) {
		struct nt_ids ids = {0};
		make_text(text, 7 + len, len, "aab");
		size_t n = naive_encode(t, text, len, want);
		for (int again = 0; again < 2; again++) { /* the second time from the cache */
			ids.n = 0;
			assert_int_equal(nt_encode(e, text, len, 0, &ids), 0);
			assert_int_equal(ids.n, n);
			assert_memory_equal(ids.id ? ids.id : want, want, n * sizeof(*want));
		}
		nt_ids_release(&ids);
	}
	nt_encoder_free(e);
	nt_tokenizer_free(t);
}

static void learned_merges_are_what_their_ranks_imply(void **state)
{
	(void)state;
	static char text[MOST];
	struct nt_buf ranks = {0};
	struct nt_tokenizer *again;
	struct nt_tokenizer *t = learn(text, make_text(text, 8, MOST, "aabcd efg  \n"), "cl100k", 1000);
	assert_int_equal(nt_vocab_ranks(t, &ranks), 0);
	assert_int_equal(nt_tiktoken_parse(&again, ranks.data, ranks.len, "again", "cl100k"), 0);
	assert_memory_equal(nt_tokenizer_ident(t)->fingerprint, nt_tokenizer_ident(again)->fingerprint, 16);
	nt_buf_release(&ranks);
	nt_tokenizer_free(again);
	nt_tokenizer_free(t);
}

static void bytes_are_numbered_as_gpt2_did_or_by_value(void **state)
{
	(void)state;
	struct nt_learn_options options = {.vocab_size = 258, .pattern = "gpt2", .min_frequency = 2};
	struct nt_tokenizer *t = learn_as("", 0, options);
	assert_int_equal(t->byte_id['!'], 0);
	assert_int_equal(t->byte_id['~'], 93);
	assert_int_equal(t->byte_id[0xa1], 94);
	assert_int_equal(t->byte_id[0], 188);
	assert_int_equal(t->byte_id[' '], 220);
	assert_int_equal(t->byte_id[0xad], 255);
	nt_tokenizer_free(t);
	options.bytes_by_value = true;
	t = learn_as("", 0, options);
	for (uint32_t b = 0; b < 256; b++)
		assert_int_equal(t->byte_id[b], b);
	nt_tokenizer_free(t);
}

static void an_alphabet_is_limited_to_the_most_frequent_bytes(void **state)
{
	(void)state;
	struct nt_learn_options options = {.vocab_size = 8, .pattern = "none", .min_frequency = 2,
					   .limit_alphabet = 3, .bytes_by_value = true};
	struct nt_tokenizer *t = learn_as("axbxaxbyaac", 11, options); /* a4 x3 b2 y1 c1 */
	assert_int_equal(t->byte_id['a'], 0);
	assert_int_equal(t->byte_id['b'], 1);
	assert_int_equal(t->byte_id['x'], 2);
	assert_int_equal(t->byte_id['y'], NT_NO_TOKEN);
	assert_int_equal(t->byte_id['c'], NT_NO_TOKEN);
	assert_int_equal(t->pair[0].left, 0); /* a x b x a x b a a: "ax" twice */
	assert_int_equal(t->pair[0].right, 2);
	nt_tokenizer_free(t);
}

static void rare_pieces_are_left_out_on_request(void **state)
{
	(void)state;
	struct nt_learn_options options = {.vocab_size = 300, .pattern = "gpt2", .min_frequency = 1,
					   .min_count = 2};
	struct nt_tokenizer *t = learn_as("ab ab xyz ab", 12, options);
	assert_int_equal(t->n_pair, 2); /* "ab" and " ab": the first piece is there once */
	nt_tokenizer_free(t);
}

static void what_cannot_be_met_is_refused(void **state)
{
	(void)state;
	const char *twice[] = {"<x>", "<x>"};
	struct nt_learn_options options = {.vocab_size = 257, .pattern = "gpt2"};
	struct nt_learner *l;
	assert_int_equal(nt_learner_new(&l, &options, 1), NT_EARG);
	assert_non_null(strstr(nt_errmsg(), "need 258"));
	options = (struct nt_learn_options){.vocab_size = 300, .pattern = "gpt2", .special = twice,
					    .n_special = 2};
	assert_int_equal(nt_learner_new(&l, &options, 1), NT_EARG);
	assert_non_null(strstr(nt_errmsg(), "twice"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_merges_are_those_of_counting_anew),
		cmocka_unit_test(pieces_of_any_length_are_merged_alike),
		cmocka_unit_test(learned_merges_are_what_their_ranks_imply),
		cmocka_unit_test(bytes_are_numbered_as_gpt2_did_or_by_value),
		cmocka_unit_test(an_alphabet_is_limited_to_the_most_frequent_bytes),
		cmocka_unit_test(rare_pieces_are_left_out_on_request),
		cmocka_unit_test(what_cannot_be_met_is_refused),
	};
	return cmocka_run_group_tests_name("learning and merging", tests, NULL, NULL);
}

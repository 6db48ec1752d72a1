/* SPDX-License-Identifier: MIT */
/*
 * token_reach.c - the last merge of every token, beside taking all steps
 *
 * Vocabularies over three letters, small enough that the bytes of one token are often
 * merged otherwise than one would think: in order as learning makes them, and shuffled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nt/err.h"
#include "nt/random.h"
#include "token/reach.h"

enum { N_LETTER = 3, TOKENS_MOST = 40, LEN_MOST = 9, N_ROUND = 4000 };

struct dice {
	uint64_t seed, n_rolled;
};

static uint32_t roll(struct dice *d, uint32_t n)
{
	return (uint32_t)nt_random_below(d->seed, NT_RANDOM_SAMPLE, d->n_rolled++, n);
}

static uint32_t find(const struct nt_tokenizer *t, const char *p, size_t n)
{
	for (uint32_t id = 0; id < t->ident.vocab_size; id++)
		if (t->token[id].kind == NT_KIND_ORDINARY && t->token[id].len == n &&
		    memcmp(nt_token_text(t, id), p, n) == 0)
			return id;
	return NT_NO_TOKEN;
}

/* Letters, and tokens that are two others joined, or any letters; ids shuffled or not. */
static struct nt_tokenizer *make(struct dice *d, bool is_shuffled)
{
	char text[TOKENS_MOST][LEN_MOST + 1] = {"a", "b", "c"};
	uint32_t n = N_LETTER, want = N_LETTER + roll(d, TOKENS_MOST - N_LETTER);
	struct nt_tokenizer *t;
	assert_int_equal(nt_tokenizer_new(&t, "test"), 0);
	for (int tries = 0; n < want && tries < 200; tries++) {
		char joined[2 * LEN_MOST + 1];
		snprintf(joined, sizeof(joined), "%s%s", text[roll(d, n)], text[roll(d, n)]);
		bool is_new = strlen(joined) <= LEN_MOST;
		for (uint32_t i = 0; i < n; i++)
			is_new &= strcmp(joined, text[i]) != 0;
		if (is_new)
			strcpy(text[n++], joined);
	}
	for (uint32_t i = n; is_shuffled && i > 1; i--) {
		char other[LEN_MOST + 1];
		uint32_t k = roll(d, i);
		strcpy(other, text[k]);
		memmove(text[k], text[i - 1], sizeof(text[k]));
		strcpy(text[i - 1], other);
	}
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(nt_tokenizer_add(t, i, text[i], strlen(text[i]), NT_KIND_ORDINARY), 0);
	assert_int_equal(nt_tokenizer_index(t), 0);
	return t;
}

/* Merges neighbours of the token, the lowest rank first, until two parts are left. */
static bool steps(const struct nt_tokenizer *t, uint32_t id, struct nt_pair *pair)
{
	const char *p = (const char *)nt_token_text(t, id);
	size_t cut[LEN_MOST + 1], n = t->token[id].len;
	for (size_t i = 0; i <= n; i++)
		cut[i] = i;
	while (n > 2) {
		uint32_t lowest = NT_NO_TOKEN;
		size_t at = 0;
		for (size_t i = 0; i + 2 <= n; i++) {
			uint32_t rank = find(t, p + cut[i], cut[i + 2] - cut[i]);
			if (rank < lowest) {
				lowest = rank;
				at = i;
			}
		}
		if (lowest == NT_NO_TOKEN)
			return false;
		memmove(&cut[at + 1], &cut[at + 2], (n - at - 1) * sizeof(*cut));
		n--;
	}
	*pair = (struct nt_pair){find(t, p, cut[1]), find(t, p + cut[1], cut[2] - cut[1])};
	return pair->left != NT_NO_TOKEN && pair->right != NT_NO_TOKEN;
}

static void check_ranks(bool is_shuffled)
{
	struct dice d = {.seed = 7 + is_shuffled};
	size_t n_pair = 0, n_unreached = 0;
	for (int round = 0; round < N_ROUND; round++) {
		struct nt_tokenizer *t = make(&d, is_shuffled);
		bool all_reached, want_all = true;
		size_t n = 0;
		assert_int_equal(nt_pairs_from_ranks(t, &all_reached), 0);
		for (uint32_t id = 0; id < t->ident.vocab_size; id++) {
			struct nt_pair want;
			if (t->token[id].len < 2)
				continue;
			if (!steps(t, id, &want)) {
				want_all = false;
				n_unreached++;
				continue;
			}
			assert_true(n < t->n_pair);
			assert_int_equal(t->pair[n].left, want.left);
			assert_int_equal(t->pair[n].right, want.right);
			assert_int_equal(nt_merge_find(t, want.left, want.right)->id, id);
			n++;
		}
		assert_int_equal(t->n_pair, n);
		assert_int_equal(all_reached, want_all);
		n_pair += n;
		nt_tokenizer_free(t);
	}
	assert_true(n_pair > 10 * N_ROUND);
	assert_true(n_unreached > N_ROUND / 10);
}

static void ranks_in_order_give_the_last_pair_of_each_token(void **state)
{
	(void)state;
	check_ranks(false);
}

static void ranks_in_any_order_do_too(void **state)
{
	(void)state;
	check_ranks(true);
}

/* Every way to cut a token into two others is a merge, as in files that were made from ranks;
 * some are left out, and the order is by what is made or by chance. */
static void add_merges(struct nt_tokenizer *t, struct dice *d, bool is_shuffled)
{
	for (uint32_t id = 0; id < t->ident.vocab_size; id++)
		for (size_t i = 1; i < t->token[id].len; i++) {
			const char *p = (const char *)nt_token_text(t, id);
			uint32_t left = find(t, p, i), right = find(t, p + i, t->token[id].len - i);
			if (left != NT_NO_TOKEN && right != NT_NO_TOKEN && roll(d, 4))
				assert_int_equal(nt_tokenizer_merge(t, left, right), 0);
		}
	for (size_t i = t->n_pair; is_shuffled && i > 1; i--) {
		size_t k = roll(d, (uint32_t)i);
		struct nt_pair other = t->pair[k];
		t->pair[k] = t->pair[i - 1];
		t->pair[i - 1] = other;
	}
}

static bool differs_by_steps(const struct nt_tokenizer *t)
{
	struct nt_scratch scratch = {0};
	struct nt_ids ids = {0};
	bool differs = false;
	for (uint32_t id = 0; id < t->ident.vocab_size && !differs; id++) {
		ids.n = 0;
		if (t->token[id].kind != NT_KIND_ORDINARY)
			continue;
		assert_int_equal(nt_merge_piece(&scratch, t, nt_token_text(t, id), t->token[id].len, &ids), 0);
		differs = ids.n != 1;
	}
	nt_scratch_release(&scratch);
	nt_ids_release(&ids);
	return differs;
}

static void whether_a_token_is_out_of_reach_is_known_without_taking_steps(void **state)
{
	(void)state;
	struct dice d = {.seed = 9};
	int n_differs = 0;
	for (int round = 0; round < N_ROUND; round++) {
		struct nt_tokenizer *t = make(&d, false);
		bool differs;
		add_merges(t, &d, round % 4 == 0);
		assert_int_equal(nt_tokenizer_finish(t, true), 0);
		assert_int_equal(nt_whole_differs(t, &differs), 0);
		assert_int_equal(differs, differs_by_steps(t));
		n_differs += differs;
		nt_tokenizer_free(t);
	}
	assert_in_range(n_differs, N_ROUND / 10, N_ROUND - N_ROUND / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranks_in_order_give_the_last_pair_of_each_token),
		cmocka_unit_test(ranks_in_any_order_do_too),
		cmocka_unit_test(whether_a_token_is_out_of_reach_is_known_without_taking_steps),
	};
	return cmocka_run_group_tests_name("reach", tests, NULL, NULL);
}

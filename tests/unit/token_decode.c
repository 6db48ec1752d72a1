/* SPDX-License-Identifier: MIT */
/* token_decode.c - many ids to bytes, and what several threads ask for first at once */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nt/err.h"
#include "token/tokenizer.h"

enum { N_LEN = 40, N_THREAD = 8, N_ID = 5000 };

/* Token i is i + 1 letters, but 20 is a special and 21 no token at all. */
static struct nt_tokenizer *make(void)
{
	struct nt_tokenizer *t;
	assert_int_equal(nt_tokenizer_new(&t, "test"), 0);
	assert_int_equal(nt_pattern_init(&t->split, "none"), 0);
	for (uint32_t id = 0; id < N_LEN; id++) {
		char text[N_LEN];
		memset(text, 'a' + (int)id % 26, sizeof(text));
		if (id != 21)
			assert_int_equal(nt_tokenizer_add(t, id, text, id + 1,
							  id == 20 ? NT_KIND_SPECIAL : NT_KIND_ORDINARY), 0);
	}
	assert_int_equal(nt_tokenizer_index(t), 0);
	assert_int_equal(nt_tokenizer_finish(t, false), 0);
	return t;
}

static void fill(uint32_t *id, size_t n, uint32_t modulus)
{
	for (size_t i = 0; i < n; i++)
		id[i] = (uint32_t)(i * i + i / 7) % modulus;
}

static size_t want_bytes(uint8_t *want, const uint32_t *id, size_t n)
{
	size_t len = 0;
	for (size_t i = 0; i < n; i++)
		for (uint32_t k = 0; k <= id[i] && id[i] != 20 && id[i] != 21; k++)
			want[len++] = (uint8_t)('a' + id[i] % 26);
	return len;
}

static void tokens_of_all_lengths_come_one_behind_the_other(void **state)
{
	(void)state;
	static uint32_t id[N_ID];
	static uint8_t want[N_ID * N_LEN];
	struct nt_tokenizer *t = make();
	struct nt_buf out = {0};
	for (uint32_t modulus = 1; modulus <= N_LEN; modulus++)
		for (size_t n = 0; n <= N_ID; n = n < 70 ? n + 1 : n * 2 + 11) {
			fill(id, n, modulus);
			size_t len = want_bytes(want, id, n);
			nt_buf_release(&out); /* so that a sanitizer sees one byte too many */
			assert_int_equal(nt_buf_add(&out, "x", 1), 0);
			assert_int_equal(nt_decode(t, id, n, &out), 0);
			assert_int_equal(out.len, len + 1);
			assert_memory_equal(out.data, "x", 1);
			if (len)
				assert_memory_equal(out.data + 1, want, len);
		}
	nt_buf_release(&out);
	nt_tokenizer_free(t);
}

static void an_id_out_of_range_is_refused_wherever_it_is(void **state)
{
	(void)state;
	static uint32_t id[3000];
	struct nt_tokenizer *t = make();
	struct nt_buf out = {0};
	for (size_t at = 0; at < 3000; at += 37)
		for (size_t n = at + 1; n <= 3000; n += 977) {
			memset(id, 0, sizeof(id));
			id[at] = t->ident.vocab_size;
			assert_int_equal(nt_decode(t, id, n, &out), NT_EFORMAT);
			assert_non_null(strstr(nt_errmsg(), "ends at 41"));
			id[at] = NT_NO_TOKEN;
			assert_int_equal(nt_decode(t, id, n, &out), NT_EFORMAT);
		}
	nt_buf_release(&out);
	nt_tokenizer_free(t);
}

struct asker {
	const struct nt_tokenizer *t;
	const struct nt_ident *ident;
	struct nt_buf text;
	int rc;
};

static void *ask(void *arg)
{
	struct asker *a = arg;
	uint32_t id[200];
	fill(id, 200, N_LEN);
	a->rc = nt_decode(a->t, id, 200, &a->text);
	a->ident = nt_tokenizer_ident(a->t);
	return NULL;
}

static void what_is_made_when_asked_for_is_made_once(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		struct asker asker[N_THREAD];
		pthread_t thread[N_THREAD];
		struct nt_tokenizer *t = make();
		assert_null(nt_tokenizer_summary(t)->json);
		assert_int_equal(nt_tokenizer_summary(t)->vocab_size, N_LEN + 2);
		for (int i = 0; i < N_THREAD; i++) {
			asker[i] = (struct asker){.t = t};
			assert_int_equal(pthread_create(&thread[i], NULL, ask, &asker[i]), 0);
		}
		for (int i = 0; i < N_THREAD; i++) {
			assert_int_equal(pthread_join(thread[i], NULL), 0);
			assert_int_equal(asker[i].rc, 0);
			assert_non_null(asker[i].ident);
			assert_ptr_equal(asker[i].ident, asker[0].ident);
			assert_int_equal(asker[i].text.len, asker[0].text.len);
			assert_memory_equal(asker[i].text.data, asker[0].text.data, asker[0].text.len);
		}
		assert_true(asker[0].ident->json_len > 0);
		for (int i = 0; i < N_THREAD; i++)
			nt_buf_release(&asker[i].text);
		nt_tokenizer_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_of_all_lengths_come_one_behind_the_other),
		cmocka_unit_test(an_id_out_of_range_is_refused_wherever_it_is),
		cmocka_unit_test(what_is_made_when_asked_for_is_made_once),
	};
	return cmocka_run_group_tests_name("decoding", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* data_shuffle.c - tests of shuffling: every document once, whatever the memory */
#include "data_fake.h"

#include "nt/random.h"
#include "nt/shuffle.h"

enum { N_DOC = 3000, LONG = 200000 };

/* Document i says its number in its first token pair; number 5 is longer than the memory. */
static void make_doc(struct nt_tokens *doc, uint32_t i)
{
	static uint32_t id[LONG], unit[3];
	size_t n = i == 5 ? LONG : i % 7 == 0 ? 2 : 2 + i % 300;
	for (size_t k = 0; k < n; k++)
		id[k] = (uint32_t)(i + k) % 65536;
	id[0] = i / 256;
	id[1] = i % 256;
	unit[0] = 1;
	unit[1] = 0;
	unit[2] = (uint32_t)n - 1;
	*doc = (struct nt_tokens){.id = id, .n = n, .unit = unit, .n_unit = 3};
}

/* Shuffles and returns the numbers in the order they came; checks each document. */
static void shuffle(uint32_t *order, uint64_t *spilled, uint32_t n, uint64_t memory, uint64_t seed,
		    uint32_t vocab_size)
{
	struct nt_shuffle *s;
	struct nt_tokens doc, due;
	const struct nt_shuffle_options options = {
		.seed = seed, .memory = memory, .vocab_size = vocab_size, .folder = fake_folder};
	SUCCEEDS(nt_shuffle_new(&s, &options));
	for (uint32_t i = 0; i < n; i++) {
		make_doc(&doc, i);
		SUCCEEDS(nt_shuffle_add(s, &doc));
	}
	for (uint32_t i = 0; i < n; i++) {
		int rc = nt_shuffle_next(s, &doc);
		SUCCEEDS(rc);
		assert_int_equal(rc, 1);
		order[i] = doc.id[0] * 256 + doc.id[1];
		make_doc(&due, order[i]);
		assert_int_equal(doc.n, due.n);
		assert_memory_equal(doc.id, due.id, due.n * sizeof(*due.id));
		assert_int_equal(doc.n_unit, 3);
		assert_memory_equal(doc.unit, due.unit, 3 * sizeof(*due.unit));
	}
	assert_int_equal(nt_shuffle_next(s, &doc), 0);
	assert_int_equal(nt_shuffle_next(s, &doc), 0);
	*spilled = nt_shuffle_spilled(s);
	nt_shuffle_free(s);
}

static void the_order_does_not_depend_on_the_memory(void **state)
{
	(void)state;
	static uint32_t large[N_DOC], small[N_DOC];
	static const uint64_t memory[] = {1, 100000, 300000, 1 << 20, 3 << 20};
	uint64_t spilled;
	shuffle(large, &spilled, N_DOC, 1 << 30, 1337, 65536);
	assert_int_equal(spilled, 0);
	for (size_t i = 0; i < sizeof(memory) / sizeof(*memory); i++) {
		shuffle(small, &spilled, N_DOC, memory[i], 1337, i % 2 ? 65536 : 65537);
		assert_true(spilled > 0);
		assert_memory_equal(small, large, sizeof(large));
	}
}

static void the_order_is_that_of_the_keys(void **state)
{
	(void)state;
	static uint32_t order[N_DOC];
	static uint8_t seen[N_DOC];
	uint64_t spilled, before = 0;
	shuffle(order, &spilled, N_DOC, 1 << 30, 7, 65536);
	for (size_t i = 0; i < N_DOC; i++) {
		uint64_t key = nt_random_u64(7, NT_RANDOM_SHUFFLE, order[i]);
		assert_true(key >= before);
		before = key;
		assert_false(seen[order[i]]++);
	}
}

static void nothing_stays_nothing(void **state)
{
	(void)state;
	uint32_t order[1];
	uint64_t spilled;
	shuffle(order, &spilled, 0, 1, 1, 65536);
	shuffle(order, &spilled, 1, 1, 1, 65536);
	assert_int_equal(spilled, 0);
}

static void a_folder_that_is_not_there_is_named(void **state)
{
	(void)state;
	struct nt_shuffle *s;
	struct nt_tokens doc;
	int rc = 0;
	const struct nt_shuffle_options options = {.vocab_size = 300, .folder = "/nowhere/at/all"};
	SUCCEEDS(nt_shuffle_new(&s, &options));
	for (uint32_t i = 0; i < 300 && rc == 0; i++) {
		make_doc(&doc, i);
		rc = nt_shuffle_add(s, &doc);
	}
	assert_int_equal(rc, NT_ESYS);
	assert_says("/nowhere/at/all");
	nt_shuffle_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_does_not_depend_on_the_memory),
		cmocka_unit_test(the_order_is_that_of_the_keys),
		cmocka_unit_test(nothing_stays_nothing),
		cmocka_unit_test(a_folder_that_is_not_there_is_named),
	};
	return cmocka_run_group_tests(tests, fake_begin, fake_end);
}

/* SPDX-License-Identifier: MIT */
/* data_shuffle.c - tests of shuffling: every document once, whatever the memory */
#include "data_fake.h"

#include "data/ids.h"
#include "data/sortkeys.h"
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

static int add(struct nt_shuffle *s, const struct nt_tokens *doc, size_t width)
{
	static uint8_t token[4 * LONG];
	nt_ids_narrow(token, doc->id, doc->n, width);
	return nt_shuffle_add(s, &(struct nt_stored){token, doc->n, doc->unit, doc->n_unit});
}

static int next(struct nt_shuffle *s, struct nt_tokens *doc, size_t width)
{
	static uint32_t id[LONG];
	struct nt_stored stored;
	int rc = nt_shuffle_next(s, &stored);
	if (rc != 1)
		return rc;
	nt_ids_widen(id, stored.token, stored.n, width);
	*doc = (struct nt_tokens){id, stored.n, (uint32_t *)(uintptr_t)stored.unit, stored.n_unit};
	return 1;
}

/* Shuffles and returns the numbers in the order they came; checks each document. */
static void shuffle(uint32_t *order, uint64_t *spilled, uint32_t n, uint64_t memory, uint64_t seed,
		    uint32_t vocab_size)
{
	struct nt_shuffle *s;
	struct nt_tokens doc, due;
	size_t width = vocab_size <= 65536 ? 2 : 4;
	const struct nt_shuffle_options options = {
		.seed = seed, .memory = memory, .vocab_size = vocab_size, .folder = fake_folder};
	SUCCEEDS(nt_shuffle_new(&s, &options));
	for (uint32_t i = 0; i < n; i++) {
		make_doc(&doc, i);
		SUCCEEDS(add(s, &doc, width));
	}
	for (uint32_t i = 0; i < n; i++) {
		int rc = next(s, &doc, width);
		SUCCEEDS(rc);
		assert_int_equal(rc, 1);
		order[i] = doc.id[0] * 256 + doc.id[1];
		make_doc(&due, order[i]);
		assert_int_equal(doc.n, due.n);
		assert_memory_equal(doc.id, due.id, due.n * sizeof(*due.id));
		assert_int_equal(doc.n_unit, 3);
		assert_memory_equal(doc.unit, due.unit, 3 * sizeof(*due.unit));
	}
	assert_int_equal(next(s, &doc, width), 0);
	assert_int_equal(next(s, &doc, width), 0);
	*spilled = nt_shuffle_spilled(s);
	nt_shuffle_free(s);
}

static void the_order_does_not_depend_on_the_memory(void **state)
{
	(void)state;
	static uint32_t large[N_DOC], small[N_DOC];
	static const uint64_t memory[] = {1, 70000, 100000, 300000, 1 << 20};
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

/* Every order of four documents, over many seeds, as often as chance has it. */
static void every_order_is_as_likely_as_any_other(void **state)
{
	(void)state;
	enum { N = 4, N_ORDER = 24, EACH = 400 };
	static uint32_t seen[N * N * N * N];
	uint32_t order[N];
	uint64_t spilled;
	double chi2 = 0;
	int n_order = 0;
	for (uint64_t seed = 0; seed < N_ORDER * EACH; seed++) {
		shuffle(order, &spilled, N, 1 << 20, seed, 65536);
		seen[((order[0] * N + order[1]) * N + order[2]) * N + order[3]]++;
	}
	for (size_t i = 0; i < N * N * N * N; i++) {
		double more = (double)seen[i] - EACH;
		n_order += seen[i] > 0;
		chi2 += seen[i] ? more * more / EACH : 0;
	}
	assert_int_equal(n_order, N_ORDER);
	assert_in_range((uint64_t)chi2, 6, 54); /* 23 degrees of freedom: all but 2 in 10,000 */
}

/* Where a document of many lands does not hang on where it was: with so little memory that
 * it goes through runs and slices. */
static void every_place_is_as_likely_as_any_other(void **state)
{
	(void)state;
	enum { N = 1024, PART = 8, EACH = 600 };
	static uint32_t order[N], seen[PART][PART];
	uint64_t spilled;
	double chi2 = 0, due = (double)EACH * N / PART / PART;
	for (uint64_t seed = 0; seed < EACH; seed++) {
		shuffle(order, &spilled, N, 1, seed, 65536);
		assert_true(spilled > 0);
		for (uint32_t i = 0; i < N; i++)
			seen[order[i] / (N / PART)][i / (N / PART)]++;
	}
	for (size_t i = 0; i < PART * PART; i++) {
		double more = seen[i / PART][i % PART] - due;
		chi2 += more * more / due;
	}
	assert_in_range((uint64_t)chi2, 20, 95); /* 49 degrees of freedom */
}

static int by_key(const void *a, const void *b)
{
	const struct nt_sortkey *x = a, *y = b;
	return x->key != y->key ? x->key < y->key ? -1 : 1 : x->at < y->at ? -1 : x->at > y->at;
}

static void check_sort(size_t n, uint64_t mask, struct nt_pool *pool)
{
	struct nt_sortkey *e = nt_alloc(n, sizeof(*e)), *due = nt_alloc(n, sizeof(*e));
	assert_true(e && due);
	for (size_t i = 0; i < n; i++)
		due[i] = e[i] = (struct nt_sortkey){nt_random_u64(n, NT_RANDOM_SHUFFLE, i) & mask, n - i};
	nt_sortkeys(e, n, pool);
	if (n)
		qsort(due, n, sizeof(*due), by_key);
	assert_memory_equal(e, due, n * sizeof(*e));
	free(e);
	free(due);
}

static void keys_of_every_kind_are_sorted(void **state)
{
	(void)state;
	static const uint64_t mask[] = {UINT64_MAX, 0, 7, 0xfff, 0xff00000000000000, 1u << 31, 0x0101010101010101};
	static const size_t n[] = {0, 1, 2, 31, 33, 1000, 70000};
	struct nt_pool *pool = nt_pool_new(3);
	assert_non_null(pool);
	for (size_t i = 0; i < sizeof(n) / sizeof(*n); i++)
		for (size_t m = 0; m < sizeof(mask) / sizeof(*mask); m++)
			check_sort(n[i], mask[m], m % 2 ? pool : NULL);
	nt_pool_free(pool);
}

static void documents_of_any_number_of_units_stay_as_they_are(void **state)
{
	(void)state;
	enum { N_UNIT = (1 << 24) + 5 };
	uint32_t *unit = nt_calloc(N_UNIT, sizeof(*unit)), id[3] = {1, 2, 65535};
	struct nt_tokens docs[] = {{.n_unit = 0}, {.id = id, .n = 3, .unit = unit, .n_unit = N_UNIT},
				   {.id = id, .n = 3, .unit = unit + N_UNIT - 1, .n_unit = 1}}, doc = {0};
	struct nt_shuffle *s;
	const struct nt_shuffle_options options = {.vocab_size = 65536, .memory = 1, .folder = fake_folder};
	assert_non_null(unit);
	unit[N_UNIT - 1] = 3;
	SUCCEEDS(nt_shuffle_new(&s, &options));
	for (int i = 0; i < 3; i++)
		SUCCEEDS(add(s, &docs[i], 2));
	size_t n_unit = 0;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(next(s, &doc, 2), 1);
		n_unit += doc.n_unit;
		if (doc.n_unit)
			assert_int_equal(doc.unit[doc.n_unit - 1], 3);
		assert_int_equal(doc.n, doc.n_unit ? 3 : 0);
	}
	assert_int_equal(n_unit, N_UNIT + 1);
	assert_int_equal(next(s, &doc, 2), 0);
	nt_shuffle_free(s);
	free(unit);
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
		rc = add(s, &doc, 2);
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
		cmocka_unit_test(every_order_is_as_likely_as_any_other),
		cmocka_unit_test(every_place_is_as_likely_as_any_other),
		cmocka_unit_test(keys_of_every_kind_are_sorted),
		cmocka_unit_test(documents_of_any_number_of_units_stay_as_they_are),
		cmocka_unit_test(nothing_stays_nothing),
		cmocka_unit_test(a_folder_that_is_not_there_is_named),
	};
	return cmocka_run_group_tests(tests, fake_begin, fake_end);
}

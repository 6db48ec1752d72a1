/* SPDX-License-Identifier: MIT */
/* data_fit.c - which piece comes next, and how little of the rows stays empty */
#include "data_fake.h"

#include <math.h>

#include "data/fit.h"
#include "nt/mem.h"
#include "nt/random.h"

static size_t add(struct nt_fit *f, uint32_t len)
{
	size_t slot;
	SUCCEEDS(nt_fit_add(f, len, &slot));
	return slot;
}

/* Fills a row; returns what of it is used, and marks the slots. */
static uint32_t fill(struct nt_fit *f, uint32_t T, uint32_t *len_of)
{
	uint32_t used = 0, len;
	size_t slot;
	while ((len = nt_fit_next(f, T - used, &slot)) > 0) {
		assert_int_equal(len, len_of[slot]); /* what was put there, and once */
		len_of[slot] = 0;
		used += len;
		assert_true(used <= T);
	}
	return used;
}

/* The share of rows that stays empty with documents of such lengths: a median and, for
 * sigma, the spread of their logarithm. Longer ones are cut, the rest of them waits. */
static double padding(double median, double sigma, uint32_t T, size_t buffer, uint64_t n_doc)
{
	struct nt_fit *f;
	uint32_t *len_of = nt_calloc(n_doc, sizeof(*len_of));
	uint64_t n_row = 0, n_in = 0, n_out = 0;
	SUCCEEDS(nt_fit_new(&f, T, buffer));
	for (uint64_t i = 0; i < n_doc; i++) {
		double z = nt_random_normal(1, NT_RANDOM_SAMPLE, i);
		uint64_t n = (uint64_t)(median * exp(sigma * z)) + 2;
		for (; n > T; n -= T - 1, n_row++, n_in += T, n_out += T)
			;
		if (nt_fit_is_full(f)) {
			n_out += fill(f, T, len_of);
			n_row++;
		}
		len_of[add(f, (uint32_t)n)] = (uint32_t)n;
		n_in += n;
	}
	for (; nt_fit_n_waiting(f); n_row++)
		n_out += fill(f, T, len_of);
	assert_int_equal(n_in, n_out);
	nt_fit_free(f);
	free(len_of);
	return 1 - (double)n_out / ((double)n_row * T);
}

static void padding_is_a_fraction_of_a_per_cent(void **state)
{
	(void)state;
	/* web pages have a median of 400 to 500 tokens and a sigma near 1; chat and
	 * abstracts are more alike, code and books less */
	assert_true(padding(450, 1.0, 2048, 1000, 100000) < 0.0005);
	assert_true(padding(450, 0.8, 2048, 1000, 100000) < 0.001);
	assert_true(padding(450, 0.5, 2048, 1000, 100000) < 0.0015);
	assert_true(padding(450, 1.5, 2048, 1000, 100000) < 0.0005);
	assert_true(padding(200, 0.3, 2048, 1000, 100000) < 0.005);
	assert_true(padding(450, 1.0, 4096, 1000, 100000) < 0.0005);
	assert_true(padding(450, 1.0, 256, 1000, 100000) < 0.005);
	/* rows that a thousand documents would not fill */
	assert_true(padding(20, 0.5, 65536, 1000, 1000000) < 0.0005);
}

static void a_larger_buffer_leaves_less_empty(void **state)
{
	(void)state;
	double one = padding(450, 1.0, 2048, 1, 100000), ten = padding(450, 1.0, 2048, 10, 100000);
	double thousand = padding(450, 1.0, 2048, 1000, 100000);
	assert_true(ten < one);
	assert_true(thousand < ten / 10);
}

static void the_longest_begins_and_the_last_three_fill_exactly(void **state)
{
	(void)state;
	static const uint32_t len[] = {60, 31, 25, 20, 8, 7}; /* 60, then not 31 but 25 + 8 + 7 of these */
	static const size_t due[] = {0, 2, 4, 5};
	struct nt_fit *f;
	uint32_t room = 100;
	size_t slot;
	SUCCEEDS(nt_fit_new(&f, 100, 6));
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(add(f, len[i]), i);
	assert_false(nt_fit_is_full(f)); /* 6 pieces, but not two rows */
	assert_int_equal(add(f, 49), 6);
	assert_true(nt_fit_is_full(f));
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(nt_fit_next(f, room, &slot), len[due[i]]);
		assert_int_equal(slot, due[i]);
		room -= len[due[i]];
	}
	assert_int_equal(room, 0);
	assert_int_equal(nt_fit_next(f, room, &slot), 0);
	assert_int_equal(nt_fit_n_waiting(f), 3);
	nt_fit_free(f);
}

static void a_piece_is_not_counted_twice(void **state)
{
	(void)state;
	struct nt_fit *f;
	size_t slot;
	SUCCEEDS(nt_fit_new(&f, 100, 4));
	add(f, 90);
	add(f, 5);
	add(f, 6);
	assert_int_equal(nt_fit_next(f, 100, &slot), 90);
	assert_int_equal(nt_fit_next(f, 10, &slot), 6); /* 5 twice would fill it */
	assert_int_equal(nt_fit_next(f, 4, &slot), 0);
	nt_fit_free(f);
}

/* Against looking at every length: rows that need one, two, three and four levels of bits. */
static void the_longest_that_fits_is_found_at_any_length(void **state)
{
	(void)state;
	static const uint32_t T[] = {1, 2, 63, 64, 65, 4095, 4096, 5000, 262143, 262144, 300000, 16777216};
	for (size_t t = 0; t < sizeof(T) / sizeof(*T); t++) {
		struct nt_fit *f;
		uint32_t len[40];
		SUCCEEDS(nt_fit_new(&f, T[t], 40));
		for (uint64_t trial = 0; trial < 200; trial++) {
			size_t n = 1 + trial % 40, slot;
			for (size_t i = 0; i < n; i++) {
				len[i] = 1 + (uint32_t)nt_random_below(t, NT_RANDOM_SAMPLE, trial << 8 | i, T[t]);
				add(f, len[i]);
			}
			for (; n > 0; n--) { /* at a row's beginning it is the longest of all */
				size_t longest = 0;
				for (size_t i = 0; i < n; i++)
					longest = len[i] > len[longest] ? i : longest;
				assert_int_equal(nt_fit_next(f, T[t], &slot), len[longest]);
				len[longest] = len[n - 1];
			}
			assert_int_equal(nt_fit_next(f, T[t], &slot), 0);
		}
		nt_fit_free(f);
	}
}

static void equal_lengths_leave_in_order_and_slots_are_used_again(void **state)
{
	(void)state;
	struct nt_fit *f;
	size_t slot, expected[3], first = 0;
	SUCCEEDS(nt_fit_new(&f, 10, 3));
	for (int i = 0; i < 3; i++)
		expected[i] = add(f, 4);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(nt_fit_next(f, 10, &slot), 4);
		assert_int_equal(slot, expected[first]);
		expected[first] = add(f, 4);
		first = (first + 1) % 3;
	}
	nt_fit_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(padding_is_a_fraction_of_a_per_cent),
		cmocka_unit_test(a_larger_buffer_leaves_less_empty),
		cmocka_unit_test(the_longest_begins_and_the_last_three_fill_exactly),
		cmocka_unit_test(a_piece_is_not_counted_twice),
		cmocka_unit_test(the_longest_that_fits_is_found_at_any_length),
		cmocka_unit_test(equal_lengths_leave_in_order_and_slots_are_used_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

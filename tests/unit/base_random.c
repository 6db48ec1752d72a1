/* SPDX-License-Identifier: MIT */
/* Philox against the known answers of Random123, and what is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "nt/random.h"

static void philox_gives_the_known_answers(void **state)
{
	static const struct {
		uint32_t counter[4], key[2], want[4];
	} vector[] = {
		{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
		 {0xa4093822, 0x299f31d0},
		 {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(vector) / sizeof(*vector); i++) {
		uint32_t got[4];
		nt_philox(got, vector[i].counter, vector[i].key);
		assert_memory_equal(got, vector[i].want, sizeof(got));
	}
}

static void numbers_depend_on_seed_purpose_and_counter(void **state)
{
	(void)state;
	uint64_t x = nt_random_u64(1, NT_RANDOM_INIT, 2);
	assert_true(x == nt_random_u64(1, NT_RANDOM_INIT, 2));
	assert_true(x != nt_random_u64(2, NT_RANDOM_INIT, 2));
	assert_true(x != nt_random_u64(1, NT_RANDOM_SHUFFLE, 2));
	assert_true(x != nt_random_u64(1, NT_RANDOM_INIT, 3));
	assert_true(x != nt_random_u64(1, NT_RANDOM_INIT, 2 + (UINT64_C(1) << 32)));
}

/* Bounds are six standard errors of the mean over n draws. */
static void uniform_and_normal_have_their_moments(void **state)
{
	enum { N = 100000 };
	double sum = 0, normal = 0, square = 0;
	(void)state;
	for (uint64_t i = 0; i < N; i++) {
		double u = nt_random_unit(7, NT_RANDOM_SAMPLE, i);
		double z = nt_random_normal(7, NT_RANDOM_INIT, i);
		assert_true(u >= 0 && u < 1);
		sum += u;
		normal += z;
		square += z * z;
	}
	assert_true(sum / N > 0.5 - 0.0055 && sum / N < 0.5 + 0.0055);
	assert_true(normal / N > -0.019 && normal / N < 0.019);
	assert_true(square / N > 1 - 0.027 && square / N < 1 + 0.027);
}

static void below_reaches_every_value_and_no_other(void **state)
{
	int seen[7] = {0};
	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t x = nt_random_below(1337, NT_RANDOM_WINDOW, i, 7);
		assert_in_range(x, 0, 6);
		seen[x]++;
	}
	for (int i = 0; i < 7; i++)
		assert_true(seen[i] > 90);
}

static void permute_is_a_bijection(void **state)
{
	static const uint64_t sizes[] = {1, 2, 3, 4, 5, 15, 16, 17, 64, 65, 1000, 1024, 4097};
	(void)state;
	for (size_t k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
		uint8_t seen[4097] = {0};
		for (uint64_t i = 0; i < sizes[k]; i++) {
			uint64_t to = nt_random_permute(3, NT_RANDOM_SHUFFLE, sizes[k], i);
			assert_true(to < sizes[k]);
			assert_int_equal(seen[to]++, 0);
		}
	}
}

static void permute_moves_things_and_depends_on_the_seed(void **state)
{
	int fixed = 0, same = 0;
	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t to = nt_random_permute(3, NT_RANDOM_SHUFFLE, 1000, i);
		fixed += to == i;
		same += to == nt_random_permute(4, NT_RANDOM_SHUFFLE, 1000, i);
	}
	assert_true(fixed < 10 && same < 10); /* one of each is expected */
	/* past 32 bits too, where a table could not be */
	assert_true(nt_random_permute(1, NT_RANDOM_ROWS, UINT64_C(1) << 40, 5) < UINT64_C(1) << 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(philox_gives_the_known_answers),
		cmocka_unit_test(numbers_depend_on_seed_purpose_and_counter),
		cmocka_unit_test(uniform_and_normal_have_their_moments),
		cmocka_unit_test(below_reaches_every_value_and_no_other),
		cmocka_unit_test(permute_is_a_bijection),
		cmocka_unit_test(permute_moves_things_and_depends_on_the_seed),
	};
	return cmocka_run_group_tests_name("base_random", tests, NULL, NULL);
}

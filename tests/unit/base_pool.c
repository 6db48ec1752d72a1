/* SPDX-License-Identifier: MIT */
/* Threads: every task once, the same result at any number, the first failure comes home. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "nt/cpu.h"
#include "nt/err.h"
#include "nt/pool.h"

enum { N = 1000 };
static const int sizes[] = {1, 2, 3, 8};
enum { N_SIZE = sizeof(sizes) / sizeof(*sizes) };

struct sums {
	atomic_int ran[N];
	double part[N];
};

static int add(void *arg, size_t i)
{
	struct sums *s = arg;
	atomic_fetch_add(&s->ran[i], 1);
	for (size_t k = 1; k < 50; k++)
		s->part[i] += 1.0 / (double)(i * 50 + k);
	return 0;
}

static double total_of(int n_thread)
{
	struct sums *s = calloc(1, sizeof(*s));
	struct nt_pool *pool = n_thread ? nt_pool_new(n_thread) : NULL;
	double total = 0;
	assert_non_null(s);
	assert_int_equal(nt_pool_size(pool), n_thread ? n_thread : 1);
	for (int again = 0; again < 20; again++)
		assert_int_equal(nt_pool_run(pool, N, add, s), 0);
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(atomic_load(&s->ran[i]), 20);
		total += s->part[i];
	}
	nt_pool_free(pool);
	free(s);
	return total;
}

static void the_result_is_the_same_bits_at_any_number_of_threads(void **state)
{
	double want = total_of(0);
	(void)state;
	for (int k = 0; k < N_SIZE; k++) {
		double got = total_of(sizes[k]);
		assert_memory_equal(&got, &want, sizeof(got));
	}
}

static int fail_at_some(void *arg, size_t i)
{
	(void)arg;
	if (i == 40 || i == 41 || i == 700)
		return nt_fail(NT_EFORMAT, "task %zu says no", i);
	return 0;
}

static void the_failure_with_the_lowest_task_comes_home(void **state)
{
	(void)state;
	for (int k = 0; k < N_SIZE; k++) {
		struct nt_pool *pool = nt_pool_new(sizes[k]);
		for (int again = 0; again < 200; again++) {
			nt_fail(NT_EFAIL, "something older");
			assert_int_equal(nt_pool_run(pool, N, fail_at_some, NULL), NT_EFORMAT);
			assert_string_equal(nt_errmsg(), "task 40 says no");
		}
		/* and the pool goes on working */
		assert_int_equal(nt_pool_run(pool, 40, fail_at_some, NULL), 0);
		assert_int_equal(nt_pool_run(pool, 0, fail_at_some, NULL), 0);
		nt_pool_free(pool);
	}
	nt_pool_free(NULL);
}

/* Sleeps as many microseconds as it was told to. */
static int rest(void *arg, size_t i)
{
	atomic_int *us = arg;
	usleep((useconds_t)(i == 0 ? atomic_load(us) : 0));
	atomic_fetch_add(us + 1, 1);
	return 0;
}

/* Threads, between jobs that lie apart; and the caller, behind whose own tasks another takes long. */
static void who_fell_asleep_is_woken(void **state)
{
	static const int us[] = {0, 30, 300, 3000};
	(void)state;
	for (int k = 1; k < N_SIZE; k++) {
		struct nt_pool *pool = nt_pool_new(sizes[k]);
		for (int pause = 0; pause < 4; pause++) {
			for (int task = 0; task < 4; task++) {
				atomic_int count[2] = {us[task], 0};
				for (int again = 0; again < 6; again++) {
					usleep((useconds_t)us[pause]);
					assert_int_equal(nt_pool_run(pool, 5, rest, count), 0);
					assert_int_equal(atomic_load(&count[1]), 5 * (again + 1));
				}
			}
		}
		nt_pool_free(pool);
	}
}

static void the_machine_can_be_described(void **state)
{
	(void)state;
	assert_true(nt_cpu_count() >= 1);
	assert_true(nt_cpu_memory() > 1 << 20);
	uint64_t before = nt_now_ns();
	assert_true(nt_now_ns() >= before);
}

static void the_environment_lowers_the_instruction_set_and_never_raises_it(void **state)
{
	(void)state;
	unsetenv("NT_ISA");
	enum nt_isa best = nt_cpu_isa();
	setenv("NT_ISA", "ref", 1);
	assert_int_equal(nt_cpu_isa(), NT_ISA_REF);
	setenv("NT_ISA", best == NT_ISA_NEON ? "avx512" : "neon", 1);
	assert_int_equal(nt_cpu_isa(), best);
	setenv("NT_ISA", "quantum", 1);
	assert_int_equal(nt_cpu_isa(), best);
	unsetenv("NT_ISA");
	assert_string_equal(nt_isa_name(NT_ISA_AVX2), "avx2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_result_is_the_same_bits_at_any_number_of_threads),
		cmocka_unit_test(the_failure_with_the_lowest_task_comes_home),
		cmocka_unit_test(who_fell_asleep_is_woken),
		cmocka_unit_test(the_machine_can_be_described),
		cmocka_unit_test(the_environment_lowers_the_instruction_set_and_never_raises_it),
	};
	return cmocka_run_group_tests_name("base_pool", tests, NULL, NULL);
}

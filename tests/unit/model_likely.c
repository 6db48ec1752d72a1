/* SPDX-License-Identifier: MIT */
/* model_likely.c - the likeliest tokens against all of them sorted */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "model/likely.h"
#include "nt/cpu.h"
#include "nt/random.h"

enum { MOST = 50257 };

static nt_real logits[MOST];
static struct nt_likely want[MOST], got[MOST];

static int by_logit(const void *a, const void *b)
{
	const struct nt_likely *x = a, *y = b;
	if (isnan(x->logprob) || isnan(y->logprob)) {
		if (!isnan(x->logprob) || !isnan(y->logprob))
			return isnan(x->logprob) ? 1 : -1;
	} else if (x->logprob < y->logprob || x->logprob > y->logprob) {
		return x->logprob < y->logprob ? 1 : -1;
	}
	return x->id < y->id ? -1 : 1;
}

static void compare(size_t n, size_t V)
{
	for (size_t i = 0; i < V; i++)
		want[i] = (struct nt_likely){(uint32_t)i, (double)logits[i]};
	qsort(want, V, sizeof(*want), by_logit);
	nt_likeliest(got, n, logits, V);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(got[i].id, want[i].id);
		assert_true(isnan(got[i].logprob) ? isnan(want[i].logprob) : got[i].logprob == want[i].logprob);
	}
}

/* 50 different values, and now and then a NaN or an infinity. */
static void equals_come_by_id_and_nan_last(void **state)
{
	static const size_t V[] = {1, 2, 3, 10, 97, 1000};
	(void)state;
	for (size_t i = 0; i < sizeof(V) / sizeof(*V); i++)
		for (uint64_t seed = 1; seed <= 20; seed++) {
			for (size_t k = 0; k < V[i]; k++) {
				uint64_t z = nt_random_below(seed, NT_RANDOM_ROWS, k, 53);
				logits[k] = z == 50 ? (nt_real)NAN : z == 51 ? (nt_real)INFINITY :
					    z == 52 ? -(nt_real)INFINITY : (nt_real)z;
			}
			for (size_t n = 1; n <= V[i]; n += 1 + n / 3)
				compare(n, V[i]);
			compare(V[i], V[i]);
		}
}

/* Of ascending logits every one is better than those before it. */
static void most_of_a_vocabulary_takes_milliseconds(void **state)
{
	(void)state;
	for (size_t i = 0; i < MOST; i++)
		logits[i] = (nt_real)i;
	uint64_t begin = nt_now_ns();
	for (int again = 0; again < 10; again++)
		nt_likeliest(got, MOST - 257, logits, MOST);
	assert_true(nt_now_ns() - begin < 2000000000);
	compare(MOST - 257, MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_come_by_id_and_nan_last),
		cmocka_unit_test(most_of_a_vocabulary_takes_milliseconds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

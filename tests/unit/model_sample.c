/* SPDX-License-Identifier: MIT */
/*
 * model_sample.c - the sampler against one that sorts
 *
 * The whole chain in the plainest way there is, in f64: every token in order, the likeliest first.
 * The same logits and the same draw are to give the same token, whatever is cut where, with ties,
 * infinities and NaN.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "nt/model.h"
#include "nt/random.h"

enum { MOST = 50257, DRAWS = 40 };

static nt_real logits[MOST];
static double weight[MOST];
static uint32_t order[MOST];

static double known(uint32_t id)
{
	return isnan(logits[id]) ? -INFINITY : (double)logits[id];
}

static int by_logit(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return known(x) != known(y) ? (known(x) < known(y)) - (known(x) > known(y)) : (x > y) - (x < y);
}

/* weight[i] of the i-th of order, and their sum. */
static double weigh(size_t n, double top, double temperature)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += weight[i] = exp((known(order[i]) - top) / temperature);
	return sum;
}

/* How many of the order are left. */
static size_t left(const struct nt_sampling *o, size_t V)
{
	double top = known(order[0]), sum = 0;
	size_t n = o->top_k && o->top_k < V ? o->top_k : V, i = 0;
	if (o->top_p < 1) {
		double need = o->top_p * weigh(n, top, 1);
		while (i < n && (sum += weight[i++]) < need)
			;
		n = i;
	}
	while (o->min_p > 0 && n > 1 && known(order[n - 1]) < top + log(o->min_p))
		n--;
	return n;
}

static uint32_t drawn(const struct nt_sampling *o, size_t n, double sum, uint64_t counter)
{
	double at = sum * nt_random_unit(o->seed, NT_RANDOM_SAMPLE, counter);
	size_t last = 0;
	for (size_t i = 0; i < n && at >= 0; at -= weight[i++])
		if (weight[i] > 0)
			last = i;
	return order[last];
}

static void compare(const struct nt_sampling *o, size_t V)
{
	struct nt_sampler *s;
	assert_int_equal(nt_sampler_new(&s, o, V), 0);
	for (size_t i = 0; i < V; i++)
		order[i] = (uint32_t)i;
	qsort(order, V, sizeof(*order), by_logit);
	double top = known(order[0]);
	bool is_certain = o->temperature == 0 || !isfinite(top);
	size_t n = is_certain ? 1 : left(o, V);
	for (size_t i = 0; i < V && n == V && o->top_p == 1 && o->min_p == 0; i++)
		order[i] = (uint32_t)i; /* temperature alone: by id */
	double sum = is_certain ? 0 : weigh(n, top, o->temperature);
	for (uint64_t i = 0; i < DRAWS; i++) {
		uint32_t got = nt_sample(s, logits, i), want = is_certain ? order[0] : drawn(o, n, sum, i);
		if (got != want)
			fail_msg("V %zu, top-k %u, top-p %g, min-p %g, temperature %g: %u (%g) and not %u (%g)", V, o->top_k,
				 o->top_p, o->min_p, o->temperature, got, (double)logits[got], want, (double)logits[want]);
	}
	nt_sampler_free(s);
}

static uint64_t n_random;
static double unit(void)
{
	return nt_random_unit(5, NT_RANDOM_INIT, n_random++);
}

static size_t below(size_t n)
{
	return (size_t)(unit() * (double)n);
}

/* Flat or peaked, sometimes in steps of 1/2, sometimes with what is no number. */
static void random_logits(size_t V)
{
	double size = below(2) ? 1 : 6 * unit(), slope = 3 * unit(), step = below(3) ? 0 : 0.5;
	size_t odd = below(8);
	for (size_t i = 0; i < V; i++) {
		double z = size * nt_random_normal(n_random++, NT_RANDOM_INIT, 0) - slope * log(1 + unit() * (double)V);
		logits[i] = (nt_real)(step > 0 ? round(z / step) * step : z);
		if (odd == 0 && i > 0 && below(3) == 0)
			logits[i] = below(2) ? (nt_real)NAN : -(nt_real)INFINITY;
		if (odd == 1)
			logits[i] = 3;
		if (odd == 2 && below(V) == 0)
			logits[i] = (nt_real)INFINITY;
	}
}

static void every_chain_draws_what_one_that_sorts_does(void **state)
{
	static const size_t size[] = {1, 2, 7, 63, 64, 65, 130, 1000, 5000};
	static const uint32_t k[] = {0, 0, 1, 2, 5, 40, 100, 4000};
	static const double p[] = {1, 1, 0, 0.1, 0.5, 0.95, 0.9999}, m[] = {0, 0, 0.001, 0.05, 1};
	(void)state;
	for (int round = 0; round < 300; round++) {
		size_t V = size[below(9)];
		struct nt_sampling o = {.top_k = k[below(8)], .top_p = p[below(7)], .min_p = m[below(5)],
					.temperature = below(8) ? 2 * unit() + 0.01 : 0, .seed = (uint64_t)round};
		random_logits(V);
		compare(&o, V);
	}
	for (size_t i = 0; i < 4; i++) { /* and of GPT-2's size */
		random_logits(MOST);
		compare(&(struct nt_sampling){.top_k = i % 3 ? 0 : 40, .top_p = i % 2 ? 0.95 : 1, .min_p = i > 1 ? 0.02 : 0,
					      .temperature = 0.8}, MOST);
	}
}

static void nothing_but_what_is_no_number_is_the_first_token(void **state)
{
	(void)state;
	for (size_t i = 0; i < 200; i++)
		logits[i] = i % 2 ? (nt_real)NAN : -(nt_real)INFINITY;
	for (uint32_t k = 0; k < 80; k += 40)
		compare(&(struct nt_sampling){.top_k = k, .top_p = 0.9, .temperature = 1}, 200);
}

/* As it comes nearer to 0, the likeliest of all is drawn ever surer. */
static void the_least_temperature_takes_the_likeliest(void **state)
{
	static const double temperature[] = {1e-3, 1e-30, 1e-300, 1e-307, 5e-309, 1e-310, 5e-324};
	(void)state;
	for (size_t i = 0; i < 300; i++)
		logits[i] = (nt_real)(i * 7 % 300) / 10;
	for (size_t t = 0; t < sizeof(temperature) / sizeof(*temperature); t++)
		for (uint32_t k = 0; k < 80; k += 40) {
			struct nt_sampler *s;
			struct nt_sampling o = {.top_k = k, .top_p = 1, .temperature = temperature[t]};
			assert_int_equal(nt_sampler_new(&s, &o, 300), 0);
			for (uint64_t i = 0; i < 20; i++)
				assert_int_equal(nt_sample(s, logits, i), 257);
			nt_sampler_free(s);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_temperature_takes_the_likeliest),
		cmocka_unit_test(every_chain_draws_what_one_that_sorts_does),
		cmocka_unit_test(nothing_but_what_is_no_number_is_the_first_token),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

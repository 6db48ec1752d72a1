/* SPDX-License-Identifier: MIT */
/* model_generate.c - the sampler, and the scorer against whole rows */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "nt/err.h"
#include "nt/generate.h"
#include "nt/mem.h"
#include "nt/model.h"
#include "nt/random.h"

#include "model_row.h"

enum { V = 97, T = 200 };

static struct nt_model *make_model(enum nt_arch arch)
{
	return random_model(arch, V, 48, T, 3);
}

/* How often each token is drawn in n draws. */
static void histogram(struct nt_sampling o, const nt_real *logits, size_t n_vocab, unsigned *count,
		      unsigned n)
{
	struct nt_sampler *s;
	assert_int_equal(nt_sampler_new(&s, &o, n_vocab), 0);
	memset(count, 0, n_vocab * sizeof(*count));
	for (unsigned i = 0; i < n; i++) {
		uint32_t id = nt_sample(s, logits, i);
		assert_int_equal(id, nt_sample(s, logits, i));
		assert_true(id < n_vocab);
		count[id]++;
	}
	nt_sampler_free(s);
}

/* Logarithms of 0.1 0.4 0.2 0.3, shifted. */
static const nt_real four[4] = {3 - 2.302585f, 3 - 0.916291f, 3 - 1.609438f, 3 - 1.203973f};
static const struct nt_sampling plain = {.top_p = 1, .temperature = 1, .seed = 3};

static void near(unsigned got, double p)
{
	assert_true(fabs(got - 10000 * p) < 4 * sqrt(10000 * p * (1 - p)) + 1e-9);
}

/* As llama.cpp does it: of the last few, each once, towards less likely whatever its sign. */
static void what_was_repeated_becomes_less_likely(void **state)
{
	static const nt_real logits[4] = {2, 1.9f, -1, -1.1f}, low[4] = {-1, -1.1f, -9, -9};
	static const uint32_t id[] = {2, 0, 0, 0};
	struct nt_sampling o = {.repeat_penalty = 1.25, .repeat_last_n = 3, .top_p = 1};
	struct nt_sampler *s;
	(void)state;
	assert_int_equal(nt_sampler_new(&s, &o, 4), 0);
	assert_int_equal(nt_sample_behind(s, logits, id, 4, 0), 1);  /* 1.6, once */
	assert_int_equal(nt_sample_behind(s, logits, id, 1, 0), 0);
	assert_int_equal(nt_sample_behind(s, logits, NULL, 0, 0), 0);
	assert_int_equal(nt_sample_behind(s, low, id + 1, 1, 0), 1); /* -1.25 */
	nt_sampler_free(s);
	o.repeat_last_n = 0;
	assert_int_equal(nt_sampler_new(&s, &o, 4), 0);
	assert_int_equal(nt_sample_behind(s, logits, id, 4, 0), 0);
	nt_sampler_free(s);
	o = plain;
	o.repeat_penalty = 2;
	o.repeat_last_n = UINT32_MAX;
	unsigned count[4] = {0};
	assert_int_equal(nt_sampler_new(&s, &o, 4), 0);
	for (unsigned i = 0; i < 10000; i++)
		count[nt_sample_behind(s, logits, id, 4, i)]++;
	double p[4] = {exp(1), exp(1.9), exp(-2), exp(-1.1)}, sum = p[0] + p[1] + p[2] + p[3];
	for (int i = 0; i < 4; i++)
		near(count[i], p[i] / sum);
	nt_sampler_free(s);
	o.repeat_penalty = NAN;
	assert_int_equal(nt_sampler_new(&s, &o, 4), NT_EARG);
}

static void draws_follow_the_probabilities(void **state)
{
	unsigned count[4];
	struct nt_sampling o = plain;
	(void)state;
	histogram(o, four, 4, count, 10000);
	near(count[0], 0.1);
	near(count[1], 0.4);
	near(count[2], 0.2);
	near(count[3], 0.3);
	o.temperature = 0.5; /* squares: 1 16 4 9 of 30 */
	histogram(o, four, 4, count, 10000);
	near(count[0], 1 / 30.0);
	near(count[1], 16 / 30.0);
	near(count[3], 9 / 30.0);
}

static void the_chain_leaves_what_llama_cpp_leaves(void **state)
{
	unsigned count[4];
	struct nt_sampling o = plain;
	(void)state;
	o.top_k = 2;
	histogram(o, four, 4, count, 10000);
	near(count[1], 4 / 7.0);
	near(count[3], 3 / 7.0);
	o = plain;
	o.top_p = 0.75; /* 0.4 + 0.3 is not enough: the third is taken in */
	histogram(o, four, 4, count, 10000);
	near(count[2], 2 / 9.0);
	assert_int_equal(count[0], 0);
	o = plain;
	o.min_p = 0.45; /* of 0.4: 0.18 and more */
	histogram(o, four, 4, count, 10000);
	near(count[2], 2 / 9.0);
	assert_int_equal(count[0], 0);
	o.temperature = 100; /* comes last: it does not bring anyone back */
	histogram(o, four, 4, count, 10000);
	assert_int_equal(count[0], 0);
	o = plain;
	o.top_p = 0;
	histogram(o, four, 4, count, 100);
	assert_int_equal(count[1], 100);
}

static void without_a_temperature_the_likeliest_is_taken(void **state)
{
	static const nt_real tie[4] = {1, 5, 5, 2}, odd[4] = {NAN, -INFINITY, 1, 0}, top[3] = {0, INFINITY, 1};
	static const nt_real none[2] = {NAN, NAN};
	unsigned count[4];
	struct nt_sampling o = plain;
	(void)state;
	o.temperature = 0;
	histogram(o, tie, 4, count, 10);
	assert_int_equal(count[1], 10);
	histogram(o, odd, 4, count, 10);
	assert_int_equal(count[2], 10);
	o.temperature = 1;
	histogram(o, odd, 4, count, 1000);
	assert_int_equal(count[0] + count[1], 0);
	histogram(o, top, 3, count, 10);
	assert_int_equal(count[1], 10);
	histogram(o, none, 2, count, 10);
	assert_int_equal(count[0], 10);
}

static void top_k_keeps_the_same_as_sorting(void **state)
{
	static nt_real logits[1000];
	unsigned count[1000];
	struct nt_sampling o = plain;
	(void)state;
	for (size_t i = 0; i < 1000; i++) /* many are equal */
		logits[i] = (nt_real)nt_random_below(1, NT_RANDOM_ROWS, i, 50);
	o.top_k = 37;
	o.temperature = 1e6;
	histogram(o, logits, 1000, count, 10000);
	for (size_t i = 0; i < 1000; i++) {
		size_t better = 0;
		for (size_t j = 0; j < 1000; j++)
			better += logits[j] > logits[i] || (logits[j] == logits[i] && j < i);
		assert_int_equal(count[i] > 0, better < 37);
	}
}

static void options_out_of_range_are_refused(void **state)
{
	struct nt_sampler *s;
	(void)state;
	assert_int_equal(nt_sampler_new(&s, &(struct nt_sampling){.temperature = -1, .top_p = 1}, 4), NT_EARG);
	assert_int_equal(nt_sampler_new(&s, &(struct nt_sampling){.top_p = 1.5}, 4), NT_EARG);
	assert_int_equal(nt_sampler_new(&s, &(struct nt_sampling){.top_p = 1, .min_p = NAN}, 4), NT_EARG);
}

static struct nt_lm *lm_of(const struct nt_model *m)
{
	struct nt_lm *lm;
	assert_int_equal(nt_lm_of_model(&lm, m), 0);
	return lm;
}

static struct nt_scorer *scorer_of(const struct nt_lm *lm)
{
	struct nt_scorer *s;
	assert_int_equal(nt_scorer_new(&s, lm, NULL), 0);
	return s;
}

static void scores_are_those_of_whole_rows(void **state)
{
	struct nt_model *m = make_model(NT_LLAMA);
	struct nt_lm *lm = lm_of(m);
	struct nt_scorer *s;
	const struct nt_scored *scored;
	uint32_t id[3 * T];
	double sum = 0;
	(void)state;
	random_ids(id, 3 * T, V);
	s = scorer_of(lm);
	assert_int_equal(nt_scorer_run(s, id, 3 * T, &scored), 0);
	for (size_t at = 0; at < 3 * T - 1; at += T) { /* pieces of T inputs */
		size_t n = 3 * T - 1 - at < T ? 3 * T - 1 - at : T;
		nt_real *z = whole_row(m, id + at, n);
		for (size_t i = 0; i < n; i++) {
			const nt_real *row = z + i * V;
			uint32_t target = id[at + i + 1], rank = 1, best = 0;
			double total = 0;
			for (uint32_t v = 0; v < V; v++) {
				total += exp((double)row[v]);
				rank += row[v] > row[target];
				best = row[v] > row[best] ? v : best;
			}
			const struct nt_scored *got = &scored[at + i];
			assert_true(fabs(got->nll - (log(total) - (double)row[target])) < 1e-5);
			assert_int_equal(got->rank, rank);
			assert_int_equal(got->pred_id, best);
			assert_true(fabs(got->p_pred - exp((double)row[best]) / total) < 1e-5);
			assert_true(got->wrong_id != target && got->p_wrong <= got->p_pred);
			for (size_t k = 0; k < NT_SCORED_TOP; k++) { /* no other token is likelier */
				uint32_t likelier = 0, top = got->top_id[k];
				for (uint32_t v = 0; v < V; v++)
					likelier += row[v] > row[top];
				assert_int_equal(likelier, k);
				assert_true(fabs((double)got->top_p[k] - exp((double)row[top]) / total) < 1e-5);
			}
			sum += got->nll;
		}
		free(z);
	}
	assert_int_equal(nt_scorer_add(s, id, 3 * T), 0);
	assert_true(fabs(nt_scorer_total(s) - sum) < 1e-6 * sum);
	nt_scorer_free(s);
	nt_lm_free(lm);
	nt_model_free(m);
}

static void totals_are_the_sums_of_the_scores(void **state)
{
	struct nt_model *m = make_model(NT_GPT2);
	struct nt_lm *lm = lm_of(m);
	struct nt_scorer *s;
	const struct nt_scored *scored;
	uint32_t id[T + 1];
	double sum = 0;
	(void)state;
	random_ids(id, T + 1, V);
	s = scorer_of(lm);
	for (size_t n = 0; n < 100; n++) {
		size_t len = n * 37 % (T + 2);
		assert_int_equal(nt_scorer_run(s, id, len, &scored), 0);
		for (size_t i = 0; i + 1 < len; i++)
			sum += scored[i].nll;
	}
	for (size_t n = 0; n < 100; n++)
		assert_int_equal(nt_scorer_add(s, id, n * 37 % (T + 2)), 0);
	assert_true(fabs(nt_scorer_total(s) - sum) < 1e-6 * sum);
	assert_true(nt_scorer_total(s) == 0);
	id[3] = V;
	assert_int_equal(nt_scorer_add(s, id, 5), NT_EARG);
	nt_scorer_free(s);
	nt_lm_free(lm);
	nt_model_free(m);
}

/* What stands behind a target changes nothing: at the ends of attention's blocks, and of a text of one. */
static void a_score_does_not_look_ahead(void **state)
{
	static const size_t n_input[] = {1, 2, 128, 129, 130};
	struct nt_model *m = make_model(NT_LLAMA);
	struct nt_lm *lm = lm_of(m);
	struct nt_scorer *s = scorer_of(lm);
	const struct nt_scored *scored;
	uint32_t id[T + 1];
	double want[T];
	(void)state;
	random_ids(id, T + 1, V);
	assert_int_equal(nt_scorer_run(s, id, T + 1, &scored), 0);
	for (size_t i = 0; i < T; i++)
		want[i] = scored[i].nll;
	for (size_t k = 0; k < sizeof(n_input) / sizeof(*n_input); k++) {
		assert_int_equal(nt_scorer_run(s, id, n_input[k] + 1, &scored), 0);
		for (size_t i = 0; i < n_input[k]; i++)
			assert_true(fabs(scored[i].nll - want[i]) < 1e-5);
	}
	nt_scorer_free(s);
	nt_lm_free(lm);
	nt_model_free(m);
}

/* A vocabulary and texts so large that logits come in blocks, and the second pass is as long as the first. */
static void blocks_of_logits_are_put_together(void **state)
{
	enum { WIDE = 9001, LONG = 1500 };
	struct nt_model *m = random_model(NT_GPT2, WIDE, 16, LONG, 3);
	struct nt_lm *lm = lm_of(m);
	struct nt_pool *pool = nt_pool_new(3);
	const struct nt_scored *scored;
	uint32_t id[LONG + 1];
	double sum = 0, total[2];
	(void)state;
	random_ids(id, LONG + 1, WIDE);
	for (size_t k = 0; k < 2; k++) {
		struct nt_scorer *s;
		assert_int_equal(nt_scorer_new(&s, lm, k ? pool : NULL), 0);
		assert_int_equal(nt_scorer_run(s, id, LONG + 1, &scored), 0);
		for (size_t i = 0; i < LONG && !k; i++)
			sum += scored[i].nll;
		assert_int_equal(nt_scorer_add(s, id, LONG + 1), 0);
		assert_int_equal(nt_scorer_add(s, id, 100), 0);
		assert_int_equal(nt_scorer_add(s, id, LONG + 1), 0);
		total[k] = nt_scorer_total(s);
		for (size_t i = 0; i < 99; i++)
			total[k] -= scored[i].nll;
		nt_scorer_free(s);
	}
	assert_true(fabs(total[0] - 2 * sum) < 1e-5 * sum); /* the reference sums in f32, one by one */
	assert_memory_equal(&total[0], &total[1], sizeof(double));
	nt_pool_free(pool);
	nt_lm_free(lm);
	nt_model_free(m);
}

/* Every target from the window that is the first to hold it, a pass each. */
static void a_window_slides(void **state)
{
	enum { LEN = 50, STRIDE = 7, N = 300 };
	struct nt_model *m = make_model(NT_LLAMA);
	struct nt_lm *lm = lm_of(m);
	struct nt_scorer *whole, *window;
	const struct nt_scored *want, *got;
	uint32_t id[N];
	double sum = 0;
	uint64_t n_position = 0;
	(void)state;
	random_ids(id, N, V);
	whole = scorer_of(lm);
	window = scorer_of(lm);
	assert_int_equal(nt_scorer_set_window(window, T + 1, 0), NT_EARG);
	assert_int_equal(nt_scorer_set_window(window, LEN, LEN + 1), NT_EARG);
	assert_int_equal(nt_scorer_set_window(window, LEN, STRIDE), 0);
	assert_int_equal(nt_scorer_run(window, id, N, &got), 0);
	for (size_t at = 0, done = 0; done < N - 1; at += STRIDE) {
		size_t n = N - at < LEN + 1 ? N - at : LEN + 1;
		assert_int_equal(nt_scorer_run(whole, id + at, n, &want), 0);
		for (; done < at + n - 1; done++) {
			assert_true(fabs(want[done - at].nll - got[done].nll) < 1e-5);
			assert_int_equal(want[done - at].rank, got[done].rank);
			sum += got[done].nll;
		}
	}
	assert_int_equal(nt_scorer_add(window, id, N), 0);
	assert_int_equal(nt_scorer_add(window, id, LEN), 0);
	assert_true(fabs(nt_scorer_total(window) - sum) > 1); /* a second one was added, too */
	for (size_t b = 0; b < NT_POSITION_BINS; b++)
		n_position += nt_scorer_positions(window)[b].targets;
	assert_int_equal(n_position, 2 * (N - 1) + LEN - 1);
	assert_int_equal(nt_scorer_positions(window)[0].targets, 3);
	assert_int_equal(nt_scorer_positions(window)[6].targets, 0); /* 64 and more: none of 50 */
	nt_scorer_free(whole);
	nt_scorer_free(window);
	nt_lm_free(lm);
	nt_model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_repeated_becomes_less_likely),
		cmocka_unit_test(draws_follow_the_probabilities),
		cmocka_unit_test(the_chain_leaves_what_llama_cpp_leaves),
		cmocka_unit_test(without_a_temperature_the_likeliest_is_taken),
		cmocka_unit_test(top_k_keeps_the_same_as_sorting),
		cmocka_unit_test(options_out_of_range_are_refused),
		cmocka_unit_test(scores_are_those_of_whole_rows),
		cmocka_unit_test(totals_are_the_sums_of_the_scores),
		cmocka_unit_test(a_score_does_not_look_ahead),
		cmocka_unit_test(blocks_of_logits_are_put_together),
		cmocka_unit_test(a_window_slides),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Texts that go on side by side say what each would say alone. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nt/err.h"
#include "nt/lanes.h"
#include "nt/random.h"

#include "model_random.h"

enum { V = 97, T = 48, N_TEXT = 20, N_TOKEN = 12, N_TOP = 4 };

struct text {
	uint32_t prompt[8], id[N_TOKEN];
	size_t n_prompt;
	double logprob[N_TOKEN], top[N_TOKEN][N_TOP];
};

static struct nt_model *model;
static struct nt_lm *lm;

static int make_lm(void **state)
{
	(void)state;
	model = random_model(NT_LLAMA, V, 48, T, 3);
	return nt_lm_of_model(&lm, model);
}

static int free_lm(void **state)
{
	(void)state;
	nt_lm_free(lm);
	nt_model_free(model);
	return 0;
}

static struct nt_lanes *new_lanes(size_t n, struct nt_pool *pool)
{
	struct nt_lanes *l;
	struct nt_lanes_options o = {.n_lane = n, .n_position = T, .has_logprobs = true, .n_top = N_TOP,
				     .sampling = {.temperature = 1.5, .top_p = 1, .repeat_penalty = 1.3,
						  .repeat_last_n = 64, .seed = 5}};
	assert_int_equal(nt_lanes_new(&l, lm, &o, pool), 0);
	assert_int_equal(nt_lanes_n(l), n);
	assert_int_equal(nt_lanes_room(l), T);
	return l;
}

/* What the lane said last is token i of the text. */
static void take(struct nt_lanes *l, size_t lane, struct text *t, size_t i)
{
	struct nt_latest latest = nt_lanes_latest(l, lane);
	assert_int_equal(nt_lanes_len(l, lane), t->n_prompt + i);
	assert_int_equal(latest.n_top, N_TOP);
	t->id[i] = latest.id;
	t->logprob[i] = latest.logprob;
	for (size_t k = 0; k < N_TOP; k++)
		t->top[i][k] = latest.top[k].logprob + latest.top[k].id;
}

/* All texts, as many at once as there are lanes, a new one wherever one has ended. */
static void say_all(struct text *text, size_t n_lane, int n_thread)
{
	struct nt_pool *pool = nt_pool_new(n_thread);
	struct nt_lanes *l = new_lanes(n_lane, pool);
	size_t next = 0, going = 0, lane, of[N_TEXT], said[N_TEXT];
	do {
		while (next < N_TEXT && nt_lanes_begin(l, next, &lane)) {
			of[lane] = next;
			said[lane] = 0;
			assert_int_equal(nt_lanes_extend(l, lane, text[next].prompt, text[next].n_prompt), 0);
			next++;
			going++;
		}
		assert_int_equal(nt_lanes_step(l), 0);
		for (lane = 0; lane < n_lane; lane++) {
			if (said[lane] == N_TOKEN || lane >= next)
				continue;
			take(l, lane, &text[of[lane]], said[lane]);
			if (++said[lane] == N_TOKEN - of[lane] % 3) { /* some end earlier */
				said[lane] = N_TOKEN;
				nt_lanes_end(l, lane);
				going--;
			}
		}
	} while (going || next < N_TEXT);
	assert_true(nt_lanes_counts(l).chosen > N_TEXT * (N_TOKEN - 3));
	nt_lanes_free(l);
	nt_pool_free(pool);
}

static void what_goes_on_beside_a_text_changes_nothing(void **state)
{
	static struct text alone[N_TEXT], beside[N_TEXT];
	(void)state;
	for (size_t i = 0; i < N_TEXT; i++) {
		alone[i].n_prompt = 1 + i % 7;
		for (size_t k = 0; k < alone[i].n_prompt; k++)
			alone[i].prompt[k] = (uint32_t)nt_random_below(3, NT_RANDOM_ROWS, i / 2 * 10 + k, V);
	}
	memcpy(beside, alone, sizeof(alone));
	say_all(alone, 1, 1);
	assert_memory_not_equal(alone[4].id, alone[11].id, sizeof(alone[4].id));
	for (size_t n = 2; n <= N_TEXT; n += 6) {
		say_all(beside, n, 1 + (int)n % 3);
		assert_memory_equal(alone, beside, sizeof(alone));
	}
}

static void the_number_of_a_text_tells_its_draws(void **state)
{
	uint32_t id[2][N_TOKEN], prompt = 1;
	size_t lane;
	(void)state;
	struct nt_lanes *l = new_lanes(2, NULL);
	for (uint64_t number = 0; number < 2; number++) {
		assert_true(nt_lanes_begin(l, number, &lane));
		assert_int_equal(lane, number);
		assert_int_equal(nt_lanes_extend(l, lane, &prompt, 1), 0);
	}
	assert_false(nt_lanes_begin(l, 2, &lane));
	for (size_t i = 0; i < N_TOKEN; i++) {
		assert_int_equal(nt_lanes_step(l), 0);
		id[0][i] = nt_lanes_latest(l, 0).id;
		id[1][i] = nt_lanes_latest(l, 1).id;
	}
	assert_memory_not_equal(id[0], id[1], sizeof(id[0]));
	nt_lanes_free(l);
}

static void log_p_is_the_models_own(void **state)
{
	uint32_t prompt[] = {3, 1, 4, 1, 5};
	const nt_real *logits;
	size_t lane;
	double sum = 0;
	struct nt_decoder *d;
	(void)state;
	struct nt_lanes *l = new_lanes(1, NULL);
	assert_true(nt_lanes_begin(l, 0, &lane));
	assert_int_equal(nt_lanes_extend(l, lane, prompt, 5), 0);
	assert_int_equal(nt_lanes_step(l), 0);
	struct nt_latest latest = nt_lanes_latest(l, lane);
	assert_int_equal(nt_decoder_new(&d, lm, 1, T, NULL), 0);
	assert_int_equal(nt_decoder_extend(d, 0, prompt, 5, &logits), 0);
	for (size_t i = 0; i < V; i++)
		sum += exp((double)logits[i]);
	assert_true(fabs(latest.logprob - ((double)logits[latest.id] - log(sum))) < 1e-5);
	for (size_t k = 0; k < N_TOP; k++) {
		size_t better = 0;
		for (size_t i = 0; i < V; i++)
			better += logits[i] > logits[latest.top[k].id];
		assert_int_equal(better, k);
		assert_true(fabs(latest.top[k].logprob - ((double)logits[latest.top[k].id] - log(sum))) < 1e-5);
	}
	nt_decoder_free(d);
	nt_lanes_free(l);
}

static void a_text_may_rest_and_be_taken_back(void **state)
{
	uint32_t prompt[] = {3, 1, 4}, too_many[T] = {0};
	size_t lane, n;
	(void)state;
	struct nt_lanes *l = new_lanes(2, NULL);
	assert_true(nt_lanes_begin(l, 0, &lane));
	assert_int_equal(nt_lanes_extend(l, lane, prompt, 3), 0);
	assert_int_equal(nt_lanes_len(l, lane), 0);
	assert_int_equal(nt_lanes_step(l), 0);
	uint32_t first = nt_lanes_latest(l, lane).id;
	assert_int_equal(nt_lanes_step(l), 0);
	nt_lanes_rest(l, lane);
	assert_int_equal(nt_lanes_step(l), 0);
	assert_int_equal(nt_lanes_len(l, lane), 4);
	assert_int_equal(nt_lanes_ids(l, lane, &n)[3], first);
	nt_lanes_rewind(l, lane, 2);
	assert_int_equal(nt_lanes_extend(l, lane, too_many, T - 1), NT_EARG);
	assert_int_equal(nt_lanes_extend(l, lane, (uint32_t[]){V}, 1), NT_EARG);
	assert_int_equal(nt_lanes_len(l, lane), 2);
	assert_int_equal(nt_lanes_extend(l, lane, prompt + 2, 1), 0);
	assert_int_equal(nt_lanes_step(l), 0);
	assert_int_equal(nt_lanes_len(l, lane), 3);
	assert_memory_equal(nt_lanes_ids(l, lane, &n), prompt, sizeof(prompt));
	assert_int_equal(n, 3);
	nt_lanes_free(l);
	nt_lanes_free(NULL);
}

static void options_out_of_range_are_refused(void **state)
{
	struct nt_lanes *l;
	struct nt_lanes_options o = {.n_lane = 0, .n_position = T};
	(void)state;
	assert_int_equal(nt_lanes_new(&l, lm, &o, NULL), NT_EARG);
	o = (struct nt_lanes_options){.n_lane = 1, .n_position = T + 1};
	assert_int_equal(nt_lanes_new(&l, lm, &o, NULL), NT_EARG);
	o = (struct nt_lanes_options){.n_lane = 1};
	assert_int_equal(nt_lanes_new(&l, lm, &o, NULL), NT_EARG);
	o = (struct nt_lanes_options){.n_lane = 1, .n_position = T, .sampling = {.top_p = 2}};
	assert_int_equal(nt_lanes_new(&l, lm, &o, NULL), NT_EARG);
	assert_null(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_out_of_range_are_refused),
		cmocka_unit_test(what_goes_on_beside_a_text_changes_nothing),
		cmocka_unit_test(the_number_of_a_text_tells_its_draws),
		cmocka_unit_test(log_p_is_the_models_own),
		cmocka_unit_test(a_text_may_rest_and_be_taken_back),
	};
	return cmocka_run_group_tests_name("model_lanes", tests, make_lm, free_lm);
}

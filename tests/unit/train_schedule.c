/* SPDX-License-Identifier: MIT */
/* train_schedule.c - learning rates at their borders, clipping, one AdamW step by hand, sizes */
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
#include "nt/ident.h"
#include "train/budget.h"
#include "train/optimizer.h"
#include "train/schedule.h"
#include "train/settings.h"
#include "train/size.h"

static void assert_near(double a, double b, double rel)
{
	if (!(fabs(a - b) <= rel * fabs(b)))
		fail_msg("%.17g is not near %.17g", a, b);
}

static struct nt_train_options rates(int schedule)
{
	return (struct nt_train_options){.lr_schedule = schedule, .learning_rate = 1e-3,
					 .min_learning_rate = 1e-4, .warmup_steps = 4, .max_steps = 104};
}

static void warm_up_reaches_the_highest_rate_at_the_step_behind_it(void **state)
{
	(void)state;
	for (int schedule = NT_LR_COSINE; schedule <= NT_LR_CONSTANT; schedule++) {
		struct nt_train_options o = rates(schedule);
		assert_near(nt_schedule_lr(&o, 0), 0.2e-3, 1e-12);
		assert_near(nt_schedule_lr(&o, 3), 0.8e-3, 1e-12);
		assert_near(nt_schedule_lr(&o, 4), 1e-3, 1e-12);
	}
}

static void cosine_is_half_way_in_the_middle_and_ends_at_the_least(void **state)
{
	(void)state;
	struct nt_train_options o = rates(NT_LR_COSINE);
	o.max_steps = 105; /* the last is number 104 */
	assert_near(nt_schedule_lr(&o, 54), 5.5e-4, 1e-12);
	assert_true(nt_schedule_lr(&o, 103) > 1e-4);
	assert_near(nt_schedule_lr(&o, 104), 1e-4, 1e-12);
	assert_near(nt_schedule_lr(&o, 1000), 1e-4, 1e-12);
}

static void wsd_is_flat_and_then_falls_straight(void **state)
{
	(void)state;
	struct nt_train_options o = rates(NT_LR_WSD);
	assert_near(nt_schedule_lr(&o, 33), 1e-3, 1e-12); /* 29 of 99 steps behind the first of full rate */
	assert_near(nt_schedule_lr(&o, 34), 1e-4 + 9e-4 * (69.0 / 99) / 0.7, 1e-12);
	assert_near(nt_schedule_lr(&o, 103), 1e-4, 1e-12);
	assert_near(nt_schedule_lr(&o, 104), 1e-4, 1e-12);
}

static void constant_stays(void **state)
{
	(void)state;
	struct nt_train_options o = rates(NT_LR_CONSTANT);
	assert_near(nt_schedule_lr(&o, 103), 1e-3, 1e-12);
	assert_near(nt_schedule_lr(&o, 5000), 1e-3, 1e-12);
}

static void a_run_shorter_than_its_schedule_divides_by_nothing(void **state)
{
	(void)state;
	for (int schedule = NT_LR_COSINE; schedule <= NT_LR_CONSTANT; schedule++)
		for (uint64_t max = 1; max < 8; max++)
			for (uint64_t step = 0; step <= max + 1; step++) {
				struct nt_train_options o = rates(schedule);
				o.max_steps = max;
				double lr = nt_schedule_lr(&o, step);
				assert_true(lr >= 1e-4 && lr <= 1e-3);
			}
}

/* The rate goes on from where it was, falls to the least at the last step that is planned then,
 * and is as if nothing had happened where the new plan is the old one. */
static void a_schedule_that_is_changed_on_the_way_goes_on_without_a_jump_and_ends_at_the_least(void **state)
{
	(void)state;
	for (int schedule = NT_LR_COSINE; schedule <= NT_LR_WSD; schedule++) {
		struct nt_train_options was = rates(schedule), o = was, same = was;
		assert_int_equal(nt_train_read_replanned(&o.replanned, "50:104,120:200,150:190"), 0);
		o.max_steps = 170;
		assert_int_equal(nt_train_read_replanned(&same.replanned, "30:104,70:104"), 0);
		double before = 1e-3;
		for (uint64_t step = 0; step < 170; step++) {
			double lr = nt_schedule_lr(&o, step);
			if (step <= 50)
				assert_true(lr == nt_schedule_lr(&was, step));
			if (step >= 4) {
				assert_true(lr <= before && before - lr < 2e-4);
				before = lr;
			}
			if (step < 104)
				assert_near(nt_schedule_lr(&same, step), nt_schedule_lr(&was, step), 1e-9);
		}
		assert_near(nt_schedule_lr(&o, 169), 1e-4, 1e-12);
	}
}

static void what_was_planned_is_read_as_it_is_written_and_nothing_else(void **state)
{
	(void)state;
	struct nt_replanned r;
	struct nt_buf b = {0};
	assert_int_equal(nt_train_read_replanned(&r, "11:220,19:241"), 0);
	assert_true(r.n == 2 && r.was[1].until == 19 && r.was[1].max_steps == 241);
	assert_int_equal(nt_replanned_write(&r, &b), 0);
	assert_memory_equal(b.data, "11:220,19:241", 13);
	nt_buf_release(&b);
	assert_int_equal(nt_train_read_replanned(&r, ""), 0);
	assert_int_equal(r.n, 0);
	static const char *const bad[] = {"1", "1:", ":2", "1:2:3", "1:2;3:4", "0:5", "5:5", "5:9,5:10", "5:9,4:10",
					  "-1:2", " 1:2", "1:2 ", "x", "1:99999999999999999999999"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (nt_train_read_replanned(&r, bad[i]) != NT_EARG)
			fail_msg("'%s' was taken", bad[i]);
	char many[NT_REPLANS_MAX * 16 + 32] = "";
	for (int i = 0; i <= NT_REPLANS_MAX; i++)
		snprintf(many + strlen(many), 16, "%d:9999,", i + 1);
	assert_int_equal(nt_train_read_replanned(&r, many), NT_EARG);
}

static void steps_are_counted_anew_where_the_end_would_be_elsewhere(void **state)
{
	(void)state;
	struct nt_rest r = {.time = 100, .left = 50, .step = 0.1, .n_step = 500};
	assert_int_equal(nt_budget_steps(&r), 500);
	r.n_step = 510; /* near enough, so long before the end */
	assert_int_equal(nt_budget_steps(&r), 510);
	r.step = 0.2; /* the machine is half as fast now */
	assert_int_equal(nt_budget_steps(&r), 250);
	r.step = 0.05;
	assert_int_equal(nt_budget_steps(&r), 1000);
	r = (struct nt_rest){.time = 100, .left = 5, .step = 0.1, .n_step = 59};
	assert_int_equal(nt_budget_steps(&r), 50);
	r = (struct nt_rest){.time = 100, .left = -30, .step = 0.1, .n_step = 500}; /* it was stopped */
	assert_int_equal(nt_budget_steps(&r), 20);
	r.n_step = 7;
	assert_int_equal(nt_budget_steps(&r), 7);
	r.step = 10;
	assert_int_equal(nt_budget_steps(&r), 1);
	struct nt_stretch s = {0};
	for (int i = 0; i < 8; i++) {
		assert_true(nt_stretch_step(&s) == 0);
		nt_stretch_add(&s, i == 3 ? 9 : 0.25); /* one that somebody stopped says nothing */
	}
	assert_near(nt_stretch_step(&s), 0.25, 1e-12);
}

static void clipping_shortens_and_never_lengthens(void **state)
{
	(void)state;
	assert_near(nt_clip_scale(0.5, 1), 1, 0);
	assert_near(nt_clip_scale(4, 1), 1 / (4 + 1e-6), 1e-15);
	assert_near(nt_clip_scale(1e9, 0), 1, 0);
}

/* Weights, gradient and moments in doubles, against three steps of ours; moments in bf16 may be off
 * by a part in 128, and so may what a step is made of. */
static void three_steps(int moments, double near)
{
	const struct nt_config c = {.arch = NT_GPT2, .vocab_size = 11, .hidden_size = 8,
				    .intermediate_size = 32, .num_hidden_layers = 1,
				    .num_attention_heads = 2, .num_key_value_heads = 2, .head_dim = 4,
				    .max_position_embeddings = 5, .norm_eps = 1e-5, .rope_theta = 1e4,
				    .initializer_range = 0.02, .tie_word_embeddings = true,
				    .bos_token_id = 0, .eos_token_id = 1};
	struct nt_model *m;
	struct nt_optimizer o;
	if (nt_model_new(&m, &c) < 0)
		fail_msg("%s", nt_errmsg());
	nt_model_init(m, 3);
	assert_int_equal(nt_optimizer_init(&o, m, (struct nt_optimizer_make){NT_OPTIMIZER_ADAMW, moments, 1}), 0);
	nt_real *grad = calloc(m->n_param, sizeof(*grad));
	double *w = calloc(3 * m->n_param, sizeof(*w)), *m1 = w + m->n_param, *m2 = m1 + m->n_param;
	for (size_t i = 0; i < m->n_param; i++)
		w[i] = (double)m->param[i];
	for (uint64_t t = 1; t <= 3; t++) {
		const double lr = 0.01, b1 = 0.9, b2 = 0.95, wd = 0.3, scale = 0.5;
		for (size_t i = 0; i < m->n_param; i++)
			grad[i] = (nt_real)sin((double)(i * t));
		struct nt_optimizer_step s = {lr, lr, b1, b2, 1e-8, wd, scale, t, 0, false, 0};
		nt_optimizer_update(&o, m->param, grad, &s, NULL);
		for (size_t k = 0; k < m->n_tensor; k++)
			for (size_t i = m->tensor[k].offset; i < m->tensor[k].offset + m->tensor[k].n; i++) {
				double g = scale * (double)grad[i];
				w[i] *= 1 - (m->tensor[k].n_dim >= 2 ? lr * wd : 0);
				m1[i] = b1 * m1[i] + (1 - b1) * g;
				m2[i] = b2 * m2[i] + (1 - b2) * g * g;
				w[i] -= lr * m1[i] / (1 - pow(b1, (double)t)) /
					(sqrt(m2[i] / (1 - pow(b2, (double)t))) + 1e-8);
			}
	}
	for (size_t i = 0; i < m->n_param; i++)
		if (fabs((double)m->param[i] - w[i]) > near)
			fail_msg("parameter %zu is %g, not %g", i, (double)m->param[i], w[i]);
	double sum = 0;
	for (size_t i = 0; i < m->n_param; i++)
		sum += (double)grad[i] * (double)grad[i];
	assert_near(nt_optimizer_norm(&o, grad, NULL), sqrt(sum), 1e-6);
	grad[5] = (nt_real)NAN;
	assert_true(isnan(nt_optimizer_norm(&o, grad, NULL)));
	free(grad);
	free(w);
	nt_optimizer_release(&o);
	nt_model_free(m);
}

static void adamw_is_its_equation_and_decays_matrices_only(void **state)
{
	(void)state;
	three_steps(NT_DTYPE_F32, 2e-6);
	three_steps(NT_DTYPE_BF16, 3 * 0.01 * 2 / 128);
}

static void more_data_and_more_weights_are_predicted_to_help(void **state)
{
	(void)state;
	assert_true(nt_size_loss(1e6, 2e7, 1e9, NT_OPTIMIZER_ADAMW) < nt_size_loss(1e6, 1e7, 1e9, NT_OPTIMIZER_ADAMW));
	assert_true(nt_size_loss(2e6, 1e7, 1e9, NT_OPTIMIZER_ADAMW) < nt_size_loss(1e6, 1e7, 1e9, NT_OPTIMIZER_ADAMW));
	/* reading the same again helps less than reading on, and ever less */
	assert_true(nt_size_loss(1e6, 4e6, 1e6, NT_OPTIMIZER_ADAMW) > nt_size_loss(1e6, 4e6, 1e9, NT_OPTIMIZER_ADAMW));
	assert_true(nt_size_loss(1e6, 1e9, 1e6, NT_OPTIMIZER_ADAMW) > nt_size_loss(1e6, 2e7, 1e9, NT_OPTIMIZER_ADAMW));
	assert_true(nt_size_loss(1e6, 2e7, 1e9, NT_OPTIMIZER_MUON) < nt_size_loss(1e6, 2e7, 1e9, NT_OPTIMIZER_ADAMW));
}

static void a_width_completes_to_a_shape_that_is_allowed(void **state)
{
	(void)state;
	const struct nt_ident ident = {.vocab_size = 100, .bos = 0, .eos = 1, .pad = NT_NO_TOKEN};
	for (uint64_t width = 2; width <= 2048; width += 2) {
		for (int arch = 0; arch < NT_ARCH_COUNT; arch++) {
			struct nt_train_options o = {.arch = arch, .hidden_size = width, .seq_len = 8,
						     .tie_word_embeddings = 1};
			nt_size_complete(&o);
			struct nt_config c = nt_size_config(&o, &ident);
			if (nt_config_check(&c) < 0)
				fail_msg("width %d: %s", (int)width, nt_errmsg());
		}
	}
}

static void a_size_is_a_shape_of_about_so_many_weights(void **state)
{
	(void)state;
	const struct nt_ident ident = {.vocab_size = 8192, .bos = 0, .eos = 1, .pad = NT_NO_TOKEN};
	for (double size = 4e5; size < 4e9; size *= 1.13) {
		for (int arch = NT_LLAMA; arch <= NT_GPT2; arch++) {
			struct nt_train_options o = {.arch = arch, .seq_len = 256, .tie_word_embeddings = 1, .size = (uint64_t)size};
			uint64_t n, smaller, larger;
			assert_int_equal(nt_size_for(&o, &ident), 0);
			struct nt_config c = nt_size_config(&o, &ident);
			assert_int_equal(nt_config_check(&c), 0);
			assert_true(nt_size_is(&c, o.size, &n));
			assert_near((double)n, size, 0.25);
			struct nt_train_options wide = {.arch = arch, .seq_len = 256, .tie_word_embeddings = 1,
							.hidden_size = o.hidden_size + 64};
			struct nt_train_options narrow = wide;
			narrow.hidden_size = o.hidden_size > 64 ? o.hidden_size - 64 : 2;
			nt_size_complete(&wide);
			nt_size_complete(&narrow);
			struct nt_config w = nt_size_config(&wide, &ident), s = nt_size_config(&narrow, &ident);
			nt_size_is(&w, o.size, &larger);
			nt_size_is(&s, o.size, &smaller);
			assert_true(smaller < n && n < larger);
			assert_true(log((double)larger / size) > fabs(log((double)n / size)));
			assert_true(log(size / (double)smaller) > fabs(log((double)n / size)));
		}
	}
	struct nt_train_options o = {.seq_len = 8, .tie_word_embeddings = 1, .size = 100000};
	assert_int_equal(nt_size_for(&o, &ident), NT_EARG); /* the embeddings alone are more */
	o.size = 100000000000;
	assert_int_equal(nt_size_for(&o, &ident), NT_EARG);
	o.size = 1000000;
	o.num_hidden_layers = 12; /* what the user says stays */
	assert_int_equal(nt_size_for(&o, &ident), 0);
	assert_int_equal(o.num_hidden_layers, 12);
}

static void options_survive_json_to_the_last_bit(void **state)
{
	(void)state;
	struct nt_train_options o = rates(NT_LR_WSD), back = {0};
	struct nt_buf b = {0};
	o.learning_rate = 0.1 + 0.2;
	o.seed = 1234567890123456789u;
	o.init = "a \"path\"\n";
	o.keep = 3;
	assert_int_equal(nt_train_read_replanned(&o.replanned, "3:100,50:101"), 0);
	o.eval_every.steps = 7;
	o.save_every.seconds = 600.1;
	assert_int_equal(nt_settings_write(&o, &b), 0);
	assert_int_equal(nt_buf_add(&b, "", 1), 0);
	struct json_object *json = json_tokener_parse((const char *)b.data);
	assert_int_equal(nt_settings_read(&back, json, "here"), 0);
	assert_true(back.learning_rate == o.learning_rate);
	assert_int_equal(back.seed, o.seed);
	assert_string_equal(back.init, o.init);
	assert_int_equal(back.lr_schedule, NT_LR_WSD);
	assert_memory_equal(&back.replanned, &o.replanned, sizeof(o.replanned));
	assert_true(back.eval_every.steps == 7 && back.eval_every.seconds == 0);
	assert_true(back.save_every.steps == 0 && back.save_every.seconds == 600.1);
	json_object_object_del(json, "seed");
	assert_int_equal(nt_settings_read(&back, json, "here"), NT_EFORMAT);
	assert_string_equal(nt_errmsg(), "here: option 'seed' is missing or makes no sense");
	json_object_put(json);
	nt_buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(warm_up_reaches_the_highest_rate_at_the_step_behind_it),
		cmocka_unit_test(cosine_is_half_way_in_the_middle_and_ends_at_the_least),
		cmocka_unit_test(wsd_is_flat_and_then_falls_straight),
		cmocka_unit_test(constant_stays),
		cmocka_unit_test(a_run_shorter_than_its_schedule_divides_by_nothing),
		cmocka_unit_test(a_schedule_that_is_changed_on_the_way_goes_on_without_a_jump_and_ends_at_the_least),
		cmocka_unit_test(what_was_planned_is_read_as_it_is_written_and_nothing_else),
		cmocka_unit_test(steps_are_counted_anew_where_the_end_would_be_elsewhere),
		cmocka_unit_test(clipping_shortens_and_never_lengthens),
		cmocka_unit_test(adamw_is_its_equation_and_decays_matrices_only),
		cmocka_unit_test(more_data_and_more_weights_are_predicted_to_help),
		cmocka_unit_test(a_width_completes_to_a_shape_that_is_allowed),
		cmocka_unit_test(a_size_is_a_shape_of_about_so_many_weights),
		cmocka_unit_test(options_survive_json_to_the_last_bit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

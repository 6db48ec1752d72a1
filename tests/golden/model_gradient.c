/* SPDX-License-Identifier: MIT */
/*
 * model_gradient.c - every gradient against central differences, in double precision
 *
 *	dL/dp = (L(p + h) - L(p - h)) / 2 h + O(h^2)
 *
 * Small random models of every family, tied and untied, with grouped queries and heads
 * that do not add up to the hidden size; rows that hold several documents, padding, and
 * targets that are none. Weights are larger than a first initialisation's, so that every
 * term is visible.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "nt/err.h"
#include "nt/mem.h"
#include "nt/model.h"
#include "nt/random.h"

enum { V = 13, B_MAX = 3, T_MAX = 300 };

static uint32_t input[B_MAX * T_MAX], target[B_MAX * T_MAX], start[B_MAX * T_MAX];

/* Documents of doc_len, the last of a row cut; the last n_pad columns are padding. */
static struct nt_batch make_batch(size_t B, size_t T, size_t doc_len, size_t n_pad)
{
	for (size_t n = 0; n < B * T; n++) {
		size_t t = n % T;
		bool is_padding = t >= T - n_pad;
		input[n] = (uint32_t)nt_random_below(3, NT_RANDOM_ROWS, 2 * n, V);
		target[n] = (uint32_t)nt_random_below(3, NT_RANDOM_ROWS, 2 * n + 1, V);
		start[n] = (uint32_t)(is_padding ? t : t / doc_len * doc_len);
		if (is_padding || n % 7 == 3)
			target[n] = NT_IGNORE;
	}
	return (struct nt_batch){B, T, input, target, start};
}

static struct nt_config make_config(enum nt_arch arch, bool is_tied, uint32_t K)
{
	struct nt_config c;
	nt_config_init(&c, arch);
	c.vocab_size = V;
	c.hidden_size = 8;
	c.intermediate_size = 10;
	c.num_hidden_layers = 2;
	c.num_attention_heads = arch == NT_GPT2 ? 2 : 4;
	c.num_key_value_heads = K;
	c.head_dim = 4;
	c.max_position_embeddings = T_MAX;
	c.norm_eps = 1e-5;
	c.tie_word_embeddings = is_tied;
	return c;
}

static struct nt_model *model_of(struct nt_config c)
{
	struct nt_model *m;
	if (nt_model_new(&m, &c) < 0)
		fail_msg("%s", nt_errmsg());
	for (size_t i = 0; i < m->n_param; i++)
		m->param[i] = 0.4 * nt_random_normal(11, NT_RANDOM_INIT, i);
	return m;
}

static struct nt_model *make_model(enum nt_arch arch, bool is_tied, uint32_t K)
{
	return model_of(make_config(arch, is_tied, K));
}

/* What is minimised: nats, and zeta log^2 of the sum of exp(logits) for each target. */
static double objective(struct nt_work *w, struct nt_model *m, const struct nt_batch *b, double zeta)
{
	static double logits[B_MAX * T_MAX * V];
	double sum = nt_forward(w, m, b, NULL, zeta > 0 ? logits : NULL);
	for (size_t n = 0; zeta > 0 && n < b->B * b->T; n++) {
		double z = 0;
		for (size_t i = 0; i < V; i++)
			z += exp(logits[n * V + i]);
		if (b->target[n] != NT_IGNORE)
			sum += zeta * log(z) * log(z);
	}
	return sum;
}

static double loss_at(struct nt_work *w, struct nt_model *m, const struct nt_batch *b, double zeta, size_t i,
		      double d)
{
	double saved = m->param[i];
	m->param[i] = saved + d;
	double loss = objective(w, m, b, zeta);
	m->param[i] = saved;
	return loss;
}

/* Every `step`th parameter. */
static void check_with(struct nt_model *m, const struct nt_batch *b, double zeta, size_t step)
{
	struct nt_work *w;
	if (nt_work_new(&w, &m->config, b->B, b->T, NT_PASS_BACKWARD, NULL) < 0)
		fail_msg("%s", nt_errmsg());
	double *grad = nt_calloc(m->n_param, sizeof(*grad)), h = 1e-5, worst = 0;
	nt_work_set_z_loss(w, zeta);
	double scale = 0.5, loss = nt_forward_backward(w, m, b, scale, grad);
	assert_true(fabs(loss - nt_forward(w, m, b, NULL, NULL)) < 1e-12 * loss);
	for (size_t t = 0; t < m->n_tensor; t++) {
		for (size_t i = m->tensor[t].offset; i < m->tensor[t].offset + m->tensor[t].n; i += step) {
			double want = scale * (loss_at(w, m, b, zeta, i, h) - loss_at(w, m, b, zeta, i, -h)) / (2 * h);
			double off = fabs(grad[i] - want) / (1 + fabs(want));
			if (!(off < 1e-7))
				fail_msg("%s[%zu]: gradient %.9g, difference %.9g", m->tensor[t].name,
					 i - m->tensor[t].offset, grad[i], want);
			worst = off > worst ? off : worst;
		}
	}
	print_message("# worst %.1e over %zu parameters\n", worst, m->n_param / step);
	free(grad);
	nt_work_free(w);
	nt_model_free(m);
}

static void check(struct nt_model *m, const struct nt_batch *b, size_t step)
{
	check_with(m, b, 0, step);
}

static void a_z_loss_is_in_the_gradient_and_not_in_the_loss(void **state)
{
	(void)state;
	struct nt_batch b = make_batch(2, 9, 4, 2);
	check_with(make_model(NT_GPT2, true, 2), &b, 0.3, 1);
	check_with(make_model(NT_LLAMA, false, 2), &b, 0.3, 1);
}

static void gpt2_gradients_are_those_of_the_loss(void **state)
{
	(void)state;
	struct nt_batch b = make_batch(2, 9, 4, 2);
	check(make_model(NT_GPT2, true, 2), &b, 1);
	check(make_model(NT_GPT2, false, 2), &b, 1);
}

static void llama_gradients_are_those_of_the_loss(void **state)
{
	(void)state;
	struct nt_batch b = make_batch(2, 9, 4, 2);
	check(make_model(NT_LLAMA, true, 4), &b, 1);
	check(make_model(NT_LLAMA, false, 2), &b, 1);
	check(make_model(NT_LLAMA, false, 1), &b, 1);
}

static void qwen3_gradients_are_those_of_the_loss(void **state)
{
	(void)state;
	struct nt_batch b = make_batch(2, 9, 4, 2);
	check(make_model(NT_QWEN3, true, 4), &b, 1);
	check(make_model(NT_QWEN3, false, 2), &b, 1);
	check(make_model(NT_QWEN3, false, 1), &b, 1);
}

static void qwen2_and_mistral_gradients_are_those_of_the_loss(void **state)
{
	(void)state;
	struct nt_batch b = make_batch(2, 9, 4, 2);
	check(make_model(NT_QWEN2, true, 4), &b, 1);
	check(make_model(NT_QWEN2, false, 2), &b, 1);
	check(make_model(NT_MISTRAL, false, 2), &b, 1);
}

static void biases_and_stretched_positions_have_right_gradients(void **state)
{
	(void)state;
	struct nt_batch b = make_batch(2, 9, 4, 2);
	struct nt_config c = make_config(NT_LLAMA, false, 2);
	c.attention_bias = c.mlp_bias = true;
	c.rope_scaling = (struct nt_rope_scaling){8, 0.25, 2, 5};
	check(model_of(c), &b, 1);
	c = make_config(NT_QWEN3, true, 2);
	c.attention_bias = true;
	check(model_of(c), &b, 1);
}

static void documents_longer_than_a_tile_of_attention_have_right_gradients(void **state)
{
	(void)state;
	struct nt_batch b = make_batch(1, T_MAX, 280, 3);
	check(make_model(NT_GPT2, true, 2), &b, 29);
	check(make_model(NT_LLAMA, false, 2), &b, 29);
	check(make_model(NT_QWEN3, false, 2), &b, 29);
}

/* ... and what the first one finds does not matter. */
static void check_sum(struct nt_model *m)
{
	struct nt_batch b = make_batch(1, 6, 6, 0);
	struct nt_work *w;
	assert_int_equal(nt_work_new(&w, &m->config, 1, 6, NT_PASS_BACKWARD, NULL), 0);
	double *once = nt_calloc(m->n_param, sizeof(*once)), *twice = nt_calloc(m->n_param, sizeof(*twice));
	nt_forward_backward(w, m, &b, 1, once);
	for (size_t i = 0; i < m->n_param; i++)
		twice[i] = NAN;
	nt_forward_backward_first(w, m, &b, 0.25, twice);
	nt_forward_backward(w, m, &b, 0.75, twice);
	for (size_t i = 0; i < m->n_param; i++)
		assert_true(fabs(once[i] - twice[i]) < 1e-12 * (1 + fabs(once[i])));
	free(once);
	free(twice);
	nt_work_free(w);
	nt_model_free(m);
}

static void gradients_add_up_over_calls(void **state)
{
	(void)state;
	check_sum(make_model(NT_LLAMA, false, 2));
	check_sum(make_model(NT_QWEN3, false, 2));
	check_sum(make_model(NT_GPT2, true, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gpt2_gradients_are_those_of_the_loss),
		cmocka_unit_test(a_z_loss_is_in_the_gradient_and_not_in_the_loss),
		cmocka_unit_test(llama_gradients_are_those_of_the_loss),
		cmocka_unit_test(qwen3_gradients_are_those_of_the_loss),
		cmocka_unit_test(qwen2_and_mistral_gradients_are_those_of_the_loss),
		cmocka_unit_test(biases_and_stretched_positions_have_right_gradients),
		cmocka_unit_test(documents_longer_than_a_tile_of_attention_have_right_gradients),
		cmocka_unit_test(gradients_add_up_over_calls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

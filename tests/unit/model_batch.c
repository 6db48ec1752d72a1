/* SPDX-License-Identifier: MIT */
/* model_batch.c - rows, documents in them, padding, and threads */
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
#include "nt/mem.h"
#include "nt/model.h"
#include "nt/random.h"

#include "model_random.h"

enum { V = 301, T = 160, B = 3 };

static struct nt_model *make_model(enum nt_arch arch)
{
	return random_model(arch, V, 72, T, 4);
}

struct rows {
	uint32_t input[B * T], target[B * T], start[B * T];
};

static void put_document(struct rows *r, size_t at, const uint32_t *id, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) {
		r->input[at + i] = id[i];
		r->target[at + i] = id[i + 1];
		r->start[at + i] = (uint32_t)(at % T);
	}
}

static void put_padding(struct rows *r, size_t from, size_t end)
{
	for (size_t n = from; n < end; n++) {
		r->input[n] = 0;
		r->target[n] = NT_IGNORE;
		r->start[n] = (uint32_t)(n % T);
	}
}

static double loss_of(const struct nt_model *m, const struct rows *r, size_t n_row, size_t row_len)
{
	struct nt_work *w;
	struct nt_batch b = {n_row, row_len, r->input, r->target, r->start};
	assert_int_equal(nt_work_new(&w, &m->config, n_row, row_len, NT_PASS_FORWARD, NULL), 0);
	double loss = nt_forward(w, m, &b, NULL, NULL);
	nt_work_free(w);
	return loss;
}

static void packed_is_alone(enum nt_arch arch)
{
	static const size_t len[] = {2, 31, 9, 65, 40}; /* tokens, [B] and [E] included */
	struct nt_model *m = make_model(arch);
	struct rows packed, *one = nt_calloc(1, sizeof(*one));
	double alone = 0;
	size_t at = 0;
	put_padding(&packed, 0, T);
	for (size_t d = 0; d < 5; d++) {
		uint32_t id[T];
		for (size_t i = 0; i < len[d]; i++)
			id[i] = (uint32_t)nt_random_below(d, NT_RANDOM_ROWS, i, V);
		put_document(&packed, at, id, len[d]);
		put_document(one, 0, id, len[d]);
		at += len[d] - 1;
		alone += loss_of(m, one, 1, len[d] - 1);
	}
	double together = loss_of(m, &packed, 1, T);
	assert_true(fabs(together - alone) <= 1e-6 * alone);
	memset(packed.start, 0, at * sizeof(*packed.start));
	assert_true(fabs(loss_of(m, &packed, 1, T) - alone) > 1e-3 * alone); /* they would see each other */
	free(one);
	nt_model_free(m);
}

static void the_loss_of_a_packed_row_is_the_sum_of_its_documents(void **state)
{
	(void)state;
	for (int arch = 0; arch < NT_ARCH_COUNT; arch++)
		packed_is_alone((enum nt_arch)arch);
}

static void fill(struct rows *r)
{
	for (size_t n = 0; n < B * T; n++) {
		r->input[n] = (uint32_t)nt_random_below(5, NT_RANDOM_ROWS, 2 * n, V);
		r->target[n] = (uint32_t)nt_random_below(5, NT_RANDOM_ROWS, 2 * n + 1, V);
		r->start[n] = (uint32_t)(n % T / 70 * 70);
	}
	put_padding(r, B * T - 15, B * T);
}

static double gradient_with(int n_thread, enum nt_pass pass, const struct nt_model *m,
			    const struct rows *r, nt_real *grad)
{
	struct nt_pool *pool = nt_pool_new(n_thread);
	struct nt_work *w;
	struct nt_batch b = {B, T, r->input, r->target, r->start};
	assert_non_null(pool);
	assert_int_equal(nt_work_new(&w, &m->config, B, T, pass, pool), 0);
	memset(grad, 0, m->n_param * sizeof(*grad));
	double loss = nt_forward_backward(w, m, &b, 1, grad);
	assert_true(fabs(loss - nt_forward(w, m, &b, NULL, NULL)) < 1e-6 * loss);
	nt_work_free(w);
	nt_pool_free(pool);
	return loss;
}

static void any_number_of_threads_gives_the_same_bits_and_so_does_working_twice(void **state)
{
	(void)state;
	for (int arch = 0; arch < NT_ARCH_COUNT; arch++) {
		struct nt_model *m = make_model((enum nt_arch)arch);
		struct rows *r = nt_alloc(1, sizeof(*r));
		nt_real *one = nt_alloc(m->n_param, sizeof(*one)), *more = nt_alloc(m->n_param, sizeof(*more));
		fill(r);
		double loss = gradient_with(1, NT_PASS_BACKWARD, m, r, one);
		for (int n = 2; n <= 3; n++) {
			assert_true(gradient_with(n, NT_PASS_BACKWARD, m, r, more) == loss);
			assert_memory_equal(one, more, m->n_param * sizeof(*one));
		}
		assert_true(gradient_with(2, NT_PASS_RECOMPUTE, m, r, more) == loss);
		assert_memory_equal(one, more, m->n_param * sizeof(*one));
		assert_true(nt_work_bytes(&m->config, B, T, NT_PASS_RECOMPUTE, 1) <
			    nt_work_bytes(&m->config, B, T, NT_PASS_BACKWARD, 1));
		free(one);
		free(more);
		free(r);
		nt_model_free(m);
	}
}

static void positions_without_a_target_have_no_loss(void **state)
{
	(void)state;
	struct nt_model *m = make_model(NT_LLAMA);
	struct rows *r = nt_alloc(1, sizeof(*r));
	struct nt_work *w;
	static nt_real nll[B * T];
	fill(r);
	struct nt_batch b = {B, T, r->input, r->target, r->start};
	assert_int_equal(nt_work_new(&w, &m->config, B, T, NT_PASS_FORWARD, NULL), 0);
	double sum = 0, loss = nt_forward(w, m, &b, nll, NULL);
	for (size_t n = 0; n < B * T; n++) {
		assert_int_equal(nll[n] == 0, r->target[n] == NT_IGNORE);
		sum += (double)nll[n];
	}
	assert_true(fabs(sum - loss) < 1e-6 * loss);
	nt_work_free(w);
	free(r);
	nt_model_free(m);
}

static void a_batch_beyond_the_model_is_refused(void **state)
{
	(void)state;
	struct nt_model *m = make_model(NT_GPT2);
	struct nt_work *w;
	assert_int_equal(nt_work_new(&w, &m->config, 1, T + 1, NT_PASS_FORWARD, NULL), NT_EARG);
	assert_int_equal(nt_work_new(&w, &m->config, 0, 1, NT_PASS_FORWARD, NULL), NT_EARG);
	assert_int_equal(nt_work_new(&w, &m->config, SIZE_MAX / 2, T, NT_PASS_FORWARD, NULL), NT_ESYS);
	assert_true(nt_work_bytes(&m->config, SIZE_MAX / 2, T, NT_PASS_FORWARD, 1) == 0);
	assert_true(nt_work_bytes(&m->config, 2, T, NT_PASS_BACKWARD, 1) >
		    nt_work_bytes(&m->config, 1, T, NT_PASS_BACKWARD, 1));
	nt_model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_loss_of_a_packed_row_is_the_sum_of_its_documents),
		cmocka_unit_test(any_number_of_threads_gives_the_same_bits_and_so_does_working_twice),
		cmocka_unit_test(positions_without_a_target_have_no_loss),
		cmocka_unit_test(a_batch_beyond_the_model_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

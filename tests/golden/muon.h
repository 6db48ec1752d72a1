/* SPDX-License-Identifier: MIT */
/*
 * muon.h - Newton-Schulz and whole steps of Muon against loops in f64 that follow the equations
 *
 * The including file defines NEAR, how near ours must come: the iteration makes a small
 * singular value, and its rounding, up to 3.4^5 times as large.
 */
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
#include "nt/random.h"
#include "nt/train.h"
#include "train/optimizer.h"

/* c = a b, or with t a' b: a is [m][k] or, transposed, [k][m]. */
static void multiply(double *c, const double *a, bool is_transposed, const double *b, size_t m, size_t n,
		     size_t k)
{
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j++) {
			c[i * n + j] = 0;
			for (size_t l = 0; l < k; l++)
				c[i * n + j] += (is_transposed ? a[l * m + i] : a[i * k + l]) * b[l * n + j];
		}
}

/* x <- a x + b x (x'x) + c x (x'x)^2, five times; always from the right. */
static void plain_orthogonalise(double *x, size_t m, size_t n)
{
	double *g = calloc(n * n, sizeof(*g)), *xg = calloc(m * n, sizeof(*xg)), *xgg = calloc(m * n, sizeof(*xgg));
	double squares = 0;
	for (size_t i = 0; i < m * n; i++)
		squares += x[i] * x[i];
	for (size_t i = 0; i < m * n; i++)
		x[i] /= sqrt(squares);
	for (int step = 0; step < 5; step++) {
		multiply(g, x, true, x, n, n, m);
		multiply(xg, x, false, g, m, n, n);
		multiply(xgg, xg, false, g, m, n, n);
		for (size_t i = 0; i < m * n; i++)
			x[i] = 3.4445 * x[i] - 4.7750 * xg[i] + 2.0315 * xgg[i];
	}
	free(g);
	free(xg);
	free(xgg);
}

static void check_shape(size_t rows, size_t columns, size_t gap, bool is_bf16, double near)
{
	size_t ld = columns + gap, n = rows < columns ? rows : columns;
	nt_real *x = nt_calloc(rows * ld, sizeof(*x)), *out = nt_calloc(rows * columns, sizeof(*out));
	nt_real *room = nt_calloc(2 * n * n, sizeof(*room));
	double *want = calloc(rows * columns, sizeof(*want)), worst = 0;
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < ld; c++)
			x[r * ld + c] = (nt_real)(1e-3 * nt_random_normal(rows, NT_RANDOM_INIT, r * ld + c));
	for (size_t i = 0; i < rows * columns; i++)
		want[i] = (double)x[i / columns * ld + i % columns];
	nt_real beside = gap ? x[columns] : 0;
	plain_orthogonalise(want, rows, columns);
	nt_orthogonalise(out, x, rows, columns, ld, room, is_bf16);
	for (size_t i = 0; i < rows * columns; i++)
		worst = fmax(worst, fabs((double)out[i] - want[i]));
	if (!(worst <= near))
		fail_msg("[%zu][%zu] is off by %g", rows, columns, worst);
	assert_true(!gap || x[columns] == beside);
	free(x);
	free(out);
	free(room);
	free(want);
}

static void any_shape_is_orthogonalised_as_by_three_loops(void **state)
{
	(void)state;
	static const size_t shape[][2] = {{1, 1}, {2, 1}, {1, 7}, {8, 8}, {5, 12}, {12, 5},
					  {40, 17}, {64, 64}, {33, 130}, {130, 33}};
	for (size_t i = 0; i < sizeof(shape) / sizeof(*shape); i++) {
		check_shape(shape[i][0], shape[i][1], 0, false, NEAR);
		check_shape(shape[i][0], shape[i][1], 9, false, NEAR);
		check_shape(shape[i][0], shape[i][1], 9, true, 0.1); /* 8 bits */
	}
}

static void singular_values_end_near_one(void **state)
{
	(void)state;
	enum { N = 12 };
	nt_real x[N * N] = {0}, out[N * N], room[2 * N * N];
	for (size_t i = 0; i < N - 1; i++)
		x[i * (N + 1)] = (nt_real)pow(0.6, (double)i); /* from 1 to 0.004, and a 0 */
	nt_orthogonalise(out, x, N, N, N, room, false);
	for (size_t i = 0; i < N - 1; i++)
		assert_true((double)out[i * (N + 1)] > 0.65 && (double)out[i * (N + 1)] < 1.25);
	memset(x, 0, sizeof(x));
	nt_orthogonalise(out, x, N, N, N, room, false);
	for (size_t i = 0; i < N * N; i++)
		assert_true(out[i] == 0);
}

/* --- whole steps ----------------------------------------------------------------------- */

enum { STEP_COUNT = 3 };
static const double lr = 0.01, embedding_lr = 0.05, b1 = 0.9, b2 = 0.95, mu = 0.8, wd = 0.3, scale = 0.5;

/* A model's parameters and moments in f64. */
struct plain {
	double *w, *m, *v, *g;
};

static void plain_adamw(const struct plain *p, const struct nt_tensor *t, double step)
{
	for (size_t i = t->offset; i < t->offset + t->n; i++) {
		p->m[i] = b1 * p->m[i] + (1 - b1) * p->g[i];
		p->v[i] = b2 * p->v[i] + (1 - b2) * p->g[i] * p->g[i];
		p->w[i] *= t->n_dim == 2 ? 1 - lr * wd : 1;
		p->w[i] -= (t->n_dim == 2 ? embedding_lr : lr) * p->m[i] / (1 - pow(b1, step)) / (sqrt(p->v[i] / (1 - pow(b2, step))) + 1e-8);
	}
}

/* NorMuon's: output i is row i of x, or with is_in_out column i; v has its mean square so far. */
static void plain_even_out(double *x, size_t rows, size_t n, bool is_in_out, double *v)
{
	size_t n_output = is_in_out ? n : rows, in = is_in_out ? rows : n;
	double before = 0, after = 0;
	for (size_t i = 0; i < rows * n; i++)
		before += x[i] * x[i];
	for (size_t o = 0; o < n_output; o++) {
		double squares = 0;
		for (size_t i = 0; i < in; i++)
			squares += pow(x[is_in_out ? i * n + o : o * n + i], 2);
		v[o] = 0.95 * v[o] + 0.05 * squares / (double)in;
		for (size_t i = 0; i < in; i++)
			x[is_in_out ? i * n + o : o * n + i] /= sqrt(v[o]) + 1e-10;
	}
	for (size_t i = 0; i < rows * n; i++)
		after += x[i] * x[i];
	for (size_t i = 0; i < rows * n; i++)
		x[i] *= sqrt(before / after);
}

/* Columns [first, first + n) of tensor t; the squares of its outputs are kept where v has the
 * tensor's, which Muon does not need. */
static void plain_muon(const struct plain *p, const struct nt_tensor *t, size_t first, size_t n, int kind)
{
	size_t rows = t->shape[0];
	double *u = calloc(rows * n, sizeof(*u)), length = 0.2 * sqrt((double)(rows > n ? rows : n));
	for (size_t i = 0; i < rows * n; i++) {
		size_t at = t->offset + i / n * t->shape[1] + first + i % n;
		p->m[at] = mu * p->m[at] + (1 - mu) * p->g[at];
		u[i] = mu * p->m[at] + (1 - mu) * p->g[at];
	}
	plain_orthogonalise(u, rows, n);
	if (kind == NT_OPTIMIZER_NORMUON)
		plain_even_out(u, rows, n, strstr(t->name, ".h."), p->v + t->offset + first);
	for (size_t i = 0; i < rows * n; i++) {
		size_t at = t->offset + i / n * t->shape[1] + first + i % n;
		p->w[at] = (1 - lr * wd) * p->w[at] - lr * length * u[i];
	}
	free(u);
}

static bool is_in_a_layer(const struct nt_tensor *t)
{
	return t->n_dim == 2 && (strstr(t->name, ".h.") || strstr(t->name, ".layers."));
}

static void plain_step(const struct plain *p, const struct nt_model *m, double step, int kind)
{
	for (size_t i = 0; i < m->n_tensor; i++) {
		const struct nt_tensor *t = &m->tensor[i];
		if (!is_in_a_layer(t))
			plain_adamw(p, t, step);
		else if (!strstr(t->name, "c_attn"))
			plain_muon(p, t, 0, t->shape[1], kind);
		else
			for (size_t k = 0; k < 3; k++)
				plain_muon(p, t, k * t->shape[0], t->shape[0], kind);
	}
}

static void steps_of(enum nt_arch arch, int kind, int n_thread)
{
	const struct nt_config c = {.arch = arch, .vocab_size = 11, .hidden_size = 16,
				    .intermediate_size = 40, .num_hidden_layers = 2,
				    .num_attention_heads = 4, .num_key_value_heads = arch == NT_GPT2 ? 4 : 2,
				    .head_dim = 4, .max_position_embeddings = 5, .norm_eps = 1e-5,
				    .rope_theta = 1e4, .initializer_range = 0.02,
				    .bos_token_id = 0, .eos_token_id = 1, .tie_word_embeddings = true};
	struct nt_model *m;
	struct nt_optimizer o;
	struct nt_pool *pool = nt_pool_new(n_thread);
	const struct nt_optimizer_make make = {kind, NT_DTYPE_F32, n_thread};
	if (nt_model_new(&m, &c) < 0 || nt_optimizer_init(&o, m, make) < 0)
		fail_msg("%s", nt_errmsg());
	nt_model_init(m, 3);
	size_t n = m->n_param;
	nt_real *grad = calloc(n, sizeof(*grad));
	double *w = calloc(4 * n, sizeof(*w));
	struct plain p = {.w = w, .m = w + n, .v = w + 2 * n, .g = w + 3 * n};
	for (size_t i = 0; i < n; i++)
		w[i] = (double)m->param[i];
	for (uint64_t step = 1; step <= STEP_COUNT; step++) {
		for (size_t i = 0; i < n; i++) {
			grad[i] = (nt_real)nt_random_normal(step, NT_RANDOM_INIT, i);
			p.g[i] = scale * (double)grad[i];
		}
		struct nt_optimizer_step s = {lr, embedding_lr, b1, b2, 1e-8, wd, scale, step, mu, false, 0};
		nt_optimizer_update(&o, m->param, grad, &s, pool);
		plain_step(&p, m, (double)step, kind);
	}
	for (size_t i = 0; i < n; i++)
		if (!(fabs((double)m->param[i] - w[i]) <= NEAR))
			fail_msg("parameter %zu is %g, not %g", i, (double)m->param[i], w[i]);
	for (size_t i = 0; i < m->n_tensor; i++) {
		const struct nt_tensor *t = &m->tensor[i];
		struct nt_moment v = nt_optimizer_moment(&o, m, i, 1);
		assert_true(!v.at == (kind == NT_OPTIMIZER_MUON && is_in_a_layer(t)));
		if (kind == NT_OPTIMIZER_NORMUON)
			assert_int_equal(v.n, is_in_a_layer(t) ? t->shape[arch == NT_GPT2] : t->n);
	}
	size_t n_square = kind == NT_OPTIMIZER_NORMUON ? o.muon.n_output : 0;
	assert_int_equal(nt_optimizer_bytes(m, make),
			 (o.m.n + o.v.n + n_square + o.muon.n_lane * o.muon.lane_room) * sizeof(nt_real));
	assert_true(o.m.n == n && o.v.n < n);
	/* five steps of 4 n n k + 2 n n n: four matrices of [16][16] a layer and two of [16][40] */
	if (arch == NT_GPT2)
		assert_true(nt_muon_flops(&c) == 5 * 2 * (4 * 256 * (64 + 32) + 2 * 256 * (160 + 32)));
	free(grad);
	free(w);
	nt_optimizer_release(&o);
	nt_model_free(m);
	nt_pool_free(pool);
}

static void steps_of_llama_are_the_equations(void **state)
{
	(void)state;
	for (int kind = NT_OPTIMIZER_MUON; kind <= NT_OPTIMIZER_NORMUON; kind++) {
		steps_of(NT_LLAMA, kind, 1);
		steps_of(NT_LLAMA, kind, 3);
	}
}

static void steps_of_gpt2_take_q_k_and_v_apart(void **state)
{
	(void)state;
	for (int kind = NT_OPTIMIZER_MUON; kind <= NT_OPTIMIZER_NORMUON; kind++) {
		steps_of(NT_GPT2, kind, 1);
		steps_of(NT_GPT2, kind, 3);
	}
}

/* A matrix that nothing moves has no length to keep. */
static void no_gradient_moves_nothing(void **state)
{
	(void)state;
	const struct nt_config c = {.arch = NT_LLAMA, .vocab_size = 3, .hidden_size = 4, .intermediate_size = 8,
				    .num_hidden_layers = 1, .num_attention_heads = 1, .num_key_value_heads = 1,
				    .head_dim = 4, .max_position_embeddings = 5, .norm_eps = 1e-5, .rope_theta = 1e4,
				    .initializer_range = 0.02, .tie_word_embeddings = true};
	struct nt_model *m;
	struct nt_optimizer o;
	struct nt_pool *pool = nt_pool_new(1);
	const struct nt_optimizer_make make = {NT_OPTIMIZER_NORMUON, NT_DTYPE_F32, 1};
	if (nt_model_new(&m, &c) < 0 || nt_optimizer_init(&o, m, make) < 0)
		fail_msg("%s", nt_errmsg());
	nt_model_init(m, 3);
	nt_real *grad = calloc(m->n_param, sizeof(*grad)), *was = calloc(m->n_param, sizeof(*was));
	memcpy(was, m->param, m->n_param * sizeof(*was));
	struct nt_optimizer_step s = {lr, embedding_lr, b1, b2, 1e-8, 0, 1, 1, mu, false, 0};
	nt_optimizer_update(&o, m->param, grad, &s, pool);
	assert_memory_equal(was, m->param, m->n_param * sizeof(*was));
	free(grad);
	free(was);
	nt_optimizer_release(&o);
	nt_model_free(m);
	nt_pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_shape_is_orthogonalised_as_by_three_loops),
		cmocka_unit_test(singular_values_end_near_one),
		cmocka_unit_test(steps_of_llama_are_the_equations),
		cmocka_unit_test(steps_of_gpt2_take_q_k_and_v_apart),
		cmocka_unit_test(no_gradient_moves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * measure.c - how fast this machine is, found out by doing the work for a moment
 *
 * Other programs disturb a measurement only by making it slower, so the fastest of a
 * few is taken for peaks. A step is what it usually takes: the median.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "kern/gemm.h"
#include "nt/cpu.h"
#include "nt/err.h"
#include "train/run.h"

static double seconds_since(uint64_t start)
{
	return (double)(nt_now_ns() - start) * 1e-9;
}

double nt_measure_peak(int dtype, struct nt_pool *pool)
{
	enum { N = 768 };
	nt_real *x = nt_calloc(3 * (size_t)N * N, sizeof(*x));
	double best = 0;
	if (!x)
		return 0;
	/* not zeros and no denormals: some CPUs take longer for those */
	for (size_t i = 0; i < 2 * (size_t)N * N; i++)
		x[i] = (nt_real)(i % 17) * (nt_real)0.125 - 1;
	struct nt_gemm g = {.m = N, .n = N, .k = N, .a = x, .b = x + N * N, .c = x + 2 * N * N,
			    .lda = N, .ldb = N, .ldc = N, .is_b_transposed = true, .alpha = 1,
			    .is_bf16 = dtype == NT_DTYPE_BF16};
	uint64_t begin = nt_now_ns();
	do {
		uint64_t start = nt_now_ns();
		nt_gemm(pool, &g);
		double rate = 2.0 * N * N * N / seconds_since(start);
		best = rate > best ? rate : best;
	} while (seconds_since(begin) < 0.15);
	free(x);
	return best;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

int nt_measure_step(struct nt_train *t, double budget, double *seconds, uint64_t *n_step)
{
	enum { MOST = 64 };
	double took[MOST], weight_decay = t->options.weight_decay;
	struct nt_step_result r;
	size_t n = 0;
	/* a step of no length: the weights keep every bit, and the moments are zeroed again */
	t->options.weight_decay = 0;
	uint64_t begin = nt_now_ns(), start = begin;
	int rc = nt_train_one_step(t, 0, &r);
	took[n++] = seconds_since(start);
	if (took[0] < budget) { /* it touched new memory first, of a longer step a small part */
		n = 0;
		begin = nt_now_ns();
	}
	while (rc == 0 && n < MOST && (n == 0 || seconds_since(begin) < budget)) {
		start = nt_now_ns();
		rc = nt_train_one_step(t, 0, &r);
		took[n++] = seconds_since(start);
	}
	t->options.weight_decay = weight_decay;
	nt_optimizer_reset(&t->optimizer);
	qsort(took, n, sizeof(*took), by_value);
	*seconds = n ? took[n / 2] : 0;
	*n_step = n;
	return rc;
}

int nt_measure_model(const struct nt_config *c, size_t B, size_t T, int dtype, struct nt_pool *pool,
		     double *flops_per_s)
{
	struct nt_model *m = NULL;
	struct nt_work *w = NULL;
	nt_real *grad = NULL;
	uint32_t *id = nt_calloc(2 * B * T, sizeof(*id));
	int rc = id ? nt_model_new(&m, c) : NT_ESYS;
	if (rc == 0)
		rc = nt_work_new(&w, c, B, T, NT_PASS_BACKWARD, pool);
	if (rc == 0 && !(grad = nt_calloc(m->n_param, sizeof(*grad))))
		rc = NT_ESYS;
	if (rc < 0)
		goto out;
	nt_work_set_bf16(w, dtype == NT_DTYPE_BF16);
	nt_model_init(m, 1);
	for (size_t i = 0; i < B * T; i++)
		id[i] = (uint32_t)(i * 2654435761u % c->vocab_size);
	struct nt_batch batch = {.B = B, .T = T, .input = id, .target = id, .start = id + B * T};
	double least = 1e30;
	for (int i = 0; i < 3; i++) {
		uint64_t start = nt_now_ns();
		nt_forward_backward(w, m, &batch, 1, grad);
		double took = seconds_since(start);
		least = took < least ? took : least;
		if (took > 0.4)
			break;
	}
	*flops_per_s = nt_flops_per_token(c, T) * (double)(B * T) / least;
out:
	free(grad);
	free(id);
	nt_work_free(w);
	nt_model_free(m);
	return rc;
}

int nt_train_measure(struct nt_train *t, struct nt_train_bench *bench)
{
	struct rusage usage;
	*bench = (struct nt_train_bench){0};
	nt_assert(t->is_settled);
	int rc = nt_train_prepare(t);
	double seconds = 0;
	if (rc == 0)
		rc = nt_measure_step(t, 5, &seconds, &bench->n_step);
	if (rc < 0)
		return rc;
	double peak = nt_measure_peak(t->options.dtype, t->pool);
	bench->step_ms = seconds * 1e3;
	bench->tokens_per_s = (double)t->plan.step_targets * (1 - t->plan.padding) / seconds;
	bench->mfu = bench->tokens_per_s * t->plan.flops_per_token / peak;
	getrusage(RUSAGE_SELF, &usage);
	bench->peak_rss = (uint64_t)usage.ru_maxrss * 1024;
	return 0;
}

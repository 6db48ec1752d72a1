/* SPDX-License-Identifier: MIT */
/*
 * reference.h - against logits, gradients and losses that another program computed in f64
 *
 * Compiled twice: in double precision (tests/golden) with tolerances that show that the
 * equations are the same, and in single precision (tests/unit) with those that show that
 * the arithmetic is good enough. The including file defines the tolerances:
 * LOGIT_ABS, GRAD_REL (of the tensor's norm), LOSS_ABS.
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
#include "nt/file.h"
#include "nt/model.h"
#include "nt/safetensors.h"

enum { B = 2, T = 16, V = 64 };

static const char *golden(const char *family, const char *file)
{
	static char path[4][512];
	static int next;
	const char *shared = getenv("NT_SHARED");
	char *p = path[next++ % 4];
	snprintf(p, sizeof(path[0]), "%s/data/golden/%s/%s", shared ? shared : "../shared", family, file);
	return p;
}

static void need(int rc)
{
	if (rc < 0)
		fail_msg("%s", nt_errmsg());
}

struct reference {
	struct nt_model *m;
	struct nt_work *w;
	struct nt_batch batch;
	uint32_t input[B * T], target[B * T], start[B * T];
};

static void read_ids(uint32_t *id, const struct nt_safetensor *t)
{
	assert_non_null(t);
	assert_int_equal(t->n, B * T);
	for (size_t i = 0; i < t->n; i++) {
		int64_t v;
		memcpy(&v, t->data + 8 * i, 8);
		id[i] = v < 0 ? NT_IGNORE : (uint32_t)v;
	}
}

/* Skips the test when the references are not there. */
static void open_reference(struct reference *r, const char *family)
{
	struct nt_safetensors *s;
	struct nt_buf probe = {0};
	if (nt_read_file(&probe, golden(family, "config.json")) < 0)
		skip();
	nt_buf_release(&probe);
	need(nt_model_load(&r->m, golden(family, "model.safetensors")));
	need(nt_safetensors_open(&s, golden(family, "batch.safetensors")));
	read_ids(r->input, nt_safetensors_find(s, "input_ids"));
	read_ids(r->target, nt_safetensors_find(s, "labels"));
	nt_safetensors_close(s);
	memset(r->start, 0, sizeof(r->start)); /* padding stands behind the document */
	r->batch = (struct nt_batch){B, T, r->input, r->target, r->start};
	need(nt_work_new(&r->w, &r->m->config, B, T, true, NULL));
}

static void close_reference(struct reference *r)
{
	nt_work_free(r->w);
	nt_model_free(r->m);
}

static nt_real *read_real(const struct nt_safetensor *t)
{
	assert_non_null(t);
	nt_real *out = nt_alloc(t->n, sizeof(*out));
	need(nt_safetensor_real(t, out));
	return out;
}

static void logits_of(const char *family, double loss)
{
	struct reference r;
	struct nt_safetensors *s;
	open_reference(&r, family);
	nt_real *logits = nt_alloc(B * T * V, sizeof(*logits));
	double got = nt_forward(r.w, r.m, &r.batch, NULL, logits), worst = 0;
	need(nt_safetensors_open(&s, golden(family, "logits.safetensors")));
	nt_real *want = read_real(nt_safetensors_at(s, 0));
	for (size_t i = 0; i < B * T * V; i++)
		worst = fmax(worst, fabs((double)logits[i] - (double)want[i]));
	print_message("# %s: worst logit difference %.2e, loss %.9f\n", family, worst, got);
	assert_true(worst <= LOGIT_ABS);
	assert_true(fabs(got - loss) <= LOSS_ABS);
	free(want);
	free(logits);
	nt_safetensors_close(s);
	close_reference(&r);
}

static double norm_of_difference(const nt_real *a, const nt_real *b, size_t n, double *norm)
{
	double d = 0, s = 0;
	for (size_t i = 0; i < n; i++) {
		d += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
		s += (double)b[i] * (double)b[i];
	}
	*norm = sqrt(s);
	return sqrt(d);
}

static void gradients_of(const char *family)
{
	struct reference r;
	struct nt_safetensors *s;
	open_reference(&r, family);
	nt_real *grad = nt_calloc(r.m->n_param, sizeof(*grad));
	nt_forward_backward(r.w, r.m, &r.batch, 1, grad);
	need(nt_safetensors_open(&s, golden(family, "grads_sum.safetensors")));
	double worst = 0, norm;
	for (size_t i = 0; i < r.m->n_tensor; i++) {
		const struct nt_tensor *t = &r.m->tensor[i];
		nt_real *want = read_real(nt_safetensors_find(s, t->name));
		double d = norm_of_difference(grad + t->offset, want, t->n, &norm);
		if (!(d <= GRAD_REL * norm))
			fail_msg("%s: gradient off by %g of %g", t->name, d, norm);
		worst = fmax(worst, d / norm);
		free(want);
	}
	print_message("# %s: worst relative gradient difference %.2e\n", family, worst);
	assert_int_equal(nt_safetensors_count(s), r.m->n_tensor);
	nt_safetensors_close(s);
	free(grad);
	close_reference(&r);
}

static void gpt2_logits_and_loss_agree(void **state)
{
	(void)state;
	logits_of("gpt2", 128.143884207842);
}

static void llama_logits_and_loss_agree(void **state)
{
	(void)state;
	logits_of("llama", 126.127253530513);
}

static void gpt2_gradients_agree_in_every_tensor(void **state)
{
	(void)state;
	gradients_of("gpt2");
}

static void llama_gradients_agree_in_every_tensor(void **state)
{
	(void)state;
	gradients_of("llama");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gpt2_logits_and_loss_agree),
		cmocka_unit_test(llama_logits_and_loss_agree),
		cmocka_unit_test(gpt2_gradients_agree_in_every_tensor),
		cmocka_unit_test(llama_gradients_agree_in_every_tensor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

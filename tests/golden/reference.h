/* SPDX-License-Identifier: MIT */
/*
 * reference.h - against logits, gradients and losses that another program computed in f64
 *
 * Compiled twice: in double precision (tests/golden) with tolerances that show that the
 * equations are the same, and in single precision (tests/unit) with those that show that
 * the arithmetic is good enough. The including file defines the tolerances:
 * LOGIT_REL (of the largest), GRAD_REL (of the tensor's norm), LOSS_ABS.
 */
#include <dirent.h>
#include <unistd.h>

#include "golden.h"
#include "nt/generate.h"

/* -log p of the targets, from their logits. */
static double loss_of(const struct reference *r, const nt_real *logits, size_t V)
{
	double loss = 0;
	for (size_t n = 0; n < B * T; n++) {
		const nt_real *z = logits + n * V;
		double sum = 0;
		if (r->target[n] == NT_IGNORE)
			continue;
		for (size_t i = 0; i < V; i++)
			sum += exp((double)z[i]);
		loss += log(sum) - (double)z[r->target[n]];
	}
	return loss;
}

/* The largest distance of logits from their reference, and the largest logit. */
static double off_by(const nt_real *got, const nt_real *want, size_t n, double *largest)
{
	double worst = 0;
	for (size_t i = 0; i < n; i++) {
		double off = fabs((double)got[i] - (double)want[i]);
		if (!(off <= worst)) /* nor is a NaN */
			worst = off;
		*largest = fmax(*largest, fabs((double)want[i]));
	}
	return worst;
}

static void logits_of(const char *family)
{
	struct reference r;
	struct nt_safetensors *s;
	open_reference(&r, family);
	size_t V = r.m->config.vocab_size;
	nt_real *logits = nt_alloc(B * T * V, sizeof(*logits));
	double got = nt_forward(r.w, r.m, &r.batch, NULL, logits), largest = 0;
	need(nt_safetensors_open(&s, golden(family, "logits.safetensors")));
	assert_int_equal(nt_safetensors_at(s, 0)->n, B * T * V);
	nt_real *want = read_real(nt_safetensors_at(s, 0));
	double worst = off_by(logits, want, B * T * V, &largest);
	print_message("# %s: worst logit difference %.2e of %.1f, loss %.9f\n", family, worst, largest, got);
	assert_true(worst <= LOGIT_REL * largest);
	assert_true(fabs(got - loss_of(&r, want, V)) <= LOSS_ABS);
	free(want);
	free(logits);
	nt_safetensors_close(s);
	close_reference(&r);
}

/* Rows grow side by side: a prompt each, then step by step, weights where the file has them. */
static void decoded_logits_of(const char *family)
{
	enum { PROMPT = 5 };
	struct reference r;
	struct nt_safetensors *s;
	struct nt_lm *lm;
	struct nt_decoder *d;
	const nt_real *got;
	double worst = 0, largest = 0;
	open_reference(&r, family);
	need(nt_lm_load(&lm, golden(family, "model.safetensors"), NT_LM_AS_STORED, NULL));
	need(nt_decoder_new(&d, lm, B, T, NULL));
	need(nt_safetensors_open(&s, golden(family, "logits.safetensors")));
	nt_real *want = read_real(nt_safetensors_at(s, 0));
	size_t V = nt_lm_config(lm)->vocab_size;
	for (size_t b = 0; b < B; b++) {
		need(nt_decoder_extend(d, b, r.input + b * T, PROMPT, &got));
		worst = fmax(worst, off_by(got, want + (b * T + PROMPT - 1) * V, V, &largest));
	}
	for (size_t t = PROMPT; t < T; t++) {
		struct nt_next next[B] = {{1, r.input + T + t, 1}, {0, r.input + t, 1}};
		need(nt_decoder_take(d, next, B, &got));
		for (size_t i = 0; i < B; i++)
			worst = fmax(worst, off_by(got + i * V, want + (next[i].seq * T + t) * V, V, &largest));
	}
	print_message("# %s: worst decoded logit difference %.2e of %.1f\n", family, worst, largest);
	assert_true(worst <= LOGIT_REL * largest);
	free(want);
	nt_safetensors_close(s);
	nt_decoder_free(d);
	nt_lm_free(lm);
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

/* Does it for every folder of references; skips the test where there is none. */
static void each(void (*check)(const char *family))
{
	DIR *d = opendir(golden("", ""));
	size_t n = 0;
	for (struct dirent *e; d && (e = readdir(d));)
		if (*e->d_name != '.' && access(golden(e->d_name, "grads_sum.safetensors"), R_OK) == 0) {
			check(e->d_name);
			n++;
		}
	if (d)
		closedir(d);
	if (n == 0)
		skip();
}

static void logits_and_losses_agree(void **state)
{
	(void)state;
	each(logits_of);
}

static void decoded_logits_agree(void **state)
{
	(void)state;
	each(decoded_logits_of);
}

static void gradients_agree_in_every_tensor(void **state)
{
	(void)state;
	each(gradients_of);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logits_and_losses_agree),
		cmocka_unit_test(decoded_logits_agree),
		cmocka_unit_test(gradients_agree_in_every_tensor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

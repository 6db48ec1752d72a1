/* SPDX-License-Identifier: MIT */
/*
 * reference.h - against logits, gradients and losses that another program computed in f64
 *
 * Compiled twice: in double precision (tests/golden) with tolerances that show that the
 * equations are the same, and in single precision (tests/unit) with those that show that
 * the arithmetic is good enough. The including file defines the tolerances:
 * LOGIT_ABS, GRAD_REL (of the tensor's norm), LOSS_ABS.
 */
#include "golden.h"

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

/* SPDX-License-Identifier: MIT */
/*
 * adamw.h - ten AdamW steps of another program, again with ours
 *
 * Losses, gradient norms and, behind the last step, all parameters. The gradient of
 * GPT-2's key bias is zero but for rounding, which AdamW blows up to steps of full
 * length in any direction; the loss does not depend on it, and neither does the test.
 * The including file defines STEP_REL (losses, norms) and PARAM_ABS.
 */
#include "golden.h"

#include <json-c/json.h>

#include "nt/train.h"
#include "train/optimizer.h"

struct variant {
	const char *name;
	double max_grad_norm, weight_decay;
	bool is_mean;
};

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;
	if (!json_object_object_get_ex(o, key, &v))
		fail_msg("adamw.json has no '%s'", key);
	return v;
}

static double number(struct json_object *o, const char *key)
{
	return json_object_get_double(member(o, key));
}

static double difference(const nt_real *a, const nt_real *b, const char *name, size_t n)
{
	bool has_key_bias = strstr(name, "attn.c_attn.bias") != NULL;
	double worst = 0;
	for (size_t i = 0; i < n; i++)
		if (!has_key_bias || i < n / 3 || i >= n / 3 * 2)
			worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
	return worst;
}

static double compare_params(const struct reference *r, const char *family, const char *variant)
{
	char file[64];
	struct nt_safetensors *s;
	double worst = 0;
	snprintf(file, sizeof(file), "after10.%s.safetensors", variant);
	need(nt_safetensors_open(&s, golden(family, file)));
	for (size_t i = 0; i < r->m->n_tensor; i++) {
		const struct nt_tensor *t = &r->m->tensor[i];
		nt_real *want = read_real(nt_safetensors_find(s, t->name));
		worst = fmax(worst, difference(r->m->param + t->offset, want, t->name, t->n));
		free(want);
	}
	nt_safetensors_close(s);
	return worst;
}

/* One step as training takes it; returns the worst relative difference of its figures. */
static double take_step(struct reference *r, struct nt_optimizer *o, nt_real *grad,
			const struct variant *v, struct json_object *step)
{
	double scale = v->is_mean ? 1.0 / 26 : 1;
	memset(grad, 0, r->m->n_param * sizeof(*grad));
	double loss = nt_forward_backward(r->w, r->m, &r->batch, scale, grad) * scale;
	double norm = nt_optimizer_norm(o, grad, NULL);
	struct nt_optimizer_step s = {
		.lr = number(step, "lr"),
		.embedding_lr = number(step, "lr"),
		.beta1 = 0.9,
		.beta2 = 0.99,
		.eps = 1e-8,
		.weight_decay = v->weight_decay,
		.scale = nt_clip_scale(norm, v->max_grad_norm),
		.t = (uint64_t)number(step, "step"),
	};
	nt_optimizer_update(o, r->m->param, grad, &s, NULL);
	double want_loss = number(step, "loss_before"), want_norm = number(step, "grad_norm");
	return fmax(fabs(loss / want_loss - 1), fabs(norm / want_norm - 1));
}

static void ten_steps(const char *family, const struct variant *v)
{
	struct reference r;
	struct nt_optimizer o;
	double worst = 0;
	open_reference(&r, family);
	need(nt_optimizer_init(&o, r.m, (struct nt_optimizer_make){NT_OPTIMIZER_ADAMW, NT_DTYPE_F32, 1}));
	nt_real *grad = nt_alloc(r.m->n_param, sizeof(*grad));
	struct json_object *json = json_object_from_file(golden(family, "adamw.json"));
	struct json_object *steps = member(member(json, v->name), "steps");
	assert_int_equal(json_object_array_length(steps), 10);
	for (size_t i = 0; i < 10; i++)
		worst = fmax(worst, take_step(&r, &o, grad, v, json_object_array_get_idx(steps, i)));
	double params = compare_params(&r, family, v->name);
	print_message("# %s %s: worst loss or norm %.1e relative, worst parameter %.1e\n", family,
		      v->name, worst, params);
	assert_true(worst <= STEP_REL);
	assert_true(params <= PARAM_ABS);
	json_object_put(json);
	free(grad);
	nt_optimizer_release(&o);
	close_reference(&r);
}

static const struct variant plain = {"sum_plain", 0, 0, false};
static const struct variant clipped = {"sum_clip_wd", 1, 0.1, false};
static const struct variant mean = {"mean_clip_wd_cosine", 1, 0.1, true};

static void gpt2_plain_sum(void **state)
{
	(void)state;
	ten_steps("gpt2", &plain);
}

static void gpt2_clipped_and_decayed(void **state)
{
	(void)state;
	ten_steps("gpt2", &clipped);
}

static void gpt2_mean_with_a_schedule(void **state)
{
	(void)state;
	ten_steps("gpt2", &mean);
}

static void llama_plain_sum(void **state)
{
	(void)state;
	ten_steps("llama", &plain);
}

static void llama_clipped_and_decayed(void **state)
{
	(void)state;
	ten_steps("llama", &clipped);
}

static void llama_mean_with_a_schedule(void **state)
{
	(void)state;
	ten_steps("llama", &mean);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gpt2_plain_sum),
		cmocka_unit_test(gpt2_clipped_and_decayed),
		cmocka_unit_test(gpt2_mean_with_a_schedule),
		cmocka_unit_test(llama_plain_sum),
		cmocka_unit_test(llama_clipped_and_decayed),
		cmocka_unit_test(llama_mean_with_a_schedule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * step.c - one step: rows, loss and gradient, norm, update
 *
 * The rows of a step are a function of (seed, step) and their losses are summed and
 * scaled by the number of targets of the whole step, so a step is the same however it
 * is cut into batches, up to rounding. nt_train_prepare takes all the memory.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/random.h"
#include "train/run.h"

static int make_model(struct nt_train *t)
{
	const char *init = t->options.init;
	if (t->is_resumed)
		return nt_checkpoint_load(&t->model, &t->optimizer, nt_make_of(t), (const char *)t->step_dir.data);
	int rc = init ? nt_model_load(&t->model, init) : nt_model_new(&t->model, &t->config);
	if (rc == 0 && !init)
		nt_model_init(t->model, t->options.seed);
	return rc < 0 ? rc : nt_optimizer_init(&t->optimizer, t->model, nt_make_of(t));
}

int nt_train_prepare(struct nt_train *t)
{
	const struct nt_train_options *o = &t->options;
	if (t->model)
		return 0;
	int rc = nt_memory_check(t);
	if (rc < 0 || (rc = make_model(t)) < 0)
		return rc;
	size_t n, T = o->seq_len;
	if ((rc = nt_mul(nt_rows_per_step(o), T, &n)) < 0 ||
	    (rc = nt_work_new(&t->work, &t->config, o->batch_size, T, t->pass,
			  t->pool)) < 0)
		return rc;
	t->grad = nt_calloc(t->model->n_param, sizeof(*t->grad));
	t->input = nt_calloc(n, sizeof(*t->input));
	t->target = nt_calloc(n, sizeof(*t->target));
	t->start = nt_calloc(n, sizeof(*t->start));
	size_t a = t->corpus.n_source, b = nt_val_corpus(t)->n_source;
	t->row_source = nt_calloc(nt_rows_per_step(o), sizeof(*t->row_source));
	t->row_nats = nt_calloc(nt_rows_per_step(o), sizeof(*t->row_nats));
	t->tally = nt_calloc((a > b ? a : b) + 1, sizeof(*t->tally)); /* rows that are made up have no source */
	return t->grad && t->input && t->target && t->start && t->row_source && t->row_nats && t->tally ? 0 : NT_ESYS;
}

/* Bytes of text behind the targets of n positions. */
static uint64_t bytes_of(const struct nt_train *t, const uint32_t *target, size_t n)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < n && t->token_bytes; i++)
		if (target[i] != NT_IGNORE)
			bytes += t->token_bytes[target[i]];
	return bytes;
}

static void clear_tally(struct nt_train *t, const struct nt_corpus *c)
{
	memset(t->tally, 0, c->n_source * sizeof(*t->tally));
}

/* Fills place `at` of the step's rows; returns the targets in it. */
static int fill(struct nt_train *t, const struct nt_rows *rows, uint64_t row, size_t at)
{
	size_t T = t->options.seq_len;
	t->row_source[at] = nt_rows_source(rows, row);
	int n = nt_rows_fill(rows, row, t->input + at * T, t->target + at * T, t->start + at * T);
	if (n > 0)
		t->tally[t->row_source[at]].n_target += (uint64_t)n;
	return n;
}

/* After a pass over n rows from `first` on: what each of their sources lost. */
static void add_losses(struct nt_train *t, size_t first, size_t n)
{
	for (size_t i = 0; i < n; i++)
		t->tally[t->row_source[first + i]].nats += t->row_nats[first + i] = nt_row_loss(t->work, i);
}

static struct nt_batch batch_at(const struct nt_train *t, size_t first_row, size_t n_row)
{
	size_t T = t->options.seq_len;
	return (struct nt_batch){.B = n_row,
				 .T = T,
				 .input = t->input + first_row * T,
				 .target = t->target + first_row * T,
				 .start = t->start + first_row * T};
}

/* Without data: ids that are as good as any, all of them targets. */
static int make_rows(struct nt_train *t, uint64_t *n_target)
{
	*n_target = nt_rows_per_step(&t->options) * t->options.seq_len;
	for (uint64_t i = 0; i < *n_target; i++) {
		uint32_t V = t->made_up.vocab_size;
		t->input[i] = (uint32_t)nt_random_below(t->options.seed, NT_RANDOM_SAMPLE, i, V);
		t->target[i] = (uint32_t)nt_random_below(t->options.seed, NT_RANDOM_SAMPLE, i + 1, V);
	}
	return 0;
}

/* The rows of a step, by its number. */
static int fill_step(struct nt_train *t, uint64_t step, uint64_t *n_target)
{
	uint64_t n = nt_rows_per_step(&t->options);
	if (!t->corpus.n)
		return make_rows(t, n_target);
	*n_target = 0;
	clear_tally(t, &t->corpus);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t row = nt_rows_order(&t->split.train, t->options.seed, step * n + i);
		int rc = fill(t, &t->split.train, row, i);
		if (rc < 0)
			return rc;
		*n_target += (uint64_t)rc;
	}
	return *n_target ? 0 : nt_fail(NT_EFORMAT, "the rows of a step hold no target at all");
}

int nt_train_gradient(struct nt_train *t, struct nt_step_result *r)
{
	const struct nt_train_options *o = &t->options;
	*r = (struct nt_step_result){0};
	int rc = fill_step(t, t->step, &r->n_target);
	if (rc < 0)
		return rc;
	nt_work_set_bf16(t->work, o->dtype == NT_DTYPE_BF16);
	nt_work_set_z_loss(t->work, o->z_loss);
	for (uint64_t i = 0; i < o->gradient_accumulation_steps; i++) {
		struct nt_batch batch = batch_at(t, i * o->batch_size, o->batch_size);
		r->loss += (i == 0 ? nt_forward_backward_first : nt_forward_backward)(
			t->work, t->model, &batch, 1 / (double)r->n_target, t->grad);
		add_losses(t, i * o->batch_size, o->batch_size);
	}
	r->grad_norm = nt_optimizer_norm(&t->optimizer, t->grad, t->pool);
	return 0;
}

void nt_train_update(struct nt_train *t, double lr, const struct nt_step_result *r)
{
	const struct nt_train_options *o = &t->options;
	struct nt_optimizer_step s = {
		.lr = lr,
		.embedding_lr = o->embedding_learning_rate > 0
					? lr * (o->embedding_learning_rate / o->learning_rate) : lr,
		.beta1 = o->adam_beta1,
		.beta2 = o->adam_beta2,
		.eps = o->adam_eps,
		.weight_decay = o->weight_decay,
		.scale = nt_clip_scale(r->grad_norm, o->max_grad_norm),
		.t = t->step + 1,
		.momentum = o->muon_momentum,
		.is_bf16 = o->dtype == NT_DTYPE_BF16,
		.seed = o->seed,
	};
	nt_optimizer_update(&t->optimizer, t->model->param, t->grad, &s, t->pool);
}

int nt_train_one_step(struct nt_train *t, double lr, struct nt_step_result *r)
{
	int rc = nt_train_gradient(t, r);
	if (rc == 0 && isfinite(r->loss) && isfinite(r->grad_norm))
		nt_train_update(t, lr, r);
	return rc;
}

int nt_train_probe(struct nt_train *t, uint64_t ahead, double *loss)
{
	const struct nt_train_options *o = &t->options;
	uint64_t n_target;
	int rc = fill_step(t, t->step + ahead, &n_target);
	double sum = 0;
	nt_work_set_bf16(t->work, o->dtype == NT_DTYPE_BF16);
	for (uint64_t i = 0; rc == 0 && i < o->gradient_accumulation_steps; i++) {
		struct nt_batch batch = batch_at(t, i * o->batch_size, o->batch_size);
		sum += nt_forward(t->work, t->model, &batch, NULL, NULL);
	}
	*loss = rc == 0 ? sum / (double)n_target : NAN;
	return rc;
}

/* Held-out rows are as many as there are of each source; in the one number for all, each
 * source has the share that it has of training. */
static void mix_losses(const struct nt_train *t, double *loss, double *bpb)
{
	double share = 0, nats = 0, bytes = 0;
	for (size_t i = 0; i < t->corpus.n_source; i++) {
		const struct nt_tally *s = &t->tally[i];
		if (s->n_target == 0)
			continue;
		double each = t->split.train.part[i].share / (double)s->n_target;
		share += t->split.train.part[i].share;
		nats += each * s->nats;
		bytes += each * (double)s->n_byte;
	}
	*loss = share > 0 ? nats / share : NAN;
	*bpb = bytes > 0 ? nats / log(2) / bytes : NAN;
}

int nt_train_evaluate(struct nt_train *t, uint64_t n_row, double *loss, double *bpb)
{
	const struct nt_rows *val = &t->split.val;
	size_t B = t->options.batch_size, T = t->options.seq_len, n;
	uint64_t n_target = 0, n_byte = 0;
	double sum = 0;
	*loss = *bpb = NAN;
	clear_tally(t, val->corpus);
	nt_work_set_bf16(t->work, false);
	for (uint64_t done = 0; done < n_row; done += n) {
		n = n_row - done < B ? (size_t)(n_row - done) : B;
		for (size_t i = 0; i < n; i++) {
			/* a part of the rows is a fair sample only if it is not the first ones */
			uint64_t row = n_row == val->n_row ? done + i : nt_rows_sample(val, done + i);
			int rc = fill(t, val, row, i);
			if (rc < 0)
				return rc;
			n_target += (uint64_t)rc;
			uint64_t bytes = bytes_of(t, t->target + i * T, T);
			t->tally[t->row_source[i]].n_byte += bytes;
			n_byte += bytes;
		}
		struct nt_batch batch = batch_at(t, 0, n);
		sum += nt_forward(t->work, t->model, &batch, NULL, NULL);
		add_losses(t, 0, n);
	}
	if (t->corpus.has_weight && val->corpus == &t->corpus) {
		mix_losses(t, loss, bpb);
		return 0;
	}
	if (n_target)
		*loss = sum / (double)n_target;
	if (n_byte)
		*bpb = sum / log(2) / (double)n_byte;
	return 0;
}

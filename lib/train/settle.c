/* SPDX-License-Identifier: MIT */
/*
 * settle.c - every number that was left open gets its value (docs/training.md)
 *
 * The order is that of dependence: the length of a row, the rows, the shape, the rows
 * of a step, the rate, and last the number of steps, which needs a step's measured
 * time. A resumed run has all of them from its checkpoint and measures nothing.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nt/cpu.h"
#include "nt/err.h"
#include "train/run.h"
#include "train/settings.h"
#include "train/size.h"

enum { EVALS = 10, DEFAULT_SEQ_LEN = 256, EPOCHS = 100 };

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Packed rows say it themselves; short texts would only be padded by long rows. */
static void settle_seq_len(struct nt_train *t)
{
	struct nt_train_options *o = &t->options;
	uint32_t row_len = nt_data_row_len(t->corpus.file[0]);
	if (row_len > 1 && (!o->seq_len || o->seq_len == row_len))
		o->seq_len = row_len - 1;
	if (o->seq_len)
		return;
	o->seq_len = DEFAULT_SEQ_LEN;
	while (o->seq_len > 16 && o->seq_len * 16 > nt_corpus_n_token(&t->corpus))
		o->seq_len /= 2;
}

/* How far apart the rows of a long document begin: as far as they can. */
static int settle_stride(struct nt_train *t)
{
	struct nt_train_options *o = &t->options;
	bool is_cut_here = o->rows == NT_ROWS_FIT && nt_corpus_kind(&t->corpus) == NT_DATA_DOCUMENTS;
	if (nt_settings_named(o, "stride") && !is_cut_here)
		return nt_fail(NT_EARG, "--stride is for documents that are cut here: %s",
			       o->rows == NT_ROWS_FIT ? "these are rows already" : "windows overlap as they fall");
	if (!o->stride)
		o->stride = o->seq_len;
	return o->stride <= o->seq_len ? 0 :
	       nt_fail(NT_EARG, "--stride %" PRIu64 " is more than --seq-len %" PRIu64 ": text would be "
				"left out", o->stride, o->seq_len);
}

static int settle_rows(struct nt_train *t)
{
	const struct nt_corpus *val = t->val.n ? &t->val : NULL;
	int rc = settle_stride(t);
	if (rc == 0)
		rc = t->options.rows == NT_ROWS_CONCAT
			     ? nt_rows_concat(&t->split, &t->corpus, val, t->options.seq_len)
			     : nt_rows_fit(&t->split, &t->corpus, val, t->options.seq_len, t->options.stride);
	if (rc == 0 && t->split.train.n_target == 0)
		rc = nt_fail(NT_EFORMAT, "the data holds nothing to predict: %" PRIu64 " tokens",
			     nt_corpus_n_token(&t->corpus));
	if (rc == 0 && t->split.val.n_target == 0)
		snprintf(t->split.remark, sizeof(t->split.remark),
			 "too little text to hold any out: there will be no validation loss");
	return rc;
}

/* The shape of the model that --init or a checkpoint names; what the user asked must agree. */
static int take_shape(struct nt_train *t, const char *dir)
{
	struct nt_train_options *o = &t->options, shape = *o;
	struct nt_config *c = &t->config;
	int rc = nt_config_read(c, dir);
	if (rc < 0)
		return rc;
	if (c->vocab_size < t->corpus.ident->vocab_size)
		return nt_fail(NT_EFORMAT, "%s: its vocabulary has %" PRIu32 " entries and that of the "
					   "data %" PRIu32 ": tokenize the data with the model's own",
			       dir, c->vocab_size, t->corpus.ident->vocab_size);
	if (o->seq_len > c->max_position_embeddings)
		return nt_fail(NT_EARG, "%s: it takes %" PRIu32 " positions at most: --seq-len %" PRIu64
					" is too long", dir, c->max_position_embeddings, o->seq_len);
	shape.arch = (int)c->arch;
	shape.hidden_size = c->hidden_size;
	shape.intermediate_size = c->intermediate_size;
	shape.num_hidden_layers = c->num_hidden_layers;
	shape.num_attention_heads = c->num_attention_heads;
	shape.num_key_value_heads = c->num_key_value_heads;
	shape.tie_word_embeddings = c->tie_word_embeddings;
	struct nt_train_options merged = *o;
	if ((rc = nt_settings_resume(&merged, &shape, dir)) == 0)
		*o = shape;
	return rc;
}

static int settle_shape(struct nt_train *t)
{
	struct nt_train_options *o = &t->options;
	int rc = 0;
	if (t->is_resumed)
		return take_shape(t, (const char *)t->step_dir.data);
	if (o->init)
		return take_shape(t, o->init);
	if (!o->hidden_size) {
		rc = nt_size_choose(o, t->corpus.ident, t->split.train.n_target, t->pool,
				    &t->plan.predicted_loss);
		t->plan.is_chosen = true;
	}
	if (rc < 0)
		return rc;
	nt_size_complete(o);
	if ((rc = nt_settings_check(o)) < 0)
		return rc;
	t->config = nt_size_config(o, t->corpus.ident);
	return nt_config_check(&t->config);
}

static size_t activation_bytes(const struct nt_train *t)
{
	return nt_work_bytes(&t->config, t->options.batch_size, t->options.seq_len, NT_PASS_BACKWARD,
			     nt_pool_size(t->pool));
}

/*
 * Small models learn most from many small steps: reading most of Jane Austen once, a
 * width of 128 ends at 1.66 bits/byte with 512 positions a step and at 2.06 with 2048.
 * Large ones, which run longer, can wait for a cleaner gradient.
 */
static uint64_t positions_for(uint64_t hidden_size)
{
	return hidden_size <= 128 ? 512 : hidden_size <= 256 ? 1024 : hidden_size <= 384 ? 2048 :
	       hidden_size <= 640 ? 4096 : 16384;
}

/* Rows of a step, as far as they are open. They are computed together as long as their
 * activations take less than a quarter of the memory. */
static void settle_batch(struct nt_train *t)
{
	struct nt_train_options *o = &t->options;
	uint64_t rows = positions_for(o->hidden_size) / o->seq_len;
	if (rows == 0)
		rows = 1;
	if (t->split.train.n_row)
		rows = least(rows, (t->split.train.n_row + 1) / 2);
	if (!o->gradient_accumulation_steps)
		o->gradient_accumulation_steps = 1;
	if (o->batch_size)
		return;
	o->batch_size = rows;
	while (o->batch_size > 1 && activation_bytes(t) > nt_cpu_memory() / 4) {
		o->batch_size = (o->batch_size + 1) / 2;
		o->gradient_accumulation_steps *= 2;
	}
}

/* Wider models want smaller steps, as one over the root of the width. */
static void settle_rate(struct nt_train_options *o)
{
	if (!(o->learning_rate > 0))
		o->learning_rate = round(0.003 * sqrt(128 / (double)o->hidden_size) * 1e5) / 1e5;
	if (!nt_settings_named(o, "min-learning-rate"))
		o->min_learning_rate = o->learning_rate / 10;
}

/* Steps until the text was seen EPOCHS times; a further time would teach next to nothing. */
static double steps_of_use(const struct nt_train *t)
{
	const struct nt_rows *train = &t->split.train;
	double per_step = (double)nt_rows_per_step(&t->options) * nt_rows_mean_target(train);
	return ceil(EPOCHS * (double)train->n_target / per_step);
}

/* Steps that fit into the time: a tenth is kept for a machine that gets busier, what
 * evaluations take is taken off, and text is not repeated past its use. */
static uint64_t steps_in_time(const struct nt_train *t)
{
	const struct nt_train_options *o = &t->options;
	double row = t->plan.step_seconds / (double)nt_rows_per_step(o);
	double usable = 0.9 * o->time, last_eval = (double)t->split.val.n_row * row / 3;
	if (last_eval > usable / 2)
		last_eval = usable / 2;
	double steps = 0.95 * (usable - last_eval) / t->plan.step_seconds;
	steps = fmin(steps, steps_of_use(t));
	return steps < 1 ? 1 : (uint64_t)steps;
}

static int settle_steps(struct nt_train *t)
{
	struct nt_train_options *o = &t->options;
	if (!o->max_steps) {
		uint64_t n_step;
		int rc = nt_train_prepare(t);
		if (rc == 0)
			rc = nt_measure_step(t, 1, &t->plan.step_seconds, &n_step);
		if (rc < 0)
			return rc;
		o->max_steps = steps_in_time(t);
	}
	uint64_t tenth = (o->max_steps + EVALS - 1) / EVALS;
	if (!nt_settings_named(o, "warmup-steps"))
		o->warmup_steps = least(o->max_steps / 20, 200);
	if (!o->eval_every)
		o->eval_every = tenth;
	if (!o->save_every)
		o->save_every = tenth;
	return 0;
}

/* What the mixture comes to over the whole run. */
static void describe_sources(struct nt_train *t)
{
	const struct nt_rows *train = &t->split.train, *val = &t->split.val;
	double n_row = (double)(t->options.max_steps * nt_rows_per_step(&t->options));
	double all = n_row * nt_rows_mean_target(train);
	for (size_t i = 0; i < t->corpus.n_source; i++) {
		const struct nt_part *p = &train->part[i];
		t->share[i] = (struct nt_train_share){
			.name = t->corpus.source[i].name,
			.share = p->share,
			.n_target = p->n_target,
			.epochs = p->n_target ? all * p->share / (double)p->n_target : 0,
		};
		for (size_t k = 0; k < val->corpus->n_source; k++)
			if (strcmp(val->corpus->source[k].name, t->share[i].name) == 0)
				t->share[i].n_val_target = val->part[k].n_target;
	}
	t->plan.source = t->share;
	t->plan.n_source = t->corpus.n_source > 1 ? t->corpus.n_source : 0;
}

static void describe(struct nt_train *t)
{
	struct nt_train_plan *p = &t->plan;
	const struct nt_train_options *o = &t->options;
	const struct nt_rows *train = &t->split.train;
	uint64_t T = o->seq_len;
	p->config = t->config;
	p->options = *o;
	p->n_row = train->n_row;
	p->n_target = train->n_target;
	p->n_val_row = t->split.val.n_row;
	p->n_val_target = t->split.val.n_target;
	p->padding = train->n_row ? 1 - (double)train->n_target / ((double)train->n_row * (double)T) : 0;
	p->step_targets = nt_rows_per_step(o) * T;
	p->epochs = (double)(o->max_steps * nt_rows_per_step(o)) * nt_rows_mean_target(train) /
		    (double)p->n_target;
	p->flops_per_token = nt_flops_per_token(&t->config, T);
	p->flops = p->flops_per_token * (double)(o->max_steps * p->step_targets);
	p->param_bytes = p->grad_bytes = p->n_param * sizeof(nt_real);
	p->activation_bytes = activation_bytes(t);
	p->total_bytes = p->param_bytes + p->grad_bytes + p->moment_bytes + p->activation_bytes;
	p->first_step = t->step;
	snprintf(p->remark, sizeof(p->remark), "%s", t->split.remark);
	describe_sources(t);
}

/* The one table counts, with no memory for weights. */
static int count_params(struct nt_train *t)
{
	struct nt_model *m;
	int rc = nt_model_new(&m, &t->config);
	if (rc < 0)
		return rc;
	t->plan.n_param = m->n_param;
	t->plan.moment_bytes = nt_optimizer_bytes(m, t->options.optimizer, nt_pool_size(t->pool));
	nt_model_free(m);
	return 0;
}

int nt_train_settle(struct nt_train *t, struct nt_train_plan *plan)
{
	struct nt_train_options *o = &t->options;
	int rc = 0;
	if (!t->is_settled) {
		settle_seq_len(t);
		if ((rc = settle_rows(t)) < 0 || (rc = settle_shape(t)) < 0)
			return rc;
		settle_batch(t);
		settle_rate(o);
		t->share = nt_calloc(t->corpus.n_source, sizeof(*t->share));
		if (!t->share)
			return NT_ESYS;
		if ((rc = settle_steps(t)) < 0 || (rc = nt_settings_check(o)) < 0 ||
		    (rc = count_params(t)) < 0)
			return rc;
		describe(t);
		t->is_settled = true;
	}
	*plan = t->plan;
	return 0;
}

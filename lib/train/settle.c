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
#include <sys/stat.h>

#include "base/least.h"
#include "nt/cpu.h"
#include "nt/err.h"
#include "train/log.h"
#include "train/run.h"
#include "train/settings.h"
#include "train/size.h"

enum { EVALS = 10, DEFAULT_SEQ_LEN = 256, EPOCHS = 100, TUNING_EPOCHS = 3 };

/* Packed rows say it themselves; short texts would only be padded by long rows. */
static void settle_seq_len(struct nt_train *t)
{
	struct nt_train_options *o = &t->options;
	uint32_t row_len = t->corpus.n ? nt_data_row_len(t->corpus.file[0]) : 0;
	if (row_len > 1 && (!o->seq_len || o->seq_len == row_len))
		o->seq_len = row_len - 1;
	if (o->seq_len)
		return;
	o->seq_len = DEFAULT_SEQ_LEN;
	while (t->corpus.n && o->seq_len > 16 && o->seq_len * 16 > nt_corpus_n_token(&t->corpus))
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
	if (!t->corpus.n)
		return 0;
	int rc = settle_stride(t);
	if (rc == 0)
		rc = t->options.rows == NT_ROWS_CONCAT
			     ? nt_rows_concat(&t->split, &t->corpus, val, t->options.seq_len)
			     : nt_rows_fit(&t->split, &t->corpus, val, t->options.seq_len, t->options.stride);
	if (rc == 0 && t->split.train.n_target == 0)
		rc = nt_fail(NT_EFORMAT, "the data holds nothing to predict: %s",
			     nt_counted(nt_corpus_n_token(&t->corpus), "token"));
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
	shape.head_dim = c->head_dim;
	shape.tie_word_embeddings = c->tie_word_embeddings;
	struct nt_train_options merged = *o;
	if ((rc = nt_settings_resume(&merged, &shape, dir)) == 0)
		*o = shape;
	return rc;
}

/* --size goes by the way it is asked: it is not pinned, its shape is. */
static int check_size(const struct nt_train *t)
{
	uint64_t n, size = t->options.size;
	return !size || nt_size_is(&t->config, size, &n) ? 0 :
	       nt_fail(NT_EARG, "%s: its model has %" PRIu64 " weights, and --size %" PRIu64 " was asked: leave "
				"--size out to resume it, use --restart to begin anew, or -o OTHER",
		       t->options.output, n, size);
}

/* Weights alone do not say what they are of. */
static int check_init(const char *path)
{
	struct stat st;
	const char *slash = strrchr(path, '/');
	if (stat(path, &st) < 0 || S_ISDIR(st.st_mode))
		return 0;
	return nt_fail(NT_EARG, "--init %s: a file: name the folder that has a config.json beside it, '%.*s'", path,
		       slash && slash > path ? (int)(slash - path) : 1, slash ? path : ".");
}

static int settle_shape(struct nt_train *t)
{
	struct nt_train_options *o = &t->options;
	int rc = 0;
	if (t->is_resumed)
		return (rc = take_shape(t, (const char *)t->step_dir.data)) < 0 ? rc : check_size(t);
	if (o->init)
		return (rc = check_init(o->init)) < 0 ? rc : take_shape(t, o->init);
	if (o->size)
		rc = nt_size_for(o, t->corpus.ident);
	if (rc == 0 && !o->hidden_size) {
		uint64_t n_target = t->corpus.n ? t->split.train.n_target : UINT64_MAX; /* endless text */
		rc = nt_size_choose(o, t->corpus.ident, n_target, t->pool);
		t->plan.chosen_for = o->time;
	}
	if (rc < 0)
		return rc;
	nt_size_complete(o);
	if ((rc = nt_settings_check(o)) < 0)
		return rc;
	t->config = nt_size_config(o, t->corpus.ident);
	return nt_config_check(&t->config);
}

/* Of the rate that a first training takes: docs/training.md, "Going on from a model". */
static const double TUNING_RATE = 1.0 / 3;

/* How many rows a step should have. */
static uint64_t rows_wanted(const struct nt_train *t)
{
	const struct nt_train_options *o = &t->options;
	if (o->batch_tokens)
		return o->batch_tokens / o->seq_len;
	uint64_t rows = nt_size_positions(o->hidden_size, o->optimizer) / o->seq_len;
	if (t->split.train.n_row)
		rows = least(rows, (t->split.train.n_row + 1) / 2);
	return rows ? rows : 1;
}

/* --batch-tokens is no number of rows: none at all, or not those of the checkpoint. What does not
 * divide is rounded up, so a step can have a few more rows than it says. */
static int check_batch_tokens(const struct nt_train *t, uint64_t rows)
{
	const struct nt_train_options *o = &t->options;
	uint64_t is = nt_rows_per_step(o), B = o->batch_size, n = o->gradient_accumulation_steps;
	if (!o->batch_tokens)
		return 0;
	if (rows == 0)
		return nt_fail(NT_EARG, "--batch-tokens %" PRIu64 " is less than a row, which has --seq-len %" PRIu64,
			       o->batch_tokens, o->seq_len);
	if (t->is_resumed && (is < rows || is - rows >= (B > n ? B : n)))
		return nt_fail(NT_EARG, "%s: its steps have %" PRIu64 " positions, and %" PRIu64 " were asked: leave "
					"--batch-tokens out to resume it, use --restart to begin anew, or -o OTHER",
			       o->output, is * o->seq_len, o->batch_tokens);
	return 0;
}

/* Rows of a step, as far as they are open, and how many of them are computed at once. */
static int settle_batch(struct nt_train *t)
{
	struct nt_train_options *o = &t->options;
	uint64_t rows = rows_wanted(t), *B = &o->batch_size, *n = &o->gradient_accumulation_steps;
	int rc = check_batch_tokens(t, rows);
	if (rc < 0)
		return rc;
	if (*B) {
		if (!*n)
			*n = o->batch_tokens ? (rows + *B - 1) / *B : 1;
		return nt_memory_fit(t, false);
	}
	*B = *n && o->batch_tokens ? (rows + *n - 1) / *n : rows;
	if (!*n)
		*n = 1;
	return nt_memory_fit(t, true);
}

/* Of embeddings, in rates of Muon's matrices: docs/recipe.md. */
static const double EMBEDDING_RATE = 6;

/* Wider models want smaller steps, as one over the root of the width. A model that is gone on
 * with has learnt most of what the full rate would make it forget. */
static void settle_rate(struct nt_train *t)
{
	struct nt_train_options *o = &t->options;
	if (t->is_resumed)
		return;
	if (o->finetune && !nt_settings_named(o, "optimizer"))
		o->optimizer = NT_OPTIMIZER_ADAMW;
	double at_128 = o->optimizer == NT_OPTIMIZER_ADAMW ? 0.003 : 0.006;
	double rate = at_128 * sqrt(128 / (double)o->hidden_size) * (o->finetune ? TUNING_RATE : 1);
	if (!(o->learning_rate > 0))
		o->learning_rate = round(rate * 1e5) / 1e5;
	if (!(o->embedding_learning_rate > 0))
		o->embedding_learning_rate = (o->optimizer == NT_OPTIMIZER_ADAMW ? 1 : EMBEDDING_RATE) * o->learning_rate;
	if (!nt_settings_named(o, "min-learning-rate"))
		o->min_learning_rate = o->finetune ? 0 : o->learning_rate / 10;
	if (o->finetune && !nt_settings_named(o, "lr-schedule"))
		o->lr_schedule = NT_LR_WSD;
}

/* Steps that follow so many targets. What a sum's rounding adds is no step. */
static double steps_for(const struct nt_train *t, double n_target)
{
	double per_step = (double)nt_rows_per_step(&t->options) * nt_rows_mean_target(&t->split.train);
	return fmax(1, ceil(n_target / per_step * (1 - 1e-12)));
}

uint64_t nt_steps_of_use(const struct nt_train *t)
{
	int epochs = t->options.finetune ? TUNING_EPOCHS : EPOCHS;
	return (uint64_t)steps_for(t, epochs * (double)t->split.train.n_target);
}

/* Steps that fit into what is left of the time, a tenth of it at least: what evaluations take is taken off, and text
 * is not repeated past its use. They are counted anew on the way (nt_train_run). */
static uint64_t steps_in_time(const struct nt_train *t)
{
	const struct nt_train_options *o = &t->options;
	double row = t->plan.step_seconds / (double)nt_rows_per_step(o);
	double spent = (double)(nt_now_ns() - t->open_ns) * 1e-9;
	double usable = fmax(o->time / 10, o->time - spent), last_eval = (double)t->split.val.n_row * row / 3;
	if (last_eval > usable / 2)
		last_eval = usable / 2;
	double steps = 0.95 * (usable - last_eval) / t->plan.step_seconds;
	steps = fmin(steps, (double)nt_steps_of_use(t));
	return steps < 1 ? 1 : (uint64_t)steps;
}

static int choose_steps(struct nt_train *t)
{
	uint64_t n_step;
	int rc = nt_train_prepare(t);
	if (rc == 0)
		rc = nt_measure_step(t, 1, &t->plan.step_seconds, &n_step);
	if (rc == 0) {
		t->options.max_steps = steps_in_time(t);
		t->plan.chosen_for = t->options.time;
	}
	return rc;
}

static int settle_length(struct nt_train *t)
{
	struct nt_train_options *o = &t->options;
	if (!t->corpus.n)
		o->max_steps = 1; /* there is nothing to learn */
	else if (o->max_tokens)
		o->max_steps = (uint64_t)steps_for(t, (double)o->max_tokens);
	else if (o->epochs > 0)
		o->max_steps = (uint64_t)steps_for(t, o->epochs * (double)t->split.train.n_target);
	if (!o->max_steps)
		return choose_steps(t);
	if (!t->is_resumed || o->max_tokens || o->epochs > 0 || nt_settings_named(o, "max-steps"))
		o->time = 0; /* no promise */
	return 0;
}

static int settle_steps(struct nt_train *t)
{
	struct nt_train_options *o = &t->options;
	int rc = settle_length(t);
	uint64_t tenth = (o->max_steps + EVALS - 1) / EVALS;
	if (!t->is_resumed && !nt_settings_named(o, "warmup-steps"))
		o->warmup_steps = o->finetune ? least(o->max_steps / 33, 100) : least(o->max_steps / 20, 200);
	if (!o->eval_every.steps && !(o->eval_every.seconds > 0))
		o->eval_every.steps = tenth;
	if (!o->save_every.steps && !(o->save_every.seconds > 0))
		o->save_every.steps = tenth;
	return rc;
}

/* What the mixture comes to over the whole run. */
static void describe_sources(struct nt_train *t)
{
	const struct nt_rows *train = &t->split.train, *val = &t->split.val;
	double n_row = (double)(t->options.max_steps * nt_rows_per_step(&t->options));
	double all = t->corpus.n ? n_row * nt_rows_mean_target(train) : 0;
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

/* The loss by the law, within some reach of the runs that it was fitted to. */
static double predict(const struct nt_train *t, const struct nt_train_plan *p)
{
	double n = nt_size_n(&t->config), d = p->epochs * (double)p->n_target;
	bool is_near = n > 4e5 && n < 1.5e7 && d > 4e5 && d < 3e7;
	if (!t->corpus.n || t->options.init || !is_near || strcmp(t->corpus.ident->name, "nt-8k") != 0)
		return 0;
	return nt_size_loss(n, d, (double)p->n_target, t->options.optimizer);
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
	if (t->corpus.n)
		p->epochs = (double)(o->max_steps * nt_rows_per_step(o)) * nt_rows_mean_target(train) /
			    (double)p->n_target;
	p->predicted_loss = predict(t, p);
	p->flops_per_token = nt_flops_per_token(&t->config, T);
	p->flops = p->flops_per_token * (double)(o->max_steps * p->step_targets);
	p->first_step = t->step;
	p->is_finished = t->step > o->max_steps || (t->step == o->max_steps && nt_log_has_end(o->output, t->step));
	snprintf(p->remark, sizeof(p->remark), "%s", t->split.remark);
	describe_sources(t);
}

int nt_train_settle(struct nt_train *t, struct nt_train_plan *plan)
{
	struct nt_train_options *o = &t->options;
	int rc = 0;
	if (!t->is_settled) {
		settle_seq_len(t);
		if ((rc = settle_rows(t)) < 0 || (rc = settle_shape(t)) < 0 || (rc = settle_batch(t)) < 0)
			return rc;
		settle_rate(t);
		t->share = nt_calloc(t->corpus.n_source, sizeof(*t->share));
		if (!t->share)
			return NT_ESYS;
		if ((rc = settle_steps(t)) < 0 || (rc = nt_settings_check(o)) < 0)
			return rc;
		describe(t);
		t->is_settled = true;
	}
	*plan = t->plan;
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * memory.c - what a run takes, and how it is made to fit
 *
 * Weights, gradients and moments are what they are. The activations of a step's rows are made
 * fewer by computing the rows in several batches, which costs nothing as long as a batch has a
 * few hundred positions; then by keeping of a layer only what goes in, which costs a third of
 * the time; then by batches of a row. What comes out of a step is the same, up to rounding
 * where it is cut otherwise.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "kern/gemm.h"
#include "nt/cpu.h"
#include "nt/err.h"
#include "train/run.h"

enum {
	POSITIONS_MIN = 512, /* of a batch, before work is done twice */
	STEP = 8 << 20,      /* a program's own pages are not the same from run to run */
};

/* Bytes of this process that are resident now; 0: unknown. */
static uint64_t resident(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (f && fscanf(f, "%*u %lu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The part that is not used of the large page in which a large array ends. */
static uint64_t rounding(uint64_t bytes)
{
	return nt_alloc_size(bytes) - bytes;
}

/* The one table counts. Libraries are loaded by now. */
static int count_params(struct nt_train *t)
{
	struct nt_train_plan *p = &t->plan;
	struct nt_model *m;
	int rc = nt_model_outline(&m, &t->config);
	if (rc < 0)
		return rc;
	p->n_param = m->n_param;
	p->param_bytes = p->grad_bytes = p->n_param * sizeof(nt_real);
	p->moment_bytes = nt_optimizer_bytes(m, nt_make_of(t));
	p->program_bytes = (resident() / STEP + 1) * STEP + nt_gemm_room();
	p->program_bytes += 2 * (rounding(p->param_bytes) + rounding(p->moment_bytes / 2));
	nt_model_free(m);
	return 0;
}

static uint64_t fixed_bytes(const struct nt_train *t)
{
	const struct nt_train_plan *p = &t->plan;
	return p->program_bytes + p->param_bytes + p->grad_bytes + p->moment_bytes;
}

/* Bytes for activations that are not to be exceeded. */
static uint64_t limit(const struct nt_train *t)
{
	uint64_t all = t->options.memory ? t->options.memory : nt_cpu_memory() / 10 * 9;
	uint64_t fixed = fixed_bytes(t);
	return all > fixed ? all - fixed : 0;
}

/* ... and those that rows computed at once may take if it is we who say how many. */
static uint64_t comfortable(const struct nt_train *t)
{
	uint64_t most = limit(t), quarter = nt_cpu_memory() / 4;
	return t->options.memory || most < quarter ? most : quarter;
}

static uint64_t activation_bytes(const struct nt_train *t)
{
	return nt_work_bytes(&t->config, t->options.batch_size, t->options.seq_len, t->pass,
			     nt_pool_size(t->pool));
}

/* Halves them until they take so much, or have a row, or no more than so many positions. */
static void make_batches_smaller(struct nt_train *t, uint64_t bytes, uint64_t positions)
{
	struct nt_train_options *o = &t->options;
	while (o->batch_size > 1 && o->batch_size * o->seq_len > positions && activation_bytes(t) > bytes) {
		o->batch_size = (o->batch_size + 1) / 2;
		o->gradient_accumulation_steps *= 2;
	}
}

int nt_memory_fit(struct nt_train *t, bool is_batch_open)
{
	struct nt_train_options *o = &t->options;
	bool is_pass_open = o->recompute == NT_RECOMPUTE_AUTO;
	int rc = count_params(t);
	if (rc < 0)
		return rc;
	t->pass = o->recompute == NT_RECOMPUTE_YES ? NT_PASS_RECOMPUTE : NT_PASS_BACKWARD;
	if (is_batch_open)
		make_batches_smaller(t, comfortable(t), is_pass_open ? POSITIONS_MIN : 0);
	if (is_pass_open && activation_bytes(t) > limit(t))
		t->pass = NT_PASS_RECOMPUTE;
	if (is_batch_open)
		make_batches_smaller(t, limit(t), 0);
	t->plan.activation_bytes = activation_bytes(t);
	t->plan.total_bytes = fixed_bytes(t) + t->plan.activation_bytes;
	t->plan.is_recomputed = t->pass == NT_PASS_RECOMPUTE;
	if (o->memory && t->plan.total_bytes > o->memory)
		return nt_fail(NT_EARG, "--memory %" PRIu64 " is too little: this model takes %" PRIu64 " bytes, of which "
					"%" PRIu64 " are activations of %" PRIu64 " x %" PRIu64 " positions",
			       o->memory, t->plan.total_bytes, t->plan.activation_bytes, o->batch_size,
			       o->seq_len);
	return 0;
}

/* Who says --memory knows of memory that we do not. */
int nt_memory_check(const struct nt_train *t)
{
	const struct nt_train_plan *p = &t->plan;
	uint64_t have = nt_cpu_memory();
	if (t->options.memory || p->total_bytes <= have)
		return 0;
	return nt_fail(NT_ESYS, "out of memory: a model of width %" PRIu32 " and %.0fM weights takes %.1f GB to train, and this "
				"machine has %.1f: make it smaller, or insist with --memory %" PRIu64 "G",
		       t->config.hidden_size, (double)p->n_param * 1e-6, (double)p->total_bytes * 1e-9,
		       (double)have * 1e-9, (p->total_bytes >> 30) + 1);
}

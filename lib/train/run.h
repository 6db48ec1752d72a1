/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_RUN_H
#define TRAIN_RUN_H
/* run.h - what a run holds, shared by the files that open, settle, step and save it */
#include "nt/train.h"
#include "train/band.h"
#include "train/checkpoint.h"
#include "train/corpus.h"
#include "train/optimizer.h"
#include "train/rows.h"

/* What was lost on a source. */
struct nt_tally {
	double nats;
	uint64_t n_target, n_byte;
};

struct nt_train {
	struct nt_train_options options; /* strings: the caller's, or trainer's */
	struct nt_pool *pool;

	struct nt_corpus corpus, val;    /* val.n 0: held out from corpus; corpus.n 0: no data at all */
	struct nt_ident made_up;         /* the corpus's then */
	struct nt_split split;
	uint32_t *token_bytes;           /* [vocab_size], or NULL */
	struct nt_buf mixture;           /* nt_corpus_mixture */
	uint32_t *prompt;                /* [n_prompt] of samples, or NULL */
	size_t n_prompt;

	bool is_resumed;
	struct nt_buf latest;            /* what was the current step when it was opened, NUL-terminated; ... */
	struct nt_buf step_dir;          /* ... and what it was resumed from, */
	struct nt_buf damage;            /* ... and if these differ, why: a sentence */
	struct nt_trainer trainer;

	bool is_settled;
	struct nt_config config;
	enum nt_pass pass;
	struct nt_train_plan plan;
	struct nt_train_share *share;    /* [corpus.n_source] of the plan */

	/* what nt_train_prepare makes: weights, moments, and all a step needs */
	struct nt_model *model;
	struct nt_optimizer optimizer;
	struct nt_work *work;
	nt_real *grad;                       /* [n_param] */
	uint32_t *input, *target, *start;    /* [rows_per_step][seq_len] */
	size_t *row_source;                  /* [rows_per_step] */
	double *row_nats;                    /* [rows_per_step] what the last pass over them lost */
	struct nt_tally *tally;              /* [the most sources] of a step or an evaluation */

	uint64_t open_ns;                    /* when it was opened: its time runs from there */
	struct nt_band band;                 /* of the losses of steps */
	uint64_t step, tokens;               /* done */
	double seconds;
};

static inline uint64_t nt_rows_per_step(const struct nt_train_options *o)
{
	return o->batch_size * o->gradient_accumulation_steps;
}

static inline struct nt_optimizer_make nt_make_of(const struct nt_train *t)
{
	return (struct nt_optimizer_make){t->options.optimizer, t->options.moments, nt_pool_size(t->pool)};
}

/* Steps until the text was seen so often that a further time would teach next to nothing. */
uint64_t nt_steps_of_use(const struct nt_train *t);

/* Appends what a run is made of and runs on: members of a JSON object, a comma before each. */
int nt_train_about(struct nt_buf *out, const struct nt_train *t);

/* Weights (first ones, or of a checkpoint) and memory for steps; once. */
int nt_train_prepare(struct nt_train *t);

struct nt_step_result {
	double loss; /* nats, summed over n_target */
	double grad_norm;
	uint64_t n_target;
};

/* Loss and gradient of step number t->step. */
int nt_train_gradient(struct nt_train *t, struct nt_step_result *result);
/* Moves the weights by it, at learning rate lr. Neither counts the step. */
void nt_train_update(struct nt_train *t, double lr, const struct nt_step_result *result);
/* Both; if loss or gradient is not finite the parameters are left as they were. */
int nt_train_one_step(struct nt_train *t, double lr, struct nt_step_result *result);

/* The mean loss, in nats/token, that the weights now give on the rows of step t->step + ahead. */
int nt_train_probe(struct nt_train *t, uint64_t ahead, double *loss);
/* Is it within the band on the rows of any of some steps from there on? *loss: the last one looked at. */
int nt_train_is_sound(struct nt_train *t, uint64_t ahead, bool *is_sound, double *loss);
/* Appends the rows of step t->step, which were passed over last: their losses and documents, as JSON. */
int nt_train_name_rows(const struct nt_train *t, struct nt_buf *out);

/* The corpus that held-out rows are of. */
static inline const struct nt_corpus *nt_val_corpus(const struct nt_train *t)
{
	return t->val.n ? &t->val : &t->corpus;
}

/* Mean nats/token over n_row held-out rows (all of them if that is as many), bits/byte; where
 * sources have weights and the rows are theirs, a mean of the sources by these. In f32 whatever
 * the dtype, so that it is what anyone finds who loads the checkpoint. Both this and a step
 * leave in t->tally what of it was each source's. */
int nt_train_evaluate(struct nt_train *t, uint64_t n_row, double *loss, double *bpb);

/* A sample behind the prompt, *n of at most so many ids, without an [E]. */
enum { NT_SAMPLE_TOKENS = 64 };
int nt_train_sample(struct nt_train *t, uint32_t id[NT_SAMPLE_TOKENS], size_t *n);
int nt_train_check_prompt(const struct nt_train *t); /* NT_EARG: it does not fit */

/* FLOP/s of a GEMM of that dtype, the best of some short ones. */
double nt_measure_peak(int dtype, struct nt_pool *pool);

/* Seconds of the median step of a run that is prepared, over n_step of them in about
 * `budget` seconds. Nothing is changed, but moments become zero. */
int nt_measure_step(struct nt_train *t, double budget, double *seconds, uint64_t *n_step);

/* Forward and backward FLOP/s of a new model of this shape on one batch of B rows. */
int nt_measure_model(const struct nt_config *c, size_t B, size_t T, int dtype, struct nt_pool *pool,
		     double *flops_per_s);

/* Chooses the pass and, if they are open, how a step's rows are cut into batches; writes the
 * bytes of the plan. NT_EARG: --memory is too little. */
int nt_memory_fit(struct nt_train *t, bool is_batch_open);
/* NT_ESYS: it takes more than the machine has, and nobody said --memory. */
int nt_memory_check(const struct nt_train *t);

#endif

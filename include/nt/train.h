/* SPDX-License-Identifier: MIT */
#ifndef NT_TRAIN_H
#define NT_TRAIN_H
/*
 * nt/train.h - from data files to a checkpoint (docs/training.md)
 *
 *	nt_train_open		data, held-out part, an earlier checkpoint if there is one
 *	nt_train_settle		every number that is still open is chosen and pinned
 *	nt_train_run		steps, evaluations, saves; to the end or to a signal
 *
 * A run is a pure function of its pinned options, its data and its first weights: the
 * same bits at any number of threads, and the same whether it was stopped or not.
 * Between steps it allocates nothing. It never prints: it tells a callback.
 */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/ident.h"
#include "nt/mem.h"
#include "nt/model.h"
#include "nt/pool.h"

/* How documents become rows of seq_len positions. */
enum nt_rows_kind {
	NT_ROWS_FIT,    /* whole documents side by side, none seeing another */
	NT_ROWS_CONCAT, /* windows at random places of all tokens in a line, as nanoGPT does */
};

/* What matrix products are multiplied in; NT_DTYPE_AUTO: bf16 where the CPU does. */
enum nt_dtype { NT_DTYPE_F32, NT_DTYPE_BF16, NT_DTYPE_AUTO };

/* What moves the matrices of layers; everything else is moved by AdamW. */
enum nt_optimizer_kind { NT_OPTIMIZER_ADAMW, NT_OPTIMIZER_MUON, NT_OPTIMIZER_NORMUON };

/* NT_RECOMPUTE_AUTO: where memory is short. The numbers are the same. */
enum nt_recompute { NT_RECOMPUTE_AUTO, NT_RECOMPUTE_NO, NT_RECOMPUTE_YES };

/* What a run goes on from: the latest checkpoint; or, if that is damaged, the newest that is whole. */
enum nt_resume { NT_RESUME_LATEST, NT_RESUME_AUTO };

/* A step whose loss lies far above those before it, though the weights are sound: it is told and
 * trained on, left out, or ends the run. OFF: nobody looks. */
enum nt_on_spike { NT_SPIKE_WARN, NT_SPIKE_SKIP, NT_SPIKE_STOP, NT_SPIKE_OFF };

enum nt_lr_schedule { NT_LR_COSINE, NT_LR_WSD, NT_LR_CONSTANT };

/* Every so many steps; by the clock if steps is 0. Both 0: as nt_train_settle chooses. */
struct nt_interval {
	uint64_t steps;
	double seconds;
};

/* What max_steps was earlier, in a run that was counted anew on its way so that it ends with its
 * time: until step `until` it was max_steps. Without it a run cannot be told again. */
enum { NT_REPLANS_MAX = 128 };
struct nt_replanned {
	size_t n;
	struct {
		uint64_t until, max_steps;
	} was[NT_REPLANS_MAX]; /* [n], by `until` */
};

/*
 * What a run is made of, by Hugging Face's names. nt_train_settle chooses what is 0 and
 * cannot be, and warmup_steps and min_learning_rate unless they are in `named`.
 */
struct nt_train_options {
	/* the model */
	uint64_t vocab_size;           /* where there is no data to say it */
	int arch;                      /* enum nt_arch */
	uint64_t size;                 /* weights that it has, about, for those below; 0: not said */
	uint64_t hidden_size, intermediate_size, num_hidden_layers;
	uint64_t num_attention_heads, num_key_value_heads, head_dim;
	int tie_word_embeddings;       /* 0 or 1 */
	int dtype;                     /* enum nt_dtype, of matrix products */
	const char *init;              /* an HF directory to go on from, or NULL */
	bool finetune;                 /* rate, schedule and length are chosen for going on */

	/* rows and steps */
	int rows;                      /* enum nt_rows_kind */
	uint64_t seq_len;              /* positions in a row */
	uint64_t stride;               /* ... and how far apart those of a longer document begin */
	uint64_t batch_size;           /* rows that are computed at once */
	uint64_t gradient_accumulation_steps; /* batches that make one step */
	uint64_t batch_tokens;         /* positions of a step, for these two; 0: they are said */
	uint64_t max_steps;
	uint64_t max_tokens;           /* targets, and ... */
	double epochs;                 /* ... times the data is seen: other words for max_steps; 0: not said */
	double time;                   /* seconds; what max_steps is chosen from, 0 once that was said */
	struct nt_replanned replanned;
	uint64_t seed;
	uint64_t memory;               /* bytes that all of it may take; 0: what the machine has */
	int recompute;                 /* enum nt_recompute */

	/* the optimizer */
	int optimizer;                 /* enum nt_optimizer_kind */
	int moments;                   /* enum nt_dtype, of what it remembers */
	double muon_momentum;
	double learning_rate, min_learning_rate;
	double embedding_learning_rate; /* in place of the first; 0: the same */
	double weight_decay, adam_beta1, adam_beta2, adam_eps;
	double max_grad_norm;          /* 0: no clipping */
	double z_loss;                 /* of gradients, nt_work_set_z_loss; 0: none */
	uint64_t warmup_steps;
	int lr_schedule;               /* enum nt_lr_schedule */

	int on_spike;                  /* enum nt_on_spike */

	/* the mixture, beside the weights of files */
	const char *const *weight;     /* [n_weight] NAME=WEIGHT of sources */
	size_t n_weight;

	/* looking and saving */
	const char *val;               /* a data file held out; NULL: a part of the data */
	struct nt_interval eval_every, save_every;
	struct nt_interval sample_every; /* both 0: at evaluations, if there is a prompt */
	const char *label;             /* what the user calls the run, or NULL */
	uint64_t keep;                 /* checkpoints to keep, at least 1 */
	const char *output;            /* the checkpoint directory */
	int resume;                    /* enum nt_resume */
	bool restart;                  /* forget the checkpoint that is there */
	bool force;                    /* replace files there that are not ours */

	/* names of the options the user gave, as in "hidden-size": these may not contradict
	 * what a checkpoint pinned, the others give way to it */
	const char *const *named;
	size_t n_named;
};

/* A source as it is mixed. */
struct nt_train_share {
	const char *name;
	double share;                 /* of all targets of training, at most 1 */
	uint64_t n_target, n_val_target;
	double epochs;                /* times it is seen */
};

/* What nt_train_settle decided. */
struct nt_train_plan {
	struct nt_config config;
	struct nt_train_options options; /* every number filled in */
	uint64_t n_param;
	uint64_t n_row, n_target;         /* of training data; n_row 0 for windows */
	uint64_t n_val_row, n_val_target; /* held out */
	double padding;                   /* share of positions in rows that predict nothing */
	uint64_t step_targets;            /* positions of one step, padding included */
	double epochs;                    /* times the data is seen */
	double flops_per_token, flops;    /* one position; the whole run */
	uint64_t param_bytes, grad_bytes, moment_bytes, activation_bytes, program_bytes, total_bytes;
	bool is_recomputed;               /* NT_PASS_RECOMPUTE */
	double peak_flops;                /* FLOP/s a short GEMM of the dtype reached, or a step since; 0: not measured */
	double step_seconds;              /* measured; 0: not measured */
	double predicted_loss;            /* nats/token that held-out text like that of the law in size.c
					   * would end with; 0: it is not of this vocabulary or size */
	double chosen_for;                /* seconds that size or steps were chosen for; 0: neither was */
	uint64_t first_step;              /* 0, or where a checkpoint goes on */
	bool is_finished;                 /* nothing is left, not even the last evaluation */
	char remark[256];                 /* what a user should know about held-out data, or "" */
	const struct nt_train_share *source; /* [n_source], if there is more than one; else 0 */
	size_t n_source;                  /* of them; they belong to the run */
};

enum nt_train_event_kind { NT_EVENT_START, NT_EVENT_STEP, NT_EVENT_EVAL, NT_EVENT_SAVE, NT_EVENT_SAMPLE,
			   NT_EVENT_PLAN, /* max_steps has changed */
			   NT_EVENT_WARNING,
			   NT_EVENT_SPIKE, /* before the step of that number */
			   NT_EVENT_END };

/* What a source made of a loss. */
struct nt_train_loss {
	const char *name;
	double loss, bpb;         /* nats/token, bits/byte; NaN without targets or bytes */
	uint64_t n_target;
};

struct nt_train_event {
	enum nt_train_event_kind kind;
	uint64_t step, max_steps; /* step: how many are done */
	uint64_t tokens;          /* targets followed so far */
	double time;              /* seconds of work, over all resumes */
	double loss, smooth_loss; /* nats/token of this step's targets; a moving average */
	double val_loss, val_bpb; /* nats/token, bits/byte; val_bpb is NaN if bytes are unknown */
	double lr, grad_norm;     /* of this step, before clipping */
	double tokens_per_s, mfu; /* moving averages */
	double eta;               /* seconds to the end */
	double late;              /* seconds that the end is past options.time; 0: none, or no time */
	/* NT_EVENT_STEP: of `loss`; NT_EVENT_EVAL and NT_EVENT_END: of `val_loss`. Where there is
	 * more than one source; else n_source is 0. */
	const struct nt_train_loss *source;
	size_t n_source;
	const char *path;         /* NT_EVENT_SAVE: the directory */
	/* NT_EVENT_SPIKE: of the losses before it, and how many deviations `loss` is above; what is done
	 * ("warn", "skip", "stop"); and the rows of the step: objects of JSON, one behind the other */
	double mean, deviations;
	const char *action;
	const struct nt_buf *rows;
	/* NT_EVENT_SAMPLE: the prompt and what the model added; NT_EVENT_WARNING: why steps are slow, or what
	 * was damaged */
	const char *text;         /* [text_len] */
	size_t text_len;
	const char *label;        /* NT_EVENT_START: of the run, or NULL */
	const struct nt_buf *about; /* NT_EVENT_START: its data and the machine, members of a JSON object */
};

struct nt_train_callback {
	void (*event)(void *arg, const struct nt_train_event *event);
	/* appends the text of n ids; asked only of runs that have a prompt */
	int (*text)(void *arg, const uint32_t *id, size_t n, struct nt_buf *out);
	void *arg;
};

struct nt_train;

/* "300:1000,600:1200", as trainer.json has it: 1000 steps until 300, then 1200 until 600, and
 * max_steps from there. NT_EARG. */
int nt_train_read_replanned(struct nt_replanned *r, const char *text);

/*
 * data[n]: data files, together one set, all of one tokenizer and one kind: FILE, or
 * FILE:WEIGHT for the share of its tokens in training; what has no weight goes by its size,
 * beside weights in what they leave of 1. NT_EARG if
 * a checkpoint in options->output was made from other data or with other values.
 *
 * n 0: rows of made-up tokens of options->vocab_size, which nothing can be learnt from; it
 * can only be settled and measured. Nothing is read.
 */
int nt_train_open(struct nt_train **t, const struct nt_train_options *options,
		  char *const *data, size_t n, struct nt_pool *pool);
void nt_train_free(struct nt_train *t); /* NULL is harmless */

/* The tokenizer of the data; belongs to t. */
const struct nt_ident *nt_train_ident(const struct nt_train *t);

/* Bytes of source text each token stands for, [vocab_size], copied; for bits/byte. */
int nt_train_set_token_bytes(struct nt_train *t, const uint32_t *bytes);

/* The ids that samples go on from, [n], copied; n > 0. Without them there are none. */
int nt_train_set_prompt(struct nt_train *t, const uint32_t *id, size_t n);

/* Chooses what is open, measuring this machine for a second or so if it must. */
int nt_train_settle(struct nt_train *t, struct nt_train_plan *plan);

/* Appends the plan, a number a line or as one JSON object; and, as a command line would say
 * it, the options that choose the same again. */
int nt_train_plan_write(const struct nt_train_plan *plan, bool as_json, struct nt_buf *out);
int nt_train_plan_options(const struct nt_train_plan *plan, struct nt_buf *out);

/*
 * Trains to max_steps, or until *stop is not zero: then the step is finished and saved.
 * NT_EFAIL: the loss or the gradient is not a number, or far above what it was and stays there
 * on other rows, or options->on_spike says so; nothing of that is saved.
 */
int nt_train_run(struct nt_train *t, const volatile sig_atomic_t *stop,
		 const struct nt_train_callback *callback);

struct nt_train_bench {
	double tokens_per_s, mfu, step_ms; /* the median step */
	uint64_t peak_rss;                 /* bytes */
	uint64_t n_step;
};
/* Steps for some seconds, saving nothing. */
int nt_train_measure(struct nt_train *t, struct nt_train_bench *bench);

/* --- what was held out ------------------------------------------------------------ */

/*
 * The rows that the run in a checkpoint's directory held out of data[n], given as it was
 * given them. NT_EARG: these are other data, or mixed with weights, or it was given a file
 * to hold out. Memory is that of a plan of rows (docs/training.md).
 */
struct nt_held_out;
int nt_held_out_open(struct nt_held_out **h, const char *dir, char *const *data, size_t n);
/* The pieces of such a file, in place of rows. */
int nt_held_out_open_file(struct nt_held_out **h, const char *path);
void nt_held_out_close(struct nt_held_out *h); /* NULL is harmless */
const struct nt_ident *nt_held_out_ident(const struct nt_held_out *h); /* belongs to h */
uint64_t nt_held_out_n_row(const struct nt_held_out *h);
/* *ids becomes the first document, or piece of one, in a row, of more than `most` ids the first of them;
 * nothing if it has no target. */
int nt_held_out_read(struct nt_held_out *h, uint64_t row, size_t most, struct nt_ids *ids);

/* --- checkpoints ---------------------------------------------------------------- */

/* dir is what nt-train writes (its "latest" is meant), or one step-NNNNNN inside. */
bool nt_checkpoint_is(const char *dir);
/* Appends lines "name   value", or one JSON object without the closing newline. */
int nt_checkpoint_describe(const char *dir, bool as_json, struct nt_buf *out);
/* Compares every file with the hash in trainer.json. NT_EFAIL names the damage and, if
 * there is one, an older step that is intact. */
int nt_checkpoint_verify(const char *dir);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * open.c - a run's data and the checkpoint that it goes on from
 *
 * What decides the numbers is pinned in trainer.json and compared before anything is
 * resumed; where the run stands in its data follows from the step. So a run that was
 * stopped goes on with the same bits.
 */
#include <stdlib.h>
#include <string.h>

#include "nt/cpu.h"
#include "nt/err.h"
#include "train/run.h"
#include "train/settings.h"

static int open_val(struct nt_train *t)
{
	if (!t->options.val)
		return 0;
	int rc = nt_corpus_open(&t->val, (char *[]){(char *)(uintptr_t)t->options.val}, 1);
	if (rc == 0 && memcmp(t->val.ident->fingerprint, t->corpus.ident->fingerprint, 16) != 0)
		rc = nt_fail(NT_EFORMAT, "%s: its tokenizer is '%s' and that of the data is '%s'",
			     t->options.val, t->val.ident->name, t->corpus.ident->name);
	return rc;
}

/* The checkpoint's data and tokenizer must be those of this run. */
static int compare_data(const struct nt_train *t, const char *data)
{
	const char *dir = t->options.output;
	char hex[33];
	nt_hex128(t->corpus.ident->fingerprint, hex);
	if (strcmp(hex, t->trainer.fingerprint) != 0)
		return nt_fail(NT_EFORMAT, "%s: its tokenizer is not that of %s ('%s'): use --restart to "
					   "begin anew, or -o OTHER", dir, data, t->corpus.ident->name);
	nt_corpus_hash(&t->corpus, hex);
	if (strcmp(hex, t->trainer.data_hash) != 0)
		return nt_fail(NT_EARG, "%s: it was trained on other data than %s: give it that data, use "
					"--restart to begin anew, or -o OTHER", dir, data);
	const char *mixture = (const char *)t->mixture.data;
	if (strcmp(mixture, t->trainer.mixture) != 0)
		return nt_fail(NT_EARG, "%s: its sources were mixed as '%s' (WEIGHT:TOKENS), and '%s' was asked: "
					"give it the same weights, use --restart to begin anew, or -o OTHER",
			       dir, t->trainer.mixture, mixture);
	if (t->val.n)
		nt_corpus_hash(&t->val, hex);
	if (strcmp(t->val.n ? hex : "", t->trainer.val_hash) != 0)
		return nt_fail(NT_EARG, "%s: it was evaluated on other held-out data: give the same --val, "
					"use --restart to begin anew, or -o OTHER", dir);
	return 0;
}

static int open_checkpoint(struct nt_train *t, const char *data)
{
	const char *dir = t->options.output;
	int rc = t->options.restart ? 0 : nt_checkpoint_current(dir, &t->latest);
	if (rc <= 0)
		return rc;
	if ((rc = nt_checkpoint_choose(&t->step_dir, (const char *)t->latest.data,
				       t->options.resume == NT_RESUME_AUTO, &t->damage)) < 0 ||
	    (rc = nt_checkpoint_read(&t->trainer, (const char *)t->step_dir.data)) < 0 ||
	    (rc = compare_data(t, data)) < 0 ||
	    (rc = nt_settings_resume(&t->options, &t->trainer.options, dir)) < 0)
		return rc;
	t->is_resumed = true;
	t->step = t->trainer.step;
	t->tokens = t->trainer.tokens;
	t->seconds = t->trainer.seconds;
	t->band = t->trainer.band;
	return 0;
}

static int open_data(struct nt_train *t, char *const *data, size_t n)
{
	int rc = nt_corpus_open(&t->corpus, data, n);
	if (rc == 0)
		rc = nt_corpus_weigh(&t->corpus, t->options.weight, t->options.n_weight);
	if (rc == 0)
		rc = nt_corpus_mixture(&t->corpus, &t->mixture);
	if (rc == 0)
		rc = open_val(t);
	return rc < 0 ? rc : open_checkpoint(t, data[0]);
}

static int make_up(struct nt_train *t)
{
	t->made_up = (struct nt_ident){.vocab_size = (uint32_t)t->options.vocab_size,
				       .bos = NT_NO_TOKEN, .eos = NT_NO_TOKEN, .pad = NT_NO_TOKEN};
	t->corpus.ident = &t->made_up;
	t->split.train.corpus = t->split.val.corpus = &t->corpus;
	return t->made_up.vocab_size ? 0 : nt_fail(NT_EARG, "no data, and no size of a vocabulary");
}

int nt_train_open(struct nt_train **result, const struct nt_train_options *options,
		  char *const *data, size_t n, struct nt_pool *pool)
{
	struct nt_train *t = *result = nt_calloc(1, sizeof(*t));
	if (!t)
		return NT_ESYS;
	t->open_ns = nt_now_ns();
	t->options = *options;
	if (t->options.dtype == NT_DTYPE_AUTO)
		t->options.dtype = nt_has_bf16() ? NT_DTYPE_BF16 : NT_DTYPE_F32;
	t->pool = pool;
	int rc = nt_settings_check(&t->options);
	if (rc == 0)
		rc = n ? open_data(t, data, n) : make_up(t);
	if (rc < 0) {
		nt_train_free(t);
		*result = NULL;
	}
	return rc;
}

void nt_train_free(struct nt_train *t)
{
	if (!t)
		return;
	nt_work_free(t->work);
	nt_model_free(t->model);
	nt_optimizer_release(&t->optimizer);
	nt_split_release(&t->split);
	nt_corpus_close(&t->corpus);
	nt_corpus_close(&t->val);
	nt_trainer_release(&t->trainer);
	nt_buf_release(&t->latest);
	nt_buf_release(&t->step_dir);
	nt_buf_release(&t->damage);
	nt_buf_release(&t->mixture);
	free(t->prompt);
	free(t->share);
	free(t->row_source);
	free(t->row_nats);
	free(t->tally);
	free(t->grad);
	free(t->input);
	free(t->target);
	free(t->start);
	free(t->token_bytes);
	free(t);
}

const struct nt_ident *nt_train_ident(const struct nt_train *t)
{
	return t->corpus.ident;
}

int nt_train_set_token_bytes(struct nt_train *t, const uint32_t *bytes)
{
	size_t n = t->corpus.ident->vocab_size;
	free(t->token_bytes);
	t->token_bytes = nt_alloc(n, sizeof(*t->token_bytes));
	if (!t->token_bytes)
		return NT_ESYS;
	memcpy(t->token_bytes, bytes, n * sizeof(*t->token_bytes));
	return 0;
}

int nt_train_set_prompt(struct nt_train *t, const uint32_t *id, size_t n)
{
	free(t->prompt);
	t->prompt = nt_alloc(n, sizeof(*id));
	t->n_prompt = t->prompt ? n : 0;
	if (!t->prompt)
		return NT_ESYS;
	memcpy(t->prompt, id, n * sizeof(*id));
	return 0;
}

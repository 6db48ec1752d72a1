/* SPDX-License-Identifier: MIT */
/*
 * sample.c - what the model says in the middle of its training
 *
 * The chain, its numbers and the seed are nt-sample's, so that of a step that is saved
 * `nt-sample -n 64` says the same. It takes a decoder for the time that it lasts; no step
 * is changed by it.
 */
#include <stdlib.h>

#include "nt/err.h"
#include "nt/generate.h"
#include "train/run.h"

int nt_train_sample(struct nt_train *t, uint32_t id[NT_SAMPLE_TOKENS], size_t *n)
{
	const struct nt_config *c = &t->config;
	struct nt_sampling how = {.top_k = NT_SAMPLING_TOP_K, .top_p = NT_SAMPLING_TOP_P,
				  .min_p = NT_SAMPLING_MIN_P, .temperature = NT_SAMPLING_TEMPERATURE,
				  .seed = t->options.seed};
	struct nt_sampler *sampler = NULL;
	struct nt_lm *lm = NULL;
	struct nt_decoder *decoder = NULL;
	struct nt_ends ends = nt_config_ends(c, NULL);
	const nt_real *logits;
	size_t room = t->n_prompt + NT_SAMPLE_TOKENS;
	*n = 0;
	if (room > c->max_position_embeddings)
		room = c->max_position_embeddings;
	int rc = nt_lm_of_model(&lm, t->model);
	if (rc == 0)
		rc = nt_decoder_new(&decoder, lm, 1, room, t->pool);
	if (rc == 0)
		rc = nt_sampler_new(&sampler, &how, c->vocab_size);
	if (rc == 0)
		rc = nt_decoder_extend(decoder, 0, t->prompt, t->n_prompt, &logits);
	while (rc == 0) {
		id[*n] = nt_sample(sampler, logits, *n);
		if (nt_ends_is_eos(&ends, id[*n]))
			break;
		if (++*n == NT_SAMPLE_TOKENS || nt_decoder_len(decoder, 0) == room)
			break;
		rc = nt_decoder_extend(decoder, 0, &id[*n - 1], 1, &logits);
	}
	nt_sampler_free(sampler);
	nt_decoder_free(decoder);
	nt_lm_free(lm);
	return rc;
}

int nt_train_check_prompt(const struct nt_train *t)
{
	uint32_t limit = t->config.max_position_embeddings;
	return t->n_prompt <= limit ? 0
				    : nt_fail(NT_EARG, "--sample-prompt: of %s, it does not fit into the model's context of %u",
					      nt_counted(t->n_prompt, "token"), limit);
}

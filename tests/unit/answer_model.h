/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_ANSWER_MODEL_H
#define TESTS_UNIT_ANSWER_MODEL_H
/* answer_model.h - a small model of bytes that a group of tests asks, and its tokenizer */
#include "model_random.h"
#include "nt/generate.h"
#include "nt/tokenizer.h"

enum { V = 258, T = 48 };

static struct nt_model *model;
static struct nt_lm *lm;
static struct nt_tokenizer *tokenizer;

static int make_model(void **state)
{
	(void)state;
	model = random_model(NT_LLAMA, V, 32, T, 3);
	return nt_lm_of_model(&lm, model) < 0 || nt_tokenizer_open(&tokenizer, "bytes", NULL) < 0;
}

static int free_model(void **state)
{
	(void)state;
	nt_tokenizer_free(tokenizer);
	nt_lm_free(lm);
	nt_model_free(model);
	return 0;
}

#endif

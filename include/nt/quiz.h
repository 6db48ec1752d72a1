/* SPDX-License-Identifier: MIT */
#ifndef NT_QUIZ_H
#define NT_QUIZ_H
/*
 * nt/quiz.h - questions out of files, and what a model makes of their continuations
 *
 * Each line that is not empty is a question as nt/choices.h has them. What one costs behind its
 * context is weighed as in nt/generate.h: the answer is whose nats are the fewest.
 */
#include "nt/choices.h"
#include "nt/generate.h"
#include "nt/tokenizer.h"

/* All are borrowed until the quiz is closed. */
struct nt_quiz_options {
	const struct nt_lm *lm;
	const struct nt_tokenizer *tokenizer;
	struct nt_pool *pool;           /* NULL: one thread */
	struct nt_choices_fields names;
	size_t n_position;              /* ids that count at most; 0: as many as the model takes */
};

/* Valid until the next one. */
struct nt_quiz_item {
	const char *source;             /* "FILE:LINE" */
	const struct nt_choice *choice; /* [n_choice], weighed */
	size_t n_choice;
	size_t answer;                  /* the right one; SIZE_MAX: not known */
};

struct nt_quiz;
/* Reads operand[n], which must outlive it, as nt/docs.h does; standard input if there is none. NT_EFORMAT: no
 * token begins a text; otherwise fails as nt_docs_open and nt_decoder_new do. */
int nt_quiz_open(struct nt_quiz **q, const struct nt_quiz_options *o, char **operand, size_t n);
/* 1, or 0 at the end. NT_EFORMAT: a line is no such question, or too long for the model; its name is said.
 * Otherwise fails as nt_docs_next does. */
int nt_quiz_next(struct nt_quiz *q, struct nt_quiz_item *item);
void nt_quiz_close(struct nt_quiz *q); /* NULL is harmless */

#endif

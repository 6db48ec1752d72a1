/* SPDX-License-Identifier: MIT */
/*
 * quiz.c - a question at a time: read, encoded, weighed
 *
 * Questions share nothing, so one sequence serves all of them, and what the choices of one have
 * in common is computed once.
 */
#include <stdlib.h>

#include "nt/docs.h"
#include "nt/err.h"
#include "nt/quiz.h"

struct nt_quiz {
	struct nt_quiz_options o;
	struct nt_docs *docs;
	struct nt_encoder *encoder;
	struct nt_decoder *decoder;
	struct nt_choices line;
	struct nt_ids ids;        /* of all its choices */
	struct nt_choice_ids *of; /* [line.n_choice] where each is in them ... */
	struct nt_choice *choice; /* ... and as the model takes them */
	size_t of_cap, choice_cap;
	uint32_t bos;
};

int nt_quiz_open(struct nt_quiz **out, const struct nt_quiz_options *o, char **operand, size_t n)
{
	const struct nt_config *c = nt_lm_config(o->lm);
	struct nt_docs_options how = {.split = "line"};
	struct nt_quiz *q = *out = nt_calloc(1, sizeof(*q));
	if (!q)
		return NT_ESYS;
	q->o = *o;
	q->bos = nt_config_ends(c, nt_tokenizer_summary(o->tokenizer)).bos;
	int rc = nt_docs_open(&q->docs, &how, operand, n);
	if (rc == 0 && q->bos == NT_NO_TOKEN)
		rc = nt_fail(NT_EFORMAT, "the model names no bos_token_id");
	if (rc == 0 && !(q->encoder = nt_encoder_new(o->tokenizer)))
		rc = NT_ESYS;
	if (rc == 0)
		rc = nt_decoder_new(&q->decoder, o->lm, 1, o->n_position ? o->n_position : c->max_position_embeddings,
				    o->pool);
	if (rc < 0) {
		nt_quiz_close(q);
		*out = NULL;
	}
	return rc;
}

static int weigh(struct nt_quiz *q)
{
	size_t n = q->line.n_choice;
	int rc = nt_grow(&q->choice, &q->choice_cap, n, sizeof(*q->choice));
	if (rc == 0)
		rc = nt_grow(&q->of, &q->of_cap, n, sizeof(*q->of));
	q->ids.n = 0;
	if (rc == 0)
		rc = nt_encode_choices(q->encoder, q->bos, &q->line, &q->ids, q->of);
	for (size_t i = 0; rc == 0 && i < n; i++)
		q->choice[i] = (struct nt_choice){.id = q->ids.id + q->of[i].at, .n = q->of[i].n,
						  .n_context = q->of[i].n_context, .bytes = q->line.choice[i].len};
	return rc < 0 ? rc : nt_choose(q->decoder, q->choice, n);
}

int nt_quiz_next(struct nt_quiz *q, struct nt_quiz_item *item)
{
	struct nt_doc doc;
	int rc;
	do
		rc = nt_docs_next(q->docs, &doc);
	while (rc == 1 && doc.len == 0);
	if (rc != 1)
		return rc;
	rc = nt_choices_read(&q->line, &q->o.names, doc.text, doc.len, doc.source);
	if (rc == 0 && (rc = weigh(q)) == NT_EARG)
		rc = nt_fail(NT_EFORMAT, "%s: %s", doc.source, nt_errmsg());
	*item = (struct nt_quiz_item){.source = doc.source, .choice = q->choice, .n_choice = q->line.n_choice,
				      .answer = q->line.answer};
	return rc < 0 ? rc : 1;
}

void nt_quiz_close(struct nt_quiz *q)
{
	if (!q)
		return;
	nt_docs_close(q->docs);
	nt_encoder_free(q->encoder);
	nt_decoder_free(q->decoder);
	nt_choices_release(&q->line);
	nt_ids_release(&q->ids);
	free(q->of);
	free(q->choice);
	free(q);
}

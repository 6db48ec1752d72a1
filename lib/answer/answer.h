/* SPDX-License-Identifier: MIT */
#ifndef ANSWER_ANSWER_H
#define ANSWER_ANSWER_H
/*
 * answer.h - one answer, from its prompt to the reason of its end
 *
 * Text grows behind the prompt's, if that is shown too: [0, given) is the prompt, [0, settled)
 * can be shown. What is behind that may be the beginning of a stop string or of a character.
 */
#include "nt/answer.h"

struct nt_answer {
	const struct nt_answer_options *o;
	enum nt_reason reason;
	size_t stop;        /* which string ended it */
	size_t lane;
	struct nt_ids ids;  /* the prompt's n_prompt, and those of the answer */
	size_t n_prompt;
	struct nt_ids ends; /* [ids.n - n_prompt] bytes of answer behind each of them */
	struct nt_buf text;
	size_t given, settled;
	struct nt_buf kept;   /* of the prompt's object */
	struct nt_buf tokens; /* objects with log p, commas or newlines between them */
	size_t shown;         /* what is written already: bytes of text or tokens, or ids */
};

/* Makes it the answer to a prompt, of which nothing is said yet; its memory is used again. */
int nt_answer_begin(struct nt_answer *a, const struct nt_answer_options *o, struct nt_encoder *e,
		    const struct nt_prompt *p);
/* What the model said next; the context has no room behind it if is_full. */
int nt_answer_take(struct nt_answer *a, const struct nt_latest *latest, bool is_full);
void nt_answer_end(struct nt_answer *a, enum nt_reason reason);
void nt_answer_release(struct nt_answer *a); /* harmless twice */

/* Writes what can be shown of it, and was not. Only NT_ANSWER_TEXT and NT_ANSWER_TOKENS come in
 * parts; others are written when the answer has ended. */
int nt_answer_write(struct nt_answer *a, struct nt_out *out);

/* Is all that is under way to end? */
static inline bool nt_answer_is_stopped(const struct nt_answer_options *o)
{
	return o->stop && *o->stop;
}

/* Appends a token with its log p as an object. */
int nt_answer_add_token(struct nt_answer *a, const struct nt_latest *latest);

#endif

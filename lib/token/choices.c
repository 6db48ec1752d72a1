/* SPDX-License-Identifier: MIT */
/*
 * choices.c - a context and each of its continuations, to ids
 *
 * Both are encoded together, since tokens may lie across the seam, and the continuation's
 * tokens are those that the context alone has not. White space at the seam belongs to the
 * continuation, as it does to tokens. This is how lm-evaluation-harness joins them.
 */
#include "nt/err.h"
#include "nt/tokenizer.h"

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The context, a space unless there is white space, and the choice. */
static int join(struct nt_buf *text, const struct nt_choices_text *context, const struct nt_choices_text *choice)
{
	bool has_space = context->len == 0 || is_space(context->p[context->len - 1]) ||
			 (choice->len > 0 && is_space(choice->p[0]));
	text->len = 0;
	int rc = nt_buf_add(text, context->p, context->len);
	if (rc == 0 && !has_space)
		rc = nt_buf_add(text, " ", 1);
	return rc < 0 ? rc : nt_buf_add(text, choice->p, choice->len);
}

int nt_encode_choices(struct nt_encoder *e, uint32_t bos, const struct nt_choices *c, struct nt_ids *out,
		      struct nt_choice_ids *of)
{
	struct nt_buf text = {0};
	size_t bare = c->context.len, first = out->n;
	while (bare > 0 && is_space(c->context.p[bare - 1]))
		bare--;
	int rc = nt_encode(e, c->context.p, bare, 0, out);
	size_t n_context = out->n - first + 1;
	out->n = first;
	for (size_t i = 0; rc == 0 && i < c->n_choice; i++) {
		of[i].at = out->n;
		rc = nt_ids_add(out, &bos, 1);
		if (rc == 0)
			rc = join(&text, &c->context, &c->choice[i]);
		if (rc == 0)
			rc = nt_encode(e, text.data, text.len, 0, out);
		of[i].n = out->n - of[i].at;
		/* what merged across the seam is the choice's */
		of[i].n_context = n_context < of[i].n ? n_context : of[i].n > 1 ? of[i].n - 1 : 1;
	}
	nt_buf_release(&text);
	return rc;
}

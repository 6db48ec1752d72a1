/* SPDX-License-Identifier: MIT */
/* answer.c - one answer, from its prompt to the reason of its end; see answer.h */
#include "answer/answer.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"

const char *nt_reason_name(enum nt_reason reason)
{
	static const char *const name[NT_REASON_COUNT] = {
		[NT_GOES_ON] = "", [NT_ENDED_EOS] = "eos", [NT_ENDED_STOP] = "stop", [NT_ENDED_LENGTH] = "length",
		[NT_ENDED_CONTEXT] = "context", [NT_ENDED_INTERRUPT] = "interrupt",
	};
	return name[reason];
}

void nt_answer_release(struct nt_answer *a)
{
	nt_ids_release(&a->ids);
	nt_ids_release(&a->ends);
	nt_buf_release(&a->text);
	nt_buf_release(&a->kept);
	nt_buf_release(&a->tokens);
}

static int add_prompt_ids(struct nt_answer *a, struct nt_encoder *e, const struct nt_prompt *p)
{
	int rc = 0;
	if (p->text || p->n_id == 0) {
		if (a->o->ends.bos == NT_NO_TOKEN)
			return nt_fail(NT_EFORMAT, "the model names no bos_token_id to begin with");
		rc = nt_ids_add(&a->ids, &a->o->ends.bos, 1);
	}
	if (rc == 0 && p->text && !e)
		rc = nt_fail(NT_EARG, "there is no tokenizer.json: the prompt must be token ids");
	if (rc == 0)
		rc = p->text ? nt_encode(e, p->text, p->len, 0, &a->ids) : nt_ids_add(&a->ids, p->id, p->n_id);
	a->n_prompt = a->ids.n;
	return rc;
}

int nt_answer_begin(struct nt_answer *a, const struct nt_answer_options *o, struct nt_encoder *e,
		    const struct nt_prompt *p)
{
	a->o = o;
	a->reason = NT_GOES_ON;
	a->ids.n = a->ends.n = a->text.len = a->kept.len = a->tokens.len = a->shown = 0;
	int rc = add_prompt_ids(a, e, p);
	if (rc == 0)
		rc = nt_buf_add(&a->kept, p->kept, p->kept_len);
	bool shows_prompt = !o->no_prompt && (o->form == NT_ANSWER_TEXT || o->form == NT_ANSWER_LINE);
	if (rc == 0 && shows_prompt && p->text)
		rc = nt_buf_add(&a->text, p->text, p->len);
	a->given = a->text.len;
	a->settled = a->given - nt_utf8_unfinished(a->text.data, a->given);
	if (!shows_prompt)
		a->shown = o->ids && o->form == NT_ANSWER_TEXT ? a->n_prompt : 0;
	return rc;
}

/* A model may have more rows than its tokenizer has tokens; those stand for no text. */
static int decode(struct nt_answer *a, const uint32_t *id)
{
	const struct nt_tokenizer *t = a->o->tokenizer;
	if (*id >= nt_tokenizer_summary(t)->vocab_size)
		return 0;
	bool is_first = a->ids.n == 2 && *a->ids.id == a->o->ends.bos;
	return is_first ? nt_decode_document(t, id, 1, &a->text) : nt_decode(t, id, 1, &a->text);
}

/* Adds the text of the last id, and looks at what can be shown now. */
static int add_text(struct nt_answer *a)
{
	static const struct nt_stops none;
	const struct nt_stops *stops = a->o->stops ? a->o->stops : &none;
	int rc = decode(a, &a->ids.id[a->ids.n - 1]);
	if (rc < 0)
		return rc;
	size_t from = a->settled > a->given ? a->settled : a->given;
	size_t ready = from + nt_stops_scan(stops, a->text.data + from, a->text.len - from, &a->stop);
	a->settled = ready - nt_utf8_unfinished(a->text.data, ready);
	if (a->stop < stops->n) {
		a->text.len = ready;
		nt_answer_end(a, NT_ENDED_STOP);
	}
	return 0;
}

void nt_answer_end(struct nt_answer *a, enum nt_reason reason)
{
	a->reason = reason;
	a->settled = a->text.len;
}

int nt_answer_take(struct nt_answer *a, const struct nt_latest *latest, bool is_full)
{
	const struct nt_answer_options *o = a->o;
	bool is_eos = !o->ignore_eos && nt_ends_is_eos(&o->ends, latest->id);
	int rc = nt_ids_add(&a->ids, &latest->id, 1);
	if (rc == 0 && o->has_logprobs)
		rc = nt_answer_add_token(a, latest);
	if (rc == 0 && o->tokenizer && !is_eos)
		rc = add_text(a);
	if (rc == 0)
		rc = nt_ids_add(&a->ends, &(uint32_t){(uint32_t)(a->text.len - a->given)}, 1);
	if (rc < 0 || a->reason != NT_GOES_ON)
		return rc;
	if (is_eos)
		nt_answer_end(a, NT_ENDED_EOS);
	else if (o->n_most && a->ids.n - a->n_prompt >= o->n_most)
		nt_answer_end(a, NT_ENDED_LENGTH);
	else if (is_full)
		nt_answer_end(a, NT_ENDED_CONTEXT);
	return 0;
}

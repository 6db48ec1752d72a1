/* SPDX-License-Identifier: MIT */
/*
 * talk.c - a conversation: one text, written by two
 *
 * What has been said stays in a lane as keys and values. Tokens at the end of an answer that the
 * model never took in, or that a stop string cut, become bytes again and are encoded together
 * with what is typed next: what the model reads is the text, and not how it came about.
 */
#include <string.h>

#include "answer/answer.h"
#include "nt/err.h"

enum { RESET = 2 };

struct talk {
	const struct nt_answer_options *o;
	const struct nt_talk *host;
	struct nt_lanes *lanes;
	size_t lane;
	struct nt_encoder *encoder;
	struct nt_lines *in;
	struct nt_out *out;
	struct nt_buf text; /* what is not in the lane yet */
	struct nt_answer answer;
};

/* --- what is typed ------------------------------------------------------------------ */

static int begin_text(struct talk *t, const struct nt_buf *first)
{
	nt_lanes_rewind(t->lanes, t->lane, 0);
	t->text.len = 0;
	int rc = nt_buf_add(&t->text, first->data, first->len);
	if (rc == 0 && !t->o->no_prompt)
		rc = nt_out_write(t->out, first->data, first->len);
	return rc < 0 ? rc : nt_out_flush(t->out);
}

/* A line, and the lines that it goes on in. 1; 0: there is none; RESET. */
static int read_turn(struct talk *t)
{
	const uint8_t *line;
	size_t len, before = t->text.len;
	bool goes_on = false;
	/* an interrupt that came behind the last token of an answer ended that one */
	while (!nt_answer_is_stopped(t->o) || t->host->was_interrupted(t->host->arg)) {
		t->host->waits(t->host->arg, goes_on);
		int rc = nt_lines_next(t->in, true, &line, &len);
		if (rc == NT_LINES_LATER) {
			if (t->host->was_interrupted(t->host->arg)) {
				t->text.len = before;
				goes_on = false;
			}
			continue;
		}
		if (rc != 1)
			return rc;
		if (!goes_on && len == 6 && memcmp(line, "/reset", 6) == 0)
			return RESET;
		goes_on = len && line[len - 1] == '\\';
		rc = nt_buf_add(&t->text, line, goes_on ? len - 1 : len);
		if (rc == 0 && goes_on)
			rc = nt_buf_add(&t->text, "\n", 1);
		if (rc < 0 || !goes_on)
			return rc < 0 ? rc : 1;
	}
	return 0;
}

/* --- what the model says ------------------------------------------------------------ */

/* The ids of what was typed. If there are none, the last one that was taken in is again. */
static int begin_answer(struct talk *t)
{
	struct nt_answer *a = &t->answer;
	static const struct nt_prompt none = {.text = (const uint8_t *)""};
	size_t n_said;
	const uint32_t *said = nt_lanes_ids(t->lanes, t->lane, &n_said);
	int rc = nt_answer_begin(a, t->o, t->encoder, &none);
	if (n_said) /* no other [B] */
		a->ids.n = 0;
	if (rc == 0)
		rc = nt_encode(t->encoder, t->text.data ? t->text.data : (const uint8_t *)"", t->text.len,
			       n_said ? NT_CONTINUES : 0, &a->ids);
	if (rc == 0 && a->ids.n == 0) {
		rc = nt_ids_add(&a->ids, &said[n_said - 1], 1);
		nt_lanes_rewind(t->lanes, t->lane, n_said - 1);
	}
	a->n_prompt = a->ids.n;
	return rc < 0 ? rc : nt_lanes_extend(t->lanes, t->lane, a->ids.id, a->n_prompt);
}

/* Of n tokens of the answer that were taken in, those that are whole in its text stay; what else
 * it says is text again. */
static int keep_answer(struct talk *t, size_t n)
{
	const struct nt_answer *a = &t->answer;
	size_t before = nt_lanes_len(t->lanes, t->lane) - n, len = a->text.len;
	while (n > 0 && a->ends.id[n - 1] > len)
		n--;
	size_t kept = n ? a->ends.id[n - 1] : 0;
	nt_lanes_rewind(t->lanes, t->lane, before + n);
	t->text.len = 0;
	return nt_buf_add(&t->text, a->text.data + kept, len - kept);
}

static int say(struct talk *t)
{
	struct nt_answer *a = &t->answer;
	int rc = nt_lanes_step(t->lanes);
	while (rc == 0) {
		struct nt_latest latest = nt_lanes_latest(t->lanes, t->lane);
		rc = nt_answer_take(a, &latest, nt_lanes_len(t->lanes, t->lane) == nt_lanes_room(t->lanes));
		if (rc == 0 && a->reason == NT_GOES_ON && (t->host->was_interrupted(t->host->arg) || nt_answer_is_stopped(t->o)))
			nt_answer_end(a, NT_ENDED_INTERRUPT);
		if (rc == 0)
			rc = nt_answer_write(a, t->out);
		if (rc == 0)
			rc = nt_out_flush(t->out);
		if (rc == 0 && a->reason != NT_GOES_ON)
			return keep_answer(t, a->ends.n - 1); /* all but the last */
		if (rc == 0)
			rc = nt_lanes_step(t->lanes);
	}
	return rc;
}

/* One turn of both. A line that does not fit is forgotten. */
static int take_turn(struct talk *t, const struct nt_buf *first)
{
	size_t before = t->text.len;
	int rc = read_turn(t);
	if (rc == RESET)
		return begin_text(t, first) < 0 ? NT_ESYS : 1;
	if (rc != 1)
		return rc;
	rc = begin_answer(t);
	if (rc == NT_EARG) {
		t->text.len = before;
		t->host->ended(t->host->arg, NT_ENDED_CONTEXT, nt_errmsg());
		return 1;
	}
	if (rc == 0)
		rc = say(t);
	if (rc == 0)
		t->host->ended(t->host->arg, t->answer.reason, NULL);
	return rc < 0 ? rc : 1;
}

int nt_talk(const struct nt_answer_options *o, const struct nt_talk *host, struct nt_lanes *l,
	    struct nt_lines *in, const struct nt_buf *first, struct nt_out *out)
{
	struct talk t = {.o = o, .host = host, .lanes = l, .in = in, .out = out};
	bool has_lane = nt_lanes_begin(l, 0, &t.lane);
	nt_assert(has_lane);
	int rc = (t.encoder = nt_encoder_new(o->tokenizer)) ? begin_text(&t, first) : NT_ESYS;
	for (int more = 1; rc == 0 && more > 0;)
		if ((more = take_turn(&t, first)) < 0)
			rc = more;
	nt_lanes_end(l, t.lane);
	nt_encoder_free(t.encoder);
	nt_answer_release(&t.answer);
	nt_buf_release(&t.text);
	return rc;
}

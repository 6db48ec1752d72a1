/* SPDX-License-Identifier: MIT */
/*
 * queue.c - many prompts under way, their answers in order
 *
 * A ring of answers: [head, tail) have been begun. Only the one at the head is written, and one
 * that is done early waits there; what is ahead of the head is bounded, so that memory is. Input
 * is waited for only when there is nothing else to do and nothing left to write: whoever asks
 * one thing at a time gets each answer before asking the next.
 */
#include <stdio.h>
#include <stdlib.h>

#include "answer/answer.h"
#include "nt/err.h"

enum { AHEAD = 8 }; /* answers in the ring for each lane */

struct queue {
	const struct nt_answer_options *o;
	struct nt_lanes *lanes;
	struct nt_prompts *prompts;
	struct nt_encoder *encoder; /* NULL without a tokenizer */
	struct nt_answer *ring;     /* [n_ring] */
	size_t n_ring;
	uint64_t head, tail;
	size_t n_going;
	bool has_ended;             /* no prompt is to come ... */
	int rc;                     /* ... because of this, ... */
	char why[1024];             /* ... and its sentence */
	struct nt_answer_counts *counts;
};

static struct nt_answer *at(struct queue *q, uint64_t number)
{
	return &q->ring[number % q->n_ring];
}

/* No other prompt is taken; those under way are answered. */
static void close_input(struct queue *q, int rc)
{
	q->has_ended = true;
	q->rc = rc;
	if (rc < 0)
		snprintf(q->why, sizeof(q->why), "%s", nt_errmsg());
}

/* What cannot be answered because of what was asked is said with its place. */
static int blame(struct queue *q, const struct nt_prompt *p, int rc)
{
	if (rc == NT_EARG)
		return nt_fail(p->line ? NT_EFORMAT : NT_EARG, "%s: %s", nt_prompts_place(q->prompts), nt_errmsg());
	return rc;
}

/* The lane's latest token is the answer's; a lane whose answer has ended is free. */
static int take_latest(struct queue *q, struct nt_answer *a)
{
	struct nt_latest latest = nt_lanes_latest(q->lanes, a->lane);
	int rc = nt_answer_take(a, &latest, nt_lanes_len(q->lanes, a->lane) == nt_lanes_room(q->lanes));
	if (rc == 0 && a->reason == NT_GOES_ON && nt_answer_is_stopped(q->o))
		nt_answer_end(a, NT_ENDED_INTERRUPT);
	if (a->reason != NT_GOES_ON) {
		nt_lanes_end(q->lanes, a->lane);
		q->n_going--;
	}
	return rc;
}

static int begin(struct queue *q, const struct nt_prompt *prompt, size_t lane)
{
	struct nt_answer *a = at(q, q->tail);
	int rc = nt_answer_begin(a, q->o, q->encoder, prompt);
	if (rc == 0 && a->n_prompt > nt_lanes_room(q->lanes))
		rc = nt_fail(NT_EARG, "of %s, it does not fit into the model's context of %zu",
			     nt_counted(a->n_prompt, "token"), nt_lanes_room(q->lanes));
	if (rc == 0)
		rc = nt_lanes_extend(q->lanes, lane, a->ids.id, a->n_prompt);
	if (rc < 0)
		return blame(q, prompt, rc);
	a->lane = lane;
	q->tail++;
	q->n_going++;
	return 0;
}

/* Begins answers while there are prompts and room. */
static int fill(struct queue *q)
{
	struct nt_prompt prompt;
	size_t lane;
	while (!q->has_ended && q->tail - q->head < q->n_ring && nt_lanes_begin(q->lanes, q->tail, &lane)) {
		bool is_idle = q->n_going == 0 && q->head == q->tail;
		int rc = nt_answer_is_stopped(q->o) ? 0 : nt_prompts_next(q->prompts, is_idle, &prompt);
		bool is_read = rc == 1;
		if (is_read && (rc = begin(q, &prompt, lane)) == 0)
			continue;
		nt_lanes_end(q->lanes, lane);
		if (rc == NT_LINES_LATER)
			return 0;
		if (is_read && rc == NT_ESYS)
			return rc;
		close_input(q, rc);
	}
	return 0;
}

static int step(struct queue *q)
{
	int rc = nt_lanes_step(q->lanes);
	for (uint64_t i = q->head; rc == 0 && i < q->tail; i++)
		if (at(q, i)->reason == NT_GOES_ON)
			rc = take_latest(q, at(q, i));
	return rc;
}

/* Writes answers from the head on, up to one that goes on. */
static int drain(struct queue *q, struct nt_out *out)
{
	int rc = 0;
	while (rc == 0 && q->head < q->tail) {
		struct nt_answer *a = at(q, q->head);
		rc = nt_answer_write(a, out);
		if (a->reason == NT_GOES_ON)
			break;
		q->counts->answers++;
		q->counts->ended[a->reason]++;
		q->counts->stop = a->stop;
		q->head++;
	}
	return rc < 0 ? rc : nt_out_flush(out);
}

static int answer_all(struct queue *q, struct nt_out *out)
{
	for (;;) {
		int rc = fill(q);
		if (rc == 0)
			rc = drain(q, out);
		if (rc == 0 && q->n_going)
			rc = step(q);
		if (rc < 0)
			return rc;
		if (q->has_ended && q->head == q->tail)
			return q->rc < 0 ? nt_fail(q->rc, "%s", q->why) : 0;
		if (q->o->progress)
			q->o->progress(q->o->progress_arg, q->lanes, q->counts->answers);
	}
}

int nt_answer_prompts(const struct nt_answer_options *o, struct nt_lanes *l, struct nt_prompts *p,
		      struct nt_out *out, struct nt_answer_counts *counts)
{
	struct queue q = {.o = o, .lanes = l, .prompts = p, .n_ring = AHEAD * nt_lanes_n(l), .counts = counts};
	*counts = (struct nt_answer_counts){0};
	q.ring = nt_calloc(q.n_ring, sizeof(*q.ring));
	int rc = q.ring ? 0 : NT_ESYS;
	if (rc == 0 && o->tokenizer && !(q.encoder = nt_encoder_new(o->tokenizer)))
		rc = NT_ESYS;
	if (rc == 0)
		rc = answer_all(&q, out);
	for (size_t i = 0; q.ring && i < q.n_ring; i++)
		nt_answer_release(&q.ring[i]);
	free(q.ring);
	nt_encoder_free(q.encoder);
	return rc;
}

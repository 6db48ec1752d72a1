/* SPDX-License-Identifier: MIT */
/*
 * score.c - what a model makes of sequences
 *
 * A sequence of n ids has n - 1 targets: id[i + 1] given id[0..i]. It is cut into pieces of at
 * most seq_len inputs, a stride apart; of a piece those targets count that none before it had.
 * For totals, pieces of many sequences share a pass: they are laid one after the other into
 * rows, which by construction do not see each other.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "model/work.h"
#include "nt/err.h"
#include "nt/mem.h"

enum {
	ROW = 1024,   /* inputs of a row for totals, where the model's limit is higher */
	ROWS = 8,
};

struct nt_scorer {
	const struct nt_model *m;
	struct nt_pool *pool;
	struct nt_work *w;
	size_t B, T;              /* what w has room for */
	uint32_t *input, *target, *start; /* [B][T] */
	struct nt_scored *scored; /* [scored_cap] */
	size_t scored_cap;
	size_t row, column;       /* the next free place of the pass that is being filled */
	double nats;              /* of the passes that ran since the last total */
	size_t seq_len, stride;   /* inputs of a piece; from one's first to the next one's */
	struct nt_position_sum position[NT_POSITION_BINS];
};

int nt_scorer_new(struct nt_scorer **result, const struct nt_model *m, struct nt_pool *pool)
{
	struct nt_scorer *s = nt_calloc(1, sizeof(*s));
	if (!(*result = s))
		return NT_ESYS;
	s->m = m;
	s->pool = pool;
	s->seq_len = s->stride = m->config.max_position_embeddings;
	return 0;
}

int nt_scorer_set_window(struct nt_scorer *s, uint64_t seq_len, uint64_t stride)
{
	uint32_t most = s->m->config.max_position_embeddings;
	seq_len = seq_len ? seq_len : most;
	stride = stride ? stride : seq_len;
	if (seq_len > most)
		return nt_fail(NT_EARG, "a window of %" PRIu64 " inputs: the model's max_position_embeddings is %" PRIu32,
			       seq_len, most);
	if (stride > seq_len)
		return nt_fail(NT_EARG, "a stride of %" PRIu64 " is more than the window, %" PRIu64
					" inputs: text would be left out", stride, seq_len);
	s->seq_len = seq_len;
	s->stride = stride;
	return 0;
}

void nt_scorer_free(struct nt_scorer *s)
{
	if (!s)
		return;
	nt_work_free(s->w);
	free(s->input);
	free(s->target);
	free(s->start);
	free(s->scored);
	free(s);
}

/* Makes an array of n ids, without the contents it had. */
static int resize(uint32_t **array, size_t n)
{
	free(*array);
	*array = nt_alloc(n, sizeof(**array));
	return *array ? 0 : NT_ESYS;
}

/* Room for B rows of T. */
static int reserve(struct nt_scorer *s, size_t B, size_t T)
{
	if (s->w && B <= s->B && T <= s->T)
		return 0;
	nt_work_free(s->w);
	s->w = NULL;
	if (resize(&s->input, B * T) < 0 || resize(&s->target, B * T) < 0 || resize(&s->start, B * T) < 0)
		return NT_ESYS;
	int rc = nt_work_new(&s->w, &s->m->config, B, T, NT_PASS_FORWARD, s->pool);
	s->B = B;
	s->T = T;
	return rc;
}

static int check_ids(const struct nt_scorer *s, const uint32_t *id, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (id[i] >= s->m->config.vocab_size)
			return nt_fail(NT_EARG, "token %u at position %zu is not below vocab_size %u", id[i], i,
				       s->m->config.vocab_size);
	return 0;
}

/* Lays n inputs and their targets at a place of the pass: one document's piece. */
static void put(struct nt_scorer *s, size_t place, size_t column, const uint32_t *id, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		s->input[place + i] = id[i];
		s->target[place + i] = id[i + 1];
		s->start[place + i] = (uint32_t)column;
	}
}

static struct nt_batch batch_of(const struct nt_scorer *s, size_t B, size_t T)
{
	return (struct nt_batch){B, T, s->input, s->target, s->start};
}

/* Counts a target that had n_input inputs to be predicted from. */
static void count(struct nt_scorer *s, size_t n_input, double nll)
{
	size_t bin = 0;
	while (bin + 1 < NT_POSITION_BINS && n_input >> (bin + 1))
		bin++;
	s->position[bin].nats += nll;
	s->position[bin].targets++;
}

/* Scores targets [n_known, n_target) of a sequence, cut into pieces; where those before
 * n_known are only context they have scores too. */
static int run(struct nt_scorer *s, const uint32_t *id, size_t n, size_t n_known)
{
	size_t n_target = n > 0 ? n - 1 : 0, longest = n_target < s->seq_len ? n_target : s->seq_len;
	/* half more than asked, so that growing is rare */
	size_t room = longest + longest / 2 < s->seq_len ? longest + longest / 2 : s->seq_len;
	nt_assert(s->row == 0 && s->column == 0); /* nothing was added and not asked for */
	int rc = check_ids(s, id, n);
	if (rc == 0)
		rc = nt_grow(&s->scored, &s->scored_cap, n_target, sizeof(*s->scored));
	if (rc == 0 && n_target && !(s->w && longest <= s->T))
		rc = reserve(s, 1, room);
	for (size_t at = 0, done = 0; rc == 0 && done < n_target; at += s->stride) {
		size_t piece = n_target - at < s->seq_len ? n_target - at : s->seq_len;
		put(s, 0, 0, id + at, piece);
		for (size_t i = 0; i < done - at; i++) /* the piece before had it */
			s->target[i] = NT_IGNORE;
		struct nt_batch b = batch_of(s, 1, piece);
		nt_forward_scored(s->w, s->m, &b, s->scored + at);
		for (; done < at + piece; done++)
			if (done >= n_known)
				count(s, done - at + 1, s->scored[done].nll);
	}
	return rc;
}

int nt_scorer_run(struct nt_scorer *s, const uint32_t *id, size_t n, const struct nt_scored **scored)
{
	int rc = run(s, id, n, 0);
	*scored = s->scored;
	return rc;
}

/* Runs what has been filled in; places behind it are padding. */
static void flush(struct nt_scorer *s, size_t T)
{
	size_t filled = s->row * T + s->column, B = s->row + (s->column > 0);
	for (size_t n = filled; n < B * T; n++) {
		s->input[n] = 0;
		s->target[n] = NT_IGNORE;
		s->start[n] = (uint32_t)(n % T);
	}
	struct nt_batch b = batch_of(s, B, T);
	if (B)
		s->nats += nt_forward(s->w, s->m, &b, NULL, NULL);
	for (size_t n = 0; n < B * T; n++)
		if (s->target[n] != NT_IGNORE)
			count(s, n % T - s->start[n] + 1, s->w->nll[n]);
	s->row = s->column = 0;
}

static size_t row_len(const struct nt_scorer *s)
{
	return s->seq_len < ROW ? s->seq_len : ROW;
}

/* Ends the row: what is left of it is padding. */
static void next_row(struct nt_scorer *s, size_t T)
{
	for (size_t n = s->row * T + s->column; s->column < T; n++, s->column++) {
		s->input[n] = 0;
		s->target[n] = NT_IGNORE;
		s->start[n] = (uint32_t)s->column;
	}
	s->row++;
	s->column = 0;
	if (s->row == ROWS)
		flush(s, T);
}

/* Longer than a row: a pass of its own, so that its context is as long as in nt_scorer_run. */
static int add_long(struct nt_scorer *s, const uint32_t *id, size_t n, size_t n_context)
{
	double nats = 0;
	flush(s, row_len(s));
	int rc = run(s, id, n, n_context - 1);
	for (size_t i = n_context - 1; rc == 0 && i < n - 1; i++)
		nats += s->scored[i].nll;
	s->nats += nats;
	return rc;
}

int nt_scorer_add_behind(struct nt_scorer *s, const uint32_t *id, size_t n, size_t n_context)
{
	size_t T = row_len(s), n_target = n > 0 ? n - 1 : 0;
	nt_assert(n_context >= 1);
	if (n_target > T)
		return add_long(s, id, n, n_context);
	int rc = check_ids(s, id, n);
	if (rc == 0)
		rc = reserve(s, ROWS, T);
	if (rc < 0)
		return rc;
	if (n_target > T - s->column)
		next_row(s, T);
	size_t place = s->row * T + s->column;
	put(s, place, s->column, id, n_target);
	for (size_t i = 0; i + 1 < n_context && i < n_target; i++)
		s->target[place + i] = NT_IGNORE;
	s->column += n_target;
	return 0;
}

int nt_scorer_add(struct nt_scorer *s, const uint32_t *id, size_t n)
{
	return nt_scorer_add_behind(s, id, n, 1);
}

double nt_scorer_total(struct nt_scorer *s)
{
	double nats;
	flush(s, row_len(s));
	nats = s->nats;
	s->nats = 0;
	return nats;
}

const struct nt_position_sum *nt_scorer_positions(const struct nt_scorer *s)
{
	return s->position;
}

/* SPDX-License-Identifier: MIT */
/*
 * score.c - what a model makes of sequences
 *
 * A sequence of n ids has n - 1 targets: id[i + 1] given id[0..i]. It is cut into pieces of at
 * most seq_len inputs, a stride apart; of a piece those targets count that none before it had.
 * For totals, pieces of many sequences share a pass: they are laid one after the other into
 * one row, where by construction they do not see each other.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "model/work.h"
#include "nt/err.h"
#include "nt/mem.h"

/* Inputs of a pass for totals, at least: fewer, and products spend their time fetching weights. */
enum { PASS = 2048 };

struct nt_scorer {
	const struct nt_model *m;
	struct nt_pool *pool;
	struct nt_work *w;
	bool is_bf16;
	size_t T;                 /* what w has room for */
	uint32_t *input, *target, *start; /* [T] */
	size_t n;                 /* inputs that are laid out for the pass */
	struct nt_scored *scored; /* [scored_cap] */
	size_t scored_cap;
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

void nt_scorer_set_bf16(struct nt_scorer *s, bool is_bf16)
{
	s->is_bf16 = is_bf16;
	if (s->w)
		nt_work_set_bf16(s->w, is_bf16);
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

/* Room for a pass of n inputs; what was laid out is gone. */
static int reserve(struct nt_scorer *s, size_t n)
{
	if (s->w && n <= s->T)
		return 0;
	/* half more than asked, so that growing is rare */
	s->T = n + n / 2 < s->seq_len ? n + n / 2 : n;
	nt_work_free(s->w);
	s->w = NULL;
	if (resize(&s->input, s->T) < 0 || resize(&s->target, s->T) < 0 || resize(&s->start, s->T) < 0)
		return NT_ESYS;
	int rc = nt_work_new_of_documents(&s->w, &s->m->config, s->T, s->pool);
	if (rc == 0)
		nt_work_set_bf16(s->w, s->is_bf16);
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

/* Lays n inputs and their targets behind what is there: one document's piece. */
static void put(struct nt_scorer *s, const uint32_t *id, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		s->input[s->n + i] = id[i];
		s->target[s->n + i] = id[i + 1];
		s->start[s->n + i] = (uint32_t)s->n;
	}
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

int nt_scorer_run(struct nt_scorer *s, const uint32_t *id, size_t n, const struct nt_scored **scored)
{
	size_t n_target = n > 0 ? n - 1 : 0, longest = n_target < s->seq_len ? n_target : s->seq_len;
	nt_assert(s->n == 0); /* nothing was added and not asked for */
	int rc = check_ids(s, id, n);
	if (rc == 0)
		rc = nt_grow(&s->scored, &s->scored_cap, n_target, sizeof(*s->scored));
	if (rc == 0 && n_target)
		rc = reserve(s, longest);
	for (size_t at = 0, done = 0; rc == 0 && done < n_target; at += s->stride) {
		size_t piece = n_target - at < s->seq_len ? n_target - at : s->seq_len;
		put(s, id + at, piece);
		for (size_t i = 0; i < done - at; i++) /* the piece before had it */
			s->target[i] = NT_IGNORE;
		struct nt_batch b = {1, piece, s->input, s->target, s->start};
		nt_forward_scored(s->w, s->m, &b, s->scored + at);
		for (; done < at + piece; done++)
			count(s, done - at + 1, s->scored[done].nll);
	}
	*scored = s->scored;
	return rc;
}

/* Runs what has been laid out. */
static void flush(struct nt_scorer *s)
{
	struct nt_batch b = {1, s->n, s->input, s->target, s->start};
	if (s->n)
		s->nats += nt_forward(s->w, s->m, &b, NULL, NULL);
	for (size_t n = 0; n < s->n; n++)
		if (s->target[n] != NT_IGNORE)
			count(s, n - s->start[n] + 1, s->w->nll[n]);
	s->n = 0;
}

/* Adds a piece of n inputs to the pass; its first n_context targets are none. */
static int add_piece(struct nt_scorer *s, const uint32_t *id, size_t n, size_t n_context)
{
	if (s->n + n > s->T)
		flush(s);
	int rc = s->n ? 0 : reserve(s, n > PASS ? n : PASS);
	if (rc < 0)
		return rc;
	put(s, id, n);
	for (size_t i = 0; i < n_context; i++)
		s->target[s->n + i] = NT_IGNORE;
	s->n += n;
	return 0;
}

int nt_scorer_add_behind(struct nt_scorer *s, const uint32_t *id, size_t n, size_t n_context)
{
	size_t n_target = n > 0 ? n - 1 : 0, known = n_context - 1;
	nt_assert(n_context >= 1);
	int rc = check_ids(s, id, n);
	for (size_t at = 0, done = 0; rc == 0 && done < n_target; at += s->stride) {
		size_t piece = n_target - at < s->seq_len ? n_target - at : s->seq_len;
		size_t from = done > known ? done : known;
		done = at + piece;
		if (from < done)
			rc = add_piece(s, id + at, piece, from - at);
	}
	return rc;
}

int nt_scorer_add(struct nt_scorer *s, const uint32_t *id, size_t n)
{
	return nt_scorer_add_behind(s, id, n, 1);
}

double nt_scorer_total(struct nt_scorer *s)
{
	double nats;
	flush(s);
	nats = s->nats;
	s->nats = 0;
	return nats;
}

const struct nt_position_sum *nt_scorer_positions(const struct nt_scorer *s)
{
	return s->position;
}

/* SPDX-License-Identifier: MIT */
/*
 * score.c - what a model makes of sequences
 *
 * A sequence of n ids has n - 1 targets: id[i + 1] given id[0..i]. It is cut into pieces of at
 * most seq_len inputs, a stride apart; of a piece those targets count that none before it had.
 * For totals, pieces of many sequences share a pass: they are laid one after the other, and each
 * looks only at itself. Nothing is kept between passes.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "model/layers.h"
#include "nt/err.h"
#include "nt/mem.h"

/* Inputs of a pass for totals, at least: fewer, and products spend their time fetching weights. */
enum { PASS = 2048 };

struct nt_scorer {
	const struct nt_lm *lm;
	struct nt_pool *pool;
	struct nt_layers layers;
	struct nt_room room;      /* behind the next four */
	uint32_t *input, *target; /* [T] what is laid out for the pass, n of them */
	struct nt_span *span;     /* [T] pieces, n_span of them */
	double *nll;              /* [T] */
	size_t T, n, n_span;
	struct nt_scored *scored; /* [scored_cap] */
	size_t scored_cap;
	double nats;              /* of the passes that ran since the last total */
	size_t seq_len, stride;   /* inputs of a piece; from one's first to the next one's */
	struct nt_position_sum position[NT_POSITION_BINS];
};

int nt_scorer_new(struct nt_scorer **result, const struct nt_lm *lm, struct nt_pool *pool)
{
	struct nt_scorer *s = nt_calloc(1, sizeof(*s));
	if (!(*result = s))
		return NT_ESYS;
	s->lm = lm;
	s->pool = pool;
	s->seq_len = s->stride = lm->config.max_position_embeddings;
	return 0;
}

int nt_scorer_set_window(struct nt_scorer *s, uint64_t seq_len, uint64_t stride)
{
	uint32_t most = s->lm->config.max_position_embeddings;
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

static void release_pass(struct nt_scorer *s)
{
	nt_layers_release(&s->layers);
	nt_room_unmap(&s->room);
	s->T = 0;
}

void nt_scorer_free(struct nt_scorer *s)
{
	if (!s)
		return;
	release_pass(s);
	free(s->scored);
	free(s);
}

/* Room for a pass of n inputs; what was laid out is gone. */
static int reserve(struct nt_scorer *s, size_t n)
{
	if (n <= s->T)
		return 0;
	/* half more than asked, so that growing is rare */
	size_t T = n + n / 2 < s->seq_len ? n + n / 2 : n;
	release_pass(s);
	const struct nt_part part[] = {
		{&s->input, T, 1, sizeof(*s->input)},
		{&s->target, T, 1, sizeof(*s->target)},
		{&s->span, T, 1, sizeof(*s->span)},
		{&s->nll, T, 1, sizeof(*s->nll)},
	};
	if (nt_room_map(&s->room, part, sizeof(part) / sizeof(*part), false) < 0 ||
	    nt_layers_make(&s->layers, s->lm, T, s->seq_len, true, s->pool) < 0)
		return nt_fail(NT_ESYS, "out of memory: a pass of %zu positions", T);
	s->T = T;
	return 0;
}

static int check_ids(const struct nt_scorer *s, const uint32_t *id, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (id[i] >= s->lm->config.vocab_size)
			return nt_fail(NT_EARG, "token %u at position %zu is not below vocab_size %u", id[i], i,
				       s->lm->config.vocab_size);
	return 0;
}

/* Lays n inputs and their targets behind what is there: one document's piece, whose first n_context
 * targets are none. */
static void put(struct nt_scorer *s, const uint32_t *id, size_t n, size_t n_context)
{
	for (size_t i = 0; i < n; i++) {
		s->input[s->n + i] = id[i];
		s->target[s->n + i] = i < n_context ? NT_IGNORE : id[i + 1];
		s->layers.place[s->n + i] = i;
	}
	s->span[s->n_span++] = (struct nt_span){.first = (uint32_t)s->n, .n = (uint32_t)n};
	s->n += n;
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

/* --- passes ------------------------------------------------------------------------------- */

struct layer {
	struct nt_layers *l;
	struct nt_heads heads;
};

static void turn_rows(const void *arg, size_t first, size_t n)
{
	const struct layer *at = arg;
	for (size_t r = first; r < first + n; r++) {
		nt_real *row = at->l->qkv + r * nt_qkv_width(at->l->c);
		nt_heads_row(&at->heads, row, row, at->l->place[r], NULL);
	}
}

/* Every piece looks at itself. */
static void look_around(void *arg, size_t number)
{
	struct nt_scorer *s = arg;
	struct nt_layers *l = &s->layers;
	struct layer at = {l, nt_layers_heads(l, number)};
	if (at.heads.turn || at.heads.w_q)
		nt_rows_run(s->pool, s->n, nt_qkv_width(l->c), turn_rows, &at);
	nt_attention(s->pool, &(struct nt_attention){
		.kern = l->kern, .slots = &l->slots, .span = s->span, .n_span = s->n_span, .qkv = l->qkv, .att = l->att,
		.H = at.heads.H, .K = at.heads.K, .D = at.heads.D, .is_bf16 = !s->lm->is_exact,
	});
}

/* Runs what has been laid out. scored (or NULL): of each of its inputs. */
static void run_pass(struct nt_scorer *s, struct nt_scored *scored)
{
	nt_layers_run(&s->layers, s->input, s->n, NT_ROWS_MANY, look_around, s);
	nt_layers_losses(&s->layers, s->target, s->n, s->nll, scored);
	for (size_t n = 0; n < s->n; n++) {
		if (s->target[n] == NT_IGNORE)
			continue;
		s->nats += s->nll[n];
		count(s, s->layers.place[n] + 1, s->nll[n]);
	}
	s->n = s->n_span = 0;
}

int nt_scorer_run(struct nt_scorer *s, const uint32_t *id, size_t n, const struct nt_scored **scored)
{
	size_t n_target = n > 0 ? n - 1 : 0, longest = n_target < s->seq_len ? n_target : s->seq_len;
	nt_assert(s->n == 0 && s->nats == 0); /* nothing was added and not asked for */
	int rc = check_ids(s, id, n);
	if (rc == 0)
		rc = nt_grow(&s->scored, &s->scored_cap, n_target, sizeof(*s->scored));
	if (rc == 0 && n_target)
		rc = reserve(s, longest);
	for (size_t at = 0, done = 0; rc == 0 && done < n_target; at += s->stride) {
		size_t piece = n_target - at < s->seq_len ? n_target - at : s->seq_len;
		put(s, id + at, piece, done - at);
		run_pass(s, s->scored + at);
		done = at + piece;
	}
	s->nats = 0;
	*scored = s->scored;
	return rc;
}

/* Adds a piece of n inputs to the pass; its first n_context targets are none. */
static int add_piece(struct nt_scorer *s, const uint32_t *id, size_t n, size_t n_context)
{
	if (s->n && s->n + n > s->T)
		run_pass(s, NULL);
	int rc = s->n ? 0 : reserve(s, n > PASS ? n : PASS);
	if (rc == 0)
		put(s, id, n, n_context);
	return rc;
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
	if (s->n)
		run_pass(s, NULL);
	double nats = s->nats;
	s->nats = 0;
	return nats;
}

const struct nt_position_sum *nt_scorer_positions(const struct nt_scorer *s)
{
	return s->position;
}

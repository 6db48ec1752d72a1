/* SPDX-License-Identifier: MIT */
/*
 * loss.c - what targets cost, and what else there is to say of them
 *
 *	z = h E^T,  nll = logsumexp(z) - z[target]
 *
 * Logits are the widest thing in a model, and all that is wanted of a row is two numbers. So they
 * exist for a block of the vocabulary at a time, which stays in the cache that cores share, and a row's
 * logsumexp goes on from block to block. Only who asks for ranks and rivals has whole rows, a few
 * at a time. Rows without a target take no part: those that have one are put together first.
 */
#include <math.h>
#include <string.h>

#include "base/least.h"
#include "model/layers.h"

enum {
	ELEMENTS = 1 << 22, /* of a block */
	ROWS = 2048,        /* of it, at most */
	COLUMNS = 96,       /* of it: a multiple, whatever the product's tiles are */
};

size_t nt_loss_elements(size_t V)
{
	return V > ELEMENTS ? V : ELEMENTS;
}

/* --- a row's ranks and rivals ---------------------------------------------------------- */

/* The likeliest of z, in order; returns how many. Of equal logits the lower id wins. */
static size_t find_top(uint32_t top[NT_SCORED_TOP], const nt_real *z, size_t V)
{
	size_t n = 0;
	for (size_t i = 0; i < V; i++) {
		if (n == NT_SCORED_TOP && !(z[i] > z[top[n - 1]]))
			continue;
		size_t at = n < NT_SCORED_TOP ? n++ : n - 1;
		for (; at > 0 && z[i] > z[top[at - 1]]; at--)
			top[at] = top[at - 1];
		top[at] = (uint32_t)i;
	}
	return n;
}

/* What z says about its target; logsumexp is known. */
static void score_row(struct nt_scored *s, const nt_real *z, size_t V, uint32_t target, double log_sum)
{
	uint32_t rank = 1;
	for (size_t i = 0; i < V; i++)
		rank += z[i] > z[target] || (z[i] == z[target] && i < target);
	*s = (struct nt_scored){.nll = log_sum - (double)z[target], .rank = rank};
	size_t n = find_top(s->top_id, z, V), wrong = n > 1 && s->top_id[0] == target;
	for (size_t i = 0; i < n; i++)
		s->top_p[i] = (float)exp((double)z[s->top_id[i]] - log_sum);
	s->pred_id = s->top_id[0];
	s->wrong_id = s->top_id[wrong];
	s->p_pred = exp((double)z[s->pred_id] - log_sum);
	s->p_wrong = exp((double)z[s->wrong_id] - log_sum);
}

/* --- blocks ---------------------------------------------------------------------------- */

struct block {
	struct nt_layers *l;
	const uint32_t *target;
	double *nll;
	struct nt_scored *scored;
	size_t row, n_row, column, n_column; /* rows as they were put together */
};

/* log(e^a + e^b) */
static double log_add(double a, double b)
{
	double high = a > b ? a : b, low = a > b ? b : a;
	return low == -INFINITY ? high : high + log1p(exp(low - high));
}

static void weigh_rows(const void *arg, size_t first, size_t n)
{
	const struct block *b = arg;
	size_t V = b->l->c->vocab_size;
	for (size_t i = first; i < first + n; i++) {
		struct nt_gap *gap = &b->l->gap[b->row + i];
		const nt_real *z = b->l->logits + i * b->n_column;
		uint32_t target = b->target[gap->row];
		double all = (double)b->l->kern->logsumexp(z, b->n_column);
		gap->all = b->column ? log_add(gap->all, all) : all;
		if (target >= b->column && target < b->column + b->n_column)
			gap->own = (double)z[target - b->column];
		if (b->column + b->n_column == V)
			b->nll[gap->row] = gap->all - gap->own;
		if (b->scored)
			score_row(&b->scored[gap->row], z, V, target, gap->all);
	}
}

/* Outputs [first, first + n) of the head. */
static struct nt_lm_linear columns_of(const struct nt_lm_linear *head, size_t first, size_t n)
{
	struct nt_lm_linear m = *head;
	m.part[0] = nt_matrix_outputs(&head->part[0], first, n);
	if (m.n_bias)
		m.bias[0] += first;
	return m;
}

/* Rows [row, row + n_row) through the whole vocabulary. */
static void run_blocks(struct block *b, size_t most)
{
	struct nt_layers *l = b->l;
	size_t V = l->c->vocab_size, n_block = (V + most - 1) / most;
	size_t each = n_block > 1 ? ((V + n_block - 1) / n_block + COLUMNS - 1) / COLUMNS * COLUMNS : V;
	for (b->column = 0; b->column < V; b->column += each) {
		b->n_column = least(each, V - b->column);
		struct nt_lm_linear m = columns_of(&l->lm->head, b->column, b->n_column);
		nt_layers_multiply(l, &m, l->logits, l->norm + b->row * l->c->hidden_size, NULL, b->n_row,
				   b->column ? NT_ROWS_AGAIN : NT_ROWS_MANY);
		nt_rows_run(l->pool, b->n_row, b->n_column, weigh_rows, b);
	}
}

void nt_layers_losses(struct nt_layers *l, const uint32_t *target, size_t n, double *nll, struct nt_scored *scored)
{
	size_t C = l->c->hidden_size, V = l->c->vocab_size, n_target = 0;
	for (size_t r = 0; r < n; r++) {
		if (target[r] == NT_IGNORE)
			continue;
		memcpy(l->mid + n_target * C, l->x + r * C, C * sizeof(*l->x));
		l->gap[n_target++].row = r;
	}
	nt_layers_last(l, l->mid, n_target);
	size_t rows = scored ? least(ROWS, nt_loss_elements(V) / V) : ROWS;
	struct block b = {.l = l, .target = target, .nll = nll, .scored = scored};
	for (; b.row < n_target; b.row += b.n_row) {
		b.n_row = least(rows, n_target - b.row);
		run_blocks(&b, scored ? V : nt_loss_elements(V) / b.n_row / COLUMNS * COLUMNS);
	}
}

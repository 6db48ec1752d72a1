/* SPDX-License-Identifier: MIT */
/*
 * head.c - from the last norm to the loss, and back
 *
 *	z = h E^T,  nll = logsumexp(z) - z[target],  dz = scale (softmax(z) - onehot(target))
 *	dh = dz E,  dE += dz^T h
 *
 * With a z-loss, zeta log^2 Z is added for each target, log Z = logsumexp(z):
 *
 *	dz = scale ((1 + 2 zeta log Z) softmax(z) - onehot(target))
 *
 * Logits are the widest thing in a model, B T V numbers, and nothing needs them all at
 * once: rows go through in chunks of nt_work.head_rows, forward and backward in one go.
 * A row whose target is NT_IGNORE has no loss and no gradient.
 */
#include <math.h>
#include <string.h>

#include "kern/gemm.h"
#include "model/work.h"

struct chunk {
	const struct nt_work *w;
	const struct nt_batch *b;
	nt_real *z;    /* [n][V] */
	size_t first;  /* row of the batch */
	nt_real scale; /* of the gradient */
	bool has_gradient;
	struct nt_scored *scored; /* [N] or NULL */
};

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
static void score_row(struct nt_scored *s, const nt_real *z, size_t V, uint32_t target, double nll)
{
	uint32_t rank = 1;
	for (size_t i = 0; i < V; i++)
		rank += z[i] > z[target] || (z[i] == z[target] && i < target);
	*s = (struct nt_scored){.nll = nll, .rank = rank};
	size_t n = find_top(s->top_id, z, V), wrong = n > 1 && s->top_id[0] == target;
	double log_sum = (double)z[target] + nll;
	for (size_t i = 0; i < n; i++)
		s->top_p[i] = (float)exp((double)z[s->top_id[i]] - log_sum);
	s->pred_id = s->top_id[0];
	s->wrong_id = s->top_id[wrong];
	s->p_pred = exp((double)z[s->pred_id] - log_sum);
	s->p_wrong = exp((double)z[s->wrong_id] - log_sum);
}

static void loss_rows(const void *arg, size_t first, size_t n)
{
	const struct chunk *c = arg;
	size_t V = c->w->config.vocab_size;
	for (size_t r = first; r < first + n; r++) {
		uint32_t target = c->b->target[c->first + r];
		nt_real *z = c->z + r * V;
		double *nll = &c->w->nll[c->first + r];
		*nll = 0;
		if (target == NT_IGNORE) {
			if (c->has_gradient)
				memset(z, 0, V * sizeof(*z));
			continue;
		}
		nt_real z_target = z[target];
		if (c->has_gradient) {
			nt_real log_sum = c->w->kern->softmax(z, V, c->scale);
			*nll = (double)log_sum - (double)z_target;
			if (c->w->z_loss > 0)
				c->w->kern->times(z, V, 1 + 2 * (nt_real)c->w->z_loss * log_sum);
			z[target] -= c->scale;
		} else {
			*nll = (double)c->w->kern->logsumexp(z, V) - (double)z_target;
			if (c->scored)
				score_row(&c->scored[c->first + r], z, V, target, *nll);
		}
	}
}

static struct nt_linear head_of(const struct nt_work *w, const struct nt_model *m, size_t n_row)
{
	struct nt_view v = {.m = m, .layout = &w->layout, .kern = w->kern, .n_row = n_row,
			    .is_bf16 = w->is_bf16, .is_first = w->is_first};
	return nt_view_head(&v);
}

static size_t rows_from(const struct nt_work *w, size_t first)
{
	return w->N - first < w->head_rows ? w->N - first : w->head_rows;
}

void nt_head(struct nt_work *w, const struct nt_model *m, const struct nt_batch *b, nt_real *logits,
	     struct nt_scored *scored)
{
	size_t V = w->config.vocab_size, C = w->config.hidden_size;
	for (size_t first = 0, n; first < w->N; first += n) {
		n = rows_from(w, first);
		struct nt_linear head = head_of(w, m, n);
		struct chunk c = {
			.w = w, .b = b, .z = logits ? logits + first * V : w->logits, .first = first,
			.scored = scored,
		};
		nt_linear(w->pool, &head, c.z, w->norm + first * C, NULL);
		nt_rows_run(w->pool, n, V, loss_rows, &c);
	}
}

void nt_head_back(struct nt_work *w, const struct nt_model *m, const struct nt_batch *b, double scale,
		  nt_real *grad)
{
	size_t V = w->config.vocab_size, C = w->config.hidden_size;
	for (size_t first = 0, n; first < w->N; first += n) {
		n = rows_from(w, first);
		struct nt_linear head = head_of(w, m, n);
		struct chunk c = {
			.w = w, .b = b, .z = w->logits, .first = first,
			.scale = (nt_real)scale, .has_gradient = true,
		};
		head.is_first = head.is_first && first == 0;
		nt_linear(w->pool, &head, c.z, w->norm + first * C, NULL);
		nt_rows_run(w->pool, n, V, loss_rows, &c);
		nt_linear_back(w->pool, &head, w->dnorm + first * C, c.z, w->norm + first * C,
			       nt_part_of(grad, &w->layout, NT_ROLE_HEAD, 0), NULL);
	}
}

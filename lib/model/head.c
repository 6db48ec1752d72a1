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
};

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

void nt_head(struct nt_work *w, const struct nt_model *m, const struct nt_batch *b, nt_real *logits)
{
	size_t V = w->config.vocab_size, C = w->config.hidden_size;
	for (size_t first = 0, n; first < w->N; first += n) {
		n = rows_from(w, first);
		struct nt_linear head = head_of(w, m, n);
		struct chunk c = {
			.w = w, .b = b, .z = logits ? logits + first * V : w->logits, .first = first,
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

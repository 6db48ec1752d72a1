/* SPDX-License-Identifier: MIT */
/*
 * optimizer.c - AdamW and the gradient's norm, cut into pieces of equal size
 *
 * The pieces never cross a tensor, so each knows whether it decays, and their borders
 * depend on the model alone: whichever thread takes one, the same numbers meet in the
 * same order. Parameter, gradient and both moments of a piece together fill half a
 * megabyte, which a core's second-level cache holds.
 */
#include "train/optimizer.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "kern/kern.h"
#include "nt/err.h"
#include "nt/mem.h"

enum { PIECE = 1 << 15 }; /* elements */

struct nt_piece {
	size_t offset, n;
	bool has_decay;
};

static void cut(struct nt_optimizer *o, const struct nt_model *m)
{
	struct nt_piece *p = o->piece;
	for (size_t i = 0; i < m->n_tensor; i++) {
		const struct nt_tensor *t = &m->tensor[i];
		for (size_t at = 0; at < t->n; at += PIECE)
			*p++ = (struct nt_piece){.offset = t->offset + at,
						 .n = t->n - at < PIECE ? t->n - at : PIECE,
						 .has_decay = t->has_decay};
	}
}

int nt_optimizer_init(struct nt_optimizer *o, const struct nt_model *m)
{
	*o = (struct nt_optimizer){.n_param = m->n_param};
	for (size_t i = 0; i < m->n_tensor; i++)
		o->n_piece += (m->tensor[i].n + PIECE - 1) / PIECE;
	o->piece = nt_calloc(o->n_piece, sizeof(*o->piece));
	o->partial = nt_calloc(o->n_piece, sizeof(*o->partial));
	o->m = nt_calloc(m->n_param, sizeof(*o->m));
	o->v = nt_calloc(m->n_param, sizeof(*o->v));
	if (!o->piece || !o->partial || !o->m || !o->v) {
		nt_optimizer_release(o);
		return NT_ESYS;
	}
	cut(o, m);
	return 0;
}

void nt_optimizer_release(struct nt_optimizer *o)
{
	free(o->m);
	free(o->v);
	free(o->piece);
	free(o->partial);
	*o = (struct nt_optimizer){0};
}

struct job {
	struct nt_optimizer *o;
	nt_real *param;
	const nt_real *grad;
	struct nt_adamw plain, decayed;
};

static int square_piece(void *arg, size_t i)
{
	const struct job *j = arg;
	const struct nt_piece *p = &j->o->piece[i];
	j->o->partial[i] = nt_kern()->sum_squares(j->grad + p->offset, p->n);
	return 0;
}

double nt_optimizer_norm(struct nt_optimizer *o, const nt_real *grad, struct nt_pool *pool)
{
	struct job j = {.o = o, .grad = grad};
	double sum = 0;
	nt_pool_run(pool, o->n_piece, square_piece, &j);
	for (size_t i = 0; i < o->n_piece; i++)
		sum += o->partial[i];
	return sqrt(sum);
}

double nt_clip_scale(double norm, double max_grad_norm)
{
	double scale = max_grad_norm > 0 ? max_grad_norm / (norm + 1e-6) : 1;
	return scale < 1 ? scale : 1;
}

static int update_piece(void *arg, size_t i)
{
	const struct job *j = arg;
	const struct nt_piece *p = &j->o->piece[i];
	nt_kern()->adamw(j->param + p->offset, j->o->m + p->offset, j->o->v + p->offset,
			 j->grad + p->offset, p->n, p->has_decay ? &j->decayed : &j->plain);
	return 0;
}

void nt_optimizer_update(struct nt_optimizer *o, nt_real *param, const nt_real *grad,
			 const struct nt_optimizer_step *s, struct nt_pool *pool)
{
	double t = (double)s->t;
	struct job j = {.o = o, .param = param, .grad = grad};
	j.plain = (struct nt_adamw){
		.lr_step = (nt_real)(s->lr / (1 - pow(s->beta1, t))),
		.beta1 = (nt_real)s->beta1,
		.beta2 = (nt_real)s->beta2,
		.root_v = (nt_real)(1 / sqrt(1 - pow(s->beta2, t))),
		.eps = (nt_real)s->eps,
		.keep = 1,
		.g_scale = (nt_real)s->scale,
	};
	j.decayed = j.plain;
	j.decayed.keep = (nt_real)(1 - s->lr * s->weight_decay);
	nt_pool_run(pool, o->n_piece, update_piece, &j);
}

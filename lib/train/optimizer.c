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
#include <string.h>

#include "kern/kern.h"
#include "nt/err.h"
#include "nt/mem.h"
#include "nt/train.h"

enum { PIECE = 1 << 15 }; /* elements */

/* What AdamW treats alike. */
enum part { MATRIX, EMBEDDING, VECTOR, N_PART };

struct nt_piece {
	size_t offset, n;
	size_t v_at; /* SIZE_MAX: Muon's */
	enum part part;
};

static enum part part_of(const struct nt_tensor *t)
{
	return !t->has_decay ? VECTOR : t->n_factor ? MATRIX : EMBEDDING;
}

static bool is_muons(const struct nt_tensor *t, int kind)
{
	return kind != NT_OPTIMIZER_ADAMW && t->n_factor > 0;
}

/* Second moments of a tensor. */
static size_t n_second(const struct nt_tensor *t, int kind)
{
	return !is_muons(t, kind) ? t->n : kind == NT_OPTIMIZER_NORMUON ? nt_muon_outputs(t) : 0;
}

static size_t count_second(const struct nt_model *m, int kind)
{
	size_t n = 0;
	for (size_t i = 0; i < m->n_tensor; i++)
		n += n_second(&m->tensor[i], kind);
	return n;
}

/* Where each tensor's second moments are: those of NorMuon first, as it wants them. */
static void place_second(struct nt_optimizer *o, const struct nt_model *m)
{
	size_t at = 0;
	for (int adams = 0; adams < 2; adams++)
		for (size_t i = 0; i < m->n_tensor; i++) {
			const struct nt_tensor *t = &m->tensor[i];
			if (is_muons(t, o->kind) == adams)
				continue;
			o->v_at[i] = n_second(t, o->kind) ? at : SIZE_MAX;
			at += n_second(t, o->kind);
		}
}

static void cut(struct nt_optimizer *o, const struct nt_model *m)
{
	struct nt_piece *p = o->piece;
	for (size_t i = 0; i < m->n_tensor; i++) {
		const struct nt_tensor *t = &m->tensor[i];
		for (size_t at = 0; at < t->n; at += PIECE)
			*p++ = (struct nt_piece){.offset = t->offset + at,
						 .n = t->n - at < PIECE ? t->n - at : PIECE,
						 .v_at = is_muons(t, o->kind) ? SIZE_MAX : o->v_at[i] + at,
						 .part = part_of(t)};
	}
}

size_t nt_optimizer_bytes(const struct nt_model *m, int kind, int n_thread)
{
	return (m->n_param + count_second(m, kind)) * sizeof(nt_real) +
	       (kind != NT_OPTIMIZER_ADAMW ? nt_muon_bytes(m, n_thread) : 0);
}

int nt_optimizer_init(struct nt_optimizer *o, const struct nt_model *m, int kind, int n_thread)
{
	*o = (struct nt_optimizer){.n_param = m->n_param, .n_second = count_second(m, kind), .kind = kind};
	for (size_t i = 0; i < m->n_tensor; i++)
		o->n_piece += (m->tensor[i].n + PIECE - 1) / PIECE;
	o->piece = nt_calloc(o->n_piece, sizeof(*o->piece));
	o->partial = nt_calloc(o->n_piece, sizeof(*o->partial));
	o->v_at = nt_calloc(m->n_tensor, sizeof(*o->v_at));
	o->m = nt_calloc(o->n_param, sizeof(*o->m));
	o->v = nt_calloc(o->n_second, sizeof(*o->v));
	if (!o->piece || !o->partial || !o->v_at || !o->m || !o->v ||
	    (kind != NT_OPTIMIZER_ADAMW && nt_muon_init(&o->muon, m, n_thread) < 0)) {
		nt_optimizer_release(o);
		return NT_ESYS;
	}
	place_second(o, m);
	cut(o, m);
	return 0;
}

void nt_optimizer_release(struct nt_optimizer *o)
{
	free(o->m);
	free(o->v);
	free(o->piece);
	free(o->partial);
	free(o->v_at);
	nt_muon_release(&o->muon);
	*o = (struct nt_optimizer){0};
}

void nt_optimizer_reset(struct nt_optimizer *o)
{
	memset(o->m, 0, o->n_param * sizeof(*o->m));
	memset(o->v, 0, o->n_second * sizeof(*o->v));
}

struct nt_moment nt_optimizer_moment(const struct nt_optimizer *o, const struct nt_model *m,
				     size_t i, int k)
{
	const struct nt_tensor *t = &m->tensor[i];
	bool has_momentum = is_muons(t, o->kind);
	if (k == 0)
		return (struct nt_moment){has_momentum ? "momentum_buffer" : "exp_avg", o->m + t->offset,
					  t->n_dim, {t->shape[0], t->shape[1]}, t->n};
	nt_real *at = o->v_at[i] == SIZE_MAX ? NULL : o->v + o->v_at[i];
	if (has_momentum)
		return (struct nt_moment){"exp_avg_sq", at, 1, {nt_muon_outputs(t)}, nt_muon_outputs(t)};
	return (struct nt_moment){"exp_avg_sq", at, t->n_dim, {t->shape[0], t->shape[1]}, t->n};
}

struct job {
	struct nt_optimizer *o;
	nt_real *param;
	const nt_real *grad;
	struct nt_adamw adamw[N_PART];
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
	if (p->v_at != SIZE_MAX)
		nt_kern()->adamw(j->param + p->offset, j->o->m + p->offset, j->o->v + p->v_at,
				 j->grad + p->offset, p->n, &j->adamw[p->part]);
	return 0;
}

/* Decay goes by lr everywhere: a higher rate of embeddings is there to move them, not to shrink them. */
static struct nt_adamw adamw_of(enum part part, const struct nt_optimizer_step *s)
{
	double t = (double)s->t, lr = part == EMBEDDING ? s->embedding_lr : s->lr;
	return (struct nt_adamw){
		.lr_step = (nt_real)(lr / (1 - pow(s->beta1, t))),
		.beta1 = (nt_real)s->beta1,
		.beta2 = (nt_real)s->beta2,
		.root_v = (nt_real)(1 / sqrt(1 - pow(s->beta2, t))),
		.eps = (nt_real)s->eps,
		.keep = part == VECTOR ? 1 : (nt_real)(1 - s->lr * s->weight_decay),
		.g_scale = (nt_real)s->scale,
	};
}

void nt_optimizer_update(struct nt_optimizer *o, nt_real *param, nt_real *grad,
			 const struct nt_optimizer_step *s, struct nt_pool *pool)
{
	struct job j = {.o = o, .param = param, .grad = grad};
	for (enum part part = 0; part < N_PART; part++)
		j.adamw[part] = adamw_of(part, s);
	nt_pool_run(pool, o->n_piece, update_piece, &j);
	nt_muon_update(&o->muon, param, o->m, o->kind == NT_OPTIMIZER_NORMUON ? o->v : NULL, grad,
		       &(struct nt_muon_step){.lr = s->lr, .momentum = s->momentum,
					      .weight_decay = s->weight_decay, .scale = s->scale,
					      .is_bf16 = s->is_bf16}, pool);
}

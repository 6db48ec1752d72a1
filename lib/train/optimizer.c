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

#include "base/least.h"
#include "kern/kern.h"
#include "nt/err.h"
#include "nt/mem.h"
#include "nt/random.h"
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

/* Second moments of AdamW's tensors, and of NorMuon's. */
struct second {
	size_t adams, outputs;
};

/* Counts them, and says where each tensor's are if at is not NULL. */
static struct second find_second(const struct nt_model *m, int kind, size_t *at)
{
	struct second n = {0};
	for (size_t i = 0; i < m->n_tensor; i++) {
		const struct nt_tensor *t = &m->tensor[i];
		bool is_ours = !is_muons(t, kind), has_some = is_ours || kind == NT_OPTIMIZER_NORMUON;
		if (at)
			at[i] = !has_some ? SIZE_MAX : is_ours ? n.adams : n.outputs;
		n.adams += is_ours ? t->n : 0;
		n.outputs += has_some && !is_ours ? nt_muon_outputs(t) : 0;
	}
	return n;
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

size_t nt_optimizer_bytes(const struct nt_model *m, struct nt_optimizer_make make)
{
	struct second n = find_second(m, make.kind, NULL);
	return nt_moments_bytes(m->n_param + n.adams, make.moments == NT_DTYPE_BF16) + n.outputs * sizeof(nt_real) +
	       (make.kind != NT_OPTIMIZER_ADAMW ? nt_muon_bytes(m, make.n_thread) : 0);
}

int nt_optimizer_init(struct nt_optimizer *o, const struct nt_model *m, struct nt_optimizer_make make)
{
	struct second n = find_second(m, make.kind, NULL);
	bool is_bf16 = make.moments == NT_DTYPE_BF16;
	*o = (struct nt_optimizer){.kind = make.kind};
	for (size_t i = 0; i < m->n_tensor; i++)
		o->n_piece += (m->tensor[i].n + PIECE - 1) / PIECE;
	o->piece = nt_calloc(o->n_piece, sizeof(*o->piece));
	o->partial = nt_calloc(o->n_piece, sizeof(*o->partial));
	o->v_at = nt_calloc(m->n_tensor, sizeof(*o->v_at));
	o->square = n.outputs ? nt_calloc(n.outputs, sizeof(*o->square)) : NULL;
	if (!o->piece || !o->partial || !o->v_at || (n.outputs && !o->square) ||
	    nt_moments_init(&o->m, m->n_param, is_bf16) < 0 || nt_moments_init(&o->v, n.adams, is_bf16) < 0 ||
	    (make.kind != NT_OPTIMIZER_ADAMW && nt_muon_init(&o->muon, m, make.n_thread) < 0)) {
		nt_optimizer_release(o);
		return NT_ESYS;
	}
	find_second(m, make.kind, o->v_at);
	cut(o, m);
	return 0;
}

void nt_optimizer_release(struct nt_optimizer *o)
{
	nt_moments_release(&o->m);
	nt_moments_release(&o->v);
	free(o->square);
	free(o->piece);
	free(o->partial);
	free(o->v_at);
	nt_muon_release(&o->muon);
	*o = (struct nt_optimizer){0};
}

void nt_optimizer_reset(struct nt_optimizer *o)
{
	nt_moments_reset(&o->m);
	nt_moments_reset(&o->v);
	if (o->square)
		memset(o->square, 0, o->muon.n_output * sizeof(*o->square));
}

struct nt_moment nt_optimizer_moment(const struct nt_optimizer *o, const struct nt_model *m,
				     size_t i, int k)
{
	const struct nt_tensor *t = &m->tensor[i];
	const struct nt_moments *from = k ? &o->v : &o->m;
	bool has_momentum = is_muons(t, o->kind), has_second = o->v_at[i] != SIZE_MAX;
	struct nt_moment moment = {.name = k ? "exp_avg_sq" : has_momentum ? "momentum_buffer" : "exp_avg",
				   .n_dim = t->n_dim, .shape = {t->shape[0], t->shape[1]}, .n = t->n};
	if (k == 1 && has_momentum)
		return (struct nt_moment){moment.name, has_second ? o->square + o->v_at[i] : NULL, NULL, 1,
					  {nt_muon_outputs(t)}, nt_muon_outputs(t)};
	void *at = nt_moments_place(from, k ? o->v_at[i] : t->offset);
	moment.at = from->is_bf16 ? NULL : at;
	moment.bf16 = from->is_bf16 ? at : NULL;
	return moment;
}

struct job {
	struct nt_optimizer *o;
	nt_real *param;
	const nt_real *grad;
	struct nt_adamw adamw[N_PART];
	uint32_t m_noise, v_noise;
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
	const struct nt_moments *first = &j->o->m, *second = &j->o->v;
	nt_real m_room[NT_MOMENTS_MOST], v_room[NT_MOMENTS_MOST];
	if (p->v_at == SIZE_MAX)
		return 0;
	for (size_t k = 0, n; k < p->n; k += n) {
		size_t at = p->offset + k, v_at = p->v_at + k;
		n = least(p->n - k, NT_MOMENTS_MOST);
		nt_real *m = nt_moments_take(first, at, n, m_room), *v = nt_moments_take(second, v_at, n, v_room);
		nt_kern()->adamw(j->param + at, m, v, j->grad + at, n, &j->adamw[p->part]);
		nt_moments_put(first, at, n, m, j->m_noise);
		nt_moments_put(second, v_at, n, v, j->v_noise);
	}
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
	uint64_t noise = nt_random_u64(s->seed, NT_RANDOM_MOMENTS, s->t);
	struct job j = {.o = o, .param = param, .grad = grad, .m_noise = (uint32_t)noise,
			.v_noise = (uint32_t)(noise >> 32)};
	for (enum part part = 0; part < N_PART; part++)
		j.adamw[part] = adamw_of(part, s);
	nt_pool_run(pool, o->n_piece, update_piece, &j);
	nt_muon_update(&o->muon, param, &o->m, o->square, grad,
		       &(struct nt_muon_step){.lr = s->lr, .momentum = s->momentum,
					      .weight_decay = s->weight_decay, .scale = s->scale,
					      .is_bf16 = s->is_bf16, .noise = j.m_noise}, pool);
}

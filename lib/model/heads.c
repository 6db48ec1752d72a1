/* SPDX-License-Identifier: MIT */
/*
 * heads.c - queries and keys on their way to attention: made even, and turned
 *
 *	y = w x r,  r = 1 / sqrt(mean(x^2) + eps)	over a head's D values, w [D]
 *
 * for every head of a query or key where the family has such norms (Qwen3; Dehghani et al.
 * 2023, arXiv:2302.05442), so that no score is larger than sqrt(D) times what w says. Then
 * y is turned to its position, where the family has rotary ones (rope.c).
 *
 * Backward needs x, so x is what is kept; y of one layer is made again. Weight gradients are
 * summed over the rows of a task first and then over tasks, which are cut by the problem.
 */
#include <string.h>

#include "model/work.h"

void nt_heads_row(const struct nt_heads *h, nt_real *y, const nt_real *x, size_t place, nt_real *stat)
{
	for (size_t i = 0; h->w_q && i < h->H + h->K; i++) {
		const nt_real *w = i < h->H ? h->w_q : h->w_k;
		nt_real r = h->kern->rmsnorm(y + i * h->D, x + i * h->D, w, h->D, h->eps);
		if (stat) {
			stat[2 * i] = 0;
			stat[2 * i + 1] = r;
		}
	}
	if (h->turn)
		nt_rope_turn(y, h->H + h->K, h->D, h->turn, place, 1);
}

struct pass {
	struct nt_heads heads;
	struct nt_work *w;
	const struct nt_batch *b;
	const nt_real *x;
	nt_real *y;     /* or dx */
	size_t width;
};

static struct pass pass_of(struct nt_work *w, const struct nt_heads *heads, const struct nt_batch *b,
			   size_t layer)
{
	size_t width = nt_qkv_width(&w->config);
	return (struct pass){.heads = *heads, .w = w, .b = b, .x = nt_kept(w, w->qkv, layer, width),
			     .width = width};
}

static size_t place_of(const struct pass *p, size_t n)
{
	return n % p->b->T - p->b->start[n];
}

/* A row's statistics of all heads, {0, r} each. */
static nt_real *stat_of(const struct pass *p, size_t n)
{
	return p->w->stat_qk ? p->w->stat_qk + 2 * n * (p->heads.H + p->heads.K) : NULL;
}

static void forward_rows(const void *arg, size_t first, size_t n)
{
	const struct pass *p = arg;
	const struct nt_heads *h = &p->heads;
	size_t values = (h->H + h->K) * h->D;
	for (size_t i = first; i < first + n; i++) {
		const nt_real *x = p->x + i * p->width;
		nt_real *y = p->y + i * p->width;
		if (y != x)
			memcpy(y + values, x + values, (p->width - values) * sizeof(*y));
		nt_heads_row(h, y, x, place_of(p, i), stat_of(p, i));
	}
}

void nt_heads(struct nt_work *w, const struct nt_heads *heads, const struct nt_batch *b, size_t layer)
{
	struct pass p = pass_of(w, heads, b, layer);
	p.y = nt_attended(w, layer);
	if (heads->turn || heads->w_q)
		nt_rows_run(w->pool, w->N, p.width, forward_rows, &p);
}

/* dy of a row becomes dx. The weights' gradients go to dw[2][D]. */
static void normalise_back(const struct pass *p, size_t n, nt_real *dw, nt_real *copy)
{
	const struct nt_heads *h = &p->heads;
	const nt_real *x = p->x + n * p->width, *stat = stat_of(p, n);
	nt_real *d = p->y + n * p->width;
	size_t D = h->D, keys = h->H * D;
	h->kern->norm_weight(dw, d, x, stat, D, h->H, D);
	h->kern->norm_weight(dw + D, d + keys, x + keys, stat + 2 * h->H, D, h->K, D);
	for (size_t i = 0; i < h->H + h->K; i++) {
		memcpy(copy, d + i * D, D * sizeof(*copy));
		memset(d + i * D, 0, D * sizeof(*d));
		h->kern->rmsnorm_back(d + i * D, copy, x + i * D, i < h->H ? h->w_q : h->w_k, D, stat[2 * i + 1]);
	}
}

/* The part of a task that begins with this row. */
static nt_real *part_of(const struct pass *p, size_t first)
{
	return p->w->dw_qk + first / nt_rows_per_task(p->width) * 2 * p->heads.D;
}

static void back_rows(const void *arg, size_t first, size_t n)
{
	const struct pass *p = arg;
	const struct nt_heads *h = &p->heads;
	for (size_t i = first; h->turn && i < first + n; i++)
		nt_rope_turn(p->y + i * p->width, h->H + h->K, h->D, h->turn, place_of(p, i), -1);
	if (!h->w_q)
		return;
	nt_real *dw = part_of(p, first), *copy = nt_slot_take(&p->w->slots);
	memset(dw, 0, 2 * h->D * sizeof(*dw));
	for (size_t i = first; i < first + n; i++)
		normalise_back(p, i, dw, copy);
	nt_slot_give(&p->w->slots, copy);
}

void nt_heads_back(struct nt_work *w, const struct nt_heads *heads, const struct nt_batch *b, size_t layer,
		   nt_real *dw_q, nt_real *dw_k)
{
	struct pass p = pass_of(w, heads, b, layer);
	p.y = w->dwide;
	if (heads->turn || heads->w_q)
		nt_rows_run(w->pool, w->N, p.width, back_rows, &p);
	for (size_t first = 0; heads->w_q && first < w->N; first += nt_rows_per_task(p.width)) {
		const nt_real *dw = part_of(&p, first);
		heads->kern->add(dw_q, dw, heads->D);
		heads->kern->add(dw_k, dw + heads->D, heads->D);
	}
}

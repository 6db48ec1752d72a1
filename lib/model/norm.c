/* SPDX-License-Identifier: MIT */
/*
 * norm.c - LayerNorm and RMSNorm of rows
 *
 *	h = (x - m) r,  y = w h + b,  r = 1 / sqrt(mean((x - m)^2) + eps)
 *
 * with m the row's mean in LayerNorm (Ba, Kiros, Hinton 2016), and 0 and no b in RMSNorm
 * (Zhang and Sennrich 2019, arXiv:1910.07467). Backward, with g = w dy:
 *
 *	dx += r (g - mean(g) - h mean(g h))	mean(g) only in LayerNorm
 *	dw += sum over rows of dy h,  db += sum over rows of dy
 *
 * The row's m and r are kept, h is not. The sums over rows run down blocks of columns,
 * so their order does not depend on the threads.
 */
#include "model/work.h"

struct pass {
	const struct nt_norm *norm;
	nt_real *out;       /* forward: y; backward: dx */
	const nt_real *dy;
	nt_real *dw, *db;
};

static void forward_rows(const void *arg, size_t first, size_t n)
{
	const struct pass *p = arg;
	const struct nt_norm *s = p->norm;
	for (size_t r = first; r < first + n; r++) {
		const nt_real *x = s->x + r * s->C;
		nt_real *y = p->out + r * s->C, *stat = s->stat + 2 * r;
		if (s->b) {
			s->kern->layernorm(y, x, s->w, s->b, s->C, s->eps, stat);
		} else {
			stat[0] = 0;
			stat[1] = s->kern->rmsnorm(y, x, s->w, s->C, s->eps);
		}
	}
}

void nt_norm(struct nt_pool *pool, const struct nt_norm *norm, nt_real *out)
{
	struct pass p = {.norm = norm, .out = out};
	nt_rows_run(pool, norm->n_row, norm->C, forward_rows, &p);
}

static void back_rows(const void *arg, size_t first, size_t n)
{
	const struct pass *p = arg;
	const struct nt_norm *s = p->norm;
	for (size_t r = first; r < first + n; r++) {
		const nt_real *x = s->x + r * s->C, *dy = p->dy + r * s->C, *stat = s->stat + 2 * r;
		if (s->b)
			s->kern->layernorm_back(p->out + r * s->C, dy, x, s->w, s->C, stat);
		else
			s->kern->rmsnorm_back(p->out + r * s->C, dy, x, s->w, s->C, stat[1]);
	}
}

enum { COLUMNS = 64 };

static int weight_columns(void *arg, size_t i)
{
	const struct pass *p = arg;
	const struct nt_norm *s = p->norm;
	size_t from = i * COLUMNS, n = s->C - from < COLUMNS ? s->C - from : COLUMNS;
	s->kern->norm_weight(p->dw + from, p->dy + from, s->x + from, s->stat, s->C, s->n_row, n);
	if (p->db)
		s->kern->sum_rows(p->db + from, p->dy + from, s->C, s->n_row, n);
	return 0;
}

void nt_norm_back(struct nt_pool *pool, const struct nt_norm *norm, nt_real *dx, const nt_real *dy,
		  nt_real *dw, nt_real *db)
{
	struct pass p = {.norm = norm, .out = dx, .dy = dy, .dw = dw, .db = db};
	nt_rows_run(pool, norm->n_row, norm->C, back_rows, &p);
	nt_pool_run(pool, (norm->C + COLUMNS - 1) / COLUMNS, weight_columns, &p);
}

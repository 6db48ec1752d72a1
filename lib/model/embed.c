/* SPDX-License-Identifier: MIT */
/*
 * embed.c - a row of a matrix for every token (and, in GPT-2, for every position)
 *
 *	x[n] = E[id[n]] + P[t - start]		dE[id[n]] += dx[n],  dP[t - start] += dx[n]
 *
 * Backward, many positions add to the same row, in the order of n whatever the threads:
 * the tasks are blocks of columns, not of positions.
 */
#include <string.h>

#include "model/work.h"
#include "nt/err.h"

struct embed {
	const struct nt_batch *b;
	const nt_real *token, *place; /* place NULL: none */
	nt_real *x;
	size_t C;
};

static size_t place_of(const struct nt_batch *b, size_t n)
{
	return n % b->T - b->start[n];
}

static void embed_rows(const void *arg, size_t first, size_t n_row)
{
	const struct embed *e = arg;
	for (size_t n = first; n < first + n_row; n++) {
		const nt_real *token = e->token + e->b->input[n] * e->C;
		const nt_real *place = e->place ? e->place + place_of(e->b, n) * e->C : NULL;
		nt_real *x = e->x + n * e->C;
		memcpy(x, token, e->C * sizeof(*x));
		for (size_t c = 0; place && c < e->C; c++)
			x[c] += place[c];
	}
}

void nt_embed(const struct nt_work *w, const struct nt_model *m, const struct nt_batch *b)
{
	struct embed e = {
		.b = b,
		.token = nt_part_of(m->param, &w->layout, NT_ROLE_EMBED, 0),
		.place = nt_part_of(m->param, &w->layout, NT_ROLE_POSITION, 0),
		.x = w->x,
		.C = w->config.hidden_size,
	};
	nt_rows_run(w->pool, w->N, e.C, embed_rows, &e);
}

enum { COLUMNS = 64 };

struct embed_back {
	const struct nt_kern *kern;
	const struct nt_batch *b;
	nt_real *token, *place;
	const nt_real *dx;
	size_t N, C;
};

static int back_columns(void *arg, size_t i)
{
	const struct embed_back *e = arg;
	size_t from = i * COLUMNS, n = e->C - from < COLUMNS ? e->C - from : COLUMNS;
	for (size_t r = 0; r < e->N; r++) {
		const nt_real *dx = e->dx + r * e->C + from;
		e->kern->add(e->token + e->b->input[r] * e->C + from, dx, n);
		if (e->place)
			e->kern->add(e->place + place_of(e->b, r) * e->C + from, dx, n);
	}
	return 0;
}

void nt_embed_back(const struct nt_work *w, const struct nt_batch *b, nt_real *grad)
{
	struct embed_back e = {
		.kern = w->kern,
		.b = b,
		.token = nt_part_of(grad, &w->layout, NT_ROLE_EMBED, 0),
		.place = nt_part_of(grad, &w->layout, NT_ROLE_POSITION, 0),
		.dx = w->dx,
		.N = w->N,
		.C = w->config.hidden_size,
	};
	nt_pool_run(w->pool, (e.C + COLUMNS - 1) / COLUMNS, back_columns, &e);
}

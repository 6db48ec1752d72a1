/* SPDX-License-Identifier: MIT */
/*
 * pack.c - best fit: a span goes where it leaves the least room
 *
 * A thousand rows are kept open. A span takes the open row with the least room that
 * still holds it, or begins a row; when there would be too many, the fullest is closed,
 * for it is the least likely to be of use. Whole documents stay whole, at a padding of
 * a fraction of a percent on real text: Ding et al. 2024, "Fewer Truncations Improve
 * Language Modeling", arXiv:2404.10830; the bounded buffer makes it one pass.
 */
#include "train/rows.h"

enum { OPEN_ROWS = 1000 };

struct open_row {
	uint64_t row;
	size_t used; /* positions */
};

struct packer {
	struct open_row open[OPEN_ROWS];
	size_t n_open;
	uint64_t n_row;
	size_t T;
};

/* The fullest open row that has room for n more, or n_open. Ties go to the older row. */
static size_t best(const struct packer *p, size_t n)
{
	size_t found = p->n_open;
	for (size_t i = 0; i < p->n_open; i++)
		if (p->open[i].used + n <= p->T &&
		    (found == p->n_open || p->open[i].used > p->open[found].used))
			found = i;
	return found;
}

/* Order among the open rows is age, which the rule for ties reads. */
static void close_row(struct packer *p, size_t at)
{
	for (size_t i = at + 1; i < p->n_open; i++)
		p->open[i - 1] = p->open[i];
	p->n_open--;
}

static size_t open_new(struct packer *p)
{
	if (p->n_open == OPEN_ROWS)
		close_row(p, best(p, 0));
	p->open[p->n_open] = (struct open_row){.row = p->n_row++, .used = 0};
	return p->n_open++;
}

static void place(struct packer *p, struct nt_span *s)
{
	size_t at = best(p, s->n);
	if (at == p->n_open)
		at = open_new(p);
	s->row = p->open[at].row;
	s->col = (uint32_t)p->open[at].used;
	p->open[at].used += s->n;
	if (p->open[at].used == p->T)
		close_row(p, at);
}

uint64_t nt_rows_pack(struct nt_span *span, size_t n, size_t T)
{
	struct packer p = {.T = T};
	for (size_t i = 0; i < n; i++)
		place(&p, &span[i]);
	return p.n_row;
}

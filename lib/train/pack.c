/* SPDX-License-Identifier: MIT */
/*
 * pack.c - spans into rows by the best fit that nt-pack uses, a thousand waiting
 *
 * Whole documents stay whole, at a padding of a fraction of a per cent: data/fit.c.
 */
#include <stdlib.h>

#include "data/fit.h"
#include "nt/err.h"
#include "train/rows.h"

enum { WAITING = 1000 };

struct packer {
	struct nt_span *span;
	size_t *waiting; /* [WAITING] index of the span in each slot */
	struct nt_fit *fit;
	uint64_t n_row;
	size_t T;
};

static void fill_row(struct packer *p)
{
	uint32_t used = 0, n;
	size_t slot;
	while ((n = nt_fit_next(p->fit, (uint32_t)p->T - used, &slot)) > 0) {
		struct nt_span *s = &p->span[p->waiting[slot]];
		s->row = p->n_row;
		s->col = used;
		used += n;
	}
	p->n_row++;
}

int nt_rows_pack(struct nt_span *span, size_t n, size_t T, uint64_t *n_row)
{
	struct packer p = {.span = span, .T = T};
	p.waiting = nt_alloc(WAITING, sizeof(*p.waiting));
	int rc = p.waiting ? nt_fit_new(&p.fit, (uint32_t)T, WAITING) : NT_ESYS;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (nt_fit_is_full(p.fit))
			fill_row(&p);
		p.waiting[nt_fit_add(p.fit, span[i].n)] = i;
	}
	while (rc == 0 && nt_fit_n_waiting(p.fit) > 0)
		fill_row(&p);
	*n_row = p.n_row;
	nt_fit_free(p.fit);
	free(p.waiting);
	return rc;
}

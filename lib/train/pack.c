/* SPDX-License-Identifier: MIT */
/*
 * pack.c - spans into rows by the best fit that nt-pack uses, a thousand waiting
 *
 * Whole documents stay whole, at a padding of a fraction of a per cent: data/fit.c. Rows
 * come out one after the other, so no more is kept of the plan than the plan itself.
 */
#include <stdlib.h>

#include "data/fit.h"
#include "nt/err.h"
#include "train/rows.h"

enum { WAITING = 1000 };

struct nt_packer {
	struct nt_rows *rows;
	struct nt_fit *fit;
	struct nt_span *waiting; /* [cap] by slot */
	size_t cap;
};

int nt_packer_new(struct nt_packer **result, struct nt_rows *rows)
{
	struct nt_packer *p = *result = nt_calloc(1, sizeof(*p));
	if (!p)
		return NT_ESYS;
	p->rows = rows;
	int rc = nt_fit_new(&p->fit, (uint32_t)rows->T, WAITING);
	if (rc < 0) {
		free(p);
		*result = NULL;
	}
	return rc;
}

void nt_packer_free(struct nt_packer *p)
{
	if (!p)
		return;
	nt_fit_free(p->fit);
	free(p->waiting);
	free(p);
}

static int fill_row(struct nt_packer *p)
{
	uint32_t room = (uint32_t)p->rows->T, n;
	size_t slot;
	int rc = 0;
	while (rc == 0 && (n = nt_fit_next(p->fit, room, &slot)) > 0) {
		rc = nt_rows_add(p->rows, &p->waiting[slot]);
		room -= n;
	}
	return rc < 0 ? rc : nt_rows_end_row(p->rows);
}

int nt_packer_add(struct nt_packer *p, const struct nt_span *s)
{
	size_t slot;
	int rc = nt_fit_is_full(p->fit) ? fill_row(p) : 0;
	if (rc == 0)
		rc = nt_fit_add(p->fit, s->n, &slot);
	if (rc == 0)
		rc = nt_grow(&p->waiting, &p->cap, slot + 1, sizeof(*p->waiting));
	if (rc == 0)
		p->waiting[slot] = *s;
	return rc;
}

int nt_packer_flush(struct nt_packer *p)
{
	int rc = 0;
	while (rc == 0 && nt_fit_n_waiting(p->fit) > 0)
		rc = fill_row(p);
	return rc;
}

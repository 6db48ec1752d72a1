/* SPDX-License-Identifier: MIT */
/* offsets.c - where the tokens of a text lie, as a list or by units, and how many they are */
#include "token/general.h"

#include <stdlib.h>

#include "nt/text.h"

void nt_spans_release(struct nt_spans *s)
{
	free(s->span);
	*s = (struct nt_spans){0};
}

static int add_span(struct nt_spans *s, size_t start, size_t end)
{
	int rc = nt_grow(&s->span, &s->cap, s->n + 1, sizeof(*s->span));
	if (rc == 0)
		s->span[s->n++] = (struct nt_span){start, end};
	return rc;
}

/* Units that no token begins in are none. */
static int count_in_unit(struct nt_places *p, size_t start)
{
	int rc = 0;
	while (rc == 0 && start >= p->end && p->end < p->len) {
		if (p->n)
			rc = nt_ids_add(p->unit, &p->n, 1);
		p->n = 0;
		p->end = nt_unit_end(p->text, p->len, p->end);
	}
	p->n++;
	return rc;
}

int nt_place(struct nt_places *p, size_t start, size_t end)
{
	start = p->base + (start > p->in_front ? start - p->in_front : 0);
	end = p->base + (end > p->in_front ? end - p->in_front : 0);
	return p->spans ? add_span(p->spans, start, end) : count_in_unit(p, start);
}

int nt_count(struct nt_encoder *e, const void *text, size_t len, unsigned flags, size_t *n)
{
	struct nt_ids *ids = nt_encoder_spare(e);
	ids->n = 0;
	int rc = nt_encode(e, text, len, flags, ids);
	*n = rc == 0 ? ids->n : 0;
	return rc;
}

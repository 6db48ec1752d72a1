/* SPDX-License-Identifier: MIT */
/* offsets.c - where the tokens of a text lie, as a list, and how many they are */
#include "token/general.h"

#include <stdlib.h>

void nt_spans_release(struct nt_spans *s)
{
	free(s->span);
	*s = (struct nt_spans){0};
}

int nt_span_add(struct nt_spans *s, size_t start, size_t end)
{
	int rc = nt_grow(&s->span, &s->cap, s->n + 1, sizeof(*s->span));
	if (rc == 0)
		s->span[s->n++] = (struct nt_span){start, end};
	return rc;
}

int nt_count(struct nt_encoder *e, const void *text, size_t len, unsigned flags, size_t *n)
{
	struct nt_ids *ids = nt_encoder_spare(e);
	ids->n = 0;
	int rc = nt_encode(e, text, len, flags, ids);
	*n = rc == 0 ? ids->n : 0;
	return rc;
}

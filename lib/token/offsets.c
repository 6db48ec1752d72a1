/* SPDX-License-Identifier: MIT */
/*
 * offsets.c - what else can be asked of a text's tokens: where each lies, and how many
 *
 * Byte-level vocabularies cut a text without a rest, so token i begins where token i - 1
 * ends and the lengths of the tokens say it all. Others keep account while they encode.
 */
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

int nt_encode_offsets(struct nt_encoder *e, const void *text, size_t len, unsigned flags,
		      struct nt_ids *out, struct nt_spans *spans)
{
	const struct nt_tokenizer *t = nt_encoder_tokenizer(e);
	size_t first = out->n, at = 0;
	if (!nt_is_exact(t))
		return nt_encode_spans(e, text, len, flags, out, spans);
	int rc = nt_encode(e, text, len, flags, out);
	if (rc == 0)
		rc = nt_grow(&spans->span, &spans->cap, spans->n + (out->n - first), sizeof(*spans->span));
	for (size_t i = first; rc == 0 && i < out->n; i++) {
		size_t end = at + t->token[out->id[i]].len;
		spans->span[spans->n++] = (struct nt_span){at, end};
		at = end;
	}
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

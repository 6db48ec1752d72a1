/* SPDX-License-Identifier: MIT */
/* stretch.c - text rewritten, with where it came from */
#include "text/stretch.h"

#include <stdlib.h>

#include "nt/err.h"

void nt_rewrite_reset(struct nt_rewrite *w)
{
	w->text.len = 0;
}

void nt_rewrite_release(struct nt_rewrite *w)
{
	nt_buf_release(&w->text);
	free(w->origin);
	*w = (struct nt_rewrite){0};
}

int nt_rewrite_reserve(struct nt_rewrite *w, size_t n)
{
	int rc = nt_buf_reserve(&w->text, n);
	return rc < 0 ? rc : nt_grow(&w->origin, &w->origin_cap, w->text.len + n + 1, sizeof(*w->origin));
}

static uint32_t origin_in(const struct nt_stretch *in, size_t at)
{
	return in->origin ? in->origin[at] : (uint32_t)at;
}

int nt_rewrite_add(struct nt_rewrite *w, const struct nt_stretch *in, size_t at, const void *bytes,
		   size_t n)
{
	int rc = nt_grow(&w->origin, &w->origin_cap, w->text.len + n + 1, sizeof(*w->origin));
	for (size_t i = 0; rc == 0 && i < n; i++)
		w->origin[w->text.len + i] = origin_in(in, at);
	return rc < 0 ? rc : nt_buf_add(&w->text, bytes, n);
}

int nt_rewrite_keep(struct nt_rewrite *w, const struct nt_stretch *in, size_t start, size_t end)
{
	int rc = nt_grow(&w->origin, &w->origin_cap, w->text.len + end - start + 1, sizeof(*w->origin));
	for (size_t i = start; rc == 0 && i < end; i++)
		w->origin[w->text.len + i - start] = origin_in(in, i);
	return rc < 0 ? rc : nt_buf_add(&w->text, in->text + start, end - start);
}

int nt_rewrite_done(struct nt_rewrite *w, const struct nt_stretch *in, struct nt_stretch *out)
{
	if (in->len >= UINT32_MAX)
		return nt_fail(NT_EFORMAT, "a text of %zu bytes is too long to be normalized", in->len);
	int rc = nt_rewrite_add(w, in, in->len, NULL, 0);
	if (rc < 0)
		return rc;
	w->origin[w->text.len] = origin_in(in, in->len);
	*out = (struct nt_stretch){.text = w->text.data, .len = w->text.len, .base = in->base,
				   .origin = w->origin};
	return 0;
}

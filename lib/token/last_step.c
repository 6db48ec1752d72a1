/* SPDX-License-Identifier: MIT */
/*
 * last_step.c - the last step of a token, found by taking all of them
 *
 * Its bytes are merged as ranks say, neighbours that together are a token of the lowest rank first,
 * until two parts are left. A list of parts and a heap of what could be done keep that at n log n: a
 * file of one long token must not take minutes. The heap may name what can no longer be done; that
 * shows by the rank.
 */
#include "token/last_step.h"

#include <stdlib.h>

#include "nt/err.h"

/* What begins at byte i. */
struct nt_part_of_token {
	uint32_t before, end; /* where the part before it begins; where it ends, and the next begins */
	uint32_t rank;        /* of the token that it and the next are, or NT_NO_TOKEN */
};

/* The token of bytes [start, end), or NT_NO_TOKEN: ids are ranks. */
static uint32_t rank_of(const struct nt_tokenizer *t, uint32_t id, uint32_t start, uint32_t end)
{
	return nt_token_find_ordinary(t, nt_token_text(t, id) + start, end - start);
}

/* What part i and the next are together, which the heap is told. */
static int consider(struct nt_last_step *w, const struct nt_tokenizer *t, uint32_t id, uint32_t i)
{
	struct nt_part_of_token *p = &w->part[i];
	uint32_t len = t->token[id].len;
	p->rank = p->end < len ? rank_of(t, id, i, w->part[p->end].end) : NT_NO_TOKEN;
	return p->rank == NT_NO_TOKEN ? 0 : nt_heap_push(&w->heap, (uint64_t)p->rank << 32 | i);
}

/* Makes part i and the next one part. */
static int join(struct nt_last_step *w, const struct nt_tokenizer *t, uint32_t id, uint32_t i)
{
	struct nt_part_of_token *p = &w->part[i], *gone = &w->part[p->end];
	p->end = gone->end;
	gone->rank = NT_NO_TOKEN;
	if (p->end < t->token[id].len)
		w->part[p->end].before = i;
	int rc = consider(w, t, id, i);
	return rc < 0 || i == 0 ? rc : consider(w, t, id, p->before);
}

int nt_last_step(struct nt_last_step *w, const struct nt_tokenizer *t, uint32_t id, struct nt_pair *pair)
{
	uint32_t len = t->token[id].len, n_part = len;
	int rc = nt_grow(&w->part, &w->cap, len, sizeof(*w->part));
	w->heap.n = 0;
	for (uint32_t i = 0; rc == 0 && i < len; i++)
		w->part[i] = (struct nt_part_of_token){.before = i - 1, .end = i + 1};
	for (uint32_t i = 0; rc == 0 && i < len && len > 2; i++)
		rc = consider(w, t, id, i);
	while (rc == 0 && n_part > 2) {
		if (w->heap.n == 0)
			return 0;
		uint64_t top = nt_heap_pop(&w->heap);
		uint32_t i = (uint32_t)top;
		if (w->part[i].rank != top >> 32)
			continue;
		n_part--;
		rc = join(w, t, id, i);
	}
	if (rc < 0)
		return rc;
	pair->left = rank_of(t, id, 0, w->part[0].end);
	pair->right = rank_of(t, id, w->part[0].end, len);
	return pair->left != NT_NO_TOKEN && pair->right != NT_NO_TOKEN;
}

void nt_last_step_release(struct nt_last_step *w)
{
	free(w->part);
	free(w->heap.entry);
	*w = (struct nt_last_step){0};
}

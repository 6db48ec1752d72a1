/* SPDX-License-Identifier: MIT */
/*
 * reach.c - which tokens merging makes of their own bytes, and by which last merge
 *
 * Take the bytes of two tokens, one behind the other. As long as no merge reaches over the
 * border, each side goes its own way, and the text comes to these two tokens. The border
 * can only be crossed by the last token of the left side and the first one of the right
 * side; what these are in the course of time is the right edge of one token's tree and the
 * left edge of the other's. So going back in time, undoing on the side that changed last,
 * every pair that ever meets at the border is seen once. It crosses if it is a merge whose
 * turn came while both were there:
 *
 *	before the one on the left was taken by another merge (this side goes first), and
 *	not after the one on the right was.
 *
 * Time is the rank of the merge that is done. It only goes forward: a token is noted as made
 * only by a merge that comes behind those that made its parts. Files made from ranks hold
 * merges that come before those, too. Such a merge fires wherever its pair meets, which the
 * same comparison says; what only it might make is left to be merged step by step.
 *
 * A token costs as many steps as its two edges are long, five or so, and nearly no pair
 * is a merge at all, which a bit says. The idea of undoing at the border is that of GitHub's
 * bpe crate; merges in any order of their own, and ties, are ours.
 */
#include "token/reach.h"

#include <stdlib.h>

#include "nt/err.h"

enum { AHEAD = 32 }; /* merges: a cache miss takes about as long as so many */

int nt_reach_init(struct nt_reach *r, const struct nt_tokenizer *t, size_t n_merge)
{
	size_t bits = 64, n = t->ident.vocab_size;
	while (bits < 8 * n_merge)
		bits *= 2;
	*r = (struct nt_reach){.t = t, .mask = bits - 1};
	if (!(r->made = nt_alloc(n, sizeof(*r->made))) || !(r->maybe = nt_calloc(bits / 64, sizeof(*r->maybe))))
		return NT_ESYS;
	for (uint32_t id = 0; id < n; id++)
		r->made[id] = (struct nt_made){.birth = NT_NEVER};
	for (int b = 0; b < 256; b++)
		if (t->byte_id[b] != NT_NO_TOKEN)
			r->made[t->byte_id[b]].birth = 0;
	return 0;
}

void nt_reach_release(struct nt_reach *r)
{
	free(r->made);
	free(r->maybe);
	*r = (struct nt_reach){0};
}

void nt_reach_know(struct nt_reach *r, uint32_t left, uint32_t right)
{
	size_t bit = nt_pair_slot(left, right, r->mask);
	r->maybe[bit / 64] |= UINT64_C(1) << bit % 64;
}

bool nt_reach_holds(const struct nt_reach *r, uint32_t left, uint32_t right)
{
	uint32_t left_ends = NT_NEVER, right_ends = NT_NEVER;
	for (;;) {
		struct nt_made a = r->made[left], b = r->made[right];
		if (a.birth > b.birth) {
			left_ends = a.birth;
			left = a.right;
		} else if (b.birth > 0) {
			right_ends = b.birth;
			right = b.left;
		} else {
			return true;
		}
		size_t bit = nt_pair_slot(left, right, r->mask);
		if (!(r->maybe[bit / 64] >> bit % 64 & 1))
			continue;
		const struct nt_merge *m = nt_merge_find(r->t, left, right);
		if (m && m->rank + 1 < left_ends && m->rank + 1 <= right_ends)
			return false;
	}
}

/* --- all tokens ---------------------------------------------------------------------- */

/* Notes how tokens are made, as far as merges behind those of their parts do it. */
static void follow_merges(struct nt_reach *r)
{
	const struct nt_tokenizer *t = r->t;
	for (size_t i = 0; i < t->n_pair; i++)
		nt_reach_know(r, t->pair[i].left, t->pair[i].right);
	for (size_t i = 0; i < t->n_pair; i++) {
		struct nt_pair p = t->pair[i], ahead = t->pair[i + AHEAD < t->n_pair ? i + AHEAD : i];
		__builtin_prefetch(&t->merge[nt_pair_slot(ahead.left, ahead.right, t->merge_mask)]);
		if (r->made[p.left].birth == NT_NEVER || r->made[p.right].birth == NT_NEVER)
			continue;
		const struct nt_merge *m = nt_merge_find(t, p.left, p.right);
		struct nt_made *made = &r->made[m->id];
		/* one that is named twice has a later rank */
		if (made->birth == NT_NEVER && m->rank == i && nt_reach_holds(r, p.left, p.right))
			*made = (struct nt_made){p.left, p.right, (uint32_t)i + 1};
	}
}

/* Finds a token that is not known to be made, and is not when its bytes are merged. */
static int try_rest(const struct nt_reach *r, bool *differs)
{
	const struct nt_tokenizer *t = r->t;
	struct nt_scratch scratch = {0};
	struct nt_ids ids = {0};
	int rc = 0;
	for (uint32_t id = 0; rc == 0 && !*differs && id < t->ident.vocab_size; id++) {
		ids.n = 0;
		if (t->token[id].kind != NT_KIND_ORDINARY || r->made[id].birth != NT_NEVER)
			continue;
		rc = nt_merge_piece(&scratch, t, nt_token_text(t, id), t->token[id].len, &ids);
		*differs = ids.n != 1;
	}
	if (rc == NT_EFORMAT) { /* a byte without a token: this one cannot be merged at all */
		*differs = true;
		rc = 0;
	}
	nt_scratch_release(&scratch);
	nt_ids_release(&ids);
	return rc;
}

int nt_whole_differs(const struct nt_tokenizer *t, bool *differs)
{
	struct nt_reach r;
	*differs = t->prefers_whole && t->is_written; /* where it is not asked further */
	if (!t->prefers_whole || t->is_written)
		return 0;
	int rc = nt_reach_init(&r, t, t->n_pair);
	if (rc == 0) {
		follow_merges(&r);
		rc = try_rest(&r, differs);
	}
	nt_reach_release(&r);
	return rc;
}

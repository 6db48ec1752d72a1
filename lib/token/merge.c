/* SPDX-License-Identifier: MIT */
/*
 * merge.c - byte pair encoding of one piece
 *
 * The piece begins as single bytes; again and again the adjacent pair with the lowest
 * rank becomes one token, the leftmost one where ranks are equal, until no adjacent pair
 * has a merge. Nearly every piece is a word: it lives in two small arrays that are
 * scanned for the minimum. A piece of any length goes through a heap and a linked list,
 * n log n, since a scan for each merge of a megabyte of one letter would never end.
 *
 * Sennrich, Haddow, Birch 2016, arXiv:1508.07909.
 */
#include "token/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"

enum { SHORT = 48 }; /* bytes; about where the heap begins to win */

#define NO_RANK UINT32_MAX

struct nt_node {
	uint32_t id;
	uint32_t prev, next; /* places in the piece; the piece's length behind the last */
	uint32_t rank;       /* of the merge with the next, or NO_RANK */
	uint32_t merged;     /* what it would become */
};

const struct nt_merge *nt_merge_find(const struct nt_tokenizer *t, uint32_t left, uint32_t right)
{
	for (size_t i = nt_pair_slot(left, right, t->merge_mask);; i = (i + 1) & t->merge_mask) {
		const struct nt_merge *m = &t->merge[i];
		if (m->left == left && m->right == right)
			return m;
		if (m->left == NT_NO_TOKEN)
			return NULL;
	}
}

static int no_byte(uint8_t byte)
{
	return nt_fail(NT_EFORMAT, "the vocabulary has no token for the byte 0x%02x", byte);
}

/* A part of a short piece: its token, and the merge with the part behind it. */
struct part {
	uint32_t id, rank, merged;
};

static void pair_up(const struct nt_tokenizer *t, struct part *p, uint32_t right)
{
	const struct nt_merge *m = nt_merge_find(t, p->id, right);
	p->rank = m ? m->rank : NO_RANK;
	p->merged = m ? m->id : 0;
}

static int merge_short(const struct nt_tokenizer *t, const uint8_t *p, size_t n, struct nt_ids *out)
{
	struct part part[SHORT];
	for (size_t i = 0; i < n; i++) {
		part[i] = (struct part){.id = t->byte_id[p[i]], .rank = NO_RANK};
		if (part[i].id == NT_NO_TOKEN)
			return no_byte(p[i]);
		if (i)
			pair_up(t, &part[i - 1], part[i].id);
	}
	while (n > 1) {
		size_t best = 0;
		for (size_t i = 1; i < n - 1; i++)
			if (part[i].rank < part[best].rank)
				best = i;
		if (part[best].rank == NO_RANK)
			break;
		part[best].id = part[best].merged;
		memmove(&part[best + 1], &part[best + 2], (n - best - 2) * sizeof(*part));
		n--;
		part[best].rank = NO_RANK;
		if (best + 1 < n)
			pair_up(t, &part[best], part[best + 1].id);
		if (best)
			pair_up(t, &part[best - 1], part[best].id);
	}
	int rc = nt_grow(&out->id, &out->cap, out->n + n, sizeof(*out->id));
	for (size_t i = 0; rc == 0 && i < n; i++)
		out->id[out->n++] = part[i].id;
	return rc;
}

/* The heap holds rank << 32 | place, smallest first; equal ranks come out leftmost first. */
static void sift_down(uint64_t *heap, size_t n, size_t i)
{
	uint64_t moving = heap[i];
	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && heap[child + 1] < heap[child])
			child++;
		if (heap[child] >= moving)
			break;
		heap[i] = heap[child];
	}
	heap[i] = moving;
}

static int heap_push(struct nt_scratch *s, uint64_t entry)
{
	int rc = nt_grow(&s->heap, &s->heap_cap, s->n_heap + 1, sizeof(*s->heap));
	if (rc < 0)
		return rc;
	size_t i = s->n_heap++;
	for (; i > 0 && s->heap[(i - 1) / 2] > entry; i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = entry;
	return 0;
}

static uint64_t heap_pop(struct nt_scratch *s)
{
	uint64_t top = s->heap[0];
	s->heap[0] = s->heap[--s->n_heap];
	if (s->n_heap)
		sift_down(s->heap, s->n_heap, 0);
	return top;
}

/* Looks up what node i and the one behind it become, and remembers to do it. */
static int consider(struct nt_scratch *s, const struct nt_tokenizer *t, uint32_t i, uint32_t n)
{
	struct nt_node *a = &s->node[i];
	const struct nt_merge *m = a->next < n ? nt_merge_find(t, a->id, s->node[a->next].id) : NULL;
	a->rank = m ? m->rank : NO_RANK;
	a->merged = m ? m->id : 0;
	return m ? heap_push(s, (uint64_t)m->rank << 32 | i) : 0;
}

/* Lays out n nodes without tokens. */
static int lay_out(struct nt_scratch *s, size_t n)
{
	if (n >= UINT32_MAX)
		return nt_fail(NT_EFORMAT, "a piece of %zu bytes without a place to cut it", n);
	int rc = nt_grow(&s->node, &s->node_cap, n, sizeof(*s->node));
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		s->node[i] = (struct nt_node){.prev = i - 1, .next = i + 1};
	return rc;
}

static int merge_long(struct nt_scratch *s, const struct nt_tokenizer *t, uint32_t n,
		      struct nt_ids *out)
{
	int rc = 0;
	s->n_heap = 0;
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = consider(s, t, i, n);
	while (rc == 0 && s->n_heap) {
		uint64_t top = heap_pop(s);
		uint32_t i = (uint32_t)top;
		struct nt_node *a = &s->node[i];
		if (a->id == NT_NO_TOKEN || a->rank != top >> 32)
			continue; /* one of the two has become part of another token since */
		struct nt_node *b = &s->node[a->next];
		a->id = a->merged;
		a->next = b->next;
		b->id = NT_NO_TOKEN;
		if (a->next < n)
			s->node[a->next].prev = i;
		rc = consider(s, t, i, n);
		if (rc == 0 && i)
			rc = consider(s, t, a->prev, n);
	}
	for (uint32_t i = 0; rc == 0 && i < n; i = s->node[i].next)
		rc = nt_ids_add(out, &s->node[i].id, 1);
	return rc;
}

int nt_merge_piece(struct nt_scratch *s, const struct nt_tokenizer *t, const uint8_t *p, size_t n,
		   struct nt_ids *out)
{
	if (n <= SHORT)
		return merge_short(t, p, n, out);
	int rc = lay_out(s, n);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if ((s->node[i].id = t->byte_id[p[i]]) == NT_NO_TOKEN)
			rc = no_byte(p[i]);
	return rc < 0 ? rc : merge_long(s, t, (uint32_t)n, out);
}

int nt_merge_symbols(struct nt_scratch *s, const struct nt_tokenizer *t, const uint32_t *symbol,
		     size_t n, struct nt_ids *out)
{
	int rc = lay_out(s, n);
	for (size_t i = 0; rc == 0 && i < n; i++)
		s->node[i].id = symbol[i];
	return rc < 0 ? rc : merge_long(s, t, (uint32_t)n, out);
}

void nt_scratch_release(struct nt_scratch *s)
{
	free(s->node);
	free(s->heap);
	*s = (struct nt_scratch){0};
}

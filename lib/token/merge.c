/* SPDX-License-Identifier: MIT */
/*
 * merge.c - byte pair encoding of one piece
 *
 * The piece begins as symbols, most often single bytes; again and again the adjacent pair
 * with the lowest rank becomes one token, the leftmost one where ranks are equal, until no
 * adjacent pair has a merge. Words are merged several at once, elsewhere (words.h). The parts
 * of what comes here, up to 256, lie in small arrays, each with its rank and its place in
 * one number, so that the least number is the next merge.
 *
 * A piece of any length is encoded by chunks. Where a text's tokens are t1 t2 ... tn, those
 * of ti and its neighbour alone are the two again; and the other way round, tokens every
 * neighbouring two of which are the tokens of their own text are the tokens of the whole:
 * the first merge over a border between two would be the first one over it in the text of
 * these two as well, because nothing outside has a say in what they do up to then. So
 * the tokens of a chunk count up to a border, and the next chunk begins there, if the
 * two tokens at the border stand together. A chunk without such a border is tried again
 * at twice the length, the last resort being the whole piece, by a heap and a linked
 * list.
 *
 * Sennrich, Haddow, Birch 2016, arXiv:1508.07909.
 */
#include "token/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"

enum {
	SHORT = 256, /* symbols of a piece whose places fit in eight bits */
	BLOCK = 16,  /* parts whose least number is kept */
};

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

/* --- up to 256 symbols ------------------------------------------------------------------ */

/* The symbols of a piece: given, or one for each byte. */
struct piece {
	const uint32_t *symbol; /* [n], or NULL ... */
	const uint8_t *bytes;   /* ... and [n] */
	size_t n;
	bool goes_on; /* behind these */
};

static int read_symbols(uint32_t *id, const struct nt_tokenizer *t, const struct piece *p,
			size_t from, size_t n)
{
	if (p->symbol)
		memcpy(id, p->symbol + from, n * sizeof(*id));
	for (size_t i = 0; !p->symbol && i < n; i++)
		if ((id[i] = t->byte_id[p->bytes[from + i]]) == NT_NO_TOKEN)
			return no_byte(p->bytes[from + i]);
	return 0;
}

/* Part i begins at symbol i; parts that are gone have no number. */
struct parts {
	uint32_t id[SHORT];
	uint32_t number[SHORT]; /* rank of the merge with the next part << 8 | i, or NO_RANK */
	uint32_t merged[SHORT]; /* what the two would become */
	uint8_t prev[SHORT], next[SHORT];
	uint32_t least[SHORT / BLOCK]; /* number of each block */
};

static inline uint32_t least_of(const uint32_t *number, size_t n)
{
	uint32_t least = NO_RANK;
	for (size_t i = 0; i < n; i++)
		least = number[i] < least ? number[i] : least;
	return least;
}

static inline void pair_up(const struct nt_tokenizer *t, struct parts *p, size_t i)
{
	const struct nt_merge *m = nt_merge_find(t, p->id[i], p->id[p->next[i]]);
	p->number[i] = m ? m->rank << 8 | (uint32_t)i : NO_RANK;
	p->merged[i] = m ? m->id : 0;
}

/* Asks for the memory where the merges of what part i and the next would become with its
 * neighbours are: when it comes to that, they will be wanted. */
static inline void foresee(const struct nt_tokenizer *t, const struct parts *p, size_t i, size_t n)
{
	size_t next = p->next[i], after = next ? p->next[next] : 0;
	if (p->number[i] == NO_RANK)
		return;
	if (i)
		__builtin_prefetch(&t->merge[nt_pair_slot(p->id[p->prev[i]], p->merged[i], t->merge_mask)]);
	if (after > next && after < n)
		__builtin_prefetch(&t->merge[nt_pair_slot(p->merged[i], p->id[after], t->merge_mask)]);
}

/* Links the n symbols in p->id and pairs them up; bytes: what they are, or NULL. */
static void link_parts(struct parts *p, const struct nt_tokenizer *t, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		p->prev[i] = (uint8_t)(i - 1);
		p->next[i] = (uint8_t)(i + 1);
		if (i + 1 < n && bytes) {
			const struct nt_byte_pair *b = &t->byte_pair[bytes[i] << 8 | bytes[i + 1]];
			p->number[i] = b->rank == NO_RANK ? NO_RANK : b->rank << 8 | (uint32_t)i;
			p->merged[i] = b->id;
		} else if (i + 1 < n) {
			pair_up(t, p, i);
		}
	}
	for (size_t i = 0; i + 1 < n; i++)
		foresee(t, p, i, n);
	for (size_t i = n - 1; i % BLOCK || i == n - 1; i++)
		p->number[i] = NO_RANK;
	for (size_t i = 0; i < n; i += BLOCK)
		p->least[i / BLOCK] = least_of(p->number + i, BLOCK);
}

static inline void renew(struct parts *p, size_t i)
{
	p->least[i / BLOCK] = least_of(p->number + i / BLOCK * BLOCK, BLOCK);
}

static void merge_parts(struct parts *p, const struct nt_tokenizer *t, size_t n)
{
	size_t n_block = (n + BLOCK - 1) / BLOCK;
	for (uint32_t best; (best = least_of(p->least, n_block)) != NO_RANK;) {
		size_t i = best & 0xff, gone = p->next[i], after = p->next[gone];
		p->id[i] = p->merged[i];
		p->next[i] = (uint8_t)after;
		p->number[gone] = p->number[i] = NO_RANK;
		if (after > gone && after < n) {
			p->prev[after] = (uint8_t)i;
			pair_up(t, p, i);
			foresee(t, p, i, n);
		}
		if (i) {
			pair_up(t, p, p->prev[i]);
			foresee(t, p, p->prev[i], n);
			if (p->prev[i] / BLOCK != i / BLOCK)
				renew(p, p->prev[i]);
		}
		renew(p, i);
		if (gone / BLOCK != i / BLOCK)
			renew(p, gone);
	}
}

/* --- any length at once ------------------------------------------------------------ */

/* Looks up what node i and the one behind it become, and remembers to do it. */
static int consider(struct nt_scratch *s, const struct nt_tokenizer *t, uint32_t i, uint32_t n)
{
	struct nt_node *a = &s->node[i];
	const struct nt_merge *m = a->next < n ? nt_merge_find(t, a->id, s->node[a->next].id) : NULL;
	a->rank = m ? m->rank : NO_RANK;
	a->merged = m ? m->id : 0;
	return m ? nt_heap_push(&s->heap, (uint64_t)m->rank << 32 | i) : 0;
}

static int merge_by_heap(struct nt_scratch *s, const struct nt_tokenizer *t, const struct piece *p,
			 size_t from, uint32_t n)
{
	int rc = nt_grow(&s->node, &s->node_cap, n, sizeof(*s->node));
	s->heap.n = 0;
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		s->node[i] = (struct nt_node){.prev = i - 1, .next = i + 1};
		rc = read_symbols(&s->node[i].id, t, p, from + i, 1);
	}
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = consider(s, t, i, n);
	while (rc == 0 && s->heap.n) {
		uint64_t top = nt_heap_pop(&s->heap);
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
	return rc;
}

/* --- any length by chunks ------------------------------------------------------------ */

static int add_token(struct nt_chunk *c, uint32_t id, size_t start)
{
	int rc = nt_ids_add(&c->id, &id, 1);
	return rc < 0 ? rc : nt_ids_add(&c->start, &(uint32_t){(uint32_t)start}, 1);
}

/* The tokens of symbols [from, from + n) of the piece, and the symbols they begin at. */
static int merge_chunk(struct nt_scratch *s, const struct nt_tokenizer *t, const struct piece *piece,
		       size_t from, size_t n, struct nt_chunk *out)
{
	struct parts p;
	bool is_short = n <= SHORT;
	int rc;
	out->id.n = out->start.n = 0;
	if (!is_short && n >= UINT32_MAX)
		return nt_fail(NT_EFORMAT, "a piece of %zu symbols without a place to cut it", n);
	if (is_short) {
		if ((rc = read_symbols(p.id, t, piece, from, n)) < 0)
			return rc;
		link_parts(&p, t, piece->symbol ? NULL : piece->bytes + from, n);
		merge_parts(&p, t, n);
	} else if ((rc = merge_by_heap(s, t, piece, from, (uint32_t)n)) < 0) {
		return rc;
	}
	for (size_t i = 0, next; rc == 0 && i < n; i = next) {
		rc = add_token(out, is_short ? p.id[i] : s->node[i].id, i);
		next = is_short ? p.next[i] : s->node[i].next;
		if (next <= i)
			break; /* 256, which eight bits do not hold */
	}
	return rc;
}

/* Are symbols [from, middle) and [middle, end), which are one token each, two together? */
static int stand_together(struct nt_scratch *s, const struct nt_tokenizer *t, const struct piece *p,
			  size_t from, size_t middle, size_t end)
{
	int rc = merge_chunk(s, t, p, from, end - from, &s->both);
	return rc < 0 ? rc : s->both.id.n == 2 && s->both.start.id[1] == middle - from;
}

/* The same for the chunk at `at`, of up to SHORT symbols: runs and rows of anything repeat the
 * chunk of `len` symbols at `from`, whose tokens are in s->now. */
static int merge_next(struct nt_scratch *s, const struct nt_tokenizer *t, const struct piece *p,
		      size_t from, size_t len, size_t at, size_t n)
{
	bool is_same = n == len && (p->symbol ? memcmp(p->symbol + from, p->symbol + at, n * sizeof(*p->symbol))
					      : memcmp(p->bytes + from, p->bytes + at, n)) == 0;
	if (!is_same)
		return merge_chunk(s, t, p, at, n, &s->then);
	s->then.id.n = s->then.start.n = 0;
	int rc = nt_ids_add(&s->then.id, s->now.id.id, s->now.id.n);
	return rc < 0 ? rc : nt_ids_add(&s->then.start, s->now.start.id, s->now.start.n);
}

/*
 * Finds a border in s->now, the tokens of the `len` symbols from `from` on, behind which the
 * text can be encoded anew, and leaves the tokens of the chunk there in s->then. *n_id:
 * how many tokens stand before the border, 0 if none was found.
 */
static int find_border(struct nt_scratch *s, const struct nt_tokenizer *t, const struct piece *p,
		       size_t from, size_t len, size_t *n_id)
{
	enum { TRIES = 8 };
	const uint32_t *start = s->now.start.id;
	size_t n = s->now.id.n - 1, tries = 0;
	while (n > 0 && start[n] > len - len / 4)
		n--; /* what stands near the end may change */
	for (; n > 0 && tries < TRIES; n--, tries++) {
		size_t at = from + start[n], n_next = p->n - at < SHORT ? p->n - at : SHORT;
		int rc = merge_next(s, t, p, from, len, at, n_next);
		if (rc < 0)
			return rc;
		size_t ahead = s->then.id.n > 1 ? s->then.start.id[1] : n_next;
		rc = s->then.id.id[0] == s->now.id.id[n]
			     ? 1
			     : stand_together(s, t, p, from + start[n - 1], at, at + ahead);
		if (rc < 0)
			return rc;
		if (rc) {
			*n_id = n;
			return 0;
		}
	}
	*n_id = 0;
	return 0;
}

/* Is not all there yet that a border in the len symbols from `from` on is found by? */
static bool needs_more(const struct piece *p, size_t from, size_t len)
{
	return p->goes_on && p->n - from < len + SHORT;
}

/* Returns how many symbols were merged: all, or those before what must be known more of. */
static ptrdiff_t merge_long(struct nt_scratch *s, const struct nt_tokenizer *t, const struct piece *p,
			    struct nt_ids *out)
{
	size_t from = 0, len = p->n < SHORT ? p->n : SHORT, n_id;
	int rc = merge_chunk(s, t, p, 0, len, &s->now);
	while (rc == 0 && len < p->n - from && !needs_more(p, from, len)) {
		if ((rc = find_border(s, t, p, from, len, &n_id)) < 0)
			break;
		if (n_id == 0) {
			len = p->n - from - len < len && !p->goes_on ? p->n - from : 2 * len;
			if (!needs_more(p, from, len))
				rc = merge_chunk(s, t, p, from, len, &s->now);
			continue;
		}
		rc = nt_ids_add(out, s->now.id.id, n_id);
		from += s->now.start.id[n_id];
		struct nt_chunk now = s->then;
		s->then = s->now;
		s->now = now;
		len = p->n - from < SHORT ? p->n - from : SHORT;
	}
	if (rc < 0 || p->goes_on)
		return rc < 0 ? rc : (ptrdiff_t)from;
	rc = nt_ids_add(out, s->now.id.id, s->now.id.n);
	return rc < 0 ? rc : (ptrdiff_t)p->n;
}

int nt_merge_piece(struct nt_scratch *s, const struct nt_tokenizer *t, const uint8_t *p, size_t n,
		   struct nt_ids *out)
{
	ptrdiff_t rc = n ? merge_long(s, t, &(struct piece){.bytes = p, .n = n}, out) : 0;
	return rc < 0 ? (int)rc : 0;
}

ptrdiff_t nt_merge_symbols(struct nt_scratch *s, const struct nt_tokenizer *t, const uint32_t *symbol,
			   size_t n, bool goes_on, struct nt_ids *out)
{
	return n ? merge_long(s, t, &(struct piece){.symbol = symbol, .n = n, .goes_on = goes_on}, out) : 0;
}

int nt_byte_pairs_index(struct nt_tokenizer *t)
{
	if (!(t->byte_pair = nt_alloc(1 << 16, sizeof(*t->byte_pair))))
		return NT_ESYS;
	memset(t->byte_pair, 0xff, sizeof(*t->byte_pair) << 16);
	for (size_t i = 0; i < t->n_pair; i++) {
		struct nt_pair p = t->pair[i];
		if (t->token[p.left].len > 1 || t->token[p.right].len > 1)
			continue;
		uint8_t left = *nt_token_text(t, p.left), right = *nt_token_text(t, p.right);
		const struct nt_merge *m = nt_merge_find(t, p.left, p.right);
		if (t->byte_id[left] == p.left && t->byte_id[right] == p.right)
			t->byte_pair[left << 8 | right] = (struct nt_byte_pair){m->rank, m->id};
	}
	return 0;
}

static void release_chunk(struct nt_chunk *c)
{
	nt_ids_release(&c->id);
	nt_ids_release(&c->start);
}

void nt_scratch_release(struct nt_scratch *s)
{
	free(s->node);
	free(s->heap.entry);
	release_chunk(&s->now);
	release_chunk(&s->then);
	release_chunk(&s->both);
	*s = (struct nt_scratch){0};
}

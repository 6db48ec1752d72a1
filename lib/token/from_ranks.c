/* SPDX-License-Identifier: MIT */
/*
 * from_ranks.c - the merges that a list of ranks stands for
 *
 * Two neighbours merge when their bytes together are a token, the lowest rank first. That is
 * the same as a list of pairs in order of rank, one for each token: when two neighbours
 * come to make a token, their bytes have been merged among themselves just as they are
 * when the token stands alone, so the two are always the same two: what is left of the
 * token's own bytes before the last step. A token that merging cannot make still counts
 * where it is a whole piece.
 *
 * The last step is not found by taking all steps, but by asking of each place where the
 * token can be cut into two tokens of lower rank whether merging comes to these two
 * (reach.c). Nearly always it does where the higher of the two ranks is lowest. A token for
 * which no place will do, and all behind one that is made of parts of higher rank, are
 * merged step by step (last_step.c).
 *
 * Two million halves are looked up for a vocabulary of 200,000. The hash is a polynomial in
 * the bytes, so that one pass over a token gives those of all its beginnings and ends. Most
 * halves are no tokens, which a small map of bits knows; the others are looked up a batch
 * at a time, and taken at the word of 40 bits of hash until one pair is chosen.
 */
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "token/last_step.h"
#include "token/reach.h"
#include "token/short.h"

enum {
	PLACES = 63, /* in a token of 64 bytes; a longer one is merged step by step */
	BATCH = 16,  /* tokens */
	ID_BITS = 24,
};

#define NO_SLOT UINT64_MAX

/* --- halves ---------------------------------------------------------------------------- */

#define BASE UINT64_C(0x9e3779b97f4a7c15) /* of the polynomial */

/* Tokens by the hash of their bytes. */
struct halves {
	const struct nt_tokenizer *t;
	uint64_t *slot;  /* [mask + 1] 40 bits of hash and an id, or NO_SLOT */
	uint64_t *maybe; /* [maybe_mask / 64 + 1] a bit for each token */
	size_t mask, maybe_mask;
	uint64_t power[PLACES + 2]; /* of BASE */
};

/* A polynomial's value with its bits stirred upwards: the high ones are used. */
static inline uint64_t stir(uint64_t value, size_t len)
{
	return (value ^ value >> 32 ^ len) * UINT64_C(0xd6e8feb86659fd93);
}

static inline uint64_t extend(uint64_t value, uint8_t byte)
{
	return value * BASE + byte + 1;
}

static inline bool may_be(const struct halves *h, uint64_t hash)
{
	size_t bit = hash >> 36 & h->maybe_mask;
	return h->maybe[bit / 64] >> bit % 64 & 1;
}

static inline uint64_t *first_slot(const struct halves *h, uint64_t hash)
{
	return &h->slot[hash >> 32 & h->mask];
}

/* The token with this hash, or NT_NO_TOKEN. */
static inline uint32_t look_up(const struct halves *h, uint64_t hash)
{
	for (size_t i = hash >> 32 & h->mask;; i = (i + 1) & h->mask) {
		if (h->slot[i] == NO_SLOT)
			return NT_NO_TOKEN;
		if (h->slot[i] >> ID_BITS == hash >> ID_BITS)
			return (uint32_t)h->slot[i] & ((1 << ID_BITS) - 1);
	}
}

static void enter(struct halves *h, uint32_t id, uint64_t hash)
{
	size_t bit = hash >> 36 & h->maybe_mask, i = hash >> 32 & h->mask;
	h->maybe[bit / 64] |= UINT64_C(1) << bit % 64;
	while (h->slot[i] != NO_SLOT)
		i = (i + 1) & h->mask;
	h->slot[i] = (hash >> ID_BITS << ID_BITS) | id;
}

static uint64_t hash_token(const struct nt_tokenizer *t, uint32_t id)
{
	const uint8_t *p = nt_token_text(t, id);
	uint64_t value = 0;
	for (size_t i = 0; i < t->token[id].len && i <= PLACES; i++)
		value = extend(value, p[i]);
	return stir(value, t->token[id].len);
}

static void enter_all(struct halves *h, const struct nt_tokenizer *t)
{
	uint64_t hash[BATCH];
	for (uint32_t from = 0, n; from < t->ident.vocab_size; from += n) {
		n = t->ident.vocab_size - from < BATCH ? t->ident.vocab_size - from : BATCH;
		for (uint32_t i = 0; i < n; i++) {
			hash[i] = hash_token(t, from + i);
			__builtin_prefetch(first_slot(h, hash[i]), 1);
		}
		for (uint32_t i = 0; i < n; i++)
			if (t->token[from + i].kind == NT_KIND_ORDINARY && t->token[from + i].len <= PLACES)
				enter(h, from + i, hash[i]);
	}
}

static int halves_init(struct halves *h, const struct nt_tokenizer *t)
{
	size_t size = 64;
	while (size < 2 * (size_t)t->ident.vocab_size)
		size *= 2;
	*h = (struct halves){.t = t, .mask = size - 1, .maybe_mask = 4 * size - 1};
	if (!(h->slot = nt_alloc(size, sizeof(*h->slot))) ||
	    !(h->maybe = nt_calloc(4 * size / 64, sizeof(*h->maybe))))
		return NT_ESYS;
	memset(h->slot, 0xff, size * sizeof(*h->slot)); /* NO_SLOT */
	h->power[0] = 1;
	for (size_t i = 1; i <= PLACES + 1; i++)
		h->power[i] = h->power[i - 1] * BASE;
	enter_all(h, t);
	return 0;
}

static void halves_release(struct halves *h)
{
	free(h->slot);
	free(h->maybe);
}

/* --- places ---------------------------------------------------------------------------- */

/* A place where a token may be cut: at first the halves' hashes, then their ids. */
struct place {
	uint64_t left_hash, right_hash;
	struct nt_pair pair;
	uint32_t at;
};

struct batch {
	uint32_t id[BATCH]; /* [n] */
	size_t n, n_place[BATCH];
	struct place place[BATCH][PLACES];
};

/* The places of a token of which a half is surely no token are left out. */
static size_t list_places(const struct halves *h, uint32_t id, struct place *place)
{
	const uint8_t *p = nt_token_text(h->t, id);
	size_t len = h->t->token[id].len, n = 0;
	uint64_t value[PLACES + 2] = {0};
	for (size_t i = 0; i < len; i++)
		value[i + 1] = extend(value[i], p[i]);
	for (size_t i = 1; i < len; i++) {
		uint64_t left = stir(value[i], i);
		uint64_t right = stir(value[len] - value[i] * h->power[len - i], len - i);
		place[n] = (struct place){.left_hash = left, .right_hash = right, .at = (uint32_t)i};
		n += (size_t)may_be(h, left) & (size_t)may_be(h, right); /* no branch */
	}
	for (size_t i = 0; i < n; i++) {
		__builtin_prefetch(first_slot(h, place[i].left_hash));
		__builtin_prefetch(first_slot(h, place[i].right_hash));
	}
	return n;
}

static uint32_t higher(struct nt_pair p)
{
	return p.left > p.right ? p.left : p.right;
}

/* Keeps of the places [n] of a token those between two tokens, the likeliest first; returns
 * how many. */
static size_t keep_places(const struct halves *h, uint32_t id, struct place *place, size_t n)
{
	size_t len = h->t->token[id].len, kept = 0, best = 0;
	for (size_t i = 0; i < n; i++) {
		struct place p = place[i];
		p.pair = (struct nt_pair){look_up(h, p.left_hash), look_up(h, p.right_hash)};
		bool is_left = p.pair.left < id || (p.at == 1 && p.pair.left != NT_NO_TOKEN);
		bool is_right = p.pair.right < id || (p.at == len - 1 && p.pair.right != NT_NO_TOKEN);
		if (!is_left || !is_right)
			continue;
		best = kept == 0 || higher(p.pair) < higher(place[best].pair) ? kept : best;
		place[kept++] = p;
	}
	if (kept > 0) {
		struct place first = place[best];
		place[best] = place[0];
		place[0] = first;
	}
	return kept;
}

/* Is the token the bytes of the two? Hashes were taken at their word until here. */
static bool is_cut_at(const struct nt_tokenizer *t, uint32_t id, const struct place *p)
{
	const uint8_t *text = nt_token_text(t, id);
	size_t right = t->token[id].len - p->at;
	return t->token[p->pair.left].len == p->at && t->token[p->pair.right].len == right &&
	       nt_short_same(text, nt_token_text(t, p->pair.left), p->at) &&
	       nt_short_same(text + p->at, nt_token_text(t, p->pair.right), right);
}

static bool choose_place(const struct nt_reach *r, uint32_t id, const struct place *place, size_t n,
			 struct nt_pair *pair)
{
	for (size_t i = 0; i < n; i++) {
		*pair = place[i].pair;
		if (r->made[pair->left].birth != NT_NEVER && r->made[pair->right].birth != NT_NEVER &&
		    nt_reach_holds(r, pair->left, pair->right) && is_cut_at(r->t, id, &place[i]))
			return true;
	}
	return false;
}

/* Takes the next tokens from *id on into the batch, and finds their places. */
static void fill(struct batch *b, const struct halves *h, const struct nt_reach *r, uint32_t *id)
{
	const struct nt_tokenizer *t = h->t;
	for (b->n = 0; b->n < BATCH && *id < t->ident.vocab_size; ++*id) {
		size_t len = t->token[*id].len;
		if (t->token[*id].kind != NT_KIND_ORDINARY || len < 2)
			continue;
		b->n_place[b->n] = len <= PLACES + 1 ? list_places(h, *id, b->place[b->n]) : 0;
		b->id[b->n++] = *id;
	}
	for (size_t i = 0; i < b->n; i++) {
		b->n_place[i] = keep_places(h, b->id[i], b->place[i], b->n_place[i]);
		if (!b->n_place[i])
			continue;
		struct nt_pair p = b->place[i][0].pair;
		__builtin_prefetch(&t->merge[nt_pair_slot(p.left, p.right, t->merge_mask)]);
		__builtin_prefetch(&r->made[p.left]);
		__builtin_prefetch(&r->made[p.right]);
	}
}

/* --- the whole -------------------------------------------------------------------------- */

struct work {
	struct nt_reach reach;
	struct halves halves;
	struct nt_last_step last;
	struct batch batch;
	bool is_ordered; /* no token was made of parts of higher rank */
};

static bool is_before(const struct nt_tokenizer *t, uint32_t part, uint32_t whole)
{
	return part < whole || t->token[part].len == 1;
}

/* Adds the merge that makes the token of place i of the batch: 1, or 0 if none does. */
static int add_pair(struct nt_tokenizer *t, struct work *w, size_t i)
{
	uint32_t id = w->batch.id[i];
	struct nt_pair p;
	int rc = w->is_ordered && choose_place(&w->reach, id, w->batch.place[i], w->batch.n_place[i], &p);
	if (rc == 0)
		rc = nt_last_step(&w->last, t, id, &p);
	if (rc <= 0)
		return rc;
	nt_merges_add(t, p.left, p.right, id);
	nt_reach_know(&w->reach, p.left, p.right);
	w->reach.made[id] = (struct nt_made){p.left, p.right, (uint32_t)t->n_pair};
	w->is_ordered &= is_before(t, p.left, id) && is_before(t, p.right, id);
	return 1;
}

int nt_pairs_from_ranks(struct nt_tokenizer *t, bool *all_reached)
{
	struct work *w = nt_calloc(1, sizeof(*w));
	int rc = w ? nt_merges_expect(t, t->ident.vocab_size) : NT_ESYS;
	if (rc == 0)
		rc = nt_reach_init(&w->reach, t, t->ident.vocab_size);
	if (rc == 0)
		rc = halves_init(&w->halves, t);
	*all_reached = w && (w->is_ordered = true);
	for (uint32_t id = 0; rc >= 0 && id < t->ident.vocab_size;) {
		fill(&w->batch, &w->halves, &w->reach, &id);
		for (size_t i = 0; rc >= 0 && i < w->batch.n; i++) {
			rc = add_pair(t, w, i);
			*all_reached &= rc != 0;
		}
	}
	if (w) {
		nt_reach_release(&w->reach);
		halves_release(&w->halves);
		nt_last_step_release(&w->last);
	}
	free(w);
	return rc < 0 ? rc : 0;
}

/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_WORDS_H
#define TOKEN_WORDS_H
/*
 * words.h - byte pair encoding of many words at once
 *
 * A step chooses the next merge of one word and asks for the memory where the merges of the
 * new token with its two neighbours are; steps of other words go by while it comes. That
 * memory is what merging costs: the table of a hundred thousand merges is 4 MB, read at
 * random.
 *
 * The text is the same for every instruction set: the file that includes it defines how the
 * numbers of a word are kept, and exports the function.
 */
#include <string.h>

#include "token/tokenizer.h"

/*
 * Part i of a word begins at byte i. Part NT_WORD_MOST stands for a neighbour that is not
 * there: nothing is decided by what is written to it, so that nothing has to be guessed.
 */
struct word {
	_Alignas(64) uint32_t number[NT_WORD_MOST + 1]; /* rank of the merge with the next << 5 | part */
	uint32_t id[NT_WORD_MOST + 1];
	uint32_t merged[NT_WORD_MOST + 1];
	uint64_t alive; /* bit i: a part begins at byte i */
	bool is_long;   /* there are parts from HALF on */
	uint32_t part[2], left[2], right[2]; /* two pairs that are being looked up */
	size_t slot[2];
	size_t which; /* of the caller's words */
};

enum {
	HALF = NT_WORD_MOST / 2,
	NOTHING = 1 << 29, /* numbers from here on are no merge's: ranks have 24 bits */
};

/* Sets the numbers of two parts, and returns the least of all. */
static inline uint32_t settle(struct word *w, const uint32_t part[2], const uint32_t number[2]);

/* There is no merge of these parts any more. */
static inline void forget(struct word *w, uint32_t a, uint32_t b, uint32_t c);

static bool lay_out_word(struct word *w, const struct nt_tokenizer *t, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i <= NT_WORD_MOST; i++)
		w->number[i] = NOTHING;
	for (size_t i = 0; i < n; i++)
		if ((w->id[i] = t->byte_id[p[i]]) == NT_NO_TOKEN)
			return false;
	for (size_t i = 0; i + 1 < n; i++) {
		const struct nt_byte_pair *b = &t->byte_pair[p[i] << 8 | p[i + 1]];
		w->number[i] = b->rank == UINT32_MAX ? NOTHING : b->rank << 5 | (uint32_t)i;
		w->merged[i] = b->id;
	}
	w->alive = (UINT64_C(1) << n) - 1;
	w->is_long = n > HALF;
	w->id[NT_WORD_MOST] = 0;
	w->part[0] = w->part[1] = NT_WORD_MOST;
	w->left[0] = w->left[1] = w->right[0] = w->right[1] = 0;
	w->slot[0] = w->slot[1] = 0;
	return true;
}

static inline void ask(struct word *w, const struct nt_tokenizer *t, size_t k, uint32_t part, uint32_t next)
{
	w->part[k] = part;
	w->left[k] = w->id[part];
	w->right[k] = w->id[next];
	w->slot[k] = nt_pair_slot(w->left[k], w->right[k], t->merge_mask);
	__builtin_prefetch(&t->merge[w->slot[k]]);
}

static inline bool is_merge(const struct nt_merge *m, uint32_t left, uint32_t right)
{
	return ((m->left ^ left) | (m->right ^ right)) == 0;
}

/* The number of pair k, now that its memory is there; its token goes to w->merged. */
static inline uint32_t hear(struct word *w, const struct nt_tokenizer *t, size_t k)
{
	uint32_t left = w->left[k], right = w->right[k], part = w->part[k];
	const struct nt_merge *a = &t->merge[w->slot[k]];
	const struct nt_merge *b = &t->merge[(w->slot[k] + 1) & t->merge_mask];
	const struct nt_merge *m = is_merge(b, left, right) ? b : a;
	uint32_t number = is_merge(m, left, right) ? m->rank << 5 | part : NOTHING;
	uint32_t merged = m->id;
	if (number == NOTHING && a->left != NT_NO_TOKEN && b->left != NT_NO_TOKEN) { /* seldom */
		m = nt_merge_find(t, left, right);
		number = m ? m->rank << 5 | part : NOTHING;
		merged = m ? m->id : 0;
	}
	w->merged[part] = merged;
	return number;
}

/* Makes the next merge; false: there is none. */
static inline bool step(struct word *w, const struct nt_tokenizer *t)
{
	const uint64_t edge = UINT64_C(1) << NT_WORD_MOST;
	const uint32_t number[2] = {hear(w, t, 0), hear(w, t, 1)};
	uint32_t best = settle(w, w->part, number);
	if (best >= NOTHING)
		return false;
	uint32_t i = best % NT_WORD_MOST;
	uint64_t above = (w->alive & ~((UINT64_C(2) << i) - 1)) | edge;
	uint64_t below = w->alive & ((UINT64_C(1) << i) - 1);
	uint32_t gone = (uint32_t)__builtin_ctzll(above);
	above &= above - 1;
	uint32_t next = (uint32_t)__builtin_ctzll(above | edge);
	uint32_t prev = below ? 63 - (uint32_t)__builtin_clzll(below) : NT_WORD_MOST;
	w->id[i] = w->merged[i];
	w->alive &= ~(UINT64_C(1) << gone);
	forget(w, gone, i, prev);
	ask(w, t, 0, next < NT_WORD_MOST ? i : NT_WORD_MOST, next);
	ask(w, t, 1, prev, i);
	return true;
}

static size_t read_word(const struct word *w, uint32_t *id)
{
	size_t n = 0;
	for (uint64_t left = w->alive; left; left &= left - 1)
		id[n++] = w->id[__builtin_ctzll(left)];
	return n;
}

static void merge_words(const struct nt_tokenizer *t, struct nt_word *word, size_t n)
{
	enum { AT_ONCE = 8 };
	struct word flight[AT_ONCE];
	size_t n_flight = 0, taken = 0;
	while (taken < n || n_flight) {
		for (; n_flight < AT_ONCE && taken < n; taken++) {
			flight[n_flight].which = taken;
			word[taken].n_id = 0;
			n_flight += lay_out_word(&flight[n_flight], t, word[taken].text, word[taken].n);
		}
		for (size_t i = 0; i < n_flight;) {
			if (step(&flight[i], t)) {
				i++;
				continue;
			}
			struct nt_word *done = &word[flight[i].which];
			done->n_id = read_word(&flight[i], done->id);
			flight[i] = flight[--n_flight];
		}
	}
}

#endif

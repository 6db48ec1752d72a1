/* SPDX-License-Identifier: MIT */
#ifndef NT_LANES_H
#define NT_LANES_H
/*
 * nt/lanes.h - texts that go on side by side
 *
 * A lane is a place for a text in a decoder. All texts that are under way get their next token in
 * one pass over the weights, new prompts go with them, and whoever has had enough of one text begins
 * another in its lane at once (continuous batching). What is chosen for a text depends on the text,
 * the options and its number, and on nothing that goes on beside it.
 *
 *	nt_lanes_begin(l, number, &lane);
 *	nt_lanes_extend(l, lane, prompt, n_prompt);
 *	for (;;) {
 *		nt_lanes_step(l);
 *		for each lane that is under way: use nt_lanes_latest(l, lane), or nt_lanes_end(l, lane);
 *	}
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/generate.h"

struct nt_lanes;

struct nt_lanes_options {
	size_t n_lane, n_position;
	struct nt_sampling sampling;
	bool has_logprobs; /* say log p of what is chosen ... */
	uint32_t n_top;    /* ... and of so many of the likeliest */
};

/* lm and pool (or NULL) are borrowed. NT_EARG: an option out of range. */
int nt_lanes_new(struct nt_lanes **l, const struct nt_lm *lm, const struct nt_lanes_options *options,
		 struct nt_pool *pool);
void nt_lanes_free(struct nt_lanes *l); /* NULL is harmless */

size_t nt_lanes_n(const struct nt_lanes *l); /* lanes, free ones too */
/* Begins an empty text in a lane. false: none is free. The number, below 2^32, tells its draws
 * from those of other texts. */
bool nt_lanes_begin(struct nt_lanes *l, uint64_t number, size_t *lane);
void nt_lanes_end(struct nt_lanes *l, size_t lane); /* it is free again */

/* The next step takes n > 0 ids in; the text is then under way. NT_EARG: they do not fit, or one is not of the
 * vocabulary. */
int nt_lanes_extend(struct nt_lanes *l, size_t lane, const uint32_t *id, size_t n);
/* Takes into every text that is under way what was chosen last, into others what nt_lanes_extend gave them, and
 * chooses what comes next. NT_EARG: a text has no room; nothing is taken in then. */
int nt_lanes_step(struct nt_lanes *l);
/* The text waits, without what was chosen last, for more by nt_lanes_extend. */
void nt_lanes_rest(struct nt_lanes *l, size_t lane);
void nt_lanes_rewind(struct nt_lanes *l, size_t lane, size_t n); /* to its first n ids, and it waits */

/* The ids that were taken in, or will be by the next step, *n of them; valid until the lane is used again. */
const uint32_t *nt_lanes_ids(const struct nt_lanes *l, size_t lane, size_t *n);
size_t nt_lanes_len(const struct nt_lanes *l, size_t lane); /* ids that were taken in */
size_t nt_lanes_room(const struct nt_lanes *l); /* ids that a lane can take in: n_position */

/* log p is the model's own: of all tokens, at temperature 1. */
struct nt_likely {
	uint32_t id;
	double logprob;
};
struct nt_latest {
	uint32_t id;
	double logprob;              /* with has_logprobs */
	const struct nt_likely *top; /* [n_top], the likeliest first, if the vocabulary has so many */
	size_t n_top;
};
/* Of a text that is under way; valid until the next step. */
struct nt_latest nt_lanes_latest(const struct nt_lanes *l, size_t lane);

/* What has been done so far. Time is shared by all ids that a step takes in. */
struct nt_lanes_counts {
	uint64_t taken, extend_ns;  /* ids of nt_lanes_extend */
	uint64_t stepped, step_ns;  /* ids that had been chosen */
	uint64_t chosen;
};
struct nt_lanes_counts nt_lanes_counts(const struct nt_lanes *l);

#endif

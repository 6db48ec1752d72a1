/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_LAST_STEP_H
#define TOKEN_LAST_STEP_H
/* last_step.h - the two parts that merging comes to just before it makes a token */
#include "token/heap.h"
#include "token/tokenizer.h"

struct nt_last_step { /* {0}: memory for it */
	struct nt_part_of_token *part;
	size_t cap;
	struct nt_heap heap;
};

/* 1 with the two in *pair, 0: merging cannot make it, or NT_ESYS. Time: n log n in its n bytes. */
int nt_last_step(struct nt_last_step *w, const struct nt_tokenizer *t, uint32_t id, struct nt_pair *pair);
void nt_last_step_release(struct nt_last_step *w);

#endif

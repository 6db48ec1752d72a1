/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_REACH_H
#define TOKEN_REACH_H
/*
 * reach.h - which tokens merging makes of their own bytes, and by which last merge
 */
#include "token/tokenizer.h"

/* How a token comes to be: left and right are merged by the merge of rank birth - 1. A single
 * byte has birth 0. Its parts were born before it. */
struct nt_made {
	uint32_t left, right, birth;
};

#define NT_NEVER UINT32_MAX /* birth of what is not known to be made */

struct nt_reach {
	const struct nt_tokenizer *t;
	struct nt_made *made; /* [vocab_size] */
	uint64_t *maybe;      /* [mask / 64 + 1] a bit for each merge: most pairs are in none */
	size_t mask;
};

int nt_reach_init(struct nt_reach *r, const struct nt_tokenizer *t, size_t n_merge);
void nt_reach_release(struct nt_reach *r); /* harmless twice */
/* A merge is in t's table from now on. */
void nt_reach_know(struct nt_reach *r, uint32_t left, uint32_t right);

/* left and right are made. Does merging their bytes, one behind the other, come to these two? */
bool nt_reach_holds(const struct nt_reach *r, uint32_t left, uint32_t right);

/* Does it make a difference that whole pieces are preferred, that is: is there a token that
 * merging its own bytes does not make? */
int nt_whole_differs(const struct nt_tokenizer *t, bool *differs);

#endif

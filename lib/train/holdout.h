/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_HOLDOUT_H
#define TRAIN_HOLDOUT_H
/* holdout.h - what of a corpus is held out: its content decides */
#include "nt/hash.h"
#include "train/rows.h"

/* The share of n_target targets of one source that is held out. */
double nt_holdout_share(const struct nt_corpus *c, uint64_t n_target);

/* Is the document of tokens [token, token + len) held out, if this share of all is to be? */
int nt_holdout_document(bool *is_held, struct nt_hasher *h, const struct nt_corpus *c, uint64_t token,
			uint64_t len, double share);

/* Is handed a group, one after the other: spans that stand or fall together. */
typedef int nt_group_fn(void *arg, const struct nt_span *span, size_t n);

struct nt_groups {
	const struct nt_corpus *corpus;
	int (*walk)(void *arg, nt_group_fn *fn, void *fn_arg); /* hands all of them to fn, the same in each walk */
	int (*put)(void *arg, const struct nt_span *span, size_t n, bool is_held);
	void *arg;
};

/* Puts every group where its hash says, so that about this share of the targets is held out, or as
 * nt_holdout_share says where it is 0. */
int nt_holdout_groups(const struct nt_groups *groups, struct nt_hasher *h, double share);

#endif

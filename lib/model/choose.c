/* SPDX-License-Identifier: MIT */
/*
 * choose.c - which of several continuations a model finds likeliest
 *
 * They share their context, and often the first words behind it. That goes through the
 * model once: its keys and values stay in the decoder, which is rewound to there for each
 * choice. Four endings of 30 tokens behind 80 are so 200 tokens of work and not 440.
 */
#include <stdlib.h>

#include "nt/err.h"
#include "nt/generate.h"
#include "nt/mem.h"


/* How many ids all begin with, none of them the last one, and none of a continuation. */
static size_t shared_ids(const struct nt_choice *choice, size_t n_choice)
{
	size_t n = SIZE_MAX;
	for (size_t i = 0; i < n_choice; i++) {
		const struct nt_choice *c = &choice[i];
		n = c->n_context - 1 < n ? c->n_context - 1 : n;
		size_t same = 0;
		while (same < n && c->id[same] == choice[0].id[same])
			same++;
		n = same;
	}
	return n;
}

static int score_one(struct nt_decoder *d, struct nt_choice *c, size_t n_shared)
{
	size_t n = c->n - 1 - n_shared;
	uint32_t *target = nt_alloc(n, sizeof(*target));
	double *nll = nt_alloc(n, sizeof(*nll));
	int rc = target && nll ? 0 : NT_ESYS;
	for (size_t i = 0; rc == 0 && i < n; i++)
		target[i] = n_shared + 1 + i < c->n_context ? NT_IGNORE : c->id[n_shared + 1 + i];
	nt_decoder_rewind(d, 0, n_shared);
	if (rc == 0 && n)
		rc = nt_decoder_score(d, 0, c->id + n_shared, n, target, nll);
	c->nats = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		c->nats += target[i] == NT_IGNORE ? 0 : nll[i];
	free(target);
	free(nll);
	return rc;
}

/* Takes from the beginning of all what is too much for the longest. */
static int shorten(struct nt_choice *choice, size_t n_choice, size_t room)
{
	size_t longest = 0, most = 0;
	for (size_t i = 0; i < n_choice; i++)
		if (choice[i].n > most) {
			longest = i;
			most = choice[i].n;
		}
	size_t cut = most > room + 1 ? most - room - 1 : 0;
	for (size_t i = 0; i < n_choice; i++) {
		if (choice[i].n_context <= cut)
			return nt_fail(NT_EARG, "choice %zu: with %s it leaves no room for what stands before it in a context "
						"of %zu", longest, nt_counted(most - choice[longest].n_context, "token"), room);
		choice[i].id += cut;
		choice[i].n -= cut;
		choice[i].n_context -= cut;
	}
	return 0;
}

int nt_choose(struct nt_decoder *d, struct nt_choice *choice, size_t n_choice)
{
	const nt_real *logits;
	int rc = shorten(choice, n_choice, nt_decoder_room(d));
	size_t n_shared = rc == 0 ? shared_ids(choice, n_choice) : 0;
	nt_decoder_rewind(d, 0, 0);
	if (rc == 0 && n_shared)
		rc = nt_decoder_extend(d, 0, choice[0].id, n_shared, &logits);
	for (size_t i = 0; rc == 0 && i < n_choice; i++)
		rc = score_one(d, &choice[i], n_shared);
	return rc;
}

/* SPDX-License-Identifier: MIT */
/*
 * holdout.c - what of a corpus is held out
 *
 * What is held out must never be trained on, and a run that is begun again must hold
 * out the same: so content decides. A document is held out if the hash of its ids
 * falls below the share wanted, so that copies of it share its fate and it stays held
 * out as the corpus grows. Of groups that are too few for that to come near the share,
 * those with the smallest hashes are held out, copies together.
 */
#include "train/holdout.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/mem.h"
#include "nt/random.h"

/* About 1 %, but enough for a steady figure, and of all sources no more than is quickly
 * evaluated. */
double nt_holdout_share(const struct nt_corpus *c, uint64_t n_target)
{
	double n = (double)n_target, share = 0.01, least = 20000 / n, most = 200000 / n / (double)c->n_source;
	if (n_target == 0)
		return 0;
	if (share < least)
		share = least < 0.1 ? least : 0.1;
	return share < most ? share : most;
}

static int hash_tokens(const struct nt_corpus *c, struct nt_hasher *h, uint64_t token, uint64_t n)
{
	uint32_t id[4096];
	while (n > 0) {
		size_t part = n < 4096 ? (size_t)n : 4096;
		int rc = nt_corpus_read(c, token, part, id);
		if (rc < 0)
			return rc;
		nt_hasher_add(h, id, part * sizeof(*id));
		token += part;
		n -= part;
	}
	return 0;
}

int nt_holdout_document(bool *is_held, struct nt_hasher *h, const struct nt_corpus *c, uint64_t token,
			uint64_t len, double share)
{
	*is_held = false;
	if (!(share > 0))
		return 0;
	nt_hasher_reset(h);
	int rc = hash_tokens(c, h, token, len);
	/* not the hash itself: another tool may have sorted documents by it */
	*is_held = nt_random_unit(nt_hasher_sum64(h), NT_RANDOM_HOLDOUT, 1) < share;
	return rc;
}

/* --- groups ------------------------------------------------------------------------- */

struct key {
	uint64_t hash, n_target;
};

/* Groups are gone through twice: to see which have the smallest hashes, and to put them. */
struct chooser {
	const struct nt_groups *groups;
	struct nt_hasher *h;
	struct key *key;   /* [n] in the order of the groups */
	size_t n, cap;
	uint64_t n_target;
	bool has_any;      /* something is held out, */
	uint64_t limit;    /* whatever has this hash or a smaller one */
	size_t next;       /* the group that comes next */
};

static int note_group(void *arg, const struct nt_span *span, size_t n)
{
	struct chooser *c = arg;
	struct key key = {0};
	nt_hasher_reset(c->h);
	for (size_t i = 0; i < n; i++) {
		int rc = hash_tokens(c->groups->corpus, c->h, span[i].token, span[i].n + 1);
		if (rc < 0)
			return rc;
		key.n_target += span[i].n - span[i].context;
	}
	key.hash = nt_random_u64(nt_hasher_sum64(c->h), NT_RANDOM_HOLDOUT, 2);
	int rc = nt_grow(&c->key, &c->cap, c->n + 1, sizeof(key));
	if (rc < 0)
		return rc;
	c->key[c->n++] = key;
	c->n_target += key.n_target;
	return 0;
}

static int by_hash(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

/* How many of the sorted keys make up the share: copies together, never all of them. */
static size_t count_held(const struct key *key, size_t n, double wanted)
{
	double held = 0;
	size_t k = 0;
	while (k < n && held < wanted) {
		size_t same = k;
		while (same < n && key[same].hash == key[k].hash)
			held += (double)key[same++].n_target;
		k = same;
	}
	return k < n ? k : 0;
}

static int choose(struct chooser *c, double share)
{
	struct key *sorted = nt_alloc(c->n, sizeof(*sorted));
	if (!sorted)
		return NT_ESYS;
	memcpy(sorted, c->key, c->n * sizeof(*sorted));
	qsort(sorted, c->n, sizeof(*sorted), by_hash);
	size_t n = count_held(sorted, c->n, share * (double)c->n_target);
	c->has_any = n > 0;
	c->limit = n ? sorted[n - 1].hash : 0;
	free(sorted);
	return 0;
}

static int put_group(void *arg, const struct nt_span *span, size_t n)
{
	struct chooser *c = arg;
	bool is_held = c->has_any && c->key[c->next++].hash <= c->limit;
	return c->groups->put(c->groups->arg, span, n, is_held);
}

int nt_holdout_groups(const struct nt_groups *groups, struct nt_hasher *h, double share)
{
	struct chooser c = {.groups = groups, .h = h};
	int rc = groups->walk(groups->arg, note_group, &c);
	if (rc == 0 && c.n)
		rc = choose(&c, share > 0 ? share : nt_holdout_share(groups->corpus, c.n_target));
	if (rc == 0)
		rc = groups->walk(groups->arg, put_group, &c);
	free(c.key);
	return rc;
}

/* SPDX-License-Identifier: MIT */
/*
 * lanes.c - texts that go on side by side; see nt/lanes.h
 *
 * Draw i of text k has the number k 2^32 + i: no other text has it, whichever lane it is in.
 * Rows of logits are chosen from by as many samplers as there are threads; each has room to
 * work in and remembers nothing.
 */
#include "nt/lanes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kern/kern.h"
#include "model/likely.h"
#include "nt/cpu.h"
#include "nt/err.h"
#include "nt/mem.h"

enum state { FREE, WAITS, TAKES, GOES };

struct lane {
	enum state state;
	uint64_t number, n_draw;
	struct nt_ids said; /* taken in so far, and what is to be */
	struct nt_latest latest;
	struct nt_likely *top; /* [n_top] */
};

struct nt_lanes {
	struct nt_lanes_options options;
	struct nt_decoder *decoder;
	struct nt_pool *pool;
	size_t vocab_size;
	struct lane *lane;           /* [n_lane] */
	struct nt_sampler **sampler; /* [n_sampler] */
	size_t n_sampler;
	struct nt_next *next;        /* [n_lane] what lanes take in a step */
	size_t n_next;
	const nt_real *logits;       /* [n_next][V] of it */
	struct nt_lanes_counts counts;
};

static int allocate(struct nt_lanes *l)
{
	const struct nt_lanes_options *o = &l->options;
	int rc = 0;
	l->lane = nt_calloc(o->n_lane, sizeof(*l->lane));
	l->next = nt_alloc(o->n_lane, sizeof(*l->next));
	l->sampler = nt_calloc(l->n_sampler, sizeof(struct nt_sampler *));
	if (!l->lane || !l->next || !l->sampler)
		return NT_ESYS;
	for (size_t i = 0; rc == 0 && i < o->n_lane; i++)
		if (o->n_top && !(l->lane[i].top = nt_alloc(o->n_top, sizeof(*l->lane[i].top))))
			rc = NT_ESYS;
	for (size_t i = 0; rc == 0 && i < l->n_sampler; i++)
		rc = nt_sampler_new(&l->sampler[i], &o->sampling, l->vocab_size);
	return rc;
}

int nt_lanes_new(struct nt_lanes **result, const struct nt_lm *lm, const struct nt_lanes_options *options,
		 struct nt_pool *pool)
{
	size_t n_thread = (size_t)nt_pool_size(pool);
	*result = NULL;
	if (options->n_lane < 1)
		return nt_fail(NT_EARG, "0 lanes: a text needs one");
	struct nt_lanes *l = nt_calloc(1, sizeof(*l));
	if (!l)
		return NT_ESYS;
	l->options = *options;
	l->pool = pool;
	l->vocab_size = nt_lm_config(lm)->vocab_size;
	if (l->options.n_top > l->vocab_size)
		l->options.n_top = (uint32_t)l->vocab_size;
	l->n_sampler = n_thread < options->n_lane ? n_thread : options->n_lane;
	int rc = allocate(l);
	if (rc == 0)
		rc = nt_decoder_new(&l->decoder, lm, options->n_lane, options->n_position, pool);
	if (rc < 0)
		nt_lanes_free(l);
	else
		*result = l;
	return rc;
}

void nt_lanes_free(struct nt_lanes *l)
{
	if (!l)
		return;
	for (size_t i = 0; l->lane && i < l->options.n_lane; i++) {
		free(l->lane[i].top);
		nt_ids_release(&l->lane[i].said);
	}
	for (size_t i = 0; l->sampler && i < l->n_sampler; i++)
		nt_sampler_free(l->sampler[i]);
	nt_decoder_free(l->decoder);
	free(l->lane);
	free(l->next);
	free(l->sampler);
	free(l);
}

size_t nt_lanes_n(const struct nt_lanes *l)
{
	return l->options.n_lane;
}

void nt_lanes_end(struct nt_lanes *l, size_t lane)
{
	l->lane[lane].state = FREE;
}

void nt_lanes_rest(struct nt_lanes *l, size_t lane)
{
	nt_assert(l->lane[lane].state != FREE);
	l->lane[lane].state = WAITS;
}

void nt_lanes_rewind(struct nt_lanes *l, size_t lane, size_t n)
{
	nt_lanes_rest(l, lane);
	nt_decoder_rewind(l->decoder, lane, n);
	l->lane[lane].said.n = n;
}

bool nt_lanes_begin(struct nt_lanes *l, uint64_t number, size_t *lane)
{
	for (size_t i = 0; i < l->options.n_lane; i++) {
		if (l->lane[i].state != FREE)
			continue;
		l->lane[i].state = WAITS;
		l->lane[i].number = number;
		l->lane[i].n_draw = 0;
		nt_lanes_rewind(l, i, 0);
		*lane = i;
		return true;
	}
	return false;
}

const uint32_t *nt_lanes_ids(const struct nt_lanes *l, size_t lane, size_t *n)
{
	*n = l->lane[lane].said.n;
	return l->lane[lane].said.id;
}

size_t nt_lanes_len(const struct nt_lanes *l, size_t lane)
{
	return nt_decoder_len(l->decoder, lane);
}

size_t nt_lanes_room(const struct nt_lanes *l)
{
	return nt_decoder_room(l->decoder);
}

struct nt_latest nt_lanes_latest(const struct nt_lanes *l, size_t lane)
{
	nt_assert(l->lane[lane].state == GOES);
	return l->lane[lane].latest;
}

struct nt_lanes_counts nt_lanes_counts(const struct nt_lanes *l)
{
	return l->counts;
}

/* --- choosing ------------------------------------------------------------------------ */

static void weigh(struct nt_lanes *l, struct lane *lane, const nt_real *logits)
{
	size_t n = l->options.n_top;
	double all = (double)nt_kern()->logsumexp(logits, l->vocab_size);
	lane->latest.logprob = (double)logits[lane->latest.id] - all;
	if (n)
		nt_likeliest(lane->top, n, logits, l->vocab_size);
	for (size_t i = 0; i < n; i++)
		lane->top[i].logprob -= all;
	lane->latest.top = lane->top;
	lane->latest.n_top = n;
}

static void choose(struct nt_lanes *l, size_t sampler, struct lane *lane, const nt_real *logits)
{
	lane->latest.id = nt_sample_behind(l->sampler[sampler], logits, lane->said.id, lane->said.n,
					   lane->number << 32 | lane->n_draw++);
	if (l->options.has_logprobs)
		weigh(l, lane, logits);
	lane->state = GOES;
}

/* One sampler's share of a step's rows. */
static int choose_share(void *arg, size_t sampler)
{
	struct nt_lanes *l = arg;
	size_t first = l->n_next * sampler / l->n_sampler, end = l->n_next * (sampler + 1) / l->n_sampler;
	for (size_t i = first; i < end; i++)
		choose(l, sampler, &l->lane[l->next[i].seq], l->logits + i * l->vocab_size);
	return 0;
}

int nt_lanes_extend(struct nt_lanes *l, size_t lane, const uint32_t *id, size_t n)
{
	nt_assert(l->lane[lane].state == WAITS);
	int rc = nt_decoder_check(l->decoder, lane, id, n);
	if (rc == 0)
		rc = nt_ids_add(&l->lane[lane].said, id, n);
	if (rc == 0)
		l->lane[lane].state = TAKES;
	return rc;
}

/* What lanes take in next, what was chosen last among it. */
static int gather(struct nt_lanes *l)
{
	int rc = 0;
	for (size_t i = 0; i < l->options.n_lane; i++)
		if (l->lane[i].state == GOES && (rc = nt_decoder_check(l->decoder, i, &l->lane[i].latest.id, 1)) < 0)
			return rc;
	l->n_next = 0;
	for (size_t i = 0; rc == 0 && i < l->options.n_lane; i++) {
		struct lane *lane = &l->lane[i];
		size_t len = nt_decoder_len(l->decoder, i);
		if (lane->state == GOES)
			rc = nt_ids_add(&lane->said, &lane->latest.id, 1);
		if (lane->state == GOES || lane->state == TAKES)
			l->next[l->n_next++] = (struct nt_next){.seq = i, .id = lane->said.id + len, .n = lane->said.n - len};
	}
	return rc;
}

int nt_lanes_step(struct nt_lanes *l)
{
	uint64_t start = nt_now_ns();
	size_t n_taken = 0, n_stepped = 0;
	int rc = gather(l);
	for (size_t i = 0; i < l->n_next; i++)
		*(l->lane[l->next[i].seq].state == GOES ? &n_stepped : &n_taken) += l->next[i].n;
	if (rc == 0 && l->n_next > 0)
		rc = nt_decoder_take(l->decoder, l->next, l->n_next, &l->logits);
	if (rc < 0 || l->n_next == 0)
		return rc;
	nt_pool_run(l->pool, l->n_sampler, choose_share, l);
	uint64_t ns = nt_now_ns() - start;
	uint64_t extend_ns = (uint64_t)((double)ns * (double)n_taken / (double)(n_taken + n_stepped));
	l->counts.taken += n_taken;
	l->counts.stepped += n_stepped;
	l->counts.chosen += l->n_next;
	l->counts.extend_ns += extend_ns;
	l->counts.step_ns += ns - extend_ns;
	return 0;
}

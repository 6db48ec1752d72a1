/* SPDX-License-Identifier: MIT */
/*
 * sample.c - choosing the next token
 *
 * The chain, its order and its meaning are llama.cpp's: a penalty of what was repeated (Keskar et
 * al. 2019, arXiv:1909.05858, with its sign put right), top-k, then top-p, then min-p,
 * each on the probabilities of temperature 1, and only what is left is drawn from at the
 * temperature asked for. Candidates are ordered by logit and, where equal, by id, so the
 * same logits and the same draw give the same token everywhere. top-k keeps a heap of k,
 * so the usual chain never sorts the vocabulary.
 *
 * min-p: Nguyen et al. 2024, arXiv:2407.01082; top-p: Holtzman et al. 2020,
 * arXiv:1904.09751.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/least.h"
#include "nt/err.h"
#include "nt/mem.h"
#include "nt/model.h"
#include "nt/random.h"

struct candidate {
	nt_real logit;
	uint32_t id;
};

struct nt_sampler {
	struct nt_sampling options;
	size_t vocab_size;
	struct candidate *list; /* [vocab_size] */
	double *weight;         /* [vocab_size] */
	nt_real *penalized;     /* [vocab_size], or NULL: nothing is */
};

int nt_sampler_new(struct nt_sampler **result, const struct nt_sampling *o, size_t vocab_size)
{
	*result = NULL;
	if (!(o->temperature >= 0))
		return nt_fail(NT_EARG, "temperature %g is negative", o->temperature);
	if (!(o->top_p >= 0 && o->top_p <= 1))
		return nt_fail(NT_EARG, "top-p %g is not from 0 to 1", o->top_p);
	if (!(o->min_p >= 0 && o->min_p <= 1))
		return nt_fail(NT_EARG, "min-p %g is not from 0 to 1", o->min_p);
	if (!(o->repeat_penalty >= 0 && isfinite(o->repeat_penalty)))
		return nt_fail(NT_EARG, "repeat-penalty %g is no positive number", o->repeat_penalty);
	bool has_penalty = o->repeat_penalty > 0 && o->repeat_penalty != 1 && o->repeat_last_n > 0;
	struct nt_sampler *s = nt_calloc(1, sizeof(*s));
	if (!s)
		return NT_ESYS;
	s->options = *o;
	s->vocab_size = vocab_size;
	s->list = nt_alloc(vocab_size, sizeof(*s->list));
	s->weight = nt_alloc(vocab_size, sizeof(*s->weight));
	if (has_penalty)
		s->penalized = nt_alloc(vocab_size, sizeof(*s->penalized));
	if (!s->list || !s->weight || (has_penalty && !s->penalized)) {
		nt_sampler_free(s);
		return NT_ESYS;
	}
	*result = s;
	return 0;
}

void nt_sampler_free(struct nt_sampler *s)
{
	if (!s)
		return;
	free(s->list);
	free(s->weight);
	free(s->penalized);
	free(s);
}

static bool is_better(struct candidate a, struct candidate b)
{
	return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
}

static int best_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	return is_better(*x, *y) ? -1 : is_better(*y, *x);
}

/* A NaN compares with nothing; as minus infinity it is in order, and never drawn. */
static struct candidate candidate(const nt_real *logits, size_t i)
{
	nt_real z = logits[i];
	return (struct candidate){z == z ? z : (nt_real)-INFINITY, (uint32_t)i};
}

static struct candidate likeliest(const nt_real *logits, size_t n)
{
	struct candidate best = candidate(logits, 0);
	for (size_t i = 1; i < n; i++)
		if (is_better(candidate(logits, i), best))
			best = candidate(logits, i);
	return best;
}

/* Lets heap[at] sink: the worst of the n stands at 0. */
static void sink(struct candidate *heap, size_t n, size_t at)
{
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		if (child + 1 < n && is_better(heap[child], heap[child + 1]))
			child++;
		if (is_better(heap[child], heap[at]))
			return;
		struct candidate t = heap[at];
		heap[at] = heap[child];
		heap[child] = t;
	}
}

static void keep_best(struct candidate *heap, size_t k, const nt_real *logits, size_t n)
{
	for (size_t i = 0; i < k; i++)
		heap[i] = candidate(logits, i);
	for (size_t i = k / 2; i-- > 0;)
		sink(heap, k, i);
	for (size_t i = k; i < n; i++) {
		struct candidate c = candidate(logits, i);
		if (is_better(c, heap[0])) {
			heap[0] = c;
			sink(heap, k, 0);
		}
	}
}

/* Weights relative to the likeliest's; returns their sum. */
static double weigh(struct nt_sampler *s, size_t n, double top, double temperature)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++) {
		s->weight[i] = exp(((double)s->list[i].logit - top) / temperature);
		sum += s->weight[i];
	}
	return sum;
}

/* The first of the list, best first, that together have at least p. */
static size_t top_p(struct nt_sampler *s, size_t n, double top)
{
	double need = s->options.top_p * weigh(s, n, top, 1), sum = 0;
	for (size_t i = 0; i < n; i++) {
		sum += s->weight[i];
		if (sum >= need)
			return i + 1;
	}
	return n;
}

static size_t min_p(struct nt_sampler *s, size_t n, double top)
{
	double least = top + log(s->options.min_p);
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if ((double)s->list[i].logit >= least)
			s->list[kept++] = s->list[i];
	return kept;
}

static uint32_t draw(struct nt_sampler *s, size_t n, double top, uint64_t counter)
{
	double sum = weigh(s, n, top, s->options.temperature);
	double at = sum * nt_random_unit(s->options.seed, NT_RANDOM_SAMPLE, counter);
	size_t last = 0;
	for (size_t i = 0; i < n; i++) {
		if (s->weight[i] > 0)
			last = i;
		at -= s->weight[i];
		if (at < 0)
			break;
	}
	return s->list[last].id;
}

uint32_t nt_sample(struct nt_sampler *s, const nt_real *logits, uint64_t counter)
{
	const struct nt_sampling *o = &s->options;
	struct candidate best = likeliest(logits, s->vocab_size);
	double top = (double)best.logit;
	/* an infinite logit leaves nothing to draw between */
	if (o->temperature == 0 || o->top_k == 1 || !isfinite(top))
		return best.id;
	size_t n = o->top_k && o->top_k < s->vocab_size ? o->top_k : s->vocab_size;
	keep_best(s->list, n, logits, s->vocab_size);
	if (n < s->vocab_size || o->top_p < 1)
		qsort(s->list, n, sizeof(*s->list), best_first);
	if (o->top_p < 1)
		n = top_p(s, n, top);
	if (o->min_p > 0)
		n = min_p(s, n, top);
	return draw(s, n, top, counter);
}

uint32_t nt_sample_behind(struct nt_sampler *s, const nt_real *logits, const uint32_t *id, size_t n,
			  uint64_t counter)
{
	nt_real penalty = (nt_real)s->options.repeat_penalty;
	if (!s->penalized || n == 0)
		return nt_sample(s, logits, counter);
	memcpy(s->penalized, logits, s->vocab_size * sizeof(*logits));
	for (size_t i = n - least(n, s->options.repeat_last_n); i < n; i++) {
		nt_real z = logits[id[i]]; /* not its own: a token counts once */
		s->penalized[id[i]] = z > 0 ? z / penalty : z * penalty;
	}
	return nt_sample(s, s->penalized, counter);
}

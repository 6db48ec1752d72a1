/* SPDX-License-Identifier: MIT */
/*
 * sample.c - choosing the next token
 *
 * The chain, its order and its meaning are llama.cpp's: a penalty of what was repeated (Keskar et
 * al. 2019, arXiv:1909.05858, with its sign put right), top-k, then top-p, then min-p,
 * each on the probabilities of temperature 1, and only what is left is drawn from at the
 * temperature asked for. Candidates are ordered by logit and, where equal, by id, so the
 * same logits and the same draw give the same token everywhere.
 *
 * The vocabulary is never sorted; what can be left is found by bounds and collected in one pass.
 * The k-th largest of the blocks' largest logits is one for top-k, since k blocks have such a logit.
 * For top-p, tokens of less than (1 - p) / V each are less than 1 - p together. Where the likeliest
 * candidates reach a sum is found as a quicksort would, in the one side that it lies in.
 *
 * min-p: Nguyen et al. 2024, arXiv:2407.01082; top-p: Holtzman et al. 2020,
 * arXiv:1904.09751.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/least.h"
#include "kern/kern.h"
#include "nt/err.h"
#include "nt/mem.h"
#include "nt/model.h"
#include "nt/random.h"

enum {
	SORTED = 64, /* candidates that are sorted; of more, a side is chosen */
	CHUNK = 256, /* tokens whose weights are summed up together */
};

struct candidate {
	double weight;
	nt_real logit;
	uint32_t id;
} __attribute__((aligned(16)));

struct nt_sampler {
	struct nt_sampling options;
	size_t vocab_size;
	const struct nt_kern *kern;
	struct candidate *list; /* [vocab_size] */
	uint32_t *id;           /* [vocab_size] */
	double *weight;         /* [vocab_size], of temperature 1 or of the draw */
	double *sum;            /* of every CHUNK of them */
	nt_real *top;           /* of every NT_TOPS_BLOCK logits */
	nt_real *penalized;     /* [vocab_size], or NULL: nothing is */
};

static size_t n_top(const struct nt_sampler *s)
{
	return (s->vocab_size + NT_TOPS_BLOCK - 1) / NT_TOPS_BLOCK;
}

static int allocate(struct nt_sampler *s)
{
	size_t V = s->vocab_size;
	double penalty = s->options.repeat_penalty;
	bool has_penalty = penalty > 0 && penalty != 1 && s->options.repeat_last_n > 0;
	s->list = nt_alloc(V, sizeof(*s->list));
	s->id = nt_alloc(V, sizeof(*s->id));
	s->weight = nt_alloc(V, sizeof(*s->weight));
	s->sum = nt_alloc(V / CHUNK + 1, sizeof(*s->sum));
	s->top = nt_alloc(n_top(s), sizeof(*s->top));
	if (has_penalty)
		s->penalized = nt_alloc(V, sizeof(*s->penalized));
	return s->list && s->id && s->weight && s->sum && s->top && (s->penalized || !has_penalty) ? 0 : NT_ESYS;
}

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
	struct nt_sampler *s = nt_calloc(1, sizeof(*s));
	if (!s)
		return NT_ESYS;
	s->options = *o;
	if (!isfinite(1 / o->temperature)) /* so near 0 that kernels cannot divide by it */
		s->options.temperature = 0;
	s->vocab_size = vocab_size;
	s->kern = nt_kern();
	if (allocate(s) < 0) {
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
	free(s->id);
	free(s->weight);
	free(s->sum);
	free(s->top);
	free(s->penalized);
	free(s);
}

/* --- in order, the likeliest first -------------------------------------------------- */

static bool is_better(const struct candidate *a, const struct candidate *b)
{
	return (a->logit > b->logit) | ((a->logit == b->logit) & (a->id < b->id));
}

/* As a whole: field by field, the next one to load it would wait for all of its stores. */
static void swap(struct candidate *a, struct candidate *b)
{
	typedef unsigned char whole __attribute__((vector_size(sizeof(struct candidate)), aligned(16), may_alias));
	whole t = *(whole *)a;
	*(whole *)a = *(whole *)b;
	*(whole *)b = t;
}

static void sort(struct candidate *list, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct candidate c = list[i];
		size_t at = i;
		for (; at > 0 && is_better(&c, &list[at - 1]); at--)
			list[at] = list[at - 1];
		list[at] = c;
	}
}

/*
 * Takes one of n > 2, puts those better than it before it and the others behind it; returns where it
 * is then, and what those before it weigh. Always swaps: half of the branches would be guessed wrong.
 */
static size_t part(struct candidate *list, size_t n, double *weight)
{
	struct candidate *middle = &list[n / 2], *last = &list[n - 1];
	if (is_better(middle, list))
		swap(middle, list);
	if (is_better(last, middle))
		swap(last, middle);
	if (is_better(middle, list))
		swap(middle, list);
	swap(list, middle); /* of three the second best */
	struct candidate pivot = list[0];
	size_t at = 0;
	double sum = 0;
	for (size_t i = 1; i < n; i++) {
		bool is_before = is_better(&list[i], &pivot);
		sum += list[i].weight * is_before;
		swap(&list[i], &list[at + 1]);
		at += is_before;
	}
	swap(&list[0], &list[at]);
	*weight = sum;
	return at;
}

/*
 * Puts the fewest that together weigh at least `need` first, the worst of them last, and returns how
 * many they are: all, if they do not weigh as much.
 */
static size_t reach(struct candidate *list, size_t n, double need)
{
	size_t first = 0, end = n;
	double before = 0;
	while (end - first > SORTED) {
		double weight;
		size_t at = first + part(list + first, end - first, &weight);
		if (before + weight >= need) {
			end = at;
			continue;
		}
		before += weight + list[at].weight;
		if (before >= need)
			return at + 1;
		first = at + 1;
	}
	sort(list + first, end - first);
	for (; first < end; first++)
		if ((before += list[first].weight) >= need)
			return first + 1;
	return end;
}

/* --- what can be left ---------------------------------------------------------------- */

/* Block by block, the first of the largest; s->top is known. */
static struct candidate likeliest(const struct nt_sampler *s, const nt_real *logits)
{
	size_t block = 0;
	for (size_t b = 1; b < n_top(s); b++)
		if (s->top[b] > s->top[block])
			block = b;
	size_t i = block * NT_TOPS_BLOCK;
	while (logits[i] != s->top[block] && i + 1 < least((block + 1) * NT_TOPS_BLOCK, s->vocab_size))
		i++;
	if (s->top[block] == -(nt_real)INFINITY)
		i = 0;
	return (struct candidate){.logit = s->top[block], .id = (uint32_t)i};
}

/* The least logit that is not below z. */
static nt_real not_below(double z)
{
	nt_real r = (nt_real)z;
	return (double)r < z ? (nt_real)nextafterf((float)r, INFINITY) : r;
}

/* Collects the tokens of at least that logit, in order of their ids. */
static size_t collect(struct nt_sampler *s, const nt_real *logits, nt_real bound)
{
	size_t n = s->kern->at_least(s->id, logits, s->vocab_size, bound);
	for (size_t i = 0; i < n; i++)
		s->list[i] = (struct candidate){.logit = logits[s->id[i]], .id = s->id[i]};
	return n;
}

/* Minus infinity where there are fewer blocks than k. */
static nt_real bound_of_top_k(struct nt_sampler *s, size_t k)
{
	if (k > n_top(s))
		return -(nt_real)INFINITY;
	for (size_t b = 0; b < n_top(s); b++)
		s->list[b] = (struct candidate){.logit = s->top[b], .id = (uint32_t)b, .weight = 1};
	return s->list[reach(s->list, n_top(s), (double)k) - 1].logit;
}

static size_t top_k(struct nt_sampler *s, const nt_real *logits, size_t k)
{
	size_t n = collect(s, logits, bound_of_top_k(s, k));
	for (size_t i = 0; i < n; i++)
		s->list[i].weight = 1;
	return reach(s->list, n, (double)k);
}

/* The weights of all tokens, relative to the likeliest's; returns their sum. */
static double weigh_all(struct nt_sampler *s, const nt_real *logits, double top, double temperature)
{
	double sum = 0;
	for (size_t at = 0; at < s->vocab_size; at += CHUNK) {
		size_t n = least(s->vocab_size - at, CHUNK);
		sum += s->sum[at / CHUNK] = s->kern->weights(s->weight + at, logits + at, n, top, temperature);
	}
	return sum;
}

/* ... and of the list. */
static double weigh(struct nt_sampler *s, size_t n, double top, double temperature)
{
	nt_real logit[CHUNK];
	double weight[CHUNK], sum = 0;
	for (size_t at = 0, m; at < n; at += m) {
		m = least(n - at, CHUNK);
		for (size_t i = 0; i < m; i++)
			logit[i] = s->list[at + i].logit;
		sum += s->kern->weights(weight, logit, m, top, temperature);
		for (size_t i = 0; i < m; i++)
			s->list[at + i].weight = weight[i];
	}
	return sum;
}

/* Of the whole vocabulary, and nothing below a bound: the likelier tokens first, and as many more as
 * it takes. */
static size_t top_p(struct nt_sampler *s, const nt_real *logits, double top, nt_real bound)
{
	double total = weigh_all(s, logits, top, 1), need = s->options.top_p * total;
	double rest = (1 - s->options.top_p) / (double)s->vocab_size;
	for (double share = 1.0 / 256;; share /= 16) {
		/* half of what is enough: logits are rounded */
		nt_real enough = (nt_real)(top + log(total * (share > rest ? share : rest / 2)));
		size_t n = collect(s, logits, enough > bound ? enough : bound);
		double sum = 0;
		for (size_t i = 0; i < n; i++)
			sum += s->list[i].weight = s->weight[s->list[i].id];
		if ((n > 0 && sum >= need) || share <= rest || enough <= bound)
			return reach(s->list, n, need);
	}
}

static size_t min_p(struct nt_sampler *s, size_t n, nt_real bound)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (s->list[i].logit >= bound)
			s->list[kept++] = s->list[i];
	return kept;
}

/* --- the draw -------------------------------------------------------------------------- */

/* The last, in order, at which the weights reach more than `at`; one that has a weight. */
static size_t walk(const double *weight, size_t n, double at)
{
	size_t last = 0;
	for (size_t i = 0; i < n; i++) {
		if (weight[i] > 0)
			last = i;
		at -= weight[i];
		if (at < 0)
			break;
	}
	return last;
}

/* From all tokens, in order of their ids. */
static uint32_t draw_any(struct nt_sampler *s, const nt_real *logits, double top, double unit)
{
	double at = weigh_all(s, logits, top, s->options.temperature) * unit;
	size_t n = (s->vocab_size + CHUNK - 1) / CHUNK, chunk = walk(s->sum, n, at);
	for (size_t i = 0; i < chunk; i++)
		at -= s->sum[i];
	size_t first = chunk * CHUNK;
	return (uint32_t)(first + walk(s->weight + first, least(s->vocab_size - first, CHUNK), at));
}

/* From the list, the likeliest first. */
static uint32_t draw(struct nt_sampler *s, size_t n, double top, double unit)
{
	double at = weigh(s, n, top, s->options.temperature) * unit;
	size_t last = reach(s->list, n, nextafter(at, INFINITY)) - 1;
	while (last > 0 && s->list[last].weight == 0)
		last--;
	return s->list[last].id;
}

uint32_t nt_sample(struct nt_sampler *s, const nt_real *logits, uint64_t counter)
{
	const struct nt_sampling *o = &s->options;
	s->kern->tops(s->top, logits, s->vocab_size);
	struct candidate best = likeliest(s, logits);
	double top = (double)best.logit, unit = nt_random_unit(o->seed, NT_RANDOM_SAMPLE, counter);
	/* an infinite logit leaves nothing to draw between */
	if (o->temperature == 0 || o->top_k == 1 || !isfinite(top))
		return best.id;
	nt_real bound = o->min_p > 0 ? not_below(top + log(o->min_p)) : -(nt_real)INFINITY;
	size_t n;
	if (o->top_k && o->top_k < s->vocab_size) {
		n = top_k(s, logits, o->top_k);
		if (o->top_p < 1)
			n = reach(s->list, n, o->top_p * weigh(s, n, top, 1));
		n = min_p(s, n, bound);
	} else if (o->top_p < 1) {
		n = top_p(s, logits, top, bound);
	} else if (o->min_p > 0) {
		n = collect(s, logits, bound);
	} else {
		return draw_any(s, logits, top, unit);
	}
	return draw(s, n, top, unit);
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

/* SPDX-License-Identifier: MIT */
/*
 * likely.c - the likeliest tokens, in order; see likely.h
 *
 * A heap of the best so far has the worst of them on top: of a large vocabulary nearly all tokens
 * are compared with that one and are done. The heap is then taken apart from the worst on, as
 * heapsort does. V log n steps at most, so that a caller may ask for all tokens.
 */
#include "model/likely.h"

#include <math.h>

static bool is_better(const struct nt_likely *a, const struct nt_likely *b)
{
	bool is_number = !isnan(a->logprob), other = !isnan(b->logprob);
	if (is_number != other)
		return is_number;
	if (a->logprob > b->logprob || a->logprob < b->logprob)
		return a->logprob > b->logprob;
	return a->id < b->id;
}

/* Token x is to be in a heap whose place `at` is free, there or below. */
static void sink(struct nt_likely *heap, size_t n, size_t at, struct nt_likely x)
{
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		child += child + 1 < n && is_better(&heap[child], &heap[child + 1]);
		if (is_better(&heap[child], &x))
			break;
		heap[at] = heap[child];
	}
	heap[at] = x;
}

void nt_likeliest(struct nt_likely *top, size_t n, const nt_real *logits, size_t V)
{
	for (size_t i = 0; i < n; i++)
		top[i] = (struct nt_likely){(uint32_t)i, (double)logits[i]};
	for (size_t i = n / 2; i-- > 0;)
		sink(top, n, i, top[i]);
	for (size_t i = n; i < V; i++) {
		struct nt_likely x = {(uint32_t)i, (double)logits[i]};
		if (is_better(&x, top))
			sink(top, n, 0, x);
	}
	for (size_t end = n; end-- > 1;) {
		struct nt_likely last = top[end];
		top[end] = top[0];
		sink(top, end, 0, last);
	}
}

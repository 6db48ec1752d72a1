/* SPDX-License-Identifier: MIT */
/*
 * fit.c - best fit of pieces into rows, with a bounded number of them waiting
 *
 * Cutting a concatenation into rows would cut a third of the documents of a corpus of
 * web pages at 2048, and a cut document teaches a model to begin in mid-sentence. Best
 * fit cuts only what is longer than a row.
 *
 * Those that wait are queued by length, and a bit for each length says whether any does:
 * the longest that fits is the highest bit at or below the room. A bit for each 64 bits
 * says whether they are all 0, and so on up, so that finding it takes a few looks.
 * A row begins with the longest of all. Behind it, always taking the longest that fits
 * leaves half a per cent of a row empty with a thousand waiting, and two where lengths
 * are much alike: the last pieces decide, so they are looked for together. If one, two
 * or three pieces fill the row exactly, they are taken; with a thousand lengths to
 * choose from some almost always do, and a twentieth of the padding is left. The search
 * is cut off after a few hundred tries, which cost less than copying the row.
 *
 * Enough wait when they are two rows at least: of rows of a million, a thousand documents
 * would not fill one. Nothing depends on anything but the lengths and their order.
 *
 * Best-fit packing: Ding et al. 2024, "Fewer Truncations Improve Language Modeling",
 * arXiv:2404.10830, there over the whole corpus and by single pieces.
 */
#include "data/fit.h"

#include <stdlib.h>

#include "nt/err.h"
#include "nt/mem.h"

enum {
	LAST = 3,   /* pieces that are looked for together */
	LEVELS = 6, /* of bits: 64^6 is more than any length */
};

#define NONE UINT32_MAX

struct waiting {
	uint32_t next; /* slot of the same queue, or of the free ones */
	uint32_t len;
};

struct queue {
	uint32_t first, last; /* slots plus one, 0: none; zeroed memory is empty queues */
};

struct nt_fit {
	uint32_t row_len;
	size_t buffer, n_waiting;
	uint64_t sum;          /* of the lengths that wait */
	struct waiting *slot;  /* [n_slot] */
	size_t n_slot, cap;
	uint32_t free;         /* a list of them, or NONE */
	struct queue *queue;   /* [row_len + 1] by length */
	uint64_t *is_waiting[LEVELS]; /* [0]: a bit for each length; then for each word below */
	int n_level;
};

int nt_fit_new(struct nt_fit **result, uint32_t row_len, size_t buffer)
{
	struct nt_fit *f = *result = nt_calloc(1, sizeof(*f));
	if (!f)
		return NT_ESYS;
	nt_assert(row_len >= 1 && buffer >= 1);
	f->row_len = row_len;
	f->buffer = buffer;
	f->free = NONE;
	f->queue = nt_calloc((size_t)row_len + 1, sizeof(*f->queue));
	bool has_all = f->queue;
	size_t n = (size_t)row_len + 1; /* bits, and then words for them */
	do {
		n = (n + 63) / 64;
		f->is_waiting[f->n_level] = nt_calloc(n, sizeof(**f->is_waiting));
		has_all &= f->is_waiting[f->n_level++] != NULL;
	} while (n > 1);
	if (!has_all) {
		nt_fit_free(f);
		*result = NULL;
		return NT_ESYS;
	}
	return 0;
}

void nt_fit_free(struct nt_fit *f)
{
	if (!f)
		return;
	free(f->slot);
	free(f->queue);
	for (int i = 0; i < f->n_level; i++)
		free(f->is_waiting[i]);
	free(f);
}

size_t nt_fit_n_waiting(const struct nt_fit *f)
{
	return f->n_waiting;
}

bool nt_fit_is_full(const struct nt_fit *f)
{
	return f->n_waiting >= f->buffer && f->sum >= 2 * (uint64_t)f->row_len;
}

static void flip(struct nt_fit *f, uint32_t len)
{
	for (int i = 0; i < f->n_level; i++, len /= 64) {
		uint64_t *word = &f->is_waiting[i][len / 64], before = *word;
		*word ^= UINT64_C(1) << len % 64;
		if (before && *word) /* it was not, and is not, all 0 */
			return;
	}
}

/* A free slot, or a new one. */
static int find_slot(struct nt_fit *f, uint32_t *at)
{
	*at = f->free;
	if (*at != NONE) {
		f->free = f->slot[*at].next;
		return 0;
	}
	*at = (uint32_t)f->n_slot;
	nt_assert(f->n_slot < NONE - 1);
	int rc = nt_grow(&f->slot, &f->cap, f->n_slot + 1, sizeof(*f->slot));
	f->n_slot += rc == 0;
	return rc;
}

int nt_fit_add(struct nt_fit *f, uint32_t len, size_t *slot)
{
	uint32_t at;
	struct queue *q = &f->queue[len];
	nt_assert(len >= 1 && len <= f->row_len);
	int rc = find_slot(f, &at);
	if (rc < 0)
		return rc;
	f->slot[at] = (struct waiting){.next = NONE, .len = len};
	if (q->first)
		f->slot[q->last - 1].next = at;
	else
		flip(f, len);
	if (!q->first)
		q->first = at + 1;
	q->last = at + 1;
	f->n_waiting++;
	f->sum += len;
	*slot = at;
	return 0;
}

static size_t take(struct nt_fit *f, uint32_t len)
{
	struct queue *q = &f->queue[len];
	uint32_t at = q->first - 1, next = f->slot[at].next;
	q->first = next == NONE ? 0 : next + 1;
	if (!q->first)
		flip(f, len);
	f->slot[at].next = f->free;
	f->free = at;
	f->n_waiting--;
	f->sum -= len;
	return at;
}

static uint32_t highest(uint64_t bits)
{
	return 63 - (uint32_t)__builtin_clzll(bits);
}

/* The greatest length at most `room` of a piece that waits, or 0. */
static uint32_t longest_within(const struct nt_fit *f, uint32_t room)
{
	uint32_t at = room;
	for (int i = 0; i < f->n_level; i++) {
		uint64_t bits = f->is_waiting[i][at / 64] & (UINT64_MAX >> (63 - at % 64));
		if (!bits && at < 64)
			return 0;
		if (!bits) { /* whatever is there lies in a word before this one */
			at = at / 64 - 1;
			continue;
		}
		for (at = at / 64 * 64 + highest(bits); i > 0; i--)
			at = at * 64 + highest(f->is_waiting[i - 1][at]);
		return at;
	}
	return 0;
}

/* The most that n pieces together fill of the room, as far as was looked; *first is the
 * longest of them. */
static uint32_t fill_with(struct nt_fit *f, uint32_t room, int n, uint32_t *first)
{
	static const int looks[LAST + 1] = {0, 1, 32, 8};
	uint32_t best = 0, rest, len = longest_within(f, room);
	for (int i = 0; i < looks[n] && best < room && (uint64_t)len * (uint64_t)n > best; i++) {
		bool is_only = f->queue[len].first == f->queue[len].last;
		uint32_t sum = len;
		if (n > 1 && room > len) {
			if (is_only) /* it cannot come twice */
				flip(f, len);
			sum += fill_with(f, room - len, n - 1, &rest);
			if (is_only)
				flip(f, len);
		}
		if (sum > best) {
			best = sum;
			*first = len;
		}
		len = longest_within(f, len - 1);
	}
	return best;
}

uint32_t nt_fit_next(struct nt_fit *f, uint32_t room, size_t *slot)
{
	uint32_t longest = longest_within(f, room), len = longest, best = len, first = len;
	for (int n = 2; n <= LAST && best < room && room < f->row_len; n++) {
		if ((uint64_t)n * longest < room) /* so many cannot fill it */
			continue;
		uint32_t sum = fill_with(f, room, n, &first);
		if (sum > best) {
			best = sum;
			len = first;
		}
	}
	if (len)
		*slot = take(f, len);
	return len;
}

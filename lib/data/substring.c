/* SPDX-License-Identifier: MIT */
/*
 * substring.c - repeated runs, by winnowing and a look
 *
 * Of the hashes of all runs of K = least / 2 tokens, the smallest in every window of
 * W = least - K + 1 of them is remembered with its place. Two equal runs of least tokens have a
 * window in common, and so the same place in it: two in W + 1 are remembered, and none is
 * missed. Where a hash was seen before, the tokens there are fetched and compared, to the left
 * and to the right as far as they agree.
 *
 * Tokens are stored as they came, what is taken out included: where a run came from may have
 * been taken out itself, but then it stands further to the front. The place compared with must
 * end where the run begins, or before: a text of one token over and over keeps its beginning.
 */
#include "nt/substring.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "io/spill.h"
#include "nt/err.h"
#include "nt/ident.h"
#include "nt/mem.h"

#define P UINT64_C(0x9e3779b97f4a7c15)

enum {
	MOST_PLACES = 8,        /* that are remembered of one hash */
	LOOK = 1024,            /* tokens that are fetched at once */
	SPILL_BUFFER = 1 << 20, /* bytes */
	FIRST_CAP = 1 << 12,
};

/* The lower 32 bits of hashes, of which the upper ones were small, and the places where they were
 * seen: open addressing. */
struct places {
	uint32_t *hash;
	uint64_t *place; /* [cap] in tokens, from 1; 0: free */
	size_t n, cap;
};

/* Tokens [begin, end) of the document. */
struct run {
	size_t begin, end;
};

struct nt_substring {
	size_t K, W;
	const struct nt_dedup_token *token;
	struct nt_dedup_counts count;
	struct nt_spill store; /* every document, NT_NO_TOKEN behind it */
	struct places places;
	uint64_t *hash; /* [n - K + 1] of the document */
	size_t cap_hash;
	struct run *run; /* that are taken out, in order */
	size_t n_run, cap_run;
	struct nt_ids id, unit;
};

int nt_substring_new(struct nt_substring **result, size_t least, const struct nt_dedup_token *token)
{
	struct nt_substring *s = nt_calloc(1, sizeof(*s));
	*result = s;
	if (!s)
		return NT_ESYS;
	nt_assert(least >= NT_SUBSTRING_LEAST);
	s->K = least / 2;
	s->W = least - s->K + 1;
	s->token = token;
	s->store.fd = -1;
	return nt_spill_open(&s->store, NULL, SPILL_BUFFER);
}

void nt_substring_free(struct nt_substring *s)
{
	if (!s)
		return;
	nt_spill_close(&s->store);
	free(s->places.hash);
	free(s->places.place);
	free(s->hash);
	free(s->run);
	nt_ids_release(&s->id);
	nt_ids_release(&s->unit);
	free(s);
}

/* Tokens that a run must have. */
static size_t least_of(const struct nt_substring *s)
{
	return s->K + s->W - 1;
}

/* --- places ---------------------------------------------------------------------- */

static size_t slot_of(const struct places *p, uint32_t hash)
{
	return (size_t)((uint64_t)hash * p->cap >> 32);
}

/* The places of a hash into place[]; returns how many. */
static size_t places_of(const struct places *p, uint32_t hash, uint64_t place[MOST_PLACES])
{
	size_t n = 0;
	if (p->cap == 0)
		return 0;
	for (size_t i = slot_of(p, hash); p->place[i] && n < MOST_PLACES; i = i + 1 < p->cap ? i + 1 : 0)
		if (p->hash[i] == hash)
			place[n++] = p->place[i] - 1;
	return n;
}

static void put(struct places *p, uint32_t hash, uint64_t place)
{
	size_t i = slot_of(p, hash), same = 0;
	for (; p->place[i] && same < MOST_PLACES; i = i + 1 < p->cap ? i + 1 : 0)
		same += p->hash[i] == hash;
	if (same == MOST_PLACES)
		return;
	p->hash[i] = hash;
	p->place[i] = place;
	p->n++;
}

static int remember(struct places *p, uint32_t hash, uint64_t place)
{
	if (4 * (p->n + 1) > 3 * p->cap) {
		struct places more = {.cap = p->cap ? 2 * p->cap : FIRST_CAP};
		more.hash = nt_alloc(more.cap, sizeof(*more.hash));
		more.place = nt_calloc(more.cap, sizeof(*more.place));
		if (!more.hash || !more.place) {
			free(more.hash);
			free(more.place);
			return NT_ESYS;
		}
		for (size_t i = 0; i < p->cap; i++)
			if (p->place[i])
				put(&more, p->hash[i], p->place[i]);
		free(p->hash);
		free(p->place);
		*p = more;
	}
	put(p, hash, place + 1);
	return 0;
}

/* --- runs ------------------------------------------------------------------------ */

/* How many of id[n] agree with the store from place on, at most n. */
static ptrdiff_t agree_right(struct nt_substring *s, const uint32_t *id, size_t n, uint64_t place)
{
	uint32_t there[LOOK];
	for (size_t done = 0; done < n;) {
		size_t k = n - done < LOOK ? n - done : LOOK, i = 0;
		if (nt_spill_read_at(&s->store, (place + done) * sizeof(*there), there, k * sizeof(*there)) < 0)
			return NT_ESYS;
		while (i < k && there[i] == id[done + i])
			i++;
		done += i;
		if (i < k)
			return (ptrdiff_t)done;
	}
	return (ptrdiff_t)n;
}

/* How many tokens in front of id[0] agree with those in front of place, at most n. */
static ptrdiff_t agree_left(struct nt_substring *s, const uint32_t *id, size_t n, uint64_t place)
{
	uint32_t there[LOOK];
	if (n > place)
		n = (size_t)place;
	for (size_t done = 0; done < n;) {
		size_t k = n - done < LOOK ? n - done : LOOK, i = 0;
		if (nt_spill_read_at(&s->store, (place - done - k) * sizeof(*there), there, k * sizeof(*there)) < 0)
			return NT_ESYS;
		while (i < k && there[k - 1 - i] == *(id - done - 1 - i))
			i++;
		done += i;
		if (i < k)
			return (ptrdiff_t)done;
	}
	return (ptrdiff_t)n;
}

/* The run around token `at` of the document that also stands around place, as it may be taken out:
 * from `from` on, and no further than it is from place. */
static int compare(struct nt_substring *s, const struct nt_tokens *doc, size_t at, size_t from,
		   uint64_t place, uint64_t doc_place, struct run *run)
{
	uint64_t apart = doc_place + at - place;
	*run = (struct run){at, at};
	if (apart < least_of(s)) /* so is the run: one token over and over has many such places */
		return 0;
	size_t most = doc->n - at < apart ? doc->n - at : (size_t)apart;
	ptrdiff_t right = agree_right(s, doc->id + at, most, place);
	ptrdiff_t left = right < (ptrdiff_t)s->K ? 0 : agree_left(s, doc->id + at, at - from, place);
	if (right < 0 || left < 0)
		return NT_ESYS;
	*run = (struct run){at - (size_t)left, at + (size_t)right};
	if (run->end - run->begin > apart)
		run->end = run->begin + (size_t)apart;
	return 0;
}

/* Looks whether a run of least tokens or more stands around token `at` that begins at `from` or
 * behind, and notes it. */
static int look(struct nt_substring *s, const struct nt_tokens *doc, size_t at, size_t from,
		uint64_t doc_place)
{
	uint64_t place[MOST_PLACES];
	struct run best = {0, 0}, run;
	size_t n = places_of(&s->places, (uint32_t)s->hash[at], place);
	for (size_t i = 0; i < n; i++) {
		if (compare(s, doc, at, from, place[i], doc_place, &run) < 0)
			return NT_ESYS;
		if (run.end - run.begin > best.end - best.begin)
			best = run;
	}
	if (best.end - best.begin < least_of(s))
		return 0;
	if (nt_grow(&s->run, &s->cap_run, s->n_run + 1, sizeof(*s->run)) < 0)
		return NT_ESYS;
	s->run[s->n_run++] = best;
	return 0;
}

/* --- documents ------------------------------------------------------------------- */

static int hash_runs(struct nt_substring *s, const struct nt_tokens *doc)
{
	uint64_t sum = 0, top = 1;
	size_t K = s->K;
	if (nt_grow(&s->hash, &s->cap_hash, doc->n - K + 1, sizeof(*s->hash)) < 0)
		return NT_ESYS;
	for (size_t i = 0; i < K; i++)
		top *= P;
	for (size_t i = 0; i < doc->n; i++) {
		sum = sum * P + doc->id[i] + 1;
		if (i >= K)
			sum -= top * ((uint64_t)doc->id[i - K] + 1);
		uint64_t h = (sum ^ sum >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
		if (i + 1 >= K)
			s->hash[i + 1 - K] = (h ^ h >> 32) * UINT64_C(0x94d049bb133111eb);
	}
	return 0;
}

/* The last of the smallest hashes in [begin, end). */
static size_t least_hash(const struct nt_substring *s, size_t begin, size_t end)
{
	size_t least = begin;
	for (size_t i = begin + 1; i < end; i++)
		if (s->hash[i] <= s->hash[least])
			least = i;
	return least;
}

static int find_runs(struct nt_substring *s, const struct nt_tokens *doc, uint64_t doc_place)
{
	size_t n = doc->n - s->K + 1, chosen = SIZE_MAX;
	int rc = hash_runs(s, doc);
	for (size_t end = s->W; rc == 0 && end <= n; end++) {
		size_t last = end - 1, before = chosen;
		if (chosen == SIZE_MAX || chosen + s->W < end)
			chosen = least_hash(s, end - s->W, end);
		else if (s->hash[last] <= s->hash[chosen])
			chosen = last;
		if (chosen == before)
			continue;
		size_t from = s->n_run ? s->run[s->n_run - 1].end : 0;
		if (chosen >= from)
			rc = look(s, doc, chosen, from, doc_place);
		if (rc == 0)
			rc = remember(&s->places, (uint32_t)s->hash[chosen], doc_place + chosen);
	}
	return rc;
}

/* Does a character begin with this token? */
static bool begins_character(const struct nt_substring *s, uint32_t id)
{
	return !s->token || s->token[id].bytes == 0 || (s->token[id].text[0] & 0xc0) != 0x80;
}

static int keep(struct nt_substring *s, const struct nt_tokens *doc)
{
	size_t at = 0, r = 0;
	for (size_t u = 0; u < doc->n_unit; u++) {
		size_t before = s->id.n, end = at + doc->unit[u];
		for (; at < end; at++) {
			while (r < s->n_run && at >= s->run[r].end)
				r++;
			bool goes = r < s->n_run && at >= s->run[r].begin;
			if (!goes && nt_ids_add(&s->id, doc->id + at, 1) < 0)
				return NT_ESYS;
			s->count.repeated += goes;
			s->count.dropped_bytes += goes && s->token ? s->token[doc->id[at]].bytes : 0;
		}
		uint32_t left = (uint32_t)(s->id.n - before);
		if (left && nt_ids_add(&s->unit, &left, 1) < 0)
			return NT_ESYS;
	}
	return s->id.n > 0;
}

static int take_out(struct nt_substring *s, const struct nt_tokens *doc)
{
	static const uint32_t end = NT_NO_TOKEN;
	uint64_t place = s->store.bytes / sizeof(*doc->id);
	s->n_run = 0;
	int rc = nt_spill_add(&s->store, doc->id, doc->n * sizeof(*doc->id));
	if (rc == 0)
		rc = nt_spill_add(&s->store, &end, sizeof(end));
	if (rc == 0 && doc->n >= least_of(s))
		rc = find_runs(s, doc, place);
	for (size_t i = 0; i < s->n_run; i++) {
		struct run *run = &s->run[i];
		while (run->begin < run->end && !begins_character(s, doc->id[run->begin]))
			run->begin++;
		while (run->begin < run->end && run->end < doc->n && !begins_character(s, doc->id[run->end]))
			run->end--;
	}
	return rc;
}

int nt_substring_next(struct nt_substring *s, struct nt_tokens *kept, const struct nt_tokens *doc)
{
	int rc = 1;
	nt_stream_count(&s->count.in, doc);
	s->count.compared += doc->n;
	*kept = *doc;
	s->id.n = s->unit.n = 0;
	if (doc->n && (rc = take_out(s, doc)) == 0) {
		rc = 1;
		if (s->n_run) {
			rc = keep(s, doc);
			*kept = (struct nt_tokens){
				.id = s->id.id, .n = s->id.n, .unit = s->unit.id, .n_unit = s->unit.n};
		}
	}
	if (rc == 1)
		nt_stream_count(&s->count.kept, kept);
	return rc;
}

const struct nt_dedup_counts *nt_substring_counts(const struct nt_substring *s)
{
	return &s->count;
}

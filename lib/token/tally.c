/* SPDX-License-Identifier: MIT */
/*
 * tally.c - the pieces of texts counted, by any number of threads
 *
 * Each thread counts into a table of its own; sums are made at the end, when the hash's
 * range is cut in equal parts and each is added up by whoever is free. A document that is
 * large is cut at seams, where no piece can cross (text/seam.c), and so counted by several.
 * Tables that have grown too large for the memory allowed are sorted into a temporary file
 * (tally_sort.c).
 */
#include "token/tally.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "token/counts.h"
#include "token/greedy.h"

enum { TASK_BYTES = 128 << 10, ENDS = 256, RANGE_BITS = 6, RANGES = 1 << RANGE_BITS,
       SPILL_CHECK = 4096 };

int nt_tally_init(struct nt_tally *t, const struct nt_pattern *pattern, int n_thread,
		  uint64_t memory)
{
	*t = (struct nt_tally){.pattern = pattern, .memory = memory, .spill.fd = -1};
	int rc = nt_lender_init(&t->lender, n_thread);
	if (rc == 0 && !(t->desk = nt_calloc((size_t)n_thread, sizeof(*t->desk))))
		rc = NT_ESYS;
	for (int i = 0; rc == 0 && i < n_thread; i++, t->n_desk++)
		rc = nt_cutter_init(&t->desk[i].cutter, pattern);
	return rc;
}

static void release_counters(struct nt_tally *t)
{
	for (int i = 0; i < t->n_desk; i++)
		nt_counter_release(&t->desk[i].counter);
}

void nt_tally_release(struct nt_tally *t)
{
	release_counters(t);
	for (int i = 0; i < t->n_desk; i++)
		nt_cutter_release(&t->desk[i].cutter);
	nt_lender_release(&t->lender);
	nt_batch_release(&t->batch);
	free(t->desk);
	free(t->span);
	free(t->task);
	if (t->spill.fd > 0) /* 0 in {0} */
		nt_spill_close(&t->spill);
	free(t->run);
	*t = (struct nt_tally){0};
}

/* --- counting -------------------------------------------------------------------------- */

static int count_at(struct nt_tally_desk *d, const uint8_t *text, size_t len)
{
	uint32_t end[ENDS];
	size_t from, n;
	int rc = nt_cutter_begin(&d->cutter, text, len);
	while (rc == 0 && (rc = nt_cutter_batch(&d->cutter, &from, end, ENDS, &n)) > 0)
		rc = nt_counter_add_run(&d->counter, text + from, len - from, end, n);
	return rc;
}

int nt_tally_text(struct nt_tally *t, const void *text, size_t len)
{
	int desk = nt_lender_take(&t->lender);
	int rc = count_at(&t->desk[desk], text, len);
	nt_lender_give(&t->lender, desk);
	return rc;
}

static int count_task(void *arg, size_t i)
{
	struct nt_tally *t = arg;
	int desk = nt_lender_take(&t->lender), rc = 0;
	for (size_t k = t->task[i]; rc == 0 && k < t->task[i + 1]; k++)
		rc = count_at(&t->desk[desk], t->span[k].text, t->span[k].len);
	nt_lender_give(&t->lender, desk);
	return rc;
}

static int add_span(struct nt_tally *t, const uint8_t *text, size_t len)
{
	int rc = nt_grow(&t->span, &t->span_cap, t->n_span + 1, sizeof(*t->span));
	if (rc == 0)
		t->span[t->n_span++] = (struct nt_tally_span){text, len};
	return rc;
}

/* Long documents in spans, and short ones together in a task. */
static int lay_out(struct nt_tally *t)
{
	int rc = 0;
	t->n_span = t->n_task = 0;
	for (size_t i = 0; rc == 0 && i < t->batch.n_doc; i++) {
		const uint8_t *text = t->batch.doc[i].text;
		size_t len = t->batch.doc[i].len, n;
		for (; rc == 0 && len > 2 * TASK_BYTES &&
		       (n = nt_pattern_seam(t->pattern, text, TASK_BYTES)) > 0; text += n, len -= n)
			rc = add_span(t, text, n);
		if (rc == 0)
			rc = add_span(t, text, len);
	}
	for (size_t i = 0, bytes = TASK_BYTES; rc == 0 && i < t->n_span; i++) {
		rc = nt_grow(&t->task, &t->task_cap, t->n_task + 2, sizeof(*t->task));
		if (rc == 0 && bytes >= TASK_BYTES) {
			t->task[t->n_task++] = i;
			bytes = 0;
		}
		bytes += t->span[i].len;
	}
	if (rc == 0 && t->n_task)
		t->task[t->n_task] = t->n_span;
	return rc;
}

/* Between two batches, when nobody counts. */
static int spill_if_full(struct nt_tally *t, struct nt_pool *pool)
{
	uint64_t bytes = 0;
	for (int i = 0; i < t->n_desk; i++)
		bytes += nt_counter_memory(&t->desk[i].counter);
	return t->memory && bytes > t->memory ? nt_tally_spill(t, pool) : 0;
}

int nt_tally_add(struct nt_tally *t, struct nt_pool *pool, const uint8_t *p, size_t len,
		 uint64_t count)
{
	struct nt_counter *c = &t->desk[0].counter;
	int rc = c->n_piece % SPILL_CHECK == 0 ? spill_if_full(t, pool) : 0;
	return rc < 0 ? rc : nt_counter_add(c, p, len, count);
}

int nt_tally_docs(struct nt_tally *t, struct nt_docs *docs, struct nt_pool *pool,
		  void (*progress)(void *arg, uint64_t n_doc, uint64_t bytes), void *arg)
{
	int rc;
	while ((rc = nt_batch_read(&t->batch, docs)) > 0) {
		rc = lay_out(t);
		if (rc == 0)
			rc = nt_pool_run(pool, t->n_task, count_task, t);
		if (rc == 0)
			rc = spill_if_full(t, pool);
		if (rc < 0)
			break;
		for (size_t i = 0; i < t->batch.n_doc; i++) {
			t->n_doc += !t->batch.doc[i].goes_on;
			t->bytes += t->batch.doc[i].len;
		}
		if (progress)
			progress(arg, t->n_doc, t->bytes);
	}
	nt_batch_release(&t->batch);
	return rc;
}

uint64_t nt_tally_total(const struct nt_tally *t)
{
	uint64_t n = t->n_gone;
	for (int i = 0; i < t->n_desk; i++)
		n += t->desk[i].counter.n_total;
	return n;
}

/* --- adding up --------------------------------------------------------------------------- */

static int add_word(void *arg, const uint8_t *p, size_t len, uint64_t count)
{
	struct nt_words *w = arg;
	if (len > UINT32_MAX)
		return nt_fail(NT_EFORMAT, "a piece of %zu bytes without a place to cut it", len);
	int rc = nt_grow(&w->word, &w->cap, w->len + NT_WORD_HEAD + len, sizeof(*w->word));
	if (rc < 0)
		return rc;
	uint32_t *word = w->word + w->len;
	word[0] = (uint32_t)len;
	word[1] = (uint32_t)count;
	word[2] = (uint32_t)(count >> 32);
	for (size_t i = 0; i < len; i++)
		word[NT_WORD_HEAD + i] = p[i];
	w->len += NT_WORD_HEAD + len;
	return 0;
}

struct sum {
	const struct nt_tally *tally;
	uint64_t least;
	struct nt_words part[RANGES];
};

static int sum_range(void *arg, size_t range)
{
	struct sum *s = arg;
	struct nt_counter sum = {.skip = RANGE_BITS};
	size_t len;
	uint8_t buf[16];
	int rc = 0;
	for (int i = 0; rc == 0 && i < s->tally->n_desk; i++)
		rc = nt_counter_merge(&sum, &s->tally->desk[i].counter, range, RANGE_BITS);
	for (size_t k = 0; rc == 0 && k < nt_counter_size(&sum); k++) {
		const struct nt_count *c = &sum.slot[k];
		if (!c->n || c->n < s->least)
			continue;
		const uint8_t *p = nt_counter_piece(&sum, c, buf, &len);
		rc = add_word(&s->part[range], p, len, c->n);
	}
	nt_counter_release(&sum);
	return rc;
}

int nt_tally_words(struct nt_tally *t, struct nt_pool *pool, uint64_t least,
		   struct nt_words *words)
{
	struct sum s = {.tally = t, .least = least};
	size_t need = words->len;
	int rc = t->n_run ? nt_tally_sorted(t, pool, least, add_word, words)
			  : nt_pool_run(pool, RANGES, sum_range, &s);
	release_counters(t);
	for (size_t i = 0; i < RANGES; i++)
		need += s.part[i].len;
	if (rc == 0)
		rc = nt_grow(&words->word, &words->cap, need, sizeof(*words->word));
	for (size_t i = 0; i < RANGES; i++) {
		if (rc == 0 && s.part[i].len) {
			memcpy(words->word + words->len, s.part[i].word, s.part[i].len * sizeof(uint32_t));
			words->len += s.part[i].len;
		}
		free(s.part[i].word);
	}
	return rc;
}

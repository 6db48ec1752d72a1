/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_TALLY_H
#define TOKEN_TALLY_H
/*
 * tally.h - the pieces of texts counted, by any number of threads
 */
#include "io/spill.h"
#include "nt/pool.h"
#include "text/split.h"
#include "io/batch.h"
#include "token/count.h"
#include "base/lend.h"

/* A cutter and what it has counted, lent to whoever counts next. */
struct nt_tally_desk {
	struct nt_cutter cutter;
	struct nt_counter counter;
};

/* A text, or a part of one, that can be counted by itself. */
struct nt_tally_span {
	const uint8_t *text;
	size_t len;
};

struct nt_tally {
	const struct nt_pattern *pattern;
	struct nt_tally_desk *desk; /* [n_desk] */
	int n_desk;
	struct nt_lender lender;
	uint64_t n_doc, bytes;
	uint64_t memory; /* bytes of tables beyond which they go to the spill; 0: no limit */
	uint64_t n_gone; /* occurrences of pieces that went */
	struct nt_spill spill;
	uint64_t *run; /* [n_run + 1] the spill's bytes [run[i], run[i+1]) are a run (run.h) */
	size_t n_run, run_cap;

	struct nt_batch batch;
	struct nt_tally_span *span; /* [n_span] of the batch */
	size_t n_span, span_cap;
	size_t *task; /* [n_task + 1] spans [task[i], task[i+1]) are one task */
	size_t n_task, task_cap;
};

/* Words as token/greedy.h wants them, but that their symbols are bytes still. */
struct nt_words {
	uint32_t *word; /* [len] */
	size_t len, cap;
};

int nt_tally_init(struct nt_tally *t, const struct nt_pattern *pattern, int n_thread,
		  uint64_t memory);
void nt_tally_release(struct nt_tally *t); /* harmless twice, and on {0} */

/* Counts the pieces of a text. Up to n_thread threads may be in here at once. */
int nt_tally_text(struct nt_tally *t, const void *text, size_t len);

/* The same for all of a source, as nt_learner_count_docs. */
int nt_tally_docs(struct nt_tally *t, struct nt_docs *docs, struct nt_pool *pool,
		  void (*progress)(void *arg, uint64_t n_doc, uint64_t bytes), void *arg);

/* `count` more occurrences of one piece. Not while others count. */
int nt_tally_add(struct nt_tally *t, struct nt_pool *pool, const uint8_t *p, size_t len,
		 uint64_t count);

/* Pieces counted so far. */
uint64_t nt_tally_total(const struct nt_tally *t);

/* Appends the distinct pieces that occur at least `least` times, in no order, and ends the
 * tally. */
int nt_tally_words(struct nt_tally *t, struct nt_pool *pool, uint64_t least,
		   struct nt_words *words);

/* tally_sort.c: hands them to take in the order of their bytes. */
int nt_tally_sorted(struct nt_tally *t, struct nt_pool *pool, uint64_t least,
		    int (*take)(void *arg, const uint8_t *p, size_t len, uint64_t count), void *arg);

/* Writes what has been counted to a temporary file, and empties the tables. */
int nt_tally_spill(struct nt_tally *t, struct nt_pool *pool);

#endif

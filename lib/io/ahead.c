/* SPDX-License-Identifier: MIT */
/*
 * ahead.c - operands read by several threads, handed out in their order
 *
 * A thread takes the next run of operands, one or a few small files, and puts their
 * documents into blocks; the caller empties the blocks of one run after the other. So the
 * order is that of one thread, and so is everything that is counted and said.
 *
 * Memory: the blocks of all runs together hold at most ahead_bytes, where the run that is
 * being handed out may always have FRONT_BYTES more, or nothing would move. Files larger
 * than what is left of ahead_bytes wait for those in front of them: nothing else can keep
 * the order in bounded memory.
 *
 * Long plain text costs no more to read than to copy from one thread to another: the reader
 * that has begun it is handed to the caller instead.
 */
#include "io/ahead.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "nt/err.h"
#include "nt/pool.h"

enum {
	BLOCK_BYTES = 1 << 18,
	FRONT_BYTES = 4 << 20,
	RUN_FILES = 64,     /* a run ends behind so many files ... */
	RUN_BYTES = 1 << 20 /* ... or bytes: to hand one on costs as much as to read 10 kB */
};

static const uint64_t usual_bytes = 32 << 20;

/* A document in a block: places in its bytes. */
struct entry {
	size_t text, len, source;
	size_t id, url, date; /* 0: none; the first byte is a text's or a source's */
	size_t line, line_len;
	bool goes_on;
};

struct block {
	struct block *next;
	struct nt_buf bytes;
	struct entry *entry; /* [n] */
	size_t n, cap;
	uint64_t input_bytes; /* read for it */
};

struct run {
	struct nt_buf paths; /* [n_path], each with a 0 behind it */
	size_t n_path;
	struct block *first, **last; /* filled, not handed out */
	uint64_t queued;             /* their bytes */
	struct nt_reader *rest;      /* what is left to be read by the caller, NULL: nothing */
	bool is_done;
	int rc;                      /* what it ended with ... */
	char why[1024];              /* ... and its sentence */
	struct nt_reader_counts counts;
	struct nt_buf remark;
};

struct desk {
	struct nt_ahead *ahead;
	struct nt_reader *reader;
	struct nt_thread *thread;
};

struct nt_ahead {
	const struct nt_docs_options *options;
	struct nt_walk *walk;
	uint64_t most; /* bytes of blocks */

	pthread_mutex_t lock;
	pthread_cond_t room, ready; /* for threads; for the caller */
	struct run *run;            /* [n_run], a ring: [n_out, n_taken) are under way */
	uint64_t n_run, n_out, n_taken;
	uint64_t queued;            /* bytes of blocks of all runs */
	struct block *spare;
	bool is_walked, is_stopped;

	struct block *block; /* being handed out ... */
	size_t next;         /* ... from this entry on */
	struct nt_reader *rest; /* of the run that is being handed out */
	uint64_t input_bytes; /* of blocks of this run handed out so far */
	struct nt_reader_counts counts;
	struct nt_buf remark;
	struct desk *desk;   /* [n_desk] */
	size_t n_desk;
};

/* --- blocks ------------------------------------------------------------------------ */

static void free_block(struct block *b)
{
	if (!b)
		return;
	nt_buf_release(&b->bytes);
	free(b->entry);
	free(b);
}

/* An empty one, used before if possible. */
static struct block *take_block(struct nt_ahead *a)
{
	pthread_mutex_lock(&a->lock);
	struct block *b = a->spare;
	if (b)
		a->spare = b->next;
	pthread_mutex_unlock(&a->lock);
	if (!b && !(b = nt_calloc(1, sizeof(*b))))
		return NULL;
	b->next = NULL;
	b->bytes.len = b->n = 0;
	b->input_bytes = 0;
	return b;
}

/* Keeps a block for later, unless a long document made it large. Under the lock. */
static void spare_block(struct nt_ahead *a, struct block *b)
{
	if (!b)
		return;
	if (b->bytes.cap > 4 * BLOCK_BYTES) {
		free_block(b);
		return;
	}
	b->next = a->spare;
	a->spare = b;
}

static int add_string(struct block *b, const char *s, size_t *at)
{
	*at = s ? b->bytes.len : 0;
	return s ? nt_buf_add(&b->bytes, s, strlen(s) + 1) : 0;
}

static int add_doc(struct block *b, const struct nt_doc *doc)
{
	struct entry e = {.text = b->bytes.len, .len = doc->len, .goes_on = doc->goes_on};
	if (nt_grow(&b->entry, &b->cap, b->n + 1, sizeof(e)) < 0 ||
	    nt_buf_add(&b->bytes, doc->text, doc->len) < 0 ||
	    add_string(b, doc->source, &e.source) < 0 || add_string(b, doc->id, &e.id) < 0 ||
	    add_string(b, doc->url, &e.url) < 0 || add_string(b, doc->date, &e.date) < 0)
		return NT_ESYS;
	e.line = b->bytes.len;
	if (doc->line && nt_buf_add(&b->bytes, doc->line, e.line_len = doc->line_len) < 0)
		return NT_ESYS;
	b->entry[b->n++] = e;
	return 0;
}

/* --- a thread ----------------------------------------------------------------------- */

/* Puts operands into the run until it is worth its while. Under the lock. */
static int gather(struct nt_ahead *a, struct run *r)
{
	uint64_t bytes = 0;
	struct stat st;
	const char *path;
	int rc;
	do {
		if ((rc = nt_walk_next(a->walk, &path)) <= 0) {
			a->is_walked = true;
			return rc;
		}
		if (nt_buf_add(&r->paths, path, strlen(path) + 1) < 0)
			return NT_ESYS;
		r->n_path++;
		if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
			break;
		bytes += (uint64_t)st.st_size;
	} while (r->n_path < RUN_FILES && bytes < RUN_BYTES);
	return 0;
}

static void end_run(struct nt_ahead *a, struct run *r, int rc)
{
	r->rc = rc;
	if (rc < 0)
		snprintf(r->why, sizeof(r->why), "%s", nt_errmsg());
	r->is_done = true;
	a->is_walked |= rc < 0; /* nobody needs what is behind */
	pthread_cond_broadcast(&a->ready);
	pthread_cond_broadcast(&a->room);
}

/* Waits until there is room for a run, and takes the next. NULL: there is none. */
static struct run *take_run(struct nt_ahead *a, int *failed)
{
	struct run *r = NULL;
	pthread_mutex_lock(&a->lock);
	while (!a->is_stopped && !a->is_walked && a->n_taken - a->n_out == a->n_run)
		pthread_cond_wait(&a->room, &a->lock);
	if (!a->is_stopped && !a->is_walked) {
		r = &a->run[a->n_taken++ % a->n_run];
		struct nt_buf paths = r->paths, remark = r->remark;
		paths.len = remark.len = 0;
		*r = (struct run){.paths = paths, .remark = remark};
		r->last = &r->first;
		*failed = gather(a, r);
	}
	pthread_cond_broadcast(&a->ready); /* also when the walk has ended */
	pthread_mutex_unlock(&a->lock);
	return r;
}

/* Hands a block on when there is room for it. Returns false when nobody wants it any more. */
static bool pass_on(struct nt_ahead *a, struct run *r, struct block *b)
{
	pthread_mutex_lock(&a->lock);
	while (!a->is_stopped && a->queued >= a->most &&
	       (r != &a->run[a->n_out % a->n_run] || r->queued >= FRONT_BYTES))
		pthread_cond_wait(&a->room, &a->lock);
	bool is_wanted = !a->is_stopped;
	*r->last = b;
	r->last = &b->next;
	r->queued += b->bytes.len;
	a->queued += b->bytes.len;
	pthread_cond_signal(&a->ready);
	pthread_mutex_unlock(&a->lock);
	return is_wanted;
}

/* Reads an operand into blocks; *b is the one that is not full. */
static int read_operand(struct desk *d, struct run *r, const char *path, struct block **b)
{
	struct nt_reader_counts before, counts;
	struct nt_doc doc;
	int rc = nt_reader_open(d->reader, path);
	nt_reader_counts(d->reader, &before);
	while (rc == 0 && (rc = nt_reader_next(d->reader, &doc)) == 1) {
		if (!*b && !(*b = take_block(d->ahead)))
			return NT_ESYS;
		if ((rc = add_doc(*b, &doc)) < 0)
			return rc;
		if (r->n_path == 1 && doc.goes_on && nt_reader_is_plain(d->reader)) {
			r->rest = d->reader;
			return nt_reader_new(&d->reader, d->ahead->options);
		}
		if ((*b)->bytes.len < BLOCK_BYTES)
			continue;
		nt_reader_counts(d->reader, &counts);
		(*b)->input_bytes = counts.bytes - before.bytes;
		before = counts;
		struct block *full = *b;
		*b = NULL;
		if (!pass_on(d->ahead, r, full))
			return NT_EFAIL; /* nobody hears of it */
	}
	return rc;
}

/* Keeps what a reader has to say at the end of the run. */
static int take_notes(struct run *r, const struct nt_reader *reader)
{
	nt_reader_counts(reader, &r->counts);
	return nt_reader_remark(reader) ? nt_buf_printf(&r->remark, "%s", nt_reader_remark(reader)) : 0;
}

static void read_run(struct desk *d, struct run *r, int rc_of_walk)
{
	struct nt_ahead *a = d->ahead;
	struct block *b = NULL;
	char why[1024];
	int rc = 0;
	snprintf(why, sizeof(why), "%s", nt_errmsg());
	nt_reader_reset(d->reader);
	const char *path = (const char *)r->paths.data;
	for (size_t i = 0; rc == 0 && i < r->n_path; i++, path += strlen(path) + 1)
		rc = read_operand(d, r, path, &b);
	if (rc == 0 && rc_of_walk < 0)
		rc = nt_fail(rc_of_walk, "%s", why);
	if (b && !pass_on(a, r, b))
		rc = NT_EFAIL;
	if (rc == 0 && !r->rest)
		rc = take_notes(r, d->reader);
	pthread_mutex_lock(&a->lock);
	end_run(a, r, rc);
	pthread_mutex_unlock(&a->lock);
}

static void work(void *arg)
{
	struct desk *d = arg;
	struct run *r;
	int rc_of_walk = 0;
	while ((r = take_run(d->ahead, &rc_of_walk)))
		read_run(d, r, rc_of_walk);
}

/* --- the caller --------------------------------------------------------------------- */

int nt_ahead_new(struct nt_ahead **ahead, const struct nt_docs_options *options, struct nt_walk *walk)
{
	struct nt_ahead *a = nt_calloc(1, sizeof(*a));
	*ahead = a;
	if (!a)
		return NT_ESYS;
	a->options = options;
	a->walk = walk;
	a->most = options->ahead_bytes ? options->ahead_bytes : usual_bytes;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->room, NULL);
	pthread_cond_init(&a->ready, NULL);
	size_t n = (size_t)options->n_thread;
	a->n_run = 4 * n; /* small ones behind a large one */
	int rc = (a->run = nt_calloc(a->n_run, sizeof(*a->run))) &&
				 (a->desk = nt_calloc(n, sizeof(*a->desk)))
			 ? 0
			 : NT_ESYS;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		a->desk[i].ahead = a;
		rc = nt_reader_new(&a->desk[i].reader, options);
		a->n_desk += rc == 0;
		if (rc == 0)
			rc = nt_thread_start(&a->desk[i].thread, work, &a->desk[i]);
	}
	return rc;
}

/* Takes note of what a run came to. Under the lock. */
static int finish_run(struct nt_ahead *a, struct run *r)
{
	nt_reader_add(&a->counts, &r->counts);
	a->input_bytes = 0;
	if (r->remark.len) {
		struct nt_buf latest = a->remark;
		a->remark = r->remark;
		r->remark = latest;
	}
	if (r->rc < 0)
		return nt_fail(r->rc, "%s", r->why);
	a->n_out++;
	pthread_cond_broadcast(&a->room);
	return 0;
}

/* Waits for the next block: 1, 0 behind the last. Under the lock. */
static int next_block(struct nt_ahead *a)
{
	for (;;) {
		struct run *r = &a->run[a->n_out % a->n_run];
		bool is_taken = a->n_out < a->n_taken;
		if (is_taken && r->first) {
			a->block = r->first;
			if (!(r->first = a->block->next))
				r->last = &r->first;
			r->queued -= a->block->bytes.len;
			a->queued -= a->block->bytes.len;
			pthread_cond_broadcast(&a->room);
			return 1;
		}
		if (is_taken && r->is_done && r->rest) {
			a->rest = r->rest;
			r->rest = NULL;
			return 1;
		}
		if (is_taken && r->is_done) {
			int rc = finish_run(a, r);
			if (rc < 0)
				return rc;
		} else if (!is_taken && a->is_walked) {
			return 0;
		} else {
			pthread_cond_wait(&a->ready, &a->lock);
		}
	}
}

static const char *string_at(const struct block *b, size_t at)
{
	return at ? (const char *)b->bytes.data + at : NULL;
}

/* The documents of a run that are left to the caller: 1, 0 when there is none. */
static int next_of_rest(struct nt_ahead *a, struct nt_doc *doc)
{
	int rc = a->rest ? nt_reader_next(a->rest, doc) : 0;
	if (rc == 0 && a->rest) {
		rc = take_notes(&a->run[a->n_out % a->n_run], a->rest);
		nt_reader_free(a->rest);
		a->rest = NULL;
	}
	return rc;
}

/* Goes on to the next block, or to a rest. */
static int go_on(struct nt_ahead *a)
{
	pthread_mutex_lock(&a->lock);
	spare_block(a, a->block);
	a->block = NULL;
	a->next = 0;
	int rc = next_block(a);
	pthread_mutex_unlock(&a->lock);
	a->input_bytes += a->block ? a->block->input_bytes : 0;
	return rc;
}

int nt_ahead_next(struct nt_ahead *a, struct nt_doc *doc)
{
	while (!a->block || a->next == a->block->n) {
		int rc = next_of_rest(a, doc);
		if (rc != 0 || (rc = go_on(a)) <= 0)
			return rc;
	}
	const struct block *b = a->block;
	const struct entry *e = &b->entry[a->next++];
	*doc = (struct nt_doc){
		.text = b->bytes.data + e->text, .len = e->len,
		.source = (const char *)b->bytes.data + e->source,
		.id = string_at(b, e->id), .url = string_at(b, e->url), .date = string_at(b, e->date),
		.line = e->line_len ? b->bytes.data + e->line : NULL, .line_len = e->line_len,
		.goes_on = e->goes_on,
	};
	return 1;
}

void nt_ahead_counts(const struct nt_ahead *a, struct nt_reader_counts *counts)
{
	*counts = (struct nt_reader_counts){0};
	if (a->rest)
		nt_reader_counts(a->rest, counts);
	counts->bytes = a->rest ? counts->bytes : a->input_bytes;
	nt_reader_add(counts, &a->counts);
}

const char *nt_ahead_remark(const struct nt_ahead *a)
{
	return a->remark.len ? (const char *)a->remark.data : NULL;
}

void nt_ahead_free(struct nt_ahead *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->is_stopped = true;
	pthread_cond_broadcast(&a->room);
	pthread_mutex_unlock(&a->lock);
	for (size_t i = 0; i < a->n_desk; i++) {
		nt_thread_join(a->desk[i].thread);
		nt_reader_free(a->desk[i].reader);
	}
	for (uint64_t i = 0; a->run && i < a->n_run; i++) {
		for (struct block *b = a->run[i].first, *next; b; b = next) {
			next = b->next;
			free_block(b);
		}
		nt_reader_free(a->run[i].rest);
		nt_buf_release(&a->run[i].paths);
		nt_buf_release(&a->run[i].remark);
	}
	for (struct block *b = a->spare, *next; b; b = next) {
		next = b->next;
		free_block(b);
	}
	free_block(a->block);
	nt_reader_free(a->rest);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->room);
	pthread_cond_destroy(&a->ready);
	nt_buf_release(&a->remark);
	free(a->run);
	free(a->desk);
	free(a);
}

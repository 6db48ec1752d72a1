/* SPDX-License-Identifier: MIT */
/*
 * turns.c - read, work, write: batches of documents on all threads, in order
 *
 * There are three loads, each a batch of documents. In a turn one is worked on, group by
 * group, by whatever thread is free, while another is read and what became of a third is
 * written, as two tasks among the others; then they change places. So reading and writing
 * cost a thread only while they last, output keeps the input's order, and no queue can grow.
 *
 * A document as large as a batch is not copied out of its source (batch.h), where reading on
 * would put the next one: such a load is worked on and written before anything more is read.
 *
 * A failure to read is kept until what was read before it is written, which is good.
 */
#include "io/turns.h"

#include <stdio.h>

#include "base/lend.h"
#include "nt/err.h"

enum { BATCH_BYTES = 512 << 10 }; /* for each thread: what is small stays in its cache */

struct turns {
	const struct nt_turns *how;
	struct nt_docs *docs;
	struct nt_lender desks;
	struct nt_load load[NT_LOADS];
	struct nt_load *read, *worked, *written; /* this way round */
	size_t before;  /* bytes read of a document that goes on */
	int read_rc;    /* of the last nt_batch_read ... */
	char why[1024]; /* ... and its sentence, if it failed */
};

static void empty(struct nt_load *l)
{
	l->batch.n_doc = l->batch.n_group = 0;
}

static void read_load(struct turns *t)
{
	struct nt_load *l = t->read;
	l->batch.before = t->before;
	int rc = nt_batch_read(&l->batch, t->docs);
	t->before = l->batch.before;
	l->input_bytes = nt_docs_bytes(t->docs);
	int prepared = rc > 0 ? t->how->prepare(t->how->arg, l) : 0;
	if (prepared < 0)
		rc = prepared;
	if (rc < 0)
		snprintf(t->why, sizeof(t->why), "%s", nt_errmsg());
	if (rc <= 0)
		empty(l);
	t->read_rc = rc;
}

static int work(struct turns *t, size_t i)
{
	int desk = nt_lender_take(&t->desks);
	int rc = t->how->work(t->how->arg, t->worked, i, desk);
	nt_lender_give(&t->desks, desk);
	return rc;
}

static int write_load(const struct turns *t)
{
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < t->written->batch.n_group; i++)
		rc = t->how->write(t->how->arg, t->written, i);
	return rc < 0 ? rc : 0;
}

/* Tasks 0 and 1 write and read, the others work. */
static int do_task(void *arg, size_t i)
{
	struct turns *t = arg;
	if (i == 0)
		return write_load(t);
	if (i > 1)
		return work(t, i - 2);
	if (t->worked->batch.is_copied && t->read_rc > 0)
		read_load(t);
	return 0;
}

static void change_places(struct turns *t)
{
	struct nt_load *free = t->written;
	t->written = t->worked;
	t->worked = t->read;
	t->read = free;
	empty(t->read);
}

static int turn(struct turns *t, struct nt_pool *pool)
{
	change_places(t);
	int rc = nt_pool_run(pool, t->worked->batch.n_group + 2, do_task, t);
	if (rc == 0 && t->how->tend)
		rc = t->how->tend(t->how->arg);
	if (rc == 0 && !t->worked->batch.is_copied && t->read_rc > 0) {
		/* the one large document is where reading on would put the next */
		change_places(t);
		rc = write_load(t);
		empty(t->written);
		if (rc == 0)
			read_load(t);
	}
	return rc;
}

int nt_take_turns(const struct nt_turns *how, struct nt_docs *docs, struct nt_pool *pool)
{
	int n_thread = nt_pool_size(pool);
	struct turns t = {.how = how, .docs = docs};
	for (int i = 0; i < NT_LOADS; i++) {
		t.load[i].number = i;
		t.load[i].batch.most = BATCH_BYTES * (1 + (size_t)n_thread);
	}
	t.read = &t.load[0];
	t.worked = &t.load[1];
	t.written = &t.load[2];
	int rc = nt_lender_init(&t.desks, n_thread);
	if (rc == 0)
		read_load(&t);
	while (rc == 0 && (t.read->batch.n_doc || t.worked->batch.n_doc))
		rc = turn(&t, pool);
	if (rc == 0 && t.read_rc < 0)
		rc = nt_fail(t.read_rc, "%s", t.why);
	for (int i = 0; i < NT_LOADS; i++)
		nt_batch_release(&t.load[i].batch);
	nt_lender_release(&t.desks);
	return rc;
}

/* SPDX-License-Identifier: MIT */
/*
 * pool.c - threads that wait for the next job
 *
 * A job is a counter that threads take numbers from; the caller takes part. Between
 * jobs a thread spins for a short while, since the steps of a layer follow each other
 * within microseconds, and then sleeps on a condition; so does the caller that waits for
 * the last tasks: a machine with other work to do must not be kept busy by waiting.
 */
#include "nt/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/mem.h"

enum { SPINS = 2000 };

struct nt_pool {
	int n_thread;
	int n_started;
	pthread_t *thread; /* [n_thread - 1] */
	pthread_mutex_t lock;
	pthread_cond_t wake; /* there is a job */
	pthread_cond_t rest; /* nobody is busy any more */

	atomic_ulong job; /* number of the job; a change is the signal to begin */
	atomic_bool ending;
	atomic_int n_busy; /* workers that have not finished this job */

	int (*task)(void *arg, size_t i);
	void *arg;
	size_t n;
	atomic_size_t next;

	atomic_bool failed;
	size_t failed_task; /* under lock, with rc and why */
	int rc;
	char why[1024];
};

static void take_failure(struct nt_pool *p, size_t i, int rc)
{
	pthread_mutex_lock(&p->lock);
	if (!atomic_load(&p->failed) || i < p->failed_task) {
		p->failed_task = i;
		p->rc = rc;
		snprintf(p->why, sizeof(p->why), "%s", nt_errmsg());
	}
	atomic_store(&p->failed, true);
	pthread_mutex_unlock(&p->lock);
}

static void work(struct nt_pool *p)
{
	size_t i;
	while (!atomic_load_explicit(&p->failed, memory_order_relaxed) &&
	       (i = atomic_fetch_add(&p->next, 1)) < p->n) {
		int rc = p->task(p->arg, i);
		if (rc < 0)
			take_failure(p, i, rc);
	}
}

static void wait_for_job(struct nt_pool *p, unsigned long done)
{
	for (int spin = 0; spin < SPINS; spin++) {
		if (atomic_load(&p->job) != done)
			return;
		if (spin % 64 == 63)
			sched_yield();
	}
	pthread_mutex_lock(&p->lock);
	while (atomic_load(&p->job) == done)
		pthread_cond_wait(&p->wake, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

static void wait_for_workers(struct nt_pool *p)
{
	for (int spin = 0; spin < SPINS; spin++) {
		if (atomic_load(&p->n_busy) == 0)
			return;
		if (spin % 64 == 63)
			sched_yield();
	}
	pthread_mutex_lock(&p->lock);
	while (atomic_load(&p->n_busy) > 0)
		pthread_cond_wait(&p->rest, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

static void *worker(void *arg)
{
	struct nt_pool *p = arg;
	for (unsigned long done = 0;; done++) {
		wait_for_job(p, done);
		if (atomic_load(&p->ending))
			return NULL;
		work(p);
		if (atomic_fetch_sub(&p->n_busy, 1) == 1) {
			pthread_mutex_lock(&p->lock);
			pthread_cond_signal(&p->rest);
			pthread_mutex_unlock(&p->lock);
		}
	}
}

static void begin_job(struct nt_pool *p)
{
	pthread_mutex_lock(&p->lock);
	atomic_store(&p->n_busy, p->n_started);
	atomic_fetch_add(&p->job, 1);
	pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->lock);
}

struct nt_pool *nt_pool_new(int n_thread)
{
	struct nt_pool *p = nt_calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->n_thread = n_thread < 1 ? 1 : n_thread;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	pthread_cond_init(&p->rest, NULL);
	p->thread = nt_calloc((size_t)p->n_thread, sizeof(*p->thread));
	if (!p->thread)
		goto fail;
	while (p->n_started < p->n_thread - 1) {
		int err = pthread_create(&p->thread[p->n_started], NULL, worker, p);
		if (err) {
			nt_fail(NT_ESYS, "cannot start thread %d of %d: %s", p->n_started + 2,
				p->n_thread, strerror(err));
			goto fail;
		}
		p->n_started++;
	}
	return p;
fail:
	nt_pool_free(p);
	return NULL;
}

void nt_pool_free(struct nt_pool *p)
{
	if (!p)
		return;
	atomic_store(&p->ending, true);
	begin_job(p);
	for (int i = 0; i < p->n_started; i++)
		pthread_join(p->thread[i], NULL);
	pthread_cond_destroy(&p->wake);
	pthread_cond_destroy(&p->rest);
	pthread_mutex_destroy(&p->lock);
	free(p->thread);
	free(p);
}

int nt_pool_size(const struct nt_pool *p)
{
	return p ? p->n_thread : 1;
}

int nt_pool_run(struct nt_pool *p, size_t n, int (*task)(void *arg, size_t i), void *arg)
{
	if (!p || p->n_thread == 1 || n <= 1) {
		for (size_t i = 0; i < n; i++) {
			int rc = task(arg, i);
			if (rc < 0)
				return rc;
		}
		return 0;
	}
	p->task = task;
	p->arg = arg;
	p->n = n;
	atomic_store(&p->next, 0);
	atomic_store(&p->failed, false);
	begin_job(p);
	work(p);
	wait_for_workers(p);
	return atomic_load(&p->failed) ? nt_fail(p->rc, "%s", p->why) : 0;
}

/* --- one thread ------------------------------------------------------------------------ */

struct nt_thread {
	pthread_t id;
	void (*run)(void *arg);
	void *arg;
};

static void *run_thread(void *arg)
{
	struct nt_thread *t = arg;
	t->run(t->arg);
	return NULL;
}

int nt_thread_start(struct nt_thread **thread, void (*run)(void *arg), void *arg)
{
	struct nt_thread *t = nt_alloc(1, sizeof(*t));
	*thread = NULL;
	if (!t)
		return NT_ESYS;
	*t = (struct nt_thread){.run = run, .arg = arg};
	int err = pthread_create(&t->id, NULL, run_thread, t);
	if (err) {
		free(t);
		return nt_fail(NT_ESYS, "cannot start a thread: %s", strerror(err));
	}
	*thread = t;
	return 0;
}

void nt_thread_join(struct nt_thread *t)
{
	if (!t)
		return;
	pthread_join(t->id, NULL);
	free(t);
}

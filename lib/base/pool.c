/* SPDX-License-Identifier: MIT */
/*
 * pool.c - threads that wait for the next job
 *
 * A job is one number, its own in the high half and what is left to begin in the low half: whoever
 * counts it down has a task, and knows that it is one of the job that he looked at. The caller takes
 * part and waits for tasks, not for threads: one that sleeps, or that the system has taken the CPU
 * from, is not missed. Between jobs a thread spins for a short while, since the steps of a layer
 * follow each other within microseconds, and then sleeps on a condition; so does the caller that
 * waits for the last tasks: a machine with other work to do must not be kept busy by waiting.
 */
#include "nt/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/mem.h"

enum { SPINS = 10000 }; /* some 50 us, with what it takes to yield now and then */

struct nt_pool {
	int n_thread;
	int n_started;
	pthread_t *thread; /* [n_thread - 1] */
	pthread_mutex_t lock;
	pthread_cond_t wake; /* there is a job */
	pthread_cond_t rest; /* all tasks are done */

	/* Written between jobs: only of use to who begins a task then. */
	_Atomic(int (*)(void *arg, size_t i)) task;
	_Atomic(void *) arg;
	atomic_size_t n;

	alignas(64) atomic_uint_least64_t job;
	alignas(64) atomic_size_t n_undone; /* tasks of it */
	atomic_int n_asleep;                /* threads */
	atomic_bool is_caller_asleep, ending;

	atomic_bool failed;
	size_t failed_task; /* under lock, with rc and why */
	int rc;
	char why[1024];
};

/* Tasks of a job that nobody has begun. */
static size_t n_left(uint64_t job)
{
	return (uint32_t)job;
}

/* Nobody begins what is left. */
static void give_up(struct nt_pool *p)
{
	uint64_t job = atomic_load(&p->job);
	while (!atomic_compare_exchange_weak(&p->job, &job, job - n_left(job)))
		;
	atomic_fetch_sub(&p->n_undone, n_left(job));
}

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
	give_up(p);
}

static void task_is_done(struct nt_pool *p)
{
	if (atomic_fetch_sub(&p->n_undone, 1) > 1 || !atomic_load(&p->is_caller_asleep))
		return;
	pthread_mutex_lock(&p->lock);
	pthread_cond_signal(&p->rest);
	pthread_mutex_unlock(&p->lock);
}

/* Takes tasks until none is left. */
static void work(struct nt_pool *p)
{
	uint64_t job = atomic_load(&p->job);
	while (n_left(job) > 0) {
		int (*task)(void *arg, size_t i) = atomic_load_explicit(&p->task, memory_order_relaxed);
		void *arg = atomic_load_explicit(&p->arg, memory_order_relaxed);
		size_t i = atomic_load_explicit(&p->n, memory_order_relaxed) - n_left(job);
		if (!atomic_compare_exchange_weak(&p->job, &job, job - 1))
			continue;
		int rc = task(arg, i);
		if (rc < 0)
			take_failure(p, i, rc);
		task_is_done(p);
		job = atomic_load(&p->job);
	}
}

static bool is_idle(struct nt_pool *p)
{
	return n_left(atomic_load(&p->job)) == 0 && !atomic_load(&p->ending);
}

static void wait_for_job(struct nt_pool *p)
{
	for (int spin = 0; spin < SPINS; spin++) {
		if (!is_idle(p))
			return;
		if (spin % 64 == 63)
			sched_yield();
	}
	pthread_mutex_lock(&p->lock);
	atomic_fetch_add(&p->n_asleep, 1);
	while (is_idle(p))
		pthread_cond_wait(&p->wake, &p->lock);
	atomic_fetch_sub(&p->n_asleep, 1);
	pthread_mutex_unlock(&p->lock);
}

static void wait_for_tasks(struct nt_pool *p)
{
	for (int spin = 0; spin < SPINS; spin++) {
		if (atomic_load(&p->n_undone) == 0)
			return;
		if (spin % 64 == 63)
			sched_yield();
	}
	pthread_mutex_lock(&p->lock);
	atomic_store(&p->is_caller_asleep, true);
	while (atomic_load(&p->n_undone) > 0)
		pthread_cond_wait(&p->rest, &p->lock);
	atomic_store(&p->is_caller_asleep, false);
	pthread_mutex_unlock(&p->lock);
}

static void *worker(void *arg)
{
	struct nt_pool *p = arg;
	while (!atomic_load(&p->ending)) {
		work(p);
		wait_for_job(p);
	}
	return NULL;
}

/* A thread on its way to sleep has either said so or sees the job: both are in one order. */
static void wake(struct nt_pool *p, size_t n)
{
	if (atomic_load(&p->n_asleep) == 0)
		return;
	pthread_mutex_lock(&p->lock);
	if (n < (size_t)p->n_started)
		while (n-- > 0)
			pthread_cond_signal(&p->wake);
	else
		pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->lock);
}

/* What ends a program is for the thread that began it, which may be waiting for input. */
static int start_thread(pthread_t *id, void *(*run)(void *arg), void *arg)
{
	sigset_t stops, before;
	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &stops, &before);
	int err = pthread_create(id, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
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
		int err = start_thread(&p->thread[p->n_started], worker, p);
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
	wake(p, (size_t)p->n_started);
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
	nt_assert(n <= UINT32_MAX);
	atomic_store_explicit(&p->task, task, memory_order_relaxed);
	atomic_store_explicit(&p->arg, arg, memory_order_relaxed);
	atomic_store_explicit(&p->n, n, memory_order_relaxed);
	atomic_store_explicit(&p->failed, false, memory_order_relaxed);
	atomic_store_explicit(&p->n_undone, n, memory_order_relaxed);
	atomic_store(&p->job, ((atomic_load(&p->job) >> 32) + 1) << 32 | n);
	wake(p, n - 1);
	work(p);
	wait_for_tasks(p);
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
	int err = start_thread(&t->id, run_thread, t);
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

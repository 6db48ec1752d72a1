/* SPDX-License-Identifier: MIT */
#ifndef NT_POOL_H
#define NT_POOL_H
/*
 * nt/pool.h - the one set of threads of a program
 *
 * Work is cut into n tasks by the size of the problem, never by the number of
 * threads: task i does the same whoever runs it, so results are the same bits at any
 * number of threads. Tasks start in order of i and must not wait for each other.
 */
#include <stddef.h>

struct nt_pool;

/* n_thread >= 1, the calling thread included: 1 makes no thread at all. NULL: failed. */
struct nt_pool *nt_pool_new(int n_thread);
void nt_pool_free(struct nt_pool *pool); /* NULL is harmless */
int nt_pool_size(const struct nt_pool *pool);

/*
 * Runs task(arg, i) for i in [0, n) and waits for all. Returns 0, or the code of the
 * failed task with the lowest i, its sentence brought to this thread; once a task has
 * failed, tasks not yet begun are left out. pool NULL runs them here. Not reentrant.
 */
int nt_pool_run(struct nt_pool *pool, size_t n, int (*task)(void *arg, size_t i), void *arg);

/* A thread beside those of a pool, for work that mostly waits, such as reading ahead. */
struct nt_thread;
int nt_thread_start(struct nt_thread **t, void (*run)(void *arg), void *arg);
void nt_thread_join(struct nt_thread *t); /* waits for its end and frees it; NULL is harmless */

#endif

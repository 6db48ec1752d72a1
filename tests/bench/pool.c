/* SPDX-License-Identifier: MIT */
/*
 * pool.c - what a job of the pool costs by itself (make bench BENCH=token)
 *
 *	pool [threads [others]]
 *
 * Jobs of two tasks that do nothing, one after the other as the steps of a layer are, and with some
 * microseconds of work in each; `others` are processes beside that never rest. The fastest, the
 * middle one, and the mean of 20,000.
 */
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "nt/cpu.h"
#include "nt/pool.h"

enum { N = 20000 };

static uint64_t ns[N];

static int nothing(void *arg, size_t i)
{
	(void)arg, (void)i;
	return 0;
}

static int some_us(void *arg, size_t i)
{
	volatile double x = 1;
	(void)i;
	for (int k = 0; k < *(int *)arg; k++)
		x = x * 1.0000001 + 1e-9;
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static void measure(const char *name, struct nt_pool *pool, size_t n, int (*task)(void *arg, size_t i), int k)
{
	double sum = 0;
	for (size_t i = 0; i < N; i++) {
		uint64_t start = nt_now_ns();
		nt_pool_run(pool, n, task, &k);
		ns[i] = nt_now_ns() - start;
		sum += (double)ns[i];
	}
	qsort(ns, N, sizeof(*ns), compare);
	printf("| %s | %.2f | %.2f | %.2f |\n", name, (double)ns[0] * 1e-3, (double)ns[N / 2] * 1e-3, sum / N * 1e-3);
}

/* Every thread to a CPU of its own: where a system under load puts them is another question. */
static void spread(void)
{
	DIR *dir = opendir("/proc/self/task");
	int cpu = 0, n_cpu = nt_cpu_count();
	for (struct dirent *e; dir && (e = readdir(dir));) {
		cpu_set_t one;
		CPU_ZERO(&one);
		CPU_SET(cpu % n_cpu, &one);
		if (atoi(e->d_name) > 0 && sched_setaffinity(atoi(e->d_name), sizeof(one), &one) == 0)
			cpu++;
	}
	closedir(dir);
}

/* What it is beside may be interrupted: ends with it. */
static void never_rest(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent) /* it may have gone before it was asked for */
		some_us(&(int){1000}, 0);
	_exit(0);
}

int main(int argc, char **argv)
{
	int n_thread = argc > 1 ? atoi(argv[1]) : 2, n_other = argc > 2 ? atoi(argv[2]) : 0;
	pid_t other[64], parent = getpid();
	for (int i = 0; i < n_other && i < 64; i++)
		if ((other[i] = fork()) == 0)
			never_rest(parent);
	struct nt_pool *pool = nt_pool_new(n_thread);
	if (!pool)
		return 1;
	spread();
	printf("| %d threads, %d others; us | fastest | middle | mean |\n|---|---:|---:|---:|\n", n_thread, n_other);
	measure("2 tasks of nothing", pool, 2, nothing, 0);
	measure("2 tasks of 1 us", pool, 2, some_us, 500);
	measure("1 after the other", NULL, 2, some_us, 500);
	measure("8 tasks of 5 us", pool, 8, some_us, 2500);
	measure("1 after the other", NULL, 8, some_us, 2500);
	nt_pool_free(pool);
	for (int i = 0; i < n_other && i < 64; i++)
		kill(other[i], SIGKILL);
	return 0;
}

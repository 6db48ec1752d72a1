/* SPDX-License-Identifier: MIT */
/*
 * pace.c - has a run become slow, and why
 *
 * Readings are taken in one place and the judgement is a function of them, so that it can
 * be tested without a machine that is really short of anything. Evidence is what the system
 * counts: /proc/stat tells what the CPUs did and for whom, getrusage which pages came from
 * disk, the control group how often its quota was used up. Only when none of them has
 * changed is a matrix product timed again. The smallest amounts are those that show in a
 * step: a quarter of one CPU is as much as one thread of all waiting a quarter of its time,
 * and the others wait for it.
 */
#include "train/pace.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/cgroup.h"
#include "nt/cpu.h"
#include "nt/err.h"

static const double SLOWER = 1.25, CPUS = 0.25, FAULTS = 20, STOPS = 0.05, PEAK = 0.85;

/* --- judging ---------------------------------------------------------------------- */

enum nt_slow nt_pace_judge(const struct nt_pace *first, const struct nt_pace *now, int n_thread)
{
	static const struct nt_pace quiet = {0};
	const struct nt_pace *was = first ? first : &quiet;
	/* threads that wait for each other leave CPUs idle; those that wait for others do not */
	bool is_kept = now->own < 0.85 * n_thread && now->idle < CPUS;
	/* where others have had all there was, they cannot take much more of it, but leave less */
	bool has_less = first && SLOWER * now->own < first->own && now->idle < CPUS;
	if (first && now->step < SLOWER * first->step)
		return NT_SLOW_NOT;
	if (now->faults >= was->faults + FAULTS)
		return NT_SLOW_MEMORY;
	if (now->stolen >= was->stolen + CPUS)
		return NT_SLOW_HOST;
	if (now->stopped >= was->stopped + STOPS)
		return NT_SLOW_QUOTA;
	if (now->others >= (has_less ? CPUS : was->others + CPUS) && (first || is_kept))
		return NT_SLOW_OTHERS;
	if (!first)
		return NT_SLOW_NOT;
	return now->peak > 0 && now->peak < PEAK * first->peak ? NT_SLOW_CPU : NT_SLOW_UNKNOWN;
}

static void cause_text(char out[160], enum nt_slow cause, const struct nt_pace *first,
		       const struct nt_pace *now)
{
	const char *all = nt_counted((uint64_t)nt_cpu_count(), "CPU");
	switch (cause) {
	case NT_SLOW_NOT:
		break;
	case NT_SLOW_MEMORY:
		snprintf(out, 160, "memory is short: %.0f pages a second have to be read from disk", now->faults);
		return;
	case NT_SLOW_HOST:
		snprintf(out, 160, "the host gives %.1f of %s to other machines", now->stolen, all);
		return;
	case NT_SLOW_QUOTA:
		snprintf(out, 160, "the CPU quota of its control group is used up in %.0f %% of its periods",
			 100 * now->stopped);
		return;
	case NT_SLOW_OTHERS:
		snprintf(out, 160, "other programs take %.1f of %s", now->others, all);
		return;
	case NT_SLOW_CPU:
		snprintf(out, 160, "the CPU itself is slower, at %.0f of %.0f GFLOP/s: heat, power, or a neighbour on its cores",
			 now->peak * 1e-9, first->peak * 1e-9);
		return;
	case NT_SLOW_UNKNOWN:
		snprintf(out, 160, "neither memory, nor other programs, nor the CPU's own speed explain it");
		return;
	}
	*out = 0;
}

void nt_pace_text(char out[256], enum nt_slow cause, const struct nt_pace *first,
		  const struct nt_pace *now)
{
	char why[160];
	cause_text(why, cause, first, now);
	if (first)
		snprintf(out, 256, "steps take %.1f times as long as in the first minute: %s",
			 now->step / first->step, why);
	else
		snprintf(out, 256, "steps are slowed down: %s", why);
}

/* --- reading ---------------------------------------------------------------------- */

/* Of the lines "cpu7 user nice system idle iowait irq softirq steal ..." those of our CPUs. */
static void read_cpus(struct nt_reading *r)
{
	double tick = 1 / (double)sysconf(_SC_CLK_TCK);
	char line[512];
	cpu_set_t ours;
	FILE *f = fopen("/proc/stat", "re");
	bool has_set = sched_getaffinity(0, sizeof(ours), &ours) == 0;
	while (f && has_set && fgets(line, sizeof(line), f) && strncmp(line, "cpu", 3) == 0) {
		unsigned n;
		unsigned long long user, nice, system, idle, wait, irq, soft, steal;
		if (sscanf(line, "cpu%u %llu %llu %llu %llu %llu %llu %llu %llu", &n, &user, &nice, &system,
			   &idle, &wait, &irq, &soft, &steal) != 9 || n >= CPU_SETSIZE || !CPU_ISSET(n, &ours))
			continue;
		r->busy += tick * (double)(user + nice + system + irq + soft);
		r->idle += tick * (double)(idle + wait);
		r->stolen += tick * (double)steal;
	}
	if (f)
		fclose(f);
}

/* ... of the quota that binds; where there is none, nothing is stopped. */
static void read_quota(struct nt_reading *r)
{
	struct nt_cgroup g;
	char line[128], path[sizeof(g.cpu_dir) + 16];
	nt_cgroup_read(&g, "/proc/self/cgroup", "/sys/fs/cgroup");
	snprintf(path, sizeof(path), "%s/cpu.stat", g.cpu_dir);
	FILE *f = g.cpus > 0 ? fopen(path, "re") : NULL;
	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "nr_periods %lf", &r->periods);
		sscanf(line, "nr_throttled %lf", &r->stops);
	}
	if (f)
		fclose(f);
}

void nt_reading_take(struct nt_reading *r)
{
	struct rusage usage;
	*r = (struct nt_reading){.wall = (double)nt_now_ns() * 1e-9, .cpu = nt_cpu_seconds()};
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		r->faults = (double)usage.ru_majflt;
	read_cpus(r);
	read_quota(r);
}

/* --- watching --------------------------------------------------------------------- */

void nt_watch_start(struct nt_watch *w, double stretch)
{
	*w = (struct nt_watch){.stretch = stretch, .now = w->now};
	nt_reading_take(&w->begin);
}

static double positive(double x)
{
	return x > 0 ? x : 0;
}

bool nt_watch_step(struct nt_watch *w, double seconds, double cpu)
{
	const struct nt_reading *a = &w->begin;
	struct nt_reading b;
	w->steps++;
	w->step_seconds += seconds;
	w->step_cpu += cpu;
	if ((double)nt_now_ns() * 1e-9 - a->wall < w->stretch)
		return false;
	nt_reading_take(&b);
	double wall = b.wall - a->wall;
	w->now = (struct nt_pace){
		.step = w->step_seconds / w->steps,
		.own = w->step_cpu / w->step_seconds,
		.others = positive(b.busy - a->busy - (b.cpu - a->cpu)) / wall,
		.stolen = positive(b.stolen - a->stolen) / wall,
		.idle = positive(b.idle - a->idle) / wall,
		.stopped = b.periods > a->periods ? (b.stops - a->stops) / (b.periods - a->periods) : 0,
		.faults = (b.faults - a->faults) / wall,
	};
	nt_watch_start(w, w->stretch);
	return true;
}

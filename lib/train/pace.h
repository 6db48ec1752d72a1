/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_PACE_H
#define TRAIN_PACE_H
/*
 * pace.h - has a run become slow, and why
 *
 * A run is watched in stretches of a minute. What the machine did in one is compared with
 * what it did in the first; the first is judged by itself.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a stretch of steps was like; CPUs are those that this process may run on. */
struct nt_pace {
	double step;       /* seconds of one, on average */
	double own;        /* CPUs that this process had during steps */
	double others;     /* CPUs that other processes had, */
	double stolen;     /* ... that the host gave to other machines, */
	double idle;       /* ... and that nobody used */
	double stopped;    /* share of its periods in which the control group's quota was used up */
	double faults;     /* pages a second that had to be read from disk */
	double peak;       /* FLOP/s of a matrix product at its end; 0: not measured */
};

enum nt_slow {
	NT_SLOW_NOT,
	NT_SLOW_MEMORY, /* pages come from disk: swapping */
	NT_SLOW_HOST,   /* a virtual machine beside this one */
	NT_SLOW_QUOTA,
	NT_SLOW_OTHERS,
	NT_SLOW_CPU,    /* a product by itself is slower: heat, power, a neighbour on the core */
	NT_SLOW_UNKNOWN,
};

/*
 * Why `now` is slow. Beside `first`: a quarter slower, and what has changed since; of two
 * causes the one that is named first above. first NULL: what keeps n_thread threads from
 * their CPUs so clearly that nothing is needed to compare with; never NT_SLOW_CPU or _UNKNOWN.
 */
enum nt_slow nt_pace_judge(const struct nt_pace *first, const struct nt_pace *now, int n_thread);

/* One line for people, without the step's number; cause is not NT_SLOW_NOT. */
void nt_pace_text(char out[256], enum nt_slow cause, const struct nt_pace *first,
		  const struct nt_pace *now);

/* Sums since the machine or the process began; what the system does not tell is 0. */
struct nt_reading {
	double wall, cpu;                     /* seconds; of this process */
	double busy, stolen, idle;            /* seconds of the CPUs that it may run on */
	double faults, periods, stops;
};
void nt_reading_take(struct nt_reading *r);

struct nt_watch {
	double stretch;          /* seconds: how long one is */
	struct nt_reading begin; /* ... of the one that runs */
	double steps, step_seconds, step_cpu;
	struct nt_pace now;      /* the last that ended */
};
void nt_watch_start(struct nt_watch *w, double stretch);
/* Counts a step that took so many seconds and CPU seconds. True: a stretch has ended with it. */
bool nt_watch_step(struct nt_watch *w, double seconds, double cpu);

#endif

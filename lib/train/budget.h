/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_BUDGET_H
#define TRAIN_BUDGET_H
/* budget.h - how many steps still fit into a run's time */
#include <stdint.h>

/* Steps one behind the other, since somebody last asked how long they take. */
struct nt_stretch {
	uint64_t n_step;
	double seconds, longest;
};
void nt_stretch_add(struct nt_stretch *s, double seconds);
/* Seconds of a step; 0: too few were made to tell. */
double nt_stretch_step(const struct nt_stretch *s);

struct nt_rest {
	double time;     /* seconds: the whole run's */
	double left;     /* ... of them for the steps that are still to be made; may be below 0 */
	double step;     /* seconds of one */
	uint64_t n_step; /* to be made as it was planned, at least 1 */
};
/* Steps to make instead: at least 1, and n_step where that is near enough. */
uint64_t nt_budget_steps(const struct nt_rest *r);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * budget.c - how many steps still fit into a run's time
 *
 * A machine is measured for a second and then trains for hours, in which others come and go.
 * So the steps are counted anew on the way, as long as they take then. What is promised is the
 * end: a run that has nothing left, because it was stopped for longer than its time, still
 * gets a fiftieth, for weights that end at a high rate are worth little.
 *
 * Where the end is off by less than a small part of what is left nothing is changed: that is how
 * much two measurements differ, and nearer to the end there will be another.
 *
 * In a stretch the longest step is left out. It may be the one in which somebody pressed ^Z,
 * and says nothing about the steps to come; of those that do, it is one of many.
 */
#include "train/budget.h"

#include <math.h>

enum { STEPS_MIN = 8 };
static const double LAST = 0.02;                  /* of the whole time */
static const double NEAR = 0.005, NEAR_NOW = 0.04; /* of the whole time, and of what is left */

void nt_stretch_add(struct nt_stretch *s, double seconds)
{
	s->n_step++;
	s->seconds += seconds;
	s->longest = fmax(s->longest, seconds);
}

double nt_stretch_step(const struct nt_stretch *s)
{
	return s->n_step < STEPS_MIN ? 0 : (s->seconds - s->longest) / (double)(s->n_step - 1);
}

uint64_t nt_budget_steps(const struct nt_rest *r)
{
	double planned = (double)r->n_step, fit = r->left / r->step, last = LAST * r->time / r->step;
	if (fit < last)
		fit = fmin(planned, last);
	if (fabs(fit - planned) < fmax(NEAR * r->time / r->step, NEAR_NOW * fit))
		return r->n_step;
	return fit < 1 ? 1 : (uint64_t)fit;
}

/* SPDX-License-Identifier: MIT */
/*
 * schedule.c - warm-up, then cosine, warm-up-stable-decay, or constant
 *
 * A pure function of the step, so a resumed run needs nothing restored. The first step
 * behind the warm-up has the full rate, and the last step of the run the least: a rate
 * that is only reached when all is over would never be used. Cosine: Loshchilov and
 * Hutter 2017, arXiv:1608.03983, without restarts. WSD: Hu et al. 2024,
 * arXiv:2404.06395, with a linear end as in Haegele et al. 2024, arXiv:2405.18392: a
 * fifth of the run was enough there to match cosine.
 */
#include "train/schedule.h"

#include <math.h>

/* Half a cosine from 1 at the step `first` to 0 at `last`. */
static double cosine(uint64_t step, uint64_t first, uint64_t last)
{
	double way = last > first ? (double)(step - first) / (double)(last - first) : 0;
	return 0.5 * (1 + cos(3.14159265358979323846 * way));
}

/* 1 until a fifth of the whole run is left, then straight to 0. */
static double stable_then_down(uint64_t step, uint64_t first, uint64_t last)
{
	uint64_t n_down = (last + 5) / 5, top = last > n_down ? last - n_down : 0;
	if (top < first)
		top = first;
	return step <= top ? 1 : 1 - (double)(step - top) / (double)(last - top);
}

double nt_schedule_lr(const struct nt_train_options *o, uint64_t step)
{
	double max = o->learning_rate, min = o->min_learning_rate;
	uint64_t first = o->warmup_steps, last = o->max_steps - 1;
	if (step < first)
		return max * (double)(step + 1) / (double)(first + 1);
	if (o->lr_schedule == NT_LR_CONSTANT)
		return max;
	if (step > last)
		return min;
	double share = o->lr_schedule == NT_LR_COSINE ? cosine(step, first, last)
						      : stable_then_down(step, first, last);
	return min + share * (max - min);
}

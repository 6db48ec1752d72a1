/* SPDX-License-Identifier: MIT */
/*
 * schedule.c - warm-up, then cosine, warm-up-stable-decay, or constant
 *
 * A pure function of the step, so a resumed run needs nothing restored. Cosine:
 * Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts and with nanoGPT's
 * warm-up, which reaches the full rate at the first step behind it. WSD: Hu et al.
 * 2024, arXiv:2404.06395, with a linear end as in Haegele et al. 2024, arXiv:2405.18392:
 * a fifth of the run was enough there to match cosine.
 */
#include "train/schedule.h"

#include <math.h>

static double cosine(double r)
{
	return 0.5 * (1 + cos(3.14159265358979323846 * r));
}

/* 1 until four fifths of the whole run are over, then straight to 0. */
static double stable_then_down(uint64_t step, uint64_t max_steps, uint64_t warmup_steps)
{
	uint64_t decay_steps = (max_steps + 4) / 5;
	uint64_t begin = max_steps - decay_steps;
	if (begin < warmup_steps)
		begin = warmup_steps;
	if (step < begin || max_steps <= begin)
		return 1;
	return 1 - (double)(step - begin) / (double)(max_steps - begin);
}

double nt_schedule_lr(const struct nt_train_options *o, uint64_t step)
{
	double max = o->learning_rate, min = o->min_learning_rate, share = 1;
	if (step < o->warmup_steps)
		return max * (double)(step + 1) / (double)(o->warmup_steps + 1);
	if (o->lr_schedule == NT_LR_CONSTANT)
		return max;
	if (step >= o->max_steps)
		return min;
	if (o->lr_schedule == NT_LR_COSINE)
		share = cosine((double)(step - o->warmup_steps) /
			       (double)(o->max_steps - o->warmup_steps));
	else
		share = stable_then_down(step, o->max_steps, o->warmup_steps);
	return min + share * (max - min);
}

/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_SCHEDULE_H
#define TRAIN_SCHEDULE_H
/* schedule.h - the learning rate of every step */
#include <stdint.h>

#include "nt/train.h"

/*
 * The learning rate of step `step`, counted from 0, of a run of o->max_steps:
 *
 *	step < warmup_steps	learning_rate (step + 1) / (warmup_steps + 1)
 *	cosine			min + (max - min) (1 + cos(pi r)) / 2
 *	wsd			max, and over the last seven tenths straight down to min
 *	constant		max
 *
 * with r = (step - warmup_steps) / (max_steps - 1 - warmup_steps), so the first step does
 * something and the last one has min_learning_rate. In a run whose max_steps was changed at
 * step u, r keeps the value r_u that it had there and goes to 1 from it:
 * r = r_u + (1 - r_u) (step - u) / (max_steps - 1 - u).
 */
double nt_schedule_lr(const struct nt_train_options *o, uint64_t step);

/* What nt_train_read_replanned reads. */
int nt_replanned_write(const struct nt_replanned *r, struct nt_buf *out);

#endif

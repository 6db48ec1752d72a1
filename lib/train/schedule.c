/* SPDX-License-Identifier: MIT */
/*
 * schedule.c - warm-up, then cosine, warm-up-stable-decay, or constant
 *
 * A pure function of the step and of what was planned when, so a resumed run needs nothing
 * restored. The first step behind the warm-up has the full rate, and the last step of the run
 * the least: a rate that is only reached when all is over would never be used. Cosine:
 * Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts. WSD: Hu et al. 2024,
 * arXiv:2404.06395, with a linear end as in Haegele et al. 2024, arXiv:2405.18392: a
 * fifth of a long run was enough there to match cosine; ours are short and take more (docs/recipe.md).
 *
 * A curve is drawn over the way from warm-up to end, and what is replanned is only how fast it
 * is gone along: what is left of the curve is stretched over the steps that are left. So a
 * change, whenever it comes and whichever the curve, changes no step that was made, makes the
 * rate jump nowhere, and the run ends with the curve.
 */
#include "train/schedule.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "nt/err.h"

/* On the straight line from (from, done) to (last, 1), and at 1 behind it. */
static double along(double done, uint64_t from, uint64_t last, uint64_t step)
{
	if (step > last)
		return 1;
	return step <= from ? done : done + (1 - done) * ((double)(step - from) / (double)(last - from));
}

/* The part of the way from warm-up to end that lies behind. */
static double way(const struct nt_train_options *o, uint64_t step)
{
	const struct nt_replanned *r = &o->replanned;
	uint64_t from = o->warmup_steps;
	double done = 0;
	size_t i = 0;
	for (; i < r->n && r->was[i].until <= step; i++) {
		done = along(done, from, r->was[i].max_steps - 1, r->was[i].until);
		from = r->was[i].until > from ? r->was[i].until : from;
	}
	return along(done, from, (i < r->n ? r->was[i].max_steps : o->max_steps) - 1, step);
}

/* From 1 to 0 on the way from 0 to 1. */
static double cosine(double at)
{
	return 0.5 * (1 + cos(3.14159265358979323846 * at));
}

static double stable_then_down(double at)
{
	const double down = 0.7;
	return at <= 1 - down ? 1 : (1 - at) / down;
}

double nt_schedule_lr(const struct nt_train_options *o, uint64_t step)
{
	double max = o->learning_rate, min = o->min_learning_rate;
	if (step < o->warmup_steps)
		return max * (double)(step + 1) / (double)(o->warmup_steps + 1);
	if (o->lr_schedule == NT_LR_CONSTANT)
		return max;
	double at = way(o, step);
	return min + (o->lr_schedule == NT_LR_COSINE ? cosine(at) : stable_then_down(at)) * (max - min);
}

/* --- what was planned earlier, as text ------------------------------------------------ */

static bool read_count(const char **text, char end, uint64_t *out)
{
	char *behind;
	if (**text < '0' || **text > '9')
		return false;
	*out = strtoull(*text, &behind, 10);
	bool is_whole = *behind == end || (end == ',' && *behind == 0);
	*text = behind + (*behind != 0);
	return is_whole && *out <= UINT64_C(1) << 53;
}

int nt_train_read_replanned(struct nt_replanned *r, const char *text)
{
	const char *at = text;
	*r = (struct nt_replanned){0};
	while (*at) {
		uint64_t until, max_steps, before = r->n ? r->was[r->n - 1].until : 0;
		if (r->n == NT_REPLANS_MAX || !read_count(&at, ':', &until) || !read_count(&at, ',', &max_steps) ||
		    until <= before || until >= max_steps)
			return nt_fail(NT_EARG, "'%s' is not what --replanned says: as in 300:1000,600:1200, steps "
						"that grow, each below the number that was to be made in all", text);
		r->was[r->n].until = until;
		r->was[r->n++].max_steps = max_steps;
	}
	return 0;
}

int nt_replanned_write(const struct nt_replanned *r, struct nt_buf *out)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < r->n; i++)
		rc = nt_buf_printf(out, "%s%" PRIu64 ":%" PRIu64, i ? "," : "", r->was[i].until, r->was[i].max_steps);
	return rc;
}

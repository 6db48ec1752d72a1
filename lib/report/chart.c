/* SPDX-License-Identifier: MIT */
/*
 * chart.c - from logs to lines
 *
 * A run of a million steps has a million losses, and a chart some hundred columns of
 * pixels: a curve gets one point a column, what was measured the range of the column. The
 * smoothed curve is the mean of a window of steps around each, not of those behind it as
 * an exponential average: that one shows a falling loss too high, so it could not be
 * compared with held-out points.
 *
 * The first losses lie far above all others, and an axis up to them would leave the rest
 * a few pixels: it ends where the curve is after 1/50 of the way, and the curve comes in
 * from above.
 */
#include "report/chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"


/* A chart's curves. `is_look`: of held-out text, else of steps. */
struct curve {
	bool is_look, is_noisy;
	int value;
};

static const struct {
	const char *title, *unit_name;
	enum report_unit unit;
	bool has_zero;   /* 0 is on the axis */
	size_t n_curve;
	struct curve curve[2];
} charts[NT_CHART_N] = {
	[NT_CHART_LOSS] = {"loss", "nats/token", U_PLAIN, false, 2,
			   {{false, true, V_LOSS}, {true, false, V_VAL_LOSS}}},
	[NT_CHART_HELD_OUT] = {"held-out loss", "nats/token", U_PLAIN, false, 1, {{true, false, V_VAL_LOSS}}},
	[NT_CHART_SOURCES] = {"held-out loss by source", "nats/token", U_PLAIN, false, 0, {{0}}},
	[NT_CHART_BPB] = {"held-out loss", "bits/byte", U_PLAIN, false, 1, {{true, false, V_VAL_BPB}}},
	[NT_CHART_LR] = {"learning rate", "", U_PLAIN, true, 1, {{false, false, V_LR}}},
	[NT_CHART_GRAD_NORM] = {"gradient norm", "before clipping", U_PLAIN, true, 1, {{false, true, V_GRAD_NORM}}},
	[NT_CHART_SPEED] = {"throughput", "tokens/s", U_COUNT, true, 1, {{false, false, V_SPEED}}},
	[NT_CHART_MFU] = {"model FLOPs utilization", "of the machine's peak", U_SHARE, true, 1,
			  {{false, false, V_MFU}}},
};

static const struct {
	const char *name;
	enum report_unit unit;
} xs[] = {[NT_X_STEPS] = {"steps", U_COUNT}, [NT_X_TOKENS] = {"tokens", U_COUNT}, [NT_X_TIME] = {"time", U_TIME}};

/* --- a curve, point by point ------------------------------------------------------- */

static double x_of(const struct report_point *p, enum nt_chart_x x)
{
	return x == NT_X_STEPS ? p->step : x == NT_X_TOKENS ? p->tokens : p->time;
}

/* Room for n points of a line. */
static int new_line(struct report_line *l, size_t n)
{
	size_t all;
	int rc = nt_mul(n, 3, &all);
	if (rc < 0 || !(l->x = nt_alloc(all, sizeof(*l->x))))
		return NT_ESYS;
	l->lo = l->x + n;
	l->hi = l->lo + n;
	l->n = 0;
	return 0;
}

/* All points of a track that a chart with these axes can show. */
static int take_points(struct report_line *l, const struct report_track *t, int value,
		       const struct nt_chart_options *o)
{
	int rc = new_line(l, t->n);
	for (size_t i = 0; rc == 0 && i < t->n; i++) {
		double x = x_of(&t->point[i], o->x), y = t->point[i].value[value];
		if (isnan(x) || isnan(y) || (o->log & NT_LOG_X && x <= 0) || (o->log & NT_LOG_Y && y <= 0))
			continue;
		l->x[l->n] = x;
		l->lo[l->n] = l->hi[l->n] = y;
		l->n++;
	}
	return rc;
}

/*
 * y becomes the mean of up to `window` points around each. At the beginning, where a loss falls
 * steeply, there are as many behind as before it; at the end as many before as ever, because one
 * without the others would be noise.
 */
static int smooth(struct report_line *l, uint64_t window)
{
	size_t half = window ? (size_t)fmin((double)(window / 2), (double)l->n) : l->n / 100;
	double *sum = nt_alloc(l->n + 1, sizeof(*sum));
	if (!sum)
		return NT_ESYS;
	sum[0] = 0;
	for (size_t i = 0; i < l->n; i++)
		sum[i + 1] = sum[i] + l->lo[i];
	for (size_t i = 0; i < l->n; i++) {
		size_t before = half < i ? half : i, left = l->n - 1 - i, behind = before < left ? before : left;
		l->lo[i] = l->hi[i] = (sum[i + behind + 1] - sum[i - before]) / (double)(before + 1 + behind);
	}
	free(sum);
	return 0;
}

/* --- axes ---------------------------------------------------------------------------- */

struct range {
	double lo, hi;
};

static void widen(struct range *r, double x)
{
	r->lo = x < r->lo ? x : r->lo;
	r->hi = x > r->hi ? x : r->hi;
}

static struct range x_range(const struct report_chart *c, const struct nt_chart_options *o)
{
	struct range r = {INFINITY, -INFINITY};
	for (size_t i = 0; i < c->n_line; i++)
		for (size_t k = 0; k < c->line[i].n; k++)
			widen(&r, c->line[i].x[k]);
	if (!(o->log & NT_LOG_X) && r.lo > 0 && r.lo < r.hi / 3)
		r.lo = 0;
	return r;
}

/* Values from x on. Of a smoothed curve the raw values behind it are not looked at. */
static struct range y_range(const struct report_chart *c, double from)
{
	struct range r = {INFINITY, -INFINITY};
	for (size_t i = 0; i < c->n_line; i++) {
		const struct report_line *l = &c->line[i];
		for (size_t k = 0; l->style != S_RAW && k < l->n; k++)
			if (l->x[k] >= from)
				widen(&r, l->lo[k]);
	}
	return r;
}

static void fit_axes(struct report_chart *c, const struct nt_chart_options *o)
{
	struct range x = x_range(c, o), all = y_range(c, -INFINITY);
	struct range y = y_range(c, o->log ? -INFINITY : x.lo + (x.hi - x.lo) / 50);
	y.lo = all.lo;
	if (!(y.hi >= y.lo) || all.hi < y.hi + (y.hi - y.lo) / 4)
		y.hi = all.hi;
	if (charts[o->of].has_zero && !c->y.is_log)
		widen(&y, 0);
	bool is_given = !isnan(o->lo) || !isnan(o->hi);
	y.lo = isnan(o->lo) ? y.lo : o->lo;
	y.hi = isnan(o->hi) ? y.hi : o->hi;
	if (!(y.lo < y.hi) && is_given) /* told so that nothing of the curves would be seen */
		y = (struct range){isnan(o->lo) ? y.hi - 1 : y.lo, isnan(o->lo) ? y.hi : y.lo + 1};
	nt_axis_fit(&c->x, x.lo, x.hi, o->width / 90 ? o->width / 90 : 1, false);
	size_t n = o->height / 60 ? o->height / 60 : 1;
	nt_axis_fit(&c->y, y.lo, y.hi, n, true);
	if (is_given) /* only the other end is round */
		nt_axis_fit(&c->y, isnan(o->lo) ? c->y.lo : y.lo, isnan(o->hi) ? c->y.hi : y.hi, n, false);
}

/* --- thinning ------------------------------------------------------------------------- */

/* What lies in one column becomes one point: its means, or its range; of marks the last one, and
 * only where there are more than columns. */
static void thin(struct report_line *l, const struct report_axis *axis, size_t n_column)
{
	bool is_raw = l->style == S_RAW, is_marks = l->style == S_MARKS;
	size_t n = 0;
	if (is_marks && l->n <= n_column)
		return;
	for (size_t i = 0, k; i < l->n; i = k) {
		double column = floor(nt_axis_at(axis, l->x[i]) * (double)n_column);
		double x = 0, lo = 0, hi = 0;
		struct range r = {INFINITY, -INFINITY};
		for (k = i; k < l->n && floor(nt_axis_at(axis, l->x[k]) * (double)n_column) == column; k++) {
			x += l->x[k];
			lo += l->lo[k];
			hi += l->hi[k];
			widen(&r, l->lo[k]);
		}
		double m = (double)(k - i);
		l->x[n] = is_marks ? l->x[k - 1] : x / m;
		l->lo[n] = is_raw ? r.lo : is_marks ? l->lo[k - 1] : lo / m;
		l->hi[n] = is_raw ? r.hi : is_marks ? l->hi[k - 1] : hi / m;
		n++;
	}
	l->n = n;
}

static int add_line(struct report_chart *c, const struct report_track *t, struct report_line like, int value,
		    const struct nt_chart_options *o)
{
	int rc = nt_grow(&c->line, &c->line_cap, c->n_line + 1, sizeof(*c->line));
	if (rc == 0)
		rc = take_points(&like, t, value, o);
	if (rc < 0)
		return rc;
	c->line[c->n_line++] = like;
	return like.style == S_SMOOTH ? smooth(&c->line[c->n_line - 1], o->smooth) : 0;
}

/* A curve of all runs; raw values lie below every curve. */
static int add_curve(struct report_chart *c, struct nt_run *const *run, size_t n_run,
		     const struct curve *of, const struct nt_chart_options *o)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && of->is_noisy && i < n_run; i++)
		rc = add_line(c, &run[i]->step, (struct report_line){.style = S_RAW, .run = i, .color = i}, of->value, o);
	for (size_t i = 0; rc == 0 && i < n_run; i++) {
		struct report_line like = {.run = i, .color = i, .style = of->is_look ? S_MARKS : of->is_noisy ? S_SMOOTH : S_PLAIN};
		rc = add_line(c, of->is_look ? &run[i]->look : &run[i]->step, like, of->value, o);
	}
	return rc;
}

/* A source has one colour in all runs, and a run one kind of line for all sources. */
static int add_sources(struct report_chart *c, struct nt_run *const *run, size_t n_run,
		       const struct nt_chart_options *o)
{
	int rc = 0;
	nt_source_names(&c->sources, run, n_run);
	for (size_t i = 0; rc == 0 && i < n_run; i++)
		for (size_t k = 0; rc == 0 && k < run[i]->n_source; k++) {
			const struct report_source *s = &run[i]->source[k];
			size_t number = nt_source_number(&c->sources, s->name);
			struct report_line like = {.run = i, .source = s->name, .color = number + N_SOURCE * i,
						   .style = S_MARKS};
			if (number < c->sources.n)
				rc = add_line(c, &s->look, like, V_VAL_LOSS, o);
		}
	return rc;
}

int nt_chart_build(struct report_chart *c, struct nt_run *const *run, size_t n_run,
		   const struct nt_chart_options *o, size_t n_column)
{
	size_t n_point = 0;
	int rc = 0;
	*c = (struct report_chart){.title = charts[o->of].title, .y_name = charts[o->of].unit_name,
				   .x_name = xs[o->x].name};
	c->x = (struct report_axis){.unit = xs[o->x].unit, .is_log = o->log & NT_LOG_X};
	c->y = (struct report_axis){.unit = charts[o->of].unit, .is_log = o->log & NT_LOG_Y};
	for (size_t i = 0; rc == 0 && i < charts[o->of].n_curve; i++)
		rc = add_curve(c, run, n_run, &charts[o->of].curve[i], o);
	if (rc == 0 && o->of == NT_CHART_SOURCES)
		rc = add_sources(c, run, n_run, o);
	for (size_t i = 0; i < c->n_line; i++)
		n_point += c->line[i].n;
	if (rc == 0 && n_point == 0)
		rc = nt_fail(NT_EFAIL, "%s: no %s to draw%s", nt_run_label(run[0]), c->title,
			     o->log ? " on logarithmic axes" : " yet");
	if (rc == 0 && o->log & NT_LOG_Y && (o->lo <= 0 || o->hi <= 0))
		rc = nt_fail(NT_EARG, "a logarithmic axis has no 0 and nothing below it");
	if (rc == 0)
		fit_axes(c, o);
	for (size_t i = 0; rc == 0 && i < c->n_line; i++)
		thin(&c->line[i], &c->x, n_column);
	if (rc < 0)
		nt_chart_release(c);
	return rc;
}

void nt_chart_release(struct report_chart *c)
{
	for (size_t i = 0; i < c->n_line; i++)
		free(c->line[i].x);
	free(c->line);
	c->line = NULL;
	c->n_line = c->line_cap = 0;
}

/* SPDX-License-Identifier: MIT */
#ifndef REPORT_CHART_H
#define REPORT_CHART_H
/*
 * chart.h - what a chart shows, before anybody draws it
 */
#include "report/axis.h"
#include "report/run.h"

enum report_style {
	S_RAW,    /* the range of what was measured, faint */
	S_SMOOTH, /* a mean over steps */
	S_PLAIN,
	S_MARKS,  /* measured now and then: a line with a mark each */
};

struct report_line {
	enum report_style style;
	size_t run;          /* which one */
	const char *source;  /* of its data, or NULL */
	size_t color;        /* a number of its own among runs, or sources; + 8 for each run before it */
	double *x, *lo, *hi; /* [n] one allocation, x's; lo == hi but for S_RAW */
	size_t n;
};

struct report_chart {
	const char *title;   /* what is drawn: "loss" */
	const char *y_name, *x_name; /* "nats/token", "steps" */
	struct report_axis x, y;
	struct report_names sources; /* whose curves these are; none if they are those of runs */
	struct report_line *line; /* [n_line] in the order of drawing */
	size_t n_line, line_cap;
};

/* n_column: how many points a curve needs at most. NT_EFAIL: there is nothing to draw. */
int nt_chart_build(struct report_chart *c, struct nt_run *const *run, size_t n_run,
		   const struct nt_chart_options *o, size_t n_column);
void nt_chart_release(struct report_chart *c);

#endif

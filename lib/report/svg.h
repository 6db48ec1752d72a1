/* SPDX-License-Identifier: MIT */
#ifndef REPORT_SVG_H
#define REPORT_SVG_H
/*
 * svg.h - a chart's plot
 */
#include "report/chart.h"
#include "report/markup.h"

/*
 * What stands in an <svg> as large as the plot, with overflow visible: ticks and names lie
 * outside of it, 48 to its left, 40 below, 24 above. All places are shares of its size, and
 * curves are drawn in a box of width x height that is stretched over it: so the same
 * markup fits any size. The style is chart.css.
 */
void nt_svg_plot(struct report_markup *m, const struct report_chart *c, struct nt_run *const *run,
		 double width, double height);

/* class="raw c3 d1": how a style looks in the colour of a run. */
void nt_svg_class(struct report_markup *m, const char *style, size_t run);

#endif

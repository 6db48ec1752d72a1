/* SPDX-License-Identifier: MIT */
/*
 * svg.c - a chart as SVG
 *
 * Colours come from variables of the style, so a chart follows the reader from light to
 * dark wherever it stands, in a page or as a picture. Nothing is measured here: how wide
 * a text is only the reader knows, so legends leave room by a generous guess. A mark is a
 * line of no length with round ends, which stays round when its box is stretched.
 */
#include "report/svg.h"

#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "nt/err.h"
#include "report/style.h"

enum { N_COLOR = 8, N_DASH = 3, N_POINT = 480, LEFT = 64, RIGHT = 28, BELOW = 52, ROW = 20, MARKS_TOLD = 400,
       LEAST_WIDTH = 200, LEAST_HEIGHT = 150 };

static const char *const style_name[] = {"raw", "smooth", "plain", "marks"};

void nt_svg_class(struct report_markup *m, const char *style, size_t run)
{
	size_t dash = run / N_COLOR % N_DASH;
	nt_markup(m, " class=\"%s c%zu", style, run % N_COLOR);
	if (dash)
		nt_markup(m, " d%zu", dash);
	nt_markup(m, "\"");
}

/* --- ticks -------------------------------------------------------------------------- */

static void y_ticks(struct report_markup *m, const struct report_axis *a)
{
	char text[SAY_BYTES];
	for (size_t i = 0; i < a->n_tick; i++) {
		double at = 100 * (1 - nt_axis_at(a, a->tick[i]));
		nt_markup(m, "<line class=\"%s\" x2=\"100%%\" y1=\"%.4g%%\" y2=\"%.4g%%\"/>",
			  i == 0 && at > 99.9 ? "a" : "g", at, at);
		nt_markup(m, "<text class=\"e\" dx=\"-8\" dy=\".33em\" y=\"%.4g%%\">%s</text>\n", at,
			  nt_axis_say(a, a->tick[i], text));
	}
}

static void x_ticks(struct report_markup *m, const struct report_axis *a)
{
	char text[SAY_BYTES];
	for (size_t i = 0; i < a->n_tick; i++) {
		double at = 100 * nt_axis_at(a, a->tick[i]);
		nt_markup(m, "<line class=\"g\" y2=\"100%%\" x1=\"%.4g%%\" x2=\"%.4g%%\"/>", at, at);
		nt_markup(m, "<text class=\"m\" dy=\"18\" y=\"100%%\" x=\"%.4g%%\">%s</text>\n", at,
			  nt_axis_say(a, a->tick[i], text));
	}
}

/* --- curves -------------------------------------------------------------------------- */

struct box {
	struct report_markup *m;
	const struct report_chart *c;
	double width, height;
};

/* A point far outside is drawn a little outside. */
static void put_point(const struct box *b, char before, double x, double y)
{
	double up = nt_axis_at(&b->c->y, y);
	nt_markup(b->m, "%c", before);
	nt_markup_at(b->m, b->width * nt_axis_at(&b->c->x, x));
	nt_markup(b->m, " ");
	nt_markup_at(b->m, b->height * (1 - fmin(fmax(up, -2), 3)));
}

static void put_curve(const struct box *b, const struct report_line *l)
{
	nt_markup(b->m, "<path");
	nt_svg_class(b->m, style_name[l->style], l->color);
	nt_markup(b->m, " d=\"");
	for (size_t i = 0; i < l->n; i++)
		put_point(b, i ? ' ' : 'M', l->x[i], l->hi[i]);
	for (size_t i = l->style == S_RAW ? l->n : 0; i-- > 0;)
		put_point(b, ' ', l->x[i], l->lo[i]);
	nt_markup(b->m, l->n == 1 ? "h0\"/>\n" : "\"/>\n");
}

/* Marks say what they are to whoever points at them; where there are a great many, every
 * so many. */
static void put_marks(const struct box *b, const struct report_line *l, const char *label)
{
	char x[SAY_BYTES], y[SAY_BYTES];
	size_t stride = l->n / MARKS_TOLD + 1;
	for (size_t i = l->n ? (l->n - 1) % stride : 0; i < l->n; i += stride) { /* the last one always */
		double up = nt_axis_at(&b->c->y, l->lo[i]);
		if (up < 0 || up > 1)
			continue;
		nt_markup(b->m, "<g><title>");
		nt_markup_words(b->m, l->source ? l->source : label);
		nt_markup(b->m, ", %s %s: %s %s</title><path", b->c->x_name, nt_unit_say(b->c->x.unit, l->x[i], x),
			  nt_unit_say(b->c->y.unit, l->lo[i], y), b->c->y_name);
		nt_svg_class(b->m, "dot", l->color % N_COLOR);
		nt_markup(b->m, " d=\"");
		put_point(b, 'M', l->x[i], l->lo[i]);
		nt_markup(b->m, "h0\"/><path class=\"eye\" d=\"");
		put_point(b, 'M', l->x[i], l->lo[i]);
		nt_markup(b->m, "h0\"/></g>\n");
	}
}

static void begin_curves(const struct box *b, const char *overflow, size_t n_run)
{
	nt_markup(b->m, "<svg%s%s width=\"100%%\" height=\"100%%\" preserveAspectRatio=\"none\" viewBox=\"0 0 %g %g\">\n",
		  overflow, n_run > 3 ? " class=\"many\"" : "", b->width, b->height);
}

static size_t count_runs(const struct report_chart *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n_line; i++)
		n = c->line[i].run >= n ? c->line[i].run + 1 : n;
	return n;
}

void nt_svg_plot(struct report_markup *m, const struct report_chart *c, struct nt_run *const *run,
		 double width, double height)
{
	struct box b = {m, c, width, height};
	x_ticks(m, &c->x);
	y_ticks(m, &c->y);
	nt_markup(m, "<text class=\"f\" x=\"-40\" y=\"-10\">%s</text>", c->y_name);
	nt_markup(m, "<text class=\"m\" dy=\"38\" y=\"100%%\" x=\"50%%\">%s</text>\n", c->x_name);
	begin_curves(&b, "", count_runs(c));
	for (size_t i = 0; i < c->n_line; i++)
		if (c->line[i].n)
			put_curve(&b, &c->line[i]);
	nt_markup(m, "</svg>");
	begin_curves(&b, " overflow=\"visible\"", 0); /* a mark at the edge is whole */
	for (size_t i = 0; i < c->n_line; i++)
		if (c->line[i].style == S_MARKS)
			put_marks(&b, &c->line[i], nt_run_label(run[c->line[i].run]));
	nt_markup(m, "</svg>");
}

/* --- a picture by itself ------------------------------------------------------------- */

/* About how wide a text is, in pixels. */
static double text_width(const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t len = strlen(text);
	double width = 0;
	for (size_t i = 0, n; i < len; i += n ? n : 1) {
		uint32_t c = 0;
		n = nt_utf8_decode(p + i, len - i, &c);
		width += c >= 0x1100 ? 13 : c >= 'A' && c <= 'Z' ? 8.5 : 6.8;
	}
	return width;
}

struct legend {
	struct report_markup *m;
	double x, y, width;
};

/* An entry: a sample of a style, and its text. Moves on, to a next row if it must. */
static void put_entry(struct legend *l, const char *style, size_t run, bool is_faint, const char *text)
{
	double wide = 34 + text_width(text);
	bool is_marks = strcmp(style, "marks") == 0;
	if (l->x > LEFT && l->x + wide > l->width) {
		l->x = LEFT;
		l->y += ROW;
	}
	nt_markup(l->m, "<path");
	nt_svg_class(l->m, style, run);
	nt_markup(l->m, " d=\"M%g %gh18\"/>", l->x - 40, l->y - 4);
	if (is_marks) {
		nt_markup(l->m, "<path");
		nt_svg_class(l->m, "dot", run % N_COLOR);
		nt_markup(l->m, " d=\"M%g %gh0\"/>", l->x - 31, l->y - 4);
		nt_markup(l->m, "<path class=\"eye\" d=\"M%g %gh0\"/>", l->x - 31, l->y - 4);
	}
	nt_markup(l->m, "<text x=\"%g\" y=\"%g\"%s>", l->x - 16, l->y, is_faint ? " class=\"f\"" : "");
	nt_markup_words(l->m, text);
	nt_markup(l->m, "</text>\n");
	l->x += wide + 14;
}

static bool has_style(const struct report_chart *c, enum report_style style)
{
	bool has = false;
	for (size_t i = 0; i < c->n_line; i++)
		has |= c->line[i].style == style && c->line[i].n;
	return has;
}

/* The runs, and on a row of its own which kinds of curves there are, if there are several. */
static void put_legend(struct legend *l, const struct report_chart *c, struct nt_run *const *run, size_t n_run)
{
	const char *line = has_style(c, S_PLAIN) ? "plain" : has_style(c, S_SMOOTH) ? "smooth" : "marks";
	for (size_t i = 0; n_run > 1 && i < n_run; i++)
		put_entry(l, line, c->sources.n ? N_COLOR * i + N_COLOR - 1 : i, false, nt_run_label(run[i]));
	for (size_t i = 0; i < c->sources.n; i++)
		put_entry(l, "marks", i, false, c->sources.name[i]);
	if (has_style(c, S_SMOOTH)) {
		l->y += n_run > 1 ? ROW : 0;
		l->x = LEFT;
		put_entry(l, "smooth", n_run > 1 ? 7 : 0, true, has_style(c, S_MARKS) ? "training, smoothed" : "smoothed");
		put_entry(l, "swatch", n_run > 1 ? 7 : 0, true, "each step");
		if (has_style(c, S_MARKS))
			put_entry(l, "marks", n_run > 1 ? 7 : 0, true, "held out");
	}
}

static void put_title(struct report_markup *m, const struct report_chart *c, struct nt_run *const *run,
		      size_t n_run, const char *title)
{
	nt_markup(m, "<text class=\"title\" x=\"24\" y=\"28\">");
	if (title || n_run == 1)
		nt_markup_words(m, title ? title : nt_run_label(run[0]));
	if (!title)
		nt_markup(m, "%s%s", n_run == 1 ? ": " : "", c->title);
	nt_markup(m, "</text>\n");
}

static int draw(struct nt_buf *out, const struct report_chart *c, struct nt_run *const *run, size_t n_run,
		const struct nt_chart_options *o)
{
	struct nt_buf body = {0};
	struct report_markup m = {.out = &body}, all = {.out = out};
	struct legend l = {.m = &m, .x = LEFT, .y = 52, .width = o->width - RIGHT};
	put_title(&m, c, run, n_run, o->title);
	put_legend(&l, c, run, n_run);
	double top = l.x > LEFT || l.y > 52 ? l.y + 34 : 62, width = o->width - LEFT - RIGHT;
	double height = o->height - top - BELOW, least = 60;
	height = height > least ? height : least;
	nt_markup(&m, "<svg x=\"%d\" y=\"%g\" width=\"%g\" height=\"%g\" overflow=\"visible\">\n", LEFT, top, width,
		  height);
	nt_svg_plot(&m, c, run, width, height);
	nt_markup(&m, "</svg>\n</svg>\n");
	double tall = top + height + BELOW;
	nt_markup(&all, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%g\" viewBox=\"0 0 %u %g\">\n"
			"<style>\n", o->width, tall, o->width, tall);
	nt_style_chart(&all);
	nt_markup(&all, "</style>\n<rect class=\"paper\" width=\"100%%\" height=\"100%%\" rx=\"6\"/>\n");
	if (m.rc == 0)
		nt_markup_raw(&all, (const char *)body.data, body.len);
	nt_buf_release(&body);
	return m.rc < 0 ? m.rc : all.rc;
}

int nt_chart_svg(struct nt_buf *out, struct nt_run *const *run, size_t n_run,
		 const struct nt_chart_options *options)
{
	struct report_chart c;
	struct nt_chart_options o = *options;
	nt_assert(n_run > 0);
	o.width = o.width < LEAST_WIDTH ? LEAST_WIDTH : o.width;
	o.height = o.height < LEAST_HEIGHT ? LEAST_HEIGHT : o.height;
	int rc = nt_chart_build(&c, run, n_run, &o, N_POINT);
	if (rc < 0)
		return rc;
	rc = draw(out, &c, run, n_run, &o);
	nt_chart_release(&c);
	return rc;
}

/* SPDX-License-Identifier: MIT */
/*
 * plot.c - a chart in characters
 *
 * A character of Braille has two dots beside each other and four above, so a terminal of 80
 * columns is a picture 160 dots wide; without UTF-8 a character is one dot. Lines are drawn
 * dot by dot (Bresenham 1965). What is held out stands above them as a circle, or, where
 * there are several runs and no colours, as a letter that is each run's own. Below stands
 * a line a run: how far it is and what it came to.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "nt/err.h"
#include "report/chart.h"

enum { LEAST_WIDTH = 30, LEAST_HEIGHT = 8, LEAST_ROWS = 3, N_COLOR = 8, NOBODY = 255 };

/* Of the 256 colours of terminals, those that are read on black and on white. */
static const int color_of[N_COLOR] = {33, 208, 36, 170, 178, 75, 204, 246};

struct cell {
	uint8_t dots;    /* of Braille, or 1: any */
	uint8_t run;     /* whose colour it has, or NOBODY */
	bool is_mark;
};

struct canvas {
	struct nt_buf *out;
	const struct report_chart *c;
	struct cell *cell; /* [rows][columns] */
	size_t columns, rows, left;
	size_t across, down; /* dots of a cell */
	bool is_utf8, has_color, is_lettered;
	int rc;
};

/* --- dots --------------------------------------------------------------------------- */

static void put_dot(struct canvas *p, long x, long y, size_t run)
{
	static const uint8_t braille[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
	if (x < 0 || y < 0 || x >= (long)(p->columns * p->across) || y >= (long)(p->rows * p->down))
		return;
	size_t column = (size_t)x / p->across, row = (size_t)y / p->down;
	struct cell *at = &p->cell[row * p->columns + column];
	at->dots |= p->is_utf8 ? braille[(size_t)y % 4][(size_t)x % 2] : 1;
	if (!at->is_mark)
		at->run = (uint8_t)(run % NOBODY);
}

static void put_line(struct canvas *p, long x, long y, long to_x, long to_y, size_t run)
{
	long wide = labs(to_x - x), tall = -labs(to_y - y), error = wide + tall;
	for (;;) {
		put_dot(p, x, y, run);
		if (x == to_x && y == to_y)
			return;
		long twice = 2 * error;
		if (twice >= tall) {
			error += tall;
			x += x < to_x ? 1 : -1;
		}
		if (twice <= wide) {
			error += wide;
			y += y < to_y ? 1 : -1;
		}
	}
}

static long dot_x(const struct canvas *p, double x)
{
	return lround(nt_axis_at(&p->c->x, x) * (double)(p->columns * p->across - 1));
}

/* A point far above or below is a little outside, so that lines to it stay short. */
static long dot_y(const struct canvas *p, double y)
{
	double up = fmin(fmax(nt_axis_at(&p->c->y, y), -1), 2);
	return lround((1 - up) * (double)(p->rows * p->down - 1));
}

static void put_curve(struct canvas *p, const struct report_line *l)
{
	for (size_t i = 0; i < l->n; i++) {
		size_t before = i ? i - 1 : 0;
		put_line(p, dot_x(p, l->x[before]), dot_y(p, l->lo[before]), dot_x(p, l->x[i]), dot_y(p, l->lo[i]), l->color);
	}
}

static void put_marks(struct canvas *p, const struct report_line *l)
{
	for (size_t i = 0; i < l->n; i++) {
		long x = dot_x(p, l->x[i]), y = dot_y(p, l->lo[i]);
		if (y < 0 || y >= (long)(p->rows * p->down))
			continue;
		struct cell *at = &p->cell[(size_t)y / p->down * p->columns + (size_t)x / p->across];
		at->is_mark = true;
		at->run = (uint8_t)(l->color % NOBODY);
	}
}

/* --- characters --------------------------------------------------------------------- */

static void put(struct canvas *p, const char *text)
{
	if (p->rc == 0)
		p->rc = nt_buf_add(p->out, text, strlen(text));
}

static void put_spaces(struct canvas *p, size_t n)
{
	for (; n > 0; n--)
		put(p, " ");
}

static void set_color(struct canvas *p, size_t run)
{
	if (p->has_color && p->rc == 0)
		p->rc = nt_buf_printf(p->out, "\033[38;5;%dm", color_of[run % N_COLOR]);
}

static void end_color(struct canvas *p)
{
	if (p->has_color)
		put(p, "\033[0m");
}

/* Text from outside: what a terminal could obey, and what it cannot show, is '?'. Returns the
 * columns that are left of `room`. */
static size_t put_text(struct canvas *p, const char *text, size_t room)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t len = strlen(text);
	for (size_t i = 0, n; i < len && p->rc == 0; i += n ? n : 1) {
		uint32_t c = 0;
		n = nt_utf8_decode(s + i, len - i, &c);
		bool is_shown = n && c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0) && (p->is_utf8 || c < 0x80);
		size_t wide = is_shown && c >= 0x1100 ? 2 : 1;
		if (wide > room)
			break;
		room -= wide;
		p->rc = is_shown ? nt_buf_add(p->out, s + i, n) : nt_buf_add(p->out, "?", 1);
	}
	return room;
}

static void put_sign(struct canvas *p, size_t run)
{
	static const char dots[] = "*+x#%@=~";
	char letter[2] = {(char)('a' + run % 26), 0};
	if (!p->is_lettered)
		put(p, p->is_utf8 ? "\xe2\x97\x8f" : "o");
	else if (p->is_utf8)
		put(p, letter);
	else
		put(p, (char[]){dots[run % (sizeof(dots) - 1)], 0});
}

static void put_cell(struct canvas *p, const struct cell *at, size_t *color)
{
	static const char dots[] = "*+x#%@=~";
	if (at->run != *color && at->run != NOBODY)
		set_color(p, at->run);
	*color = at->run == NOBODY ? *color : at->run;
	if (at->is_mark && (p->is_utf8 || !p->is_lettered))
		put_sign(p, at->run);
	else if (!at->dots && !at->is_mark)
		put(p, " ");
	else if (!p->is_utf8)
		put(p, (char[]){p->is_lettered ? dots[at->run % (sizeof(dots) - 1)] : '*', 0});
	else
		put(p, (char[]){(char)0xe2, (char)(0xa0 | at->dots >> 6), (char)(0x80 | (at->dots & 0x3f)), 0});
}

/* --- rows ----------------------------------------------------------------------------- */

/* The tick that belongs to a row, or -1. */
static long tick_of(const struct canvas *p, const struct report_axis *a, size_t row)
{
	for (size_t i = 0; i < a->n_tick; i++)
		if (lround((1 - nt_axis_at(a, a->tick[i])) * (double)(p->rows - 1)) == (long)row)
			return (long)i;
	return -1;
}

static void put_row(struct canvas *p, size_t row)
{
	char text[SAY_BYTES] = "";
	size_t color = NOBODY, used = p->columns;
	long tick = tick_of(p, &p->c->y, row);
	const struct cell *line = &p->cell[row * p->columns];
	if (tick >= 0)
		nt_axis_say(&p->c->y, p->c->y.tick[tick], text);
	put_spaces(p, p->left - strlen(text));
	put(p, text);
	if (p->is_utf8)
		put(p, tick >= 0 ? " \xe2\x94\xa4" : " \xe2\x94\x82");
	else
		put(p, tick >= 0 ? " +" : " |");
	while (used && line[used - 1].run == NOBODY)
		used--;
	for (size_t i = 0; i < used; i++)
		put_cell(p, &line[i], &color);
	if (color != NOBODY)
		end_color(p);
	put(p, "\n");
}

/* The line under the plot, and ticks as far as they do not touch. */
static void put_x_axis(struct canvas *p)
{
	const struct report_axis *a = &p->c->x;
	char text[SAY_BYTES];
	size_t at = 0, end = p->left + 2 + p->columns;
	put_spaces(p, p->left);
	put(p, p->is_utf8 ? " \xe2\x94\x94" : " +");
	for (size_t i = 0; i < p->columns; i++)
		put(p, p->is_utf8 ? "\xe2\x94\x80" : "-");
	put(p, "\n");
	for (size_t i = 0; i < a->n_tick; i++) {
		size_t len = strlen(nt_axis_say(a, a->tick[i], text));
		size_t middle = p->left + 2 + (size_t)lround(nt_axis_at(a, a->tick[i]) * (double)(p->columns - 1));
		size_t begin = middle > len / 2 ? middle - len / 2 : 0;
		begin = begin + len > end ? end - len : begin;
		if (at && begin < at + 2)
			continue;
		put_spaces(p, begin - at);
		put(p, text);
		at = begin + len;
	}
	put(p, "\n");
}

/* "step 716 of 1421, loss 4.31, held out 4.33, 1m20s left, 14.9k tokens/s" */
static int say_state(struct nt_buf *out, const struct nt_run *r)
{
	char text[SAY_BYTES];
	if (r->step.n == 0)
		return nt_buf_printf(out, "no step yet");
	const struct report_point *now = &r->step.point[r->step.n - 1];
	double left = (r->max_steps - now->step) * now->time / now->step;
	int rc = nt_buf_printf(out, "step %.0f", now->step);
	if (rc == 0 && r->max_steps > 0)
		rc = nt_buf_printf(out, " of %.0f", r->max_steps);
	if (rc == 0)
		rc = nt_buf_printf(out, ", loss %.4g", now->value[V_LOSS]);
	if (rc == 0 && r->look.n)
		rc = nt_buf_printf(out, ", held out %.4g", r->look.point[r->look.n - 1].value[V_VAL_LOSS]);
	if (rc == 0 && r->has_ended)
		rc = nt_buf_printf(out, ", %s in %s", now->step < r->max_steps ? "stopped" : "finished",
				   nt_unit_say(U_TIME, now->time, text));
	else if (rc == 0 && left > 0)
		rc = nt_buf_printf(out, ", %s left", nt_unit_say(U_TIME, left, text));
	return rc < 0 ? rc : nt_buf_printf(out, ", %s tokens/s", nt_unit_say(U_COUNT, now->value[V_SPEED], text));
}

static void put_state(struct canvas *p, const struct nt_run *r, size_t run, size_t width)
{
	struct nt_buf text = {0};
	int rc = nt_buf_printf(&text, "  ");
	if (rc == 0)
		rc = say_state(&text, r);
	if (rc == 0)
		rc = nt_buf_add(&text, "", 1);
	set_color(p, run);
	put_sign(p, run);
	end_color(p);
	put(p, " ");
	size_t name = width / 3, left = put_text(p, nt_run_label(r), name);
	if (rc == 0)
		put_text(p, (char *)text.data, width - 2 - (name - left));
	put(p, "\n");
	p->rc = p->rc < 0 ? p->rc : rc;
	nt_buf_release(&text);
}

/* Whose curve is whose, where curves are those of sources. */
static void put_sources(struct canvas *p, const struct report_names *sources, size_t width)
{
	for (size_t i = 0; i < sources->n && width > 4; i++) {
		set_color(p, i);
		put_sign(p, i);
		end_color(p);
		put(p, " ");
		width = put_text(p, sources->name[i], width - 4);
		put(p, "  ");
	}
	if (sources->n)
		put(p, "\n");
}

static void put_all(struct canvas *p, struct nt_run *const *run, size_t n_run, const struct nt_chart_options *o)
{
	char title[128];
	for (size_t i = 0; i < p->c->n_line; i++)
		if (p->c->line[i].style != S_RAW)
			put_curve(p, &p->c->line[i]);
	for (size_t i = 0; i < p->c->n_line; i++)
		if (p->c->line[i].style == S_MARKS)
			put_marks(p, &p->c->line[i]);
	put_spaces(p, p->left);
	put(p, "  ");
	snprintf(title, sizeof(title), "%s%s%s against %s", p->c->title, *p->c->y_name ? ", " : "", p->c->y_name,
		 p->c->x_name);
	put_text(p, o->title ? o->title : title, p->columns);
	put(p, "\n");
	for (size_t i = 0; i < p->rows; i++)
		put_row(p, i);
	put_x_axis(p);
	put_sources(p, &p->c->sources, o->width);
	for (size_t i = 0; i < n_run; i++)
		put_state(p, run[i], i, o->width);
}

/* Columns that the ticks' texts need. */
static size_t widest_tick(const struct report_axis *a)
{
	char text[SAY_BYTES];
	size_t widest = 1;
	for (size_t i = 0; i < a->n_tick; i++) {
		size_t len = strlen(nt_axis_say(a, a->tick[i], text));
		widest = len > widest ? len : widest;
	}
	return widest;
}

int nt_chart_terminal(struct nt_buf *out, struct nt_run *const *run, size_t n_run,
		      const struct nt_chart_options *options, bool is_utf8, bool has_color)
{
	struct nt_chart_options o = *options, build;
	struct report_chart c;
	o.width = o.width < LEAST_WIDTH ? LEAST_WIDTH : o.width;
	o.height = o.height < LEAST_HEIGHT ? LEAST_HEIGHT : o.height;
	/* a title, the axis with its ticks, sources, and a line a run */
	size_t around = n_run + 3 + (o.of == NT_CHART_SOURCES);
	struct canvas p = {.out = out, .c = &c, .is_utf8 = is_utf8, .has_color = has_color,
			   .across = is_utf8 ? 2 : 1, .down = is_utf8 ? 4 : 1,
			   .is_lettered = (n_run > 1 || o.of == NT_CHART_SOURCES) && !has_color,
			   .rows = o.height > around + LEAST_ROWS ? o.height - around : LEAST_ROWS};
	build = o;
	build.width = 9 * o.width; /* as many ticks as there is room for */
	build.height = (unsigned)(14 * p.rows);
	int rc = nt_chart_build(&c, run, n_run, &build, 2 * (size_t)o.width);
	if (rc < 0)
		return rc;
	p.left = widest_tick(&c.y);
	p.columns = o.width > p.left + 3 + LEAST_WIDTH / 2 ? o.width - p.left - 3 : LEAST_WIDTH / 2;
	if (!(p.cell = nt_calloc(p.rows * p.columns, sizeof(*p.cell))))
		p.rc = NT_ESYS;
	for (size_t i = 0; p.cell && i < p.rows * p.columns; i++)
		p.cell[i].run = NOBODY;
	if (p.cell)
		put_all(&p, run, n_run, &o);
	free(p.cell);
	nt_chart_release(&c);
	return p.rc;
}

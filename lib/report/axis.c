/* SPDX-License-Identifier: MIT */
/*
 * axis.c - ticks that a person would have chosen
 *
 * One, two or five times a power of ten; of seconds what clocks have, 15 s, 5 min, 6 h. A
 * logarithmic axis has its powers of ten, and where these are few, two and five times them
 * as well; over less than a factor of three it is so nearly straight that the ticks of a
 * straight one read best.
 */
#include "report/axis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double round_step(double least)
{
	double power = pow(10, floor(log10(least)));
	for (int i = 0; i < 3; i++) {
		static const double of[] = {1, 2, 5};
		if (of[i] * power >= least * 0.75)
			return of[i] * power;
	}
	return 10 * power;
}

static double round_seconds(double least)
{
	static const double of[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
				    10800, 21600, 43200, 86400};
	if (least <= 1)
		return round_step(least);
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++)
		if (of[i] >= least * 0.75)
			return of[i];
	return 86400 * round_step(least / 86400);
}

static void add_tick(struct report_axis *a, double x)
{
	double slack = a->is_log ? 0 : (a->hi - a->lo) * 1e-9;
	if (a->n_tick < TICK_MOST && x >= a->lo - slack && x <= a->hi + slack)
		a->tick[a->n_tick++] = x;
}

static void fit_straight(struct report_axis *a, size_t n, bool is_round)
{
	double least = (a->hi - a->lo) / (double)n;
	a->step = a->unit == U_TIME ? round_seconds(least) : round_step(least);
	double first = floor(a->lo / a->step), last = ceil(a->hi / a->step);
	if (is_round) {
		a->lo = first * a->step;
		a->hi = last * a->step;
	}
	for (double i = 0; i <= TICK_MOST && first + i <= last; i++)
		add_tick(a, (first + i) * a->step);
}

static void fit_powers(struct report_axis *a, size_t n)
{
	double first = floor(log10(a->lo)), last = ceil(log10(a->hi));
	double stride = ceil((last - first) / (double)(2 * n));
	bool is_sparse = last - first <= 3;
	for (double e = first; e <= last && stride >= 1; e += stride) {
		add_tick(a, pow(10, e));
		if (is_sparse)
			add_tick(a, 2 * pow(10, e));
		if (is_sparse)
			add_tick(a, 5 * pow(10, e));
	}
}

void nt_axis_fit(struct report_axis *a, double lo, double hi, size_t n, bool is_round)
{
	a->n_tick = 0;
	a->step = 0;
	a->lo = lo;
	a->hi = hi;
	if (a->is_log && !(hi > lo * 1.0001)) {
		a->lo = lo / 1.1;
		a->hi = hi * 1.1;
	} else if (!a->is_log && !(hi - lo > fabs(hi) * 1e-9)) {
		double room = hi != 0 ? fabs(hi) * 0.05 : 1;
		a->lo = lo - room;
		a->hi = hi + room;
	}
	if (a->is_log && a->hi / a->lo > 3)
		fit_powers(a, n);
	else
		fit_straight(a, n, is_round && !a->is_log);
}

double nt_axis_at(const struct report_axis *a, double x)
{
	if (a->is_log)
		return (log(x) - log(a->lo)) / (log(a->hi) - log(a->lo));
	return (x - a->lo) / (a->hi - a->lo);
}

/* --- numbers ----------------------------------------------------------------------- */

/* Takes zeros behind the point away, and the point behind which nothing is left. */
static void trim(char *text)
{
	size_t n = strlen(text);
	if (!strchr(text, '.') || strchr(text, 'e'))
		return;
	while (n && text[n - 1] == '0')
		text[--n] = 0;
	if (n && text[n - 1] == '.')
		text[n - 1] = 0;
}

/* "1h30m", "3m50s", "0.25s": the two largest units. */
static void say_seconds(double x, char *text)
{
	static const struct {
		double seconds;
		char name;
	} of[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;
	if (x < 60) {
		snprintf(text, SAY_BYTES - 1, "%.4g", x < 10 ? x : round(x * 10) / 10);
		trim(text);
		strcat(text, "s");
		return;
	}
	while (x < of[i].seconds)
		i++;
	if (i > 0 && round(x / of[i + 1].seconds) * of[i + 1].seconds >= of[i - 1].seconds)
		i--; /* 3599.9 is an hour */
	double small = of[i + 1].seconds, all = round(x / small), large = floor(all * small / of[i].seconds);
	double rest = all - large * of[i].seconds / small;
	if (rest >= 1)
		snprintf(text, SAY_BYTES, "%.0f%c%.0f%c", large, of[i].name, rest, of[i + 1].name);
	else
		snprintf(text, SAY_BYTES, "%.0f%c", large, of[i].name);
}

/* Thousands, millions and so on, with so many digits behind the point. */
static void say_count(double x, double step, int digits, char *text)
{
	static const char *const name[] = {"", "k", "M", "G", "T", "P", "E"};
	double size = fabs(x), scale = 1;
	size_t i = 0;
	bool is_short = step < 1 && size < 9999.5; /* a value by itself: 6910 and not 6.91k */
	while (!is_short && i + 1 < sizeof(name) / sizeof(*name) && size >= 999.95 * scale) {
		scale *= 1000;
		i++;
	}
	snprintf(text, SAY_BYTES - 2, "%.*f", i || size < 100 ? digits : 0, x / scale);
	trim(text);
	strcat(text, name[i]);
}

/* "6e-4" for what printf makes 0.0006 and 6e-04 of. */
static void say_plain(double x, int digits, char *text)
{
	double size = fabs(x);
	if (size != 0 && (size < 0.00099 || size >= 1e6))
		snprintf(text, SAY_BYTES, "%.*e", digits > 4 ? 3 : 2, x);
	else
		snprintf(text, SAY_BYTES, "%.*f", digits, x);
	char *e = strchr(text, 'e');
	if (!e) {
		trim(text);
		return;
	}
	char exponent[8];
	snprintf(exponent, sizeof(exponent), "e%d", (int)strtol(e + 1, NULL, 10));
	*e = 0;
	trim(text);
	strcat(text, exponent);
}

const char *nt_axis_say(const struct report_axis *a, double tick, char text[SAY_BYTES])
{
	double step = a->step > 0 ? a->step : fabs(tick);
	double unit = a->unit == U_SHARE ? step * 100 : step;
	int digits = unit > 0 && unit < 1 ? (int)fmin(9, ceil(-log10(unit) - 1e-9)) : 0;
	if (fabs(tick) < step * 1e-6)
		snprintf(text, SAY_BYTES, a->unit == U_SHARE ? "0 %%" : "0");
	else if (a->unit == U_TIME)
		say_seconds(tick, text);
	else if (a->unit == U_COUNT)
		say_count(tick, step, digits > 3 ? digits : 3, text);
	else if (a->unit == U_SHARE)
		snprintf(text, SAY_BYTES, "%.*f %%", digits, tick * 100);
	else
		say_plain(tick, digits, text);
	return text;
}

const char *nt_unit_say(enum report_unit unit, double x, char text[SAY_BYTES])
{
	if (isnan(x))
		snprintf(text, SAY_BYTES, "-");
	else if (unit == U_TIME)
		say_seconds(x, text);
	else if (unit == U_COUNT)
		say_count(x, 0, 2, text);
	else if (unit == U_SHARE)
		snprintf(text, SAY_BYTES, "%.1f %%", x * 100);
	else
		say_plain(x, fabs(x) < 0.1 ? 6 : 4, text);
	return text;
}

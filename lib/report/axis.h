/* SPDX-License-Identifier: MIT */
#ifndef REPORT_AXIS_H
#define REPORT_AXIS_H
/*
 * axis.h - from values to places, with ticks at round numbers
 */
#include <stdbool.h>
#include <stddef.h>

enum report_unit {
	U_PLAIN, /* nats, a norm */
	U_COUNT, /* 12k, 3.4M */
	U_TIME,  /* seconds, as 1h30m */
	U_SHARE, /* of one, as percent */
};

enum { TICK_MOST = 24, SAY_BYTES = 40 };

struct report_axis {
	enum report_unit unit;
	bool is_log;
	double lo, hi;           /* lo < hi; of a logarithmic axis 0 < lo */
	double tick[TICK_MOST];  /* [n_tick], ascending */
	size_t n_tick;
	double step;             /* between ticks; 0 where it varies */
};

/*
 * Fits the axis to [lo, hi] with about n ticks. is_round: the ends become round, too.
 * lo and hi may be the same, and of a logarithmic axis both are above 0.
 */
void nt_axis_fit(struct report_axis *a, double lo, double hi, size_t n, bool is_round);

/* Where x lies: 0 at lo, 1 at hi. */
double nt_axis_at(const struct report_axis *a, double x);

/* A tick's text; returns text. */
const char *nt_axis_say(const struct report_axis *a, double tick, char text[SAY_BYTES]);

/* A value by itself, to four or five digits: "3.4536", "7.06M", "3m50s", "61.6 %". */
const char *nt_unit_say(enum report_unit unit, double x, char text[SAY_BYTES]);

#endif

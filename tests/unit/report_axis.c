/* SPDX-License-Identifier: MIT */
/* report_axis.c - ticks, places and numbers of charts */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nt/random.h"
#include "report/axis.h"

/* The texts of an axis' ticks, a space behind each. */
static const char *ticks(enum report_unit unit, bool is_log, double lo, double hi, size_t n, bool is_round)
{
	static char all[TICK_MOST * SAY_BYTES];
	struct report_axis a = {.unit = unit, .is_log = is_log};
	char text[SAY_BYTES];
	*all = 0;
	nt_axis_fit(&a, lo, hi, n, is_round);
	for (size_t i = 0; i < a.n_tick; i++)
		strcat(strcat(all, nt_axis_say(&a, a.tick[i], text)), " ");
	return all;
}

static void ticks_are_round(void **state)
{
	(void)state;
	assert_string_equal(ticks(U_PLAIN, false, 1.61, 3.42, 5, true), "1.5 2 2.5 3 3.5 ");
	assert_string_equal(ticks(U_COUNT, false, 0, 6910, 8, false), "0 1k 2k 3k 4k 5k 6k ");
	assert_string_equal(ticks(U_COUNT, false, 0, 7062564, 4, false), "0 2M 4M 6M ");
	assert_string_equal(ticks(U_COUNT, false, 0, 120, 4, false), "0 50 100 ");
	assert_string_equal(ticks(U_COUNT, false, 7.1e6, 7.3e6, 4, true), "7.1M 7.15M 7.2M 7.25M 7.3M ");
	assert_string_equal(ticks(U_TIME, false, 0, 230, 8, false), "0 30s 1m 1m30s 2m 2m30s 3m 3m30s ");
	assert_string_equal(ticks(U_TIME, false, 0, 36000, 6, false), "0 2h 4h 6h 8h 10h ");
	assert_string_equal(ticks(U_TIME, false, 0, 6e5, 6, false), "0 1d 2d 3d 4d 5d 6d ");
	assert_string_equal(ticks(U_SHARE, false, 0, 0.62, 4, true), "0 % 20 % 40 % 60 % 80 % ");
	assert_string_equal(ticks(U_PLAIN, false, 0, 0.006, 4, true), "0 0.002 0.004 0.006 ");
	assert_string_equal(ticks(U_PLAIN, false, 0, 0.00061, 4, true), "0 2e-4 4e-4 6e-4 8e-4 ");
	assert_string_equal(ticks(U_PLAIN, true, 1.5, 9, 5, false), "2 5 ");
	assert_string_equal(ticks(U_COUNT, true, 1, 1e6, 5, false), "1 10 100 1k 10k 100k 1M ");
	assert_string_equal(ticks(U_PLAIN, false, 3, 3, 4, true), "2.8 2.9 3 3.1 3.2 ");
}

static void values_are_said_in_few_digits(void **state)
{
	static const struct {
		enum report_unit unit;
		double x;
		const char *text;
	} of[] = {
		{U_PLAIN, 3.45362, "3.4536"}, {U_PLAIN, 0.0006, "6e-4"}, {U_PLAIN, 0.00612, "0.00612"},
		{U_COUNT, 7062564, "7.06M"}, {U_COUNT, 500, "500"}, {U_COUNT, 6910, "6910"}, {U_COUNT, 40099, "40.1k"},
		{U_TIME, 229.7, "3m50s"}, {U_TIME, 3600, "1h"}, {U_TIME, 0.26, "0.26s"}, {U_TIME, 59.96, "60s"},
		{U_TIME, 86399, "1d"}, {U_TIME, 3599.7, "1h"}, {U_SHARE, 0.6158, "61.6 %"}, {U_PLAIN, NAN, "-"},
	};
	char text[SAY_BYTES];
	(void)state;
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++)
		assert_string_equal(nt_unit_say(of[i].unit, of[i].x, text), of[i].text);
}

/* Whatever the numbers: some ticks, all on the axis, in order, and texts that fit. */
static void any_range_has_an_axis(void **state)
{
	char text[SAY_BYTES];
	(void)state;
	for (uint64_t i = 0; i < 20000; i++) {
		double a = ldexp((double)(nt_random_u64(7, NT_RANDOM_SAMPLE, 3 * i) >> 11) / 9e15, (int)(nt_random_u64(7, NT_RANDOM_SAMPLE, 3 * i + 1) % 180) - 90);
		double b = a * (1 + ldexp(1, -(int)(nt_random_u64(7, NT_RANDOM_SAMPLE, 3 * i + 2) % 60)));
		struct report_axis axis = {.unit = (enum report_unit)(i % 4), .is_log = i % 3 == 0};
		if (axis.is_log && a <= 0)
			continue;
		nt_axis_fit(&axis, a, b, 1 + i % 12, i % 2);
		assert_true(axis.lo < axis.hi && axis.lo <= a && axis.hi >= b);
		assert_true(isfinite(nt_axis_at(&axis, a)) && nt_axis_at(&axis, a) <= nt_axis_at(&axis, b));
		for (size_t k = 0; k < axis.n_tick; k++) {
			double at = nt_axis_at(&axis, axis.tick[k]);
			assert_true(at > -1e-6 && at < 1 + 1e-6 && (k == 0 || axis.tick[k] > axis.tick[k - 1]));
			assert_true(strlen(nt_axis_say(&axis, axis.tick[k], text)) < SAY_BYTES);
		}
		assert_true(strlen(nt_unit_say(axis.unit, b, text)) < SAY_BYTES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ticks_are_round),
		cmocka_unit_test(values_are_said_in_few_digits),
		cmocka_unit_test(any_range_has_an_axis),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

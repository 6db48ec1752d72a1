/* SPDX-License-Identifier: MIT */
/* train_pace.c - what is made of a machine that has become slow, and that it is read at all */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "nt/cpu.h"
#include "train/pace.h"

/* A minute as it should be: two threads have two CPUs. */
static const struct nt_pace good = {.step = 0.1, .own = 1.95, .others = 0.05, .peak = 400e9};

static void assert_judged(struct nt_pace now, enum nt_slow cause, const char *words)
{
	char text[256];
	assert_int_equal(nt_pace_judge(&good, &now, 2), cause);
	if (cause != NT_SLOW_NOT) {
		nt_pace_text(text, cause, &good, &now);
		if (!strstr(text, "steps take 2.0 times as long as in the first minute: ") || !strstr(text, words))
			fail_msg("%s", text);
	}
}

static void each_cause_is_told_by_its_evidence(void **state)
{
	(void)state;
	struct nt_pace p = good;
	p.step = 0.2;
	assert_judged(p, NT_SLOW_UNKNOWN, "neither memory");
	p.peak = 390e9;
	assert_judged(p, NT_SLOW_UNKNOWN, "neither memory");
	p.peak = 200e9;
	assert_judged(p, NT_SLOW_CPU, "at 200 of 400 GFLOP/s");
	p.others = 1;
	assert_judged(p, NT_SLOW_OTHERS, "other programs take 1.0 of ");
	p.stopped = 0.4;
	assert_judged(p, NT_SLOW_QUOTA, "used up in 40 % of its periods");
	p.stolen = 0.7;
	assert_judged(p, NT_SLOW_HOST, "gives 0.7 of ");
	p.faults = 300;
	assert_judged(p, NT_SLOW_MEMORY, "300 pages a second");
}

static void a_run_that_is_not_slower_is_left_alone(void **state)
{
	(void)state;
	struct nt_pace p = good;
	p.others = p.stolen = 1;
	p.faults = 1000;
	p.peak = 1e9;
	p.step = 1.2 * good.step;
	assert_judged(p, NT_SLOW_NOT, "");
	p.step = 0.5 * good.step;
	assert_judged(p, NT_SLOW_NOT, "");
}

static void what_was_there_from_the_beginning_explains_nothing_later(void **state)
{
	(void)state;
	struct nt_pace first = good, p = good;
	first.others = p.others = 0.8;
	first.faults = p.faults = 100;
	p.step = 0.2;
	assert_int_equal(nt_pace_judge(&first, &p, 2), NT_SLOW_UNKNOWN);
	first.own = 1.2;
	first.others = 0.8;
	p.own = 0.9; /* of CPUs that were busy all along it has less than before */
	p.others = 1;
	assert_int_equal(nt_pace_judge(&first, &p, 2), NT_SLOW_OTHERS);
	p.idle = 0.3;
	assert_int_equal(nt_pace_judge(&first, &p, 2), NT_SLOW_UNKNOWN);
}

static void the_first_minute_is_judged_by_itself(void **state)
{
	(void)state;
	struct nt_pace p = good;
	char text[256];
	assert_int_equal(nt_pace_judge(NULL, &p, 2), NT_SLOW_NOT);
	p.others = 1; /* it has what it wants ... */
	assert_int_equal(nt_pace_judge(NULL, &p, 2), NT_SLOW_NOT);
	p.own = 1.1; /* ... or waits for itself while a CPU is idle ... */
	p.idle = 0.5;
	assert_int_equal(nt_pace_judge(NULL, &p, 2), NT_SLOW_NOT);
	p.idle = 0; /* ... or for others */
	assert_int_equal(nt_pace_judge(NULL, &p, 2), NT_SLOW_OTHERS);
	assert_int_equal(nt_pace_judge(NULL, &p, 1), NT_SLOW_NOT);
	nt_pace_text(text, NT_SLOW_OTHERS, NULL, &p);
	assert_non_null(strstr(text, "steps are slowed down: other programs take 1.0 of "));
	p.faults = 100;
	assert_int_equal(nt_pace_judge(NULL, &p, 2), NT_SLOW_MEMORY);
}

static void a_stretch_is_read_from_the_system(void **state)
{
	(void)state;
	struct nt_watch w = {0};
	nt_watch_start(&w, 3600);
	assert_true(w.begin.wall > 0 && w.begin.busy > 0 && w.begin.idle > 0);
	assert_false(nt_watch_step(&w, 0.25, 0.25));
	nt_watch_start(&w, 0.2);
	double cpu = nt_cpu_seconds();
	assert_false(nt_watch_step(&w, 0.1, 0.05));
	while (nt_cpu_seconds() < cpu + 0.3) /* not idle */
		;
	assert_true(nt_watch_step(&w, 0.3, 0.25));
	assert_true(w.now.step > 0.19 && w.now.step < 0.21 && w.now.own > 0.74 && w.now.own < 0.76);
	assert_true(w.now.others >= 0 && w.now.idle >= 0 && w.now.stolen >= 0);
	/* what this thread did is nobody else's, and no more was done than there are CPUs */
	double sum = w.now.others + w.now.idle + w.now.stolen;
	assert_true(sum < nt_cpu_count() + 0.5);
	assert_true(w.steps == 0 && w.step_seconds == 0); /* the next one has begun */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cause_is_told_by_its_evidence),
		cmocka_unit_test(a_run_that_is_not_slower_is_left_alone),
		cmocka_unit_test(what_was_there_from_the_beginning_explains_nothing_later),
		cmocka_unit_test(the_first_minute_is_judged_by_itself),
		cmocka_unit_test(a_stretch_is_read_from_the_system),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

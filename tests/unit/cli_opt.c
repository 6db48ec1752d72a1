/* SPDX-License-Identifier: MIT */
/* cli_opt.c - what the option table makes of a command line */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/opt.h"
#include "nt/err.h"

struct values {
	bool flag;
	const char *name;
	struct nt_list list;
	int64_t whole;
	uint64_t count, size;
	double real, time;
	struct nt_opt_every every;
	struct nt_opt_maybe maybe;
	int choice;
	size_t before_dashes;
};

#define AT(field) offsetof(struct values, field)
static const struct nt_opt opts[] = {
	{'f', "flag", NT_OPT_FLAG, AT(flag), NULL, NULL, 0, 0, "a flag"},
	{.help = "A heading"},
	{'n', "name", NT_OPT_STR, AT(name), "NAME", "nobody", 0, 0, "a word"},
	{0, "list", NT_OPT_LIST, AT(list), "ITEM", NULL, 0, 0, "many words"},
	{'w', "whole", NT_OPT_INT, AT(whole), "N", "-3", -10, 10, "a number"},
	{0, "count", NT_OPT_COUNT, AT(count), "N", NULL, 0, 0, "a count"},
	{'S', "size", NT_OPT_SIZE, AT(size), "SIZE", "64k", 0, 0, "bytes"},
	{0, "real", NT_OPT_REAL, AT(real), "X", NULL, 0, 1, "a fraction"},
	{0, "time", NT_OPT_TIME, AT(time), "TIME", "10m", 0, 0, "a time"},
	{0, "every", NT_OPT_EVERY, AT(every), "N|TIME", NULL, 0, 0, "how often"},
	{0, "choice", NT_OPT_ENUM, AT(choice), "red|green|blue", "green", 0, 0, "a colour"},
	{'m', "maybe", NT_OPT_MAYBE, AT(maybe), "N", NULL, 0, 20, "a flag that may say how many"},
	{0, "choosy", NT_OPT_FLAG, AT(flag), NULL, NULL, 0, 0, "another flag"},
	{0},
};
static const struct nt_opt none[] = {{0}};
static const struct nt_cmd cmd = {.name = "test", .opts = opts,
				  .before_dashes_at = AT(before_dashes)};

/* Parses up to 7 words; what is behind the options is left in argv from the result on. */
static int parse(struct values *v, char **argv)
{
	int argc = 0;
	while (argv[argc])
		argc++;
	memset(v, 0, sizeof(*v));
	return nt_opt_parse(&cmd, none, v, NULL, argc, argv);
}
#define PARSE(v, ...) parse(v, (char *[]){(char *)"test", __VA_ARGS__, NULL})

static void defaults_are_parsed_like_arguments(void **state)
{
	(void)state;
	struct values v;
	assert_int_equal(PARSE(&v, (char *)"operand"), 1);
	assert_string_equal(v.name, "nobody");
	assert_int_equal(v.whole, -3);
	assert_int_equal(v.size, 65536);
	assert_int_equal(v.choice, 1);
	assert_true(v.time == 600);
}

static void sizes_are_of_1024_and_counts_of_1000(void **state)
{
	(void)state;
	struct values v;
	PARSE(&v, (char *)"--size=2G", (char *)"--count=10k");
	assert_int_equal(v.size, (int64_t)2 << 30);
	assert_int_equal(v.count, 10000);
	PARSE(&v, (char *)"-S64kB", (char *)"--count", (char *)"3M");
	assert_int_equal(v.size, 64000);
	assert_int_equal(v.count, 3000000);
	PARSE(&v, (char *)"-S", (char *)"1MiB");
	assert_int_equal(v.size, 1 << 20);
	assert_int_equal(PARSE(&v, (char *)"-S12x"), NT_EARG);
	assert_int_equal(PARSE(&v, (char *)"-S-1"), NT_EARG);
	assert_int_equal(PARSE(&v, (char *)"-S99999999999G"), NT_EARG);
	assert_int_equal(PARSE(&v, (char *)"-S1kiBs"), NT_EARG);
}

static void times_add_up(void **state)
{
	(void)state;
	struct values v;
	PARSE(&v, (char *)"--time=1h30m");
	assert_true(v.time == 5400);
	PARSE(&v, (char *)"--time=90");
	assert_true(v.time == 90);
	assert_int_equal(PARSE(&v, (char *)"--time=soon"), NT_EARG);
	assert_int_equal(PARSE(&v, (char *)"--time="), NT_EARG);
}

static void counts_may_be_powers_of_ten_that_are_whole(void **state)
{
	(void)state;
	struct values v;
	PARSE(&v, (char *)"--count=1e9");
	assert_int_equal(v.count, 1000000000);
	PARSE(&v, (char *)"--count=2.5e6");
	assert_int_equal(v.count, 2500000);
	assert_int_equal(PARSE(&v, (char *)"--count=1.5e0"), NT_EARG);
	assert_int_equal(PARSE(&v, (char *)"--count=1e99"), NT_EARG);
	assert_int_equal(PARSE(&v, (char *)"--count=1e3k"), NT_EARG);
	assert_int_equal(PARSE(&v, (char *)"--count=1e"), NT_EARG);
	assert_int_equal(PARSE(&v, (char *)"--size=1e9"), NT_EARG);
}

static void every_is_a_count_or_a_time(void **state)
{
	(void)state;
	struct values v;
	PARSE(&v, (char *)"--every=500");
	assert_true(v.every.count == 500 && v.every.seconds == 0);
	PARSE(&v, (char *)"--every=10M");
	assert_true(v.every.count == 10000000 && v.every.seconds == 0);
	PARSE(&v, (char *)"--every=10m");
	assert_true(v.every.count == 0 && v.every.seconds == 600);
	PARSE(&v, (char *)"--every=1h30s");
	assert_true(v.every.count == 0 && v.every.seconds == 3630);
	for (const char *const *bad = (const char *[]){"--every=0", "--every=0s", "--every=", "--every=m",
						       "--every=-3", "--every=often", NULL}; *bad; bad++)
		assert_int_equal(PARSE(&v, (char *)(uintptr_t)*bad), NT_EARG);
	assert_non_null(strstr(nt_errmsg(), "--every: 'often' is not a count or a time"));
}

static void options_stand_among_operands_until_two_dashes(void **state)
{
	(void)state;
	struct values v;
	char *argv[] = {(char *)"test", (char *)"a", (char *)"-f", (char *)"--", (char *)"-n", NULL};
	int first = parse(&v, argv);
	assert_int_equal(first, 3);
	assert_true(v.flag);
	assert_string_equal(argv[3], "a");
	assert_string_equal(argv[4], "-n");
}

static void operands_in_front_of_two_dashes_are_counted(void **state)
{
	(void)state;
	struct values v;
	char a[] = "a", b[] = "b", c[] = "c", flag[] = "-f", dashes[] = "--", name[] = "--name";
	PARSE(&v, a, b, c);
	assert_true(v.before_dashes == SIZE_MAX);
	assert_int_equal(PARSE(&v, a, flag, b, dashes, c), 3);
	assert_int_equal(v.before_dashes, 2);
	PARSE(&v, flag, dashes, a);
	assert_int_equal(v.before_dashes, 0);
	PARSE(&v, a, name, b, dashes);
	assert_int_equal(v.before_dashes, 1);
	PARSE(&v, dashes, a, dashes, c);
	assert_int_equal(v.before_dashes, 0);
}

static void an_unknown_name_brings_the_nearest(void **state)
{
	(void)state;
	struct values v;
	assert_int_equal(PARSE(&v, (char *)"--tiem=3m"), NT_EARG);
	assert_non_null(strstr(nt_errmsg(), "did you mean '--time'?"));
	assert_int_equal(PARSE(&v, (char *)"--zzzzzzzz"), NT_EARG);
	assert_null(strstr(nt_errmsg(), "did you mean"));
	assert_int_equal(PARSE(&v, (char *)"-x"), NT_EARG);
	assert_int_equal(PARSE(&v, (char *)"--cho"), NT_EARG);
	assert_non_null(strstr(nt_errmsg(), "ambiguous"));
	assert_int_equal(PARSE(&v, (char *)"--choi=red"), 2);
	assert_int_equal(v.choice, 0);
}

static void wrong_values_name_the_option(void **state)
{
	(void)state;
	struct values v;
	assert_int_equal(PARSE(&v, (char *)"--whole=11"), NT_EARG);
	assert_string_equal(nt_errmsg(), "--whole: 11 is outside -10 to 10");
	assert_int_equal(PARSE(&v, (char *)"--choice=purple"), NT_EARG);
	assert_string_equal(nt_errmsg(), "--choice: 'purple' is none of red|green|blue");
	assert_int_equal(PARSE(&v, (char *)"--real=nan"), NT_EARG);
	assert_int_equal(PARSE(&v, (char *)"--flag=yes"), NT_EARG);
	assert_string_equal(nt_errmsg(), "option '--flag' takes no value");
	assert_int_equal(PARSE(&v, (char *)"--name"), NT_EARG);
	assert_string_equal(nt_errmsg(), "option '--name' needs a value");
	assert_int_equal(PARSE(&v, (char *)"-n"), NT_EARG);
	assert_string_equal(nt_errmsg(), "option '-n' needs NAME");
}

static void a_flag_may_say_how_many(void **state)
{
	(void)state;
	struct values v;
	assert_int_equal(PARSE(&v, (char *)"--flag", (char *)"7"), 2);
	assert_false(v.maybe.is_given);
	assert_int_equal(PARSE(&v, (char *)"--maybe", (char *)"7"), 2); /* 7 is an operand */
	assert_true(v.maybe.is_given && v.maybe.count == 0);
	assert_int_equal(PARSE(&v, (char *)"--maybe=7"), 2);
	assert_true(v.maybe.is_given && v.maybe.count == 7);
	assert_int_equal(PARSE(&v, (char *)"-fm8"), 2);
	assert_true(v.flag && v.maybe.count == 8);
	assert_int_equal(PARSE(&v, (char *)"--maybe=21"), NT_EARG);
	assert_int_equal(PARSE(&v, (char *)"--maybe=x"), NT_EARG);
	assert_string_equal(nt_errmsg(), "--maybe: 'x' is not a count, as in 500, 64k or 10M");
}

static void a_list_keeps_its_order(void **state)
{
	(void)state;
	struct values v;
	PARSE(&v, (char *)"--list=one", (char *)"--list", (char *)"two");
	assert_int_equal(v.list.n, 2);
	assert_string_equal(v.list.item[0], "one");
	assert_string_equal(v.list.item[1], "two");
	nt_opt_release(&cmd, &v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_parsed_like_arguments),
		cmocka_unit_test(sizes_are_of_1024_and_counts_of_1000),
		cmocka_unit_test(times_add_up),
		cmocka_unit_test(counts_may_be_powers_of_ten_that_are_whole),
		cmocka_unit_test(every_is_a_count_or_a_time),
		cmocka_unit_test(options_stand_among_operands_until_two_dashes),
		cmocka_unit_test(operands_in_front_of_two_dashes_are_counted),
		cmocka_unit_test(an_unknown_name_brings_the_nearest),
		cmocka_unit_test(wrong_values_name_the_option),
		cmocka_unit_test(a_flag_may_say_how_many),
		cmocka_unit_test(a_list_keeps_its_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

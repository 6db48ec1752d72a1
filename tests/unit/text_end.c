/* SPDX-License-Identifier: MIT */
/* text_end.c - is the end of some bytes the beginning of a character? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "nt/text.h"

static size_t end_of(const char *bytes)
{
	return nt_utf8_unfinished(bytes, strlen(bytes));
}

static void an_unfinished_character_is_held_back(void **state)
{
	(void)state;
	assert_int_equal(end_of("a\xc3"), 1);
	assert_int_equal(end_of("\xe2\x82"), 2);
	assert_int_equal(end_of("\xf0\x9f\x98"), 3);
	assert_int_equal(end_of("\xf4"), 1);
}

static void what_is_whole_or_never_will_be_is_not(void **state)
{
	(void)state;
	assert_int_equal(end_of(""), 0);
	assert_int_equal(end_of("a"), 0);
	assert_int_equal(end_of("\xc3\xa9"), 0);
	assert_int_equal(end_of("\xe2\x82\xac"), 0);
	assert_int_equal(end_of("\xf0\x9f\x98\x80"), 0);
	assert_int_equal(end_of("\x80\x80\x80"), 0);
	assert_int_equal(end_of("\xc1"), 0);     /* overlong */
	assert_int_equal(end_of("\xe0\x80"), 0); /* overlong */
	assert_int_equal(end_of("\xed\xa0"), 0); /* a surrogate */
	assert_int_equal(end_of("\xf4\x90"), 0); /* past U+10FFFF */
	assert_int_equal(end_of("\xf5"), 0);
	assert_int_equal(end_of("\xff"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unfinished_character_is_held_back),
		cmocka_unit_test(what_is_whole_or_never_will_be_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

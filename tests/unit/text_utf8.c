/* SPDX-License-Identifier: MIT */
/* text_utf8.c - what is UTF-8, and where units end */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nt/text.h"
#include "base/utf8.h"

static void every_code_point_reads_back(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 0x110000; c++) {
		uint8_t p[4] = {0};
		uint32_t back = 0;
		size_t n = nt_utf8_encode(p, c);
		bool is_surrogate = c >= 0xd800 && c < 0xe000;
		assert_int_equal(nt_utf8_decode(p, n, &back), is_surrogate ? 0 : n);
		if (!is_surrogate)
			assert_int_equal(back, c);
		for (size_t cut = 1; cut < n; cut++)
			assert_int_equal(nt_utf8_decode(p, cut, &back), 0);
	}
}

static void what_is_not_utf8_is_not_taken_for_it(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
		"\xc3\x28", "\xe2\x82\x28", "\xf0\x9f\x98\x28"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint32_t c;
		assert_int_equal(nt_utf8_decode((const uint8_t *)bad[i], strlen(bad[i]), &c), 0);
	}
}

static void damage_is_counted_and_placed(void **state)
{
	(void)state;
	struct nt_utf8_damage d = nt_utf8_check("abcdefgh\xc3\xa4 sound", 16);
	assert_int_equal(d.n_byte, 0);
	assert_true(d.first == SIZE_MAX);
	d = nt_utf8_check("0123456789\xff" "bc\xe2\x82", 15);
	assert_int_equal(d.n_byte, 3);
	assert_int_equal(d.first, 10);
	assert_int_equal(nt_utf8_check("", 0).n_byte, 0);
}

/* The ends of all units, as "3 7 9". */
static void check_units(const char *text, const char *want)
{
	char got[256] = "";
	size_t len = strlen(text);
	for (size_t end = 0; end < len;) {
		end = nt_unit_end(text, len, end);
		size_t n = strlen(got);
		snprintf(got + n, sizeof(got) - n, n ? " %zu" : "%zu", end);
	}
	assert_string_equal(got, want);
}

static void a_unit_ends_behind_its_blank_lines(void **state)
{
	(void)state;
	check_units("", "");
	check_units("one", "3");
	check_units("one\ntwo\n", "8");
	check_units("one\n\ntwo", "5 8");
	check_units("one\n\n\n\ntwo\n\n", "7 12");
	check_units("one\r\n\r\ntwo\r\n", "7 12");
	check_units("one\n \t \ntwo", "8 11");
	check_units("\n\n\none\n\ntwo", "8 11");
	check_units("\n\n", "2");
	check_units("one\n\n  two", "5 10");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_reads_back),
		cmocka_unit_test(what_is_not_utf8_is_not_taken_for_it),
		cmocka_unit_test(damage_is_counted_and_placed),
		cmocka_unit_test(a_unit_ends_behind_its_blank_lines),
	};
	return cmocka_run_group_tests_name("UTF-8 and units", tests, NULL, NULL);
}

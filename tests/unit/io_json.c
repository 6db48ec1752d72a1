/* SPDX-License-Identifier: MIT */
/* io_json.c - JSON pulled value by value, and what is not JSON */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/json.h"
#include "nt/err.h"

/* Skips the one value of text[len] and wants nothing behind it. The text is copied to where
 * a byte read past its end is caught. */
static int skip_all(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);
	struct nt_json j;
	assert_non_null(copy);
	memcpy(copy, text, len);
	nt_json_init(&j, copy, len);
	int rc = nt_json_skip(&j, NULL);
	if (rc == 0)
		rc = nt_json_end(&j);
	nt_json_release(&j);
	free(copy);
	return rc;
}

static void check_refused(const char *text, const char *because)
{
	if (skip_all(text, strlen(text)) != NT_EFORMAT)
		fail_msg("taken: %s", text);
	if (!strstr(nt_errmsg(), because))
		fail_msg("%s: said '%s', not '%s'", text, nt_errmsg(), because);
}

static void check_string(const char *json, const char *want, size_t len)
{
	struct nt_json j;
	struct nt_json_text s;
	nt_json_init(&j, json, strlen(json));
	if (nt_json_read_string(&j, &s) < 0 || nt_json_end(&j) < 0)
		fail_msg("%s: %s", json, nt_errmsg());
	assert_int_equal(s.len, len);
	assert_memory_equal(s.p, want, len);
	assert_int_equal(s.had_escape, memchr(json, '\\', strlen(json)) != NULL);
	nt_json_release(&j);
}

static void values_are_pulled_in_order(void **state)
{
	(void)state;
	static const char text[] = " { \"a\" : [ 1 , -2.5e+3 ,[],{} ] ,\n\t\"b\":\"x\\ny\", \"\":null}\r\n";
	struct nt_json j;
	struct nt_json_text s;
	nt_json_init(&j, text, strlen(text));
	assert_int_equal(nt_json_peek(&j), '{');
	assert_int_equal(nt_json_enter(&j, '{'), 0);
	assert_int_equal(nt_json_key(&j, &s), 1);
	assert_true(nt_json_is(&s, "a"));
	assert_int_equal(nt_json_enter(&j, '['), 0);
	assert_int_equal(nt_json_more(&j), 1);
	assert_int_equal(nt_json_peek(&j), '0');
	assert_int_equal(nt_json_skip(&j, &s), 0);
	assert_true(nt_json_is(&s, "1"));
	assert_int_equal(nt_json_more(&j), 1);
	assert_int_equal(nt_json_skip(&j, &s), 0);
	assert_true(nt_json_is(&s, "-2.5e+3"));
	assert_int_equal(nt_json_more(&j), 1);
	assert_int_equal(nt_json_enter(&j, '['), 0);
	assert_int_equal(nt_json_more(&j), 0);
	assert_int_equal(nt_json_more(&j), 1);
	assert_int_equal(nt_json_skip(&j, &s), 0);
	assert_true(nt_json_is(&s, "{}"));
	assert_int_equal(nt_json_more(&j), 0);
	assert_int_equal(nt_json_key(&j, &s), 1);
	assert_int_equal(nt_json_read_string(&j, &s), 0);
	assert_true(nt_json_is(&s, "x\ny"));
	assert_int_equal(nt_json_key(&j, &s), 1);
	assert_int_equal(s.len, 0);
	assert_int_equal(nt_json_peek(&j), 'n');
	assert_int_equal(nt_json_skip(&j, NULL), 0);
	assert_int_equal(nt_json_key(&j, &s), 0);
	assert_int_equal(nt_json_end(&j), 0);
	nt_json_release(&j);
}

static void strings_lose_their_escapes_and_nothing_else(void **state)
{
	(void)state;
	check_string("\"\"", "", 0);
	check_string("\"0123456789abcdef\"", "0123456789abcdef", 16);
	check_string("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8);
	check_string("\"a\\u0000b\"", "a\0b", 3);
	check_string("\"\\u0120\\u00e9\\uFFFF\"", "\xc4\xa0\xc3\xa9\xef\xbf\xbf", 7);
	check_string("\"x\\ud83d\\uDE00y\"", "x\xf0\x9f\x98\x80y", 6);
	check_string("\"\xc4\xa0the \xe6\xbc\xa2 \xf0\x9f\x98\x80\"", "\xc4\xa0the \xe6\xbc\xa2 \xf0\x9f\x98\x80",
		     14);
	check_string("\"\x7f\"", "\x7f", 1);
}

static void what_is_not_json_is_said_with_its_place(void **state)
{
	(void)state;
	check_refused("[1 2]", "byte 3: neither ',' nor ']'");
	check_refused("{\"a\" 1}", "byte 5: no ':'");
	check_refused("{\"a\":1,}", "byte 7: a string is missing");
	check_refused("{a:1}", "byte 1: a string is missing");
	check_refused("[1,]", "byte 3: a value is missing");
	check_refused("[,1]", "byte 1: a value is missing");
	check_refused("[1}", "byte 2: neither");
	check_refused("01", "byte 0: a number begins with 0");
	check_refused("[1.]", "byte 3: a digit");
	check_refused("[-]", "byte 2: a digit");
	check_refused("[1e+]", "byte 4: a digit");
	check_refused("+1", "byte 0");
	check_refused("nul", "cut");
	check_refused("[nulL]", "byte 4: neither true");
	check_refused("True", "byte 0");
	check_refused("'a'", "byte 0");
	check_refused("NaN", "byte 0");
	check_refused("/**/1", "byte 0");
	check_refused("\xef\xbb\xbf{}", "byte 0");
	check_refused("{} {}", "ends at byte 3");
	check_refused("\"a\nb\"", "byte 2: a control character");
	check_refused("\"01234567\t\"", "byte 9: a control character");
	check_refused("\"\\x41\"", "byte 2: no such escape");
	check_refused("\"\\u12g4\"", "byte 5: \\u takes");
	check_refused("\"\\ud800\"", "surrogate");
	check_refused("\"\\ud800\\u0041 and more\"", "surrogate");
	check_refused("\"\\udc00\"", "surrogate");
	check_refused("\"\xc3(\"", "byte 1: not UTF-8");
	check_refused("\"0123456\xed\xa0\x80\"", "byte 8: not UTF-8");
	check_refused("\"\xc0\x80\"", "byte 1: not UTF-8");
	assert_int_equal(skip_all("\"\0\"", 3), NT_EFORMAT);
}

static void a_text_cut_anywhere_is_refused(void **state)
{
	(void)state;
	static const char text[] = "{\"key\\n\":[true,false,null,-1.5e9,\"\\ud83d\\ude00 \xc3\xa9\"],\"z\":{\"a\":[]}}";
	assert_int_equal(skip_all(text, strlen(text)), 0);
	for (size_t len = 0; len < strlen(text); len++)
		assert_int_equal(skip_all(text, len), NT_EFORMAT);
}

static void nesting_ends_at_128(void **state)
{
	(void)state;
	char text[2 * 129 + 1];
	for (int depth = 128; depth <= 129; depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		assert_int_equal(skip_all(text, 2 * (size_t)depth), depth == 128 ? 0 : NT_EFORMAT);
	}
	assert_non_null(strstr(nt_errmsg(), "byte 128: nested too deeply"));
}

static void a_step_is_taken_only_over_the_same_bytes(void **state)
{
	(void)state;
	static const char text[] = "abcdefgh,\n        \"";
	struct nt_json j;
	for (size_t len = 0; len <= strlen(text); len++) {
		nt_json_init(&j, text, strlen(text));
		assert_true(nt_json_step(&j, (const uint8_t *)text, len));
		assert_ptr_equal(j.at, (const uint8_t *)text + len);
		char other[sizeof(text)];
		for (size_t i = 0; i < len; i++) {
			memcpy(other, text, len);
			other[i] ^= 1;
			nt_json_init(&j, text, strlen(text));
			assert_false(nt_json_step(&j, (const uint8_t *)other, len));
			assert_ptr_equal(j.at, text);
		}
	}
	nt_json_init(&j, text, 3);
	assert_false(nt_json_step(&j, (const uint8_t *)text, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_pulled_in_order),
		cmocka_unit_test(strings_lose_their_escapes_and_nothing_else),
		cmocka_unit_test(what_is_not_json_is_said_with_its_place),
		cmocka_unit_test(a_text_cut_anywhere_is_refused),
		cmocka_unit_test(nesting_ends_at_128),
		cmocka_unit_test(a_step_is_taken_only_over_the_same_bytes),
	};
	return cmocka_run_group_tests_name("JSON", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Strings that end a text, found in it while it grows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nt/err.h"
#include "nt/text.h"

static struct nt_stops stops;

static void stop_at(const char *const *written)
{
	nt_stops_release(&stops);
	for (; *written; written++)
		assert_int_equal(nt_stops_add(&stops, *written), 0);
}
#define STOP_AT(...) stop_at((const char *const[]){__VA_ARGS__, NULL})

/* How much of the text may be shown, and which string ended it. */
static void scans(const char *text, size_t ready, size_t which)
{
	size_t found;
	assert_int_equal(nt_stops_scan(&stops, text, strlen(text), &found), ready);
	assert_int_equal(found, which);
}

static void what_may_become_a_stop_string_is_held_back(void **state)
{
	(void)state;
	STOP_AT("User:");
	scans("", 0, 1);
	scans("abc", 3, 1);
	scans("abcU", 3, 1);
	scans("abcUser", 3, 1);
	scans("abcUses", 7, 1);
	scans("UUUse", 2, 1);
	scans("abcUser:", 3, 0);
	scans("User: and more", 0, 0);
	STOP_AT("\\n\\n", "aab");
	scans("x\n", 1, 2);
	scans("x\ny", 3, 2);
	scans("x\n\ny", 1, 0);
	scans("aaaa", 2, 2);
	scans("aaaab", 2, 1);
}

static void without_any_nothing_is_held_back(void **state)
{
	(void)state;
	nt_stops_release(&stops);
	scans("abc", 3, 0);
}

static void of_several_the_first_to_be_complete_counts(void **state)
{
	(void)state;
	STOP_AT("abcd", "bc", "c");
	scans("xabcd", 2, 1); /* "bc" and "c" end at the same byte, "abcd" later */
	scans("xab", 1, 3);
	STOP_AT("c", "bc");
	scans("abc", 1, 1);
}

/* Shown as it grows, byte for byte or at once: the same text in front of the same string. */
static void where_it_is_looked_at_changes_nothing(void **state)
{
	static const char alphabet[] = "ab";
	(void)state;
	STOP_AT("aba", "bab", "bb", "aaaa");
	for (unsigned bits = 0; bits < 1 << 10; bits++) {
		char text[10];
		size_t at_once, found, shown = 0, which = stops.n;
		for (unsigned i = 0; i < sizeof(text); i++)
			text[i] = alphabet[bits >> i & 1];
		at_once = nt_stops_scan(&stops, text, sizeof(text), &found);
		for (size_t len = 1; len <= sizeof(text) && which == stops.n; len++) {
			size_t before = shown;
			shown += nt_stops_scan(&stops, text + shown, len - shown, &which);
			assert_true(shown >= before);
		}
		assert_int_equal(shown, at_once);
		assert_int_equal(which, found);
	}
}

static void a_string_that_is_none_is_refused(void **state)
{
	(void)state;
	assert_int_equal(nt_stops_add(&stops, ""), NT_EARG);
	assert_int_equal(nt_stops_add(&stops, "\\q"), NT_EARG);
	nt_stops_release(&stops);
	nt_stops_release(&stops);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_may_become_a_stop_string_is_held_back),
		cmocka_unit_test(without_any_nothing_is_held_back),
		cmocka_unit_test(of_several_the_first_to_be_complete_counts),
		cmocka_unit_test(where_it_is_looked_at_changes_nothing),
		cmocka_unit_test(a_string_that_is_none_is_refused),
	};
	return cmocka_run_group_tests_name("text_stop", tests, NULL, NULL);
}

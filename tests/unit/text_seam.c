/* SPDX-License-Identifier: MIT */
/* text_seam.c - a text cut at a seam has the pieces of the whole */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nt/random.h"
#include "text/split.h"

/* What patterns name, and what could stand on either side of a space or newline. */
static const char *const part[] = {
	"a", "b", "S", "s", "ll", "re", "Z", "1", "23", " ", " ", " ", "  ", "\n", "\n", "\n", "\r",
	"\t", "'", "'s", "/", "-", ".", "!", "\xc2\xa0", "\xe3\x80\x80", "\xe2\x80\x8b", "\xc5\xbf",
	"\xc3\xa4", "\xc3\x84", "\xe4\xb8\xad", "\xcc\x81", "\xe0\xa4\xbe", "\xd9\xa3", "\xf0\x9f\x98\x80",
	"\x01", "\xff", "\x80", "\xe3\x80", "\xf0\x9f"};

enum { PARTS = sizeof(part) / sizeof(*part), MOST = 256 };

static size_t make_text(char *text, uint64_t number)
{
	size_t n = 2 + nt_random_below(9, NT_RANDOM_SAMPLE, number * 64, 40), len = 0;
	for (size_t i = 0; i < n; i++) {
		const char *p = part[nt_random_below(9, NT_RANDOM_SAMPLE, number * 64 + i + 1, PARTS)];
		memcpy(text + len, p, strlen(p));
		len += strlen(p);
	}
	return len;
}

/* Marks in is_end[len + 1] where pieces of text[len] end. */
static void mark(const struct nt_pattern *p, const char *text, size_t len, char *is_end)
{
	struct nt_cutter c;
	size_t start, end;
	assert_int_equal(nt_cutter_init(&c, p), 0);
	assert_int_equal(nt_cutter_begin(&c, text, len), 0);
	while (nt_cutter_next(&c, &start, &end) > 0)
		is_end[end] = 1;
	nt_cutter_release(&c);
}

/* Returns how many texts had a seam. */
static int check_pattern(const char *name)
{
	struct nt_pattern p;
	char text[MOST];
	int n_seam = 0;
	assert_int_equal(nt_pattern_init(&p, name), 0);
	for (uint64_t number = 0; number < 30000; number++) {
		size_t len = make_text(text, number), most = len;
		/* what lies behind the bytes that a seam was found in must not matter */
		if (number % 2)
			most = 1 + nt_random_below(9, NT_RANDOM_SAMPLE, number * 64 + 63, len);
		size_t k = nt_pattern_seam(&p, (const uint8_t *)text, most);
		if (k == 0)
			continue;
		char whole[MOST + 1] = {0}, halves[MOST + 1] = {0};
		n_seam++;
		assert_in_range(k, 1, most - 1);
		mark(&p, text, len, whole);
		mark(&p, text, k, halves);
		mark(&p, text + k, len - k, halves + k);
		assert_memory_equal(whole, halves, len + 1);
	}
	nt_pattern_release(&p);
	return n_seam;
}

static void halves_have_the_pieces_of_the_whole(void **state)
{
	(void)state;
	assert_true(check_pattern("gpt2") > 5000);
	assert_true(check_pattern("cl100k") > 5000);
	assert_true(check_pattern("qwen2") > 5000);
	assert_true(check_pattern("o200k") > 5000);
	assert_true(check_pattern("deepseek") > 5000);
}

static void text_that_a_rule_may_look_all_over_has_no_seam(void **state)
{
	(void)state;
	assert_int_equal(check_pattern("none"), 0);
	assert_int_equal(check_pattern("\\w+|."), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(halves_have_the_pieces_of_the_whole),
		cmocka_unit_test(text_that_a_rule_may_look_all_over_has_no_seam),
	};
	return cmocka_run_group_tests_name("seams", tests, NULL, NULL);
}

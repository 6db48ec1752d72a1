/* SPDX-License-Identifier: MIT */
/*
 * text_split.c - the matchers by hand against the regular expressions they stand for
 *
 * PCRE2 is the oracle. Its Unicode version is its own, so the texts are made of
 * characters whose class has not changed since Unicode 8: one or more of every class, and
 * all that an expression names. Not U+180E, which PCRE2 still counts among spaces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nt/err.h"
#include "nt/random.h"
#include "text/split.h"

static const char *const characters[] = {
	"a", "b", "s", "t", "S", "d", "l", "ll", "re", "E", "A", "Z", "m", "v", "1", "2", "9", " ",
	" ", " ", "  ", "\n", "\r", "\t", "\v", "'", "'", "'s", "'LL", "/", "-", ".", "_", "$", "+",
	/* spaces, and one that is not */
	"\xc2\xa0", "\xc2\x85", "\xe3\x80\x80", "\xe2\x80\xa8", "\xe2\x80\x8b",
	/* long s, small and capital a-umlaut, Lt, Lm, Lo, Lo */
	"\xc5\xbf", "\xc3\xa4", "\xc3\x84", "\xc7\x85", "\xca\xb0", "\xe4\xb8\xad", "\xe3\x81\x82", "\xd7\x90",
	"\xcc\x81", "\xe0\xa4\xbe", "\xe2\x83\x9d", /* Mn, Mc, Me */
	"\xd9\xa3", "\xe2\x85\xa7", "\xc2\xbd", "\xe2\x82\xac", "\xe2\x80\x94", "\xf0\x9f\x98\x80",
	"\x01", "\xef\xbf\xbf", "\xee\x80\x80", "\xf3\xa0\x81\x81"};

static size_t make_text(char *text, uint64_t number)
{
	size_t n = 1 + nt_random_below(1, NT_RANDOM_SAMPLE, number * 64, 24), len = 0;
	for (size_t i = 0; i < n; i++) {
		size_t which = nt_random_below(1, NT_RANDOM_SAMPLE, number * 64 + i + 1,
					       sizeof(characters) / sizeof(*characters));
		size_t size = strlen(characters[which]);
		memcpy(text + len, characters[which], size);
		len += size;
	}
	return len;
}

static void complain(const char *text, size_t len, const char *rule, size_t at)
{
	char shown[512] = "";
	for (size_t i = 0; i < len; i++)
		snprintf(shown + 2 * i, sizeof(shown) - 2 * i, "%02x", (uint8_t)text[i]);
	fail_msg("%s: text %s, at byte %zu", rule, shown, at);
}

/* Expressions that follow one another, each with a cutter of its own. */
struct sequence {
	struct nt_pattern pattern[3];
	struct nt_cutter cutter[3];
	size_t end[512], n; /* where its pieces end */
};

static void cut_by(struct sequence *s, size_t i, const char *text, size_t from, size_t len)
{
	size_t start, end;
	if (i == 3) {
		s->end[s->n++] = from + len;
		return;
	}
	assert_int_equal(nt_cutter_begin(&s->cutter[i], text + from, len), 0);
	while (nt_cutter_next(&s->cutter[i], &start, &end) > 0)
		cut_by(s, i + 1, text, from + start, end - start);
}

static void deepseek_matches_its_three_expressions(void **state)
{
	(void)state;
	static struct sequence s;
	struct nt_pattern hand;
	char text[512], *regex, *rest;
	assert_int_equal(nt_pattern_init(&hand, "deepseek"), 0);
	rest = strdup(hand.regex);
	assert_non_null(regex = rest);
	for (size_t i = 0; i < 3; i++) {
		s.pattern[i].regex = strsep(&regex, "\x1e");
		assert_int_equal(nt_regex_compile(&s.pattern[i].code, s.pattern[i].regex), 0);
		assert_int_equal(nt_cutter_init(&s.cutter[i], &s.pattern[i]), 0);
	}
	for (uint64_t number = 0; number < 60000; number++) {
		size_t len = make_text(text, number), at = 0;
		s.n = 0;
		cut_by(&s, 0, text, 0, len);
		for (size_t i = 0; i < s.n; at = s.end[i++])
			if (hand.next((const uint8_t *)text, at, len) != s.end[i])
				complain(text, len, "deepseek", at);
		assert_int_equal(at, len);
	}
	for (size_t i = 0; i < 3; i++) {
		nt_cutter_release(&s.cutter[i]);
		nt_pattern_release(&s.pattern[i]);
	}
	free(rest);
}

static void check_pattern(const char *name)
{
	struct nt_pattern hand, oracle = {0};
	struct nt_cutter cutter;
	char text[512];
	assert_int_equal(nt_pattern_init(&hand, name), 0);
	assert_non_null(hand.next);
	oracle.regex = hand.regex;
	assert_int_equal(nt_regex_compile(&oracle.code, hand.regex), 0);
	assert_int_equal(nt_cutter_init(&cutter, &oracle), 0);
	for (uint64_t number = 0; number < 60000; number++) {
		size_t len = make_text(text, number), start, end, at = 0;
		assert_int_equal(nt_cutter_begin(&cutter, text, len), 0);
		while (nt_cutter_next(&cutter, &start, &end) > 0) {
			if (start != at || hand.next((const uint8_t *)text, at, len) != end)
				complain(text, len, name, at);
			at = end;
		}
		assert_int_equal(at, len);
	}
	nt_cutter_release(&cutter);
	nt_pattern_release(&oracle);
	nt_pattern_release(&hand);
}

/* The windows of one instruction set against the matcher by hand, on texts of several windows. */
static void check_windows(const char *name, nt_next_fn *next, nt_cut_fn *cut)
{
	char text[64 * 64 * 3];
	uint32_t end[256];
	for (uint64_t number = 0; number < 3000; number++) {
		size_t len = 0;
		for (uint64_t k = 0; k < 1 + number % 64; k++)
			len += make_text(text + len, number * 64 + k);
		for (size_t at = 0, n; at < len; at += end[n - 1]) {
			n = cut((const uint8_t *)text, at, len, end, 256);
			assert_true(n > 0 && n <= 256);
			for (size_t i = 0, from = at; i < n; from = at + end[i++])
				if (next((const uint8_t *)text, from, len) != at + end[i])
					complain(text + from, len - from < 200 ? len - from : 200, name, from);
		}
	}
}

static void windows_cut_as_the_matchers_do(void **state)
{
	static const char *const name[NT_RULE_COUNT] = {"gpt2", "cl100k", "qwen2", "o200k"};
	static nt_next_fn *const next[NT_RULE_COUNT] = {nt_next_gpt2, nt_next_cl100k, nt_next_qwen2,
							nt_next_o200k};
	(void)state;
	for (size_t i = 0; i < NT_RULE_COUNT; i++) {
		check_windows(name[i], next[i], nt_window_ref[i]);
#ifdef NT_HAS_WIDE
		if (nt_cpu_isa() >= NT_ISA_AVX2)
			check_windows(name[i], next[i], nt_window_avx2[i]);
#endif
	}
}

static void gpt2_matches_its_expression(void **state)
{
	(void)state;
	check_pattern("gpt2");
}

static void cl100k_matches_its_expression(void **state)
{
	(void)state;
	check_pattern("cl100k");
}

static void qwen2_matches_its_expression(void **state)
{
	(void)state;
	check_pattern("qwen2");
}

static void o200k_matches_its_expression(void **state)
{
	(void)state;
	check_pattern("o200k");
}

/* The pieces of a text by a rule, with a bar between them. */
static void check_pieces(const char *rule, const char *text, size_t len, const char *want)
{
	struct nt_pattern pattern;
	struct nt_cutter cutter;
	char got[256] = "";
	size_t start, end, n = 0;
	assert_int_equal(nt_pattern_init(&pattern, rule), 0);
	assert_int_equal(nt_cutter_init(&cutter, &pattern), 0);
	assert_int_equal(nt_cutter_begin(&cutter, text, len), 0);
	while (nt_cutter_next(&cutter, &start, &end) > 0) {
		if (n)
			got[n++] = '|';
		memcpy(got + n, text + start, end - start);
		n += end - start;
	}
	got[n] = 0;
	assert_string_equal(got, want);
	nt_cutter_release(&cutter);
	nt_pattern_release(&pattern);
}

#define PIECES(rule, text, want) check_pieces(rule, text, sizeof(text) - 1, want)

static void pieces_are_those_that_the_papers_show(void **state)
{
	(void)state;
	PIECES("gpt2", "I don't  know\n\nit's 12345", "I| don|'t| | know|\n|\n|it|'s| 12345");
	PIECES("cl100k", "I don't  know\n\nIT'S 12345", "I| don|'t| | know|\n\n|IT|'S| |123|45");
	PIECES("qwen2", "a 123", "a| |1|2|3");
	PIECES("o200k", "HTTPServerXML camelCase don't", "HTTPServer|XML| camel|Case| don't");
	PIECES("none", "all of it\n\n", "all of it\n\n");
}

static void a_byte_that_is_not_utf8_is_a_character_of_no_class(void **state)
{
	(void)state;
	PIECES("gpt2", "ab\xff\xfe" "cd \xc3", "ab|\xff\xfe|cd| \xc3");
	PIECES("cl100k", "ab\xff" "cd \xe2\x82", "ab|\xff" "cd| \xe2\x82");
	/* and the same through an expression that has no matcher of its own */
	PIECES("\\p{L}+|\\s+|[^\\s\\p{L}]+", "ab\xff\xfe" "cd \xc3", "ab|\xff\xfe|cd| |\xc3");
}

static void what_an_expression_leaves_out_is_a_piece(void **state)
{
	(void)state;
	PIECES("[a-z]+", "ab12cd3", "ab|12|cd|3");
	PIECES("x*", "abc", "abc");
	PIECES("(?<=a)b", "abab", "a|b|a|b");
}

static void another_spelling_of_a_pattern_is_that_pattern(void **state)
{
	(void)state;
	struct nt_pattern a, b;
	assert_int_equal(nt_pattern_init(&a, "cl100k"), 0);
	assert_int_equal(nt_pattern_init(&b, "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|"
		"\\p{N}{1,3}+| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s"), 0);
	assert_string_equal(a.name, b.name);
	assert_string_equal(a.regex, b.regex);
	assert_int_equal(nt_pattern_init(&b, "llama3"), 0);
	assert_string_equal(a.regex, b.regex);
}

static void what_is_no_pattern_is_refused(void **state)
{
	(void)state;
	struct nt_pattern p;
	assert_int_equal(nt_pattern_init(&p, "cl100"), NT_EARG);
	assert_non_null(strstr(nt_errmsg(), "cl100k"));
	assert_int_equal(nt_pattern_init(&p, "(unclosed"), NT_EARG);
	assert_non_null(strstr(nt_errmsg(), "near byte 9"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_cut_as_the_matchers_do),
		cmocka_unit_test(gpt2_matches_its_expression),
		cmocka_unit_test(cl100k_matches_its_expression),
		cmocka_unit_test(qwen2_matches_its_expression),
		cmocka_unit_test(o200k_matches_its_expression),
		cmocka_unit_test(deepseek_matches_its_three_expressions),
		cmocka_unit_test(pieces_are_those_that_the_papers_show),
		cmocka_unit_test(a_byte_that_is_not_utf8_is_a_character_of_no_class),
		cmocka_unit_test(what_an_expression_leaves_out_is_a_piece),
		cmocka_unit_test(another_spelling_of_a_pattern_is_that_pattern),
		cmocka_unit_test(what_is_no_pattern_is_refused),
	};
	return cmocka_run_group_tests_name("cutting text", tests, NULL, NULL);
}

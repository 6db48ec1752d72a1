/* SPDX-License-Identifier: MIT */
/*
 * token_presplit.c - pieces by lists of steps, as tokenizer.json names them
 *
 * What is expected was printed by Hugging Face's tokenizers 0.23; more of that is compared
 * in tests/interop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nt/err.h"
#include "token/presplit.h"

struct pieces {
	char text[512];
	size_t len, end; /* end: where the last piece ends in the document */
};

static int take(void *arg, const struct nt_stretch *piece)
{
	struct pieces *p = arg;
	p->len += (size_t)snprintf(p->text + p->len, sizeof(p->text) - p->len, "%s%.*s", p->len ? "|" : "",
				   (int)piece->len, (const char *)piece->text);
	p->end = nt_stretch_origin(piece, piece->len);
	return 0;
}

static void check(const struct nt_presplit *step, size_t n, const char *text, const char *want)
{
	struct nt_presplitting p;
	struct pieces got = {0};
	struct nt_stretch in = {.text = (const uint8_t *)text, .len = strlen(text)};
	assert_int_equal(nt_presplitting_init(&p, step, n, take, &got), 0);
	assert_int_equal(nt_presplit(&p, &in), 0);
	assert_string_equal(got.text, want);
	assert_true(got.end <= in.len);
	nt_presplitting_release(&p);
}

static struct nt_presplit cut_at(const char *string, const char *regex, enum nt_behavior behavior)
{
	struct nt_presplit s = {.kind = NT_PRESPLIT_CUT, .cuts = true, .behavior = behavior};
	assert_int_equal(string ? nt_matcher_string(&s.matcher, string, strlen(string))
				: nt_matcher_pattern(&s.matcher, regex), 0);
	return s;
}

static void matches_behave_in_five_ways(void **state)
{
	(void)state;
	static const char *const want[] = {"the|final|countdown", "the|-|final|-|-|countdown",
					   "the-|final-|-|countdown", "the|-final|-|-countdown",
					   "the|-|final|--|countdown"};
	for (int b = NT_CUT_REMOVED; b <= NT_CUT_CONTIGUOUS; b++) {
		struct nt_presplit s = cut_at("-", NULL, (enum nt_behavior)b);
		check(&s, 1, "the-final--countdown", want[b]);
		assert_int_equal(nt_behavior_find(nt_behavior_name((enum nt_behavior)b)), b);
		nt_presplit_release(&s);
	}
	assert_int_equal(nt_behavior_find("isolated"), -1);
}

static void what_does_not_match_can_be_the_match(void **state)
{
	(void)state;
	struct nt_presplit s = cut_at(NULL, "[a-z]+", NT_CUT_REMOVED);
	s.inverts = true;
	check(&s, 1, "ab12cd3", "ab|cd");
	s.behavior = NT_CUT_MERGED_WITH_NEXT;
	check(&s, 1, "ab12cd3", "ab|12cd|3");
	nt_presplit_release(&s);
}

static void a_match_of_nothing_cuts(void **state)
{
	(void)state;
	struct nt_presplit s = cut_at(NULL, "(?=(\\d{3})+(?!\\d))", NT_CUT_ISOLATED);
	check(&s, 1, "a1234567b12", "a1|234|567b12");
	nt_presplit_release(&s);
	s = cut_at(NULL, "x*", NT_CUT_ISOLATED);
	check(&s, 1, "axxb", "a|xx|b");
	nt_presplit_release(&s);
}

static void sets_of_characters_cut(void **state)
{
	(void)state;
	struct nt_presplit s = {.kind = NT_PRESPLIT_CUT, .cuts = true, .behavior = NT_CUT_CONTIGUOUS,
				.matcher = {.kind = NT_MATCH_NUMBER}};
	check(&s, 1, "a12\u0663\u00bdb", "a|12\u0663\u00bd|b");
	s.behavior = NT_CUT_ISOLATED;
	check(&s, 1, "a12\u00bdb", "a|1|2|\u00bd|b");
	s.matcher.kind = NT_MATCH_PUNCTUATION;
	check(&s, 1, "a+b.\u3002\u20acc", "a|+|b|.|\u3002|\u20acc");
	s.matcher.kind = NT_MATCH_SPACE;
	s.behavior = NT_CUT_REMOVED;
	check(&s, 1, " a \u3000b\n", "a|b");
	s.matcher.kind = NT_MATCH_WORDS;
	s.inverts = true;
	check(&s, 1, "don't  e\u0301_1!?", "don|'|t|e\u0301_1|!?");
}

static void each_step_sees_only_its_piece(void **state)
{
	(void)state;
	struct nt_presplit s[2] = {{.kind = NT_PRESPLIT_CUT, .cuts = true, .behavior = NT_CUT_ISOLATED,
				    .matcher = {.kind = NT_MATCH_NUMBER}},
				   cut_at(NULL, "\\s+(?!\\S)|\\s+", NT_CUT_ISOLATED)};
	check(s, 2, "a  1  b", "a|  |1| | |b"); /* the run before the 1 ends its piece */
	nt_presplit_release(&s[1]);
}

static void spaces_become_visible(void **state)
{
	(void)state;
	struct nt_presplit s = {.kind = NT_PRESPLIT_METASPACE, .cuts = true, .replacement = "\u2581",
				.behavior = NT_CUT_MERGED_WITH_NEXT, .prepend = NT_PREPEND_ALWAYS};
	assert_int_equal(nt_matcher_string(&s.matcher, "\u2581", 3), 0);
	check(&s, 1, "a b  c", "\u2581a|\u2581b|\u2581|\u2581c");
	check(&s, 1, " a", "\u2581a");
	s.prepend = NT_PREPEND_NEVER;
	check(&s, 1, "a b", "a|\u2581b");
	s.cuts = false;
	s.prepend = NT_PREPEND_FIRST;
	check(&s, 1, "a b", "\u2581a\u2581b");
	/* first means first in the document */
	struct nt_presplit both[2] = {{.kind = NT_PRESPLIT_CUT, .cuts = true, .behavior = NT_CUT_ISOLATED,
				       .matcher = {.kind = NT_MATCH_NUMBER}}, s};
	check(both, 2, "a1b", "\u2581a|1|b");
	nt_presplit_release(&s);
}

static void bytes_are_spelt_for_the_steps_behind(void **state)
{
	(void)state;
	struct nt_presplit s[2] = {{.kind = NT_PRESPLIT_BYTE_LEVEL, .cuts = true, .prepend = NT_PREPEND_ALWAYS,
				    .behavior = NT_CUT_ISOLATED},
				   {.kind = NT_PRESPLIT_CUT, .cuts = true, .behavior = NT_CUT_ISOLATED,
				    .matcher = {.kind = NT_MATCH_NUMBER}}};
	assert_int_equal(nt_matcher_pattern(&s[0].matcher, "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+|"
					    " ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"), 0);
	s[0].matcher.kind = NT_MATCH_PATTERN;
	check(s, 1, "it's \u00e9", " it|'s| \u00e9");
	/* the second byte of this letter is spelt as a superscript two, which is a number */
	check(s, 2, "a\u00f2", "\u0120a\u00c3|\u00b2");
	nt_presplit_release(&s[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_behave_in_five_ways),
		cmocka_unit_test(what_does_not_match_can_be_the_match),
		cmocka_unit_test(a_match_of_nothing_cuts),
		cmocka_unit_test(sets_of_characters_cut),
		cmocka_unit_test(each_step_sees_only_its_piece),
		cmocka_unit_test(spaces_become_visible),
		cmocka_unit_test(bytes_are_spelt_for_the_steps_behind),
	};
	return cmocka_run_group_tests_name("steps of pre-tokenizers", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * text_normalize.c - normal forms, and the other things that are done to text before it is cut
 *
 * What is expected was printed by Hugging Face's tokenizers 0.23; more of that is compared
 * in tests/interop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nt/err.h"
#include "nt/random.h"
#include "base/utf8.h"
#include "text/normalize.h"

/* What the steps make of text[len]. */
static void check(const struct nt_normalizer *step, size_t n, const char *text, size_t len,
		  const char *want, size_t want_len)
{
	struct nt_normalizing w;
	struct nt_stretch in = {.text = (const uint8_t *)text, .len = len}, out;
	assert_int_equal(nt_normalizing_init(&w, step, n), 0);
	assert_int_equal(nt_normalize(&w, &in, &out), 0);
	if (out.len != want_len || (want_len && memcmp(out.text, want, want_len) != 0))
		fail_msg("'%.*s', not '%s'", (int)out.len, (const char *)out.text, want);
	for (size_t i = 0; i <= out.len; i++) {
		assert_true(nt_stretch_origin(&out, i) <= len);
		assert_true(i == 0 || nt_stretch_origin(&out, i) >= nt_stretch_origin(&out, i - 1));
	}
	nt_normalizing_release(&w);
}

#define ONE(text, want, ...)                                                                       \
	check(&(const struct nt_normalizer){__VA_ARGS__}, 1, text, sizeof(text) - 1, want, sizeof(want) - 1)
#define FORM(f, text, want)                                                                        \
	do {                                                                                       \
		struct nt_normalizer form_step = {.kind = NT_NORMALIZE_FORM, .form = f};           \
		check(&form_step, 1, text, sizeof(text) - 1, want, sizeof(want) - 1);              \
	} while (0)

static void marks_are_ordered_and_composed(void **state)
{
	(void)state;
	FORM(NT_NFC, "e\u0301a\u0323\u0302", "\u00e9\u1ead");
	FORM(NT_NFC, "a\u0302\u0323", "\u1ead"); /* the dot below goes first */
	FORM(NT_NFD, "\u1ead", "a\u0323\u0302");
	FORM(NT_NFC, "\u212b\u2126", "\u00c5\u03a9");
	FORM(NT_NFC, "\u0958", "\u0915\u093c"); /* excluded from composition */
	FORM(NT_NFC, "a\u0301\u0334\u0301", "\u00e1\u0334\u0301");
	FORM(NT_NFC, "", "");
	FORM(NT_NFC, "\u0301a", "\u0301a");
	FORM(NT_NFC, ">\u0338", "\u226f");
}

static void hangul_is_counted(void **state)
{
	(void)state;
	FORM(NT_NFD, "\ud55c", "\u1112\u1161\u11ab");
	FORM(NT_NFC, "\u1112\u1161\u11ab", "\ud55c");
	FORM(NT_NFC, "\ud558\u11ab", "\ud55c");
	FORM(NT_NFC, "\ud55c\u11ab", "\ud55c\u11ab");
}

static void compatible_characters_are_replaced(void **state)
{
	(void)state;
	FORM(NT_NFKC, "\ufb01\u2167\u00bd\uff21", "fiVIII1\u20442A");
	FORM(NT_NFKD, "\u01c4", "DZ\u030c");
	FORM(NT_NFC, "\ufb01", "\ufb01");
}

/* The reference client's tables are those of Unicode 9.0. */
static void newer_characters_are_left_alone(void **state)
{
	(void)state;
	FORM(NT_NFKC, "\u32ff", "\u32ff");                         /* of 12.1 */
	FORM(NT_NFC, "\U00016121\U0001611e", "\U00016121\U0001611e"); /* of 16.0 */
	FORM(NT_NFD, "a\u1df6\u0334", "a\u1df6\u0334");            /* of 10.0: has no class */
}

static void bytes_that_are_not_utf8_stay(void **state)
{
	(void)state;
	FORM(NT_NFC, "e\xff\u0301", "e\xff\u0301");
	FORM(NT_NFD, "\xc3\u00e9\xc3", "\xc3" "e\u0301\xc3");
	ONE("A\xe2\x84", "a\xe2\x84", .kind = NT_NORMALIZE_LOWER);
}

static size_t make_text(uint8_t *text, uint64_t number)
{
	static const uint32_t some[] = {'a', 'e', 'o', ' ', 0xe9, 0x1ead, 0x301, 0x323, 0x302, 0x334, 0x345,
					0x93c, 0x915, 0x1112, 0x1161, 0x11ab, 0xac00, 0x30c, 0xf73, 0x344, 0x4e00};
	size_t n = nt_random_below(2, NT_RANDOM_SAMPLE, number * 32, 12), len = 0;
	for (size_t i = 0; i < n; i++)
		len += nt_utf8_encode(text + len, some[nt_random_below(2, NT_RANDOM_SAMPLE, number * 32 + i + 1,
								      sizeof(some) / sizeof(*some))]);
	return len;
}

static void what_is_surely_nfc_is_what_nfc_leaves_alone(void **state)
{
	(void)state;
	uint8_t text[64];
	size_t n_sure = 0;
	for (uint64_t number = 0; number < 100000; number++) {
		struct nt_rewrite made = {0};
		size_t len = make_text(text, number);
		struct nt_stretch in = {.text = text, .len = len};
		assert_int_equal(nt_normal_form(&made, &in, NT_NFC), 0);
		bool is_same = made.text.len == len && (len == 0 || memcmp(made.text.data, text, len) == 0);
		assert_true(is_same || !nt_is_nfc(text, len));
		assert_true(nt_is_nfc(text, len) || len > 1);
		n_sure += nt_is_nfc(text, len);
		nt_rewrite_release(&made);
	}
	assert_true(n_sure > 10000);
	assert_true(nt_is_nfc("na\u00efve \u65e5\u672c\u8a9e \u0e01\u0e38\u0e48 \xff", 29));
}

static void letters_become_small_and_marks_go(void **state)
{
	(void)state;
	ONE("\u0130\u1e9e\u03a3A\u01c5", "i\u0307\u00df\u03c3a\u01c6", .kind = NT_NORMALIZE_LOWER);
	ONE("e\u0301a\u20dd\u00e9", "ea\u00e9", .kind = NT_NORMALIZE_ACCENTS);
	ONE("a\x01" "b\tc\u200b\u2581\x7f", "ab c  ", .kind = NT_NORMALIZE_NMT);
}

static void white_space_is_stripped_where_it_should(void **state)
{
	(void)state;
	ONE("\u3000\n a b \u2003", "a b", .kind = NT_NORMALIZE_STRIP, .strips_left = true, .strips_right = true);
	ONE("  a ", "a ", .kind = NT_NORMALIZE_STRIP, .strips_left = true);
	ONE("  a ", "  a", .kind = NT_NORMALIZE_STRIP, .strips_right = true);
	ONE(" \n ", "", .kind = NT_NORMALIZE_STRIP, .strips_left = true, .strips_right = true);
}

static void steps_follow_one_another(void **state)
{
	(void)state;
	char block[] = "\u2581";
	struct nt_normalizer step[2] = {
		{.kind = NT_NORMALIZE_PREPEND, .content = block, .content_len = 3},
		{.kind = NT_NORMALIZE_REPLACE, .content = block, .content_len = 3}};
	assert_int_equal(nt_matcher_string(&step[1].matcher, " ", 1), 0);
	check(step, 2, "a  b", 4, "\u2581a\u2581\u2581b", 11);
	check(step, 2, "", 0, "", 0); /* nothing is put in front of nothing */
	/* where each byte came from */
	struct nt_normalizing w;
	struct nt_stretch in = {.text = (const uint8_t *)"a b", .len = 3, .base = 100}, out;
	assert_int_equal(nt_normalizing_init(&w, step, 2), 0);
	assert_int_equal(nt_normalize(&w, &in, &out), 0);
	static const size_t origin[] = {100, 100, 100, 100, 101, 101, 101, 102, 103};
	for (size_t i = 0; i <= out.len; i++)
		assert_int_equal(nt_stretch_origin(&out, i), origin[i]);
	nt_normalizing_release(&w);
	nt_matcher_release(&step[1].matcher);
}

static void a_regular_expression_is_replaced(void **state)
{
	(void)state;
	char space[] = " ";
	struct nt_normalizer step = {.kind = NT_NORMALIZE_REPLACE, .content = space, .content_len = 1};
	assert_int_equal(nt_matcher_pattern(&step.matcher, "\\s+"), 0);
	check(&step, 1, "a \n\tb\u3000c", 9, "a b c", 5);
	/* what is put in counts as made of the last character that it replaces */
	struct nt_normalizing w;
	struct nt_stretch in = {.text = (const uint8_t *)" \u3000a", .len = 5}, out;
	assert_int_equal(nt_normalizing_init(&w, &step, 1), 0);
	assert_int_equal(nt_normalize(&w, &in, &out), 0);
	assert_int_equal(out.len, 2);
	assert_int_equal(nt_stretch_origin(&out, 0), 1);
	assert_int_equal(nt_stretch_origin(&out, 1), 4);
	nt_normalizing_release(&w);
	nt_matcher_release(&step.matcher);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_ordered_and_composed),
		cmocka_unit_test(hangul_is_counted),
		cmocka_unit_test(compatible_characters_are_replaced),
		cmocka_unit_test(newer_characters_are_left_alone),
		cmocka_unit_test(bytes_that_are_not_utf8_stay),
		cmocka_unit_test(what_is_surely_nfc_is_what_nfc_leaves_alone),
		cmocka_unit_test(letters_become_small_and_marks_go),
		cmocka_unit_test(white_space_is_stripped_where_it_should),
		cmocka_unit_test(steps_follow_one_another),
		cmocka_unit_test(a_regular_expression_is_replaced),
	};
	return cmocka_run_group_tests_name("normalizing text", tests, NULL, NULL);
}

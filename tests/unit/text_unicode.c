/* SPDX-License-Identifier: MIT */
/* text_unicode.c - the table of classes against the counts of Unicode 16.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "text/unicode.h"

#define SEEN "../shared/data/vocabs/unicode-classes.json" /* as reference engines see them */

static size_t count(unsigned set)
{
	size_t n = 0;
	for (uint32_t c = 0; c < 0x110000; c++)
		n += (nt_char_class(c) & set) != 0;
	return n;
}

static void the_counts_are_those_of_unicode_16(void **state)
{
	(void)state;
	assert_int_equal(count(NT_LETTER), 141028);
	assert_int_equal(count(NT_UPPER), 1858 + 31);
	assert_int_equal(count(NT_LOWER), 2258);
	assert_int_equal(count(NT_CASELESS), 404 + 136477);
	assert_int_equal(count(NT_MARK), 2501);
	assert_int_equal(count(NT_NUMBER), 1911);
	assert_int_equal(count(NT_PUNCT), 855);
	assert_int_equal(count(NT_SYMBOL), 8514);
	assert_int_equal(count(NT_SPACE), 25);
}

static void a_code_point_has_one_class_or_none(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 0x110000; c++)
		assert_true(__builtin_popcount(nt_char_class(c)) <= 1);
	assert_int_equal(nt_char_class(0x10ffff), 0);
}

static void ascii_is_the_same_in_both_tables(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 128; c++)
		assert_int_equal(nt_ascii_class[c], nt_char_class(c));
}

/* Of the 17 planes, exactly the ranges of the property have one of the bits. */
static void check_property(struct json_object *ranges, unsigned set, const char *name)
{
	static uint8_t want[0x110000];
	memset(want, 0, sizeof(want));
	for (size_t i = 0; i < json_object_array_length(ranges); i++) {
		struct json_object *range = json_object_array_get_idx(ranges, i);
		int64_t last = json_object_get_int64(json_object_array_get_idx(range, 1));
		for (int64_t c = json_object_get_int64(json_object_array_get_idx(range, 0)); c <= last; c++)
			want[c] = 1;
	}
	for (uint32_t c = 0; c < 0x110000; c++)
		if (((nt_char_class(c) & set) != 0) != want[c])
			fail_msg("%s: U+%04X", name, c);
}

static void the_reference_engines_see_the_same_classes(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		unsigned set;
	} property[] = {{"\\p{L}", NT_LETTER}, {"\\p{N}", NT_NUMBER}, {"\\p{M}", NT_MARK},
			{"\\p{Ll}", NT_LOWER}, {"\\p{P}", NT_PUNCT}, {"\\p{S}", NT_SYMBOL}};
	if (access(SEEN, R_OK) != 0)
		skip();
	struct json_object *root = json_object_from_file(SEEN);
	assert_non_null(root);
	struct json_object *seen = json_object_object_get(root, "hf");
	for (size_t i = 0; i < sizeof(property) / sizeof(*property); i++)
		check_property(json_object_object_get(seen, property[i].name), property[i].set,
			       property[i].name);
	json_object_put(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_counts_are_those_of_unicode_16),
		cmocka_unit_test(a_code_point_has_one_class_or_none),
		cmocka_unit_test(ascii_is_the_same_in_both_tables),
		cmocka_unit_test(the_reference_engines_see_the_same_classes),
	};
	return cmocka_run_group_tests_name("classes of characters", tests, NULL, NULL);
}

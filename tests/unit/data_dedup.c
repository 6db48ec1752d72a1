/* SPDX-License-Identifier: MIT */
/* data_dedup.c - tests of dropping repeats, and of the set behind it */
#include "data_fake.h"

#include "data/keyset.h"
#include "nt/dedup.h"

/* Feeds one document, its units with a bar between, and compares what is left of it. */
static void check(struct nt_dedup *d, const char *units, const char *due)
{
	uint32_t id[64], unit[16] = {0}, n_unit = *units != 0;
	size_t n = 0;
	struct nt_tokens doc, kept;
	char got[128] = "", *at = got;
	for (const char *c = units; *c; c++) {
		if (*c == '|') {
			n_unit++;
			continue;
		}
		id[n++] = (uint32_t)(unsigned char)*c;
		unit[n_unit - 1]++;
	}
	doc = (struct nt_tokens){.id = id, .n = n, .unit = unit, .n_unit = n_unit};
	int rc = nt_dedup_next(d, &kept, &doc);
	SUCCEEDS(rc);
	assert_int_equal(rc, due != NULL);
	if (!due)
		return;
	n = 0;
	for (size_t u = 0; u < kept.n_unit; u++) {
		at += u ? sprintf(at, "|") : 0;
		for (size_t k = 0; k < kept.unit[u]; k++)
			*at++ = (char)kept.id[n++];
		*at = 0;
	}
	assert_int_equal(n, kept.n);
	assert_string_equal(got, due);
}

static void repeated_units_go_and_the_first_stays(void **state)
{
	(void)state;
	struct nt_dedup *d;
	SUCCEEDS(nt_dedup_new(&d, &(struct nt_dedup_options){.by = NT_DEDUP_UNIT}));
	check(d, "one|two|one", "one|two");
	check(d, "three|two", "three");
	check(d, "two|one", NULL);
	check(d, "", ""); /* empty before: nobody asked about it */
	check(d, "", "");
	check(d, "onetwo", "onetwo");
	const struct nt_dedup_counts *c = nt_dedup_counts(d);
	assert_int_equal(c->in.documents, 6);
	assert_int_equal(c->kept.documents, 5);
	assert_int_equal(c->compared, 8);
	assert_int_equal(c->repeated, 4);
	assert_int_equal(c->in.tokens - c->kept.tokens, 12);
	nt_dedup_free(d);
}

static void documents_are_compared_whatever_their_units(void **state)
{
	(void)state;
	struct nt_dedup *d;
	static struct nt_dedup_token token[256];
	for (uint32_t i = 0; i < 256; i++)
		token[i] = (struct nt_dedup_token){.bytes = 2, .trimmed = NT_NO_TOKEN};
	SUCCEEDS(nt_dedup_new(&d, &(struct nt_dedup_options){.by = NT_DEDUP_DOCUMENT, .token = token}));
	check(d, "one|one", "one|one");
	check(d, "oneone", NULL);
	check(d, "one", "one");
	assert_int_equal(nt_dedup_counts(d)->dropped_bytes, 12);
	nt_dedup_free(d);
}

/* Ids are letters; '/' is a line break, '!' is ".\n" and goes with '.'. */
static const struct nt_dedup_token *letters(void)
{
	static struct nt_dedup_token token[256];
	for (uint32_t i = 0; i < 256; i++)
		token[i] = (struct nt_dedup_token){.bytes = 1, .trimmed = i};
	token['/'] = (struct nt_dedup_token){.bytes = 1, .trimmed = NT_NO_TOKEN, .has_break = true};
	token[' '].trimmed = NT_NO_TOKEN;
	token['!'] = (struct nt_dedup_token){.bytes = 2, .trimmed = '.', .has_break = true};
	return token;
}

static void white_space_behind_a_unit_does_not_count(void **state)
{
	(void)state;
	struct nt_dedup *d;
	SUCCEEDS(nt_dedup_new(&d, &(struct nt_dedup_options){.by = NT_DEDUP_UNIT, .token = letters()}));
	check(d, "one//|two!/|one/|x.", "one//|two!/|x.");
	check(d, "two.|one|x!", NULL);
	check(d, "o ne|//|one|//| ", "o ne|//");
	check(d, "//|one|new", "//|new");
	assert_int_equal(nt_dedup_counts(d)->dropped_bytes, 4 + 4 + 3 + 3 + 3 + 2 + 1 + 3);
	nt_dedup_free(d);
}

static void repeated_lines_go_with_the_blank_ones_behind_them(void **state)
{
	(void)state;
	struct nt_dedup *d;
	SUCCEEDS(nt_dedup_new(&d, &(struct nt_dedup_options){.by = NT_DEDUP_LINE, .token = letters()}));
	check(d, "a/b/a/|c/", "a/b/|c/");
	check(d, "x/ /y/", "x/ /y/");
	check(d, "a/ //z!z!", "z!");
	check(d, "b/|c/", NULL);
	check(d, "//w", "//w");
	check(d, "w/v", "v"); /* the break is no part of the line */
	nt_dedup_free(d);
}

static void a_set_remembers_what_it_was_given(void **state)
{
	(void)state;
	struct nt_keyset s = {0};
	for (int round = 0; round < 2; round++)
		for (uint64_t i = 0; i < 100000; i++) {
			/* low bits alike for many: long probes are no trouble, only slow */
			struct nt_hash128 k = {.lo = i / 8 * 65536, .hi = i % 8};
			assert_int_equal(nt_keyset_add(&s, k), round == 0);
			i += i < 1000 ? 0 : 12;
		}
	assert_true(4 * s.n <= 3 * s.cap);
	nt_keyset_release(&s);
	nt_keyset_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repeated_units_go_and_the_first_stays),
		cmocka_unit_test(documents_are_compared_whatever_their_units),
		cmocka_unit_test(white_space_behind_a_unit_does_not_count),
		cmocka_unit_test(repeated_lines_go_with_the_blank_ones_behind_them),
		cmocka_unit_test(a_set_remembers_what_it_was_given),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

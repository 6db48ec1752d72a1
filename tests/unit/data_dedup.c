/* SPDX-License-Identifier: MIT */
/* data_dedup.c - tests of dropping repeats, and of the set behind it */
#include "data_fake.h"

#include "base/le.h"
#include "data/once.h"
#include "nt/hash.h"
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

/* Ids are letters; '/' is a line feed, '!' is ".\n" and goes with '.', '}' is "\nb", '#' is "\n\n". */
static const struct nt_dedup_token *letters(void)
{
	static uint8_t text[256];
	static struct nt_dedup_token token[256];
	for (uint32_t i = 0; i < 256; i++) {
		text[i] = (uint8_t)i;
		token[i] = (struct nt_dedup_token){.text = text + i, .bytes = 1, .trimmed = i};
	}
	token['/'] = (struct nt_dedup_token){.text = (const uint8_t *)"\n", .bytes = 1, .trimmed = NT_NO_TOKEN};
	token[' '].trimmed = NT_NO_TOKEN;
	token['!'] = (struct nt_dedup_token){.text = (const uint8_t *)".\n", .bytes = 2, .trimmed = '.'};
	token['}'] = (struct nt_dedup_token){.text = (const uint8_t *)"\nb", .bytes = 2, .trimmed = '}'};
	token['#'] = (struct nt_dedup_token){.text = (const uint8_t *)"\n\n", .bytes = 2, .trimmed = NT_NO_TOKEN};
	return token;
}

/* Of the tokens above; the letter z has none of its own. */
static uint32_t find_letter(const void *arg, const uint8_t *bytes, size_t len)
{
	(void)arg;
	if (len == 2 && memcmp(bytes, ".\n", 2) == 0)
		return '!';
	if (len != 1 || *bytes == 'z')
		return NT_NO_TOKEN;
	return *bytes == '\n' ? '/' : *bytes;
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

static struct nt_dedup *by_line(bool keep_blank)
{
	struct nt_dedup *d;
	SUCCEEDS(nt_dedup_new(&d, &(struct nt_dedup_options){.by = NT_DEDUP_LINE, .token = letters(), .vocab_size = 256,
							     .find = find_letter, .keep_blank = keep_blank}));
	return d;
}

static void repeated_lines_go_as_awk_has_it(void **state)
{
	(void)state;
	struct nt_dedup *d = by_line(false);
	check(d, "a/b/a/|c/", "a/b/|c/");
	check(d, "x/ /y/", "x/ /y/");
	check(d, "a/ //v!v!", "/v!"); /* the space was there, the empty line not */
	check(d, "b/|c/", NULL);
	check(d, "//w", "w");
	check(d, "w/u", "u"); /* the break is no part of the line */
	check(d, "u /u", "u /"); /* a space is */
	assert_int_equal(nt_dedup_counts(d)->compared, 4 + 3 + 5 + 2 + 3 + 2 + 2);
	assert_int_equal(nt_dedup_counts(d)->dropped_bytes, 2 + (2 + 2 + 3) + 4 + 2 + 2 + 1);
	nt_dedup_free(d);
}

static void blank_lines_stay_on_request(void **state)
{
	(void)state;
	struct nt_dedup *d = by_line(true);
	check(d, "x/ /y/", "x/ /y/");
	check(d, "a/ //v!v!", "a/ //v!");
	check(d, "//y/ /", "//");
	nt_dedup_free(d);
}

static void a_token_over_the_end_of_a_line_is_cut(void **state)
{
	(void)state;
	struct nt_dedup *d = by_line(false);
	check(d, "a}/a#c", "a}//c"); /* a, b, (a), "", c: "\n\n" ends the second a and is an empty line */
	nt_dedup_free(d);
	d = by_line(false);
	check(d, "a}", "a}");
	check(d, "c}", "c/");  /* c stays, b goes: half of the token */
	check(d, "a}d", "bd"); /* a goes, "bd" stays */
	check(d, "e#f", "e#f");
	check(d, "g#h", "g/h"); /* the empty line was there */
	nt_dedup_free(d);
}

static void a_state_says_what_was_seen(void **state)
{
	(void)state;
	static const uint8_t one[16] = "one", other[16] = "other";
	const char *path = fake_path("state");
	struct nt_dedup *d;
	const struct nt_dedup_options by_unit = {.by = NT_DEDUP_UNIT};
	SUCCEEDS(nt_dedup_new(&d, &by_unit));
	assert_int_equal(nt_dedup_load(d, path, one), 0);
	check(d, "one|two", "one|two");
	SUCCEEDS(nt_dedup_save(d, path, one));
	nt_dedup_free(d);

	SUCCEEDS(nt_dedup_new(&d, &by_unit));
	assert_int_equal(nt_dedup_load(d, path, one), 1);
	check(d, "two|three|one", "three");
	SUCCEEDS(nt_dedup_save(d, path, one));
	nt_dedup_free(d);

	SUCCEEDS(nt_dedup_new(&d, &by_unit));
	assert_int_equal(nt_dedup_load(d, path, other), NT_EFORMAT);
	assert_says("another tokenizer");
	nt_dedup_free(d);
	d = by_line(false);
	assert_int_equal(nt_dedup_load(d, path, one), NT_EFORMAT);
	assert_says("a state of units, not of lines");
	nt_dedup_free(d);

	struct nt_buf json = {0};
	SUCCEEDS(nt_state_describe(path, &json));
	assert_non_null(strstr((char *)json.data, "\"of\": \"units\", \"entries\": 3"));
	nt_buf_release(&json);
}

/* Cut anywhere, or with any bit flipped, it is refused. */
static void a_damaged_state_is_refused(void **state)
{
	(void)state;
	static const uint8_t id[16] = "one";
	const char *path = fake_path("whole"), *bad = fake_path("bad");
	struct nt_buf file = {0}, json = {0};
	struct nt_dedup *d;
	SUCCEEDS(nt_dedup_new(&d, &(struct nt_dedup_options){.by = NT_DEDUP_UNIT}));
	check(d, "one|two", "one|two");
	SUCCEEDS(nt_dedup_save(d, path, id));
	nt_dedup_free(d);
	SUCCEEDS(nt_read_file(&file, path));
	SUCCEEDS(nt_state_describe(path, &json));
	for (size_t len = 0; len < file.len; len++) {
		fake_write(bad, file.data, len);
		assert_int_equal(nt_state_describe(bad, &json), NT_EFORMAT);
	}
	for (size_t bit = 0; bit < 8 * file.len; bit++) {
		file.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		fake_write(bad, file.data, file.len);
		assert_int_equal(nt_state_describe(bad, &json), NT_EFORMAT);
		file.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	SUCCEEDS(nt_buf_add(&file, "", 1));
	fake_write(bad, file.data, file.len);
	assert_int_equal(nt_state_describe(bad, &json), NT_EFORMAT);
	nt_buf_release(&file);
	nt_buf_release(&json);
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

/*
 * XXH3_128 without a secret seed, of 32 bytes: where bytes 0 to 7 and 16 to 23 are those of its
 * public secret, both products in it vanish, and the low half of the hash is a function of the
 * sum of two numbers that the other bytes choose.
 */
static void write_colliding(uint8_t line[32], uint64_t i)
{
	static const uint8_t low[8] = {0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe};
	static const uint8_t high[8] = {0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb};
	const uint64_t start = 32 * UINT64_C(0x9e3779b185ebca87);
	memcpy(line, low, 8);
	nt_put64(line + 8, i - nt_le64(low)); /* the upper number is i ... */
	memcpy(line + 16, high, 8);
	nt_put64(line + 24, (start ^ (UINT64_C(1000000) - i)) - nt_le64(high)); /* ... the lower one 10^6 - i */
}

static void lines_made_to_collide_do_not(void **state)
{
	(void)state;
	enum { N = 1000000 };
	struct nt_once s;
	uint8_t line[32];
	uint64_t low = 0;
	size_t run = 0, longest = 0;
	SUCCEEDS(nt_once_init(&s));
	for (uint64_t i = 0; i < N; i++) {
		write_colliding(line, i);
		low = i ? low : nt_hash128(line, 32).lo;
		assert_true(nt_hash128(line, 32).lo == low); /* a table by this would search for hours */
		SUCCEEDS(nt_once_ask(&s, line, 32));
		assert_int_equal(nt_once_answer(&s, 0), 1);
		nt_once_done(&s);
	}
	for (size_t i = 0; i < s.set.cap; i++) {
		run = s.set.slot[i].lo | s.set.slot[i].hi ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	assert_in_range(longest, 1, 1000);
	nt_once_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repeated_units_go_and_the_first_stays),
		cmocka_unit_test(documents_are_compared_whatever_their_units),
		cmocka_unit_test(white_space_behind_a_unit_does_not_count),
		cmocka_unit_test(repeated_lines_go_as_awk_has_it),
		cmocka_unit_test(blank_lines_stay_on_request),
		cmocka_unit_test(a_token_over_the_end_of_a_line_is_cut),
		cmocka_unit_test(a_state_says_what_was_seen),
		cmocka_unit_test(a_damaged_state_is_refused),
		cmocka_unit_test(a_set_remembers_what_it_was_given),
		cmocka_unit_test(lines_made_to_collide_do_not),
	};
	return cmocka_run_group_tests(tests, fake_begin, fake_end);
}

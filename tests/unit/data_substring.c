/* SPDX-License-Identifier: MIT */
/* data_substring.c - tests of repeated runs and of test texts, against programs that try all */
#include "data_fake.h"

#include "nt/overlap.h"
#include "nt/random.h"
#include "nt/substring.h"

static uint64_t counter;

static uint32_t below(uint32_t n)
{
	return (uint32_t)nt_random_below(21, NT_RANDOM_SAMPLE, counter++, n);
}

/* --- repeated runs --------------------------------------------------------------- */

/* A document of one unit through s; returns how many tokens are left, in left. */
static size_t feed(struct nt_substring *s, uint32_t *id, size_t n, uint32_t *left)
{
	uint32_t unit = (uint32_t)n;
	struct nt_tokens doc = {.id = id, .n = n, .unit = &unit, .n_unit = 1}, kept;
	int rc = nt_substring_next(s, &kept, &doc);
	SUCCEEDS(rc);
	if (rc == 0)
		return 0;
	memcpy(left, kept.id, kept.n * sizeof(*left));
	assert_int_equal(kept.n_unit, kept.n > 0 || n == 0);
	return kept.n;
}

static void fresh(uint32_t *id, size_t n)
{
	static uint32_t next = 1000;
	for (size_t i = 0; i < n; i++)
		id[i] = next++;
}

static void a_long_run_goes_and_a_shorter_one_stays(void **state)
{
	(void)state;
	for (size_t least = NT_SUBSTRING_LEAST; least < 60; least += 7)
		for (size_t len = least - 1; len < least + 3; len++)
			for (size_t at = 0; at < 40; at += 3) {
				struct nt_substring *s;
				uint32_t first[200], second[200], left[200];
				SUCCEEDS(nt_substring_new(&s, least, NULL));
				fresh(first, 200);
				fresh(second, 200);
				memcpy(second + at, first + 17 + at, len * sizeof(*first));
				assert_int_equal(feed(s, first, 200, left), 200);
				size_t n = feed(s, second, 200, left);
				assert_int_equal(n, len < least ? 200 : 200 - len);
				assert_memory_equal(left, second, at * sizeof(*left));
				if (n < 200)
					assert_memory_equal(left + at, second + at + len,
							    (200 - at - len) * sizeof(*left));
				nt_substring_free(s);
			}
}

static void a_document_of_repeats_goes_whole(void **state)
{
	(void)state;
	struct nt_substring *s;
	uint32_t a[100], b[100], both[200], left[200];
	SUCCEEDS(nt_substring_new(&s, 50, NULL));
	fresh(a, 100);
	fresh(b, 100);
	assert_int_equal(feed(s, a, 100, left), 100);
	assert_int_equal(feed(s, b, 100, left), 100);
	memcpy(both, b, sizeof(b));
	memcpy(both + 100, a, sizeof(a));
	assert_int_equal(feed(s, both, 200, left), 0);
	assert_int_equal(feed(s, a, 49, left), 49);
	const struct nt_dedup_counts *c = nt_substring_counts(s);
	assert_int_equal(c->in.documents, 4);
	assert_int_equal(c->kept.documents, 3);
	assert_int_equal(c->compared, 449);
	assert_int_equal(c->repeated, 200);
	nt_substring_free(s);
}

static void one_token_over_and_over_keeps_its_beginning(void **state)
{
	(void)state;
	struct nt_substring *s;
	static uint32_t id[5000], left[5000];
	SUCCEEDS(nt_substring_new(&s, 50, NULL));
	for (size_t i = 0; i < 5000; i++)
		id[i] = 7;
	size_t n = feed(s, id, 5000, left);
	assert_in_range(n, 50, 200);
	nt_substring_free(s);
}

/*
 * Random documents over few words, glued together from parts of earlier ones. Everything taken out
 * stands further to the front (by trying all places), and in what is left no run of `least` of one
 * document stands in an earlier one as it came.
 */
static bool stands_before(const uint32_t *all, size_t n_all, const uint32_t *id, size_t n)
{
	for (size_t i = 0; i + n <= n_all; i++)
		if (memcmp(all + i, id, n * sizeof(*id)) == 0)
			return true;
	return false;
}

static void what_goes_was_there_and_nothing_long_is_left(void **state)
{
	(void)state;
	enum { LEAST = 12, DOCS = 40, MOST = 300 };
	for (int round = 0; round < 20; round++) {
		static uint32_t all[DOCS * (MOST + 1)];
		struct nt_substring *s;
		size_t n_all = 0, out = 0;
		SUCCEEDS(nt_substring_new(&s, LEAST, NULL));
		for (int d = 0; d < DOCS; d++) {
			uint32_t id[MOST], left[MOST];
			size_t n = 0, k = 0;
			while (n < MOST - 60) {
				size_t len = 1 + below(50), from = n_all > 60 ? below((uint32_t)n_all - 50) : 0;
				for (size_t i = 0; i < len; i++)
					id[n++] = n_all > 60 && len % 2 && all[from + i] != NT_NO_TOKEN
							  ? all[from + i] : below(1 + round % 2 * 40000);
			}
			size_t n_left = feed(s, id, n, left);
			/* what is missing lies in runs that stand in front, in this document or before */
			memcpy(all + n_all, id, n * sizeof(*id));
			for (size_t i = 0; i < n; i++)
				k += k < n_left && left[k] == id[i];
			assert_int_equal(k, n_left); /* left is a part of id, in order */
			out += n - n_left;
			if (round % 2) { /* of many tokens: no run has more than eight places */
				size_t run = 0;
				for (size_t i = 0; i + LEAST <= n_left; i++)
					run += stands_before(all, n_all, left + i, LEAST) &&
					       stands_before(id, n, left + i, LEAST);
				assert_int_equal(run, 0);
			}
			n_all += n;
			all[n_all++] = NT_NO_TOKEN;
		}
		assert_true(out > 0);
		nt_substring_free(s);
	}
}

static void characters_stay_whole(void **state)
{
	(void)state;
	/* ids: 0x80 to 0xbf go on with a character, 0xc3 begins one of two bytes */
	static uint8_t text[256];
	static struct nt_dedup_token token[256];
	struct nt_substring *s;
	uint32_t a[40], b[40], left[40];
	for (uint32_t i = 0; i < 256; i++) {
		text[i] = (uint8_t)i;
		token[i] = (struct nt_dedup_token){.text = text + i, .bytes = 1, .trimmed = i};
	}
	for (uint32_t i = 0; i < 40; i++)
		a[i] = b[i] = 'A' + i;
	a[4] = 0xc3, a[5] = 0xa9;
	b[4] = 0xc4, b[5] = 0xa9; /* the run begins with the second byte of a character ... */
	a[30] = b[30] = 0xc3, a[31] = 0xa9, b[31] = 0xa8; /* ... and ends with the first of another */
	b[0] = 'z';
	b[39] = 'z';
	for (uint32_t i = 32; i < 40; i++)
		b[i] = 'z' - i % 8;
	SUCCEEDS(nt_substring_new(&s, 10, token));
	assert_int_equal(feed(s, a, 40, left), 40);
	assert_int_equal(feed(s, b, 40, left), 40 - 24);
	assert_memory_equal(left, b, 6 * sizeof(*b));
	assert_memory_equal(left + 6, b + 30, 10 * sizeof(*b));
	assert_int_equal(nt_substring_counts(s)->dropped_bytes, 24);
	nt_substring_free(s);
}

/* --- test texts ------------------------------------------------------------------ */

/* Ids of letters; a word is a run of them, '.' ends it. */
static struct nt_words *letters(void)
{
	struct nt_words *w;
	SUCCEEDS(nt_words_new(&w, 256));
	for (uint32_t i = 1; i < 256; i++) {
		uint8_t c = (uint8_t)i;
		SUCCEEDS(nt_words_set(w, i, &c, 1));
	}
	return w;
}

static void against(struct nt_overlap *o, const char *text, int due)
{
	struct nt_word_list list = {0};
	SUCCEEDS(nt_words_of_text(&list, (const uint8_t *)text, strlen(text)));
	assert_int_equal(nt_overlap_against(o, list.hash, list.n), due);
	nt_word_list_release(&list);
}

/* Units are separated by a bar. What is left, in the same form. */
static const char *left_of(struct nt_overlap *o, const char *text)
{
	static char got[400];
	uint32_t id[400], unit[20] = {0}, n_unit = 1;
	size_t n = 0, at = 0;
	struct nt_tokens kept;
	for (const char *c = text; *c; c++) {
		if (*c == '|') {
			n_unit++;
			continue;
		}
		id[n++] = (uint32_t)(unsigned char)*c;
		unit[n_unit - 1]++;
	}
	int rc = nt_overlap_next(o, &kept, &(struct nt_tokens){.id = id, .n = n, .unit = unit, .n_unit = n_unit});
	SUCCEEDS(rc);
	if (rc == 0)
		return NULL;
	for (size_t u = 0, i = 0; u < kept.n_unit; u++) {
		if (u)
			got[at++] = '|';
		for (uint32_t k = 0; k < kept.unit[u]; k++)
			got[at++] = (char)kept.id[i++];
	}
	got[at] = 0;
	return got;
}

static void units_with_thirteen_words_of_a_test_text_go(void **state)
{
	(void)state;
	struct nt_words *w = letters();
	struct nt_overlap *o;
	SUCCEEDS(nt_overlap_new(&o, &(struct nt_overlap_options){.words = w}));
	against(o, "x y a b c d e f g h i j k l m n z", 1);
	assert_int_equal(nt_overlap_n_gram(o), 5);
	against(o, "p q r s t u v w", 1);
	against(o, "p q r s t u v", 0);
	assert_int_equal(nt_overlap_n_gram(o), 6);

	assert_string_equal(left_of(o, "one two |A, b. C d e f g-h i j k l M!|three"), "one two |three");
	assert_string_equal(left_of(o, "one |b c d e f g h i j k l m |two"), "one |b c d e f g h i j k l m |two");
	assert_string_equal(left_of(o, "zero |a b c d e f |g h i j k l m |four"), "zero |four");
	assert_string_equal(left_of(o, "0 p q r s t u v w 1 |k"), "k");
	assert_string_equal(left_of(o, "p q r s t u v|k"), "p q r s t u v|k");
	assert_null(left_of(o, "b c d e f g h i j k l m n z"));
	/* a word ends where the gram's does */
	assert_string_equal(left_of(o, "a b c d e f g h i j k l mm"), "a b c d e f g h i j k l mm");
	assert_int_equal(nt_overlap_counts(o)->repeated, 5);
	nt_overlap_free(o);

	SUCCEEDS(nt_overlap_new(&o, &(struct nt_overlap_options){.words = w, .by_document = true}));
	against(o, "a b c d e f g h i j k l m", 1);
	assert_null(left_of(o, "one |a b c d e f g h i j k l m |two"));
	assert_string_equal(left_of(o, "one|two"), "one|two");
	assert_int_equal(nt_overlap_counts(o)->compared, 2);
	assert_int_equal(nt_overlap_counts(o)->repeated, 1);
	nt_overlap_free(o);
	nt_words_free(w);
}

/* Many grams, the table growing: all are found, and of others none. */
static void grams_are_found_among_many(void **state)
{
	(void)state;
	enum { N = 30000 };
	static uint64_t word[N + 12];
	struct nt_words *w = letters();
	struct nt_overlap *o;
	SUCCEEDS(nt_overlap_new(&o, &(struct nt_overlap_options){.words = w}));
	for (size_t i = 0; i < N + 12; i++)
		word[i] = below(UINT32_MAX);
	assert_int_equal(nt_overlap_against(o, word, N + 12), 1);
	assert_int_equal(nt_overlap_against(o, word, N + 12), 1);
	assert_int_equal(nt_overlap_n_gram(o), N);
	nt_overlap_free(o);
	nt_words_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_run_goes_and_a_shorter_one_stays),
		cmocka_unit_test(a_document_of_repeats_goes_whole),
		cmocka_unit_test(one_token_over_and_over_keeps_its_beginning),
		cmocka_unit_test(what_goes_was_there_and_nothing_long_is_left),
		cmocka_unit_test(characters_stay_whole),
		cmocka_unit_test(units_with_thirteen_words_of_a_test_text_go),
		cmocka_unit_test(grams_are_found_among_many),
	};
	return cmocka_run_group_tests(tests, fake_begin, fake_end);
}

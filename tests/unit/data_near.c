/* SPDX-License-Identifier: MIT */
/* data_near.c - tests of words, of sketches, and of what near duplicates are dropped */
#include <math.h>

#include "data_fake.h"

#include "data/bandtable.h"
#include "data/bloom.h"
#include "data/shingle.h"
#include "data/sketch.h"
#include "nt/near.h"
#include "nt/random.h"
#include "nt/words.h"

static uint64_t counter;

static uint64_t below(uint64_t n)
{
	return nt_random_below(11, NT_RANDOM_SAMPLE, counter++, n);
}

/* --- words ----------------------------------------------------------------------- */

static void case_spacing_and_punctuation_are_no_words(void **state)
{
	(void)state;
	struct nt_word_list a = {0}, b = {0};
	const char *one = "The weather in London,\n is BAD!", *other = "...the WEATHER  in london is-bad";
	SUCCEEDS(nt_words_of_text(&a, (const uint8_t *)one, strlen(one)));
	SUCCEEDS(nt_words_of_text(&b, (const uint8_t *)other, strlen(other)));
	assert_int_equal(a.n, 6);
	assert_int_equal(b.n, 6);
	assert_memory_equal(a.hash, b.hash, 6 * sizeof(*a.hash));
	SUCCEEDS(nt_words_of_text(&b, (const uint8_t *)"weather 3rd caf\xc3\xa9 ...", 19));
	assert_int_equal(b.n, 3);
	assert_int_equal(a.hash[1], b.hash[0]);
	SUCCEEDS(nt_words_of_text(&b, (const uint8_t *)"?! ", 3));
	assert_int_equal(b.n, 0);
	nt_word_list_release(&a);
	nt_word_list_release(&b);
}

/* Random text cut into random tokens of a vocabulary that is all its pieces. */
static void words_do_not_depend_on_the_tokens(void **state)
{
	(void)state;
	static const char alphabet[] = "abAB09 .\n\xc3\xa9";
	for (int round = 0; round < 300; round++) {
		uint8_t text[600];
		uint32_t id[600], first[600];
		size_t len = below(600), n = 0, spread = 1 + below(80);
		struct nt_word_list whole = {0}, cut = {0};
		struct nt_words *w;
		for (size_t i = 0; i < len; i++)
			text[i] = (uint8_t)alphabet[below(round % 3 ? sizeof(alphabet) - 1 : 2)];
		SUCCEEDS(nt_words_new(&w, 600));
		for (size_t at = 0; at < len;) {
			size_t piece = 1 + below(spread);
			if (piece > len - at)
				piece = len - at;
			SUCCEEDS(nt_words_set(w, (uint32_t)n, text + at, piece));
			first[n] = (uint32_t)at;
			id[n] = (uint32_t)n;
			n++;
			at += piece;
		}
		SUCCEEDS(nt_words_of_text(&whole, text, len));
		SUCCEEDS(nt_words_of(w, &cut, id, n));
		assert_int_equal(whole.n, cut.n);
		assert_memory_equal(whole.hash ? whole.hash : cut.hash, cut.hash, cut.n * sizeof(*cut.hash));
		SUCCEEDS(nt_words_of_with_places(w, &cut, id, n));
		assert_int_equal(whole.n, cut.n);
		for (size_t i = 0; i < cut.n; i++) {
			/* its own tokens make this word, and no token less does */
			size_t from = first[cut.first[i]], to = cut.end[i] < n ? first[cut.end[i]] : len;
			struct nt_word_list part = {0};
			bool is_there = false;
			SUCCEEDS(nt_words_of_text(&part, text + from, to - from));
			for (size_t k = 0; k < part.n; k++)
				is_there |= part.hash[k] == cut.hash[i];
			assert_true(is_there);
			assert_true(cut.end[i] > cut.first[i]);
			assert_true(i == 0 || cut.first[i] + 1 >= cut.end[i - 1]);
			nt_word_list_release(&part);
		}
		nt_word_list_release(&whole);
		nt_word_list_release(&cut);
		nt_words_free(w);
	}
}

/* --- sketches -------------------------------------------------------------------- */

static void all_instruction_sets_make_the_same_sketch(void **state)
{
	(void)state;
	const struct nt_shingle *all[] = {&nt_shingle_ref, NULL, NULL};
#ifdef NT_HAS_WIDE
	if (nt_cpu_isa() >= NT_ISA_AVX2)
		all[1] = &nt_shingle_avx2;
	if (nt_cpu_isa() >= NT_ISA_AVX512)
		all[2] = &nt_shingle_avx512;
#endif
	uint64_t word[400];
	for (size_t i = 0; i < 400; i++)
		word[i] = below(UINT64_MAX);
	for (size_t n_word = 0; n_word < 400; n_word += 1 + n_word / 3) {
		uint8_t first[130], other[130];
		for (size_t k = 0; k < 3 && all[k]; k++) {
			struct nt_sketcher s;
			SUCCEEDS(nt_sketcher_init(&s, 130, 7));
			s.loop = all[k];
			SUCCEEDS(nt_sketch(&s, k ? other : first, word, n_word));
			if (k)
				assert_memory_equal(first, other, 130);
			nt_sketcher_release(&s);
		}
	}
}

/* Two texts of n words of which the second has the last `fresh` changed: J is known. */
static double agreement(size_t n, size_t fresh, size_t bytes, uint64_t seed)
{
	uint64_t word[2000];
	uint8_t a[512], b[512];
	struct nt_sketcher s;
	size_t same = 0;
	for (size_t i = 0; i < n; i++)
		word[i] = below(UINT64_MAX);
	SUCCEEDS(nt_sketcher_init(&s, bytes, seed));
	SUCCEEDS(nt_sketch(&s, a, word, n));
	for (size_t i = n - fresh; i < n; i++)
		word[i] = below(UINT64_MAX);
	SUCCEEDS(nt_sketch(&s, b, word, n));
	nt_sketcher_release(&s);
	for (size_t i = 0; i < bytes; i++)
		same += a[i] == b[i];
	return (double)same / (double)bytes;
}

/* Means over many pairs; five standard deviations of independent minima are allowed. */
static void sketches_agree_as_documents_do(void **state)
{
	(void)state;
	static const struct {
		size_t n, fresh;
	} of[] = {{20, 3}, {60, 10}, {104, 20}, {400, 30}, {400, 150}, {2000, 300}, {9, 2}};
	enum { TIMES = 200, BYTES = 112 };
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		double shared = (double)(of[i].n - 4 - of[i].fresh), all = (double)(of[i].n - 4 + of[i].fresh);
		double J = shared / all, due = J + (1 - J) / 256, mean = 0;
		for (uint64_t t = 0; t < TIMES; t++)
			mean += agreement(of[i].n, of[i].fresh, BYTES, t) / TIMES;
		double sigma = sqrt(due * (1 - due) / (TIMES * BYTES));
		if (fabs(mean - due) > 5 * sigma)
			fail_msg("J %.4f: agreement %.4f instead of %.4f +- %.4f", J, mean, due, sigma);
	}
}

/* --- the table ------------------------------------------------------------------- */

static void a_table_brings_back_what_was_put_in(void **state)
{
	(void)state;
	enum { N = 20000 };
	struct nt_bandtable t = {0};
	uint32_t number[NT_BAND_SAME];
	size_t strange = 0;
	SUCCEEDS(nt_bandtable_make(&t, N, 1 << 20));
	for (uint32_t i = 0; i < N; i++)
		nt_bandtable_add(&t, nt_random_u64(5, NT_RANDOM_SAMPLE, i / 2), i);
	for (uint32_t i = 0; i < N; i++) {
		size_t n = nt_bandtable_find(&t, nt_random_u64(5, NT_RANDOM_SAMPLE, i / 2), number);
		bool is_there = false;
		for (size_t k = 0; k < n; k++)
			is_there |= number[k] == i;
		assert_true(is_there);
		strange += n - 2;
	}
	/* of 12 bits of the key, with 13 others in a line, which come in pairs: one in 150 or so */
	assert_in_range(strange, 1, N / 50);
	for (uint32_t i = 0; i < 20; i++) /* one key over and over fills nothing */
		nt_bandtable_add(&t, 42, i);
	assert_int_equal(nt_bandtable_find(&t, 42, number), NT_BAND_SAME);
	nt_bandtable_release(&t);
	nt_bandtable_release(&t);
}

static void a_filter_forgets_nothing(void **state)
{
	(void)state;
	enum { N = 100000, BITS = 16 };
	struct nt_bloom b = {0};
	size_t strange = 0;
	SUCCEEDS(nt_bloom_make(&b, N * BITS / 8));
	for (uint64_t i = 0; i < N; i++)
		nt_bloom_add(&b, nt_random_u64(6, NT_RANDOM_SAMPLE, i));
	for (uint64_t i = 0; i < N; i++)
		assert_true(nt_bloom_has(&b, nt_random_u64(6, NT_RANDOM_SAMPLE, i)));
	for (uint64_t i = 0; i < N; i++)
		strange += nt_bloom_has(&b, nt_random_u64(7, NT_RANDOM_SAMPLE, i));
	assert_in_range(strange, 1, N / 500);
	nt_bloom_release(&b);
	nt_bloom_release(&b);
}

/* --- documents ------------------------------------------------------------------- */

static void options_follow_the_threshold(void **state)
{
	(void)state;
	struct nt_near_options o = {0};
	nt_near_options_for(&o, 0.8);
	assert_int_equal(o.bands, 14);
	assert_int_equal(o.rows, 8);
	o = (struct nt_near_options){.rows = 5, .least = 0.1};
	nt_near_options_for(&o, 0.8);
	assert_int_equal(o.bands, 23);
	assert_int_equal(o.rows, 5);
	assert_true(o.least == 0.1);
	for (double t = 0.2; t <= 1; t += 0.1) {
		o = (struct nt_near_options){0};
		nt_near_options_for(&o, t);
		assert_true(1 - pow(1 - pow(t, o.rows), o.bands) >= 0.9);
		assert_true(o.bands * o.rows <= NT_NEAR_BYTES);
		assert_true(o.least == 0.74 * t);
	}
}

/* n words, of which those of `from` on stand for document d's own. */
static void write_words(uint64_t *word, size_t n, size_t from, uint32_t d)
{
	for (size_t i = 0; i < n; i++)
		word[i] = nt_random_u64(i < from ? 1 : 2 + d, NT_RANDOM_SAMPLE, i);
}

static struct nt_near *new_near(double least)
{
	struct nt_near *n;
	struct nt_near_options o = {.seed = 3};
	nt_near_options_for(&o, 0.8);
	o.least = least;
	SUCCEEDS(nt_near_new(&n, &o));
	return n;
}

static int add(struct nt_near *n, const uint64_t *word, size_t n_word, uint64_t *of)
{
	struct nt_near_sketcher *s;
	uint8_t sketch[NT_NEAR_BYTES];
	SUCCEEDS(nt_near_sketcher_new(&s, n));
	SUCCEEDS(nt_near_sketch(s, sketch, word, n_word));
	nt_near_sketcher_free(s);
	int rc = nt_near_add(n, sketch, of);
	SUCCEEDS(rc);
	return rc;
}

/* More documents than the first table has room for, and the first are still found. */
static void near_duplicates_are_found_and_others_are_not(void **state)
{
	(void)state;
	enum { N = 150000, WORDS = 60 };
	struct nt_near *n = new_near(0.592);
	uint64_t word[WORDS];
	uint64_t of;
	for (uint32_t d = 0; d < N; d++) {
		write_words(word, WORDS, 0, d);
		assert_int_equal(add(n, word, WORDS, &of), 1);
	}
	assert_int_equal(nt_near_n_doc(n), N);
	for (uint32_t d = 0; d < N; d += 397) {
		write_words(word, WORDS, 0, d);
		assert_int_equal(add(n, word, WORDS, &of), 0);
		assert_int_equal(of, d);
		word[WORDS - 1]++; /* J = 55 / 57 */
		assert_int_equal(add(n, word, WORDS, &of), 0);
		assert_int_equal(of, d);
	}
	nt_near_free(n);
}

/* Of pairs with J = 0.5, which bands alone find one in nine of, hardly any is taken for near. */
static void a_shared_band_is_not_enough(void **state)
{
	(void)state;
	enum { N = 600, WORDS = 304 };
	size_t found[2] = {0};
	for (uint32_t d = 0; d < N; d++)
		for (int strict = 0; strict < 2; strict++) {
			struct nt_near *n = new_near(strict ? 0.592 : 0);
			uint64_t word[WORDS];
			uint64_t of;
			write_words(word, WORDS, 0, d);
			assert_int_equal(add(n, word, WORDS, &of), 1);
			write_words(word + 200, WORDS - 200, 0, d + N); /* 200 - 4 of 300 + 104 shingles */
			found[strict] += add(n, word, WORDS, &of) == 0;
			nt_near_free(n);
		}
	assert_in_range(found[0], 10, 60); /* 1 - (1 - 0.485^8)^14 = 4.2 %: 25 */
	assert_in_range(found[1], 0, 3);
}

static void where_memory_is_short_a_filter_takes_over(void **state)
{
	(void)state;
	enum { N = 30000, MEMORY = 1 << 20 }; /* 16384 documents take more as a table */
	const struct nt_near_options o = {.bands = 14, .rows = 8, .least = 0.592, .memory = MEMORY};
	struct nt_near *n;
	uint64_t word[60];
	uint64_t of;
	size_t strange = 0;
	SUCCEEDS(nt_near_new(&n, &o));
	for (uint32_t d = 0; d < N; d++) {
		write_words(word, 60, 0, d);
		strange += add(n, word, 60, &of) == 0;
	}
	assert_true(nt_near_is_short(n));
	assert_in_range(strange, 0, N / 200);
	for (uint32_t d = 0; d < N; d += 397) {
		write_words(word, 60, 0, d);
		assert_int_equal(add(n, word, 60, &of), 0);
		assert_true(of == UINT64_MAX);
	}
	struct nt_near_sketcher *s;
	uint8_t sketch[NT_NEAR_BYTES];
	int rc = 1;
	SUCCEEDS(nt_near_sketcher_new(&s, n));
	for (uint32_t d = N; rc >= 0 && d < 2 * N; d++) {
		write_words(word, 60, 0, d);
		SUCCEEDS(nt_near_sketch(s, sketch, word, 60));
		rc = nt_near_add(n, sketch, &of);
	}
	assert_int_equal(rc, NT_ESYS);
	assert_says("1 MB are full with 37449 documents");
	nt_near_sketcher_free(s);
	nt_near_free(n);
}

static void tiny_and_empty_documents_are_compared_whole(void **state)
{
	(void)state;
	struct nt_near *n = new_near(0.592);
	const uint64_t word[] = {7, 8, 9};
	uint64_t of;
	assert_int_equal(add(n, word, 3, &of), 1);
	assert_int_equal(add(n, word, 2, &of), 1);
	assert_int_equal(add(n, word, 0, &of), 1);
	assert_int_equal(add(n, word, 3, &of), 0);
	assert_int_equal(add(n, word, 0, &of), 0);
	assert_int_equal(of, 2);
	nt_near_free(n);
}

/* --- batches and groups ---------------------------------------------------------- */

/* A vocabulary of 65,536 words. */
static struct nt_words *vocabulary(void)
{
	struct nt_words *w;
	SUCCEEDS(nt_words_new(&w, 65536));
	for (uint32_t i = 0; i < 65536; i++) {
		char text[8];
		int n = snprintf(text, sizeof(text), " %x", i);
		SUCCEEDS(nt_words_set(w, i, (const uint8_t *)text, (size_t)n));
	}
	return w;
}

/* n documents of 80 ids each, made by `make`. */
struct source {
	void (*make)(uint32_t *id, size_t d);
	size_t n, at;
	uint32_t id[80], unit[2];
};

static int give(void *arg, struct nt_tokens *doc)
{
	struct source *s = arg;
	if (s->at == s->n)
		return 0;
	s->make(s->id, s->at++);
	s->unit[0] = 30;
	s->unit[1] = 50;
	*doc = (struct nt_tokens){.id = s->id, .n = 80, .unit = s->unit, .n_unit = 2};
	return 1;
}

/* Which of n documents stay, of ids as words; each token of those that go has two bytes. */
static void run(bool in_groups, size_t n, void (*make)(uint32_t *id, size_t d), char *stays, int threads)
{
	/* bands that miss nothing of J = 0.7: what is tested is what is done with it */
	const struct nt_near_options o = {.bands = 28, .rows = 4, .least = 0.68, .seed = 3};
	struct nt_dedup_token *token = nt_calloc(65536, sizeof(*token));
	struct source s = {.make = make, .n = n};
	struct nt_near_docs_options how = {.next = give, .arg = &s, .words = vocabulary(), .token = token,
					   .pool = nt_pool_new(threads), .in_groups = in_groups};
	struct nt_near *near;
	struct nt_near_docs *docs;
	struct nt_tokens doc;
	uint32_t due[80];
	uint64_t n_stay = 0;
	int rc;
	for (size_t i = 0; i < 65536; i++)
		token[i].bytes = 2;
	SUCCEEDS(nt_near_new(&near, &o));
	SUCCEEDS(nt_near_docs_new(&docs, near, &how));
	const struct nt_dedup_counts *c = nt_near_docs_counts(docs);
	memset(stays, '0', n);
	stays[n] = 0;
	for (; (rc = nt_near_docs_next(docs, &doc)) == 1; n_stay++) {
		assert_in_range(c->in.documents, 1, n);
		stays[c->in.documents - 1] = '1';
		make(due, c->in.documents - 1);
		assert_int_equal(doc.n, 80);
		assert_memory_equal(doc.id, due, sizeof(due));
		assert_int_equal(doc.n_unit, 2);
		assert_int_equal(doc.unit[1], 50);
		assert_int_equal(c->kept.documents, n_stay + 1);
	}
	SUCCEEDS(rc);
	assert_int_equal(nt_near_docs_next(docs, &doc), 0);
	assert_int_equal(c->in.tokens, 80 * n);
	assert_int_equal(c->compared, n);
	assert_int_equal(c->repeated, n - n_stay);
	assert_int_equal(c->kept.documents, n_stay);
	assert_int_equal(c->dropped_bytes, 160 * (n - n_stay));
	nt_near_docs_free(docs);
	nt_words_free((struct nt_words *)how.words);
	nt_near_free(near);
	nt_pool_free(how.pool);
	free(token);
}

/* Document d's ids, from the hashes that write_words makes. */
static void write_ids(uint32_t *id, uint32_t d)
{
	uint64_t word[80];
	write_words(word, 80, 0, d);
	for (size_t i = 0; i < 80; i++)
		id[i] = (uint32_t)(word[i] >> 48);
}

/* Each differs from the one before by two words, J = 0.85; far ones share little: a chain. */
static void make_chain(uint32_t *id, size_t d)
{
	write_ids(id, 0);
	for (size_t i = 0; i < 2 * d && i < 80; i++)
		id[79 - i] = (uint32_t)(nt_random_u64(99, NT_RANDOM_SAMPLE, i) >> 48);
}

static void a_chain_is_one_group(void **state)
{
	(void)state;
	char stays[32];
	run(true, 16, make_chain, stays, 2);
	assert_string_equal(stays, "1000000000000000");
	/* in one pass, each is compared with what stayed */
	run(false, 16, make_chain, stays, 2);
	assert_int_equal(stays[0], '1');
	assert_int_equal(stays[1], '0');
	assert_non_null(strchr(stays + 2, '1'));
}

/* Number 1 has another head and another tail than number 0, J = 0.58, and stays; number 2 has only
 * the other head, J = 0.77 to both: groups alone see that they are one. */
static void make_bridge(uint32_t *id, size_t d)
{
	write_ids(id, 0);
	for (size_t i = 0; i < 10; i++) {
		id[i] ^= d > 0;
		id[70 + i] ^= d == 1;
	}
}

static void a_bridge_joins_what_stood_apart(void **state)
{
	(void)state;
	char stays[4];
	run(false, 3, make_bridge, stays, 1);
	assert_string_equal(stays, "110");
	run(true, 3, make_bridge, stays, 1);
	assert_string_equal(stays, "100");
}

/* The bridge's number 1, a crowd of number 0 that differ in a word each, and number 2 last, or
 * none. */
static void make_crowd(uint32_t *id, size_t d)
{
	make_bridge(id, d == 0 ? 1 : 0);
	id[20 + d % 40] ^= (uint32_t)d << 1;
}

static void make_crowd_and_bridge(uint32_t *id, size_t d)
{
	make_crowd(id, d);
	if (d == 999)
		make_bridge(id, 2);
}

static void a_crowd_is_one_group_and_its_neighbour_another(void **state)
{
	(void)state;
	char stays[1001], due[1001] = {0};
	memset(due, '0', 1000);
	due[0] = due[1] = '1';
	run(true, 1000, make_crowd, stays, 1);
	assert_string_equal(stays, due);
	due[1] = '0';
	run(true, 1000, make_crowd_and_bridge, stays, 1);
	assert_string_equal(stays, due);
}

/* One in three is some earlier one again; more than a batch. */
static void make_many(uint32_t *id, size_t d)
{
	write_ids(id, (uint32_t)(d % 3 == 2 ? d / 2 / 3 * 3 : d));
}

static void threads_and_batches_change_nothing(void **state)
{
	(void)state;
	static char one[8001], other[8001], groups[8001];
	run(false, 8000, make_many, one, 1);
	run(false, 8000, make_many, other, 3);
	run(true, 8000, make_many, groups, 2);
	assert_string_equal(one, other);
	assert_string_equal(one, groups);
	for (size_t d = 0; d < 8000; d++)
		assert_int_equal(one[d], d % 3 == 2 ? '0' : '1');
}

static void a_state_goes_on_where_the_last_run_ended(void **state)
{
	(void)state;
	const char *path = fake_path("near");
	struct nt_near *n = new_near(0.592);
	uint64_t word[60];
	uint64_t of;
	for (uint32_t d = 0; d < 20000; d++) {
		write_words(word, 60, 0, d);
		assert_int_equal(add(n, word, 60, &of), 1);
	}
	SUCCEEDS(nt_near_save(n, path));
	nt_near_free(n);
	n = new_near(0.592);
	assert_int_equal(nt_near_load(n, path), 1);
	assert_int_equal(nt_near_n_doc(n), 20000);
	for (uint32_t d = 0; d < 20100; d += 33) {
		write_words(word, 60, 0, d);
		assert_int_equal(add(n, word, 60, &of), d >= 20000);
	}
	nt_near_free(n);
	struct nt_near_options o = {.bands = 9, .rows = 12, .least = 0.6, .seed = 3};
	SUCCEEDS(nt_near_new(&n, &o));
	assert_int_equal(nt_near_load(n, path), NT_EFORMAT);
	assert_says("14 bands and 8 rows, not of 9 and 12");
	nt_near_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(case_spacing_and_punctuation_are_no_words),
		cmocka_unit_test(words_do_not_depend_on_the_tokens),
		cmocka_unit_test(all_instruction_sets_make_the_same_sketch),
		cmocka_unit_test(sketches_agree_as_documents_do),
		cmocka_unit_test(a_table_brings_back_what_was_put_in),
		cmocka_unit_test(a_filter_forgets_nothing),
		cmocka_unit_test(options_follow_the_threshold),
		cmocka_unit_test(near_duplicates_are_found_and_others_are_not),
		cmocka_unit_test(a_shared_band_is_not_enough),
		cmocka_unit_test(where_memory_is_short_a_filter_takes_over),
		cmocka_unit_test(tiny_and_empty_documents_are_compared_whole),
		cmocka_unit_test(a_chain_is_one_group),
		cmocka_unit_test(a_bridge_joins_what_stood_apart),
		cmocka_unit_test(a_crowd_is_one_group_and_its_neighbour_another),
		cmocka_unit_test(threads_and_batches_change_nothing),
		cmocka_unit_test(a_state_goes_on_where_the_last_run_ended),
	};
	return cmocka_run_group_tests(tests, fake_begin, fake_end);
}

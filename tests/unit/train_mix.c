/* SPDX-License-Identifier: MIT */
/* train_mix.c - sources apart: shares that are exact, orders that are functions, losses */
#include "data_fake.h"

#include <math.h>

#include "nt/data.h"
#include "nt/model.h"
#include "nt/pack.h"
#include "nt/random.h"
#include "train/mix.h"
#include "train/rows.h"

enum { V = 5000, T = 16, MOST = 40 };

/* --- quotas ----------------------------------------------------------------------- */

/* Follows the first n rows of such a mixture; returns the most that a share was off, in rows. */
static double follow(const uint64_t *quota, size_t n_source, uint64_t n, uint64_t *count)
{
	struct nt_mix m;
	double off = 0, all = 0;
	memset(count, 0, n_source * sizeof(*count));
	for (size_t i = 0; i < n_source; i++)
		all += (double)quota[i];
	SUCCEEDS(nt_mix_init(&m, quota, n_source));
	for (uint64_t k = 0; k < n; k++) {
		size_t source;
		uint64_t nth;
		nt_mix_at(&m, k, &source, &nth);
		assert_true(source < n_source);
		assert_int_equal(nth, count[source]++);
		for (size_t i = 0; i < n_source; i++) {
			double is = fabs((double)count[i] - (double)(k + 1) * (double)quota[i] / all);
			off = is > off ? is : off;
		}
	}
	nt_mix_release(&m);
	return off;
}

static void quotas_are_met_exactly_and_evenly(void **state)
{
	(void)state;
	uint64_t quota[MOST], count[MOST];
	for (uint64_t trial = 0; trial < 300; trial++) {
		size_t n_source = 1 + trial % MOST;
		uint64_t all = 0;
		for (size_t i = 0; i < n_source; i++) { /* shares from alike to a thousandth, some none */
			double z = nt_random_unit(trial, NT_RANDOM_SAMPLE, i);
			quota[i] = i && z < 0.1 ? 0 : (uint64_t)(1 + exp((double)(trial % 7) * z));
			all += quota[i];
		}
		double off = follow(quota, n_source, 3 * all, count);
		assert_true(off < (n_source <= 2 ? 0.5 + 1e-9 : 2));
		for (size_t i = 0; i < n_source; i++)
			assert_int_equal(count[i], 3 * quota[i]);
	}
}

static void quotas_of_any_size_do_not_overflow(void **state)
{
	(void)state;
	const uint64_t quota[3] = {UINT64_C(1) << 60, UINT64_C(1) << 59, 1};
	struct nt_mix m;
	size_t source;
	uint64_t nth;
	SUCCEEDS(nt_mix_init(&m, quota, 3));
	nt_mix_at(&m, UINT64_MAX, &source, &nth);
	assert_in_range(source, 0, 2);
	uint64_t all = quota[0] + quota[1] + quota[2];
	nt_mix_at(&m, 5 * all, &source, &nth); /* a whole number of rounds */
	assert_int_equal(nth, 5 * quota[source]);
	nt_mix_release(&m);
}

/* --- files ------------------------------------------------------------------------ */

/* n documents with ids from `first` on, so that an id tells its file. */
static void write_file(const char *path, const char *source, uint32_t row_len, uint32_t first, int n,
		       uint32_t most)
{
	struct nt_ident ident = fake_ident(V);
	struct nt_out *out;
	struct nt_pack *p;
	uint32_t id[200];
	const struct nt_pack_options how = {.seq_len = row_len, .buffer = 50, .source = source};
	SUCCEEDS(nt_out_open(&out, path, 0));
	SUCCEEDS(nt_pack_new(&p, out, &ident, &how));
	for (int i = 0; i < n; i++) {
		uint32_t len = 1 + (uint32_t)nt_random_below(first, NT_RANDOM_SAMPLE, (uint64_t)i, most);
		for (uint32_t k = 0; k < len; k++)
			id[k] = first + (uint32_t)nt_random_below(first, NT_RANDOM_INIT,
								  (uint64_t)i << 20 | k, 900);
		SUCCEEDS(nt_pack_add(p, id, len));
	}
	SUCCEEDS(nt_pack_end(p, NULL, 0));
	nt_pack_free(p);
	SUCCEEDS(nt_out_close(out));
}

static char *path_of(const char *name)
{
	return (char *)(uintptr_t)fake_path(name);
}

/* Draws k_end rows; counts the targets of each source, and sees that a row holds one only. */
static void draw(const struct nt_rows *r, uint64_t k_end, const uint32_t *first_id, uint64_t *n_target)
{
	uint32_t input[64], target[64], start[64];
	size_t n_source = r->corpus->n_source;
	memset(n_target, 0, n_source * sizeof(*n_target));
	for (uint64_t k = 0; k < k_end; k++) {
		uint64_t row = nt_rows_order(r, 7, k);
		size_t source = nt_rows_source(r, row);
		int n = nt_rows_fill(r, row, input, target, start);
		SUCCEEDS(n);
		n_target[source] += (uint64_t)n;
		for (size_t i = 0; i < r->T; i++)
			if (target[i] != NT_IGNORE && target[i] < V - 2)
				assert_in_range(target[i], first_id[source], first_id[source] + 899);
	}
}

static void weights_are_shares_of_targets(void **state)
{
	(void)state;
	static const uint32_t first_id[] = {0, 1000};
	for (uint32_t row_len = 0; row_len <= T + 1; row_len += T + 1) {
		struct nt_corpus c;
		struct nt_split s;
		uint64_t n[2];
		char a[160], b[160];
		write_file(fake_path("a"), NULL, row_len, 0, 900, 5);
		write_file(fake_path("b"), NULL, row_len, 1000, 300, 60);
		snprintf(a, sizeof(a), "%s:0.7", fake_path("a"));
		snprintf(b, sizeof(b), "%s:0.3", fake_path("b"));
		SUCCEEDS(nt_corpus_open(&c, (char *[]){a, b}, 2));
		assert_int_equal(c.n_source, 2);
		assert_string_equal(c.source[1].name, fake_path("b"));
		SUCCEEDS(nt_rows_fit(&s, &c, NULL, T, T));
		assert_true(s.val.part[0].n_target > 0 && s.val.part[1].n_target > 0);
		draw(&s.train, 5000, first_id, n);
		assert_true(fabs((double)n[0] / (double)(n[0] + n[1]) - 0.7) < 0.002);
		draw(&s.train, 100, first_id, n); /* of any hundred rows, too */
		assert_true(fabs((double)n[0] / (double)(n[0] + n[1]) - 0.7) < 0.03);
		nt_split_release(&s);
		nt_corpus_close(&c);
	}
}

/* Over rows [from, to) of the training of several sources: how often each row came. */
static void count_rows(const struct nt_rows *r, uint64_t from, uint64_t to, uint8_t *count)
{
	memset(count, 0, r->n_row);
	for (uint64_t k = from; k < to; k++)
		count[nt_rows_order(r, 1, k)]++;
}

static void without_weights_an_epoch_reads_every_row_once(void **state)
{
	(void)state;
	struct nt_corpus c;
	struct nt_split s;
	write_file(fake_path("a"), "one", 0, 0, 300, 60);
	write_file(fake_path("b"), "two", 0, 1000, 70, 60);
	write_file(fake_path("c"), NULL, 0, 2000, 11, 60);
	fake_cat(fake_path("ab"), fake_path("a"), fake_path("b"));
	SUCCEEDS(nt_corpus_open(&c, (char *[]){path_of("ab"), path_of("c"), path_of("a")}, 3));
	assert_int_equal(c.n_source, 3);
	assert_string_equal(c.source[0].name, "one");
	assert_string_equal(c.source[2].name, "(no name)");
	SUCCEEDS(nt_rows_fit(&s, &c, NULL, T, T));
	uint64_t n = s.train.n_row;
	uint8_t *count = nt_calloc(n, 1);
	for (uint64_t epoch = 0; epoch < 3; epoch++) {
		count_rows(&s.train, epoch * n, (epoch + 1) * n, count);
		for (uint64_t row = 0; row < n; row++)
			assert_int_equal(count[row], 1);
	}
	/* and each source is spread over it: a third of it has a third of them */
	count_rows(&s.train, 0, n / 3, count);
	for (size_t i = 0; i < 3; i++) {
		const struct nt_part *p = &s.train.part[i];
		double got = 0;
		for (uint64_t row = p->first; row < p->first + p->n; row++)
			got += count[row];
		assert_true(fabs(got - (double)p->n / 3) < 2);
	}
	free(count);
	nt_split_release(&s);
	nt_corpus_close(&c);
}

static void a_source_is_read_through_before_it_is_read_again(void **state)
{
	(void)state;
	struct nt_corpus c;
	struct nt_split s;
	char small[160], large[160];
	write_file(fake_path("small"), NULL, 0, 0, 40, 60);
	write_file(fake_path("large"), NULL, 0, 1000, 900, 60);
	snprintf(small, sizeof(small), "%s:9", fake_path("small"));
	snprintf(large, sizeof(large), "%s:1", fake_path("large"));
	SUCCEEDS(nt_corpus_open(&c, (char *[]){small, large}, 2));
	SUCCEEDS(nt_rows_fit(&s, &c, NULL, T, T));
	const struct nt_part *p = s.train.part;
	assert_true(fabs(p[0].share - 0.9) < 1e-12);
	uint64_t most = 0, least = UINT64_MAX, n = 4 * p[0].n;
	uint8_t *count = nt_calloc(s.train.n_row, 1);
	count_rows(&s.train, 0, n, count);
	for (uint64_t row = p[0].first; row < p[0].first + p[0].n; row++) {
		most = count[row] > most ? count[row] : most;
		least = count[row] < least ? count[row] : least;
	}
	assert_true(most - least <= 1 && least >= 3);
	for (uint64_t row = p[1].first; row < p[1].first + p[1].n; row++)
		assert_true(count[row] <= 1); /* not used up */
	free(count);
	nt_split_release(&s);
	nt_corpus_close(&c);
}

static void what_has_no_weight_shares_what_is_left(void **state)
{
	(void)state;
	struct nt_corpus c;
	struct nt_split s;
	char a[160];
	write_file(fake_path("a"), NULL, 0, 0, 100, 60);
	write_file(fake_path("b"), NULL, 0, 1000, 100, 60);
	write_file(fake_path("c"), NULL, 0, 2000, 300, 60);
	snprintf(a, sizeof(a), "%s:0.4", fake_path("a"));
	SUCCEEDS(nt_corpus_open(&c, (char *[]){path_of("b"), a, path_of("c")}, 3));
	SUCCEEDS(nt_rows_fit(&s, &c, &c, T, T));
	const struct nt_part *p = s.train.part;
	assert_true(fabs(p[1].share - 0.4) < 1e-12);
	assert_true(fabs(p[0].share / p[2].share - (double)p[0].n_target / (double)p[2].n_target) < 1e-9);
	assert_true(fabs(p[0].share + p[2].share - 0.6) < 1e-12);
	nt_split_release(&s);
	nt_corpus_close(&c);
}

static void a_source_in_many_files_has_one_weight(void **state)
{
	(void)state;
	static const uint32_t first_id[] = {0, 1000, 2000};
	struct nt_corpus c;
	struct nt_split s;
	uint64_t n[3];
	write_file(fake_path("a"), "one", 0, 0, 30, 60);
	write_file(fake_path("b"), "two=2", 0, 1000, 200, 60);
	write_file(fake_path("c"), "three", 0, 2000, 300, 60);
	write_file(fake_path("d"), "two=2", 0, 1000, 100, 60);
	fake_cat(fake_path("ab"), fake_path("a"), fake_path("b"));
	SUCCEEDS(nt_corpus_open(&c, (char *[]){path_of("ab"), path_of("c"), path_of("d")}, 3));
	SUCCEEDS(nt_corpus_weigh(&c, (const char *[]){"two=2=0.25", "one=0.5"}, 2));
	SUCCEEDS(nt_rows_fit(&s, &c, NULL, T, T));
	assert_true(fabs(s.train.part[0].share - 0.5) < 1e-12);
	assert_true(fabs(s.train.part[1].share - 0.25) < 1e-12);
	assert_true(fabs(s.train.part[2].share - 0.25) < 1e-12);
	draw(&s.train, 4000, first_id, n);
	assert_true(fabs((double)n[0] / (double)(n[0] + n[1] + n[2]) - 0.5) < 0.003);
	nt_split_release(&s);
	nt_corpus_close(&c);
}

static void windows_keep_to_their_source_and_share(void **state)
{
	(void)state;
	static const uint32_t first_id[] = {0, 1000};
	struct nt_corpus c;
	struct nt_split s;
	uint64_t n[2];
	char a[160], b[160];
	write_file(fake_path("a"), NULL, 0, 0, 900, 5);
	write_file(fake_path("b"), NULL, 0, 1000, 300, 60);
	snprintf(a, sizeof(a), "%s:1", fake_path("a"));
	snprintf(b, sizeof(b), "%s:3", fake_path("b"));
	SUCCEEDS(nt_corpus_open(&c, (char *[]){a, b}, 2));
	SUCCEEDS(nt_rows_concat(&s, &c, NULL, T));
	struct nt_rows r = s.train;
	uint64_t of_first = 0;
	for (uint64_t k = 0; k < 400; k++)
		of_first += nt_rows_source(&r, nt_rows_order(&r, 7, k)) == 0;
	assert_int_equal(of_first, 100);
	draw(&r, 400, first_id, n);
	assert_true(s.val.part[0].n_target > 0 && s.val.part[1].n_target > 0);
	nt_split_release(&s);
	nt_corpus_close(&c);
}

static void weights_that_say_nothing_are_refused(void **state)
{
	(void)state;
	struct nt_corpus c;
	char a[160], b[160];
	write_file(fake_path("a"), "wiki", 0, 0, 10, 60);
	write_file(fake_path("b"), NULL, 0, 0, 10, 60);
	static const char *const bad[] = {":0", ":-1", ":nan", ":inf", ":0.0"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(a, sizeof(a), "%s%s", fake_path("a"), bad[i]);
		assert_int_equal(nt_corpus_open(&c, (char *[]){a}, 1), NT_EARG);
		assert_says("a number above 0");
	}
	snprintf(a, sizeof(a), "%s:1", fake_path("a"));
	assert_int_equal(nt_corpus_open(&c, (char *[]){a, path_of("b")}, 2), NT_EARG);
	assert_says("leave nothing of 1 for it");
	snprintf(b, sizeof(b), "%s:2", fake_path("a"));
	assert_int_equal(nt_corpus_open(&c, (char *[]){a, b}, 2), NT_EARG);
	assert_says("both hold 'wiki'");
	SUCCEEDS(nt_corpus_open(&c, (char *[]){a, path_of("b")}, 1));
	assert_int_equal(nt_corpus_weigh(&c, (const char *[]){"wiki=1"}, 1), NT_EARG);
	assert_says("one or the other");
	nt_corpus_close(&c);
	static const struct { const char *weight, *why; } wrong[] = {
		{"wiki", "not NAME=WEIGHT"}, {"wiki=", "not NAME=WEIGHT"}, {"wiki=0", "a number above 0"},
		{"wiki=x", "a number above 0"}, {"wiki=1e308", "from 1e-9 to 1e9"},
		{"wiki=nan", "a number above 0"}, {"wikis=1", "the data has 'wiki' '(no name)'"},
		{"wiki=1", "(no name) has no weight, and the others, 1 together"},
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		SUCCEEDS(nt_corpus_open(&c, (char *[]){path_of("a"), path_of("b")}, 2));
		assert_int_equal(nt_corpus_weigh(&c, &wrong[i].weight, 1), NT_EARG);
		assert_says(wrong[i].why);
		nt_corpus_close(&c);
	}
	snprintf(a, sizeof(a), "%s:x", fake_path("a"));
	assert_int_equal(nt_corpus_open(&c, (char *[]){a}, 1), NT_ESYS); /* a path, and none there */
}

static void a_file_whose_whole_name_it_is_wins(void **state)
{
	(void)state;
	struct nt_corpus c;
	write_file(fake_path("a:0.5"), NULL, 0, 0, 10, 60);
	SUCCEEDS(nt_corpus_open(&c, (char *[]){path_of("a:0.5")}, 1));
	assert_false(c.has_weight);
	nt_corpus_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotas_are_met_exactly_and_evenly),
		cmocka_unit_test(quotas_of_any_size_do_not_overflow),
		cmocka_unit_test(weights_are_shares_of_targets),
		cmocka_unit_test(without_weights_an_epoch_reads_every_row_once),
		cmocka_unit_test(a_source_is_read_through_before_it_is_read_again),
		cmocka_unit_test(what_has_no_weight_shares_what_is_left),
		cmocka_unit_test(a_source_in_many_files_has_one_weight),
		cmocka_unit_test(windows_keep_to_their_source_and_share),
		cmocka_unit_test(weights_that_say_nothing_are_refused),
		cmocka_unit_test(a_file_whose_whole_name_it_is_wins),
	};
	return cmocka_run_group_tests(tests, fake_begin, fake_end);
}

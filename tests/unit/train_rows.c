/* SPDX-License-Identifier: MIT */
/* train_rows.c - which tokens stand in which row, and what is held out */
#include "data_fake.h"

#include "nt/data.h"
#include "nt/model.h"
#include "nt/random.h"
#include "train/rows.h"

enum { V = 50000, T = 16, BOS = V - 1, EOS = V - 2 };

/* Documents of n_text[i] tokens, each token different, so that a token tells its place. */
static void write_documents(const char *path, const uint32_t *n_text, size_t n)
{
	struct nt_ident ident = fake_ident(V);
	struct nt_out *out;
	struct nt_data_writer *w;
	uint32_t doc[2000], next = 0;
	SUCCEEDS(nt_out_open(&out, path, NT_OUT_BINARY));
	SUCCEEDS(nt_data_create(&w, out, &ident, &(struct nt_data_options){.kind = NT_DATA_DOCUMENTS}));
	for (size_t i = 0; i < n; i++) {
		doc[0] = BOS;
		for (uint32_t k = 0; k < n_text[i]; k++)
			doc[1 + k] = next++ % 40000;
		doc[n_text[i] + 1] = EOS;
		SUCCEEDS(nt_data_write_doc(w, doc, n_text[i] + 2));
	}
	SUCCEEDS(nt_data_end(w, 0, 1));
	nt_data_writer_free(w);
	SUCCEEDS(nt_out_close(out));
}

static void open_documents(struct nt_corpus *c, const uint32_t *n_text, size_t n)
{
	const char *path = fake_path("docs.bin");
	write_documents(path, n_text, n);
	SUCCEEDS(nt_corpus_open(c, (char *[]){(char *)(uintptr_t)path}, 1));
}

/* Counts how often each token of the corpus is a target in these rows. */
static void count_targets(const struct nt_rows *r, uint8_t *count)
{
	for (size_t i = 0; i < r->n_span; i++)
		for (uint32_t k = r->span[i].context; k < r->span[i].n; k++)
			count[r->span[i].token + 1 + k]++;
}

static void every_target_once(void **state)
{
	(void)state;
	uint32_t n_text[120];
	for (size_t i = 0; i < 120; i++)
		n_text[i] = (uint32_t)nt_random_below(1, NT_RANDOM_SAMPLE, i, 60);
	struct nt_corpus c;
	struct nt_split s;
	open_documents(&c, n_text, 120);
	SUCCEEDS(nt_rows_fit(&s, &c, NULL, T, T));
	assert_true(s.val.n_target > 0);
	uint64_t n = nt_corpus_n_token(&c);
	uint8_t *count = nt_calloc(n, 1);
	count_targets(&s.train, count);
	count_targets(&s.val, count);
	for (size_t i = 0, at = 0; i < 120; at += n_text[i++] + 2) {
		assert_int_equal(count[at], 0); /* [B] */
		for (size_t k = 1; k < n_text[i] + 2; k++)
			assert_int_equal(count[at + k], 1);
	}
	assert_int_equal(s.train.n_target + s.val.n_target, n - 120);
	free(count);
	nt_split_release(&s);
	nt_corpus_close(&c);
}

static void spans_do_not_overlap_and_know_their_start(void **state)
{
	(void)state;
	static const uint32_t n_text[] = {3, 40, 1, 7, 16, 15, 14, 2, 0};
	uint32_t input[T], target[T], start[T];
	struct nt_corpus c;
	struct nt_split s;
	open_documents(&c, n_text, 9);
	SUCCEEDS(nt_rows_fit(&s, &c, &c, T, T)); /* validation of its own: all is trained on */
	uint64_t n_target = 0;
	for (uint64_t row = 0; row < s.train.n_row; row++) {
		int n = nt_rows_fill(&s.train, row, input, target, start);
		SUCCEEDS(n);
		n_target += (uint64_t)n;
		for (size_t i = 0; i < T; i++) {
			if (target[i] == NT_IGNORE) {
				assert_int_equal(start[i], i);
				continue;
			}
			assert_int_not_equal(target[i], BOS);
			assert_true(start[i] <= i);
			/* inside a span each input is the target before it */
			if (start[i] < i) {
				assert_int_equal(start[i], start[i - 1]);
				assert_int_equal(input[i], target[i - 1]);
			}
		}
	}
	assert_int_equal(n_target, 98 + 9);
	assert_int_equal(s.val.n_target, 98 + 9);
	nt_split_release(&s);
	nt_corpus_close(&c);
}

/* Three documents fill a row exactly, a fourth has its own; the longest comes first. */
static void spans_are_fitted_into_rows(void **state)
{
	(void)state;
	static const uint32_t n_text[] = {9, 3, 15, 5, 2, 11}; /* one more input each */
	static const uint32_t due[4][3] = {{16}, {12, 4}, {10, 6}, {3}};
	struct nt_corpus c;
	struct nt_split s;
	open_documents(&c, n_text, 6);
	SUCCEEDS(nt_rows_fit(&s, &c, &c, T, T));
	assert_int_equal(s.train.n_row, 4);
	for (size_t row = 0; row < 4; row++) {
		size_t n = s.train.first[row + 1] - s.train.first[row];
		assert_int_equal(n, due[row][1] ? 2 : 1);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(s.train.span[s.train.first[row] + i].n, due[row][i]);
	}
	nt_split_release(&s);
	nt_corpus_close(&c);
}

/* Sliding windows: a target is followed once, in the window where it has most before it. */
static void a_stride_gives_context_and_each_target_once(void **state)
{
	(void)state;
	static const uint32_t n_text[] = {100, 5, 15, 16, 17, 40};
	uint32_t input[T], target[T], start[T];
	for (size_t stride = 1; stride <= T; stride += 3) {
		struct nt_corpus c;
		struct nt_split s;
		uint64_t n_target = 0;
		open_documents(&c, n_text, 6);
		SUCCEEDS(nt_rows_fit(&s, &c, &c, T, stride));
		uint8_t *count = nt_calloc(nt_corpus_n_token(&c), 1);
		count_targets(&s.train, count);
		for (size_t i = 0, at = 0; i < 6; at += n_text[i++] + 2) {
			assert_int_equal(count[at], 0);
			for (size_t k = 1; k < n_text[i] + 2; k++)
				assert_int_equal(count[at + k], 1);
		}
		for (uint64_t row = 0; row < s.train.n_row; row++) {
			int n = nt_rows_fill(&s.train, row, input, target, start);
			SUCCEEDS(n);
			n_target += (uint64_t)n;
			for (size_t i = 0; i < T; i++) { /* what is followed lies behind enough context */
				const struct nt_span *span = &s.train.span[s.train.first[row]];
				if (span->n == T && span->context)
					assert_int_equal(target[i] == NT_IGNORE, i < T - stride);
			}
		}
		assert_int_equal(n_target, 193 + 6);
		assert_int_equal(s.train.n_target, 193 + 6);
		free(count);
		nt_split_release(&s);
		nt_corpus_close(&c);
	}
}

static void copies_are_held_out_together(void **state)
{
	(void)state;
	/* after 40,000 tokens the ids start over, so each document stands three times */
	uint32_t n_text[6000];
	for (size_t i = 0; i < 6000; i++)
		n_text[i] = 20;
	struct nt_corpus c;
	struct nt_split s;
	open_documents(&c, n_text, 6000); /* 120,000 tokens over 40,000 ids */
	SUCCEEDS(nt_rows_fit(&s, &c, NULL, 32, 32));
	assert_non_null(strstr(s.remark, "documents by hash"));
	uint8_t *held = nt_calloc(40000, 1);
	uint32_t first;
	for (size_t i = 0; i < s.val.n_span; i++) {
		SUCCEEDS(nt_corpus_read(&c, s.val.span[i].token + 1, 1, &first));
		held[first]++;
	}
	for (size_t i = 0; i < s.train.n_span; i++) {
		SUCCEEDS(nt_corpus_read(&c, s.train.span[i].token + 1, 1, &first));
		assert_int_equal(held[first], 0);
	}
	for (size_t i = 0; i < 40000; i++)
		assert_true(held[i] == 0 || held[i] == 3);
	free(held);
	nt_split_release(&s);
	nt_corpus_close(&c);
}

static void one_long_document_is_held_out_in_pieces(void **state)
{
	(void)state;
	static const uint32_t n_text[] = {1900};
	struct nt_corpus c;
	struct nt_split s;
	open_documents(&c, n_text, 1);
	SUCCEEDS(nt_rows_fit(&s, &c, NULL, T, T));
	assert_non_null(strstr(s.remark, "pieces"));
	assert_in_range(s.val.n_target, 190, 210);
	assert_int_equal(s.train.n_target + s.val.n_target, 1901);
	nt_split_release(&s);
	nt_corpus_close(&c);
}

static void an_epoch_visits_every_row_once_and_the_next_in_another_order(void **state)
{
	(void)state;
	uint32_t n_text[100];
	for (size_t i = 0; i < 100; i++)
		n_text[i] = T - 1; /* a row each */
	struct nt_corpus c;
	struct nt_split s;
	uint8_t seen[100] = {0};
	int n_same = 0;
	open_documents(&c, n_text, 100);
	SUCCEEDS(nt_rows_fit(&s, &c, &c, T, T));
	assert_int_equal(s.train.n_row, 100);
	for (uint64_t k = 0; k < 100; k++) {
		seen[nt_rows_order(&s.train, 7, k)]++;
		n_same += nt_rows_order(&s.train, 7, k) == nt_rows_order(&s.train, 7, 100 + k);
	}
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(seen[i], 1);
	assert_true(n_same < 20);
	nt_split_release(&s);
	nt_corpus_close(&c);
}

static void windows_run_over_documents_and_never_predict_a_beginning(void **state)
{
	(void)state;
	static const uint32_t n_text[] = {30, 30, 30};
	uint32_t input[T], target[T], start[T];
	struct nt_corpus c;
	struct nt_split s;
	open_documents(&c, n_text, 3);
	SUCCEEDS(nt_rows_concat(&s, &c, &c, T));
	assert_int_equal(s.train.n_row, 0);
	assert_int_equal(s.train.part[0].n, 96 - T);
	bool has_crossed = false;
	for (uint64_t k = 0; k < 200; k++) {
		SUCCEEDS(nt_rows_fill(&s.train, nt_rows_order(&s.train, 3, k), input, target, start));
		for (size_t i = 0; i < T; i++) {
			assert_int_equal(start[i], 0);
			assert_int_not_equal(target[i], BOS);
			assert_true(i == 0 || input[i] == target[i - 1] || input[i] == BOS);
			has_crossed |= i > 0 && input[i] == BOS;
		}
	}
	assert_true(has_crossed);
	uint64_t n_val = 0;
	for (uint64_t row = 0; row < s.val.n_row; row++) {
		int n = nt_rows_fill(&s.val, row, input, target, start);
		SUCCEEDS(n);
		n_val += (uint64_t)n;
	}
	assert_int_equal(n_val, 95 - 2); /* every token but the first, and but the marks [B] */
	nt_split_release(&s);
	nt_corpus_close(&c);
}

static void two_files_are_one_corpus(void **state)
{
	(void)state;
	static const uint32_t n_text[] = {5, 6};
	const char *a = fake_path("a.bin"), *b = fake_path("b.bin");
	write_documents(a, n_text, 2);
	write_documents(b, n_text + 1, 1);
	struct nt_corpus c;
	uint32_t id[23];
	SUCCEEDS(nt_corpus_open(&c, (char *[]){(char *)(uintptr_t)a, (char *)(uintptr_t)b}, 2));
	assert_int_equal(nt_corpus_n_token(&c), 23);
	SUCCEEDS(nt_corpus_read(&c, 0, 23, id));
	assert_int_equal(id[14], EOS);
	assert_int_equal(id[15], BOS);
	assert_int_equal(id[16], 0);
	nt_corpus_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_target_once),
		cmocka_unit_test(spans_do_not_overlap_and_know_their_start),
		cmocka_unit_test(spans_are_fitted_into_rows),
		cmocka_unit_test(a_stride_gives_context_and_each_target_once),
		cmocka_unit_test(copies_are_held_out_together),
		cmocka_unit_test(one_long_document_is_held_out_in_pieces),
		cmocka_unit_test(an_epoch_visits_every_row_once_and_the_next_in_another_order),
		cmocka_unit_test(windows_run_over_documents_and_never_predict_a_beginning),
		cmocka_unit_test(two_files_are_one_corpus),
	};
	return cmocka_run_group_tests(tests, fake_begin, fake_end);
}

/* SPDX-License-Identifier: MIT */
/* token_counts.c - counts in files: whole, or refused */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "nt/err.h"
#include "nt/random.h"
#include "nt/vocab.h"
#include "token/counts.h"
#include "token/tally.h"
#include "text/split.h"

/* Pieces of all lengths around what a slot holds, some of them alike for long. */
static size_t make_text(char *text, size_t most)
{
	size_t len = 0;
	for (uint64_t i = 0; len + 64 < most; i++) {
		size_t n = 1 + nt_random_below(3, NT_RANDOM_SAMPLE, 2 * i, 24);
		for (size_t k = 0; k < n; k++)
			text[len++] = (char)('a' + (k < 14 ? 0 : nt_random_below(3, NT_RANDOM_SAMPLE, i * 77 + k, 3)));
		text[len++] = ' ';
	}
	return len;
}

/* The file of counts of a text, in memory. memory 1: by way of temporary files. */
static struct nt_buf count(const char *text, size_t len, uint64_t memory)
{
	struct nt_learn_options options = {.vocab_size = 300, .pattern = "gpt2", .memory = memory};
	char path[] = "/tmp/nt-counts.XXXXXX", input[] = "/tmp/nt-counts.XXXXXX";
	char *operand[] = {input};
	struct nt_docs *docs;
	struct nt_learner *l;
	struct nt_out *out;
	struct nt_buf file = {0};
	int fd = mkstemp(input);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
	close(mkstemp(path));
	assert_int_equal(nt_learner_new(&l, &options, 1), 0);
	assert_int_equal(nt_docs_open(&docs, &(struct nt_docs_options){.split = "line"}, operand, 1), 0);
	assert_int_equal(nt_learner_count_docs(l, docs, NULL, NULL, NULL), 0);
	assert_int_equal(nt_out_open(&out, path, 0), 0);
	assert_int_equal(nt_learner_write_counts(l, NULL, out), 0);
	assert_int_equal(nt_out_close(out), 0);
	assert_int_equal(nt_learner_sum(l).spilled > 0, memory == 1);
	nt_docs_close(docs);
	nt_learner_free(l);
	assert_int_equal(nt_read_file(&file, path), 0);
	unlink(path);
	unlink(input);
	return file;
}

static int take_into(void *counter, const uint8_t *p, size_t len, uint64_t n)
{
	return nt_counter_add(counter, p, len, n);
}

static int parse(const struct nt_buf *file, size_t len, const char *rule, struct nt_counter *c,
		 struct nt_counts_sum *sum)
{
	struct nt_pattern p;
	assert_int_equal(nt_pattern_init(&p, rule), 0);
	/* a copy of just these bytes, so that a read behind them is seen */
	uint8_t *copy = malloc(len + !len);
	assert_non_null(copy);
	memcpy(copy, file->data, len);
	*sum = (struct nt_counts_sum){0};
	int rc = nt_counts_parse(copy, len, "x.ntc", p.regex, sum, take_into, c);
	free(copy);
	nt_pattern_release(&p);
	return rc;
}

static void a_file_holds_each_piece_with_its_count(void **state)
{
	(void)state;
	struct nt_buf file = count("b a b ab\nb", 10, 0);
	struct nt_counter c = {0};
	struct nt_counts_sum sum;
	uint8_t buf[16];
	char seen[64] = "";
	assert_int_equal(parse(&file, file.len, "gpt2", &c, &sum), 0);
	assert_int_equal(sum.n_distinct, 4);
	assert_int_equal(sum.n_piece, 5);
	assert_int_equal(sum.n_doc, 2);
	assert_int_equal(sum.bytes, 9);
	for (size_t i = 0; i < nt_counter_size(&c); i++)
		for (size_t len; c.slot[i].n; c.slot[i].n = 0) {
			const uint8_t *p = nt_counter_piece(&c, &c.slot[i], buf, &len);
			size_t at = p[0] != ' ' ? 0 : len == 3 ? 2 : p[1] == 'a' ? 1 : 3;
			seen[at] = (char)('0' + c.slot[i].n);
		}
	assert_string_equal(seen, "2111"); /* "b" " a" " ab" " b" */
	nt_counter_release(&c);
	nt_buf_release(&file);
}

static void temporary_files_change_nothing(void **state)
{
	(void)state;
	static char text[400000];
	size_t len = make_text(text, sizeof(text));
	for (size_t i = 20000; i < len; i += 20000)
		text[i] = '\n';
	struct nt_buf held = count(text, len, 0), spilled = count(text, len, 1);
	assert_int_equal(held.len, spilled.len);
	assert_memory_equal(held.data, spilled.data, held.len);
	nt_buf_release(&held);
	nt_buf_release(&spilled);
}

static void files_one_behind_the_other_are_one(void **state)
{
	(void)state;
	struct nt_buf file = count("one two", 7, 0), more = count("two three", 9, 0);
	struct nt_counter c = {0};
	struct nt_counts_sum sum;
	assert_int_equal(nt_buf_add(&file, more.data, more.len), 0);
	assert_int_equal(parse(&file, file.len, "gpt2", &c, &sum), 0);
	assert_int_equal(sum.n_piece, 4);
	assert_int_equal(c.n_piece, 4); /* "one", " two", "two", " three" */
	nt_counter_release(&c);
	nt_buf_release(&more);
	nt_buf_release(&file);
}

static void what_is_cut_or_damaged_is_refused(void **state)
{
	(void)state;
	static char text[3000];
	struct nt_buf file = count(text, make_text(text, sizeof(text)), 0);
	struct nt_counter c = {0};
	struct nt_counts_sum sum;
	for (size_t len = 0; len < file.len; len++)
		assert_int_equal(parse(&file, len, "gpt2", &c, &sum), NT_EFORMAT);
	for (size_t i = 0; i < file.len; i++) {
		file.data[i] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(parse(&file, file.len, "gpt2", &c, &sum), NT_EFORMAT);
		file.data[i] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(c.n_piece, 0); /* nothing of them was counted */
	assert_int_equal(parse(&file, file.len, "gpt2", &c, &sum), 0);
	assert_int_equal(parse(&file, file.len, "o200k", &c, &sum), NT_EFORMAT);
	assert_non_null(strstr(nt_errmsg(), "x.ntc: its pieces were cut by another pattern: ''s|"));
	nt_counter_release(&c);
	nt_buf_release(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_holds_each_piece_with_its_count),
		cmocka_unit_test(temporary_files_change_nothing),
		cmocka_unit_test(files_one_behind_the_other_are_one),
		cmocka_unit_test(what_is_cut_or_damaged_is_refused),
	};
	return cmocka_run_group_tests_name("counts in files", tests, NULL, NULL);
}

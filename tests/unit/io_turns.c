/* SPDX-License-Identifier: MIT */
/* Loads that are read, worked on and written in turns: nothing is lost, twice or out of order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/turns.h"
#include "nt/err.h"

enum { N_DOC = 40000, LARGE = 4 << 20, NEVER = N_DOC }; /* a batch of four threads holds 2.5 MB */

static char path[] = "/tmp/nt-io-turns.XXXXXX";

/* Document i is a line of i in decimal, filled up with points to this length. */
static size_t len_of(size_t i)
{
	return i == 100 || i == N_DOC - 1 ? LARGE : 8 + i * 37 % 300;
}

static int make_lines(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
	if (!f)
		return -1;
	for (size_t i = 0; i < N_DOC; i++) {
		size_t n = (size_t)fprintf(f, "%zu", i);
		for (; n < len_of(i); n++)
			fputc('.', f);
		fputc('\n', f);
	}
	return fclose(f);
}

static int remove_lines(void **state)
{
	(void)state;
	return unlink(path);
}

struct work {
	int n_thread;
	size_t fails_at;          /* this document cannot be worked on */
	size_t *number[NT_LOADS]; /* [n_doc] of a load */
	size_t cap[NT_LOADS];
	size_t n_written, n_tended;
};

static int make_room(void *arg, const struct nt_load *l)
{
	struct work *w = arg;
	return nt_grow(&w->number[l->number], &w->cap[l->number], l->batch.n_doc, sizeof(size_t));
}

static int read_numbers(void *arg, const struct nt_load *l, size_t i, int desk)
{
	struct work *w = arg;
	const struct nt_batch_group *g = &l->batch.group[i];
	if (desk < 0 || desk >= w->n_thread)
		return nt_fail(NT_EFAIL, "a desk too many");
	for (size_t k = g->first; k < g->first + g->n; k++) {
		size_t n = strtoul((const char *)l->batch.doc[k].text, NULL, 10);
		if (n == w->fails_at)
			return nt_fail(NT_EFORMAT, "document %zu", n);
		w->number[l->number][k] = n;
	}
	return 0;
}

static int count_loads(void *arg)
{
	((struct work *)arg)->n_tended++;
	return 0;
}

static int expect_next(void *arg, const struct nt_load *l, size_t i)
{
	struct work *w = arg;
	const struct nt_batch_group *g = &l->batch.group[i];
	for (size_t k = g->first; k < g->first + g->n; k++, w->n_written++)
		if (w->number[l->number][k] != w->n_written || l->batch.doc[k].len != len_of(w->n_written))
			return nt_fail(NT_EFAIL, "document %zu is not the next", w->number[l->number][k]);
	return 0;
}

static int take(struct work *w, char *then)
{
	struct nt_docs_options how = {.split = "line"};
	struct nt_turns turns = {make_room, read_numbers, count_loads, expect_next, w};
	struct nt_pool *pool = nt_pool_new(w->n_thread);
	struct nt_docs *docs;
	assert_non_null(pool);
	assert_int_equal(nt_docs_open(&docs, &how, (char *[]){path, then}, then ? 2 : 1), 0);
	int rc = nt_take_turns(&turns, docs, pool);
	nt_docs_close(docs);
	nt_pool_free(pool);
	for (int i = 0; i < NT_LOADS; i++)
		free(w->number[i]);
	return rc;
}

static void every_document_comes_out_once_and_in_order(void **state)
{
	(void)state;
	for (int n = 1; n <= 4; n++) {
		struct work w = {.n_thread = n, .fails_at = NEVER};
		assert_int_equal(take(&w, NULL), 0);
		assert_int_equal(w.n_written, N_DOC);
		assert_true(w.n_tended > NT_LOADS);
	}
}

static void what_was_read_before_a_failure_comes_out(void **state)
{
	(void)state;
	struct work w = {.n_thread = 2, .fails_at = NEVER};
	assert_int_equal(take(&w, "/nonexistent/file"), NT_ESYS);
	assert_string_equal(nt_errmsg(), "/nonexistent/file: cannot open: No such file or directory");
	assert_int_equal(w.n_written, N_DOC);
}

static void work_that_fails_ends_it(void **state)
{
	(void)state;
	struct work w = {.n_thread = 2, .fails_at = N_DOC / 2};
	assert_int_equal(take(&w, NULL), NT_EFORMAT);
	assert_string_equal(nt_errmsg(), "document 20000");
	assert_true(w.n_written > 0 && w.n_written <= N_DOC / 2);
}

static void short_texts_in_long_lines_fill_a_batch_too(void **state)
{
	(void)state;
	char lines[] = "/tmp/nt-io-turns.XXXXXX";
	int fd = mkstemp(lines);
	FILE *f = fdopen(fd, "wb");
	assert_non_null(f);
	for (int i = 0; i < 1000; i++)
		fprintf(f, "{\"text\": \"%d\", \"more\": \"%*d\"}\n", i, 1000, i);
	assert_int_equal(fclose(f), 0);
	const struct nt_docs_options how = {.split = "jsonl", .keep_lines = true};
	struct nt_batch b = {.most = 1 << 16};
	struct nt_docs *docs;
	assert_int_equal(nt_docs_open(&docs, &how, (char *[]){lines}, 1), 0);
	size_t n = 0;
	for (int rc; (rc = nt_batch_read(&b, docs)) != 0; n += b.n_doc) {
		assert_int_equal(rc, 1);
		assert_in_range(b.n_doc, 1, (1 << 16) / 1000); /* a line has more than 1000 bytes */
	}
	assert_int_equal(n, 1000);
	nt_batch_release(&b);
	nt_docs_close(docs);
	unlink(lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_document_comes_out_once_and_in_order),
		cmocka_unit_test(what_was_read_before_a_failure_comes_out),
		cmocka_unit_test(work_that_fails_ends_it),
		cmocka_unit_test(short_texts_in_long_lines_fill_a_batch_too),
	};
	return cmocka_run_group_tests(tests, make_lines, remove_lines);
}

/* SPDX-License-Identifier: MIT */
/*
 * runlog.c - bytes as a log of training
 *
 * In one piece or as it grows, the same run comes of it; steps ascend, no number is one that
 * cannot be drawn, and what is drawn has no markup that a text of the log made.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nt/err.h"
#include "report/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_track(const struct report_track *t)
{
	for (size_t i = 0; i < t->n; i++) {
		nt_assert(i == 0 || t->point[i].step > t->point[i - 1].step);
		for (int k = 0; k < N_VALUE; k++)
			nt_assert(isnan(t->point[i].value[k]) || fabs(t->point[i].value[k]) <= 1e30);
	}
}

static void draw(struct nt_run *r, unsigned how)
{
	struct nt_buf out = {0};
	struct nt_chart_options o = {.of = (enum nt_chart_of)(how % NT_CHART_N), .x = (enum nt_chart_x)(how % 3),
				     .log = how % 4, .lo = NAN, .hi = NAN, .width = 700, .height = 400};
	bool is_own = how % 2; /* else the label is the log's */
	nt_assert(!is_own || nt_run_set_label(r, "x") == 0);
	int rc = nt_chart_svg(&out, &r, 1, &o);
	nt_assert(rc == 0 || rc == NT_EFAIL);
	if (rc == 0)
		nt_assert(!memmem(out.data, out.len, is_own ? "nan" : "<script", is_own ? 3 : 7));
	nt_buf_release(&out);
}

/* What a terminal obeys are our colours alone. */
static void draw_characters(struct nt_run *r, bool is_utf8)
{
	struct nt_buf out = {0};
	struct nt_chart_options o = {.lo = NAN, .hi = NAN, .width = 70, .height = 20};
	int rc = nt_chart_terminal(&out, &r, 1, &o, is_utf8, false);
	nt_assert(rc == 0 || rc == NT_EFAIL);
	for (size_t i = 0; i < out.len; i++)
		nt_assert((out.data[i] >= 0x20 || out.data[i] == '\n') && out.data[i] != 0x7f &&
			  (is_utf8 || out.data[i] < 0x80));
	nt_buf_release(&out);
}

/* A page ends its script once, whatever the log says. */
static void make_page(struct nt_run *r)
{
	struct nt_buf out = {0};
	struct nt_page_options o = {.chart = {.lo = NAN, .hi = NAN}};
	size_t n = 0;
	nt_assert(nt_report_page(&out, &r, 1, &o) == 0);
	for (const uint8_t *p = out.data; (p = memmem(p, out.len - (size_t)(p - out.data), "</script", 8)); p++)
		n++;
	nt_assert(n == 1);
	nt_buf_release(&out);
}

static void write_all(int fd, const uint8_t *data, size_t len)
{
	if (write(fd, data, len) != (ssize_t)len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char path[64];
	struct nt_run *grown, *whole;
	size_t part = len ? data[0] * len / 256 : 0;
	int fd = memfd_create("fuzz", 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || nt_run_open(&grown, path) < 0 || nt_run_open(&whole, path) < 0)
		abort();
	write_all(fd, data, part);
	nt_assert(nt_run_read(grown) >= 0);
	write_all(fd, data + part, len - part);
	nt_assert(nt_run_read(grown) >= 0 && nt_run_read(whole) >= 0);
	nt_assert(grown->step.n == whole->step.n && grown->look.n == whole->look.n);
	nt_assert(grown->n_skipped == whole->n_skipped && grown->n_note == whole->n_note);
	nt_assert(nt_run_is_empty(grown) == nt_run_is_empty(whole) && nt_run_age_s(whole) < 3600);
	nt_assert(!nt_run_val(grown) == !nt_run_val(whole));
	check_track(&whole->step);
	check_track(&whole->look);
	make_page(whole);
	draw_characters(whole, len % 2);
	struct nt_buf names = {0};
	nt_assert(nt_run_data(whole, &names) == 0 && (names.len == 0 || names.data[names.len - 1] == 0));
	nt_buf_release(&names);
	draw(whole, (unsigned)len);
	nt_run_free(grown);
	nt_run_free(whole);
	close(fd);
	return 0;
}

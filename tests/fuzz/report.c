/* SPDX-License-Identifier: MIT */
/*
 * report.c - bytes as two runs that are compared: config.json, NUL, trainer.json, NUL, a log, NUL, a log
 *
 * Whatever they say, the page ends its script once.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "nt/report.h"
#include "tests/fuzz/folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *const names[] = {"a/config.json", "a/trainer.json", "a/log.jsonl", "b/log.jsonl"};
enum { N_NAME = sizeof(names) / sizeof(*names) };

static void put_folders(const uint8_t *p, const uint8_t *end)
{
	mkdir(path_of("a"), 0700);
	mkdir(path_of("b"), 0700);
	for (size_t i = 0; i < N_NAME; i++) {
		const uint8_t *nul = p < end && i + 1 < N_NAME ? memchr(p, 0, (size_t)(end - p)) : NULL;
		put(names[i], p, (size_t)((nul ? nul : end) - p));
		p = nul ? nul + 1 : end;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct nt_run *r[2];
	struct nt_buf out = {0};
	struct nt_page_options o = {.chart = {.lo = NAN, .hi = NAN}};
	size_t n = 0;
	path_of("");
	put_folders(data, data + len);
	nt_assert(nt_run_open(&r[0], path_of("a/")) == 0 && nt_run_open(&r[1], path_of("b")) == 0);
	nt_assert(nt_run_read(r[0]) >= 0 && nt_run_read(r[1]) >= 0);
	nt_assert(nt_report_page(&out, r, 2, &o) == 0);
	for (const uint8_t *p = out.data; (p = memmem(p, out.len - (size_t)(p - out.data), "</script", 8)); p++)
		n++;
	nt_assert(n == 1);
	nt_assert(!nt_run_has_ended(r[1]) || nt_run_n_step(r[1]) <= 1000000000000000000 || nt_run_val(r[1]));
	put(names[2], data, len / 2); /* begun anew */
	nt_assert(nt_run_read(r[0]) >= 0 && !nt_run_is_written(r[0]));
	nt_assert(nt_run_n_skipped(r[0]) == 0 || *nt_run_why_skipped(r[0]));
	nt_buf_release(&out);
	nt_run_free(r[0]);
	nt_run_free(r[1]);
	return 0;
}

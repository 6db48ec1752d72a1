/* SPDX-License-Identifier: MIT */
/*
 * counts.c - bytes as a file of counts, and as the run in one whose hash is right
 *
 * What is taken in must come out the same when it is written again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "token/counts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct taken {
	struct nt_run_writer run;
	struct nt_counts_sum sum;
};

static int take(void *arg, const uint8_t *p, size_t len, uint64_t count)
{
	struct taken *t = arg;
	if (len == 0 || count == 0)
		abort();
	t->sum.n_distinct++;
	t->sum.n_piece += count;
	return nt_run_add(&t->run, p, len, count);
}

/* The run in a file whose trailer fits it, sums as they are claimed. */
static struct nt_buf wrap(const uint8_t *data, size_t len, const struct nt_counts_sum *sum)
{
	static const uint8_t head[16] = {0x89, 'N', 'T', 'C', '\r', '\n', 0x1a, '\n', 1};
	uint8_t trailer[48] = {0};
	struct nt_buf file = {0};
	nt_put64(trailer, sum->n_distinct);
	nt_put64(trailer + 8, sum->n_piece);
	if (nt_buf_add(&file, head, 16) < 0 || nt_buf_add(&file, data, len) < 0 ||
	    nt_buf_add(&file, trailer, 32) < 0)
		abort();
	nt_put64(trailer + 32, nt_hash64(file.data, file.len));
	memcpy(trailer + 40, "NTCEND\r\n", 8);
	if (nt_buf_add(&file, trailer + 32, 16) < 0)
		abort();
	return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct taken first = {0}, again = {0};
	struct nt_counts_sum sum = {0};
	nt_counts_parse(data, len, "fuzz", "", &sum, take, &first);
	nt_run_writer_release(&first.run);
	first = (struct taken){0};

	struct nt_run_reader r = {.at = data, .end = data + len};
	int rc;
	while ((rc = nt_run_next(&r)) > 0 && r.count < (uint64_t)1 << 40)
		if (take(&first, r.piece.data, r.piece.len, r.count) < 0)
			abort();
	nt_run_reader_release(&r);
	if (rc == 0) {
		struct nt_buf file = wrap(data, (size_t)(r.at - data), &first.sum);
		if (nt_counts_parse(file.data, file.len, "fuzz", "", &sum, take, &again) < 0 ||
		    again.run.out.len != first.run.out.len ||
		    (again.run.out.len && memcmp(again.run.out.data, first.run.out.data, again.run.out.len) != 0))
			abort();
		nt_buf_release(&file);
	}
	nt_run_writer_release(&first.run);
	nt_run_writer_release(&again.run);
	return 0;
}

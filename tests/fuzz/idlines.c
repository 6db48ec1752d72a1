/* SPDX-License-Identifier: MIT */
/* idlines.c - bytes as lines of ids: as many lines as the text has, and no id that is none */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nt/err.h"
#include "nt/idlines.h"
#include "tests/fuzz/folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Ids that are written as a line are those ids when it is read. */
static void write_and_read(const struct nt_ids *ids)
{
	char *operand[] = {path_of("lines")};
	struct nt_out *out;
	struct nt_idlines *r;
	struct nt_ids again = {0};
	nt_assert(nt_out_open(&out, operand[0], 0) == 0 && nt_idlines_write(out, ids->id, ids->n) == 0);
	nt_assert(nt_out_close(out) == 0);
	nt_assert(nt_idlines_open(&r, operand, 1) == 0 && nt_idlines_next(r, &again) == 1);
	nt_assert(again.n == ids->n && (ids->n == 0 || memcmp(again.id, ids->id, ids->n * sizeof(*ids->id)) == 0));
	nt_assert(nt_idlines_next(r, &again) == 0);
	nt_ids_release(&again);
	nt_idlines_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char path[64];
	char *operand[] = {path};
	struct nt_idlines *r;
	struct nt_ids ids = {0};
	size_t lines = 0, feeds = 0;
	int fd = memfd_create("fuzz", 0), rc;
	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (nt_idlines_open(&r, operand, 1) < 0)
		abort();
	while ((rc = nt_idlines_next(r, &ids)) == 1) {
		if (lines++ == 0)
			write_and_read(&ids);
		for (size_t i = 0; i < ids.n; i++)
			if (ids.id[i] == UINT32_MAX)
				abort();
	}
	for (size_t i = 0; i < len; i++)
		feeds += data[i] == '\n';
	if (rc == 0 && lines != feeds + (len && data[len - 1] != '\n'))
		abort();
	nt_ids_release(&ids);
	nt_idlines_close(r);
	close(fd);
	return 0;
}

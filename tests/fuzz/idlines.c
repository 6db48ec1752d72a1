/* SPDX-License-Identifier: MIT */
/* idlines.c - bytes as lines of ids: as many lines as the text has, and no id that is none */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nt/idlines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

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
		lines++;
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

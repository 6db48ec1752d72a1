/* SPDX-License-Identifier: MIT */
/* Bytes as a file of any wrapping, once where it can be sought in and once as a pipe would be. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/input.h"
#include "nt/err.h"
#include "nt/file.h"

enum { ENOUGH = 1 << 22 }; /* a few bytes may unpack to very many */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const char *path, bool is_lenient)
{
	static uint8_t buffer[1 << 16];
	struct nt_input *in;
	size_t total = 0, members = 0;
	ssize_t got = 0;
	struct nt_input_tally tally = {0};
	struct nt_input_options options = {.is_lenient = is_lenient, .tally = &tally};
	if (nt_input_open(&in, path, &options) < 0)
		return;
	while (got >= 0 && total < ENOUGH && members++ < 1000 && nt_input_next(in) == 1)
		while (total < ENOUGH && (got = nt_input_read(in, buffer, sizeof(buffer))) > 0)
			total += (size_t)got;
	nt_input_close(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memfd_create("fuzz", 0);
	if (fd < 0 || nt_write_full(fd, data, size, "fuzz") < 0)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	walk(path, false);
	walk(path, true);
	/* standard input that does not stand at byte 0 cannot be sought in */
	if (size > 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO) {
		lseek(STDIN_FILENO, 1, SEEK_SET);
		walk("-", false);
	}
	close(fd);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * archive.c - bytes as a file of any wrapping: where it can be sought in, as a pipe would be, and under a name
 * that promises a wrapping, with little room for what it unpacks to
 */
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>

#include "io/input.h"
#include "nt/file.h"
#include "tests/fuzz/folder.h"

enum { ENOUGH = 1 << 22 }; /* a few bytes may unpack to very many */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const char *path, struct nt_input_options options)
{
	static uint8_t buffer[1 << 16];
	struct nt_input *in;
	size_t total = 0, members = 0;
	ssize_t got = 0;
	struct nt_input_tally tally = {0};
	options.tally = &tally;
	if (nt_input_open(&in, path, &options) < 0)
		return;
	while (got >= 0 && total < ENOUGH && members++ < 1000 && nt_input_next(in) == 1)
		while (total < ENOUGH && (got = nt_input_read(in, buffer, sizeof(buffer))) > 0)
			total += (size_t)got;
	nt_input_close(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const endings[] = {"a.tar", "a.warc", "a.gz", "a.zst", "a.xz", "a.bz2", "a.lz4", "a.zip", "a.7z"};
	const char *name = endings[size % (sizeof(endings) / sizeof(*endings))];
	char path[64];
	int fd = memfd_create("fuzz", 0);
	nt_assert(fd >= 0 && nt_write_full(fd, data, size, "fuzz") == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	walk(path, (struct nt_input_options){0});
	walk(path, (struct nt_input_options){.is_lenient = true});
	nt_assert(symlink(path, path_of(name)) == 0);
	walk(path_of(name), (struct nt_input_options){.max_ratio = 10, .max_size = size & 1 ? 256 : 0});
	unlink(path_of(name));
	/* standard input that does not stand at byte 0 cannot be sought in */
	if (size > 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO) {
		lseek(STDIN_FILENO, 1, SEEK_SET);
		walk("-", (struct nt_input_options){0});
	}
	close(fd);
	return 0;
}

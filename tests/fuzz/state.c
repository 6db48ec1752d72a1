/* SPDX-License-Identifier: MIT */
/*
 * state.c - bytes as a state of nt-dedup, as they are and with a hash that fits
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/le.h"
#include "data/state.h"
#include "nt/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int take(void *arg, const uint8_t *entries, size_t n)
{
	uint64_t *seen = arg;
	*seen += n;
	return entries[0] == 0xff && entries[1] == 0xff ? -1 : 0;
}

static void read_as_file(const uint8_t *data, size_t len)
{
	static int fd = -1;
	static char path[32];
	if (fd < 0) {
		fd = memfd_create("fuzz", 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (ftruncate(fd, 0) != 0 || pwrite(fd, data, len, 0) != (ssize_t)len)
		abort();
	struct nt_state s, due = {.kind = NT_STATE_NEAR, .bands = 2, .rows = 3};
	uint64_t n = 0;
	if (nt_state_read(path, &s, NULL, NULL, take, &n) == 1 && n != s.n)
		abort();
	nt_state_read(path, &s, &due, NULL, NULL, NULL);
	struct nt_state other = s;
	other.secret++;
	nt_state_read(path, &s, &other, NULL, NULL, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	read_as_file(data, len);
	uint8_t *whole = malloc(len + 24);
	if (!whole)
		abort();
	memcpy(whole, data, len);
	struct nt_hash128 sum = nt_hash128(data, len);
	nt_put64(whole + len, sum.lo);
	nt_put64(whole + len + 8, sum.hi);
	memcpy(whole + len + 16, "NTKEND\r\n", 8);
	read_as_file(whole, len + 24);
	free(whole);
	return 0;
}

/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_FOLDER_H
#define FUZZ_FOLDER_H
/* folder.h - files for what takes only names, in memory where the system has a place there */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "nt/err.h"

static char folder[64];

static int drop(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void drop_all(void)
{
	nftw(folder, drop, 8, FTW_DEPTH | FTW_PHYS);
}

/* The path of a file there, valid until the fourth call behind this. */
static char *path_of(const char *name)
{
	static char path[4][128];
	static unsigned n;
	char *p = path[n++ % 4];
	if (!*folder) {
		snprintf(folder, sizeof(folder), "%s/nt-fuzz.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		nt_assert(mkdtemp(folder) && atexit(drop_all) == 0);
	}
	snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
	return p;
}

static inline void put(const char *name, const uint8_t *data, size_t len)
{
	FILE *f = fopen(path_of(name), "wb");
	nt_assert(f && fwrite(data, 1, len, f) == len && fclose(f) == 0);
}

#endif

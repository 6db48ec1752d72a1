/* SPDX-License-Identifier: MIT */
/*
 * litter.c - names of unfinished files, which must not outlive the program
 *
 * A signal handler may not lock or allocate, and other threads go on while it runs. So
 * names lie in places that are never freed, and each has a state that says when it may be
 * read. A handler sets `ending` first; who claims a place looks at it after claiming and
 * then waits for the end. So a name that the handler has found standing cannot be written
 * over while it is read.
 */
#include "base/litter.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { PLACES = 32 };
enum { FREE, CLAIMED, STANDING };

/* There is one set of signal handlers in a process: these may be file-scope. */
static struct {
	atomic_int state;
	char path[PATH_MAX];
} place[PLACES];
static atomic_bool ending;

int nt_litter_add(const char *path)
{
	size_t len = strlen(path);
	for (int i = 0; i < PLACES && len < PATH_MAX; i++) {
		int expected = FREE;
		if (!atomic_compare_exchange_strong(&place[i].state, &expected, CLAIMED))
			continue;
		while (atomic_load(&ending))
			pause();
		memcpy(place[i].path, path, len + 1);
		atomic_store(&place[i].state, STANDING);
		return i;
	}
	return -1;
}

void nt_litter_drop(int number)
{
	if (number >= 0)
		atomic_store(&place[number].state, FREE);
}

void nt_litter_remove(void)
{
	atomic_store(&ending, true);
	for (int i = 0; i < PLACES; i++)
		if (atomic_load(&place[i].state) == STANDING)
			unlink(place[i].path);
}

/* SPDX-License-Identifier: MIT */
#ifndef BASE_LITTER_H
#define BASE_LITTER_H
/*
 * litter.h - names of unfinished files, which must not outlive the program
 *
 * Who makes a file that is not yet what it will be says so here; who ends the program
 * from a signal handler removes them all. Any thread may call the first two.
 */

/* Remembers a copy of path, until it is dropped. Returns its number, for nt_litter_drop, or
 * -1 when there is no room for it: then it is left lying by a signal, and no worse. */
int nt_litter_add(const char *path);
void nt_litter_drop(int number); /* the file is finished, or gone; -1 is harmless */

/* Removes them. Async-signal-safe; the program must end after it. */
void nt_litter_remove(void);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef IO_WALK_H
#define IO_WALK_H
/*
 * walk.h - the files that operands stand for, in an order that does not change
 *
 * A directory stands for its files and those of its directories, sorted by name
 * bytewise. Names that begin with a dot are left out; links are followed, except to a
 * directory we are inside of. What is neither file nor directory is left out.
 */
#include <stddef.h>
#include <stdint.h>

struct nt_walk;

/* operand[n]; n = 0 stands for "-". The strings must outlive the walk. NT_EFORMAT: one is the folder
 * of a model. */
int nt_walk_open(struct nt_walk **walk, char *const *operand, size_t n);

/* Returns 1 with the next path (valid until the next call), 0 at the end, or an error. */
int nt_walk_next(struct nt_walk *walk, const char **path);

/* Bytes of all operands together; 0 if one of them is not a regular file. */
uint64_t nt_walk_total(const struct nt_walk *walk);

void nt_walk_close(struct nt_walk *walk); /* NULL is harmless */

#endif

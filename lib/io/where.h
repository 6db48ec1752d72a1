/* SPDX-License-Identifier: MIT */
#ifndef IO_WHERE_H
#define IO_WHERE_H
/* where.h - which JSON lines are wanted */
#include <stddef.h>

#include "io/pick.h"

struct nt_where;

/*
 * condition[n]: a field, one of = != < <= > >=, and a value; for = and != several values
 * with commas between them, of which one must be equal, or none may be. A string is equal
 * to the value as it is written, a number to one of the same size, true, false and null to
 * their names, an array where one of its elements is. < and its like compare numbers, also
 * those in strings, and else strings bytewise, as dates want. A field that is not there is
 * as if it were null. NULL where n is 0.
 */
int nt_where_new(struct nt_where **w, const char *const *condition, size_t n, struct nt_picks *picks);
/* Does the line fit that picks read last? 1, 0 or NT_ESYS. w NULL: all do. */
int nt_where_fits(struct nt_where *w, const struct nt_picks *picks);
void nt_where_free(struct nt_where *w); /* NULL is harmless */

#endif

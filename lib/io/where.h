/* SPDX-License-Identifier: MIT */
#ifndef IO_WHERE_H
#define IO_WHERE_H
/* where.h - which JSON lines are wanted */
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct nt_where;

/*
 * condition[n]: a field, one of = != < <= > >=, and a value; for = and != several values
 * with commas between them, of which one must be equal, or none may be. A string is equal
 * to the value as it is written, a number to one of the same size, true, false and null to
 * their names, an array where one of its elements is. < and its like compare numbers, also
 * those in strings, and else strings bytewise, as dates want. A field that is not there is
 * as if it were null. NULL where n is 0.
 */
int nt_where_new(struct nt_where **w, const char *const *condition, size_t n);
bool nt_where_fits(const struct nt_where *w, struct json_object *line); /* w NULL: all do */
void nt_where_free(struct nt_where *w); /* NULL is harmless */

/* The member called name, else the one that its dots lead to. A null is there, and is NULL. */
bool nt_json_find(struct json_object *o, const char *name, struct json_object **value);

#endif

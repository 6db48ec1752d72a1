/* SPDX-License-Identifier: MIT */
#ifndef DATA_TABLE_H
#define DATA_TABLE_H
/* table.h - what the parts of a table share; all append to out */
#include "nt/table.h"

struct json_object;

/* The text of a value; "none" where there is none. */
int nt_table_value(struct nt_buf *out, struct json_object *value);
/* What is behind out->data[from] becomes printable (nt/err.h), and a line ends. */
int nt_table_end_line(struct nt_buf *out, size_t from);

/* A member of an object, and one that has members; NULL: there is none, or o is NULL. */
struct json_object *nt_table_member(struct json_object *o, const char *key);
struct json_object *nt_table_object(struct json_object *o, const char *key);

/* funnel.c: a manifest, which is an array */
int nt_table_funnel(struct nt_buf *out, struct json_object *manifest);

#endif

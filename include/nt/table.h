/* SPDX-License-Identifier: MIT */
#ifndef NT_TABLE_H
#define NT_TABLE_H
/*
 * nt/table.h - what a file of the suite holds, as a table for people
 *
 * The functions that describe a file (nt_data_describe and its like) make one JSON object of it.
 * The table is made of that, so that it cannot say anything else.
 */
#include "nt/mem.h"

/*
 * Appends to out a line a member of the object json[len]: name and value. What is counted by
 * source has a line a source, a manifest is shown as a funnel, "metadata" and "list" as what a file
 * of tensors says and holds. Control bytes become question marks: a terminal would obey them.
 *
 * NT_EFORMAT: no JSON object; NT_ESYS: no memory, and then out ends anywhere.
 */
int nt_table(struct nt_buf *out, const void *json, size_t len);

#endif

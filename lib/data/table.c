/* SPDX-License-Identifier: MIT */
/*
 * table.c - what a file holds, from its JSON description; see nt/table.h
 *
 * json-c gives the text of a value that is no string by a writer that goes on when memory runs
 * out, so that is left to ours (io/json.h).
 */
#include "data/table.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>

#include "io/json.h"
#include "nt/err.h"

int nt_table_value(struct nt_buf *out, json_object *value)
{
	if (!value)
		return nt_buf_printf(out, "none");
	if (!json_object_is_type(value, json_type_string))
		return nt_json_write(out, value);
	return nt_buf_printf(out, "%s", json_object_get_string(value));
}

int nt_table_end_line(struct nt_buf *out, size_t from)
{
	nt_printable(out->data + from, out->len - from);
	return nt_buf_add(out, "\n", 1);
}

json_object *nt_table_member(json_object *o, const char *key)
{
	return json_object_object_get(o, key); /* nothing has no members */
}

json_object *nt_table_object(json_object *o, const char *key)
{
	json_object *value = nt_table_member(o, key);
	return json_object_is_type(value, json_type_object) ? value : NULL;
}

/* What is counted by name: "wiki: 12 documents, 3456 tokens", a line each. */
static int add_sources(struct nt_buf *out, json_object *o)
{
	int rc = 0;
	json_object_object_foreach(o, name, counts)
	{
		size_t from = out->len;
		const char *comma = "";
		if (rc == 0)
			rc = nt_buf_printf(out, "%-14s  %s:", "source", name);
		json_object_object_foreach(counts, what, n)
		{
			if (rc == 0)
				rc = nt_buf_printf(out, "%s ", comma);
			if (rc == 0)
				rc = nt_table_value(out, n);
			if (rc == 0)
				rc = nt_buf_printf(out, " %s", what);
			comma = ",";
		}
		if (rc == 0)
			rc = nt_table_end_line(out, from);
	}
	return rc;
}

/* --- tensors ---------------------------------------------------------------------- */

/* A value of what a file of tensors says of itself; of an array its beginning. */
static int add_some(struct nt_buf *out, json_object *value)
{
	json_object *first = json_object_is_type(value, json_type_object) ? nt_table_member(value, "first") : NULL;
	if (!first)
		return nt_table_value(out, value);
	int rc = nt_table_value(out, nt_table_member(value, "items"));
	if (rc == 0)
		rc = nt_buf_printf(out, " items: ");
	if (rc == 0)
		rc = nt_json_write(out, first);
	return rc < 0 ? rc : nt_buf_printf(out, " ...");
}

static int add_metadata(struct nt_buf *out, json_object *o)
{
	int rc = 0;
	json_object_object_foreach(o, key, value)
	{
		size_t from = out->len;
		if (rc == 0)
			rc = nt_buf_printf(out, "  %-40s  ", key);
		if (rc == 0)
			rc = add_some(out, value);
		if (rc == 0)
			rc = nt_table_end_line(out, from);
	}
	return rc;
}

/* A string member as it is. */
static const char *string_of(json_object *o, const char *key)
{
	json_object *value = nt_table_member(o, key);
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "none";
}

/* Name, dtype, shape, bytes. */
static int add_tensor(struct nt_buf *out, json_object *t)
{
	enum { WIDTH = 72 }; /* up to the bytes */
	json_object *shape = nt_table_member(t, "shape");
	size_t from = out->len;
	int rc = nt_buf_printf(out, "  %-40s  %-5s ", string_of(t, "name"), string_of(t, "dtype"));
	for (size_t k = 0; rc == 0 && k < json_object_array_length(shape); k++) {
		rc = nt_buf_printf(out, k ? " x " : " ");
		if (rc == 0)
			rc = nt_table_value(out, json_object_array_get_idx(shape, k));
	}
	if (rc == 0)
		rc = nt_buf_printf(out, "%*s %12" PRIu64 " bytes", out->len - from < WIDTH ? (int)(WIDTH - (out->len - from)) : 0, "",
				   json_object_get_uint64(nt_table_member(t, "bytes")));
	return rc < 0 ? rc : nt_table_end_line(out, from);
}

static int add_tensors(struct nt_buf *out, json_object *list)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < json_object_array_length(list); i++)
		rc = add_tensor(out, json_object_array_get_idx(list, i));
	return rc;
}

/* --- all of it -------------------------------------------------------------------- */

static int add_line(struct nt_buf *out, const char *key, int width, json_object *value)
{
	enum { LABEL_MOST = 31 };
	size_t from = out->len;
	int rc = nt_buf_printf(out, "%-*.*s  ", width, LABEL_MOST, key);
	for (size_t i = from; rc == 0 && i < out->len; i++)
		if (out->data[i] == '_')
			out->data[i] = ' ';
	if (rc == 0)
		rc = nt_table_value(out, value);
	return rc < 0 ? rc : nt_table_end_line(out, from);
}

static int add_member(struct nt_buf *out, const char *key, int width, json_object *value)
{
	if (strcmp(key, "metadata") == 0)
		return add_metadata(out, value);
	if (strcmp(key, "list") == 0)
		return add_tensors(out, value);
	if (json_object_is_type(value, json_type_object))
		return add_sources(out, value);
	if (!json_object_is_type(value, json_type_array))
		return add_line(out, key, width, value);
	return json_object_array_length(value) ? nt_table_funnel(out, value) : 0;
}

int nt_table(struct nt_buf *out, const void *json, size_t len)
{
	json_object *o;
	int width = 14, rc = nt_json_tree(&o, json, len);
	if (rc == 0 && !json_object_is_type(o, json_type_object))
		rc = nt_fail(NT_EFORMAT, "a description that is no JSON object");
	if (rc == 0) {
		json_object_object_foreach(o, name, any)
			if (!json_object_is_type(any, json_type_object) && !json_object_is_type(any, json_type_array))
				width = (int)strlen(name) > width ? (int)strlen(name) : width;
		json_object_object_foreach(o, key, value)
			if (rc == 0)
				rc = add_member(out, key, width, value);
	}
	json_object_put(o);
	return rc;
}

/* SPDX-License-Identifier: MIT */
/*
 * jsonl.c - JSON lines by json-c
 *
 * json-c is given the length of a line and gives the length of a string, so a text may
 * hold \u0000. A lone surrogate becomes U+FFFD. A field that is missing, or is no
 * string, is an error and never an empty document: a misspelt name would otherwise
 * drop a corpus in silence.
 */
#include "io/jsonl.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"

enum { MAX_DEPTH = 128 };

struct nt_jsonl {
	struct json_tokener *tokener;
	struct json_object *line; /* the last one: the id points into it */
	struct nt_buf names;      /* all names, each with a 0 behind it */
	size_t n_field;
};

/* Adds the names of one item, which commas separate. */
static int add_fields(struct nt_jsonl *j, const char *item)
{
	for (;;) {
		size_t len = strcspn(item, ",");
		if (len == 0)
			return nt_fail(NT_EARG, "a JSON field without a name: expected NAME or NAME,NAME");
		if (nt_buf_add(&j->names, item, len) < 0 || nt_buf_add(&j->names, "", 1) < 0)
			return NT_ESYS;
		j->n_field++;
		if (!item[len])
			return 0;
		item += len + 1;
	}
}

int nt_jsonl_new(struct nt_jsonl **result, const char *const *field, size_t n)
{
	int rc = 0;
	struct nt_jsonl *j = nt_calloc(1, sizeof(*j));
	*result = NULL;
	if (!j)
		return NT_ESYS;
	if (!(j->tokener = json_tokener_new_ex(MAX_DEPTH)))
		rc = nt_fail(NT_ESYS, "out of memory: a JSON parser");
	else
		json_tokener_set_flags(j->tokener, JSON_TOKENER_STRICT);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add_fields(j, field[i]);
	if (rc == 0 && n == 0)
		rc = add_fields(j, "text");
	if (rc < 0)
		nt_jsonl_free(j);
	else
		*result = j;
	return rc;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Makes j->line the object of this line; NULL says why not. */
static const char *parse(struct nt_jsonl *j, const uint8_t *line, size_t len)
{
	json_object_put(j->line);
	j->line = NULL;
	while (len && is_space(line[len - 1]))
		len--;
	if (len > INT_MAX)
		return "a line of more than 2 GiB";
	json_tokener_reset(j->tokener);
	j->line = json_tokener_parse_ex(j->tokener, (const char *)line, (int)len);
	enum json_tokener_error e = json_tokener_get_error(j->tokener);
	if (e == json_tokener_continue)
		return "it ends too early";
	if (e != json_tokener_success)
		return json_tokener_error_desc(e);
	if (json_tokener_get_parse_end(j->tokener) != len)
		return "something stands behind the object";
	return json_object_is_type(j->line, json_type_object) ? NULL : "not an object";
}

/* The member called name, else the one that its dots lead to. A null is there, and is NULL. */
static bool find(struct json_object *o, const char *name, struct json_object **value)
{
	const char *dot;
	if (json_object_object_get_ex(o, name, value))
		return true;
	while ((dot = strchr(name, '.'))) {
		char head[256];
		if ((size_t)(dot - name) >= sizeof(head))
			return false;
		memcpy(head, name, (size_t)(dot - name));
		head[dot - name] = 0;
		if (!json_object_object_get_ex(o, head, &o) || !json_object_is_type(o, json_type_object))
			return false;
		name = dot + 1;
	}
	return json_object_object_get_ex(o, name, value);
}

static int join(struct nt_jsonl *j, const char *where, struct nt_buf *text)
{
	const char *name = (const char *)j->names.data;
	for (size_t i = 0; i < j->n_field; i++, name += strlen(name) + 1) {
		struct json_object *s;
		if (!find(j->line, name, &s))
			return nt_fail(NT_EFORMAT, "%s: no field '%s'; name the one that holds the "
						   "text with --field", where, name);
		if (!json_object_is_type(s, json_type_string))
			return nt_fail(NT_EFORMAT, "%s: field '%s' is %s, not a string", where, name,
				       json_type_to_name(json_object_get_type(s)));
		if (i && nt_buf_add(text, "\n\n", 2) < 0)
			return NT_ESYS;
		if (nt_buf_add(text, json_object_get_string(s), (size_t)json_object_get_string_len(s)) < 0)
			return NT_ESYS;
	}
	return 0;
}

int nt_jsonl_read(struct nt_jsonl *j, const uint8_t *line, size_t len, const char *where,
		  struct nt_buf *text, const char **id)
{
	struct json_object *value;
	const char *why = parse(j, line, len);
	*id = NULL;
	if (why)
		return nt_fail(NT_EFORMAT, "%s: not a JSON line: %s, at byte %zu of it", where, why,
			       json_tokener_get_parse_end(j->tokener));
	text->len = 0;
	int rc = join(j, where, text);
	if (rc < 0)
		return rc;
	if (json_object_object_get_ex(j->line, "id", &value) && value)
		*id = json_object_get_string(value); /* numbers too */
	return 0;
}

bool nt_jsonl_fits(struct nt_jsonl *j, const uint8_t *line, size_t len)
{
	if (parse(j, line, len))
		return false;
	const char *name = (const char *)j->names.data;
	for (size_t i = 0; i < j->n_field; i++, name += strlen(name) + 1) {
		struct json_object *s;
		if (!find(j->line, name, &s) || !json_object_is_type(s, json_type_string))
			return false;
	}
	return true;
}

void nt_jsonl_free(struct nt_jsonl *j)
{
	if (!j)
		return;
	json_object_put(j->line);
	if (j->tokener)
		json_tokener_free(j->tokener);
	nt_buf_release(&j->names);
	free(j);
}

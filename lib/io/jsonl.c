/* SPDX-License-Identifier: MIT */
/*
 * jsonl.c - JSON lines
 *
 * A text may hold \u0000. A lone surrogate becomes U+FFFD. A field that is missing, or is no
 * string, is an error and never an empty document: a misspelt name would otherwise drop a
 * corpus in silence.
 */
#include "io/jsonl.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "io/where.h"
#include "nt/err.h"

struct nt_jsonl {
	struct json_object *line; /* the last one: the id points into it */
	struct nt_buf names;      /* all names, each with a 0 behind it */
	struct nt_buf number[3];  /* an id, an address and a date that are no strings, as text */
	size_t n_field;
	struct nt_where *where;
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

int nt_jsonl_new(struct nt_jsonl **result, const char *const *field, size_t n_field,
		 const char *const *where, size_t n_where)
{
	int rc = 0;
	struct nt_jsonl *j = nt_calloc(1, sizeof(*j));
	*result = NULL;
	if (!j)
		return NT_ESYS;
	for (size_t i = 0; rc == 0 && i < n_field; i++)
		rc = add_fields(j, field[i]);
	if (rc == 0 && n_field == 0)
		rc = add_fields(j, "text");
	if (rc == 0)
		rc = nt_where_new(&j->where, where, n_where);
	if (rc < 0)
		nt_jsonl_free(j);
	else
		*result = j;
	return rc;
}

/* Makes j->line the object of this line. */
static int parse(struct nt_jsonl *j, const uint8_t *line, size_t len)
{
	json_object_put(j->line);
	int rc = nt_json_tree_lenient(&j->line, line, len);
	if (rc == 0 && !json_object_is_type(j->line, json_type_object))
		rc = nt_fail(NT_EFORMAT, "not an object");
	return rc;
}

static int join(struct nt_jsonl *j, const char *where, struct nt_buf *text)
{
	const char *name = (const char *)j->names.data;
	for (size_t i = 0; i < j->n_field; i++, name += strlen(name) + 1) {
		struct json_object *s;
		if (!nt_json_find(j->line, name, &s))
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

/* The first of the names that stands for a string or a number, as it is written; or NULL. */
static int find_word(struct nt_jsonl *j, const char *const *name, struct nt_buf *kept, const char **word)
{
	struct json_object *value;
	*word = NULL;
	kept->len = 0;
	for (; *name && !*word; name++) {
		if (!nt_json_find(j->line, *name, &value) || !value ||
		    json_object_is_type(value, json_type_object) || json_object_is_type(value, json_type_array))
			continue;
		if (!json_object_is_type(value, json_type_string)) {
			int rc = nt_json_write(kept, value);
			if (rc < 0 || (rc = nt_buf_add(kept, "", 1)) < 0)
				return rc;
			*word = (const char *)kept->data;
		} else {
			*word = json_object_get_string(value);
		}
	}
	return 0;
}

int nt_jsonl_read(struct nt_jsonl *j, const uint8_t *line, size_t len, const char *name,
		  struct nt_buf *text, struct nt_jsonl_about *about)
{
	static const char *const id[] = {"id", NULL}, *const url[] = {"url", "metadata.url", NULL},
				 *const date[] = {"date", "timestamp", "metadata.date",
						  "metadata.timestamp", NULL};
	int rc = parse(j, line, len);
	if (rc < 0)
		return rc == NT_ESYS ? rc : nt_fail(rc, "%s: not a JSON line: %s", name, nt_errmsg());
	if (!nt_where_fits(j->where, j->line))
		return 0;
	text->len = 0;
	if ((rc = join(j, name, text)) == 0 && (rc = find_word(j, id, &j->number[0], &about->id)) == 0 &&
	    (rc = find_word(j, url, &j->number[1], &about->url)) == 0)
		rc = find_word(j, date, &j->number[2], &about->date);
	return rc < 0 ? rc : 1;
}

int nt_jsonl_fits(struct nt_jsonl *j, const uint8_t *line, size_t len)
{
	int rc = parse(j, line, len);
	if (rc < 0)
		return rc == NT_ESYS ? rc : 0;
	const char *name = (const char *)j->names.data;
	for (size_t i = 0; i < j->n_field; i++, name += strlen(name) + 1) {
		struct json_object *s;
		if (!nt_json_find(j->line, name, &s) || !json_object_is_type(s, json_type_string))
			return 0;
	}
	return 1;
}

void nt_jsonl_free(struct nt_jsonl *j)
{
	if (!j)
		return;
	nt_where_free(j->where);
	json_object_put(j->line);
	nt_buf_release(&j->names);
	for (size_t i = 0; i < 3; i++)
		nt_buf_release(&j->number[i]);
	free(j);
}

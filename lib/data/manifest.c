/* SPDX-License-Identifier: MIT */
/*
 * manifest.c - the funnel: what went into a file, through whom, and how much was left
 *
 * A program knows its options when it writes HELLO and its counts when it writes END,
 * so the manifest travels twice, the second time with the counts. Entries are added as
 * text: what another program, or a later version, put into its entry stays as it was.
 */
#include "data/manifest.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/version.h"

enum { MAX_DEPTH = 16 };

static json_object *parse(const char *json, size_t len)
{
	struct json_tokener *tok = json_tokener_new_ex(MAX_DEPTH);
	json_object *root = NULL;
	if (!tok)
		return NULL;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	if (len < INT32_MAX)
		root = json_tokener_parse_ex(tok, json, (int)len);
	if (root && json_tokener_get_parse_end(tok) != len) {
		json_object_put(root);
		root = NULL;
	}
	json_tokener_free(tok);
	return root;
}

int nt_manifest_check(const char *json, size_t len, const char *name)
{
	json_object *root = memchr(json, 0, len) ? NULL : parse(json, len);
	bool is_good = root && json_object_is_type(root, json_type_array);
	for (size_t i = 0; is_good && i < json_object_array_length(root); i++)
		is_good = json_object_is_type(json_object_array_get_idx(root, i), json_type_object);
	json_object_put(root);
	return is_good ? 0 : nt_fail(NT_EFORMAT, "%s: its manifest is not a JSON array of objects", name);
}

/* Does json[*len] end with `tail`, blanks aside? Then *len becomes the length before it. */
static bool take_tail(const char *json, size_t *len, char tail)
{
	size_t n = *len;
	while (n && strchr(" \t\r\n", json[n - 1]))
		n--;
	if (n == 0 || json[n - 1] != tail)
		return false;
	*len = n - 1;
	return true;
}

int nt_manifest_add(struct nt_buf *out, const char *old, const char *program, const char *members)
{
	size_t inside = old ? strlen(old) : 0, before;
	bool is_first = !old || !take_tail(old, &inside, ']') ||
			(before = inside, take_tail(old, &before, '['));
	int rc = is_first ? nt_buf_add(out, "[", 1) : nt_buf_add(out, old, inside);
	if (rc == 0)
		rc = nt_buf_printf(out, "%s{\"program\": ", is_first ? "" : ", ");
	if (rc == 0)
		rc = nt_json_string(out, program, strlen(program));
	if (rc == 0)
		rc = nt_buf_printf(out, ", \"version\": \"%s\"%s%s}]", NT_VERSION,
				   members && *members ? ", " : "", members ? members : "");
	return rc;
}

int nt_manifest_count(struct nt_buf *out, const char *json, const struct nt_stream_counts *c)
{
	size_t len = strlen(json);
	if (!take_tail(json, &len, ']') || !take_tail(json, &len, '}'))
		return nt_buf_add(out, json, strlen(json) + 1);
	int rc = nt_buf_add(out, json, len);
	if (rc == 0)
		rc = nt_buf_printf(out,
				   ", \"out\": {\"documents\": %" PRIu64 ", \"units\": %" PRIu64
				   ", \"tokens\": %" PRIu64 ", \"bytes\": %" PRIu64 "}}]",
				   c->documents, c->units, c->tokens, c->source_bytes);
	return rc < 0 ? rc : nt_buf_add(out, "", 1);
}

int nt_manifest_keep(char **kept, const char *json)
{
	char *copy = strdup(json);
	if (!copy)
		return nt_fail_sys("cannot keep the manifest");
	free(*kept);
	*kept = copy;
	return 0;
}

static bool is_same(json_object *a, json_object *b, const char *key)
{
	json_object *va = NULL, *vb = NULL;
	json_object_object_get_ex(a, key, &va);
	json_object_object_get_ex(b, key, &vb);
	return json_object_equal(va, vb);
}

static bool is_same_chain(json_object *a, json_object *b)
{
	size_t n = json_object_array_length(a);
	bool same = n == json_object_array_length(b);
	for (size_t i = 0; same && i < n; i++) {
		json_object *ea = json_object_array_get_idx(a, i), *eb = json_object_array_get_idx(b, i);
		same = is_same(ea, eb, "program") && is_same(ea, eb, "version") &&
		       is_same(ea, eb, "options");
	}
	return same;
}

/* Adds the integers of b to those of the same name in a; options are no counts. */
static void add_numbers(json_object *a, json_object *b)
{
	json_object_object_foreach(b, key, vb)
	{
		json_object *va;
		if (strcmp(key, "options") == 0)
			continue;
		if (!json_object_object_get_ex(a, key, &va))
			json_object_object_add(a, key, json_object_get(vb));
		else if (json_object_is_type(va, json_type_object) &&
			 json_object_is_type(vb, json_type_object))
			add_numbers(va, vb);
		else if (json_object_is_type(va, json_type_int) && json_object_is_type(vb, json_type_int))
			json_object_int_inc(va, json_object_get_int64(vb));
	}
}

static void join(json_object *a, json_object *b)
{
	size_t n = json_object_array_length(b);
	bool same = is_same_chain(a, b);
	for (size_t i = 0; i < n; i++) {
		json_object *e = json_object_array_get_idx(b, i);
		if (same)
			add_numbers(json_object_array_get_idx(a, i), e);
		else
			json_object_array_add(a, json_object_get(e));
	}
}

int nt_manifest_join(struct nt_buf *all, const char *json)
{
	if (all->len == 0)
		return nt_buf_add(all, json, strlen(json) + 1);
	json_object *a = parse((char *)all->data, all->len - 1), *b = parse(json, strlen(json));
	int rc = a && b ? 0 : nt_fail(NT_ESYS, "out of memory: joining two manifests");
	if (rc == 0) {
		join(a, b);
		const char *text = json_object_to_json_string_ext(
			a, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
		all->len = 0;
		rc = nt_buf_add(all, text, strlen(text) + 1);
	}
	json_object_put(a);
	json_object_put(b);
	return rc;
}

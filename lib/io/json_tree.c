/* SPDX-License-Identifier: MIT */
/*
 * json_tree.c - a JSON text as json-c's objects, and their text again
 *
 * json-c's own reader and writer (0.16) go on when memory runs out: a name becomes empty, a
 * text loses its end, and what is made of it looks well, or they crash. Its objects say when
 * they cannot be made. So they are made here of what io/json.h reads, and written here.
 *
 * A value takes up to 170 bytes, and "[]" is two: a text with more values than any description has
 * is refused, so that none takes more than 45 MB and some 20 times its own size.
 */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "nt/err.h"
#include "nt/file.h"

enum { VALUES_MOST = 1 << 18, BYTES_A_VALUE = 8 }; /* so many are free, then one for so many bytes */

struct tree {
	struct nt_json json;
	size_t n_left; /* values that may still come */
};

static int no_memory(void)
{
	return nt_fail(NT_ESYS, "out of memory: JSON");
}

static int too_long(size_t len)
{
	return nt_fail(NT_EFORMAT, "a JSON value of %zu bytes is too long", len);
}

/* A number keeps the kind that it is written as: 1 is whole and 1.0 is not. One that no 64
 * bits hold is kept as it is written, too. */
static struct json_object *number_of(const char *text)
{
	errno = 0;
	bool is_whole = !strpbrk(text, ".eENI");
	if (is_whole && *text == '-') {
		int64_t value = strtoll(text, NULL, 10);
		if (errno == 0)
			return json_object_new_int64(value);
	} else if (is_whole) {
		uint64_t value = strtoull(text, NULL, 10);
		if (errno == 0)
			return value <= INT64_MAX ? json_object_new_int64((int64_t)value) : json_object_new_uint64(value);
	}
	return json_object_new_double_s(strtod(text, NULL), text);
}

/* A number, true, false or null, which is no object at all. */
static int read_plain(struct tree *t, int kind, struct json_object **made)
{
	struct nt_json_text span;
	int rc = nt_json_skip(&t->json, &span);
	if (rc < 0 || kind == 'n')
		return rc;
	if (kind != '0')
		return (*made = json_object_new_boolean(kind == 't')) ? 0 : no_memory();
	char *copy = strndup((const char *)span.p, span.len);
	*made = copy ? number_of(copy) : NULL;
	if (!*made)
		rc = no_memory();
	free(copy);
	return rc;
}

static int read_text(struct tree *t, struct json_object **made)
{
	struct nt_json_text s;
	int rc = nt_json_read_string(&t->json, &s);
	if (rc < 0)
		return rc;
	if (s.len >= INT_MAX)
		return too_long(s.len);
	return (*made = json_object_new_string_len((const char *)s.p, (int)s.len)) ? 0 : no_memory();
}

static int read_value(struct tree *t, struct json_object **made);

static int read_array(struct tree *t, struct json_object **made)
{
	int rc = nt_json_enter(&t->json, '[');
	if (rc == 0 && !(*made = json_object_new_array_ext(1)))
		rc = no_memory();
	while (rc >= 0 && (rc = nt_json_more(&t->json)) > 0) {
		struct json_object *element = NULL;
		rc = read_value(t, &element);
		if (rc == 0 && json_object_array_add(*made, element) < 0)
			rc = no_memory();
		if (rc < 0)
			json_object_put(element);
	}
	return rc;
}

/* json-c ends a name at a NUL: a member whose name holds one would pass for another. */
static int read_member(struct tree *t, const struct nt_json_text *key, struct json_object *object)
{
	if (memchr(key->p, 0, key->len))
		return nt_json_skip(&t->json, NULL);
	struct json_object *value = NULL;
	char *name = strndup((const char *)key->p, key->len);
	int rc = name ? read_value(t, &value) : no_memory();
	if (rc == 0 && json_object_object_add(object, name, value) < 0)
		rc = no_memory();
	if (rc < 0)
		json_object_put(value);
	free(name);
	return rc;
}

/* Of members of one name the last counts. */
static int read_object(struct tree *t, struct json_object **made)
{
	struct nt_json_text key;
	int rc = nt_json_enter(&t->json, '{');
	if (rc == 0 && (!(*made = json_object_new_object()) || lh_table_resize(json_object_get_object(*made), 1) < 0))
		rc = no_memory(); /* else it begins with room for 16 members, 640 bytes */
	while (rc >= 0 && (rc = nt_json_key(&t->json, &key)) > 0)
		rc = read_member(t, &key, *made);
	return rc;
}

/* As deep as nt_json_enter lets it; *made is to be put also where this fails. */
static int read_value(struct tree *t, struct json_object **made)
{
	int kind = nt_json_peek(&t->json);
	*made = NULL;
	if (t->n_left-- == 0)
		return nt_fail(NT_EFORMAT, "JSON with more values than any description has");
	switch (kind) {
	case '{':
		return read_object(t, made);
	case '[':
		return read_array(t, made);
	case '"':
		return read_text(t, made);
	}
	return kind < 0 ? kind : read_plain(t, kind, made);
}

int nt_json_tree(struct json_object **root, const void *text, size_t len)
{
	struct tree t = {.n_left = VALUES_MOST + len / BYTES_A_VALUE};
	nt_json_init(&t.json, text, len);
	int rc = read_value(&t, root);
	if (rc == 0)
		rc = nt_json_end(&t.json);
	nt_json_release(&t.json);
	if (rc < 0) {
		json_object_put(*root);
		*root = NULL;
	}
	return rc;
}

/* --- writing ---------------------------------------------------------------------- */

static int write_members(struct nt_buf *out, struct json_object *o)
{
	int rc = nt_buf_add(out, "{", 1);
	bool is_first = true;
	struct json_object_iterator it = json_object_iter_begin(o), end = json_object_iter_end(o);
	for (; rc == 0 && !json_object_iter_equal(&it, &end); json_object_iter_next(&it), is_first = false) {
		const char *name = json_object_iter_peek_name(&it);
		if (!is_first)
			rc = nt_buf_add(out, ",", 1);
		if (rc == 0)
			rc = nt_json_string(out, name, strlen(name));
		if (rc == 0)
			rc = nt_buf_add(out, ":", 1);
		if (rc == 0)
			rc = nt_json_write(out, json_object_iter_peek_value(&it));
	}
	return rc < 0 ? rc : nt_buf_add(out, "}", 1);
}

static int write_elements(struct nt_buf *out, struct json_object *o)
{
	int rc = nt_buf_add(out, "[", 1);
	for (size_t i = 0; rc == 0 && i < json_object_array_length(o); i++) {
		if (i)
			rc = nt_buf_add(out, ",", 1);
		if (rc == 0)
			rc = nt_json_write(out, json_object_array_get_idx(o, i));
	}
	return rc < 0 ? rc : nt_buf_add(out, "]", 1);
}

/* As it was read: json-c keeps the text of a number that is not whole, and gives it out. */
static int write_number(struct nt_buf *out, struct json_object *o)
{
	if (json_object_is_type(o, json_type_int))
		return json_object_get_int64(o) < 0 ? nt_buf_printf(out, "%" PRId64, json_object_get_int64(o))
						    : nt_buf_printf(out, "%" PRIu64, json_object_get_uint64(o));
	const char *text = json_object_get_userdata(o);
	return text ? nt_buf_printf(out, "%s", text) : nt_buf_printf(out, "%.17g", json_object_get_double(o));
}

int nt_json_write(struct nt_buf *out, struct json_object *o)
{
	switch (json_object_get_type(o)) {
	case json_type_object:
		return write_members(out, o);
	case json_type_array:
		return write_elements(out, o);
	case json_type_string:
		return nt_json_string(out, json_object_get_string(o), (size_t)json_object_get_string_len(o));
	case json_type_boolean:
		return nt_buf_printf(out, json_object_get_boolean(o) ? "true" : "false");
	case json_type_null:
		return nt_buf_printf(out, "null");
	case json_type_int:
	case json_type_double:
		break;
	}
	return write_number(out, o);
}

int nt_json_text(struct nt_buf *out, struct json_object *o)
{
	out->len = 0;
	int rc = nt_json_write(out, o);
	return rc < 0 ? rc : nt_buf_add(out, "", 1);
}

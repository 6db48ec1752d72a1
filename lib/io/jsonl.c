/* SPDX-License-Identifier: MIT */
/*
 * jsonl.c - JSON lines by json-c
 *
 * json-c is given the length of a line and gives the length of a string, so a text may
 * hold \u0000. A lone surrogate becomes U+FFFD. A field that is missing, or is no
 * string, is an error and never an empty document: a misspelt name would otherwise
 * drop a corpus in silence.
 *
 * json-c (0.16) joins a pair of escaped surrogates and then asks of the result whether it
 * is one, by bits 10 to 15 alone. For one character in 32 past U+FFFF the answer is yes
 * and the text gets U+FFFD: U+2D9E1, say, of the Han ideographs. So the pairs that make
 * such a character are written as UTF-8 before json-c sees them.
 */
#include "io/jsonl.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "io/where.h"
#include "nt/err.h"

enum { MAX_DEPTH = 128 };

struct nt_jsonl {
	struct json_tokener *tokener;
	struct json_object *line; /* the last one: the id points into it */
	struct nt_buf names;      /* all names, each with a 0 behind it */
	struct nt_buf spelt;      /* a line without the pairs that json-c misreads */
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
	if (!(j->tokener = json_tokener_new_ex(MAX_DEPTH)))
		rc = nt_fail(NT_ESYS, "out of memory: a JSON parser");
	else
		json_tokener_set_flags(j->tokener, JSON_TOKENER_STRICT);
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

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The number in four hexadecimal digits, or UINT32_MAX. */
static uint32_t hex4(const uint8_t *p)
{
	uint32_t c = 0;
	for (int i = 0; i < 4; i++) {
		uint32_t letter = p[i] | 0x20u;
		if (p[i] >= '0' && p[i] <= '9')
			c = c << 4 | (p[i] - (uint32_t)'0');
		else if (letter >= 'a' && letter <= 'f')
			c = c << 4 | (letter - 'a' + 10);
		else
			return UINT32_MAX;
	}
	return c;
}

/* The character of the two escapes at p, if they make one that json-c misreads; else 0. */
static uint32_t misread_pair(const uint8_t *p, size_t left)
{
	if (left < 12 || memcmp(p, "\\u", 2) != 0 || memcmp(p + 6, "\\u", 2) != 0)
		return 0;
	uint32_t high = hex4(p + 2), low = hex4(p + 8);
	if (high >> 10 != 0xd800 >> 10 || low >> 10 != 0xdc00 >> 10)
		return 0;
	uint32_t c = 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));
	return (c & 0xf800) == 0xd800 ? c : 0;
}

/* Puts the line into j->spelt with the pairs that json-c misreads as UTF-8; nothing if it
 * has none. Backslashes mean something only inside strings; elsewhere they are an error. */
static int spell(struct nt_jsonl *j, const uint8_t *line, size_t len)
{
	const uint8_t *end = line + len, *done = line, *p = line;
	j->spelt.len = 0;
	while (p < end && (p = memchr(p, '\\', (size_t)(end - p)))) {
		uint32_t c = misread_pair(p, (size_t)(end - p));
		if (!c) {
			p += end - p > 1 ? 2 : 1; /* the escape of a backslash, too */
			continue;
		}
		uint8_t utf8[4];
		size_t n = nt_utf8_encode(utf8, c);
		if (nt_buf_add(&j->spelt, done, (size_t)(p - done)) < 0 ||
		    nt_buf_add(&j->spelt, utf8, n) < 0)
			return NT_ESYS;
		done = p += 12;
	}
	return done == line ? 0 : nt_buf_add(&j->spelt, done, (size_t)(end - done));
}

/* Makes j->line the object of these bytes; NULL says why not. */
static const char *parse_bytes(struct nt_jsonl *j, const uint8_t *bytes, size_t len)
{
	json_object_put(j->line);
	json_tokener_reset(j->tokener);
	j->line = json_tokener_parse_ex(j->tokener, (const char *)bytes, (int)len);
	enum json_tokener_error e = json_tokener_get_error(j->tokener);
	if (e == json_tokener_continue)
		return "it ends too early";
	if (e != json_tokener_success)
		return json_tokener_error_desc(e);
	if (json_tokener_get_parse_end(j->tokener) != len)
		return "something stands behind the object";
	return json_object_is_type(j->line, json_type_object) ? NULL : "not an object";
}

/* The byte order mark that some editors of Windows put before the first line. */
static size_t mark_len(const uint8_t *line, size_t len)
{
	return len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* Makes j->line the object of this line; NULL says why not. */
static const char *parse(struct nt_jsonl *j, const uint8_t *line, size_t len)
{
	size_t mark = mark_len(line, len);
	line += mark;
	len -= mark;
	while (len && is_space(line[len - 1]))
		len--;
	if (len > INT_MAX)
		return "a line of more than 2 GiB";
	if (spell(j, line, len) < 0)
		return "no memory for it";
	if (j->spelt.len && !parse_bytes(j, j->spelt.data, j->spelt.len))
		return NULL;
	return parse_bytes(j, line, len); /* also where the other failed: it knows the place */
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
static const char *find_word(struct nt_jsonl *j, const char *const *name)
{
	struct json_object *value;
	for (; *name; name++)
		if (nt_json_find(j->line, *name, &value) && value &&
		    !json_object_is_type(value, json_type_object) &&
		    !json_object_is_type(value, json_type_array))
			return json_object_get_string(value);
	return NULL;
}

int nt_jsonl_read(struct nt_jsonl *j, const uint8_t *line, size_t len, const char *name,
		  struct nt_buf *text, struct nt_jsonl_about *about)
{
	static const char *const id[] = {"id", NULL}, *const url[] = {"url", "metadata.url", NULL},
				 *const date[] = {"date", "timestamp", "metadata.date",
						  "metadata.timestamp", NULL};
	const char *why = parse(j, line, len);
	if (why)
		return nt_fail(NT_EFORMAT, "%s: not a JSON line: %s, at byte %zu of it", name, why,
			       mark_len(line, len) + json_tokener_get_parse_end(j->tokener));
	if (!nt_where_fits(j->where, j->line))
		return 0;
	text->len = 0;
	int rc = join(j, name, text);
	if (rc < 0)
		return rc;
	*about = (struct nt_jsonl_about){find_word(j, id), find_word(j, url), find_word(j, date)};
	return 1;
}

bool nt_jsonl_fits(struct nt_jsonl *j, const uint8_t *line, size_t len)
{
	if (parse(j, line, len))
		return false;
	const char *name = (const char *)j->names.data;
	for (size_t i = 0; i < j->n_field; i++, name += strlen(name) + 1) {
		struct json_object *s;
		if (!nt_json_find(j->line, name, &s) || !json_object_is_type(s, json_type_string))
			return false;
	}
	return true;
}

void nt_jsonl_free(struct nt_jsonl *j)
{
	if (!j)
		return;
	nt_where_free(j->where);
	json_object_put(j->line);
	if (j->tokener)
		json_tokener_free(j->tokener);
	nt_buf_release(&j->names);
	nt_buf_release(&j->spelt);
	free(j);
}

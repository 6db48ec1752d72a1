/* SPDX-License-Identifier: MIT */
/*
 * json.c - bytes as JSON, beside json-c
 *
 * Whatever we take, json-c takes, and every string, key and kind of value is the same. The
 * other way round does not hold: json-c takes more than RFC 8259.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "nt/err.h"

static void compare(struct nt_json *j, struct json_object *theirs);

static void compare_text(const struct nt_json_text *s, struct json_object *theirs)
{
	nt_assert(json_object_is_type(theirs, json_type_string));
	nt_assert((size_t)json_object_get_string_len(theirs) == s->len);
	nt_assert(memcmp(json_object_get_string(theirs), s->p, s->len) == 0);
}

static void compare_object(struct nt_json *j, struct json_object *theirs)
{
	struct nt_json_text key;
	size_t n = 0;
	nt_assert(json_object_is_type(theirs, json_type_object));
	nt_assert(nt_json_enter(j, '{') == 0);
	while (nt_json_key(j, &key) > 0) {
		struct json_object *value = NULL;
		char *name = malloc(key.len + 1);
		memcpy(name, key.p, key.len);
		name[key.len] = 0;
		/* of the same key twice json-c keeps the last; one with a NUL it cuts */
		bool is_sure = strlen(name) == key.len &&
			       json_object_object_get_ex(theirs, name, &value);
		nt_assert(is_sure || strlen(name) < key.len);
		free(name);
		nt_assert(nt_json_skip(j, NULL) == 0);
		n++;
	}
	nt_assert(n >= (size_t)json_object_object_length(theirs));
}

static void compare(struct nt_json *j, struct json_object *theirs)
{
	struct nt_json_text s;
	switch (nt_json_peek(j)) {
	case '{':
		compare_object(j, theirs);
		return;
	case '[':
		nt_assert(json_object_is_type(theirs, json_type_array));
		nt_assert(nt_json_enter(j, '[') == 0);
		for (size_t i = 0; nt_json_more(j) > 0; i++)
			compare(j, json_object_array_get_idx(theirs, i));
		return;
	case '"':
		nt_assert(nt_json_read_string(j, &s) == 0);
		compare_text(&s, theirs);
		return;
	case '0':
		nt_assert(nt_json_skip(j, &s) == 0);
		nt_assert(json_object_is_type(theirs, json_type_int) ||
			  json_object_is_type(theirs, json_type_double));
		return;
	default:
		nt_assert(nt_json_skip(j, &s) == 0);
		nt_assert(nt_json_is(&s, "null") ? !theirs : json_object_is_type(theirs, json_type_boolean));
	}
}

/* Our tree of it is theirs, and what it writes is read as the same tree. */
static void compare_tree(const uint8_t *data, size_t size, struct json_object *theirs)
{
	struct json_object *ours = NULL, *again = NULL;
	struct nt_buf text = {0};
	if (nt_json_tree(&ours, data, size) < 0) {
		nt_assert(strstr(nt_errmsg(), "too large")); /* a number, for json-c to keep */
		return;
	}
	nt_assert(nt_json_write(&text, ours) == 0 && nt_json_tree(&again, text.data, text.len) == 0);
	nt_assert(json_object_equal(ours, again));
	nt_assert(json_object_get_type(ours) == json_object_get_type(theirs) || json_object_is_type(theirs, json_type_int));
	json_object_put(ours);
	json_object_put(again);
	nt_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nt_json j;
	struct json_tokener *tok = json_tokener_new_ex(NT_JSON_DEPTH_MOST + 1); /* its levels count the value inside */
	nt_assert(tok != NULL);
	nt_json_init(&j, data, size);
	bool ours = nt_json_skip(&j, NULL) == 0 && nt_json_end(&j) == 0;
	nt_json_release(&j);
	if (!ours) {
		json_tokener_free(tok);
		return 0;
	}
	/* a NUL behind it ends a number at the end of the text */
	char *copy = calloc(size + 1, 1);
	memcpy(copy, data, size);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS |
				    JSON_TOKENER_VALIDATE_UTF8);
	struct json_object *theirs = json_tokener_parse_ex(tok, copy, (int)size + 1);
	nt_assert(json_tokener_get_error(tok) == json_tokener_success);
	nt_json_init(&j, data, size);
	compare(&j, theirs);
	nt_assert(nt_json_end(&j) == 0);
	nt_json_release(&j);
	compare_tree(data, size, theirs);
	json_object_put(theirs);
	json_tokener_free(tok);
	free(copy);
	return 0;
}

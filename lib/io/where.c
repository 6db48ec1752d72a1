/* SPDX-License-Identifier: MIT */
/*
 * where.c - conditions on the fields of a JSON line
 *
 * What a condition's value is, a number or a word, is decided once; how it is compared, by
 * what the line holds.
 */
#include "io/where.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/mem.h"

enum compare { EQUAL, UNEQUAL, LESS, AT_MOST, MORE, AT_LEAST };

struct value {
	const char *word;
	bool is_number, is_integer;
	double number;
	int64_t integer; /* doubles cannot tell large ones apart */
};

struct condition {
	char *field; /* and behind its end, the words: one allocation */
	enum compare compare;
	struct value *value; /* [n_value] */
	size_t n_value, cap;
};

struct nt_where {
	struct condition *condition; /* [n] */
	size_t n;
};

/* --- what was asked ---------------------------------------------------------------- */

static struct value read_value(const char *word)
{
	char *end;
	struct value v = {.word = word, .number = strtod(word, &end)};
	v.is_number = *word && *end == 0 && strchr("-0123456789.", *word);
	errno = 0;
	v.integer = strtoll(word, &end, 10);
	v.is_integer = v.is_number && *end == 0 && errno == 0;
	return v;
}

static enum compare read_compare(const char *at, size_t *len)
{
	*len = at[0] != '=' && at[1] == '=' ? 2 : 1;
	switch (at[0]) {
	case '!':
		return UNEQUAL;
	case '<':
		return *len == 2 ? AT_MOST : LESS;
	case '>':
		return *len == 2 ? AT_LEAST : MORE;
	default:
		return EQUAL;
	}
}

static int read_condition(struct condition *c, const char *text)
{
	size_t at = strcspn(text, "=<>!"), len;
	if (at == 0 || !text[at] || (text[at] == '!' && text[at + 1] != '='))
		return nt_fail(NT_EARG, "--where '%s': expected FIELD=VALUE, or another of != < <= > >=", text);
	if (!(c->field = strdup(text)))
		return nt_fail_sys("--where '%s'", text);
	c->compare = read_compare(text + at, &len);
	c->field[at] = 0;
	for (char *word = c->field + at + len, *next; word; word = next) {
		next = c->compare <= UNEQUAL ? strchr(word, ',') : NULL;
		if (next)
			*next++ = 0;
		if (nt_grow(&c->value, &c->cap, c->n_value + 1, sizeof(*c->value)) < 0)
			return NT_ESYS;
		c->value[c->n_value++] = read_value(word);
	}
	return 0;
}

int nt_where_new(struct nt_where **where, const char *const *condition, size_t n)
{
	*where = NULL;
	if (n == 0)
		return 0;
	struct nt_where *w = nt_calloc(1, sizeof(*w));
	int rc = w && (w->condition = nt_calloc(n, sizeof(*w->condition))) ? 0 : NT_ESYS;
	for (; rc == 0 && w->n < n; w->n++)
		rc = read_condition(&w->condition[w->n], condition[w->n]);
	if (rc < 0)
		nt_where_free(w);
	else
		*where = w;
	return rc;
}

void nt_where_free(struct nt_where *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->n; i++) {
		free(w->condition[i].field);
		free(w->condition[i].value);
	}
	free(w->condition);
	free(w);
}

/* --- what a line holds ------------------------------------------------------------- */

bool nt_json_find(struct json_object *o, const char *name, struct json_object **value)
{
	const char *dot;
	if (json_object_object_get_ex(o, name, value))
		return true;
	while ((dot = strchr(name, '.'))) {
		char head[256];
		size_t len = (size_t)(dot - name);
		if (len >= sizeof(head))
			return false;
		memcpy(head, name, len);
		head[len] = 0;
		if (!json_object_object_get_ex(o, head, &o) || !json_object_is_type(o, json_type_object))
			return false;
		name = dot + 1;
		if (json_object_object_get_ex(o, name, value))
			return true;
	}
	return false;
}

static bool is_number(struct json_object *o)
{
	return json_object_is_type(o, json_type_int) || json_object_is_type(o, json_type_double);
}

static bool is_equal(const struct value *v, struct json_object *o)
{
	if (json_object_is_type(o, json_type_int) && v->is_integer)
		return json_object_get_int64(o) == v->integer;
	if (is_number(o))
		return v->is_number && json_object_get_double(o) == v->number;
	if (json_object_is_type(o, json_type_string))
		return strlen(v->word) == (size_t)json_object_get_string_len(o) &&
		       memcmp(v->word, json_object_get_string(o), strlen(v->word)) == 0;
	if (json_object_is_type(o, json_type_boolean))
		return strcmp(v->word, json_object_get_boolean(o) ? "true" : "false") == 0;
	if (json_object_is_type(o, json_type_array))
		for (size_t i = 0; i < json_object_array_length(o); i++)
			if (is_equal(v, json_object_array_get_idx(o, i)))
				return true;
	return !o && strcmp(v->word, "null") == 0;
}

static bool is_any(const struct condition *c, struct json_object *o)
{
	for (size_t i = 0; i < c->n_value; i++)
		if (is_equal(&c->value[i], o))
			return true;
	return false;
}

/* Is there an order between them? *order is then below, at or above 0. */
static bool compare(struct json_object *o, const struct value *v, int *order)
{
	double number = json_object_get_double(o);
	bool has_number = is_number(o);
	if (json_object_is_type(o, json_type_string)) {
		struct value word = read_value(json_object_get_string(o));
		*order = strcmp(word.word, v->word);
		if (!word.is_number || !v->is_number)
			return true;
		number = word.number;
		has_number = true;
	}
	*order = (number > v->number) - (number < v->number);
	return has_number && v->is_number;
}

static bool fits(const struct condition *c, struct json_object *line)
{
	struct json_object *o = NULL;
	int order;
	nt_json_find(line, c->field, &o);
	if (c->compare <= UNEQUAL)
		return is_any(c, o) == (c->compare == EQUAL);
	if (!compare(o, &c->value[0], &order))
		return false;
	return c->compare == LESS      ? order < 0
	       : c->compare == AT_MOST ? order <= 0
	       : c->compare == MORE    ? order > 0
				       : order >= 0;
}

bool nt_where_fits(const struct nt_where *w, struct json_object *line)
{
	for (size_t i = 0; w && i < w->n; i++)
		if (!fits(&w->condition[i], line))
			return false;
	return true;
}

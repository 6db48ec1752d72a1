/* SPDX-License-Identifier: MIT */
/*
 * where.c - conditions on the fields of a JSON line
 *
 * What a condition's value is, a number or a word, is decided once; how it is compared, by
 * what the line holds.
 */
#include "io/where.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/mem.h"

enum compare { EQUAL, UNEQUAL, LESS, AT_MOST, MORE, AT_LEAST };

struct value {
	const char *word;
	bool is_number, is_whole, is_integer;
	double number;
	int64_t integer; /* doubles cannot tell large ones apart, nor this those yet larger */
};

struct condition {
	char *field; /* and behind its end, the words: one allocation */
	int index;   /* the field's in what is picked */
	enum compare compare;
	struct value *value; /* [n_value] */
	size_t n_value, cap;
};

struct nt_where {
	struct condition *condition; /* [n] */
	size_t n;
	struct nt_buf word; /* what is compared, with a 0 behind it */
};

/* --- what was asked ---------------------------------------------------------------- */

static struct value read_value(const char *word)
{
	char *end;
	struct value v = {.word = word, .number = strtod(word, &end)};
	v.is_number = *word && *end == 0 && strchr("-0123456789.", *word);
	errno = 0;
	v.integer = strtoll(word, &end, 10);
	v.is_whole = v.is_number && *end == 0;
	v.is_integer = v.is_whole && errno == 0;
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

int nt_where_new(struct nt_where **where, const char *const *condition, size_t n, struct nt_picks *picks)
{
	*where = NULL;
	if (n == 0)
		return 0;
	struct nt_where *w = nt_calloc(1, sizeof(*w));
	int rc = w && (w->condition = nt_calloc(n, sizeof(*w->condition))) ? 0 : NT_ESYS;
	for (; rc >= 0 && w->n < n; w->n++) {
		struct condition *c = &w->condition[w->n];
		if ((rc = read_condition(c, condition[w->n])) == 0)
			rc = c->index = nt_picks_add(picks, c->field);
	}
	if (rc < 0)
		nt_where_free(w);
	else
		*where = w;
	return rc < 0 ? rc : 0;
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
	nt_buf_release(&w->word);
	free(w);
}

/* --- what a line holds ------------------------------------------------------------- */

static bool is_same_number(const struct value *x, const struct value *y)
{
	if (x->is_integer && y->is_integer)
		return x->integer == y->integer;
	if (x->is_whole && y->is_whole)
		return strcmp(x->word, y->word) == 0;
	return x->is_number && y->is_number && x->number == y->number;
}

/* What a number or a word is worth. */
static int value_of(struct nt_where *w, const struct nt_json_text *text, struct value *value)
{
	w->word.len = 0;
	if (nt_buf_add(&w->word, text->p, text->len) < 0 || nt_buf_add(&w->word, "", 1) < 0)
		return NT_ESYS;
	*value = read_value((const char *)w->word.data);
	return 0;
}

/* Is it one of the condition's values? No object is. */
static int is_scalar_any(struct nt_where *w, const struct condition *c, int kind, const struct nt_json_text *text)
{
	struct value given;
	int rc = kind == '0' ? value_of(w, text, &given) : 0;
	if (rc < 0)
		return rc;
	for (size_t i = 0; kind != '{' && i < c->n_value; i++)
		if (kind == '0' ? is_same_number(&given, &c->value[i]) : nt_json_is(text, c->value[i].word))
			return 1;
	return 0;
}

/* Is an element, or one of those in it, one of them? */
static int is_element_any(struct nt_where *w, const struct condition *c, struct nt_json *j)
{
	struct nt_json_text text;
	int rc = nt_json_enter(j, '['), is_one = 0;
	while (rc >= 0 && (rc = nt_json_more(j)) > 0) {
		int kind = rc = nt_json_peek(j);
		if (kind == '[') {
			rc = is_element_any(w, c, j);
		} else if (kind >= 0) {
			rc = kind == '"' ? nt_json_read_string(j, &text) : nt_json_skip(j, &text);
			rc = rc < 0 ? rc : is_scalar_any(w, c, kind, &text);
		}
		is_one |= rc > 0;
	}
	return rc < 0 ? rc : is_one;
}

/* What is not there is null. */
static int is_equal(struct nt_where *w, const struct condition *c, const struct nt_picked *field)
{
	static const struct nt_json_text null = {(const uint8_t *)"null", 4, false};
	struct nt_json j;
	if (field->kind != '[')
		return is_scalar_any(w, c, field->kind, field->kind ? &field->value : &null);
	nt_json_init(&j, field->value.p, field->value.len);
	j.is_lenient = true;
	int rc = is_element_any(w, c, &j);
	nt_json_release(&j);
	return rc;
}

/* Is there an order between them, and does it fit? */
static int is_ordered(struct nt_where *w, const struct condition *c, const struct nt_picked *field)
{
	const struct value *wanted = &c->value[0];
	struct value given;
	int order;
	if (field->kind != '"' && field->kind != '0')
		return 0;
	if (value_of(w, &field->value, &given) < 0)
		return NT_ESYS;
	if (field->kind == '0' && isnan(given.number))
		return 0;
	if ((given.is_number || field->kind == '0') && wanted->is_number)
		order = (given.number > wanted->number) - (given.number < wanted->number);
	else if (field->kind == '"')
		order = strcmp(given.word, wanted->word);
	else
		return 0;
	return c->compare == LESS      ? order < 0
	       : c->compare == AT_MOST ? order <= 0
	       : c->compare == MORE    ? order > 0
				       : order >= 0;
}

int nt_where_fits(struct nt_where *w, const struct nt_picks *picks)
{
	for (size_t i = 0; w && i < w->n; i++) {
		const struct condition *c = &w->condition[i];
		const struct nt_picked *field = nt_picks_get(picks, c->index);
		int fits = c->compare > UNEQUAL ? is_ordered(w, c, field) : is_equal(w, c, field);
		if (fits < 0)
			return fits;
		if (fits == (c->compare == UNEQUAL))
			return 0;
	}
	return 1;
}

/* SPDX-License-Identifier: MIT */
/*
 * jsonl.c - JSON lines
 *
 * Only the fields that are asked for are taken out of a line; whatever else it holds is checked
 * and takes no memory. A text may hold \u0000. A lone surrogate becomes U+FFFD. A field that is
 * missing, or is no string, is an error and never an empty document: a misspelt name would
 * otherwise drop a corpus in silence.
 */
#include "io/jsonl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/pick.h"
#include "io/where.h"
#include "nt/err.h"

/* What is told besides the text: the first of these that is a string or a number. */
static const char *const id_names[] = {"id"}, *const url_names[] = {"url", "metadata.url"},
			 *const date_names[] = {"date", "timestamp", "metadata.date", "metadata.timestamp"};
static const struct {
	const char *const *name; /* [n] */
	size_t n;
} told[] = {{id_names, 1}, {url_names, 2}, {date_names, 4}};

enum { N_TOLD = sizeof(told) / sizeof(*told), N_TOLD_NAME_MOST = 4 };

struct nt_jsonl {
	struct nt_buf names; /* all names, each with a 0 behind it */
	int *field;          /* [n_field]: of each, its index in picks */
	size_t n_field;
	int told[N_TOLD][N_TOLD_NAME_MOST]; /* the same of what is told */
	struct nt_buf said[N_TOLD];         /* and what it was, with a 0 behind it */
	struct nt_where *where;
	struct nt_picks *picks; /* all that is wanted of a line */
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

/* Wants the fields, and what is told. */
static int add_picks(struct nt_jsonl *j)
{
	const char *name = (const char *)j->names.data;
	int rc = (j->field = nt_calloc(j->n_field, sizeof(*j->field))) ? 0 : NT_ESYS;
	for (size_t i = 0; rc >= 0 && i < j->n_field; i++, name += strlen(name) + 1)
		rc = j->field[i] = nt_picks_add(j->picks, name);
	for (size_t i = 0; i < N_TOLD; i++)
		for (size_t k = 0; rc >= 0 && k < told[i].n; k++)
			rc = j->told[i][k] = nt_picks_add(j->picks, told[i].name[k]);
	return rc < 0 ? rc : 0;
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
		rc = nt_picks_new(&j->picks);
	if (rc == 0)
		rc = add_picks(j);
	if (rc == 0)
		rc = nt_where_new(&j->where, where, n_where, j->picks);
	if (rc < 0)
		nt_jsonl_free(j);
	else
		*result = j;
	return rc;
}

static const char *kind_of(int kind)
{
	switch (kind) {
	case '{':
		return "an object";
	case '[':
		return "an array";
	case 't':
	case 'f':
		return "a boolean";
	case 'n':
		return "null";
	}
	return "a number";
}

static int join(struct nt_jsonl *j, const char *where, struct nt_buf *text)
{
	const char *name = (const char *)j->names.data;
	for (size_t i = 0; i < j->n_field; i++, name += strlen(name) + 1) {
		const struct nt_picked *s = nt_picks_get(j->picks, j->field[i]);
		if (!s->kind)
			return nt_fail(NT_EFORMAT, "%s: no field '%s'; name the one that holds the "
						   "text with --field", where, name);
		if (s->kind != '"')
			return nt_fail(NT_EFORMAT, "%s: field '%s' is %s, not a string", where, name,
				       kind_of(s->kind));
		if ((i && nt_buf_add(text, "\n\n", 2) < 0) || nt_buf_add(text, s->value.p, s->value.len) < 0)
			return NT_ESYS;
	}
	return 0;
}

/* The first of index[n] that is a string or a number, in said; or NULL. */
static int find_word(const struct nt_picks *picks, const int *index, size_t n, struct nt_buf *said, const char **word)
{
	*word = NULL;
	said->len = 0;
	for (size_t i = 0; i < n; i++) {
		const struct nt_picked *s = nt_picks_get(picks, index[i]);
		if (!s->kind || strchr("{[n", s->kind))
			continue;
		if (nt_buf_add(said, s->value.p, s->value.len) < 0 || nt_buf_add(said, "", 1) < 0)
			return NT_ESYS;
		*word = (const char *)said->data;
		return 0;
	}
	return 0;
}

static int tell(struct nt_jsonl *j, struct nt_jsonl_about *about)
{
	const char **word[N_TOLD] = {&about->id, &about->url, &about->date};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < N_TOLD; i++)
		rc = find_word(j->picks, j->told[i], told[i].n, &j->said[i], word[i]);
	return rc;
}

int nt_jsonl_read(struct nt_jsonl *j, const uint8_t *line, size_t len, const char *name,
		  struct nt_buf *text, struct nt_jsonl_about *about)
{
	bool is_deep;
	int rc = nt_picks_read(j->picks, line, len, &is_deep);
	if (rc < 0)
		return rc == NT_ESYS ? rc : nt_fail(rc, "%s: not a JSON line: %s", name, nt_errmsg());
	if ((rc = nt_where_fits(j->where, j->picks)) <= 0)
		return rc;
	text->len = 0;
	if ((rc = join(j, name, text)) == 0)
		rc = tell(j, about);
	return rc < 0 ? rc : 1;
}

int nt_jsonl_fits(struct nt_jsonl *j, const uint8_t *line, size_t len)
{
	bool is_deep;
	int rc = nt_picks_read(j->picks, line, len, &is_deep);
	if (rc < 0)
		return rc == NT_ESYS ? rc : is_deep;
	for (size_t i = 0; i < j->n_field; i++)
		if (nt_picks_get(j->picks, j->field[i])->kind != '"')
			return 0;
	return 1;
}

void nt_jsonl_free(struct nt_jsonl *j)
{
	if (!j)
		return;
	nt_where_free(j->where);
	nt_picks_free(j->picks);
	nt_buf_release(&j->names);
	free(j->field);
	for (size_t i = 0; i < N_TOLD; i++)
		nt_buf_release(&j->said[i]);
	free(j);
}

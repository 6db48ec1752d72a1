/* SPDX-License-Identifier: MIT */
/* prompts.c - what a model is to go on from, line by line; see nt/prompts.h */
#include "nt/prompts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "nt/err.h"
#include "nt/file.h"

struct nt_prompts {
	struct nt_prompts_options options;
	const char *name;
	struct nt_lines *lines; /* NULL: the one text, of which ... */
	const uint8_t *text;
	size_t len;
	bool is_done;           /* ... is nothing left */
	struct nt_buf string, kept;
	struct nt_ids ids;
	char place[512];
};

static int new_prompts(struct nt_prompts **result, const struct nt_prompts_options *options)
{
	struct nt_prompts *p = nt_calloc(1, sizeof(*p));
	*result = p;
	if (!p)
		return NT_ESYS;
	p->options = *options;
	return 0;
}

int nt_prompts_open(struct nt_prompts **p, const struct nt_prompts_options *options, int fd, const char *name,
		    const volatile sig_atomic_t *stop)
{
	int rc = new_prompts(p, options);
	if (rc < 0)
		return rc;
	(*p)->name = name;
	if ((rc = nt_lines_new(&(*p)->lines, fd, name, stop)) == 0)
		return 0;
	nt_prompts_close(*p);
	*p = NULL;
	return rc;
}

int nt_prompts_of(struct nt_prompts **p, const struct nt_prompts_options *options, const void *text, size_t len)
{
	int rc = new_prompts(p, options);
	if (rc == 0) {
		(*p)->text = len ? text : (const uint8_t *)"";
		(*p)->len = len;
	}
	return rc;
}

void nt_prompts_close(struct nt_prompts *p)
{
	if (!p)
		return;
	nt_lines_free(p->lines);
	nt_buf_release(&p->string);
	nt_buf_release(&p->kept);
	nt_ids_release(&p->ids);
	free(p);
}

const char *nt_prompts_place(struct nt_prompts *p)
{
	if (p->lines)
		snprintf(p->place, sizeof(p->place), "%s:%" PRIu64, p->name, nt_lines_count(p->lines));
	else
		snprintf(p->place, sizeof(p->place), "the prompt");
	return p->place;
}

/* --- ids --------------------------------------------------------------------------- */

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Is p[n] a token id in decimal? */
static bool read_id(const uint8_t *p, size_t n, uint32_t *id)
{
	uint64_t value = n ? 0 : UINT32_MAX;
	for (size_t i = 0; i < n && value < UINT32_MAX; i++)
		value = p[i] >= '0' && p[i] <= '9' ? value * 10 + p[i] - '0' : UINT32_MAX;
	*id = (uint32_t)value;
	return value < UINT32_MAX;
}

static int add_id(struct nt_ids *ids, const uint8_t *p, size_t n)
{
	uint32_t id;
	if (!read_id(p, n, &id))
		return nt_fail(NT_EARG, "'%.*s' is no token id", n < 20 ? (int)n : 20, (const char *)p);
	return nt_ids_add(ids, &id, 1);
}

/* Of text: decimal, white space between them. */
static int read_ids(struct nt_ids *ids, const uint8_t *text, size_t len)
{
	int rc = 0;
	ids->n = 0;
	for (size_t i = 0, n; rc == 0 && i < len; i += n) {
		for (n = 0; i + n < len && !is_space(text[i + n]);)
			n++;
		if (n)
			rc = add_id(ids, text + i, n);
		else
			n = 1;
	}
	return rc;
}

/* Of an array of JSON, as it is written. */
static int read_array(struct nt_ids *ids, const struct nt_json_text *span)
{
	struct nt_json j;
	struct nt_json_text item;
	nt_json_init(&j, span->p, span->len);
	ids->n = 0;
	int rc = nt_json_enter(&j, '[');
	while (rc >= 0 && (rc = nt_json_more(&j)) > 0)
		if ((rc = nt_json_skip(&j, &item)) == 0)
			rc = add_id(ids, item.p, item.len);
	nt_json_release(&j);
	return rc;
}

/* --- objects ------------------------------------------------------------------------ */

static bool is_one_of(const struct nt_json_text *key, const char *const *name)
{
	for (; name && *name; name++)
		if (nt_json_is(key, *name))
			return true;
	return false;
}

static int keep(struct nt_prompts *p, const struct nt_json_text *key, const struct nt_json_text *value)
{
	if (is_one_of(key, p->options.others))
		return 0;
	if (p->options.answer && nt_json_is(key, p->options.answer))
		return nt_fail(NT_EFORMAT, "it has a field '%s' already, where the answer goes: name another one for "
					   "that with --answer-field", p->options.answer);
	int rc = p->kept.len ? nt_buf_add(&p->kept, ",", 1) : 0;
	if (rc == 0)
		rc = nt_json_string(&p->kept, key->p, key->len);
	if (rc == 0)
		rc = nt_buf_add(&p->kept, ":", 1);
	return rc < 0 ? rc : nt_buf_add(&p->kept, value->p, value->len);
}

/* The value of the field, as it is written; a key that has escapes is good until the next string. */
static int read_value(struct nt_prompts *p, const struct nt_json_text *value, struct nt_prompt *prompt)
{
	struct nt_json j;
	struct nt_json_text s;
	nt_json_init(&j, value->p, value->len);
	int rc = nt_json_peek(&j);
	if (rc == '[') {
		prompt->text = NULL;
		rc = read_array(&p->ids, value);
	} else if (rc == '"') {
		rc = nt_json_read_string(&j, &s);
		p->string.len = 0;
		if (rc == 0)
			rc = nt_buf_add(&p->string, s.p, s.len);
		prompt->text = p->string.data ? p->string.data : (const uint8_t *)"";
		prompt->len = p->string.len;
	} else {
		rc = nt_fail(NT_EFORMAT, "field '%s' is neither a string nor an array of token ids", p->options.field);
	}
	nt_json_release(&j);
	prompt->id = prompt->text ? NULL : p->ids.id;
	prompt->n_id = prompt->text ? 0 : p->ids.n;
	return rc;
}

static int read_members(struct nt_prompts *p, struct nt_json *j, struct nt_prompt *prompt)
{
	struct nt_json_text key, value, found = {0};
	struct nt_buf name = {0}; /* a key with escapes does not outlive its value */
	int rc = nt_json_enter(j, '{');
	p->kept.len = 0;
	while (rc >= 0 && (rc = nt_json_key(j, &key)) > 0) {
		name.len = 0;
		rc = nt_buf_add(&name, key.p, key.len);
		key = (struct nt_json_text){name.data, name.len, false};
		if (rc == 0)
			rc = nt_json_skip(j, &value);
		if (rc == 0)
			rc = keep(p, &key, &value);
		if (rc == 0 && nt_json_is(&key, p->options.field))
			found = value;
	}
	nt_buf_release(&name);
	if (rc == 0)
		rc = nt_json_end(j);
	if (rc == 0 && !found.p)
		rc = nt_fail(NT_EFORMAT, "no field '%s'; name the one that holds the prompt with --field",
			     p->options.field);
	return rc < 0 ? rc : read_value(p, &found, prompt);
}

static int read_object(struct nt_prompts *p, const uint8_t *line, size_t len, struct nt_prompt *prompt)
{
	struct nt_json j;
	nt_json_init(&j, line, len);
	int rc = read_members(p, &j, prompt);
	nt_json_release(&j);
	return rc;
}

/* --- prompts ------------------------------------------------------------------------ */

/* What an object of this text alone would hold. */
static int keep_text(struct nt_prompts *p, const struct nt_prompt *prompt)
{
	p->kept.len = 0;
	int rc = nt_json_string(&p->kept, p->options.field, strlen(p->options.field));
	if (rc == 0 && prompt->text) {
		rc = nt_buf_add(&p->kept, ":", 1);
		return rc < 0 ? rc : nt_json_string(&p->kept, prompt->text, prompt->len);
	}
	for (size_t i = 0; rc == 0 && i < prompt->n_id; i++)
		rc = nt_buf_printf(&p->kept, "%s%u", i ? "," : ":[", prompt->id[i]);
	return rc < 0 ? rc : nt_buf_printf(&p->kept, prompt->n_id ? "]" : ":[]");
}

static int read_text(struct nt_prompts *p, const uint8_t *text, size_t len, struct nt_prompt *prompt)
{
	int rc = p->options.is_ids ? read_ids(&p->ids, text, len) : 0;
	if (p->options.is_ids) {
		prompt->id = p->ids.id;
		prompt->n_id = p->ids.n;
	} else {
		prompt->text = text;
		prompt->len = len;
	}
	return rc < 0 ? rc : keep_text(p, prompt);
}

static bool is_blank(const uint8_t *line, size_t len)
{
	while (len && is_space(line[len - 1]))
		len--;
	return len == 0;
}

/* The byte order mark that some editors of Windows put before the first line. */
static size_t mark_len(const struct nt_prompts *p, const uint8_t *line, size_t len)
{
	return nt_lines_count(p->lines) == 1 && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

static int next_line(struct nt_prompts *p, bool may_wait, const uint8_t **line, size_t *len)
{
	int rc;
	while ((rc = nt_lines_next(p->lines, may_wait, line, len)) == 1 && p->options.is_jsonl) {
		size_t mark = mark_len(p, *line, *len);
		*line += mark;
		*len -= mark;
		if (!is_blank(*line, *len))
			break;
	}
	return rc;
}

int nt_prompts_next(struct nt_prompts *p, bool may_wait, struct nt_prompt *prompt)
{
	const uint8_t *text = p->text;
	size_t len = p->len;
	*prompt = (struct nt_prompt){0};
	int rc = p->lines ? next_line(p, may_wait, &text, &len) : !p->is_done;
	if (rc != 1)
		return rc;
	p->is_done = true;
	prompt->line = p->lines ? nt_lines_count(p->lines) : 0;
	rc = p->lines && p->options.is_jsonl ? read_object(p, text, len, prompt) : read_text(p, text, len, prompt);
	if (rc == NT_EFORMAT || rc == NT_EARG)
		return nt_fail(p->lines ? NT_EFORMAT : NT_EARG, "%s: %s", nt_prompts_place(p), nt_errmsg());
	prompt->kept = p->kept.data;
	prompt->kept_len = p->kept.len;
	return rc < 0 ? rc : 1;
}

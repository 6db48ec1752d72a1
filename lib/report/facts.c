/* SPDX-License-Identifier: MIT */
/*
 * facts.c - what a run was told, as its checkpoint says
 *
 * trainer.json has the options under their names, config.json the model. Both are read
 * as text that people will look at: a member that is a list or an object is shown as it
 * is written, and a file that is damaged shows nothing rather than stopping a report.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/json.h"
#include "nt/err.h"
#include "nt/file.h"
#include "nt/model.h"
#include "report/run.h"

int nt_facts_add(struct report_facts *f, const char *key, size_t key_len, const char *value, size_t len)
{
	struct nt_json j;
	struct nt_json_text text = {(const uint8_t *)value, len, false};
	nt_json_init(&j, value, len);
	int rc = len && *value == '"' ? nt_json_read_string(&j, &text) : 0;
	if (rc == 0 && nt_json_is(&text, "null")) {
		nt_json_release(&j);
		return 0;
	}
	/* 0.4 was written with all its digits, so that it comes back the same */
	char number[32];
	bool is_number = len && (*value == '-' || (*value >= '0' && *value <= '9'));
	if (rc == 0 && is_number && len > 9 && memchr(value, '.', len)) {
		snprintf(number, sizeof(number), "%.9g", strtod(value, NULL));
		text = (struct nt_json_text){(const uint8_t *)number, strlen(number), false};
	}
	if (rc == 0)
		rc = nt_grow(&f->fact, &f->cap, f->n + 1, sizeof(*f->fact));
	if (rc == 0) {
		struct report_fact *a = &f->fact[f->n];
		*a = (struct report_fact){strndup(key, key_len), strndup((const char *)text.p, text.len)};
		if (a->key && a->value) {
			f->n++;
		} else {
			free(a->key);
			free(a->value);
			rc = nt_fail(NT_ESYS, "out of memory");
		}
	}
	nt_json_release(&j);
	return rc;
}

void nt_facts_release(struct report_facts *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->fact[i].key);
		free(f->fact[i].value);
	}
	free(f->fact);
	*f = (struct report_facts){0};
}

const char *nt_facts_find(const struct report_facts *f, const char *key)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->fact[i].key, key) == 0)
			return f->fact[i].value;
	return NULL;
}

/* The members of the object that comes next. */
static int read_object(struct report_facts *f, struct nt_json *j)
{
	struct nt_json_text key, value;
	int rc = nt_json_enter(j, '{');
	while (rc >= 0 && (rc = nt_json_key(j, &key)) > 0) {
		char *name = strndup((const char *)key.p, key.len); /* an escape in the value would move it */
		rc = name ? nt_json_skip(j, &value) : NT_ESYS;
		if (rc == 0)
			rc = nt_facts_add(f, name, strlen(name), (const char *)value.p, value.len);
		free(name);
	}
	return rc;
}

/* Of trainer.json its options, and which data it was. */
static int read_trainer(struct report_facts *f, struct nt_json *j)
{
	struct nt_json_text key;
	int rc = nt_json_enter(j, '{');
	while (rc >= 0 && (rc = nt_json_key(j, &key)) > 0)
		rc = nt_json_is(&key, "options") || nt_json_is(&key, "data") || nt_json_is(&key, "tokenizer")
			     ? read_object(f, j)
			     : nt_json_skip(j, NULL);
	return rc;
}

/* The file of that name in the newest step; NT_EFORMAT if there is none, or nothing in it. */
static int read_beside(struct nt_buf *text, const struct nt_run *r, const char *name)
{
	static const char *const place[] = {"latest/", ""};
	char path[4096];
	int rc = 0;
	text->len = 0;
	for (size_t i = 0; rc == 0 && text->len == 0 && i < 2; i++) {
		int n = snprintf(path, sizeof(path), "%s/%s%s", r->path, place[i], name);
		if (n > 0 && (size_t)n < sizeof(path) && access(path, R_OK) == 0)
			rc = nt_read_file(text, path);
	}
	return rc == 0 && text->len == 0 ? NT_EFORMAT : rc;
}

/* How large the model is, which its configuration says without saying it. */
static int add_parameters(struct report_facts *f, const struct nt_buf *config)
{
	struct nt_config c;
	char text[32];
	int rc = nt_config_parse(&c, config->data, config->len, "config.json");
	if (rc < 0)
		return rc;
	int n = snprintf(text, sizeof(text), "%zu", nt_config_n_param(&c));
	return nt_facts_add(f, "parameters", strlen("parameters"), text, (size_t)n);
}

int nt_facts_read(struct report_facts *f, const struct nt_run *r)
{
	struct nt_buf text = {0};
	struct nt_json j;
	int rc = read_beside(&text, r, "config.json");
	if (rc == 0)
		rc = add_parameters(f, &text);
	if (rc == 0 || rc == NT_EFORMAT)
		rc = read_beside(&text, r, "trainer.json");
	if (rc == 0) {
		nt_json_init(&j, text.data, text.len);
		rc = read_trainer(f, &j);
		nt_json_release(&j);
	}
	nt_buf_release(&text);
	return rc == NT_EFORMAT || rc == NT_EARG ? 0 : rc;
}

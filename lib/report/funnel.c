/* SPDX-License-Identifier: MIT */
/*
 * funnel.c - what became of the data, from bytes to tokens
 *
 * A manifest (docs/formats.md) has an entry a program. Each becomes a bar as long as the
 * share of the first one's bytes that is still there; where a program says no bytes, its
 * tokens or documents tell the share. Chains of several inputs stand one behind the
 * other, each from its own beginning. What else an entry holds is printed as it is: this
 * file knows no program.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "report/page.h"

enum { BYTES, DOCUMENTS, TOKENS, N_COUNT };
static const char *const count_name[] = {"bytes", "documents", "tokens"};

struct counts {
	double n[N_COUNT]; /* NaN: not said */
	bool is_from_files;
	char hash[40];
};

struct stage {
	char program[64];
	struct counts in, out;
	struct nt_buf words; /* options, and what else was counted */
};

static int read_counts(struct nt_json *j, struct counts *c)
{
	struct nt_json_text key, value;
	int rc = nt_json_enter(j, '{');
	while (rc >= 0 && (rc = nt_json_key(j, &key)) > 0) {
		size_t i = 0;
		bool is_hash = nt_json_is(&key, "hash");
		c->is_from_files |= nt_json_is(&key, "file_bytes");
		while (i < N_COUNT && !nt_json_is(&key, count_name[i]))
			i++;
		rc = nt_json_skip(j, &value);
		if (rc == 0 && i < N_COUNT && *value.p >= '0' && *value.p <= '9')
			c->n[i] = strtod((const char *)value.p, NULL);
		if (rc == 0 && is_hash)
			snprintf(c->hash, sizeof(c->hash), "%.*s", (int)(value.len < 39 ? value.len : 39),
				 (const char *)value.p);
	}
	return rc;
}

/* Adds "name value", strings without their quotes; of counts in an object those that are not 0. */
static int add_words(struct nt_json *j, const struct nt_json_text *key, struct nt_buf *words)
{
	struct nt_json_text value;
	int rc = nt_buf_printf(words, "%s%.*s ", words->len ? " \xc2\xb7 " : "", (int)key->len, (const char *)key->p);
	bool is_text = rc == 0 && nt_json_peek(j) == '"';
	if (rc == 0)
		rc = is_text ? nt_json_read_string(j, &value) : nt_json_skip(j, &value);
	return rc < 0 ? rc : nt_buf_add(words, value.p, value.len);
}

static int read_words(struct nt_json *j, struct nt_buf *words)
{
	struct nt_json_text key;
	int rc = nt_json_enter(j, '{');
	while (rc >= 0 && (rc = nt_json_key(j, &key)) > 0)
		rc = add_words(j, &key, words);
	return rc;
}

static int read_program(struct nt_json *j, struct stage *s)
{
	struct nt_json_text text;
	int rc = nt_json_read_string(j, &text);
	if (rc == 0)
		snprintf(s->program, sizeof(s->program), "%.*s", (int)(text.len < 63 ? text.len : 63),
			 (const char *)text.p);
	return rc;
}

static int read_stage(struct nt_json *j, struct stage *s)
{
	struct nt_json_text key;
	int rc = nt_json_enter(j, '{');
	s->words.len = 0;
	*s = (struct stage){.in.n = {NAN, NAN, NAN}, .out.n = {NAN, NAN, NAN}, .words = s->words};
	while (rc >= 0 && (rc = nt_json_key(j, &key)) > 0) {
		if (nt_json_is(&key, "program"))
			rc = read_program(j, s);
		else if (nt_json_is(&key, "in"))
			rc = read_counts(j, &s->in);
		else if (nt_json_is(&key, "out"))
			rc = read_counts(j, &s->out);
		else if (nt_json_peek(j) == '{')
			rc = read_words(j, &s->words);
		else if (nt_json_is(&key, "version"))
			rc = nt_json_skip(j, NULL);
		else
			rc = add_words(j, &key, &s->words);
	}
	return rc;
}

/* How much of what came was let through: at most 1, 1 if nothing tells. */
static double share_kept(const struct counts *in, const struct counts *out)
{
	static const int by[] = {BYTES, TOKENS, DOCUMENTS};
	for (size_t i = 0; i < N_COUNT; i++)
		if (in->n[by[i]] > 0 && out->n[by[i]] <= in->n[by[i]])
			return out->n[by[i]] / in->n[by[i]];
	return 1;
}

static void put_counts(struct report_markup *m, const struct counts *in, const struct counts *out)
{
	char text[SAY_BYTES];
	for (int i = 0; i < N_COUNT; i++) {
		nt_markup(m, "<td>%s", nt_say_whole(out->n[i], text));
		double lost = 1 - out->n[i] / in->n[i];
		if (lost > 0)
			nt_markup(m, "<small>&minus;%.2g&thinsp;%%</small>", 100 * lost);
		nt_markup(m, "</td>");
	}
}

static void put_stage(struct report_markup *m, const struct stage *s, double share)
{
	nt_markup(m, "<tr><th>");
	nt_markup_words(m, s->program);
	nt_markup(m, "<small>");
	nt_markup_text(m, (const char *)s->words.data, s->words.len);
	nt_markup(m, "</small></th><td class=\"bar\"><i style=\"width:%.4g%%\"></i></td>", 100 * share);
	put_counts(m, &s->in, &s->out);
	nt_markup(m, "</tr>\n");
}

/* Counts that an entry does not say are those that the one before let through. */
static void carry_on(struct counts *in, const struct counts *before)
{
	for (int i = 0; i < N_COUNT; i++)
		in->n[i] = isnan(in->n[i]) ? before->n[i] : in->n[i];
}

int nt_funnel_put(struct report_markup *m, const struct nt_buf *manifest)
{
	struct nt_json j;
	struct stage s = {0};
	struct counts before = {.n = {NAN, NAN, NAN}};
	double share = 1;
	nt_json_init(&j, manifest->data, manifest->len);
	nt_markup(m, "<table class=\"funnel\"><thead><tr><th>made by</th><th>of the text</th><th>bytes</th>"
		     "<th>documents</th><th>tokens</th></tr></thead>\n<tbody>\n");
	int rc = nt_json_enter(&j, '[');
	while (rc >= 0 && (rc = nt_json_more(&j)) > 0 && (rc = read_stage(&j, &s)) == 0) {
		bool begins = s.in.is_from_files || (*s.in.hash && strcmp(s.in.hash, before.hash) != 0);
		if (begins)
			share = 1;
		else
			carry_on(&s.in, &before);
		share *= share_kept(&s.in, &s.out);
		put_stage(m, &s, share);
		before = s.out;
	}
	nt_markup(m, "</tbody></table>\n");
	nt_buf_release(&s.words);
	nt_json_release(&j);
	return rc < 0 ? rc : 0;
}

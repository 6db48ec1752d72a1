/* SPDX-License-Identifier: MIT */
/*
 * settings.c - what the runs were told and ran on
 *
 * Of several runs, what differs is what somebody looks for: it comes first, a column a
 * run. What is the same is folded away behind it.
 */
#include <string.h>

#include "report/page.h"

struct table {
	struct report_markup *m;
	struct nt_run *const *run;
	const struct report_facts *facts;
	size_t n_run;
};

static const char *value_of(const struct table *t, size_t run, const char *key)
{
	const char *value = nt_facts_find(&t->facts[run], key);
	if (!value)
		value = nt_facts_find(&t->run[run]->machine, key);
	return value ? value : "";
}

static bool differs(const struct table *t, const char *key)
{
	for (size_t i = 1; i < t->n_run; i++)
		if (strcmp(value_of(t, 0, key), value_of(t, i, key)) != 0)
			return true;
	return false;
}

/* Is it the first run that has this key? Then the key is to be printed with it. */
static bool is_first(const struct table *t, size_t run, const char *key)
{
	for (size_t i = 0; i < run; i++)
		if (nt_facts_find(&t->facts[i], key) || nt_facts_find(&t->run[i]->machine, key))
			return false;
	return true;
}

static void put_key(const struct table *t, const char *key)
{
	for (; *key; key++)
		nt_markup_text(t->m, *key == '_' ? " " : key, 1);
}

/* A hash is told from another by its beginning; all of it is under the pointer. */
static void put_value(const struct table *t, const char *value)
{
	enum { LONG = 24, SHOWN = 12 };
	size_t n = strlen(value);
	bool is_hash = n >= LONG && strspn(value, "0123456789abcdef") == n;
	if (is_hash)
		nt_markup(t->m, "<abbr title=\"%s\">%.*s\xe2\x80\xa6</abbr>", value, SHOWN, value);
	else
		nt_markup_words(t->m, value);
}

/* A key with a value for each run, or with the one that all have. */
static void put_row(const struct table *t, const char *key, bool is_each)
{
	nt_markup(t->m, is_each ? "<tr><th>" : "<div><dt>");
	put_key(t, key);
	nt_markup(t->m, is_each ? "</th>" : "</dt>");
	for (size_t i = 0; i < (is_each ? t->n_run : 1); i++) {
		nt_markup(t->m, is_each ? "<td>" : "<dd>");
		put_value(t, value_of(t, i, key));
		nt_markup(t->m, is_each ? "</td>" : "</dd>");
	}
	nt_markup(t->m, is_each ? "</tr>\n" : "</div>\n");
}

/* Of all keys those that differ, or those that do not; returns their number. */
static size_t walk(const struct table *t, bool is_each, bool is_put)
{
	size_t n = 0;
	for (size_t i = 0; i < t->n_run; i++) {
		const struct report_facts *from[] = {&t->facts[i], &t->run[i]->machine};
		for (size_t k = 0; k < 2; k++)
			for (size_t f = 0; f < from[k]->n; f++) {
				const char *key = from[k]->fact[f].key;
				if (*from[k]->fact[f].value == 0 || !is_first(t, i, key) || differs(t, key) != is_each)
					continue;
				n++;
				if (is_put)
					put_row(t, key, is_each);
			}
	}
	return n;
}

static void put_differences(const struct table *t)
{
	nt_markup(t->m, "<div class=\"scroll\"><table class=\"settings\"><thead><tr><th></th>");
	for (size_t i = 0; i < t->n_run; i++) {
		nt_markup(t->m, "<th><i class=\"key c%zu\"></i>", i % 8);
		nt_markup_words(t->m, nt_run_label(t->run[i]));
		nt_markup(t->m, "</th>");
	}
	nt_markup(t->m, "</tr></thead>\n<tbody>\n");
	walk(t, true, true);
	nt_markup(t->m, "</tbody></table></div>\n");
}

void nt_settings_put(struct report_markup *m, struct nt_run *const *run, const struct report_facts *facts,
		     size_t n_run)
{
	struct table t = {m, run, facts, n_run};
	size_t n_different = walk(&t, true, false), n_same = walk(&t, false, false);
	if (n_different + n_same == 0)
		return;
	nt_markup(m, "<section>\n<h2>%s</h2>\n", n_run > 1 ? "Settings that differ" : "Settings and machine");
	if (n_different)
		put_differences(&t);
	if (n_same && n_run > 1)
		nt_markup(m, "<details><summary>%zu that are the same</summary>\n", n_same);
	nt_markup(m, "<dl class=\"facts\">\n");
	walk(&t, false, true);
	nt_markup(m, "</dl>\n%s</section>\n", n_same && n_run > 1 ? "</details>\n" : "");
}

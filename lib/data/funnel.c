/* SPDX-License-Identifier: MIT */
/*
 * funnel.c - a manifest as a funnel: what each program let through, of what came
 *
 * A line of columns for each program, and below it, in words, its options, what else it counted
 * and which text it handed on.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "data/table.h"
#include "nt/err.h"

static const char *const column[] = {"bytes", "documents", "tokens"};
enum { N_COLUMN = sizeof(column) / sizeof(*column), PAGE_WIDTH = 80, INDENT = 6, GAP = 10 };

/* What was let through, and the share of what came that was lost: "790001  -3.2 %". The gap
 * is the room before the next column. */
static int add_column(struct nt_buf *out, int *gap, json_object *in, json_object *let_through)
{
	char number[24] = "-", share[16] = "";
	double before = in ? json_object_get_double(in) : 0;
	uint64_t n = let_through ? json_object_get_uint64(let_through) : 0;
	if (let_through && n < 1000000000000)
		snprintf(number, sizeof(number), "%" PRIu64, n);
	else if (let_through)
		snprintf(number, sizeof(number), "%.3f T", (double)n / 1e12);
	if (let_through && (double)n < before)
		snprintf(share, sizeof(share), "-%.3g %%", 100 * (1 - (double)n / before));
	int rc = nt_buf_printf(out, "%*s%12s%s%s", *gap, "", number, *share ? "  " : "", share);
	*gap = GAP - (*share ? 2 + (int)strlen(share) : 0);
	return rc;
}

/* --- in words --------------------------------------------------------------------- */

static bool is_one_of(const char *key, const char *const *word, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (strcmp(key, word[k]) == 0)
			return true;
	return false;
}

/* " by=unit" */
static int add_word(struct nt_buf *words, const char *key, json_object *value)
{
	int rc = nt_buf_printf(words, " %s=", key);
	return rc < 0 ? rc : nt_table_value(words, value);
}

/* Adds what stands in no column: " by=unit", " units=3 of 4". */
static int add_words(struct nt_buf *words, json_object *o, json_object *came)
{
	int rc = 0;
	json_object_object_foreach(o, key, value)
	{
		json_object *before = nt_table_member(came, key);
		if (rc < 0 || strcmp(key, "hash") == 0 || is_one_of(key, column, N_COLUMN))
			continue;
		if (json_object_is_type(value, json_type_object)) { /* --json has it whole */
			rc = nt_buf_printf(words, " %s=%d", key, json_object_object_length(value));
			continue;
		}
		rc = add_word(words, key, value);
		if (rc == 0 && before && !json_object_equal(before, value)) {
			rc = nt_buf_printf(words, " of ");
			rc = rc < 0 ? rc : nt_table_value(words, before);
		}
	}
	return rc;
}

/* Adds what else was counted: " dropped: short=12"; what is 0 is not worth a word. */
static int add_counts(struct nt_buf *words, json_object *entry)
{
	static const char *const told[] = {"program", "version", "options", "in", "out"};
	int rc = 0;
	json_object_object_foreach(entry, name, counts)
	{
		if (rc < 0 || is_one_of(name, told, sizeof(told) / sizeof(*told)))
			continue;
		if (!json_object_is_type(counts, json_type_object)) {
			rc = add_word(words, name, counts);
			continue;
		}
		rc = nt_buf_printf(words, " %s:", name);
		json_object_object_foreach(counts, key, value)
			if (rc == 0 && json_object_get_double(value) != 0)
				rc = add_word(words, key, value);
	}
	return rc;
}

/* All of it: options, counts, and which text came out, or came. */
static int describe_entry(struct nt_buf *words, json_object *entry)
{
	json_object *in = nt_table_object(entry, "in"), *out = nt_table_object(entry, "out");
	json_object *options = nt_table_object(entry, "options");
	json_object *text = nt_table_member(out, "hash") ? nt_table_member(out, "hash") : nt_table_member(in, "hash");
	int rc = options ? add_words(words, options, NULL) : 0;
	if (rc == 0 && out)
		rc = add_words(words, out, in);
	if (rc == 0)
		rc = add_counts(words, entry);
	return rc < 0 || !text ? rc : add_word(words, "text", text);
}

/* Lines as long as the page; a word that is longer has one to itself. */
static int add_page(struct nt_buf *out, const char *words)
{
	size_t at = 0;
	int rc = 0;
	for (const char *end; rc == 0 && *words; words = end) {
		words += *words == ' ';
		size_t len = (size_t)((end = strchrnul(words, ' ')) - words);
		if (at == 0 || at + 1 + len > PAGE_WIDTH) {
			rc = nt_buf_printf(out, "%s%*s", at ? "\n" : "", INDENT, "");
			at = INDENT;
		} else {
			rc = nt_buf_add(out, " ", 1);
			at++;
		}
		if (rc == 0)
			rc = nt_buf_add(out, words, len);
		at += len;
	}
	return rc == 0 && at ? nt_buf_add(out, "\n", 1) : rc;
}

/* --- a line a program ------------------------------------------------------------- */

/* Chains of several inputs stand one behind the other. One begins with text that is not what
 * the program before let through, or with files. */
static bool begins_chain(json_object *in, json_object *before)
{
	json_object *hash = nt_table_member(in, "hash");
	return before && (nt_table_member(in, "file_bytes") ||
			  (hash && !json_object_equal(hash, nt_table_member(before, "hash"))));
}

/* The program's name, in a column. words: room to put some together. */
static int add_program(struct nt_buf *out, json_object *entry, bool is_first, struct nt_buf *words)
{
	words->len = 0;
	int rc = nt_table_value(words, nt_table_member(entry, "program"));
	nt_printable(words->data, words->len);
	return rc < 0 ? rc : nt_buf_printf(out, "%c %-12.*s", is_first ? '+' : ' ', (int)words->len, (char *)words->data);
}

/* What a program let through, of what came: from `before`, what the one before it did, if it does
 * not say. */
static int add_entry(struct nt_buf *out, json_object *entry, json_object *before, struct nt_buf *words)
{
	json_object *in = nt_table_object(entry, "in"), *let_through = nt_table_object(entry, "out");
	int gap = 0, rc = add_program(out, entry, begins_chain(in, before), words);
	for (size_t k = 0; rc == 0 && k < N_COLUMN; k++)
		rc = add_column(out, &gap, nt_table_member(in ? in : before, column[k]),
				nt_table_member(let_through, column[k]));
	if (rc == 0)
		rc = nt_buf_add(out, "\n", 1);
	words->len = 0;
	if (rc == 0)
		rc = describe_entry(words, entry);
	if (rc < 0 || words->len == 0)
		return rc;
	nt_printable(words->data, words->len);
	rc = nt_buf_add(words, "", 1);
	return rc < 0 ? rc : add_page(out, (const char *)words->data);
}

int nt_table_funnel(struct nt_buf *out, json_object *manifest)
{
	struct nt_buf words = {0};
	json_object *before = NULL;
	int rc = nt_buf_printf(out, "%-14s%12s", "made by", column[0]);
	for (size_t k = 1; rc == 0 && k < N_COLUMN; k++)
		rc = nt_buf_printf(out, "%*s", GAP + 12, column[k]);
	if (rc == 0)
		rc = nt_buf_add(out, "\n", 1);
	for (size_t i = 0; i < json_object_array_length(manifest) && rc == 0; i++) {
		json_object *entry = json_object_array_get_idx(manifest, i);
		rc = add_entry(out, entry, before, &words);
		before = nt_table_object(entry, "out");
	}
	nt_buf_release(&words);
	return rc;
}

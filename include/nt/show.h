/* SPDX-License-Identifier: MIT */
#ifndef NT_SHOW_H
#define NT_SHOW_H
/*
 * nt/show.h - what a model made of a text, for people and for programs
 *
 * A table for people: a line a target, tokens in quotes, special ones bare ([B] and [E]
 * where they differ), the running sum at the right. TSV: the columns of docs/cli.md,
 * where bytes outside printable ASCII and the backslash are \xNN, so that undoing is one
 * rule. JSON: one object a document. Numbers that are not finite are null in JSON and nan
 * or inf elsewhere.
 */
#include <stdbool.h>
#include <stdint.h>

#include "nt/file.h"
#include "nt/model.h"

/*
 * How ids are written: a model knows numbers only, so whoever has the tokenizer says.
 * text: the bytes of an id, *len of them, valid until the next call; mark: the name of a
 * special token, NULL for any other id. Both NULL: ids stand for themselves, as text "".
 */
struct nt_show_tokens {
	const void *vocabulary; /* handed to both, borrowed */
	const uint8_t *(*text)(const void *vocabulary, uint32_t id, size_t *len);
	const char *(*mark)(const void *vocabulary, uint32_t id);
	uint32_t bos, eos; /* [B] and [E], shown so in the table where they differ */
};

enum nt_show_form { NT_SHOW_TABLE, NT_SHOW_TSV, NT_SHOW_JSON };

/* One document and its scores. */
struct nt_score_of {
	uint64_t number;                /* from 0 */
	const char *source;
	const uint32_t *id;             /* [n] */
	size_t n;
	const struct nt_scored *scored; /* [n - 1] */
	uint64_t bytes;                 /* of text behind the targets; 0: not known */
};

struct nt_totals {
	const char *source; /* their source's name, or NULL: of all */
	double nats;
	uint64_t documents, targets, bytes;
};

struct nt_show;

/* out is borrowed. */
int nt_show_new(struct nt_show **s, struct nt_out *out, const struct nt_show_tokens *tokens,
		enum nt_show_form form, bool has_color);
void nt_show_free(struct nt_show *s); /* NULL is harmless */

int nt_show_header(struct nt_show *s); /* before the first document: TSV has one */
int nt_show_document(struct nt_show *s, const struct nt_score_of *doc);
/* source[n_source]: the same for each source, where they have names; not in TSV. */
int nt_show_total(struct nt_show *s, const struct nt_totals *sum, const struct nt_totals *source,
		  size_t n_source);

#endif

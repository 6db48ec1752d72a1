/* SPDX-License-Identifier: MIT */
#ifndef NT_SHOW_H
#define NT_SHOW_H
/*
 * nt/show.h - what a model made of a text, for people and for programs
 *
 * A table for people: a line a target, tokens in quotes, special ones bare ([B] and [E]
 * where they differ), the running sum at the right. TSV: the columns of docs/cli.md,
 * where bytes outside printable ASCII and the backslash are \xNN, so that undoing is one
 * rule. JSON: one object a document. A page: an HTML file that needs nothing else and asks
 * for nothing, tokens shaded by what they cost, their strongest rivals under the pointer.
 * Numbers that are not finite are null in JSON and nan or inf elsewhere.
 */
#include <stdbool.h>
#include <stdint.h>

#include "nt/file.h"
#include "nt/generate.h"
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

/* One document and its scores. */
struct nt_score_of {
	uint64_t number;                /* from 0 */
	const char *source;
	const uint32_t *id;             /* [n] */
	size_t n;
	const struct nt_scored *scored; /* [n - 1] */
	uint64_t bytes;                 /* of text behind the targets; 0: not known */
};

/* --- totals ----------------------------------------------------------------------- */

struct nt_totals {
	const char *source; /* their source's name, or NULL: of all */
	double nats;
	uint64_t documents, targets, bytes;
};

/* All of it, by source, and by how much stood before a target. Start with {0}. */
struct nt_score_sums {
	struct nt_totals sum;
	struct nt_totals *source; /* [n_source], in the order they came; names are copies */
	size_t n_source, cap;
	const struct nt_position_sum *position; /* of nt_scorer_positions, or NULL: not known */
};

/* Gives a source what came to the sum since it was `before`. */
int nt_score_sums_add(struct nt_score_sums *t, const char *source, const struct nt_totals *before);
void nt_score_sums_release(struct nt_score_sums *t); /* harmless twice */

/* --- one way to show it --------------------------------------------------------------- */

enum nt_show_form { NT_SHOW_TABLE, NT_SHOW_TSV, NT_SHOW_JSON, NT_SHOW_PAGE };

struct nt_show_options {
	enum nt_show_form form;
	bool has_color;
	const char *title; /* of a page */
};

struct nt_show;

/* out is borrowed, and so is the title. */
int nt_show_new(struct nt_show **s, struct nt_out *out, const struct nt_show_tokens *tokens,
		const struct nt_show_options *options);
void nt_show_free(struct nt_show *s); /* NULL is harmless */

int nt_show_header(struct nt_show *s); /* before the first document: TSV and pages have one */
int nt_show_document(struct nt_show *s, const struct nt_score_of *doc);
/* The end of a page, and what the others have for totals; by source if there are several, and
 * by position, but not in TSV. */
int nt_show_total(struct nt_show *s, const struct nt_score_sums *tally);

/* --- choices -------------------------------------------------------------------------- */

/* One question, answered by the continuation with the highest log p, or log p per byte. */
struct nt_chosen {
	uint64_t number;                /* from 0 */
	const char *source;
	const struct nt_choice *choice; /* [n_choice], weighed */
	size_t n_choice;
	size_t answer;                  /* the right one; SIZE_MAX: not known */
};

struct nt_choice_totals {
	uint64_t items, answered, right, right_by_byte;
};

double nt_nats_per_byte(const struct nt_choice *c);
/* The choice with the least nats, or nats per byte; of equal ones the first. */
size_t nt_chosen_best(const struct nt_chosen *c, bool by_byte);
void nt_chosen_count(struct nt_choice_totals *t, const struct nt_chosen *c);
/* A share of n, and its standard error, as lm-evaluation-harness has it: sqrt(p (1 - p) / (n - 1)). */
double nt_share_error(uint64_t n_right, uint64_t n);

int nt_show_choices_header(struct nt_show *s); /* TSV has one */
int nt_show_choices(struct nt_show *s, const struct nt_chosen *c);
int nt_show_choices_total(struct nt_show *s, const struct nt_choice_totals *t);

#endif

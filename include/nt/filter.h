/* SPDX-License-Identifier: MIT */
#ifndef NT_FILTER_H
#define NT_FILTER_H
/*
 * nt/filter.h - documents by rule
 *
 * A rule measures a document and drops it if the measure lies on the wrong side of a
 * threshold. The published rules (Gopher, C4, FineWeb) have the names, the definitions and
 * the thresholds of datatrove's filters, which take text as Python's str does: characters
 * are code points, and white space, letters and lines are what str.isspace, str.isalpha and
 * str.splitlines say. A byte that is not UTF-8 counts as one U+FFFD. docs/data.md has the
 * rules in one table, and says where a definition had to differ.
 *
 * A text is never changed. C4 takes lines out of a page; here its rules for lines decide
 * which lines count when sentences are counted.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/docs.h"
#include "nt/mem.h"
#include "nt/pool.h"

enum nt_rule_sense {
	NT_RULE_MIN,   /* dropped if the measure is below the threshold */
	NT_RULE_MAX,   /* dropped if it is above */
	NT_RULE_NONE,  /* dropped if there is any: no threshold */
	NT_RULE_LINE,  /* a line is left out of account: C4's rules for lines */
	NT_RULE_SETTING, /* drops nothing: a number in other rules' definitions */
};

struct nt_filter_rule {
	const char *family; /* length characters gopher_quality gopher_repetition c4 mc4 fineweb */
	const char *name;
	enum nt_rule_sense sense;
	bool has_value;
	double value;       /* the threshold, as published; of a rule of nobody's, NAN: it has none of its own */
	const char *what;   /* one clause, no full stop */
};

/* Rules in the order in which they are asked; the first that drops a document is the reason.
 * What costs little comes first. NULL behind the last. */
const struct nt_filter_rule *nt_filter_rule(size_t i);

/* Which rules, at which thresholds. Made, then not changed any more: threads may share it. */
struct nt_filter;
struct nt_filter *nt_filter_new(void); /* no rule is on; NULL: out of memory */
void nt_filter_free(struct nt_filter *f); /* NULL is harmless */

/* Switches on or off what `name` says: a rule, a family, `gopher` (two of them) or `all` that
 * have a threshold. NT_EARG: there is no such name. */
int nt_filter_switch(struct nt_filter *f, const char *name, bool on);
/* Sets a threshold, and switches its rule on. */
int nt_filter_set(struct nt_filter *f, const char *name, double value);
bool nt_filter_is_on(const struct nt_filter *f, size_t rule);
double nt_filter_value(const struct nt_filter *f, size_t rule);

/* A judge is one thread's memory, which is about 10 times the longest document. */
struct nt_judge;
struct nt_judge *nt_judge_new(const struct nt_filter *f); /* borrows f */
void nt_judge_free(struct nt_judge *j); /* NULL is harmless */

struct nt_verdict {
	int rule;         /* that dropped the document; -1: it is kept */
	double value;     /* what that rule measured */
	size_t n_invalid; /* bytes that are not UTF-8 */
};
int nt_judge_text(struct nt_judge *j, const void *text, size_t len, struct nt_verdict *verdict);

/* A document and what became of it. Valid until the sink returns. */
struct nt_judged {
	const uint8_t *text; /* [len] */
	size_t len;
	const char *source;
	const uint8_t *line; /* [line_len] the JSON line it came from, if docs keeps them; else NULL */
	size_t line_len;
	struct nt_verdict verdict;
	uint64_t input_bytes; /* nt_docs_bytes when it had been read */
};

/*
 * Judges every document of docs and hands it to sink, in order, one after the other. A
 * negative return of sink ends it and is handed on. The same calls at any size of pool.
 */
int nt_filter_docs(const struct nt_filter *f, struct nt_docs *docs, struct nt_pool *pool,
		   int (*sink)(void *arg, const struct nt_judged *doc), void *arg);

/* Documents that went one way, and how much text they are. */
struct nt_filter_sum {
	uint64_t documents, bytes;
};

/* What became of documents, for whoever calls to count. */
enum { NT_FILTER_RULES = 128 }; /* more than there are */
struct nt_filter_counts {
	struct nt_filter_sum in, kept;
	struct nt_filter_sum by_rule[NT_FILTER_RULES]; /* dropped */
	struct nt_filter_sum by_other;                 /* dropped by no rule ... */
	const char *other;                             /* ... but by what is called this; NULL: there is no such thing */
};

/* Each of these adds text to out: NT_ESYS is all that can happen. A table of all rules, with tabs
 * and a line of names: */
int nt_filter_list(struct nt_buf *out, const struct nt_filter *f);

/* A line of such a table for each document, counted from 0, and why it was dropped. */
struct nt_filter_reason {
	const char *rule; /* NULL: it is kept */
	double value, threshold; /* measured, and allowed; not finite: there is none */
};
int nt_filter_explain_names(struct nt_buf *out);
int nt_filter_explain(struct nt_buf *out, uint64_t doc, const char *source, const struct nt_filter_reason *why);

/* A JSON object of all counts, and of every rule that was asked the threshold. */
int nt_filter_report(struct nt_buf *out, const struct nt_filter *f, const struct nt_filter_counts *c);
/* Members of an object, "rule": threshold (true: it has none), or how many documents it dropped. */
int nt_filter_thresholds(struct nt_buf *out, const struct nt_filter *f);
int nt_filter_dropped(struct nt_buf *out, const struct nt_filter *f, const struct nt_filter_counts *c);

#endif

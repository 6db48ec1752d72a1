/* SPDX-License-Identifier: MIT */
#ifndef TEXT_NORMALIZE_H
#define TEXT_NORMALIZE_H
/*
 * normalize.h - what is done to text before it is cut
 *
 * A list of steps, as tokenizer.json names them, each working on what the one before has
 * made. The list is immutable; each thread has a workspace of its own.
 */
#include "text/match.h"
#include "text/normal.h"
#include "text/stretch.h"

enum nt_normalizer_kind {
	NT_NORMALIZE_FORM,    /* NFC, NFD, NFKC, NFKD */
	NT_NORMALIZE_LOWER,
	NT_NORMALIZE_STRIP,   /* white space at the ends */
	NT_NORMALIZE_ACCENTS, /* drops marks */
	NT_NORMALIZE_NMT,     /* drops controls, makes other blanks spaces */
	NT_NORMALIZE_REPLACE,
	NT_NORMALIZE_PREPEND, /* unless there is no text */
};

struct nt_normalizer {
	enum nt_normalizer_kind kind;
	enum nt_normal_form form;
	bool strips_left, strips_right;
	struct nt_matcher matcher; /* what REPLACE replaces ... */
	char *content;             /* ... by [content_len]; what PREPEND prepends; owned */
	size_t content_len;
};

void nt_normalizer_release(struct nt_normalizer *n); /* harmless twice */

struct nt_normalizing {
	const struct nt_normalizer *step; /* [n], borrowed */
	size_t n;
	struct nt_finder *finder;     /* [n], of the steps that replace */
	struct nt_rewrite rewrite[2]; /* one is read while the other is written */
};

int nt_normalizing_init(struct nt_normalizing *w, const struct nt_normalizer *step, size_t n);
void nt_normalizing_release(struct nt_normalizing *w); /* harmless twice */

/* *out is `in` after all steps, valid until the next call, or `in` itself. */
int nt_normalize(struct nt_normalizing *w, const struct nt_stretch *in, struct nt_stretch *out);

#endif

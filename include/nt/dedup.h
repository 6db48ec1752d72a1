/* SPDX-License-Identifier: MIT */
#ifndef NT_DEDUP_H
#define NT_DEDUP_H
/*
 * nt/dedup.h - dropping what was there before
 *
 * Two units are the same if the XXH3_128 of their ids is; the first stays, wherever it
 * stands, and the order of what stays does not change. Among n different units the
 * chance that any is lost to a collision is n^2 / 2^129: 10^-15 for 10^11 of them.
 */
#include <stdint.h>

#include "nt/stream.h"

enum nt_dedup_by {
	NT_DEDUP_UNIT,     /* the units of the stream: paragraphs, as nt-tokenize cuts them */
	NT_DEDUP_DOCUMENT, /* whole documents, whatever their units */
	NT_DEDUP_LINE,     /* lines inside the units */
};

/* What NT_DEDUP_LINE must know about a token: */
enum {
	NT_TOKEN_BREAK = 1, /* its bytes hold a line break: a line ends behind it */
	NT_TOKEN_BLANK = 2, /* its bytes are white space alone */
};

struct nt_dedup_options {
	enum nt_dedup_by by;
	/* [vocab_size], for NT_DEDUP_LINE only; must outlive the nt_dedup. A line of blank
	 * tokens alone is compared with nothing: it stays if the line before it stays. */
	const uint8_t *token_flags;
	/* [vocab_size] bytes each id stands for, to know the bytes of what is dropped; or NULL */
	const uint32_t *token_bytes;
};

struct nt_dedup_counts {
	struct nt_stream_counts in, kept; /* source_bytes: see below */
	uint64_t compared, repeated;      /* units, documents or lines, as `by` says */
	uint64_t dropped_bytes;           /* from token_bytes */
};

struct nt_dedup;
int nt_dedup_new(struct nt_dedup **d, const struct nt_dedup_options *options);

/*
 * Returns 1 with what is left of doc in *kept (valid until the next call, and as long as
 * doc is), 0 if nothing is left of it, or NT_ESYS. A document of no token at all stays.
 */
int nt_dedup_next(struct nt_dedup *d, struct nt_tokens *kept, const struct nt_tokens *doc);
const struct nt_dedup_counts *nt_dedup_counts(const struct nt_dedup *d);
void nt_dedup_free(struct nt_dedup *d); /* NULL is harmless */

#endif

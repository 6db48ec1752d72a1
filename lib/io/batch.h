/* SPDX-License-Identifier: MIT */
#ifndef IO_BATCH_H
#define IO_BATCH_H
/*
 * batch.h - documents read ahead, in groups that are worth a task each
 *
 * How documents fall into batches and groups depends on their sizes alone.
 */
#include <stdbool.h>

#include "nt/docs.h"
#include "nt/mem.h"

struct nt_batch_doc {
	const uint8_t *text; /* [len] */
	size_t len;
	const char *source;
	const uint8_t *line; /* [line_len] of JSON, if the source keeps them; else NULL */
	size_t line_len;
	size_t before; /* bytes of the document in parts that came before this one */
	bool goes_on;  /* the next one is more of this document */
};

/* Documents [first, first + n) of the batch. */
struct nt_batch_group {
	size_t first, n;
};

struct nt_batch {
	struct nt_batch_doc *doc; /* [n_doc] */
	size_t n_doc, doc_cap;
	struct nt_batch_group *group; /* [n_group] */
	size_t n_group, group_cap;
	struct nt_buf bytes; /* what the batch had to copy */
	size_t *place;       /* [n_doc][3] of text, source and line in bytes, while it grows */
	size_t place_cap;
	size_t most;    /* bytes that a batch should hold; 0: 8 MiB */
	size_t before;  /* bytes of the document that the last part was one of, if it goes on */
	bool is_copied; /* all of it: more may be read while it is in use */
};

/* Fills the batch: 1, or 0 when there are no more documents, or a negative enum nt_err. What
 * it points to is valid until the next call. */
int nt_batch_read(struct nt_batch *b, struct nt_docs *docs);
void nt_batch_release(struct nt_batch *b); /* harmless twice */

#endif

/* SPDX-License-Identifier: MIT */
#ifndef NT_DOCS_H
#define NT_DOCS_H
/*
 * nt/docs.h - documents out of files
 *
 * A source walks its operands in order (a directory: its files, sorted by name, deeper
 * ones included), undoes compression and archives by what the bytes say, never by the
 * name alone, and hands out one document at a time.
 *
 * What ends a document needs evidence (docs/cli.md, "Documents and units"): a file
 * operand, an archive member, a JSON line, a NUL, or the delimiter that was asked for.
 */
#include <stddef.h>
#include <stdint.h>

#include "nt/mem.h"

struct nt_docs;

struct nt_docs_options {
	const char *split;       /* auto none line blank nul jsonl, or a delimiter; NULL: auto */
	const char *const *field; /* [n_field] JSON fields joined into the text; */
	size_t n_field;           /* 0: "text" */
};

/* Pointers are valid until the next nt_docs_next. */
struct nt_doc {
	const uint8_t *text; /* [len], any bytes */
	size_t len;
	const char *source;  /* where it came from: "corpus/a.jsonl:17", "standard input" */
	const char *id;      /* the "id" of a JSON line, else NULL */
};

/* operand[n]; n = 0 reads standard input. The strings must outlive the source. */
int nt_docs_open(struct nt_docs **docs, const struct nt_docs_options *options,
		 char *const *operand, size_t n);

/* Returns 1 with a document, 0 at the end, or a negative enum nt_err. */
int nt_docs_next(struct nt_docs *docs, struct nt_doc *doc);

/* Bytes read from the operands so far, and their total size where it is known, else 0. */
uint64_t nt_docs_bytes(const struct nt_docs *docs);
uint64_t nt_docs_total(const struct nt_docs *docs);

/* A sentence about what --split=auto decided for a stream, once it has; else NULL. */
const char *nt_docs_remark(const struct nt_docs *docs);

void nt_docs_close(struct nt_docs *docs); /* NULL is harmless */

#endif

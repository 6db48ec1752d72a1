/* SPDX-License-Identifier: MIT */
#ifndef NT_ENCODE_H
#define NT_ENCODE_H
/*
 * nt/encode.h - whole sources of documents to ids, on all threads, in order
 */
#include <stdbool.h>

#include "nt/docs.h"
#include "nt/pool.h"
#include "nt/stream.h"
#include "nt/tokenizer.h"

struct nt_encode_options {
	unsigned flags; /* NT_ALLOW_SPECIAL */
	bool strict;    /* bytes that are not UTF-8 are NT_EFORMAT, with their place */
};

/* A document, or a part of one. Valid until the sink returns. */
struct nt_encoded {
	struct nt_tokens tokens;
	const uint8_t *text;  /* [bytes] */
	size_t bytes;
	size_t n_invalid;     /* of them not UTF-8 */
	const char *source;   /* where the text came from */
	uint64_t input_bytes; /* nt_docs_bytes when it had been read; more may be read meanwhile */
	bool begins;          /* it is the document's beginning ... */
	bool goes_on;         /* ... and not its end: what comes next is more, of the last unit too */
};

/*
 * Lets long documents come in parts, where t can be asked for the ids of one part without the
 * others: then they need not be in memory whole, and several threads can work on one. For
 * nt_docs_open; t must live as long as the source.
 */
void nt_encode_parts(const struct nt_tokenizer *t, struct nt_docs_options *how);

/*
 * Encodes every document of docs and hands it to sink, in order, on some thread, one after the
 * other. A negative return of sink ends it and is handed on. The same calls at any size of
 * pool (NULL: one thread).
 */
int nt_encode_docs(const struct nt_tokenizer *t, struct nt_docs *docs,
		   const struct nt_encode_options *options, struct nt_pool *pool,
		   int (*sink)(void *arg, const struct nt_encoded *doc), void *arg);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef IO_READER_H
#define IO_READER_H
/*
 * reader.h - the documents of one operand after the other
 *
 * What nt/docs.h promises, without the order of operands: docs.c has one reader, or one for
 * each thread.
 */
#include "io/input.h"
#include "nt/docs.h"

struct nt_reader;

/* What was met in all operands so far. */
struct nt_reader_counts {
	struct nt_input_tally input;
	uint64_t bytes;      /* read from operands */
	uint64_t delimiters; /* met */
	uint64_t lines;      /* of JSON that --where was asked about ... */
	uint64_t unwanted;   /* ... and those it passed over */
	bool has_text;       /* a document with a byte was handed out */
};

/* options, and what they point to, must outlive the reader. */
int nt_reader_new(struct nt_reader **r, const struct nt_docs_options *options);
int nt_reader_open(struct nt_reader *r, const char *path);
int nt_reader_next(struct nt_reader *r, struct nt_doc *doc); /* 1, 0 behind the last, or an error */
void nt_reader_counts(const struct nt_reader *r, struct nt_reader_counts *counts);
const char *nt_reader_remark(const struct nt_reader *r); /* the latest, or NULL */
void nt_reader_reset(struct nt_reader *r); /* as if nothing had been read */
bool nt_reader_is_plain(const struct nt_reader *r); /* of its member nothing is undone or parsed */
bool nt_reader_has_delimiter(const struct nt_reader *r); /* of the caller's own */
void nt_reader_free(struct nt_reader *r); /* NULL is harmless */

/* a += b */
void nt_reader_add(struct nt_reader_counts *a, const struct nt_reader_counts *b);

#endif

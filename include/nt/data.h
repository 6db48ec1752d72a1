/* SPDX-License-Identifier: MIT */
#ifndef NT_DATA_H
#define NT_DATA_H
/*
 * nt/data.h - NTD1, the token file that training maps (docs/formats.md)
 *
 * One or more segments; `cat a.bin b.bin` is a data file. In a file of documents
 * (kind 1) every document is [B] text [E], one after the other. In a file of rows
 * (kind 2) every row has row_len tokens: fragments of documents and padding behind.
 * A fragment that goes on with a document begins with the last tokens of the one before
 * it, one unless nt-pack was told more, which are no targets there: so over all rows
 * every target is predicted exactly once.
 *
 * A write can have a name, that of the source of its documents; a file of several writes
 * may have several.
 */
#include <stddef.h>
#include <stdint.h>

#include "nt/file.h"
#include "nt/ident.h"
#include "nt/stream.h"

enum nt_data_kind { NT_DATA_DOCUMENTS = 1, NT_DATA_ROWS = 2 };

/* A span of one document inside a row. */
struct nt_fragment {
	uint64_t row;       /* number of the row in the file */
	uint32_t start, len; /* its place in the row, tokens */
	uint64_t doc;       /* number of the document ... */
	uint64_t doc_offset; /* ... and of the fragment's first token in it; 0 is [B] */
	uint32_t context;   /* its tokens that are no targets, the first of them all; 0: 1 */
};

struct nt_data;

/* 1 if the file, or standard input where it is a file ("-"), begins as a data file does; 0 if
 * not, and for what cannot be looked into beforehand: a pipe, a directory, nothing. NT_ESYS
 * where reading it fails. */
int nt_data_is(const char *path);

/* Checks header, footer, directory and indexes of every segment; token bytes are checked
 * when they are first read, or all of them by verify. */
int nt_data_open(struct nt_data **d, const char *path); /* "-" if standard input is a file */
int nt_data_verify(const struct nt_data *d); /* every hash of every segment; NT_EFORMAT names the place */
void nt_data_close(struct nt_data *d); /* NULL is harmless */

const char *nt_data_name(const struct nt_data *d); /* what messages call it; belongs to d */
const struct nt_ident *nt_data_ident(const struct nt_data *d); /* belongs to d */
enum nt_data_kind nt_data_kind(const struct nt_data *d);
uint32_t nt_data_row_len(const struct nt_data *d);   /* 0 for documents */
uint64_t nt_data_n_token(const struct nt_data *d);   /* over all segments, padding included */
uint64_t nt_data_n_doc(const struct nt_data *d);     /* documents (kind 1 and 2) */
uint64_t nt_data_n_row(const struct nt_data *d);     /* 0 for documents */
uint64_t nt_data_n_fragment(const struct nt_data *d);
uint64_t nt_data_source_bytes(const struct nt_data *d); /* bytes of text behind it; 0: not known */
/* XXH3_128 over the segments' token hashes, lo first: which data this is. */
void nt_data_hash(const struct nt_data *d, uint8_t hash[16]);

/* Document i of kind 1 is tokens [*start, *start + *len) of the file, [B] and [E] included. */
int nt_data_doc(const struct nt_data *d, uint64_t i, uint64_t *start, uint64_t *len);
/* Fragment i of kind 2, ordered by row and start. */
int nt_data_fragment(const struct nt_data *d, uint64_t i, struct nt_fragment *f);

/* The same of either kind, for whoever only wants to know which tokens belong together: document i or
 * fragment i is tokens [start, start + len) of the file, of which the first n_context are no targets. */
struct nt_data_piece {
	uint64_t start, len;
	uint32_t n_context;
};
uint64_t nt_data_n_piece(const struct nt_data *d);
int nt_data_piece(const struct nt_data *d, uint64_t i, struct nt_data_piece *piece);

/*
 * Copies tokens [start, start + n) widened to u32; a row's tokens begin at row * row_len.
 * The first touch of a MiB checks its hash. Ids are checked against vocab_size.
 * Thread safe. NT_EFORMAT: damaged, or out of range.
 */
int nt_data_read(const struct nt_data *d, uint64_t start, size_t n, uint32_t *id);

/* Gives the file's pages back to the system, for whoever passes over it once; reading on finds
 * them again. Thread safe. */
void nt_data_forget(const struct nt_data *d);

/*
 * The documents of a file of either kind, in order of their numbers and without [B] and
 * [E], each as one unit; those of rows are put together from their fragments again.
 */
struct nt_data_docs;
int nt_data_docs_new(struct nt_data_docs **docs, const struct nt_data *d); /* d must outlive it */
/* Returns 1 with the next document (valid until the next call), 0 at the end, or a code. */
int nt_data_docs_next(struct nt_data_docs *docs, struct nt_tokens *doc);
void nt_data_docs_free(struct nt_data_docs *docs); /* NULL is harmless */

/*
 * The documents of operand[n], which are token streams or else data files, all of one
 * tokenizer, one after the other; n 0 is standard input, that of a data file if it is one.
 */
struct nt_data_input;
int nt_data_input_open(struct nt_data_input **in, char *const *operand, size_t n);
const struct nt_ident *nt_data_input_ident(const struct nt_data_input *in); /* belongs to in */
/* Returns 1 with the next document (valid until the next call), 0 at the end, or a code. */
int nt_data_input_next(struct nt_data_input *in, struct nt_tokens *doc);
int nt_data_input_next_stored(struct nt_data_input *in, struct nt_stored *doc); /* the same, not decoded */
/* The name of the source of all documents, for the caller to free: "" if it has none, as in a
 * stream. *name is NULL where they differ. Looks into every file. */
int nt_data_input_source(const struct nt_data_input *in, char **name);
/* Of all that was read: the manifest (a JSON array, at the end, valid until the close), and
 * counts (so far; source_bytes at the end, 0 if they are not known). */
const char *nt_data_input_manifest(const struct nt_data_input *in);
const struct nt_stream_counts *nt_data_input_counts(const struct nt_data_input *in);
void nt_data_input_close(struct nt_data_input *in); /* NULL is harmless */

/* *manifest, a NUL-terminated JSON array or empty, becomes that of what it was and of the
 * writes in this file. */
int nt_data_manifest(const struct nt_data *d, struct nt_buf *manifest);

/* Appends one JSON object that describes the file; the manifests of its writes are joined. */
int nt_data_describe(const struct nt_data *d, struct nt_buf *json);

/* The file piece by piece, for those who describe it. */
struct nt_data_segment {
	uint64_t offset, bytes; /* in the file */
	uint64_t n_token, n_doc, n_row, n_fragment;
	const char *source;     /* of its documents; "" if it has no name; belongs to d */
	uint64_t seed;          /* as recorded */
	char producer[32];      /* what wrote it: "nt 0.1.0" */
	const char *manifest;   /* JSON array [manifest_len], NULL unless it ends a write; */
	size_t manifest_len;    /* belongs to d, no NUL behind */
};
size_t nt_data_n_segment(const struct nt_data *d);
void nt_data_segment(const struct nt_data *d, size_t i, struct nt_data_segment *s);

/* --- writing ------------------------------------------------------------------- */
struct nt_data_writer;

struct nt_data_options {
	enum nt_data_kind kind;
	uint32_t row_len;     /* kind 2 */
	uint64_t seed;        /* recorded */
	const char *source;   /* name of where its documents are from, or NULL; copied */
	const char *manifest; /* JSON array, or NULL; see nt_data_report */
	uint64_t segment_tokens, segment_docs; /* where a segment closes; 0: 2^30, 2^24 */
};

/* NT_EARG: the source's name is not UTF-8 of 1 to 255 bytes without control characters. */
int nt_data_create(struct nt_data_writer **w, struct nt_out *out, const struct nt_ident *ident,
		   const struct nt_data_options *options);
/* Replaces the manifest: what was counted is known only at the end, and that is where
 * the manifest is written. Copied. */
int nt_data_report(struct nt_data_writer *w, const char *manifest);
/* Kind 1: one document, [B] and [E] included. An id outside the vocabulary: NT_EFORMAT. */
int nt_data_write_doc(struct nt_data_writer *w, const uint32_t *id, size_t n);
/* Kind 2: one whole row of row_len ids with its fragments in order of start (row is filled
 * in here). Documents are numbered from 0; each has one fragment with doc_offset 0. */
int nt_data_write_row(struct nt_data_writer *w, const uint32_t *id, const struct nt_fragment *f,
		      size_t n_fragment);
/* Closes the last segment with FINAL; clean says that the upstream END was seen. */
int nt_data_end(struct nt_data_writer *w, uint64_t source_bytes, int clean);
void nt_data_writer_free(struct nt_data_writer *w); /* NULL is harmless */

#endif

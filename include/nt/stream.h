/* SPDX-License-Identifier: MIT */
#ifndef NT_STREAM_H
#define NT_STREAM_H
/*
 * nt/stream.h - NTS1, the token stream that pipes carry (docs/formats.md)
 *
 * A document is one or more units in order (a paragraph, a line, all of it). A stream
 * holds text tokens only: [B] and [E] are nt-pack's. A stream says in-band that it is
 * complete; one without its END frame is refused with NT_EFORMAT.
 */
#include <stddef.h>
#include <stdint.h>

#include "nt/file.h"
#include "nt/ident.h"
#include "nt/manifest.h"
#include "nt/mem.h"

/* A document in memory. */
struct nt_tokens {
	uint32_t *id;    /* [n] */
	size_t n;
	uint32_t *unit;  /* [n_unit] tokens in each unit; they add up to n */
	size_t n_unit;
};

/* The same as a stream stores it, for those who pass documents on as they are. */
struct nt_stored {
	const uint8_t *token; /* [n] ids of nt_ident_width bytes each, little-endian, at any address */
	size_t n;
	const uint32_t *unit; /* [n_unit], as above */
	size_t n_unit;
};

struct nt_stream_counts {
	uint64_t documents, units, tokens, source_bytes;
};

static inline void nt_stream_count(struct nt_stream_counts *c, const struct nt_tokens *doc)
{
	c->documents++;
	c->units += doc->n_unit;
	c->tokens += doc->n;
}

/* --- reading ------------------------------------------------------------------- */
struct nt_stream_reader;

/* Reads operand[n] one after the other, standard input if n is 0: all must be of one
 * tokenizer. The first HELLO is read here. An input with no byte at all is NT_EFORMAT. */
int nt_stream_open(struct nt_stream_reader **r, char *const *operand, size_t n);
const struct nt_ident *nt_stream_ident(const struct nt_stream_reader *r); /* belongs to r */
/* What the programs before this one were called with, as a JSON array: of the first HELLO
 * at first; once nt_stream_next has returned 0, of all inputs and with what each program
 * counted. Valid until the next nt_stream_next. */
const char *nt_stream_manifest(const struct nt_stream_reader *r);

/* Returns 1 with the next document (valid until the next call), 0 at the end of all
 * inputs, each with its END seen and its counts right, or a negative enum nt_err. */
int nt_stream_next(struct nt_stream_reader *r, struct nt_tokens *doc);
int nt_stream_next_stored(struct nt_stream_reader *r, struct nt_stored *doc); /* the same, not decoded */
const struct nt_stream_counts *nt_stream_counts(const struct nt_stream_reader *r); /* so far,
	over all inputs; source_bytes is known after the END frames, or 0 */
void nt_stream_close(struct nt_stream_reader *r); /* NULL is harmless */

/* Reads all of a stream, which checks every hash in it, and appends one JSON object that
 * describes it; and the same for a tokenizer alone. A NUL stands behind. */
int nt_stream_describe(const char *path, struct nt_buf *json);
int nt_ident_describe(const struct nt_ident *ident, const char *name, struct nt_buf *json);

/* --- writing ------------------------------------------------------------------- */
struct nt_stream_writer;

/* Writes HELLO. manifest is a JSON array that this program's entry was already added to. */
int nt_stream_create(struct nt_stream_writer **w, struct nt_out *out, const struct nt_ident *ident,
		     const char *manifest);
int nt_stream_write(struct nt_stream_writer *w, const struct nt_tokens *doc);
/* The same; its ids were checked when they were read. */
int nt_stream_write_stored(struct nt_stream_writer *w, const struct nt_stored *doc);
/* More of the document written last; its first unit is more of that one's last unit. The bytes
 * are those of the document written at once. */
int nt_stream_write_more(struct nt_stream_writer *w, const struct nt_tokens *part);
/* Sets the manifest that END will carry: that of HELLO, with what was counted meanwhile
 * (the last entry is this program's; END adds the counts of the stream to it). Without
 * this, END carries HELLO's. Copied. */
int nt_stream_report(struct nt_stream_writer *w, const char *manifest);
/* Writes END; source_bytes counts the text behind the tokens, 0: not known. Does not close out. */
int nt_stream_end(struct nt_stream_writer *w, uint64_t source_bytes);
const struct nt_stream_counts *nt_stream_written(const struct nt_stream_writer *w);
void nt_stream_free(struct nt_stream_writer *w); /* NULL is harmless */

#endif

/* SPDX-License-Identifier: MIT */
#ifndef IO_INPUT_H
#define IO_INPUT_H
/*
 * input.h - the bytes behind one operand, its wrappings undone
 *
 * An input is a sequence of members: one for a plain or a compressed file, any number
 * for an archive or a WARC file. Wrappings may stand in each other (a .tar.gz, a .zst in
 * a .zip); they are told by their first bytes, never by a name.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct nt_input;

/* What was met in all inputs of a source. */
struct nt_input_tally {
	uint64_t damage;      /* places passed over (is_lenient) ... */
	char first[512];      /* ... and the sentence of the first */
	struct {
		uint64_t records;
		uint64_t html;        /* documents that are HTML */
		uint64_t cut;         /* documents whose page the crawler or the server had cut */
		uint64_t other_types; /* passed over: requests, metadata, revisits, ... */
		uint64_t not_text;    /* ... images, PDF and the like */
		uint64_t encoded;     /* ... in a Content-Encoding other than gzip and deflate */
		uint64_t segments;    /* ... parts of records that were cut for storing */
	} warc;
};

struct nt_input_options {
	bool is_lenient;    /* pass over damaged members and count them in the tally */
	uint64_t max_ratio; /* bytes unpacked for each byte read; 0: 1000 behind the first GiB */
	uint64_t max_size;  /* bytes unpacked from an operand; 0: 1 TiB */
	struct nt_input_tally *tally;
};

/* path "-" is standard input. Takes a copy of path; options must outlive the input. */
int nt_input_open(struct nt_input **in, const char *path, const struct nt_input_options *options);

/* Goes to the next member, whatever is left of this one. Returns 1, 0 after the last with
 * every wrapping seen to be whole, or a negative enum nt_err. */
int nt_input_next(struct nt_input *in);

/* Bytes of the member, up to n of them; 0 at its end, negative when it is damaged. */
ssize_t nt_input_read(struct nt_input *in, void *buf, size_t n);

/* "a.txt", "a.tar.gz:dir/b.txt", "a.warc.gz:3" (the number of the record, from 1) or
 * "standard input"; valid until the next nt_input_next. */
const char *nt_input_member(const struct nt_input *in);

/* What the member says about itself, or NULLs; valid until the next nt_input_next. */
struct nt_input_about {
	const char *id, *url, *date;
};
struct nt_input_about nt_input_about(const struct nt_input *in);

/* Is the member standard input, or a pipe, rather than a file or an archive's? */
bool nt_input_is_stream(const struct nt_input *in);

bool nt_input_is_plain(const struct nt_input *in); /* is no wrapping undone for the member? */

/* Bytes that are likely left to read of this member, a hint for allocation; 0: unknown. */
size_t nt_input_left(const struct nt_input *in);

uint64_t nt_input_bytes(const struct nt_input *in); /* read from the operand so far */

void nt_input_close(struct nt_input *in); /* NULL is harmless */

#endif

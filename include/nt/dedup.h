/* SPDX-License-Identifier: MIT */
#ifndef NT_DEDUP_H
#define NT_DEDUP_H
/*
 * nt/dedup.h - dropping what was there before, exactly
 *
 * Two units are the same if their ids are, white space behind the last one aside; two lines
 * if their bytes are; the first stays, wherever it stands, and the order of what stays does
 * not change. What is compared is XXH3_128 with a secret seed: among n different things the
 * chance that any is lost to a collision is n^2 / 2^129, or 10^-17 for 10^11 of them, and
 * nobody can make up things that collide. Memory: 21 to 43 bytes for each different thing.
 */
#include <stdbool.h>
#include <stdint.h>

#include "nt/stream.h"

enum nt_dedup_by {
	NT_DEDUP_UNIT,     /* the units of the stream: paragraphs, as nt-tokenize cuts them */
	NT_DEDUP_DOCUMENT, /* whole documents, whatever their units */
	NT_DEDUP_LINE,     /* lines of the text that the ids stand for */
};

/* What the tokenizer knows about an id and token streams do not say. */
struct nt_dedup_token {
	const uint8_t *text; /* [bytes] that it stands for; NULL if there are none */
	uint32_t bytes;
	uint32_t trimmed; /* the id of the same bytes without white space at their end; itself if
			   * there is none, or no such id; NT_NO_TOKEN if nothing is left of it */
};

struct nt_dedup_options {
	enum nt_dedup_by by;
	/* [vocab_size], must outlive the nt_dedup; NULL, if `by` is not NT_DEDUP_LINE: units are
	 * compared exactly, as documents always are, and bytes are not counted. Units of white
	 * space alone are compared with nothing: they go where the one before them goes. */
	const struct nt_dedup_token *token;
	uint32_t vocab_size;
	/* Lines: the id of a token of these bytes, or NT_NO_TOKEN. A token that stands for the end of
	 * one line and the beginning of the next is cut by it, if one of the two goes. */
	uint32_t (*find)(const void *arg, const uint8_t *bytes, size_t len);
	const void *find_arg;
	bool keep_blank; /* lines of white space alone are compared with nothing, too */
	/* Documents: only those of part [0, n_part) are taken, the others dropped unseen. A hash of
	 * its ids says of which part one is, so that copies are in the same. n_part 0: all are taken. */
	uint64_t part, n_part;
};

struct nt_dedup_counts {
	struct nt_stream_counts in, kept; /* without source_bytes */
	uint64_t compared, repeated;      /* units, documents or lines, as `by` says */
	uint64_t dropped_bytes;
};

struct nt_dedup;
int nt_dedup_new(struct nt_dedup **d, const struct nt_dedup_options *options);

/*
 * Returns 1 with what is left of doc in *kept (valid until the next call, and as long as
 * doc is), 0 if nothing is left of it, or NT_ESYS. A document of no token at all stays.
 */
int nt_dedup_next(struct nt_dedup *d, struct nt_tokens *kept, const struct nt_tokens *doc);
const struct nt_dedup_counts *nt_dedup_counts(const struct nt_dedup *d);
/*
 * The state of an earlier run, so that what it saw counts as seen: before the first document.
 * fingerprint: of the tokenizer, zeros if there is none. load returns 1; 0 if there is no file at
 * path; NT_ESYS: nor a folder for it; NT_EFORMAT: damaged, or of something else. save writes all
 * that was seen by now.
 */
int nt_dedup_load(struct nt_dedup *d, const char *path, const uint8_t fingerprint[16]);
int nt_dedup_save(const struct nt_dedup *d, const char *path, const uint8_t fingerprint[16]);

void nt_dedup_free(struct nt_dedup *d); /* NULL is harmless */

/* Reads all of a state, of nt_near's as well, which checks its hash, and appends one JSON object
 * that describes it. A NUL stands behind. */
int nt_state_describe(const char *path, struct nt_buf *json);

#endif

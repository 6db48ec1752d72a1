/* SPDX-License-Identifier: MIT */
#ifndef NT_FOREIGN_H
#define NT_FOREIGN_H
/*
 * nt/foreign.h - token files of other people's trainers, written and read
 *
 *	nanogpt    nanoGPT: train.bin, u16 tokens and nothing else; [E] behind every document
 *	llmc       llm.c and modded-nanogpt: a header of 1024 bytes with a 32-bit count, u16 or
 *	           u32 tokens; [B] in front of every document; as many files as it takes
 *	megatron   Megatron-LM: .bin, and an index of sequences and documents, .idx; [E] behind
 *	           every document that has tokens (its --append-eod)
 *	olmo       OLMo and the Dolma toolkit: tokens and nothing else, called .npy, and where
 *	           documents lie, .csv.gz; [E] behind every document
 *	datatrove  datatrove and nanotron: .ds, ends of documents, .ds.index, and .ds.metadata;
 *	           [E] behind every document
 *
 * Every byte is in docs/formats.md. None of these files says which tokenizer it is of, and
 * only some say whether they are whole: what can be checked is.
 */
#include <stddef.h>
#include <stdint.h>

#include "nt/ident.h"
#include "nt/stream.h"

/* NT_NATIVE is our own form, of nt/data.h, and none of the functions here takes it. */
enum nt_foreign { NT_NATIVE, NT_NANOGPT, NT_LLMC, NT_MEGATRON, NT_OLMO, NT_DATATROVE };
#define NT_FOREIGN_NAMES "nt|nanogpt|llmc|megatron|olmo|datatrove" /* in that order */

const char *nt_foreign_name(enum nt_foreign format); /* "llmc" */

/* --- writing ------------------------------------------------------------------- */
struct nt_foreign_writer;

struct nt_foreign_options {
	uint64_t file_tokens; /* llmc: tokens in a file; 0: 10^8 */
	unsigned out_flags;   /* as nt_out_open takes them */
};

enum { NT_LLMC_FILE_TOKENS = 1073741311 }; /* at most: llm.c takes byte offsets for int */

struct nt_foreign_counts {
	uint64_t documents, tokens; /* marks included */
	uint64_t files;             /* of tokens */
};

/*
 * path is the file for nanogpt (NULL: standard output), and for the others, which are more
 * than one file, what their names begin with; the ending of the first may stand behind it.
 * llmc: "a" makes a_000000.bin, a_000001.bin, ...; "a.bin" makes a.bin, a_000001.bin, ...
 * NT_EARG: no path, or the vocabulary is too large for the format. path and ident must
 * outlive it.
 */
int nt_foreign_create(struct nt_foreign_writer **w, enum nt_foreign format, const char *path,
		      const struct nt_ident *ident, const struct nt_foreign_options *options);
int nt_foreign_write(struct nt_foreign_writer *w, const uint32_t *id, size_t n); /* without marks */
/* Completes the files. Before this, none but llmc's full ones is there. */
int nt_foreign_end(struct nt_foreign_writer *w);
const struct nt_foreign_counts *nt_foreign_counts(const struct nt_foreign_writer *w);
/* llmc, after the end: a file of an earlier run that would be taken for one more; or NULL. */
const char *nt_foreign_leftover(const struct nt_foreign_writer *w);
void nt_foreign_writer_free(struct nt_foreign_writer *w); /* leaves nothing of what did not end;
							     NULL is harmless */

/* --- reading ------------------------------------------------------------------- */
struct nt_foreign_reader;

/*
 * Reads operand[n] one after the other. nanogpt, llmc and olmo may be "-" or a pipe, n 0
 * standard input. Where an index tells where documents end it is followed, and marks around
 * them are taken off; else marks alone tell: a document begins at [B] and ends behind [E]. If
 * both are one token it is [B] to llmc and [E] to the others. The end of a file ends
 * a document, too, but for llmc, where the next file goes on with it. ident must outlive r.
 */
int nt_foreign_open(struct nt_foreign_reader **r, enum nt_foreign format, char *const *operand,
		    size_t n, const struct nt_ident *ident);
/* Returns 1 with the next document, without marks, as one unit (valid until the next call), 0
 * at the end, or NT_EFORMAT naming file and place: cut, an index that does not fit, an id
 * outside the vocabulary. */
int nt_foreign_next(struct nt_foreign_reader *r, struct nt_tokens *doc);
void nt_foreign_close(struct nt_foreign_reader *r); /* NULL is harmless */

#endif

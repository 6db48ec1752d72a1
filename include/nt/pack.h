/* SPDX-License-Identifier: MIT */
#ifndef NT_PACK_H
#define NT_PACK_H
/*
 * nt/pack.h - documents into a data file: [B] text [E], as they come or fitted into rows
 *
 * Rows: of the documents waiting, a row takes the longest, and then those that fill it
 * best; when none fits the rest is padding. A document longer than a row is cut
 * into pieces of a row that begin `stride` tokens apart, and its last piece waits like
 * any other document. What a piece shares with the one before it is context and no
 * target, so that every target is predicted exactly once.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/file.h"
#include "nt/ident.h"

struct nt_pack_options {
	uint32_t seq_len;     /* tokens in a row, at least 2; 0: no rows */
	uint32_t stride;      /* below seq_len; 0: seq_len - 1, which is no more than the loss needs */
	size_t buffer;        /* rows: documents that wait, at least 1; more if they are not two rows */
	uint64_t seed;        /* recorded */
	const char *source;   /* name of where the documents are from, or NULL */
};

struct nt_pack_counts {
	uint64_t documents, tokens; /* [B] and [E] included, padding and repeated tokens not */
	uint64_t rows, padding;     /* padding: tokens of it */
	uint64_t cut;               /* documents in more than one row */
	uint64_t repeated;          /* tokens that stand in one more row, for context */
};

struct nt_pack;

/* A tokenizer without [B] or [E]: NT_EFORMAT. ident and out must outlive it. */
int nt_pack_new(struct nt_pack **p, struct nt_out *out, const struct nt_ident *ident,
		const struct nt_pack_options *options);
int nt_pack_add(struct nt_pack *p, const uint32_t *id, size_t n); /* without marks; copied */

/* Empties the buffer, which makes the counts final; then writes what is left of the file.
 * manifest (JSON, or NULL) and source_bytes as in nt/data.h. */
int nt_pack_flush(struct nt_pack *p);
int nt_pack_end(struct nt_pack *p, const char *manifest, uint64_t source_bytes);
const struct nt_pack_counts *nt_pack_counts(const struct nt_pack *p);
void nt_pack_free(struct nt_pack *p); /* NULL is harmless */

/*
 * Is this document held out? A pure function of its ids and the seed, so that a
 * document falls on the same side in every run and wherever it stands, and its repeats
 * with it. fraction: of all documents, about.
 */
bool nt_pack_is_held_out(const uint32_t *id, size_t n, double fraction, uint64_t seed);

#endif

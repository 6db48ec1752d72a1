/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CORPUS_H
#define TRAIN_CORPUS_H
/*
 * corpus.h - several data files as one, and the sources that it is made of
 *
 * A source is what nt-pack --source named, wherever it stands in the files. Documents
 * without a name are one source together; if weights are given, those of a file are one,
 * by the file's path. Tokens are numbered through, source after source.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/data.h"

struct nt_source {
	char *name;
	size_t operand;             /* the first one that has any of it */
	double weight;              /* 0: none, or of its group: the sources of one file, */
	size_t group;               /* or this one alone; below n + n_source */
	size_t extent, n_extent;    /* where it lies */
	uint64_t token, n_token;
};

/* Segments of one file and source, one behind the other. */
struct nt_extent {
	const struct nt_data *file;
	size_t source;
	uint64_t number;            /* of its first token in the corpus */
	uint64_t token, n_token;    /* the rest counts in the file */
	uint64_t doc, n_doc;
	uint64_t fragment, n_fragment;
};

struct nt_corpus {
	struct nt_data **file; /* [n] */
	double *weight;        /* [n] as asked for: 0, none, or above */
	size_t n;
	bool has_weight;       /* one of them, or a source */
	struct nt_source *source; /* [n_source], in the order in which they are met */
	size_t n_source, source_cap;
	struct nt_extent *extent; /* [n_extent] by source, then in the order of the files */
	size_t n_extent, extent_cap;
	const struct nt_ident *ident; /* of the first file */
};

/*
 * operand[n]: PATH, or PATH:WEIGHT where no file has that whole name. All files must be of
 * one tokenizer (NT_EFORMAT) and of one kind (NT_EARG). NT_EARG for weights that say
 * nothing, too: not above 0, nothing left for files without one, a source in two files.
 */
int nt_corpus_open(struct nt_corpus *c, char *const *operand, size_t n);
void nt_corpus_close(struct nt_corpus *c); /* harmless twice */

/* weight[n]: NAME=WEIGHT of a source, whatever files it lies in. NT_EARG: no such source, a
 * weight as above, or files have weights. */
int nt_corpus_weigh(struct nt_corpus *c, const char *const *weight, size_t n);

uint64_t nt_corpus_n_token(const struct nt_corpus *c);
enum nt_data_kind nt_corpus_kind(const struct nt_corpus *c);

/* Copies tokens [start, start + n), over the borders of files. */
int nt_corpus_read(const struct nt_corpus *c, uint64_t start, size_t n, uint32_t *id);
size_t nt_corpus_extent_of(const struct nt_corpus *c, uint64_t token); /* which extent it lies in */

/* Which data this is, in hex: of one file, what nt-info prints; of several, a hash over
 * their hashes in order. */
void nt_corpus_hash(const struct nt_corpus *c, char hex[33]);

/* Appends how it is mixed, WEIGHT:TOKENS of each source, NUL-terminated; only the NUL if
 * there is one source. */
int nt_corpus_mixture(const struct nt_corpus *c, struct nt_buf *text);

/* 16 bytes in their order, as nt-info prints hashes and fingerprints. */
void nt_hex128(const uint8_t bytes[16], char hex[33]);

#endif

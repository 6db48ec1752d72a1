/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CORPUS_H
#define TRAIN_CORPUS_H
/* corpus.h - several data files as one: their tokens are numbered through */
#include <stddef.h>
#include <stdint.h>

#include "nt/data.h"

struct nt_corpus {
	struct nt_data **file; /* [n] */
	uint64_t *first;       /* [n + 1] number of a file's first token */
	size_t n;
	const struct nt_ident *ident; /* of the first file */
};

/* All files must be of one tokenizer (NT_EFORMAT) and of one kind (NT_EARG). */
int nt_corpus_open(struct nt_corpus *c, char *const *path, size_t n);
void nt_corpus_close(struct nt_corpus *c); /* harmless twice */

uint64_t nt_corpus_n_token(const struct nt_corpus *c);
enum nt_data_kind nt_corpus_kind(const struct nt_corpus *c);

/* Copies tokens [start, start + n), over the borders of files. */
int nt_corpus_read(const struct nt_corpus *c, uint64_t start, size_t n, uint32_t *id);

/* Which data this is, in hex: of one file, what nt-info prints; of several, a hash over
 * their hashes in order. */
void nt_corpus_hash(const struct nt_corpus *c, char hex[33]);

/* 16 bytes in their order, as nt-info prints hashes and fingerprints. */
void nt_hex128(const uint8_t bytes[16], char hex[33]);

#endif

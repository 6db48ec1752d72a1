/* SPDX-License-Identifier: MIT */
/* corpus.c - several data files as one */
#include "train/corpus.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/le.h"
#include "nt/err.h"
#include "nt/hash.h"
#include "nt/mem.h"

static int check_alike(const struct nt_corpus *c, const char *first, const char *path,
		       const struct nt_data *d)
{
	const struct nt_ident *id = nt_data_ident(d);
	if (memcmp(id->fingerprint, c->ident->fingerprint, sizeof(id->fingerprint)) != 0)
		return nt_fail(NT_EFORMAT,
			       "%s: its tokenizer is '%s' and that of %s is '%s': tokenize both with one",
			       path, id->name, first, c->ident->name);
	if (nt_data_kind(d) != nt_data_kind(c->file[0]) ||
	    nt_data_row_len(d) != nt_data_row_len(c->file[0]))
		return nt_fail(NT_EARG, "%s and %s differ in kind or row length: pack both alike",
			       first, path);
	return 0;
}

/* FILE:2.5 asks for a mixture by weight, unless there is a file of that name. */
static bool has_weight(const char *path)
{
	const char *colon = strrchr(path, ':');
	return colon && colon[1] && strspn(colon + 1, "0123456789.") == strlen(colon + 1) &&
	       access(path, F_OK) < 0;
}

static int open_files(struct nt_corpus *c, char *const *path, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (has_weight(path[i]))
			return nt_fail(NT_EARG, "%s: mixtures by weight are not supported: name the files "
						"without weights, and all of them are read", path[i]);
		int rc = nt_data_open(&c->file[i], path[i]);
		if (rc < 0)
			return rc;
		c->n = i + 1;
		c->first[i + 1] = c->first[i] + nt_data_n_token(c->file[i]);
		if (i == 0)
			c->ident = nt_data_ident(c->file[0]);
		else if ((rc = check_alike(c, path[0], path[i], c->file[i])) < 0)
			return rc;
	}
	return 0;
}

int nt_corpus_open(struct nt_corpus *c, char *const *path, size_t n)
{
	*c = (struct nt_corpus){0};
	c->file = nt_calloc(n, sizeof(*c->file));
	c->first = nt_calloc(n + 1, sizeof(*c->first));
	int rc = c->file && c->first ? open_files(c, path, n) : NT_ESYS;
	if (rc < 0)
		nt_corpus_close(c);
	return rc;
}

void nt_corpus_close(struct nt_corpus *c)
{
	for (size_t i = 0; i < c->n; i++)
		nt_data_close(c->file[i]);
	free(c->file);
	free(c->first);
	*c = (struct nt_corpus){0};
}

uint64_t nt_corpus_n_token(const struct nt_corpus *c)
{
	return c->first[c->n];
}

enum nt_data_kind nt_corpus_kind(const struct nt_corpus *c)
{
	return nt_data_kind(c->file[0]);
}

int nt_corpus_read(const struct nt_corpus *c, uint64_t start, size_t n, uint32_t *id)
{
	size_t f = 0;
	while (n > 0) {
		while (f < c->n && start >= c->first[f + 1])
			f++;
		nt_assert(f < c->n);
		uint64_t left = c->first[f + 1] - start;
		size_t part = left < n ? (size_t)left : n;
		int rc = nt_data_read(c->file[f], start - c->first[f], part, id);
		if (rc < 0)
			return rc;
		start += part;
		id += part;
		n -= part;
	}
	return 0;
}

void nt_hex128(const uint8_t bytes[16], char hex[33])
{
	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

void nt_corpus_hash(const struct nt_corpus *c, char hex[33])
{
	uint8_t pair[32]; /* what came before, and one more */
	nt_data_hash(c->file[0], pair);
	for (size_t i = 1; i < c->n; i++) {
		nt_data_hash(c->file[i], pair + 16);
		struct nt_hash128 both = nt_hash128(pair, sizeof(pair));
		nt_put64(pair, both.lo);
		nt_put64(pair + 8, both.hi);
	}
	nt_hex128(pair, hex);
}

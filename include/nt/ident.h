/* SPDX-License-Identifier: MIT */
#ifndef NT_IDENT_H
#define NT_IDENT_H
/*
 * nt/ident.h - which tokenizer made these ids
 *
 * Every stream, data file and checkpoint carries this, so that two vocabularies never
 * mix silently and no later command asks for the tokenizer again. Whoever only moves
 * ids (lib/data, lib/model) treats the tokenizer itself as bytes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NT_NO_TOKEN UINT32_MAX /* "there is no such token"; never an id */

struct nt_ident {
	uint8_t fingerprint[16]; /* XXH3_128 of the canonical form (docs/formats.md), lo first */
	uint32_t vocab_size;     /* ids are below it */
	uint32_t bos, eos, pad;  /* [B], [E] and padding, or NT_NO_TOKEN */
	char name[64];           /* for people: "nt-8k", "cl100k"; NUL-terminated */
	const uint8_t *json;     /* [json_len] canonical tokenizer.json; belongs to whoever ... */
	size_t json_len;         /* ... the nt_ident came from */
	const uint8_t *packed;   /* [packed_len] the same in a zstd frame, as it came; NULL: it came ... */
	size_t packed_len;       /* ... in none */
};

enum { NT_EOS_MOST = 8 }; /* ends of text that a model may have; a file that lists more is refused */

/* What a text begins and ends with. Documents end with eos[0], and generation at any. */
struct nt_ends {
	uint32_t bos;              /* or NT_NO_TOKEN */
	uint32_t eos[NT_EOS_MOST]; /* [n_eos]; eos[0] is NT_NO_TOKEN where there is none */
	size_t n_eos;
};

/* Bytes a token takes in streams and data files: 2 if every id fits u16, else 4. */
static inline int nt_ident_width(const struct nt_ident *id)
{
	return id->vocab_size <= 65536 ? 2 : 4;
}

/* Do the two stand for the same tokenizer, with the same marks? */
static inline bool nt_ident_equal(const struct nt_ident *a, const struct nt_ident *b)
{
	return memcmp(a->fingerprint, b->fingerprint, sizeof(a->fingerprint)) == 0 &&
	       a->vocab_size == b->vocab_size && a->bos == b->bos && a->eos == b->eos &&
	       a->pad == b->pad;
}

#endif

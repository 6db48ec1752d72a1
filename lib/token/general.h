/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_GENERAL_H
#define TOKEN_GENERAL_H
/*
 * general.h - encoding by any tokenizer.json: what the direct path (encode.c) leaves out
 *
 * Between added tokens that are looked for in raw text: normalize, look for the other
 * added tokens, cut, and make ids of every piece.
 */
#include "token/tokenizer.h"

struct nt_general;

/* Can text between raw added tokens go straight to the pattern? */
static inline bool nt_is_direct(const struct nt_tokenizer *t)
{
	return t->is_plain && t->n_normalizer == 0 && t->normalized.n == 0;
}

/* The same, if the text is NFC, as nearly all text is? */
static inline bool nt_is_usually_nfc(const struct nt_tokenizer *t)
{
	return t->is_plain && t->normalized.n == 0 && t->n_normalizer == 1 &&
	       t->normalizer->kind == NT_NORMALIZE_FORM && t->normalizer->form == NT_NFC;
}

/* Are the lengths of the ids those of the text they stand for, all of it? */
static inline bool nt_is_exact(const struct nt_tokenizer *t)
{
	return nt_is_direct(t) && !t->raw.strips;
}

/* offsets.c: where ids lie in a document, taken down one by one as a list, or as how many begin in
 * each unit. Start with what is written first, and all else 0. */
struct nt_places {
	struct nt_spans *spans; /* the list, or NULL ... */
	const uint8_t *text;    /* ... and [len] the document ... */
	size_t len;
	struct nt_ids *unit; /* ... and the units that are over */
	size_t end;          /* of the unit at hand ... */
	uint32_t n;          /* ... and the ids in it */
	size_t base, in_front; /* byte i is the document's base + i - in_front, or base before that */
};
int nt_place(struct nt_places *p, size_t start, size_t end);

struct nt_general *nt_general_new(struct nt_encoder *e, struct nt_scratch *scratch);
void nt_general_free(struct nt_general *g); /* NULL is harmless */

/* Appends the ids of `in`, and where in the document each lies, unless places is NULL. */
int nt_general_encode(struct nt_general *g, const struct nt_stretch *in, bool specials,
		      struct nt_ids *out, struct nt_places *places);

/* encode.c: the ids of text that the pattern cuts, and of one piece of it */
int nt_encode_cut(struct nt_encoder *e, const uint8_t *text, size_t len, struct nt_ids *out);
int nt_encode_piece(struct nt_encoder *e, const uint8_t *p, size_t n, struct nt_ids *out);


/* symbols.c: what a piece of a written tokenizer begins as, window by window of its text */
struct nt_symbols {
	uint32_t *id; /* [n] */
	uint32_t *len; /* [n] bytes of the piece that each stands for */
	size_t n, id_cap, len_cap;
	size_t unknown; /* bytes that wait for their token */
};
/* How many bytes of a text come next, `left` being there: whole characters. */
size_t nt_symbols_window(const struct nt_symbols *s, const uint8_t *text, size_t left);
/* Appends the symbols of p[n]; the piece ends with them unless it goes on. */
int nt_symbols_add(struct nt_symbols *s, const struct nt_tokenizer *t, const uint8_t *p, size_t n, bool goes_on);
void nt_symbols_drop(struct nt_symbols *s, size_t n); /* the first n */
void nt_symbols_release(struct nt_symbols *s);

#endif

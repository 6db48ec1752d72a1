/* SPDX-License-Identifier: MIT */
#ifndef DATA_SKETCH_H
#define DATA_SKETCH_H
/*
 * sketch.h - a document's words as a few bytes that agree as the documents do
 *
 * Of two documents' sets of shingles (NT_SHINGLE_WORDS words in a row; all of them, if there
 * are fewer), with Jaccard similarity J, each byte of their sketches is equal with
 * probability J + (1 - J) / 256.
 */
#include <stddef.h>
#include <stdint.h>

enum { NT_SKETCH_MAX = 4096 };

/* What making sketches needs; one for each thread. */
struct nt_sketcher {
	const struct nt_shingle *loop;
	size_t n;       /* bytes of a sketch, 1 to NT_SKETCH_MAX */
	uint64_t seed;
	uint64_t *slot; /* [n] */
	uint64_t *shingle;
	size_t cap;
};

int nt_sketcher_init(struct nt_sketcher *s, size_t n, uint64_t seed);
/* word[n_word]; sketch[n]. NT_ESYS is all that can happen. */
int nt_sketch(struct nt_sketcher *s, uint8_t *sketch, const uint64_t *word, size_t n_word);
void nt_sketcher_release(struct nt_sketcher *s); /* harmless twice */

#endif

/* SPDX-License-Identifier: MIT */
#ifndef NT_NEAR_H
#define NT_NEAR_H
/*
 * nt/near.h - documents that are nearly those that were there before
 *
 * Two documents are compared by their shingles: all runs of five words (nt/words.h), as a
 * set; J is the Jaccard similarity of two such sets, what they share divided by what either
 * has. A document is sketched in bands * rows bytes, each of which agrees between two
 * documents with probability J. Those that agree in all rows of a band are looked at: with
 * probability 1 - (1 - J^rows)^bands. Of these, the ones whose sketches say J >= least are
 * near duplicates. A document goes if one that stayed is its near duplicate, so that for all
 * that is dropped something like it is left.
 *
 * Source: Broder 1997, "On the resemblance and containment of documents"; Indyk, Motwani 1998,
 * "Approximate nearest neighbors" (bands); the sketch: Dahlgaard, Knudsen, Thorup 2017.
 *
 * That is decided in one pass, by what stood before. In two passes the groups are those that are
 * connected by near duplicates, in however many steps, and of each the first document stays.
 *
 * Memory: 4 bytes for each band of each document that stays, at 60 to 80 % of a table, which
 * is 70 to 93 bytes with 14 bands; in a Bloom filter, 28 bytes at least. The sketches lie in a
 * temporary file of bands * rows bytes each.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/dedup.h"
#include "nt/pool.h"
#include "nt/stream.h"
#include "nt/words.h"

enum { NT_NEAR_BYTES = 112 }; /* of a sketch, unless bands and rows say otherwise */

struct nt_near_options {
	uint32_t bands, rows; /* both at least 1, their product at most 4096 */
	double least;         /* J of those that go, as the sketches estimate it; 0: all looked at */
	uint64_t seed;
	uint64_t memory;      /* bytes the table may take, 0: any. Then a Bloom filter of that size takes
			       * its place, and what shares a band goes, whatever its sketch */
};

/* Chooses those of bands, rows and least that are 0. Bands and rows tell documents of J = threshold
 * with probability 0.9 or more, with as many rows as then go into NT_NEAR_BYTES: 14 and 8 for 0.8. Of
 * rows that are given there are as many bands as fill that. least is 0.74 of the threshold, where as
 * many wrong documents go as right ones stay. threshold in (0, 1]. */
void nt_near_options_for(struct nt_near_options *o, double threshold);

struct nt_near;
int nt_near_new(struct nt_near **n, const struct nt_near_options *options);
void nt_near_free(struct nt_near *n); /* NULL is harmless */

size_t nt_near_sketch_bytes(const struct nt_near *n); /* bands * rows */
uint64_t nt_near_n_doc(const struct nt_near *n);      /* that stayed */
bool nt_near_is_short(const struct nt_near *n);       /* of memory: a filter is in use */

/* As nt_dedup_load and nt_dedup_save do. A state is of its bands, rows and seed, and of no tokenizer. */
int nt_near_load(struct nt_near *n, const char *path);
int nt_near_save(const struct nt_near *n, const char *path);

/* Makes sketches; one for each thread that does, and it may outlive n. */
struct nt_near_sketcher;
int nt_near_sketcher_new(struct nt_near_sketcher **s, const struct nt_near *n);
void nt_near_sketcher_free(struct nt_near_sketcher *s); /* NULL is harmless */
/* sketch[nt_near_sketch_bytes] of the words with these hashes. */
int nt_near_sketch(struct nt_near_sketcher *s, uint8_t *sketch, const uint64_t *word, size_t n_word);

/* Begins to fetch what nt_near_add will look at: some dozens of documents ahead. */
void nt_near_prefetch(const struct nt_near *n, const uint8_t *sketch);
/* Returns 1 if the document stays, and is remembered; 0 if it is a near duplicate of document
 * *of, in the order in which they stayed (UINT64_MAX: a filter does not know); or NT_ESYS. */
int nt_near_add(struct nt_near *n, const uint8_t *sketch, uint64_t *of);

/* The other way: documents are only remembered, and when all are, stays[nt_near_n_doc] says which
 * are the first of their group. 24 bytes of memory each while that is found. */
int nt_near_remember(struct nt_near *n, const uint8_t *sketch);
int nt_near_groups(struct nt_near *n, bool *stays);

/*
 * All of that for documents, read from wherever they come and sketched by as many threads as there
 * are; which stay is decided in their order, and depends on nothing else.
 */
struct nt_near_docs_options {
	/* Returns 1 with the next document, which is copied; 0 at the end; or a negative enum nt_err. */
	int (*next)(void *arg, struct nt_tokens *doc);
	void *arg;
	const struct nt_words *words;       /* of the tokenizer */
	const struct nt_dedup_token *token; /* [vocab_size] whose bytes are counted; NULL: not */
	struct nt_pool *pool;               /* NULL: no threads */
	bool in_groups; /* as nt_near_groups does; documents wait in a temporary file until the end */
};

struct nt_near_docs;
/* n and what the options point to must outlive it. */
int nt_near_docs_new(struct nt_near_docs **d, struct nt_near *n, const struct nt_near_docs_options *options);
void nt_near_docs_free(struct nt_near_docs *d); /* NULL is harmless */

/* Returns 1 with the next document that stays (valid until the next call), 0 when none is left, NT_ESYS,
 * or what options.next failed with. */
int nt_near_docs_next(struct nt_near_docs *d, struct nt_tokens *doc);
/* Of the documents up to that one. */
const struct nt_dedup_counts *nt_near_docs_counts(const struct nt_near_docs *d);

#endif

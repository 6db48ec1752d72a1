/* SPDX-License-Identifier: MIT */
#ifndef NT_OVERLAP_H
#define NT_OVERLAP_H
/*
 * nt/overlap.h - keeping the texts that a model is to be tested on out of its training
 *
 * A unit, or a document, goes if it shares a gram with a test text: NT_GRAM_WORDS words in a
 * row (nt/words.h), so that case, spacing and punctuation make no difference. A test text of
 * fewer words, but at least NT_GRAM_LEAST, is a gram as a whole; a shorter one is too common to
 * say anything, and is counted and passed over. A gram that reaches over units takes all of them.
 *
 * Source: Brown et al. 2020, "Language Models are Few-Shot Learners", appendix C: 13 words.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/dedup.h"
#include "nt/docs.h"
#include "nt/stream.h"
#include "nt/words.h"

enum { NT_GRAM_WORDS = 13, NT_GRAM_LEAST = 8 };

struct nt_overlap_options {
	bool by_document;                   /* else units go */
	const struct nt_words *words;       /* of the tokenizer; must outlive the nt_overlap */
	const struct nt_dedup_token *token; /* [vocab_size] whose bytes are counted; NULL: not */
};

struct nt_overlap;
int nt_overlap_new(struct nt_overlap **o, const struct nt_overlap_options *options);
void nt_overlap_free(struct nt_overlap *o); /* NULL is harmless */

/* A test text, by its words. Returns 1; 0: it is too short; or NT_ESYS. */
int nt_overlap_against(struct nt_overlap *o, const uint64_t *word, size_t n_word);
/* Every document that is left of docs: *n test texts, *n_short of which are too short. */
int nt_overlap_against_docs(struct nt_overlap *o, struct nt_docs *docs, uint64_t *n, uint64_t *n_short);
uint64_t nt_overlap_n_gram(const struct nt_overlap *o); /* different ones */

/* As nt_dedup_next. A document of no unit that overlaps stays as it is. */
int nt_overlap_next(struct nt_overlap *o, struct nt_tokens *kept, const struct nt_tokens *doc);
const struct nt_dedup_counts *nt_overlap_counts(const struct nt_overlap *o);

#endif

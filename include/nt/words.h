/* SPDX-License-Identifier: MIT */
#ifndef NT_WORDS_H
#define NT_WORDS_H
/*
 * nt/words.h - the words of a text, from its bytes or from any tokenizer's ids
 *
 * A word is a longest run of ASCII letters, digits and bytes from 0x80 up; A to Z count as a
 * to z. So case, spacing and punctuation are folded away, and two texts have the same words
 * whatever tokens a vocabulary cuts them into: ids are put together again by what the tokens
 * stand for. A word is known by a hash, which is not 0.
 */
#include <stddef.h>
#include <stdint.h>

/* The words of one text. Start with {0}. */
struct nt_word_list {
	uint64_t *hash;        /* [n] */
	uint32_t *first, *end; /* [n] its tokens, or bytes, are [first, end); they may share one
				* with their neighbours. Only where places are asked for */
	size_t n, cap;
};

void nt_word_list_release(struct nt_word_list *list); /* harmless twice */

/* Replaces what list holds. No text may have 2^32 bytes or tokens, and NT_ESYS is all that
 * can happen. */
int nt_words_of_text(struct nt_word_list *list, const uint8_t *text, size_t len);

/* What each id of a vocabulary adds to the words. */
struct nt_words;
int nt_words_new(struct nt_words **w, uint32_t vocab_size);
/* Token id stands for bytes[len]; an id that was never set ends a word and adds nothing. */
int nt_words_set(struct nt_words *w, uint32_t id, const uint8_t *bytes, size_t len);
void nt_words_free(struct nt_words *w); /* NULL is harmless */

/* id[n] are below vocab_size. */
int nt_words_of(const struct nt_words *w, struct nt_word_list *list, const uint32_t *id, size_t n);
int nt_words_of_with_places(const struct nt_words *w, struct nt_word_list *list, const uint32_t *id,
			    size_t n);

#endif

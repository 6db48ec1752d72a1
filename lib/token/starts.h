/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_STARTS_H
#define TOKEN_STARTS_H
/*
 * starts.h - the longest token that begins at each place of a text, whatever the tokens
 *
 * One thread's. Takes time in proportion to the text, and memory in proportion to the bytes of
 * all tokens and to the longest of them.
 */
#include "token/tokenizer.h"

/* The tokens of set, which must outlive it. NULL: no memory. */
struct nt_starts *nt_starts_new(const struct nt_tokenizer *t, const struct nt_added_set *set);
void nt_starts_free(struct nt_starts *s); /* NULL is harmless */

/* Looks for the tokens that begin at text[at] and behind it. Returns where it stopped to: len, or
 * an end behind `at`. */
size_t nt_starts_look(struct nt_starts *s, const uint8_t *text, size_t len, size_t at);

/* The longest one that begins at a place of those that were looked at last, or NULL. */
const struct nt_added *nt_starts_at(const struct nt_starts *s, size_t at);

#endif

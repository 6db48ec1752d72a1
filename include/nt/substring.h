/* SPDX-License-Identifier: MIT */
#ifndef NT_SUBSTRING_H
#define NT_SUBSTRING_H
/*
 * nt/substring.h - taking out long runs of tokens that were there before
 *
 * A run of at least `least` tokens that stands, token for token, further to the front, in this
 * document or in one before, is taken out, and what stood around it closes up; a character whose
 * bytes would be torn apart stays. Every run is compared with the tokens themselves, so nothing
 * goes that was not there. All are found, but for runs of which each part of least / 2 tokens
 * that was chosen to be remembered occurs in more than eight places: those may be missed.
 *
 * Memory: 1.2 to 2.4 bytes a token with least 50. The tokens are kept in a temporary file, four
 * bytes each.
 *
 * Source: Lee et al. 2021, "Deduplicating Training Data Makes Language Models Better" (50
 * tokens); Schleimer, Wilkerson, Aiken 2003, "Winnowing".
 */
#include <stddef.h>
#include <stdint.h>

#include "nt/dedup.h"
#include "nt/stream.h"

enum { NT_SUBSTRING_LEAST = 8 }; /* tokens; shorter runs are language */

struct nt_substring;
/* token: [vocab_size], must outlive it; NULL: bytes are not counted, and any token may begin
 * what is left. least: at least NT_SUBSTRING_LEAST. */
int nt_substring_new(struct nt_substring **s, size_t least, const struct nt_dedup_token *token);
void nt_substring_free(struct nt_substring *s); /* NULL is harmless */

/* As nt_dedup_next. In the counts, compared is tokens, repeated those taken out. */
int nt_substring_next(struct nt_substring *s, struct nt_tokens *kept, const struct nt_tokens *doc);
const struct nt_dedup_counts *nt_substring_counts(const struct nt_substring *s);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_GREEDY_H
#define TOKEN_GREEDY_H
/*
 * greedy.h - the most frequent pair of neighbours, again and again
 *
 * Words lie one behind the other in an array of u32: the number of symbols left in the
 * word, how often it occurs (low half, high half), and its symbols.
 */
#include <stdint.h>

#include "token/tokenizer.h"

enum { NT_WORD_HEAD = 3 };

struct nt_greedy;

/*
 * word[len] is changed in place and must outlive g. Symbols are below n_symbol, which is at
 * most 256; ids of merges, the ones behind it, are below n_id. Pairs that occur less than
 * `least` times (>= 1) are of no interest. NULL: no memory.
 */
struct nt_greedy *nt_greedy_new(uint32_t *word, size_t len, uint32_t n_symbol, uint32_t n_id,
				uint64_t least);
void nt_greedy_free(struct nt_greedy *g); /* NULL is harmless */

/* The best pair and its count: 1, and it will not come again; 0 if there is none. */
int nt_greedy_next(struct nt_greedy *g, struct nt_pair *pair, uint64_t *count);

/* The pair that came last becomes id in every word. */
int nt_greedy_merge(struct nt_greedy *g, struct nt_pair pair, uint32_t id);

#endif

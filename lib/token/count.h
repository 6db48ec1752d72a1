/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_COUNT_H
#define TOKEN_COUNT_H
/* count.h - how often each distinct piece occurs */
#include "nt/mem.h"

struct nt_piece {
	uint64_t hash;
	uint64_t n;  /* occurrences */
	size_t at;   /* of its bytes in nt_counter.bytes */
	size_t len;
};

struct nt_counter {
	struct nt_piece *piece; /* [n_piece] */
	size_t n_piece, piece_cap;
	struct nt_buf bytes;
	uint32_t *slot; /* [mask + 1], places in piece, or UINT32_MAX; NULL before the first */
	size_t mask;
};

int nt_counter_add(struct nt_counter *c, const uint8_t *p, size_t len, uint64_t n);
int nt_counter_merge(struct nt_counter *into, const struct nt_counter *from);
void nt_counter_release(struct nt_counter *c);

#endif

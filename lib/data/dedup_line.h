/* SPDX-License-Identifier: MIT */
#ifndef DATA_DEDUP_LINE_H
#define DATA_DEDUP_LINE_H
/*
 * dedup_line.h - which lines of a document stay, and the ids of what is left
 */
#include "data/once.h"
#include "nt/dedup.h"
#include "nt/mem.h"

/* The text of a token at hand: most are short. */
struct nt_line_piece {
	uint8_t text[15];
	uint8_t len; /* NT_LINE_LONG: ask for it */
};

enum { NT_LINE_LONG = 255 };

/* Start with {0}. */
struct nt_dedup_line {
	struct nt_line_piece *piece; /* [vocab_size] */
	size_t n, n_repeated;   /* lines compared in the latest document, and not the first */
	uint64_t dropped_bytes; /* of it */
	struct nt_buf text;
	size_t *past;           /* [tokens] where each ends in it */
	size_t *end;            /* [n_line] of each line, its line feed included */
	bool *stays;            /* [n_line] */
	size_t n_line, cap_past, cap_end, cap_stays;
};

int nt_dedup_line_init(struct nt_dedup_line *l, const struct nt_dedup_options *o);
/* Appends what is left of doc to id and to unit the lengths of what is left of its units. */
int nt_dedup_line(struct nt_dedup_line *l, const struct nt_dedup_options *o, struct nt_once *seen,
		  const struct nt_tokens *doc, struct nt_ids *id, struct nt_ids *unit);
void nt_dedup_line_release(struct nt_dedup_line *l); /* harmless twice */

#endif

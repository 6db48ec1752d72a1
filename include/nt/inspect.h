/* SPDX-License-Identifier: MIT */
#ifndef NT_INSPECT_H
#define NT_INSPECT_H
/*
 * nt/inspect.h - what a tokenizer makes of a text, for people and for programs
 */
#include <stdbool.h>
#include <stdint.h>

#include "nt/file.h"
#include "nt/tokenizer.h"

/* One document with its tokens, as nt_encode_offsets gives them. */
struct nt_cut_text {
	uint64_t number;             /* from 0 */
	const char *source;
	const uint8_t *text;         /* [len] */
	size_t len;
	const struct nt_ids *ids;
	const struct nt_spans *spans; /* as many as ids */
};

/*
 * The text, cut visibly at its tokens. With colours, neighbours differ in theirs; without,
 * a | stands between two. What could be mistaken is escaped, so that undoing is simple: \\ is
 * a backslash and \| a bar, \n \r \t are what they are in C, \xNN is a byte that is no
 * character, or part of one that was cut, or control, \u{NNNN} a character nobody would see.
 * Behind a token that ends in a newline the line is broken, which is a border as | is; between
 * two documents is an empty line. Bytes that no token covers stand in \( and \), or dim.
 */
int nt_pieces_write(struct nt_out *out, const struct nt_tokenizer *t,
		    const struct nt_cut_text *doc, bool has_color);

/* {"doc": 0, "source": "a.txt", "bytes": 5, "ids": [1, 2], "offsets": [[0, 3], [3, 5]]} and a
 * newline: token i stands for bytes [offsets[i][0], offsets[i][1]) of the text. */
int nt_offsets_write(struct nt_out *out, const struct nt_cut_text *doc);

/*
 * How a vocabulary is used: how often each token comes, how long documents are. Counts in
 * memory of 8 bytes an entry and 8 a document.
 */
struct nt_usage;
int nt_usage_new(struct nt_usage **u, const struct nt_tokenizer *t);
void nt_usage_free(struct nt_usage *u); /* NULL is harmless */

/* Tokens of a document that stand for `bytes` of text; a long one may come in parts. */
void nt_usage_add(struct nt_usage *u, const uint32_t *id, size_t n, uint64_t bytes);
int nt_usage_end_document(struct nt_usage *u);

/* A table for people with the n_top most frequent tokens, or one JSON object with all of
 * those that came and the ids of all that did not. */
int nt_usage_write(struct nt_usage *u, struct nt_out *out, bool is_json, size_t n_top);

#endif

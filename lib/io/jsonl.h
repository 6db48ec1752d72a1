/* SPDX-License-Identifier: MIT */
#ifndef IO_JSONL_H
#define IO_JSONL_H
/* jsonl.h - the text that one line of JSON carries */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/mem.h"

struct nt_jsonl;

/*
 * field[n] are the names to join, two newlines between them; an item may hold several,
 * commas between them. n = 0: "text". A name with dots may be a path: "meta.title".
 */
int nt_jsonl_new(struct nt_jsonl **j, const char *const *field, size_t n);

/* Puts the line's text into *text and its "id" into *id (NULL if there is none; valid
 * until the next call). where names the line in messages. */
int nt_jsonl_read(struct nt_jsonl *j, const uint8_t *line, size_t len, const char *where,
		  struct nt_buf *text, const char **id);

/* Is it an object in which every field is a string? */
bool nt_jsonl_fits(struct nt_jsonl *j, const uint8_t *line, size_t len);

void nt_jsonl_free(struct nt_jsonl *j); /* NULL is harmless */

#endif

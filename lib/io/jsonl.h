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
 * field[n_field] are the names to join, two newlines between them; an item may hold several,
 * commas between them. n_field = 0: "text". A name with dots may be a path: "meta.title".
 * where[n_where] are conditions (where.h).
 */
int nt_jsonl_new(struct nt_jsonl **j, const char *const *field, size_t n_field,
		 const char *const *where, size_t n_where);

/* What a line says besides its text, or NULLs; valid until the next line is read. */
struct nt_jsonl_about {
	const char *id, *url, *date;
};

/*
 * Returns 1 and puts the line's text into *text, or 0 if it does not fit the conditions.
 * name is the line's in messages.
 */
int nt_jsonl_read(struct nt_jsonl *j, const uint8_t *line, size_t len, const char *name,
		  struct nt_buf *text, struct nt_jsonl_about *about);

/* Is it an object in which every field is a string? 1 also for one that nests too deeply to
 * be asked: reading it says so. */
int nt_jsonl_fits(struct nt_jsonl *j, const uint8_t *line, size_t len);

void nt_jsonl_free(struct nt_jsonl *j); /* NULL is harmless */

#endif

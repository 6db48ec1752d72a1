/* SPDX-License-Identifier: MIT */
#ifndef NT_IDLINES_H
#define NT_IDLINES_H
/*
 * nt/idlines.h - token ids as text: a line a document, decimal, one space between
 *
 * For scripts and for other people's tokenizers. The text says neither its vocabulary
 * nor whether it is whole; where that matters, the token stream is the form to use.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/file.h"
#include "nt/mem.h"

struct nt_idlines;

/* Reads operand[n] one after the other, standard input if n is 0. */
int nt_idlines_open(struct nt_idlines **r, char *const *operand, size_t n);

/* From now on an id that is not below n_id is NT_EFORMAT. vocabulary is what has so many; it must outlive r. */
void nt_idlines_limit(struct nt_idlines *r, uint32_t n_id, const char *vocabulary);

/* Puts the ids of the next line into *ids, whose old content goes. Returns 1, 0 at the
 * end, or NT_EFORMAT naming file and line, or what the file is in place of text. Tabs, more
 * spaces and a CR are let pass. */
int nt_idlines_next(struct nt_idlines *r, struct nt_ids *ids);
void nt_idlines_close(struct nt_idlines *r); /* NULL is harmless */

int nt_idlines_write(struct nt_out *out, const uint32_t *id, size_t n);
/* A line in parts: is_first and is_last say which this is. */
int nt_idlines_write_part(struct nt_out *out, const uint32_t *id, size_t n, bool is_first, bool is_last);

#endif

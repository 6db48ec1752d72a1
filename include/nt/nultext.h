/* SPDX-License-Identifier: MIT */
#ifndef NT_NULTEXT_H
#define NT_NULTEXT_H
/*
 * nt/nultext.h - documents as text, with a NUL between them
 *
 * What text tools of any kind pass on, and nt_docs_open takes apart again. An empty document at
 * the end has a NUL behind it, or nobody could tell it from none. One that holds a NUL itself
 * falls apart.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/file.h"

/* Start with {.out = out}, which is borrowed. */
struct nt_nultext {
	struct nt_out *out;
	uint64_t n_doc;
	bool is_empty; /* the last one, so far */
};

int nt_nultext_begin(struct nt_nultext *t); /* another document */
int nt_nultext_add(struct nt_nultext *t, const void *text, size_t len);
int nt_nultext_end(struct nt_nultext *t);   /* there is no other */

#endif

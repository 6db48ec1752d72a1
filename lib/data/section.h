/* SPDX-License-Identifier: MIT */
#ifndef DATA_SECTION_H
#define DATA_SECTION_H
/*
 * section.h - an index that grows while a data file is written and goes out behind the tokens
 *
 * A MiB of it is held; what is more goes to a temporary file, so that writing a segment of
 * any size takes the same memory. Start with nt_section_init.
 */
#include "io/spill.h"

struct nt_section {
	struct nt_buf held;
	struct nt_spill spilled; /* in front of what is held; fd -1: nothing yet */
	uint64_t bytes;
};

void nt_section_init(struct nt_section *s);
int nt_section_add(struct nt_section *s, const void *data, size_t len);
/* Hands all of it to put, in order and in pieces, and empties it. */
int nt_section_take(struct nt_section *s, int (*put)(void *arg, const void *data, size_t len), void *arg);
void nt_section_release(struct nt_section *s); /* harmless twice */

#endif

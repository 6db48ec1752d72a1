/* SPDX-License-Identifier: MIT */
#ifndef IO_PICK_H
#define IO_PICK_H
/*
 * pick.h - some members of a JSON object, out of its text
 *
 * Nothing is made of the others: they are checked, and cost no memory, however many they are.
 */
#include "io/json.h"

/* What is picked, good as long as the text and until the next is read. */
struct nt_picked {
	int kind;                  /* as nt_json_peek says, or 0: there is none */
	struct nt_json_text value; /* a string without its quotes and escapes, else as it is written */
};

struct nt_picks;

int nt_picks_new(struct nt_picks **p);
/* Wants the member called name, which is borrowed, else the one that its dots lead to. Returns
 * its index, the same for the same name. */
int nt_picks_add(struct nt_picks *p, const char *name);

/*
 * Finds all of them in text[len], which is an object as the lenient read it (json.h) and
 * nothing else. Of members of one name the last counts. Returns 0 or NT_EFORMAT; *is_deep is
 * then set if what is wrong is only that it nests deeper than is read.
 */
int nt_picks_read(struct nt_picks *p, const void *text, size_t len, bool *is_deep);
const struct nt_picked *nt_picks_get(const struct nt_picks *p, int index);

void nt_picks_free(struct nt_picks *p); /* NULL is harmless */

#endif

/* SPDX-License-Identifier: MIT */
#ifndef NT_CHOICES_H
#define NT_CHOICES_H
/*
 * nt/choices.h - questions with several continuations, as evaluation sets have them
 *
 * A JSON object a line: a text, what may come behind it, and mostly which one is right.
 *
 *	{"ctx": "A man is on a roof. He", "endings": ["is asleep.", "pulls up tiles."], "label": 1}
 *	{"question": "...", "choices": {"text": ["...", "..."], "label": ["A", "B"]}, "answerKey": "B"}
 *
 * Names that are not given are the usual ones, in this order: ctx context prompt question
 * query; endings choices options; label answer gold answerKey. The choices are an array of
 * strings, or an object whose text is one and whose label, if it has any, names them. The right
 * one is a number from 0, also as a string, or a choice's label, or a letter from A; missing,
 * null or empty: not known.
 */
#include <stddef.h>
#include <stdint.h>

#include "nt/mem.h"

struct nt_choices_fields {
	const char *context, *choices, *answer; /* each NULL: the usual names */
};

struct nt_choices_text {
	const uint8_t *p; /* [len] */
	size_t len;
};

/* A line as it was read. Start with {0}. */
struct nt_choices {
	struct nt_choices_text context;
	struct nt_choices_text *choice; /* [n_choice] */
	size_t n_choice, answer;        /* SIZE_MAX: not known */
	size_t cap;
	struct nt_buf text;             /* what all of them point into */
};

/* name is the line's in messages. NT_EFORMAT: it is no object that holds such a question. */
int nt_choices_read(struct nt_choices *c, const struct nt_choices_fields *fields, const void *line, size_t len,
		    const char *name);
void nt_choices_release(struct nt_choices *c); /* harmless twice */

#endif

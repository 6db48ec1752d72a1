/* SPDX-License-Identifier: MIT */
#ifndef NT_PROMPTS_H
#define NT_PROMPTS_H
/*
 * nt/prompts.h - what a model is to go on from: one text, or one a line, as they come
 *
 * A line is a prompt as it stands, or with is_jsonl a JSON object that holds one, as a string or
 * as an array of token ids:
 *
 *	{"id": 7, "prompt": "The cat"}
 *	{"id": 8, "prompt": [464, 3797]}
 *
 * What else an object holds is handed on, so that the answer can say it again.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/lines.h"
#include "nt/mem.h"

struct nt_prompts;

struct nt_prompts_options {
	bool is_jsonl;      /* blank lines are passed over */
	const char *field;  /* member of an object that holds the prompt */
	bool is_ids;        /* text is token ids in decimal, white space between them */
	const char *answer; /* a member of this name is NT_EFORMAT: it would be lost; NULL: none */
	/* names of members that are not kept, a NULL behind the last; or NULL: all are */
	const char *const *others;
};

/* Valid until the next one. */
struct nt_prompt {
	const uint8_t *text; /* [len] */
	size_t len;
	const uint32_t *id;  /* [n_id], if it came as ids: text is NULL then */
	size_t n_id;
	const uint8_t *kept; /* [kept_len] members of its object, commas between; without is_jsonl
			      * the prompt as the member `field` */
	size_t kept_len;
	uint64_t line;       /* from 1; 0: it is the one text */
};

/* Reads lines, as nt_lines_new takes them. Borrows all that options point to. */
int nt_prompts_open(struct nt_prompts **p, const struct nt_prompts_options *options, int fd, const char *name,
		    const volatile sig_atomic_t *stop);
/* The same of one text, which is borrowed, or with is_ids one run of ids. */
int nt_prompts_of(struct nt_prompts **p, const struct nt_prompts_options *options, const void *text, size_t len);
void nt_prompts_close(struct nt_prompts *p); /* NULL is harmless */

/* Returns 1, 0 at the end, or NT_LINES_LATER as nt_lines_next does. NT_EFORMAT names the line. */
int nt_prompts_next(struct nt_prompts *p, bool may_wait, struct nt_prompt *prompt);

/* "standard input:12": the line of the last one, for messages. */
const char *nt_prompts_place(struct nt_prompts *p);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef NT_ANSWER_H
#define NT_ANSWER_H
/*
 * nt/answer.h - prompts answered by a model, and conversations with it
 *
 * An answer is what a model says behind a prompt, up to [E], a stop string, a number of tokens or
 * the end of its context. Prompts are read as there is room for them, many are answered at once,
 * and answers come in the order of the prompts. What an answer is depends on the model, the
 * options, the prompt and its number (from 0), not on those beside it.
 */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/file.h"
#include "nt/lanes.h"
#include "nt/prompts.h"
#include "nt/text.h"
#include "nt/tokenizer.h"

/* Why an answer ended. */
enum nt_reason {
	NT_GOES_ON,
	NT_ENDED_EOS,       /* the model said [E] */
	NT_ENDED_STOP,      /* in front of a stop string */
	NT_ENDED_LENGTH,    /* with as many tokens as were asked for */
	NT_ENDED_CONTEXT,   /* the context is full */
	NT_ENDED_INTERRUPT,
	NT_REASON_COUNT
};
const char *nt_reason_name(enum nt_reason reason); /* "eos", "stop", "length", "context", "interrupt" */

enum nt_answer_form {
	NT_ANSWER_TEXT,   /* bytes as they come, in whole UTF-8 characters; or ids in decimal */
	NT_ANSWER_LINE,   /* a line: \\ \n \r \t, and \xNN for other control bytes and what is not UTF-8; or ids */
	NT_ANSWER_JSON,   /* an object: what the prompt's line held, the answer and what is known of it */
	NT_ANSWER_TOKENS, /* an object for each token, as they come */
};

struct nt_answer_options {
	const struct nt_tokenizer *tokenizer; /* NULL: there are only ids */
	const struct nt_stops *stops; /* NULL: none */
	uint64_t n_most;     /* tokens of an answer; 0: no limit */
	struct nt_ends ends; /* bos is put before a prompt of text, any eos ends an answer */
	bool ignore_eos;
	bool ids;            /* text forms are of ids, objects have them too */
	bool no_prompt;      /* text forms are of the answer alone, else of both */
	bool has_logprobs;   /* of each token, in objects; the lanes' option too */
	bool ends_line;      /* NT_ANSWER_TEXT of text: end it with a newline if it does not */
	enum nt_answer_form form;
	const char *answer_field; /* of an object, for the text */
	const volatile sig_atomic_t *stop; /* what is under way ends when this is set; NULL: never */
	void (*progress)(void *arg, const struct nt_lanes *l, uint64_t n_answer); /* now and then; or NULL */
	void *progress_arg;
};

/* The members of an object that are not the prompt's, a NULL behind the last, and not answer_field. */
extern const char *const nt_answer_members[];

struct nt_answer_counts {
	uint64_t answers, ended[NT_REASON_COUNT];
	size_t stop;         /* the stop string that ended the last one, as nt_stops_scan counts */
};

/* Answers prompts until there are none, with as many lanes as l has. A prompt that cannot be
 * answered is NT_EFORMAT, or of one text NT_EARG, when those before it are. */
int nt_answer_prompts(const struct nt_answer_options *o, struct nt_lanes *l, struct nt_prompts *p,
		      struct nt_out *out, struct nt_answer_counts *counts);

/*
 * A conversation: one text that grows by what is typed, byte for byte, and by what the model says.
 * A line that ends with a backslash goes on in the next, a newline between them; the newline that
 * ends the last is no part of it. "/reset" begins another text. What a stop string cut off is no
 * part of the text. o->form is
 * NT_ANSWER_TEXT, o->has_logprobs not set. It ends with the input, or when *o->stop is set.
 */
struct nt_talk {
	void (*waits)(void *arg, bool goes_on); /* for a line; goes_on: for more of one */
	bool (*was_interrupted)(void *arg);     /* the answer or the line is to end, and no more; forgets it */
	void (*ended)(void *arg, enum nt_reason reason, const char *remark); /* an answer; a remark, or NULL */
	void *arg;
};
/* first is what the text begins with, each time; it is shown, and gets no answer by itself. One
 * lane of l is used. */
int nt_talk(const struct nt_answer_options *o, const struct nt_talk *host, struct nt_lanes *l,
	    struct nt_lines *in, const struct nt_buf *first, struct nt_out *out);

#endif

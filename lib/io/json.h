/* SPDX-License-Identifier: MIT */
#ifndef IO_JSON_H
#define IO_JSON_H
/*
 * json.h - JSON pulled out of memory, one value at a time
 *
 * No tree is made: whoever reads asks for what comes next, and takes it or skips it. This
 * is how files are read that hold half a million strings.
 *
 *	struct nt_json j;
 *	nt_json_init(&j, text, len);
 *	int rc = nt_json_enter(&j, '{');
 *	while (rc >= 0 && (rc = nt_json_key(&j, &key)) > 0)
 *		rc = nt_json_is(&key, "name") ? nt_json_read_string(&j, &name) : nt_json_skip(&j, NULL);
 *	if (rc == 0)
 *		rc = nt_json_end(&j);
 *	nt_json_release(&j);
 *
 * What is read is checked in full, what is skipped as well: RFC 8259 and nothing beside
 * it, strings well-formed UTF-8, \u surrogates in pairs, 128 levels. Duplicate keys are
 * the reader's to notice. Everything returns NT_EFORMAT with the byte where it went wrong.
 *
 * With is_lenient set after nt_json_init, what programs write that know RFC 8259 less well
 * passes, too: any bytes in strings, half of a surrogate pair as U+FFFD, NaN and Infinity.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "nt/mem.h"

enum { NT_JSON_DEPTH_MOST = 128 };

struct nt_json {
	const uint8_t *text, *at, *end;
	uint64_t objects[NT_JSON_DEPTH_MOST / 64]; /* bit d: what is open at depth d is an object */
	unsigned depth;
	bool is_first; /* nothing was read yet in what is open */
	bool is_lenient;
	bool is_too_deep; /* why it failed */
	struct nt_buf unescaped;
};

/* A string without its quotes and escapes, or a value as it is written; it may hold NUL. */
struct nt_json_text {
	const uint8_t *p; /* [len] */
	size_t len;
	bool had_escape; /* p is not in the text, and good until the next string is read */
};

void nt_json_init(struct nt_json *j, const void *text, size_t len); /* borrows text */
void nt_json_release(struct nt_json *j);

/* What comes next: '{' '[' '"' 't' 'f' 'n', or '0' for any number. */
int nt_json_peek(struct nt_json *j);
/* Opens the object '{' or array '[' that comes next, and nothing else. */
int nt_json_enter(struct nt_json *j, char kind);
/* In an array, or an object: 1 if an element comes next, 0 if it has ended. */
int nt_json_more(struct nt_json *j);
/* In an object: 1 and the key of the value that comes next, 0 if it has ended. */
int nt_json_key(struct nt_json *j, struct nt_json_text *key);
int nt_json_read_string(struct nt_json *j, struct nt_json_text *s);
/* Any value, checked and passed over: as it is written in *span, unless that is NULL. */
int nt_json_skip(struct nt_json *j, struct nt_json_text *span);
/* Nothing but white space may be left. */
int nt_json_end(struct nt_json *j);

/*
 * A file is laid out the same way all through. Whoever stands where they once stood, and
 * sees the like[len] that they passed over then, may step over it at once: the same bytes
 * from the same state lead to the same state.
 */
static inline bool nt_json_step(struct nt_json *j, const uint8_t *like, size_t len)
{
	const uint8_t *at = j->at;
	size_t n = 0;
	if ((size_t)(j->end - at) < len)
		return false;
	for (; len - n >= 8; n += 8) /* mostly two or three words: a call costs more */
		if (memcmp(at + n, like + n, 8) != 0)
			return false;
	if (memcmp(at + n, like + n, len - n) != 0)
		return false;
	j->at += len;
	return true;
}

static inline bool nt_json_is(const struct nt_json_text *s, const char *word)
{
	return s->len == strlen(word) && memcmp(s->p, word, s->len) == 0;
}

/*
 * A whole text as json-c's objects, for what is small and read in any order; *root is NULL where
 * that fails, and where the text is "null". Members whose name holds a NUL, which json-c cannot
 * name, are left out; a text with more values than 2^18 and one for 8 bytes is refused. And their text, without blanks, behind out; or alone in it, with a NUL
 * behind it. (What json-c writes lacks parts, or is NULL, where it had no memory.)
 */
struct json_object;
int nt_json_tree(struct json_object **root, const void *text, size_t len);
int nt_json_write(struct nt_buf *out, struct json_object *o);
int nt_json_text(struct nt_buf *out, struct json_object *o);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_WRITTEN_H
#define TOKEN_WRITTEN_H
/*
 * written.h - where text may be cut though its tokenizer cuts nothing
 *
 * For tokenizers that write spaces as U+2581, know every byte, and merge documents whole.
 * Offsets and bytes are those of the text as it is, before anything is written in it.
 */
#include "token/general.h"

/* Bit b of bit[a]: a merge may cross the border between byte a and byte b of a text. */
struct nt_joints {
	uint64_t bit[256][4];
	uint32_t ascii[128]; /* the token of each of these characters, or NT_NO_TOKEN */
	enum nt_prepend prepend; /* where a space is put in front of text ... */
	bool spares_space;       /* ... unless there is one */
};

/* Does t write a space as U+2581, and another in front of text if it prepends, and cut nothing? */
bool nt_written_is_whole(const struct nt_tokenizer *t, bool *prepends);
/* Do characters that are no tokens become those of their bytes, whatever they are? */
bool nt_written_has_bytes(const struct nt_tokenizer *t);
/* Is it written as one of those, whose bytes in text are others? */
bool nt_written_is_byte(const struct nt_tokenizer *t, uint32_t id);

/* Sets t->joints if t is such a tokenizer; all merges are there. */
int nt_written_index(struct nt_tokenizer *t);

/* Is there a U+2581 in the text itself? If not, a token is as long there as it is shown. */
bool nt_written_has_mark(const uint8_t *text, size_t len);

/* The bytes of text that a token stands for which begins there: a space, or a U+2581, may be
 * what it writes as U+2581. */
size_t nt_written_len(const struct nt_tokenizer *t, uint32_t id, const uint8_t *text);

/* Is a space put in front of text[start, end), which lies between added tokens? */
bool nt_written_prepends(const struct nt_joints *j, const uint8_t *text, size_t start, size_t end);

/* The ends of the pieces of text[len], at most cap; 0: the first is longer than 2^32 - 1 bytes. */
size_t nt_written_cut(const struct nt_joints *j, const uint8_t *text, size_t len, uint32_t *end,
		      size_t cap);

/* The last place between two words of text[len] where it may be cut, or 0. */
size_t nt_written_seam(const struct nt_joints *j, const uint8_t *text, size_t len);

/* One thread's. */
struct nt_written_work {
	struct nt_buf text;
	struct nt_symbols symbols;
};
void nt_written_release(struct nt_written_work *w); /* harmless twice */

/* Appends the ids of the piece p[n]. */
int nt_written_merge(const struct nt_tokenizer *t, struct nt_written_work *w, struct nt_scratch *scratch,
		     const uint8_t *p, size_t n, struct nt_ids *out);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef DATA_STATE_H
#define DATA_STATE_H
/*
 * state.h - what a run has seen, for the next one (docs/formats.md, "State")
 */
#include <stdint.h>

#include "nt/file.h"
#include "nt/hash.h"

enum nt_state_kind {
	NT_STATE_UNITS = 1, /* keys: 16 bytes each */
	NT_STATE_DOCUMENTS = 2,
	NT_STATE_LINES = 3,
	NT_STATE_NEAR = 4, /* sketches of bands * rows bytes each */
};

struct nt_state {
	uint32_t kind;
	uint8_t fingerprint[16]; /* of the tokenizer that made the ids; 0 if what is compared is text */
	uint64_t secret;         /* what was hashed with: a secret, or the seed of sketches */
	uint32_t bands, rows;    /* of sketches, else 0 */
	uint64_t n;              /* entries */
};

/* Reads the file at path into *s and gives take its entries[n], many at a time, after begin.
 * What is not as in `due` (but for the secret of keys, and n) is named: NT_EFORMAT. Returns 1; 0 if
 * there is no such file. The hash over all of it is checked at the end. due, begin and take may
 * be NULL. */
int nt_state_read(const char *path, struct nt_state *s, const struct nt_state *due,
		  int (*begin)(void *arg, const struct nt_state *s),
		  int (*take)(void *arg, const uint8_t *entries, size_t n), void *arg);

/* Writes one: s->n entries must follow. */
struct nt_state_writer {
	struct nt_out *out;
	struct nt_hasher *hasher;
	size_t entry_bytes;
};
int nt_state_begin(struct nt_state_writer *w, const char *path, const struct nt_state *s);
int nt_state_add(struct nt_state_writer *w, const void *entries, size_t bytes);
int nt_state_end(struct nt_state_writer *w, int rc); /* rc < 0: throws it away; returns rc then */

#endif

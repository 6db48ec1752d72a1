/* SPDX-License-Identifier: MIT */
#ifndef NT_SHUFFLE_H
#define NT_SHUFFLE_H
/*
 * nt/shuffle.h - documents in a random order, in as much memory as it is given
 *
 * Document i gets the key nt_random_u64(seed, NT_RANDOM_SHUFFLE, i); sorting by (key, i)
 * is a permutation that depends on the seed and the number of documents only, never on
 * the memory or the threads; every one is as likely as any other. What does not fit goes to
 * a temporary file, written once and read once up to some 4000 times the memory (from 64 MiB
 * of it up), twice up to the square of that.
 */
#include <stdint.h>

#include "nt/pool.h"
#include "nt/stream.h"

struct nt_shuffle_options {
	uint64_t seed;
	uint64_t memory;    /* bytes to hold documents in, and 16 for each; at least NT_SHUFFLE_MIN,
			     * and what the longest document takes */
	const char *folder; /* for temporary files; NULL: TMPDIR, or /tmp */
	uint32_t vocab_size;
	struct nt_pool *pool; /* NULL: this thread alone */
};

enum { NT_SHUFFLE_MIN = 1 << 16 };

struct nt_shuffle;
int nt_shuffle_new(struct nt_shuffle **s, const struct nt_shuffle_options *options);
int nt_shuffle_add(struct nt_shuffle *s, const struct nt_stored *doc); /* copied */

/* After the last nt_shuffle_add: returns 1 with the next document (valid until the next
 * call), 0 at the end, or NT_ESYS: a full disk, no memory. */
int nt_shuffle_next(struct nt_shuffle *s, struct nt_stored *doc);

/*
 * All of them: adds what give hands out (1, 0 at the end, or a code), hands to take what comes
 * out. They are called one at a time, but with a pool not always by the same thread, and must
 * not use it. Return 0, or the first code.
 */
int nt_shuffle_add_all(struct nt_shuffle *s, int (*give)(void *arg, struct nt_stored *doc), void *arg);
int nt_shuffle_hand_out_all(struct nt_shuffle *s, int (*take)(void *arg, const struct nt_stored *doc), void *arg);

uint64_t nt_shuffle_spilled(const struct nt_shuffle *s); /* bytes written to files so far */
void nt_shuffle_free(struct nt_shuffle *s); /* NULL is harmless; the files are gone */

#endif

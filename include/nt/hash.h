/* SPDX-License-Identifier: MIT */
#ifndef NT_HASH_H
#define NT_HASH_H
/*
 * nt/hash.h - XXH3, the hash of every format here
 *
 * 64 bits against accidents (frames, pages, sections), 128 bits where equality of the
 * hash is taken for equality of the thing (fingerprints, duplicates). Not for
 * enemies: XXH3 without a secret seed can be made to collide on purpose.
 * On disk a 128-bit hash is a little-endian integer: low 8 bytes first.
 * Source: xxHash 0.8, XXH3_64bits and XXH3_128bits, seed 0.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nt_hash128 {
	uint64_t lo, hi;
};

uint64_t nt_hash64(const void *data, size_t len);
struct nt_hash128 nt_hash128(const void *data, size_t len);
/* With a secret that nobody else knows, not even enemies find things of equal hash beforehand. */
struct nt_hash128 nt_hash128_keyed(const void *data, size_t len, uint64_t secret);
struct nt_hash128 nt_hash128_sum(struct nt_hash128 a, struct nt_hash128 b); /* modulo 2^128 */

/* A hash over bytes that come in pieces; the pieces' borders do not matter. */
struct nt_hasher;
struct nt_hasher *nt_hasher_new(void); /* NULL: out of memory */
void nt_hasher_add(struct nt_hasher *h, const void *data, size_t len);
uint64_t nt_hasher_sum64(const struct nt_hasher *h);
struct nt_hash128 nt_hasher_sum128(const struct nt_hasher *h);
void nt_hasher_reset(struct nt_hasher *h);
void nt_hasher_free(struct nt_hasher *h);

/*
 * What a set of documents is, in three numbers that do not depend on their order, nor on how
 * they are divided among files, runs and machines: the hash is the sum, modulo 2^128, of the
 * XXH3_128 of each document that is not empty. Start with {0}.
 */
struct nt_digest {
	uint64_t documents, bytes;
	struct nt_hash128 hash;
	struct nt_hasher *part; /* of the document that goes on; */
	bool goes_on;           /* is there one? */
};

/* Adds a document, or the next part of one that is not empty: goes_on says that it is not the
 * last. Returns 0 or NT_ESYS. */
int nt_digest_add(struct nt_digest *d, const void *text, size_t len, bool goes_on);
void nt_digest_release(struct nt_digest *d); /* harmless twice; the numbers stay */

#endif

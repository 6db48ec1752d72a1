/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_CACHE_H
#define TOKEN_CACHE_H
/*
 * cache.h - the ids of pieces that came before
 *
 * Words repeat: of a hundred million bytes of English one piece in fifty is new. A piece of up
 * to 15 bytes with up to four ids takes half a cache line here; its bytes and its length
 * are the key, so what is found is never wrong. An entry is looked for in the two halves of
 * one line, then in the two of the line's neighbour. It is written once, its key last, and
 * stays until the table is emptied or grows, so any number of threads may look and add at
 * once; growing needs the table to itself.
 *
 * Longer pieces, and those with more ids, are kept by each thread for itself, by their hash
 * and with their bytes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "nt/mem.h"

enum {
	NT_KEY_MOST = 15, /* bytes of a key */
	NT_IDS_MOST = 4,
	NT_OVERREAD = 16, /* bytes that are read for a key, whatever its length */
	NT_ID_BITS = 24,
};

/* lo: the first eight bytes; hi: seven more, and above them their number. */
struct nt_key {
	uint64_t lo, hi;
};

struct nt_cached {
	uint64_t lo, hi;          /* the key; hi 0: empty, all ones: being written */
	uint32_t id[NT_IDS_MOST]; /* above the bits of id[0] stands how many there are */
};

struct nt_cache {
	struct nt_cached *entry; /* [mask + 1] */
	size_t mask;
	/* Where the search for a key begins: the first entry of a line. */
	size_t (*line)(const struct nt_cache *c, struct nt_key key);
	void *memory;  /* behind entry ... */
	size_t mapped; /* ... and its bytes */
	_Alignas(64) size_t n; /* entries taken, atomic: away from what all threads read */
};

#define NT_KEY_BUSY UINT64_MAX

/* n_entry: a power of two, 8 or more. */
int nt_cache_init(struct nt_cache *c, size_t n_entry,
		  size_t (*line)(const struct nt_cache *c, struct nt_key key));
void nt_cache_release(struct nt_cache *c); /* harmless twice */

/* Makes room for what text of so many bytes may hold. Nobody else may use it meanwhile. */
int nt_cache_expect(struct nt_cache *c, uint64_t bytes);
/* Makes room when the table fills up, or empties it when it may not grow any more. Likewise. */
int nt_cache_tend(struct nt_cache *c);

/* The entry of a key that is not in the line where it is looked for first, or NULL. */
const struct nt_cached *nt_cache_far(const struct nt_cache *c, struct nt_key key, size_t line);

/* Remembers ids for key, if there is room where it belongs. n: 1 to 255; of more than
 * NT_IDS_MOST only how many they are. */
void nt_cache_add(struct nt_cache *c, struct nt_key key, const uint32_t *id, size_t n);

static inline bool nt_cached_is(const struct nt_cached *e, struct nt_key key)
{
	uint64_t hi = __atomic_load_n(&e->hi, __ATOMIC_ACQUIRE);
	uint64_t lo = __atomic_load_n(&e->lo, __ATOMIC_RELAXED);
	return ((hi ^ key.hi) | (lo ^ key.lo)) == 0;
}

/* The entry of a key that is looked for first in `line`, wherever it is, or NULL. */
static inline const struct nt_cached *nt_cache_find(const struct nt_cache *c, struct nt_key key,
						    size_t line)
{
	const struct nt_cached *e = &c->entry[line];
	return nt_cached_is(e, key) ? e : nt_cached_is(e + 1, key) ? e + 1 : nt_cache_far(c, key, line);
}

/* Writes the ids of an entry to id[NT_IDS_MOST] and says how many they are: those that are more
 * do not stand in it. */
static inline size_t nt_cached_take(uint32_t id[NT_IDS_MOST], const struct nt_cached *e)
{
	memcpy(id, e->id, sizeof(e->id));
	size_t n = id[0] >> NT_ID_BITS;
	id[0] &= (UINT32_C(1) << NT_ID_BITS) - 1;
	return n;
}

/* What a key keeps of 16 bytes, and what it adds to them: by the length of the piece, and for all
 * that are longer a key that no entry has. */
extern const struct nt_key_form {
	_Alignas(16) struct nt_key keep;
	struct nt_key add;
} nt_key_form[NT_KEY_MOST + 2];

/* The piece p[n], n > 0, of which NT_OVERREAD bytes may be read. */
static inline struct nt_key nt_key_of(const uint8_t *p, size_t n)
{
	const struct nt_key_form *form = &nt_key_form[n <= NT_KEY_MOST ? n : NT_KEY_MOST + 1];
	struct nt_key key;
	memcpy(&key, p, sizeof(key));
	key.lo &= form->keep.lo;
	key.hi = (key.hi & form->keep.hi) | form->add.hi;
	return key;
}

/* --- pieces that are too long for that ----------------------------------------- */

struct nt_long_cache {
	struct nt_long_entry *entry; /* [mask + 1] */
	size_t mask, n;
	struct nt_buf store; /* records: lengths, bytes, ids */
};

void nt_long_cache_release(struct nt_long_cache *c); /* harmless twice */
/* Appends the ids of p[n], whose hash is `hash`: 1, or 0 if they are not there, or < 0. */
int nt_long_cache_find(const struct nt_long_cache *c, uint64_t hash, const uint8_t *p, size_t n,
		       struct nt_ids *out);
bool nt_long_cache_has(const struct nt_long_cache *c, uint64_t hash, const uint8_t *p, size_t n);
int nt_long_cache_add(struct nt_long_cache *c, uint64_t hash, const uint8_t *p, size_t n,
		      const uint32_t *id, size_t n_id);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_TOKENIZER_H
#define TOKEN_TOKENIZER_H
/*
 * tokenizer.h - what a tokenizer is made of, and how it comes together
 *
 * A reader of some file format makes an empty one, adds tokens in any order, indexes
 * them, adds merges in their order of priority, and finishes it. From then on it is
 * immutable.
 */
#include "nt/tokenizer.h"
#include "text/split.h"

/* Part of the fingerprint: the numbers are a promise. */
enum nt_token_kind {
	NT_KIND_NONE = 0,     /* no token has this id */
	NT_KIND_ORDINARY = 1, /* bytes */
	NT_KIND_SPECIAL = 2,  /* a name, matched in text only on request */
	NT_KIND_ADDED = 3,    /* a string matched in text before anything else */
};

enum { NT_TOKEN_LIMIT = 1 << 20 }; /* bytes of one token */

struct nt_token {
	uint32_t at;                /* of its bytes, or its name, in nt_tokenizer.bytes */
	uint32_t len : 24, kind : 8; /* kind: enum nt_token_kind */
};

struct nt_pair {
	uint32_t left, right;
};

/* A merge as the hash table holds it; left is NT_NO_TOKEN in an empty slot. */
struct nt_merge {
	uint32_t left, right;
	uint32_t rank; /* place in the order of merges: lower goes first */
	uint32_t id;   /* what the two become */
};

/* Where a table of mask + 1 slots begins to look for a pair. */
static inline size_t nt_pair_slot(uint32_t left, uint32_t right, size_t mask)
{
	uint64_t h = ((uint64_t)left << 32 | right) * UINT64_C(0x9e3779b97f4a7c15); /* 2^64 / phi */
	return h >> 32 & mask;
}

struct nt_tokenizer {
	struct nt_ident ident; /* json and fingerprint are with canonical */
	struct nt_pattern split;
	bool prefers_whole; /* a piece that is a token is that token, merges or not */
	char remark[160];   /* what was added that the file did not say; "" if nothing */

	struct nt_token *token; /* [ident.vocab_size] */
	size_t token_cap;
	struct nt_buf bytes;   /* each with a NUL behind it, and behind the last room for a word */
	uint32_t byte_id[256]; /* the token of a single byte, or NT_NO_TOKEN */

	uint32_t *find; /* [find_mask + 1]: find.c's own */
	size_t find_mask;

	struct nt_pair *pair; /* [n_pair], in order of priority */
	size_t n_pair, pair_cap;
	struct nt_merge *merge; /* [merge_mask + 1] */
	size_t merge_mask;
	size_t n_entered; /* pairs that are in the table */

	uint32_t *added; /* [n_added] special and added tokens, by first byte, longest first */
	uint32_t n_added;
	bool has_plain_added;    /* one of them is not special */
	uint32_t added_first[257]; /* those with first byte b: [added_first[b], added_first[b+1]) */

	struct nt_canonical *canonical;
};

int nt_tokenizer_new(struct nt_tokenizer **t, const char *name);
/* Room for ids up to and with top, and for bytes: worth it where there are many. */
int nt_tokenizer_reserve(struct nt_tokenizer *t, uint32_t top, size_t bytes);
/* NT_EFORMAT when the id is taken, too high, or the bytes are empty or too many. */
int nt_tokenizer_add(struct nt_tokenizer *t, uint32_t id, const void *bytes, size_t len,
		     enum nt_token_kind kind);
/* The same for bytes that were written behind t->bytes. */
int nt_tokenizer_claim(struct nt_tokenizer *t, uint32_t id, size_t len, enum nt_token_kind kind);
int nt_tokenizer_index(struct nt_tokenizer *t); /* all ordinary tokens are there */
/* left and right, and both one behind the other, must be ordinary tokens by the time that
 * the tokenizer is finished. */
int nt_tokenizer_merge(struct nt_tokenizer *t, uint32_t left, uint32_t right);
/* Finds [B], [E] and padding by name; adds what is missing. Harmless twice. */
int nt_tokenizer_settle_ends(struct nt_tokenizer *t);
/* Settles [B] and [E], and makes the tables. prefers_whole: as the file says. */
int nt_tokenizer_finish(struct nt_tokenizer *t, bool prefers_whole);

/* find.c. The ordinary token of exactly these bytes, or NT_NO_TOKEN. */
uint32_t nt_token_find_ordinary(const struct nt_tokenizer *t, const void *bytes, size_t len);
/* Many at once, which is faster: the memory that one waits for is fetched for the others. */
struct nt_lookup {
	const uint8_t *bytes; /* [len], readable up to [16] */
	uint32_t len;
	uint32_t id;          /* the answer */
	uint64_t hash;        /* scratch */
};
void nt_token_find_many(const struct nt_tokenizer *t, struct nt_lookup *lookup, size_t n);
/* Enters the merges that are not in the table yet. */
int nt_merges_index(struct nt_tokenizer *t);
/* For a reader that knows what its merges make: makes the table for n of them, which it
 * then adds with nt_tokenizer_merge and enters, each. */
int nt_merges_expect(struct nt_tokenizer *t, size_t n);
void nt_merge_enter(struct nt_tokenizer *t, struct nt_merge m);

static inline const uint8_t *nt_token_text(const struct nt_tokenizer *t, uint32_t id)
{
	return t->bytes.data + t->token[id].at;
}

/* merge.c: one piece of text to ids. Scratch is one thread's. */
struct nt_scratch {
	struct nt_node *node; /* a piece of any length as a linked list ... */
	size_t node_cap;
	uint64_t *heap; /* ... and what can be merged in it, soonest first */
	size_t n_heap, heap_cap;
};
void nt_scratch_release(struct nt_scratch *s);
/* The merge of two tokens, or NULL. */
const struct nt_merge *nt_merge_find(const struct nt_tokenizer *t, uint32_t left, uint32_t right);
int nt_merge_piece(struct nt_scratch *s, const struct nt_tokenizer *t, const uint8_t *p, size_t n,
		   struct nt_ids *out);

/* encode.c: for what is built on nt_encode */
const struct nt_tokenizer *nt_encoder_tokenizer(const struct nt_encoder *e);
struct nt_ids *nt_encoder_spare(struct nt_encoder *e); /* ids that nobody keeps; belong to e */

/* added.c */
int nt_added_index(struct nt_tokenizer *t);
/* The first special (if wanted) or added token written out in text[at, len): its place in
 * *where; NT_NO_TOKEN if there is none. */
uint32_t nt_added_find(const struct nt_tokenizer *t, const uint8_t *text, size_t at, size_t len,
		       bool specials, size_t *where);

/* alphabet.c: bytes as the visible characters that tokenizer.json writes them with */
void nt_alphabet_order(uint8_t byte[256]); /* all, in the order of their characters */
int nt_alphabet_write(struct nt_buf *out, const uint8_t *bytes, size_t len);
int nt_alphabet_read(struct nt_buf *out, const char *text, size_t len); /* 1, or 0: not in it */
/* Reads text[len] up to the first character that is not in it; returns the bytes of text
 * that were read. They became *n bytes of out[len + 8]. */
size_t nt_alphabet_read_some(uint8_t *out, size_t *n, const uint8_t *text, size_t len);

/* canonical.c: what is made when somebody first asks for it */
struct nt_canonical *nt_canonical_new(void); /* NULL: no memory */
void nt_canonical_free(struct nt_canonical *c);
/* Does it make a difference that whole pieces are preferred? */
int nt_whole_differs(const struct nt_tokenizer *t, bool *differs);

/* The readers. name is what people will call it. */
int nt_tiktoken_parse(struct nt_tokenizer **t, const void *text, size_t len, const char *name,
		      const char *pattern);
int nt_hf_parse(struct nt_tokenizer **t, const void *json, size_t len, const char *name,
		const char *pattern);
/* Adds the merge that makes each token, by the bytes' ranks alone (tiktoken.c says how). */
int nt_pairs_from_ranks(struct nt_tokenizer *t, bool *all_reached);
int nt_bytes_make(struct nt_tokenizer **t);
int nt_embedded_parse(struct nt_tokenizer **t, const char *pattern);

#endif

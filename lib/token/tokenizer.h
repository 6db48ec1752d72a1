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
#include "nt/cpu.h"
#include "nt/tokenizer.h"
#include "text/normalize.h"
#include "text/split.h"
#include "token/heap.h"
#include "token/presplit.h"

/* Part of the fingerprint: the numbers are a promise. */
enum nt_token_kind {
	NT_KIND_NONE = 0,     /* no token has this id */
	NT_KIND_ORDINARY = 1, /* bytes */
	NT_KIND_SPECIAL = 2,  /* a name, matched in text only on request */
	NT_KIND_ADDED = 3,    /* a string matched in text before anything else */
};

/* How a special or added token is looked for. */
enum nt_token_flag {
	NT_SINGLE_WORD = 1, /* not between characters of words */
	NT_LSTRIP = 2,      /* with the white space before it ... */
	NT_RSTRIP = 4,      /* ... and behind it */
	NT_NORMALIZED = 8,  /* in normalized text */
	NT_IN_VOCAB = 16,   /* the model has it too: merges may take and make it */
	NT_OUTSIDE = 32,    /* one character, and yet the model has it not */
};

enum { NT_MERGE_LIMIT = 1 << 24 }; /* a rank and a place fit 32 bits */
enum { NT_TOKEN_LIMIT = 1 << 20 }; /* bytes of one token */

struct nt_token {
	uint32_t at; /* of its bytes, or its name, in nt_tokenizer.bytes */
	uint32_t len : 24, kind : 2, flags : 6; /* enum nt_token_kind, nt_token_flag */
};

static inline void nt_token_flag(struct nt_token *token, enum nt_token_flag flag, bool is_set)
{
	token->flags = (is_set ? token->flags | flag : token->flags & ~(unsigned)flag) & 0x3f;
}

/* May merges take and make it? */
static inline bool nt_token_merges(struct nt_token token)
{
	return token.kind == NT_KIND_ORDINARY || token.flags & NT_IN_VOCAB;
}

struct nt_pair {
	uint32_t left, right;
};

/* A merge as the hash table holds it; left is NT_NO_TOKEN in an empty slot. */
struct nt_merge {
	uint32_t left, right;
	uint32_t rank; /* place in the order of merges: lower goes first */
	uint32_t id;   /* what the two become */
};

/* The merge of two single bytes; rank all ones: there is none. */
struct nt_byte_pair {
	uint32_t rank, id;
};

/* Where a table of mask + 1 slots begins to look for a pair. */
static inline size_t nt_pair_slot(uint32_t left, uint32_t right, size_t mask)
{
	uint64_t h = ((uint64_t)left << 32 | right) * UINT64_C(0x9e3779b97f4a7c15); /* 2^64 / phi */
	return h >> 32 & mask;
}

/* U+2581, what a space is written as where tokens are written in characters */
#define NT_SPACE_MARK "\xe2\x96\x81"

/* Tokens that are looked for in text, by their bytes. */
struct nt_added {
	size_t at; /* of what is looked for, in nt_tokenizer.bytes */
	uint32_t len, id;
};

struct nt_added_set {
	struct nt_added *entry; /* [n], in order of what is looked for */
	uint32_t *by_name;      /* [n] their ids in order of their names; NULL: that is the same */
	uint32_t n, cap;
	uint32_t first[257]; /* those with first byte b: [first[b], first[b + 1]) */
	int only_first;      /* the one byte that all begin with, or -1 */
	bool has_plain;      /* one of them is not special */
	bool strips;         /* one of them takes in white space */
};

/*
 * What happens to text between the added tokens. A tokenizer is plain when its pieces are
 * those of one known pattern, split: then presplit is empty.
 */
struct nt_tokenizer {
	struct nt_ident ident; /* json and fingerprint are with canonical */
	struct nt_normalizer *normalizer; /* [n_normalizer] */
	size_t n_normalizer;
	struct nt_presplit *presplit; /* [n_presplit] */
	size_t n_presplit;
	bool is_plain;
	struct nt_pattern split;
	bool is_written;     /* tokens are strings of characters, not of bytes ... */
	bool has_fallback;   /* ... and characters that are none become those of their bytes ... */
	uint32_t unk;        /* ... or this one; NT_NO_TOKEN: an error */
	bool fuses_unk;      /* neighbours become one */
	char space[8];       /* what a space is in written tokens, "" if it is one */
	bool strips_space;   /* what is decoded begins with a space too many */
	struct nt_joints *joints; /* written.h; NULL: text is not cut that way */
	struct nt_token *shown; /* [vocab_size] the bytes of written tokens in the text */
	bool only_tokens;   /* merges were passed over: it tells what ids stand for, and no more */
	bool prefers_whole; /* a piece that is a token is that token, merges or not */
	char remark[240];   /* what was added that the file did not say; "" if nothing */

	struct nt_token *token; /* [ident.vocab_size] */
	size_t token_cap;
	uint32_t id_end; /* all ids are below it */
	uint32_t named_first, named_end; /* specials and added tokens have ids in [first, end) */
	struct nt_buf bytes;   /* each with a NUL behind it, and behind the last room for a word */
	uint32_t byte_id[256]; /* the token of a single byte, <0xNN> if written, or NT_NO_TOKEN */

	uint32_t *find; /* [find_mask + 1]: find.c's own */
	size_t find_mask;

	struct nt_pair *pair; /* [n_pair], in order of priority */
	size_t n_pair, pair_cap;
	struct nt_merge *merge; /* [merge_mask + 1] */
	size_t merge_mask;
	struct nt_byte_pair *byte_pair; /* [256 left][256 right] */

	struct nt_added_set raw;        /* looked for in the text as it is ... */
	struct nt_added_set normalized; /* ... and in what normalizers made of the rest */

	struct nt_canonical *canonical;
	struct nt_briefs *briefs;
};

int nt_tokenizer_new(struct nt_tokenizer **t, const char *name);
/* Of a file of len bytes: it asks for no more ids than could be in it with gaps between them. */
void nt_tokenizer_expect(struct nt_tokenizer *t, size_t len);
/* Are there so many tokens as the highest id makes likely? */
int nt_tokenizer_check_gaps(const struct nt_tokenizer *t);
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
/* ends.c. Finds [B], [E] and padding by name; adds what is missing. Harmless twice. */
int nt_tokenizer_settle_ends(struct nt_tokenizer *t);
/* Settles [B] and [E], and makes the tables. prefers_whole: as the file says. */
int nt_tokenizer_finish(struct nt_tokenizer *t, bool prefers_whole);

/* find.c. The ordinary token of exactly these bytes, or NT_NO_TOKEN. */
uint32_t nt_token_find_ordinary(const struct nt_tokenizer *t, const void *bytes, size_t len);
/* The same where bytes[16] may be read, as behind any byte of a token. */
uint32_t nt_token_find_readable(const struct nt_tokenizer *t, const uint8_t *bytes, size_t len);
uint32_t nt_token_find_named(const struct nt_tokenizer *t, const char *name); /* special or added */
/* Makes the table of merges, unless it was made while they were added. */
int nt_merges_index(struct nt_tokenizer *t);
/* For a reader that knows what its merges make: the table for n of them, and the next one. */
int nt_merges_expect(struct nt_tokenizer *t, size_t n);
int nt_merge_fails(size_t place, const uint8_t *bytes, size_t len); /* it makes no token */
void nt_merges_add(struct nt_tokenizer *t, uint32_t left, uint32_t right, uint32_t id);

static inline const uint8_t *nt_token_text(const struct nt_tokenizer *t, uint32_t id)
{
	return t->bytes.data + t->token[id].at;
}

/* merge.c: one piece of text to ids. Scratch is one thread's. */
struct nt_chunk { /* tokens of a part of a long piece, and the symbols they begin at */
	struct nt_ids id, start;
};
struct nt_scratch {
	struct nt_node *node; /* a piece of any length as a linked list ... */
	size_t node_cap;
	struct nt_heap heap; /* ... and what can be merged in it, soonest first */
	struct nt_chunk now, then, both;
};
void nt_scratch_release(struct nt_scratch *s);
/* The merge of two tokens, or NULL. */
const struct nt_merge *nt_merge_find(const struct nt_tokenizer *t, uint32_t left, uint32_t right);
int nt_merge_piece(struct nt_scratch *s, const struct nt_tokenizer *t, const uint8_t *p, size_t n,
		   struct nt_ids *out);

/* The symbols of a piece that are there already; all have tokens. If it goes on, only those that
 * what follows has no say in. Returns how many symbols these were, or < 0. */
ptrdiff_t nt_merge_symbols(struct nt_scratch *s, const struct nt_tokenizer *t, const uint32_t *symbol,
			   size_t n, bool goes_on, struct nt_ids *out);
int nt_byte_pairs_index(struct nt_tokenizer *t); /* when all merges are there */

/* words.h, words_*.c: many words at once, which goes several times as fast as one behind the other */
enum { NT_WORD_MOST = 32 };
struct nt_word {
	const uint8_t *text; /* [n], n up to NT_WORD_MOST */
	size_t n, n_id;
	uint32_t id[NT_WORD_MOST]; /* [n_id] what becomes of it; n_id 0: it has a byte without a token */
};
typedef void nt_merge_words_fn(const struct nt_tokenizer *t, struct nt_word *word, size_t n);
nt_merge_words_fn *nt_merge_words(void); /* for this CPU */
extern nt_merge_words_fn *const nt_merge_words_ref;
#ifdef NT_HAS_WIDE
extern nt_merge_words_fn *const nt_merge_words_avx512;
#endif

/* encode.c: for what is built on nt_encode */
const struct nt_tokenizer *nt_encoder_tokenizer(const struct nt_encoder *e);
struct nt_ids *nt_encoder_spare(struct nt_encoder *e); /* ids that nobody keeps; belong to e */

/* added.c */
int nt_added_index(struct nt_tokenizer *t);
/* The token of the set with exactly this name, or NT_NO_TOKEN. */
uint32_t nt_added_find(const struct nt_tokenizer *t, const struct nt_added_set *set, const void *name,
		       size_t len);
void nt_added_release(struct nt_added_set *set);

struct nt_starts; /* starts.h */

/* A walk over the tokens of a set that are written out in a text. */
struct nt_added_walk {
	const struct nt_tokenizer *t;
	const struct nt_added_set *set;
	const uint8_t *text;
	size_t len, at; /* where to look on */
	size_t done;    /* behind the last token found, with what it stripped */
	size_t white_end; /* of the white space that a token took in last */
	bool specials;  /* are wanted too */
	struct nt_starts **starts; /* the encoder's, made when it is needed ... */
	size_t known_end;          /* ... and what it knows of the text, to here */
	size_t steps, since;       /* that were taken without it, since there */
};
struct nt_added_match {
	size_t gap, start, end; /* text [gap, start), if gap < start, and then the token */
	uint32_t id;
};
static inline struct nt_added_walk nt_added_walk(const struct nt_tokenizer *t,
						 const struct nt_added_set *set, struct nt_starts **starts,
						 const uint8_t *text, size_t len, bool specials)
{
	return (struct nt_added_walk){.t = t, .set = set, .starts = starts, .text = text, .len = len,
				      .specials = specials};
}
/* Leftmost first, longest first. 1 with a match, 0: there are no more, and [w->done, w->len) is
 * text, or NT_ESYS. */
int nt_added_next(struct nt_added_walk *w, struct nt_added_match *m);

/* alphabet.c: bytes as the visible characters that tokenizer.json writes them with */
void nt_alphabet_order(uint8_t byte[256]); /* all, in the order of their characters */
int nt_alphabet_write(struct nt_buf *out, const uint8_t *bytes, size_t len);
int nt_alphabet_read(struct nt_buf *out, const char *text, size_t len); /* 1, or 0: not in it */
/* Reads text[len] up to the first character that is not in it; returns the bytes of text
 * that were read. They became *n bytes of out[len + 8]. room bytes of text may be looked at. */
size_t nt_alphabet_read_some(uint8_t *out, size_t *n, const uint8_t *text, size_t len, size_t room);

/* steps_json.c: values of the canonical JSON, and the rule of the fingerprint (docs/formats.md) */
int nt_steps_write_normalizer(struct nt_buf *out, const struct nt_tokenizer *t);
int nt_steps_write_pre_tokenizer(struct nt_buf *out, const struct nt_tokenizer *t);
int nt_steps_write_decoder(struct nt_buf *out, const struct nt_tokenizer *t);
int nt_steps_write_rule(struct nt_buf *out, const struct nt_tokenizer *t, bool ignores_merges);

/* decode.c: a table for many ids, made when they are first asked for */
struct nt_briefs *nt_briefs_new(void); /* NULL: no memory */
void nt_briefs_free(struct nt_briefs *d);

/* canonical.c: what is made when somebody first asks for it */
struct nt_canonical *nt_canonical_new(void); /* NULL: no memory */
void nt_canonical_free(struct nt_canonical *c);

/* The readers. name is what people will call it. */
int nt_tiktoken_parse(struct nt_tokenizer **t, const void *text, size_t len, const char *name,
		      const char *pattern);
/* The same where the merges were found before: {u16 left, right} for each token of two bytes or
 * more, in order. Nothing is recognised, and pattern must be named. */
int nt_tiktoken_parse_found(struct nt_tokenizer **t, const void *text, size_t len, const char *name,
			    const char *pattern, const uint8_t *pair, size_t n_pair);
int nt_hf_parse(struct nt_tokenizer **t, const void *json, size_t len, const char *name,
		const char *pattern);
int nt_hf_parse_tokens(struct nt_tokenizer **t, const void *json, size_t len, const char *name);
/* A SentencePiece model of BPE type; pattern must be NULL, or NT_EARG. */
int nt_sentencepiece_parse(struct nt_tokenizer **t, const void *data, size_t len, const char *name,
			   const char *pattern);
bool nt_sentencepiece_is(const void *data, size_t len); /* does it begin like one? */
/* Adds the merge that makes each token, by the bytes' ranks alone (from_ranks.c says how). */
int nt_pairs_from_ranks(struct nt_tokenizer *t, bool *all_reached);
int nt_bytes_make(struct nt_tokenizer **t);
int nt_embedded_parse(struct nt_tokenizer **t, const char *pattern);

#endif

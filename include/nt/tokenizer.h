/* SPDX-License-Identifier: MIT */
#ifndef NT_TOKENIZER_H
#define NT_TOKENIZER_H
/*
 * nt/tokenizer.h - ids from bytes, and bytes from ids
 *
 * A tokenizer is immutable once loaded: any number of threads may share one, each with
 * an encoder of its own.
 *
 *	struct nt_tokenizer *t;
 *	struct nt_ids ids = {0};
 *	if (nt_tokenizer_open(&t, "tokenizer.json", NULL) < 0)
 *		errx(1, "%s", nt_errmsg());
 *	struct nt_encoder *e = nt_encoder_new(t);
 *	nt_encode(e, text, len, 0, &ids);
 *
 * Encoding and decoding append to memory of the caller. Set its n (or len) to 0 and use it
 * again: once it and the encoder have grown to the largest text, no call allocates.
 * What returns int returns 0 or a negative enum nt_err, and nt_errmsg() says why.
 * examples/tokenize.c is a whole program; docs/tokenizers.md says how to link one.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/choices.h"
#include "nt/err.h"
#include "nt/gguf.h"
#include "nt/ident.h"
#include "nt/mem.h"

struct nt_tokenizer;

/*
 * spec is a path (tokenizer.json, .tiktoken, SentencePiece's .model, or a directory that
 * holds tokenizer.json), "bytes" for the 256 bytes, or NULL for the embedded vocabulary of 8,192 entries.
 * pattern names how text is cut before merging (gpt2, cl100k, o200k ...) or is a regular
 * expression; NULL: what the file says, or what its content is known to use. NT_EARG: there is none of that
 * name, or the tokenizer does not cut text.
 */
int nt_tokenizer_open(struct nt_tokenizer **t, const char *spec, const char *pattern);

/* From the bytes of a tokenizer.json, as streams, data files and checkpoints carry it. */
int nt_tokenizer_parse(struct nt_tokenizer **t, const void *json, size_t len, const char *name);
/* The same in half of the time, for whoever asks about tokens only: merges are passed over, so
 * that it has no encoder and no nt_tokenizer_ident. */
int nt_tokenizer_parse_tokens(struct nt_tokenizer **t, const void *json, size_t len, const char *name);
void nt_tokenizer_free(struct nt_tokenizer *t); /* NULL is harmless */

/* How it cuts text before merging: gpt2, cl100k, ..., or a regular expression. Belongs to t. */
const char *nt_tokenizer_pattern(const struct nt_tokenizer *t);

/* What was added that the file does not say ("added: <|begin_of_text|> is token 50257"), and
 * whether text is cut by PCRE2, for a note to the user; NULL if nothing. Belongs to t. */
const char *nt_tokenizer_remark(const struct nt_tokenizer *t);

/* Its identity, the canonical tokenizer.json and the fingerprint included; belongs to t. Made
 * when it is first asked for, by whichever thread: NULL if there was no memory for it. */
const struct nt_ident *nt_tokenizer_ident(const struct nt_tokenizer *t);
/* The same without these two: vocab_size, bos, eos, pad and name, at no cost. Never NULL. */
const struct nt_ident *nt_tokenizer_summary(const struct nt_tokenizer *t);

/* The bytes an id stands for, *len of them; NULL with *len 0 for an id that stands for none. */
const uint8_t *nt_token_bytes(const struct nt_tokenizer *t, uint32_t id, size_t *len);
/* *len of every id, 0 for specials: a table [vocab_size] to free(), or NULL without memory. */
uint32_t *nt_token_lengths(const struct nt_tokenizer *t);
bool nt_token_is_special(const struct nt_tokenizer *t, uint32_t id);
/* How a special is written, e.g. "<|endoftext|>"; NULL if id is not special. */
const char *nt_token_name(const struct nt_tokenizer *t, uint32_t id);
/* The id of exactly these bytes (a special by its name too), or NT_NO_TOKEN. */
uint32_t nt_token_find(const struct nt_tokenizer *t, const void *bytes, size_t len);
/* The id of the same bytes without white space at their end: id itself if there is none, or no
 * such token; NT_NO_TOKEN if nothing is left. */
uint32_t nt_token_trimmed(const struct nt_tokenizer *t, uint32_t id);

/* One thread's working memory. */
struct nt_encoder;
struct nt_encoder *nt_encoder_new(const struct nt_tokenizer *t); /* NULL: no memory */
void nt_encoder_free(struct nt_encoder *e);

enum {
	NT_ALLOW_SPECIAL = 1, /* specials written out in the text become their id */
	NT_CONTINUES = 2,     /* more of a text: no space is put in front, where others get one */
};

/* Appends the ids of text[len] to out. No [B], no [E]. */
int nt_encode(struct nt_encoder *e, const void *text, size_t len, unsigned flags,
	      struct nt_ids *out);

/*
 * The same for a whole document, and appends to unit the number of ids in each of its
 * units; there is at least one. The ids are those of the document, whatever its units: a
 * unit ends behind the token that holds its last byte.
 */
int nt_encode_units(struct nt_encoder *e, const void *text, size_t len, unsigned flags,
		    struct nt_ids *out, struct nt_ids *unit);

/* Bytes [start, end) of a text. */
struct nt_span {
	size_t start, end;
};

/* A growing run of them. Start with {0}. */
struct nt_spans {
	struct nt_span *span; /* [n] of cap */
	size_t n, cap;
};
void nt_spans_release(struct nt_spans *s); /* harmless twice */

/*
 * nt_encode, and appends to spans where in the text each id lies, one span an id. Spans are
 * of the bytes as they were given, in order, and do not overlap. Of a character that became
 * several tokens each has its own bytes; what a normalizer put there has none, an empty span.
 */
int nt_encode_offsets(struct nt_encoder *e, const void *text, size_t len, unsigned flags,
		      struct nt_ids *out, struct nt_spans *spans);

/* Where ids of a choice are in a run of them: [at, at + n), the first n_context its context. */
struct nt_choice_ids {
	size_t at, n, n_context;
};

/*
 * For each choice appends bos, and the ids of its context and itself, a space between them unless
 * there is white space. A choice with any text has at least one id of its own. of[n_choice]
 */
int nt_encode_choices(struct nt_encoder *e, uint32_t bos, const struct nt_choices *c, struct nt_ids *out,
		      struct nt_choice_ids *of);

/* *n is the number of ids that nt_encode would append. */
int nt_count(struct nt_encoder *e, const void *text, size_t len, unsigned flags, size_t *n);

/* Appends the bytes of the ids; an id out of range is NT_EFORMAT. Specials give nothing. */
int nt_decode(const struct nt_tokenizer *t, const uint32_t *id, size_t n, struct nt_buf *out);
/* The same for all ids of a document: without the space that some tokenizers put in front. */
int nt_decode_document(const struct nt_tokenizer *t, const uint32_t *id, size_t n,
		       struct nt_buf *out);

/*
 * Appends what llama.cpp wants to know of a tokenizer, and of the ends of text of a model with
 * vocab_size rows: tokens, and merges with the name of how t cuts text, or scores. NT_EARG: it would
 * give other ids; NT_EFORMAT: an end is missing. Where it comes near, but not always to the same ids,
 * or would not stop at every end, remark says so.
 */
int nt_tokenizer_gguf(struct nt_gguf_keys *k, const struct nt_tokenizer *t, const struct nt_ends *ends,
		      uint32_t vocab_size, struct nt_buf *remark);

#endif

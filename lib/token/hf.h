/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_HF_H
#define TOKEN_HF_H
/*
 * hf.h - a tokenizer.json on its way into a tokenizer
 *
 * hf_scan.c reads the text; hf.c decides what the file's parts mean, hf_steps.c what is done
 * to text; hf_model.c makes tokens and merges out of the two lists that are nearly all of it.
 */
#include <json-c/json.h>

#include "token/short.h"
#include "token/tokenizer.h"

/* A string of the file: len bytes of its text, or from `len of the text` on, of aside. */
struct nt_hf_string {
	uint32_t at, len;
};

/* Half a cache line. */
struct nt_hf_entry {
	struct nt_short start; /* the first 16 bytes of the key */
	struct nt_hf_string key;
	uint32_t id;
};

/* Ids, as the vocab gives them. */
struct nt_hf_merge {
	uint32_t left, right, made;
};

struct nt_hf_file {
	struct json_object *root; /* all but model.vocab and model.merges, which are empty in it */
	const uint8_t *text;      /* [len], borrowed */
	size_t len;
	struct nt_buf aside; /* strings that had escapes, without them */

	bool only_tokens, has_vocab, has_merges;
	struct nt_hf_entry *vocab; /* [n_vocab] in the order of the file; no key is there twice */
	size_t n_vocab, vocab_cap;
	struct nt_hf_merge *merge; /* [n_merge] in the order of the file */
	size_t n_merge, merge_cap;
	uint32_t *slot; /* [mask + 1], hf_scan.c's own */
	size_t mask;
};

/* Borrows json[len]. NT_EFORMAT when it is not one JSON value, with the byte, or when its
 * merges are not of entries of its vocab. only_tokens: merges are passed over. */
int nt_hf_open(struct nt_hf_file *f, const void *json, size_t len, bool only_tokens);
void nt_hf_close(struct nt_hf_file *f); /* harmless twice */
/* The text of a string; *room bytes, or more than its length, may be looked at. */
const uint8_t *nt_hf_string_text(const struct nt_hf_file *f, struct nt_hf_string s, size_t *room);

/* obj[key], or NULL where obj is no object, has no such key, or says null. */
struct json_object *nt_hf_get(struct json_object *obj, const char *key);
bool nt_hf_is_true(struct json_object *obj, const char *key, bool otherwise);
const char *nt_hf_text(struct json_object *obj, const char *key); /* "" if it is no string */
/* "its WHAT 'WHICH' is not implemented" */
int nt_hf_refuse(const char *what, const char *which);

/* hf_steps.c: the lists of steps; pattern, unless it is NULL, goes before what the file says */
int nt_hf_read_normalizer(struct nt_tokenizer *t, struct json_object *root);
int nt_hf_read_pre_tokenizer(struct nt_tokenizer *t, struct json_object *root, const char *pattern);

int nt_hf_read_id(struct json_object *value, uint32_t *id);
/* Adds the ordinary tokens; entries that t already has as added tokens are passed over. */
int nt_hf_read_vocab(struct nt_tokenizer *t, const struct nt_hf_file *f);
/* Adds the merges, in order; the tokens are there. */
int nt_hf_read_merges(struct nt_tokenizer *t, const struct nt_hf_file *f);

#endif

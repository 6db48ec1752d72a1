/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_HF_H
#define TOKEN_HF_H
/*
 * hf.h - a tokenizer.json on its way into a tokenizer
 *
 * hf.c decides what the file's parts mean; hf_model.c reads the text, and the two lists
 * that are nearly all of it.
 */
#include <json-c/json.h>

#include "token/tokenizer.h"

struct nt_hf_file {
	struct json_object *root;
};

/* NT_EFORMAT when it is not one JSON value, with the byte. */
int nt_hf_open(struct nt_hf_file *f, const void *json, size_t len);
void nt_hf_close(struct nt_hf_file *f); /* harmless twice */

int nt_hf_read_id(struct json_object *value, uint32_t *id);
/* Adds the ordinary tokens; entries that t already has as added tokens are passed over. */
int nt_hf_read_vocab(struct nt_tokenizer *t, const struct nt_hf_file *f);
/* Adds the merges, in order; the tokens are indexed. */
int nt_hf_read_merges(struct nt_tokenizer *t, const struct nt_hf_file *f);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * ends.c - which tokens begin and end a document, by the names that vocabularies in use give them
 *
 * One that names none gets two more tokens.
 */
#include <stdio.h>
#include <string.h>

#include "token/tokenizer.h"

/* What [B], [E] and padding are called in the vocabularies people use; the first that is
 * there wins. U+FF5C and U+2581 are DeepSeek's. */
static const char *const bos_names[] = {
	"<|begin_of_text|>", "<s>", "<bos>", "<|startoftext|>", "<|bos|>", "[BOS]",
	"<\xef\xbd\x9c" "begin\xe2\x96\x81of\xe2\x96\x81sentence\xef\xbd\x9c>",
	"<|begin\xe2\x96\x81of\xe2\x96\x81sentence|>", NULL};
static const char *const eos_names[] = {
	"<|end_of_text|>", "</s>", "<eos>", "<|endoftext|>", "<|eos|>", "[EOS]",
	"<\xef\xbd\x9c" "end\xe2\x96\x81of\xe2\x96\x81sentence\xef\xbd\x9c>",
	"<|end\xe2\x96\x81of\xe2\x96\x81sentence|>", NULL};
static const char *const pad_names[] = {"<|pad|>", "<pad>", "[PAD]", "<|finetune_right_pad_id|>",
					NULL};

static uint32_t find_kind(const struct nt_tokenizer *t, const char *name, enum nt_token_kind kind)
{
	size_t len = strlen(name);
	for (uint32_t id = t->named_first; id < t->named_end; id++)
		if (t->token[id].kind == kind && t->token[id].len == len &&
		    memcmp(nt_token_text(t, id), name, len) == 0)
			return id;
	return NT_NO_TOKEN;
}

uint32_t nt_token_find_named(const struct nt_tokenizer *t, const char *name)
{
	uint32_t id = find_kind(t, name, NT_KIND_SPECIAL);
	return id == NT_NO_TOKEN ? find_kind(t, name, NT_KIND_ADDED) : id;
}

/* A special one by the last of the names before an added one by the first: Gemma adds all
 * tags of HTML, <s> among them. */
static uint32_t find_first_of(const struct nt_tokenizer *t, const char *const *names)
{
	uint32_t id = NT_NO_TOKEN;
	for (const char *const *name = names; *name && id == NT_NO_TOKEN; name++)
		id = find_kind(t, *name, NT_KIND_SPECIAL);
	for (const char *const *name = names; *name && id == NT_NO_TOKEN; name++)
		id = find_kind(t, *name, NT_KIND_ADDED);
	return id;
}

/* Adds a special behind the last id. */
static int append(struct nt_tokenizer *t, const char *name, uint32_t *id)
{
	*id = t->ident.vocab_size;
	size_t n = strlen(t->remark);
	snprintf(t->remark + n, sizeof(t->remark) - n, "%s%s is token %u", n ? ", " : "added: ", name,
		 *id);
	return nt_tokenizer_add(t, *id, name, strlen(name), NT_KIND_SPECIAL);
}

int nt_tokenizer_settle_ends(struct nt_tokenizer *t)
{
	int rc = 0;
	t->ident.bos = find_first_of(t, bos_names);
	t->ident.eos = find_first_of(t, eos_names);
	t->ident.pad = find_first_of(t, pad_names);
	/* GPT-2's and most of its descendants': one mark between documents is both */
	if (t->ident.bos == NT_NO_TOKEN && t->ident.eos == nt_token_find_named(t, "<|endoftext|>"))
		t->ident.bos = t->ident.eos;
	if (t->ident.bos == NT_NO_TOKEN)
		rc = append(t, bos_names[0], &t->ident.bos);
	if (rc == 0 && t->ident.eos == NT_NO_TOKEN)
		rc = append(t, eos_names[0], &t->ident.eos);
	return rc;
}

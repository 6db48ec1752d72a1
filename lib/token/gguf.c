/* SPDX-License-Identifier: MIT */
/*
 * gguf.c - a tokenizer as llama.cpp reads it from a GGUF file
 *
 * Tokens are written as in tokenizer.json, and so are the merges of a byte-level tokenizer. How it
 * cuts text, and whether a piece that is a token is that token whatever merges say, a
 * GGUF file does not tell: it names one of the pre-tokenizers built into llama.cpp. The table below
 * pairs ours with those of the same expression; what no name stands for is refused, and where the
 * nearest is near enough for everybody who publishes such models a remark says what differs.
 *
 * Tokens that are written in characters, SentencePiece's, are merged by scores (gguf_written.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/gguf.h"
#include "token/gguf.h"
#include "token/written.h"

/* What llama.cpp calls a token of each kind. */
enum {
	TYPE_NORMAL = 1, TYPE_UNKNOWN = 2, TYPE_CONTROL = 3, TYPE_USER_DEFINED = 4, TYPE_UNUSED = 5, TYPE_BYTE = 6,
};

static const struct {
	const char *pattern;       /* ours */
	const char *merged;        /* llama.cpp's that merges every piece; NULL: none does */
	const char *whole;         /* ... that takes a piece which is a token whole */
	const char *differs;       /* where ids may be others, or NULL */
} table[] = {
	{"gpt2", "gpt-2", NULL, NULL},
	{"cl100k", "dbrx", "llama-bpe", NULL},
	{"qwen2", "qwen2", NULL, NULL},
	{"o200k", "gpt-4o", NULL,
	 "llama.cpp's gpt-4o, the nearest to o200k, cuts elsewhere at capitals beyond A to Z and behind combining marks"},
	{"deepseek", "deepseek-v3", NULL, NULL},
};

/* Is there a token that merging its own bytes does not make? */
static int find_unmerged(const struct nt_tokenizer *t, bool *is_there)
{
	struct nt_scratch scratch = {0};
	struct nt_ids ids = {0};
	int rc = 0;
	*is_there = false;
	for (uint32_t id = 0; rc == 0 && !*is_there && id < t->ident.vocab_size; id++) {
		if (t->token[id].kind != NT_KIND_ORDINARY)
			continue;
		ids.n = 0;
		rc = nt_merge_piece(&scratch, t, nt_token_text(t, id), t->token[id].len, &ids);
		*is_there = rc == NT_EFORMAT || ids.n != 1 || ids.id[0] != id;
		rc = rc == NT_EFORMAT ? 0 : rc; /* of a byte without a token */
	}
	nt_scratch_release(&scratch);
	nt_ids_release(&ids);
	return rc;
}

/* NFC alone can be left out with a remark: most text is in it. */
static int check_normalizer(const struct nt_tokenizer *t, bool *has_nfc)
{
	*has_nfc = t->n_normalizer == 1 && t->normalizer[0].kind == NT_NORMALIZE_FORM &&
		   t->normalizer[0].form == 0;
	if (t->n_normalizer == 0 || *has_nfc)
		return 0;
	return nt_fail(NT_EARG, "the tokenizer normalizes text, which llama.cpp does not");
}

static int no_name(const char *what)
{
	return nt_fail(NT_EARG, "the tokenizer %s; llama.cpp has a name for gpt2, cl100k, qwen2, o200k and deepseek "
				"(nt-vocab --pattern)", what);
}

/* The name of how text is cut, and what is not quite the same under it. */
static int choose_pre(const struct nt_tokenizer *t, const char **pre, struct nt_buf *remark)
{
	bool has_nfc, has_unmerged;
	size_t i = 0, n = sizeof(table) / sizeof(*table);
	int rc = check_normalizer(t, &has_nfc);
	if (rc < 0 || (rc = find_unmerged(t, &has_unmerged)) < 0)
		return rc;
	if (!t->is_plain)
		return no_name("cuts text in steps of its own");
	while (i < n && (!t->split.name || strcmp(table[i].pattern, t->split.name) != 0))
		i++;
	if (i == n && t->n_pair > 0)
		return no_name(*t->split.regex ? "cuts text by an expression of its own" : "does not cut text (--pattern none)");
	if (i == n)
		i = 0; /* without merges it is the same however text is cut */
	bool takes_whole = has_unmerged && t->prefers_whole;
	*pre = table[i].merged;
	if (table[i].whole && (takes_whole || !has_unmerged))
		*pre = table[i].whole;
	if (has_nfc)
		rc = nt_buf_printf(remark, "llama.cpp does not normalize to NFC: text that is in another form gets other ids; ");
	if (rc == 0 && takes_whole && !table[i].whole)
		rc = nt_buf_printf(remark, "llama.cpp's %s merges pieces that the tokenizer takes whole; ", *pre);
	if (rc == 0 && table[i].differs)
		rc = nt_buf_printf(remark, "%s; ", table[i].differs);
	if (remark->len > 2) /* the last semicolon */
		remark->data[remark->len -= 2] = '\0';
	return rc;
}

/* --- tokens and merges ----------------------------------------------------------------- */

/* A token found in text before all else is found by llama.cpp as it is written, and nowhere more. */
static int check_token(const struct nt_tokenizer *t, uint32_t id)
{
	struct nt_token token = t->token[id];
	const char *text = (const char *)nt_token_text(t, id);
	bool is_picky = token.flags & (NT_SINGLE_WORD | NT_LSTRIP | NT_RSTRIP);
	if (token.kind == NT_KIND_ADDED && is_picky)
		return nt_fail(NT_EARG, "token %u, '%.80s', looks at what stands around it, which llama.cpp does not", id,
			       text);
	uint32_t other = nt_token_find_ordinary(t, text, token.len);
	if (token.kind >= NT_KIND_SPECIAL && other != NT_NO_TOKEN && other != id)
		return nt_fail(NT_EARG, "token %u, '%.80s', is there twice, special and not, which llama.cpp refuses", id,
			       text);
	return 0;
}

static int add_token(struct nt_gguf_keys *k, const struct nt_tokenizer *t, uint32_t id, struct nt_buf *text)
{
	bool is_there = id < t->ident.vocab_size && t->token[id].kind != NT_KIND_NONE;
	int rc = is_there ? check_token(t, id) : 0;
	text->len = 0;
	if (rc == 0 && !is_there) /* rows of the embedding beyond the tokenizer, or holes in it */
		rc = nt_buf_printf(text, "[PAD%u]", id);
	else if (rc == 0 && t->token[id].kind == NT_KIND_ORDINARY && !t->is_written)
		rc = nt_alphabet_write(text, nt_token_text(t, id), t->token[id].len);
	else if (rc == 0)
		rc = nt_buf_add(text, nt_token_text(t, id), t->token[id].len);
	return rc < 0 ? rc : nt_gguf_item_string(k, text->data, text->len);
}

static int32_t type_of(const struct nt_tokenizer *t, uint32_t id)
{
	static const int32_t type[] = {
		[NT_KIND_ORDINARY] = TYPE_NORMAL, [NT_KIND_SPECIAL] = TYPE_CONTROL,
		[NT_KIND_ADDED] = TYPE_USER_DEFINED,
	};
	if (id >= t->ident.vocab_size || t->token[id].kind == NT_KIND_NONE)
		return TYPE_UNUSED;
	if (t->is_written && id == t->unk)
		return TYPE_UNKNOWN;
	return t->is_written && nt_written_is_byte(t, id) ? TYPE_BYTE : type[t->token[id].kind];
}

/* What tells tokens of either kind. */
static int add_tokens(struct nt_gguf_keys *k, const struct nt_tokenizer *t, uint32_t vocab_size)
{
	struct nt_buf text = {0};
	int rc = nt_gguf_add_array(k, "tokenizer.ggml.tokens", NT_GGUF_STRING, vocab_size);
	for (uint32_t id = 0; rc == 0 && id < vocab_size; id++)
		rc = add_token(k, t, id, &text);
	if (rc == 0)
		rc = nt_gguf_add_array(k, "tokenizer.ggml.token_type", NT_GGUF_I32, vocab_size);
	for (uint32_t id = 0; rc == 0 && id < vocab_size; id++)
		rc = nt_gguf_item_i32(k, type_of(t, id));
	nt_buf_release(&text);
	return rc;
}

static int add_merge(struct nt_gguf_keys *k, const struct nt_tokenizer *t, struct nt_pair pair, struct nt_buf *text)
{
	text->len = 0;
	int rc = nt_alphabet_write(text, nt_token_text(t, pair.left), t->token[pair.left].len);
	if (rc == 0)
		rc = nt_buf_add(text, " ", 1);
	if (rc == 0)
		rc = nt_alphabet_write(text, nt_token_text(t, pair.right), t->token[pair.right].len);
	return rc < 0 ? rc : nt_gguf_item_string(k, text->data, text->len);
}

static int add_byte_level(struct nt_gguf_keys *k, const struct nt_tokenizer *t, uint32_t vocab_size, struct nt_buf *remark)
{
	const char *pre = NULL;
	struct nt_buf text = {0};
	int rc = choose_pre(t, &pre, remark);
	if (rc == 0)
		rc = nt_gguf_add_text(k, "tokenizer.ggml.model", "gpt2");
	if (rc == 0)
		rc = nt_gguf_add_text(k, "tokenizer.ggml.pre", pre);
	if (rc == 0)
		rc = add_tokens(k, t, vocab_size);
	if (rc == 0)
		rc = nt_gguf_add_array(k, "tokenizer.ggml.merges", NT_GGUF_STRING, t->n_pair);
	for (size_t i = 0; rc == 0 && i < t->n_pair; i++)
		rc = add_merge(k, t, t->pair[i], &text);
	nt_buf_release(&text);
	return rc;
}

static int add_written(struct nt_gguf_keys *k, const struct nt_tokenizer *t, uint32_t vocab_size, struct nt_buf *remark)
{
	bool prepends;
	uint32_t n = t->ident.vocab_size, *turn = nt_alloc(n, sizeof(*turn));
	int rc = turn ? nt_gguf_written(t, turn, &prepends, remark) : NT_ESYS;
	if (rc == 0)
		rc = nt_gguf_add_text(k, "tokenizer.ggml.model", "llama");
	if (rc == 0)
		rc = nt_gguf_add_text(k, "tokenizer.ggml.pre", "default");
	if (rc == 0)
		rc = nt_gguf_add_bool(k, "tokenizer.ggml.add_space_prefix", prepends);
	if (rc == 0 && t->unk != NT_NO_TOKEN)
		rc = nt_gguf_add_u32(k, "tokenizer.ggml.unknown_token_id", t->unk);
	if (rc == 0)
		rc = add_tokens(k, t, vocab_size);
	if (rc == 0)
		rc = nt_gguf_add_array(k, "tokenizer.ggml.scores", NT_GGUF_F32, vocab_size);
	for (uint32_t id = 0; rc == 0 && id < vocab_size; id++)
		rc = nt_gguf_item_f32(k, id < n && turn[id] != NT_NO_TURN ? 0 - (float)turn[id] : 0);
	free(turn);
	return rc;
}

/* --- where a text begins and ends ------------------------------------------------------ */

/* Does llama.cpp end a text at this token for its name? Its later versions know more names. */
static bool is_end_by_name(const struct nt_tokenizer *t, uint32_t id)
{
	static const char *const name[] = {
		"<|eot_id|>", "<|im_end|>", "<end_of_turn>", "<|endoftext|>", "<|eom_id|>", "<EOT>",
	};
	if (id >= t->ident.vocab_size)
		return false;
	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++)
		if (strlen(name[i]) == t->token[id].len && memcmp(name[i], nt_token_text(t, id), t->token[id].len) == 0)
			return true;
	return false;
}

static int remark_surplus(struct nt_buf *remark, const uint32_t *id, size_t n)
{
	int rc = nt_buf_printf(remark, "%sllama.cpp can be told three ends of text, and will not stop at",
			       remark->len ? "; " : "");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = nt_buf_printf(remark, "%s %u", i ? "," : "", id[i]);
	return rc;
}

/*
 * There are keys for three ends, of a text, a turn and a message, and llama.cpp stops at each of
 * them. Of more than three those that it knows by name do without a key. [B] in front of a text is
 * what a model saw in training, so whoever tokenizes must add it.
 */
static int add_ends(struct nt_gguf_keys *k, const struct nt_tokenizer *t, const struct nt_ends *e,
		    struct nt_buf *remark)
{
	uint32_t last[2 + NT_EOS_MOST] = {NT_NO_TOKEN, NT_NO_TOKEN};
	size_t n = 2, n_surplus = e->n_eos > 3 ? e->n_eos - 3 : 0;
	for (size_t i = 1; i < e->n_eos; i++)
		if (n_surplus && is_end_by_name(t, e->eos[i]))
			n_surplus--;
		else
			last[n++] = e->eos[i];
	const struct {
		const char *key;
		uint32_t id;
	} row[] = {
		{"tokenizer.ggml.bos_token_id", e->bos},
		{"tokenizer.ggml.eos_token_id", e->eos[0]},
		{"tokenizer.ggml.eot_token_id", last[n - 1]},
		{"tokenizer.ggml.eom_token_id", last[n - 2]},
		{"tokenizer.ggml.padding_token_id", t->ident.pad},
	};
	int rc = n_surplus ? remark_surplus(remark, last + 2, n_surplus) : 0;
	for (size_t i = 0; rc == 0 && i < sizeof(row) / sizeof(*row); i++)
		if (row[i].id != NT_NO_TOKEN)
			rc = nt_gguf_add_u32(k, row[i].key, row[i].id);
	if (rc == 0)
		rc = nt_gguf_add_bool(k, "tokenizer.ggml.add_bos_token", true);
	return rc < 0 ? rc : nt_gguf_add_bool(k, "tokenizer.ggml.add_eos_token", false);
}

static int check_ends(const struct nt_ends *e, uint32_t vocab_size)
{
	if (e->bos == NT_NO_TOKEN || e->eos[0] == NT_NO_TOKEN)
		return nt_fail(NT_EFORMAT, "the model names no bos_token_id or no eos_token_id: llama.cpp would take "
					   "token 11 for it");
	if (e->bos >= vocab_size || e->eos[0] >= vocab_size)
		return nt_fail(NT_EFORMAT, "bos_token_id or eos_token_id is none of the model's %u ids", vocab_size);
	return 0;
}

int nt_tokenizer_gguf(struct nt_gguf_keys *k, const struct nt_tokenizer *t, const struct nt_ends *ends,
		      uint32_t vocab_size, struct nt_buf *remark)
{
	if (t->ident.vocab_size > vocab_size)
		return nt_fail(NT_EFORMAT, "the tokenizer has %u ids, the model %u", t->ident.vocab_size, vocab_size);
	int rc = check_ends(ends, vocab_size);
	if (rc == 0)
		rc = (t->is_written ? add_written : add_byte_level)(k, t, vocab_size, remark);
	return rc < 0 ? rc : add_ends(k, t, ends, remark);
}

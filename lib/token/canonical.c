/* SPDX-License-Identifier: MIT */
/*
 * canonical.c - one spelling and one number for a tokenizer, whatever file it came from
 *
 * The JSON is what Hugging Face's tokenizers load; streams, data files and checkpoints
 * carry it, and reading it gives the same ids and the same fingerprint. Specials stand in
 * the model's vocab too, because HF numbers added tokens anew unless it finds them there;
 * but not the last ones where one is a character that the model must not find.
 *
 * The fingerprint is XXH3_128 over, all integers little-endian u32 but kind:
 *	"NTFP1", vocab_size, for every id {u8 kind, length, bytes or name},
 *	length and bytes of the rule, the number of merges, {left, right} of each.
 * The rule says in lines what is done to text before merging (steps_json.c).
 *
 * Both are made when somebody first asks, since many never do.
 */
#include "token/reach.h"
#include "token/tokenizer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "nt/err.h"
#include "nt/file.h"
#include "nt/hash.h"

static int add_text(struct nt_buf *out, const char *text)
{
	return nt_buf_add(out, text, strlen(text));
}

static int add_flags(struct nt_buf *out, struct nt_token token)
{
	static const char *const is[] = {"false", "true"};
	return nt_buf_printf(out, ",\"single_word\":%s,\"lstrip\":%s,\"rstrip\":%s,\"normalized\":%s,"
			     "\"special\":%s%s}", is[!!(token.flags & NT_SINGLE_WORD)],
			     is[!!(token.flags & NT_LSTRIP)], is[!!(token.flags & NT_RSTRIP)],
			     is[!!(token.flags & NT_NORMALIZED)], is[token.kind == NT_KIND_SPECIAL],
			     token.flags & NT_OUTSIDE ? ",\"in_vocab\":false" : "");
}

static int add_added(struct nt_buf *out, const struct nt_tokenizer *t)
{
	int rc = add_text(out, "\"added_tokens\":[");
	bool is_first = true;
	for (uint32_t id = 0; rc == 0 && id < t->ident.vocab_size; id++) {
		if (t->token[id].kind < NT_KIND_SPECIAL)
			continue;
		rc = nt_buf_printf(out, "%s\n{\"id\":%u,\"content\":", is_first ? "" : ",", id);
		is_first = false;
		if (rc == 0)
			rc = nt_json_string(out, nt_token_text(t, id), t->token[id].len);
		if (rc == 0)
			rc = add_flags(out, t->token[id]);
	}
	return rc < 0 ? rc : add_text(out, "],\n");
}

static int add_steps(struct nt_buf *out, const struct nt_tokenizer *t)
{
	int rc = add_text(out, "\"normalizer\":");
	if (rc == 0)
		rc = nt_steps_write_normalizer(out, t);
	if (rc == 0)
		rc = add_text(out, ",\n\"pre_tokenizer\":");
	if (rc == 0)
		rc = nt_steps_write_pre_tokenizer(out, t);
	if (rc == 0)
		rc = add_text(out, ",\n\"post_processor\":null,\n\"decoder\":");
	if (rc == 0)
		rc = nt_steps_write_decoder(out, t);
	return rc < 0 ? rc : add_text(out, ",\n");
}

/* --- vocab and merges -------------------------------------------------------------- */

/* A string of the vocab as it was written: merges are two copies of such. */
struct span {
	uint32_t at, len;
};

/* What a byte becomes inside a JSON string: one or two bytes. */
struct spelling {
	uint8_t byte[2], len;
};

static int spell(struct spelling table[256])
{
	struct nt_buf b = {0};
	int rc = 0;
	for (int c = 0; rc == 0 && c < 256; c++) {
		b.len = 0;
		rc = nt_alphabet_write(&b, &(uint8_t){(uint8_t)c}, 1);
		bool is_escaped = rc == 0 && (b.data[0] == '"' || b.data[0] == '\\');
		if (rc == 0 && is_escaped)
			table[c] = (struct spelling){{'\\', b.data[0]}, 2};
		else if (rc == 0)
			table[c] = (struct spelling){{b.data[0], b.data[b.len - 1]}, (uint8_t)b.len};
	}
	nt_buf_release(&b);
	return rc;
}

static uint8_t *put_spelled(uint8_t *to, const struct spelling table[256], const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		memcpy(to, table[p[i]].byte, 2);
		to += table[p[i]].len;
	}
	return to;
}

static uint8_t *put_text(uint8_t *to, const char *text)
{
	size_t n = strlen(text);
	memcpy(to, text, n);
	return to + n;
}

static uint8_t *put_number(uint8_t *to, uint32_t n)
{
	uint8_t digit[10];
	size_t len = 0;
	do
		digit[len++] = (uint8_t)('0' + n % 10);
	while (n /= 10);
	while (len)
		*to++ = digit[--len];
	return to;
}

/* One entry of the vocab, and where its string is. */
static int add_entry(struct nt_buf *out, const struct nt_tokenizer *t, uint32_t id,
		     const struct spelling table[256], struct span *span)
{
	const uint8_t *text = nt_token_text(t, id);
	size_t n = t->token[id].len;
	int rc = nt_buf_reserve(out, 2 * n + 32);
	if (rc < 0)
		return rc;
	if (t->token[id].kind == NT_KIND_ORDINARY && !t->is_written) {
		uint8_t *start = out->data + out->len + 1, *end = put_spelled(start, table, text, n);
		start[-1] = *end = '"';
		out->len = (size_t)(end + 1 - out->data);
		*span = (struct span){(uint32_t)(start - out->data), (uint32_t)(end - start)};
	} else {
		*span = (struct span){.at = (uint32_t)out->len + 1};
		rc = nt_json_string(out, text, n);
		span->len = (uint32_t)out->len - 1 - span->at;
	}
	if (rc < 0 || (rc = nt_buf_reserve(out, 32)) < 0)
		return rc;
	uint8_t *to = put_number(put_text(out->data + out->len, ":"), id);
	out->len = (size_t)(to - out->data);
	return 0;
}

/* The ids of the vocab end where a character outside of the model comes and nothing of the
 * model follows: HF counts on from the vocab's size, and so gives added tokens the same ids. */
static uint32_t vocab_end(const struct nt_tokenizer *t, bool ignores_merges)
{
	uint32_t end = 0, all = t->ident.vocab_size;
	while (end < all && t->token[end].kind != NT_KIND_NONE && !(t->token[end].flags & NT_OUTSIDE))
		end++;
	bool is_in = ignores_merges || (t->unk != NT_NO_TOKEN && t->unk >= end);
	for (uint32_t id = end; !is_in && id < all; id++)
		is_in = t->token[id].kind < NT_KIND_SPECIAL || t->token[id].flags & NT_IN_VOCAB;
	return is_in ? all : end;
}

static int add_vocab(struct nt_buf *out, const struct nt_tokenizer *t, uint32_t end, struct span *span)
{
	struct spelling table[256];
	int rc = spell(table);
	if (rc == 0)
		rc = add_text(out, "\"vocab\":{");
	bool is_first = true;
	for (uint32_t id = 0; rc == 0 && id < end; id++) {
		if (t->token[id].kind == NT_KIND_NONE)
			continue;
		rc = add_text(out, is_first ? "\n" : ",\n");
		is_first = false;
		if (rc == 0)
			rc = add_entry(out, t, id, table, &span[id]);
	}
	return rc < 0 ? rc : add_text(out, "},\n");
}

/* Copies n bytes, and 16 or more if there are fewer. */
static inline uint8_t *put_over(uint8_t *to, const uint8_t *from, size_t n)
{
	memcpy(to, from, 16);
	if (n > 16)
		memcpy(to + 16, from + 16, n - 16);
	return to + n;
}

static int add_merges(struct nt_buf *out, const struct nt_tokenizer *t, const struct span *span)
{
	/* a written token may hold spaces, so that only a list says where the halves meet */
	const char *first = t->is_written ? "[\"" : "\"", *between = t->is_written ? "\",\"" : " ";
	const char *last = t->is_written ? "\"]" : "\"";
	size_t room = 64; /* two more copies of 16 at the end, and the last line */
	for (size_t i = 0; i < t->n_pair; i++)
		room += span[t->pair[i].left].len + span[t->pair[i].right].len + 9;
	int rc = add_text(out, "\"merges\":[");
	if (rc == 0)
		rc = nt_buf_reserve(out, room);
	if (rc < 0)
		return rc;
	uint8_t *to = out->data + out->len;
	for (size_t i = 0; i < t->n_pair; i++) {
		struct span left = span[t->pair[i].left], right = span[t->pair[i].right];
		to = put_text(put_text(to, i ? ",\n" : "\n"), first);
		to = put_over(to, out->data + left.at, left.len);
		to = put_text(to, between);
		to = put_over(to, out->data + right.at, right.len);
		to = put_text(to, last);
	}
	to = put_text(to, "]}}\n");
	out->len = (size_t)(to - out->data);
	return 0;
}

static int add_model(struct nt_buf *out, const struct nt_tokenizer *t, bool ignores_merges)
{
	struct span *span = nt_calloc(t->ident.vocab_size, sizeof(*span));
	int rc = span ? 0 : NT_ESYS;
	if (rc == 0)
		rc = add_text(out, "\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":");
	if (rc == 0)
		rc = t->unk == NT_NO_TOKEN ? add_text(out, "null")
			: nt_json_string(out, nt_token_text(t, t->unk), t->token[t->unk].len);
	if (rc == 0)
		rc = nt_buf_printf(out, ",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,"
				   "\"fuse_unk\":%s,\"byte_fallback\":%s,\"ignore_merges\":%s,\n",
				   t->unk != NT_NO_TOKEN && t->fuses_unk ? "true" : "false",
				   t->is_written && t->has_fallback ? "true" : "false",
				   ignores_merges ? "true" : "false");
	if (rc == 0)
		rc = add_vocab(out, t, vocab_end(t, ignores_merges), span);
	if (rc == 0)
		rc = add_merges(out, t, span);
	free(span);
	return rc;
}

static int write_json(struct nt_buf *out, const struct nt_tokenizer *t, bool ignores_merges)
{
	/* most of what is to come, so that it need not move */
	int rc = nt_buf_reserve(out, 2 * t->bytes.len + 16 * (size_t)t->ident.vocab_size + 16 * t->n_pair);
	if (rc == 0)
		rc = add_text(out, "{\"version\":\"1.0\",\n\"truncation\":null,\n\"padding\":null,\n");
	if (rc == 0)
		rc = add_added(out, t);
	if (rc == 0)
		rc = add_steps(out, t);
	return rc < 0 ? rc : add_model(out, t, ignores_merges);
}

/* --- the fingerprint ---------------------------------------------------------------- */

/* Small fields on their way to the hash. */
struct fields {
	struct nt_hasher *h;
	size_t n;
	uint8_t byte[1 << 14];
};

static void add_field(struct fields *f, const void *data, size_t len)
{
	if (f->n + len > sizeof(f->byte)) {
		nt_hasher_add(f->h, f->byte, f->n);
		f->n = 0;
	}
	if (len > sizeof(f->byte)) {
		nt_hasher_add(f->h, data, len);
		return;
	}
	memcpy(f->byte + f->n, data, len);
	f->n += len;
}

static void add_u32(struct fields *f, uint32_t v)
{
	uint8_t le[4];
	nt_put32(le, v);
	add_field(f, le, sizeof(le));
}

static int write_fingerprint(uint8_t fingerprint[16], const struct nt_tokenizer *t, bool ignores_merges)
{
	struct fields f = {.h = nt_hasher_new()};
	struct nt_buf rule = {0};
	int rc = f.h ? nt_steps_write_rule(&rule, t, ignores_merges) : NT_ESYS;
	if (rc < 0)
		goto out;
	add_field(&f, "NTFP1", 5);
	add_u32(&f, t->ident.vocab_size);
	for (uint32_t id = 0; id < t->ident.vocab_size; id++) {
		add_field(&f, &(uint8_t){t->token[id].kind}, 1);
		add_u32(&f, t->token[id].len);
		add_field(&f, nt_token_text(t, id), t->token[id].len);
	}
	add_u32(&f, (uint32_t)rule.len);
	add_field(&f, rule.data, rule.len);
	add_u32(&f, (uint32_t)t->n_pair);
	for (size_t i = 0; i < t->n_pair; i++) {
		add_u32(&f, t->pair[i].left);
		add_u32(&f, t->pair[i].right);
	}
	nt_hasher_add(f.h, f.byte, f.n);
	struct nt_hash128 sum = nt_hasher_sum128(f.h);
	nt_put64(fingerprint, sum.lo);
	nt_put64(fingerprint + 8, sum.hi);
out:
	nt_hasher_free(f.h);
	nt_buf_release(&rule);
	return rc;
}

/* --- on request ----------------------------------------------------------------------- */

struct nt_canonical {
	pthread_mutex_t lock;
	bool is_made;
	struct nt_ident ident;
	struct nt_buf json;
};

struct nt_canonical *nt_canonical_new(void)
{
	struct nt_canonical *c = nt_calloc(1, sizeof(*c));
	if (c)
		pthread_mutex_init(&c->lock, NULL);
	return c;
}

void nt_canonical_free(struct nt_canonical *c)
{
	if (!c)
		return;
	pthread_mutex_destroy(&c->lock);
	nt_buf_release(&c->json);
	free(c);
}

static int make(struct nt_canonical *c, const struct nt_tokenizer *t)
{
	bool ignores_merges;
	c->ident = t->ident;
	c->json.len = 0;
	int rc = nt_whole_differs(t, &ignores_merges);
	if (rc == 0)
		rc = write_json(&c->json, t, ignores_merges);
	if (rc == 0)
		rc = write_fingerprint(c->ident.fingerprint, t, ignores_merges);
	c->ident.json = c->json.data;
	c->ident.json_len = c->json.len;
	return rc;
}

const struct nt_ident *nt_tokenizer_ident(const struct nt_tokenizer *t)
{
	struct nt_canonical *c = t->canonical;
	nt_assert(!t->only_tokens);
	pthread_mutex_lock(&c->lock);
	if (!c->is_made)
		c->is_made = make(c, t) == 0;
	bool is_made = c->is_made;
	pthread_mutex_unlock(&c->lock);
	return is_made ? &c->ident : NULL;
}

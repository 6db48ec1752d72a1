/* SPDX-License-Identifier: MIT */
/*
 * decode.c - ids to bytes
 *
 * Nearly all tokens have at most 15 bytes. A table holds these bytes and their number in
 * 16; all 16 are copied whatever the number is, and what was too much is written over by
 * the next token. So a token costs one load, one store and an addition, and no branch is
 * guessed wrong. The table is made when many ids are first asked for: 200,000 tokens take
 * a millisecond, which those who only encode do not pay.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "token/tokenizer.h"

enum {
	SHORT = 15,
	LONG = 255,  /* n of a token that is not in the table */
	BATCH = 1024, /* ids */
	FEW = 64,    /* ids for which no table is made */
};

struct brief {
	uint8_t byte[SHORT], n;
};

struct nt_briefs {
	pthread_mutex_t lock; /* of making the table */
	struct brief *table;  /* [vocab_size], NULL at first; read and set as one word */
};

struct nt_briefs *nt_briefs_new(void)
{
	struct nt_briefs *d = nt_calloc(1, sizeof(*d));
	if (d)
		pthread_mutex_init(&d->lock, NULL);
	return d;
}

void nt_briefs_free(struct nt_briefs *d)
{
	if (!d)
		return;
	pthread_mutex_destroy(&d->lock);
	free(d->table);
	free(d);
}

static struct brief *make_table(const struct nt_tokenizer *t)
{
	struct brief *table = nt_calloc(t->ident.vocab_size, sizeof(*table));
	for (uint32_t id = 0; table && id < t->ident.vocab_size; id++) {
		size_t len;
		const uint8_t *bytes = nt_token_bytes(t, id, &len);
		table[id].n = len > SHORT ? LONG : (uint8_t)len;
		if (len <= SHORT && len > 0)
			memcpy(table[id].byte, bytes, len);
	}
	return table;
}

/* NULL: no memory. */
static const struct brief *table_of(const struct nt_tokenizer *t)
{
	struct nt_briefs *d = t->briefs;
	struct brief *table = __atomic_load_n(&d->table, __ATOMIC_ACQUIRE);
	if (table)
		return table;
	pthread_mutex_lock(&d->lock);
	if (!(table = d->table) && (table = make_table(t)))
		__atomic_store_n(&d->table, table, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&d->lock);
	return table;
}

static int check_id(const struct nt_tokenizer *t, uint32_t id)
{
	return id < t->ident.vocab_size ? 0 : nt_fail(NT_EFORMAT, "token %u: the vocabulary ends at %u", id,
						      t->ident.vocab_size - 1);
}

static int decode_one(const struct nt_tokenizer *t, uint32_t id, struct nt_buf *out)
{
	size_t len;
	int rc = check_id(t, id);
	if (rc < 0)
		return rc;
	const uint8_t *bytes = nt_token_bytes(t, id, &len);
	return nt_buf_add(out, bytes, len);
}

/* Decodes up to a long token, or one that is none; returns the ids that were done. out has
 * room for all as short ones. */
static size_t decode_short(const struct brief *table, uint32_t vocab_size, const uint32_t *id, size_t n,
			   struct nt_buf *out)
{
	uint8_t *to = out->data + out->len;
	size_t i = 0;
	for (; i < n && id[i] < vocab_size; i++) {
		struct brief b = table[id[i]];
		if (b.n == LONG)
			break;
		memcpy(to, &b, sizeof(b));
		to += b.n;
	}
	out->len = (size_t)(to - out->data);
	return i;
}

int nt_decode(const struct nt_tokenizer *t, const uint32_t *id, size_t n, struct nt_buf *out)
{
	const struct brief *table = n > FEW ? table_of(t) : NULL;
	int rc = n > FEW && !table ? NT_ESYS : 0;
	for (size_t i = 0, k; rc == 0 && i < n;) {
		k = !table ? 0 : n - i < BATCH ? n - i : BATCH;
		rc = nt_buf_reserve(out, k * sizeof(*table));
		if (rc == 0 && k)
			i += k = decode_short(table, t->ident.vocab_size, id + i, k, out);
		if (rc == 0 && i < n && k < BATCH)
			rc = decode_one(t, id[i++], out);
	}
	return rc;
}

/* Llama 2 and its like put a space in front of a text before they cut it, so that its first
 * word is a word like others. It is no part of the text, and goes again. */
int nt_decode_document(const struct nt_tokenizer *t, const uint32_t *id, size_t n, struct nt_buf *out)
{
	size_t start = out->len;
	int rc = nt_decode(t, id, n, out);
	if (rc == 0 && t->strips_space && out->len > start && out->data[start] == ' ') {
		out->len--;
		memmove(out->data + start, out->data + start + 1, out->len - start);
	}
	return rc;
}

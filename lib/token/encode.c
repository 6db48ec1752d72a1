/* SPDX-License-Identifier: MIT */
/*
 * encode.c - text to ids
 *
 * The text is cut at special and added tokens, what is between into pieces by the
 * pattern, and every piece is merged by itself. Words repeat, so the ids of short pieces
 * are kept in a cache, one slot a hash, the newest piece staying: natural text finds
 * nine of ten pieces there. A key of up to 16 bytes is held as it is, so a hit is never
 * wrong; the cache changes nothing but the time.
 */
#include "token/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/text.h"

enum { CACHE_BITS = 14, KEY_MOST = 16, IDS_MOST = 3 };

/* Half a cache line. lo and hi are the piece's first and last eight bytes, which overlap in
 * a piece shorter than 16; with the length they say what the piece is. */
struct slot {
	uint64_t lo, hi;
	uint32_t id[IDS_MOST];
	uint16_t len, n;
};

struct nt_encoder {
	const struct nt_tokenizer *t;
	struct nt_cutter cutter;
	struct nt_scratch scratch;
	struct nt_ids spare; /* of nt_count */
	struct slot cache[1 << CACHE_BITS]; /* len 0: empty */
};

struct nt_encoder *nt_encoder_new(const struct nt_tokenizer *t)
{
	struct nt_encoder *e = nt_calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->t = t;
	if (nt_cutter_init(&e->cutter, &t->split) < 0) {
		nt_encoder_free(e);
		return NULL;
	}
	return e;
}

void nt_encoder_free(struct nt_encoder *e)
{
	if (!e)
		return;
	nt_cutter_release(&e->cutter);
	nt_scratch_release(&e->scratch);
	nt_ids_release(&e->spare);
	free(e);
}

const struct nt_tokenizer *nt_encoder_tokenizer(const struct nt_encoder *e)
{
	return e->t;
}

struct nt_ids *nt_encoder_spare(struct nt_encoder *e)
{
	return &e->spare;
}

/* The piece p[n], n from 1 to 16, as two words that no other piece of n bytes has. */
static void make_key(const uint8_t *p, size_t n, uint64_t *lo, uint64_t *hi)
{
	uint32_t a, b;
	if (n >= 8) {
		memcpy(lo, p, 8);
		memcpy(hi, p + n - 8, 8);
	} else if (n >= 4) {
		memcpy(&a, p, 4);
		memcpy(&b, p + n - 4, 4);
		*lo = a;
		*hi = b;
	} else {
		*lo = p[0];
		*hi = (uint64_t)p[n / 2] << 8 | p[n - 1];
	}
}

static int encode_uncached(struct nt_encoder *e, const uint8_t *p, size_t n, struct nt_ids *out)
{
	if (e->t->prefers_whole) {
		uint32_t id = nt_token_find_ordinary(e->t, p, n);
		if (id != NT_NO_TOKEN)
			return nt_ids_add(out, &id, 1);
	}
	return nt_merge_piece(&e->scratch, e->t, p, n, out);
}

static int encode_piece(struct nt_encoder *e, const uint8_t *p, size_t n, struct nt_ids *out)
{
	if (n > KEY_MOST)
		return encode_uncached(e, p, n, out);
	uint64_t lo, hi;
	make_key(p, n, &lo, &hi);
	uint64_t h = (lo ^ (hi << 29 | hi >> 35) ^ n) * UINT64_C(0x9e3779b97f4a7c15);
	struct slot *s = &e->cache[h >> (64 - CACHE_BITS)];
	if (s->lo == lo && s->hi == hi && s->len == n)
		return nt_ids_add(out, s->id, s->n);
	size_t before = out->n;
	int rc = encode_uncached(e, p, n, out);
	size_t made = out->n - before;
	if (rc == 0 && made <= IDS_MOST) {
		*s = (struct slot){.lo = lo, .hi = hi, .len = (uint16_t)n, .n = (uint16_t)made};
		memcpy(s->id, out->id + before, made * sizeof(*s->id));
	}
	return rc;
}

static int encode_plain(struct nt_encoder *e, const uint8_t *text, size_t len, struct nt_ids *out)
{
	size_t start, end;
	int rc = nt_cutter_begin(&e->cutter, text, len);
	while (rc == 0 && (rc = nt_cutter_next(&e->cutter, &start, &end)) > 0)
		rc = encode_piece(e, text + start, end - start, out);
	return rc;
}

int nt_encode(struct nt_encoder *e, const void *text, size_t len, unsigned flags,
	      struct nt_ids *out)
{
	const uint8_t *p = text;
	int rc = 0;
	for (size_t at = 0, where; rc == 0 && at < len;) {
		uint32_t id = nt_added_find(e->t, p, at, len, flags & NT_ALLOW_SPECIAL, &where);
		rc = encode_plain(e, p + at, (id == NT_NO_TOKEN ? len : where) - at, out);
		if (id == NT_NO_TOKEN || rc < 0)
			return rc;
		rc = nt_ids_add(out, &id, 1);
		at = where + e->t->token[id].len;
	}
	return rc;
}

int nt_encode_units(struct nt_encoder *e, const void *text, size_t len, unsigned flags,
		    struct nt_ids *out, struct nt_ids *unit)
{
	size_t i = out->n, at = 0; /* of the next id, and its place in the text */
	int rc = nt_encode(e, text, len, flags, out);
	for (size_t end = 0; rc == 0 && end < len;) {
		uint32_t n = 0;
		end = nt_unit_end(text, len, end);
		for (; at < end; n++)
			at += e->t->token[out->id[i++]].len;
		if (n > 0) /* 0: the last token of the unit before reaches over all of this one */
			rc = nt_ids_add(unit, &n, 1);
	}
	return rc == 0 && len == 0 ? nt_ids_add(unit, &(uint32_t){0}, 1) : rc;
}

/* SPDX-License-Identifier: MIT */
/*
 * general.c - encoding by any tokenizer.json
 *
 * The order is Hugging Face's: what lies between added tokens of the raw text is
 * normalized by itself, added tokens of the normalized text are found, and the rest is
 * cut by the pre-tokenizer's steps and merged. Where an id lies in the document is only
 * worked out if somebody asks: the text remembers where its bytes came from (stretch.h),
 * and a token ends where the byte behind it came from.
 */
#include "token/general.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "token/starts.h"

struct nt_general {
	struct nt_encoder *e;
	const struct nt_tokenizer *t;
	struct nt_scratch *scratch;
	struct nt_normalizing normalizing;
	struct nt_presplitting presplitting;
	struct nt_symbols symbols;
	struct nt_starts *starts; /* of the tokens in normalized text */
	struct nt_buf bytes; /* a piece out of the alphabet of bytes */
	bool pieces_are_spelt; /* in that alphabet */
	struct nt_ids *out;
	struct nt_places *places;
};

/* --- pieces --------------------------------------------------------------------------- */

/* Places of the tokens from out->id[first] on, which cut `in` without a rest. */
static int place_bytes(struct nt_general *g, const struct nt_stretch *in, size_t first)
{
	int rc = 0;
	for (size_t i = first, at = 0; rc == 0 && g->places && i < g->out->n; i++) {
		size_t end = at + g->t->token[g->out->id[i]].len;
		rc = nt_place(g->places, nt_stretch_origin(in, at), nt_stretch_origin(in, end));
		at = end;
	}
	return rc;
}

/* The same where tokens are written: each is as long as the symbols it was merged from. They begin
 * at byte *at of `in`, which moves on. */
static int place_symbols(struct nt_general *g, const struct nt_stretch *in, size_t first, size_t *at)
{
	const struct nt_symbols *s = &g->symbols;
	size_t k = 0;
	int rc = 0;
	for (size_t i = first; rc == 0 && g->places && i < g->out->n; i++) {
		size_t end = *at;
		for (uint32_t left = g->t->token[g->out->id[i]].len; left && k < s->n; k++) {
			left -= g->t->token[s->id[k]].len;
			end += s->len[k];
		}
		rc = nt_place(g->places, nt_stretch_origin(in, *at), nt_stretch_origin(in, end));
		*at = end;
	}
	return rc;
}

/* Symbols are made of a window of the piece at a time, and given up as far as they are merged. */
static int merge_written(struct nt_general *g, const struct nt_stretch *in)
{
	struct nt_symbols *s = &g->symbols;
	size_t place_at = 0;
	int rc = 0;
	s->n = s->unknown = 0;
	for (size_t at = 0, n; rc == 0 && at < in->len; at += n) {
		n = nt_symbols_window(s, in->text + at, in->len - at);
		bool goes_on = at + n < in->len;
		size_t first = g->out->n;
		if ((rc = nt_symbols_add(s, g->t, in->text + at, n, goes_on)) < 0)
			break;
		ptrdiff_t done = nt_merge_symbols(g->scratch, g->t, s->id, s->n, goes_on, g->out);
		rc = done < 0 ? (int)done : place_symbols(g, in, first, &place_at);
		if (rc == 0)
			nt_symbols_drop(s, (size_t)done);
	}
	return rc;
}

static int encode_written(struct nt_general *g, const struct nt_stretch *in)
{
	if (g->t->prefers_whole) {
		uint32_t id = nt_token_find_ordinary(g->t, in->text, in->len);
		int rc = id == NT_NO_TOKEN ? 1 : nt_ids_add(g->out, &id, 1);
		if (rc == 0 && g->places)
			rc = nt_place(g->places, nt_stretch_origin(in, 0), nt_stretch_origin(in, in->len));
		if (rc <= 0)
			return rc;
	}
	return merge_written(g, in);
}

/* A piece spelt in the alphabet: its bytes, each from where its letter came. */
static int encode_spelt(struct nt_general *g, const struct nt_stretch *in)
{
	size_t first = g->out->n;
	g->bytes.len = 0;
	int rc = nt_alphabet_read(&g->bytes, (const char *)in->text, in->len);
	nt_assert(rc != 0); /* nothing but letters was written */
	if (rc > 0)
		rc = nt_encode_piece(g->e, g->bytes.data, g->bytes.len, g->out);
	for (size_t i = first, at = 0; rc == 0 && g->places && i < g->out->n; i++) {
		size_t start = nt_stretch_origin(in, at);
		for (uint32_t n = g->t->token[g->out->id[i]].len; n && at < in->len; at++)
			n -= at + 1 == in->len || (in->text[at + 1] & 0xc0) != 0x80;
		rc = nt_place(g->places, start, nt_stretch_origin(in, at));
	}
	return rc;
}

static int encode_piece(void *arg, const struct nt_stretch *in)
{
	struct nt_general *g = arg;
	if (g->t->is_written)
		return encode_written(g, in);
	if (g->pieces_are_spelt)
		return encode_spelt(g, in);
	size_t first = g->out->n;
	int rc = nt_encode_piece(g->e, in->text, in->len, g->out);
	return rc < 0 ? rc : place_bytes(g, in, first);
}

/* --- the text between added tokens ---------------------------------------------------- */

static int encode_between(struct nt_general *g, const struct nt_stretch *in)
{
	size_t first = g->out->n;
	if (!g->t->is_plain)
		return nt_presplit(&g->presplitting, in);
	int rc = nt_encode_cut(g->e, in->text, in->len, g->out);
	return rc < 0 ? rc : place_bytes(g, in, first);
}

int nt_general_encode(struct nt_general *g, const struct nt_stretch *in, bool specials,
		      struct nt_ids *out, struct nt_places *places)
{
	struct nt_stretch text, part;
	struct nt_added_match m;
	g->out = out;
	g->places = places;
	int rc = nt_normalize(&g->normalizing, in, &text);
	if (rc < 0)
		return rc;
	struct nt_added_walk w = nt_added_walk(g->t, &g->t->normalized, &g->starts, text.text, text.len, specials);
	while (rc == 0 && (rc = nt_added_next(&w, &m)) > 0) {
		rc = 0;
		if (m.gap < m.start) {
			part = nt_stretch_part(&text, m.gap, m.start);
			rc = encode_between(g, &part);
		}
		if (rc == 0)
			rc = nt_ids_add(out, &m.id, 1);
		if (rc == 0 && places)
			rc = nt_place(places, nt_stretch_origin(&text, m.start),
				      nt_stretch_origin(&text, m.end));
	}
	part = nt_stretch_part(&text, w.done, text.len);
	return rc < 0 || part.len == 0 ? rc : encode_between(g, &part);
}

/* --- coming and going ------------------------------------------------------------------ */

struct nt_general *nt_general_new(struct nt_encoder *e, struct nt_scratch *scratch)
{
	struct nt_general *g = nt_calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	const struct nt_tokenizer *t = nt_encoder_tokenizer(e);
	g->e = e;
	g->t = t;
	g->scratch = scratch;
	for (size_t i = 0; i + 1 < t->n_presplit; i++)
		g->pieces_are_spelt |= t->presplit[i].kind == NT_PRESPLIT_BYTE_LEVEL;
	if (nt_normalizing_init(&g->normalizing, t->normalizer, t->n_normalizer) < 0 ||
	    nt_presplitting_init(&g->presplitting, t->presplit, t->n_presplit, encode_piece, g) < 0) {
		nt_general_free(g);
		return NULL;
	}
	return g;
}

void nt_general_free(struct nt_general *g)
{
	if (!g)
		return;
	nt_normalizing_release(&g->normalizing);
	nt_presplitting_release(&g->presplitting);
	nt_symbols_release(&g->symbols);
	nt_starts_free(g->starts);
	nt_buf_release(&g->bytes);
	free(g);
}

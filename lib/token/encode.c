/* SPDX-License-Identifier: MIT */
/*
 * encode.c - text to ids
 *
 * The text is cut at special and added tokens, what is between into pieces by the pattern,
 * and the ids of every piece are looked up among those that came before (cache.h). That
 * goes by batches: first where all pieces end, then their keys, each with a prefetch of
 * where it will be looked for, then the ids, so that no step waits for the memory of the
 * step before. A word that is new is merged together with new ones that follow it
 * (words.h), a long piece by itself (merge.c).
 */
#include "token/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/hash.h"
#include "nt/text.h"
#include "token/cache.h"
#include "token/encode.h"
#include "token/general.h"
#include "token/recall.h"
#include "token/starts.h"
#include "token/written.h"

enum {
	BYTES_AN_ID = 3,       /* of text, at least, most often */
	AHEAD = 8,             /* new pieces that are merged together */
	LOOK_AHEAD = 64,       /* pieces among which they are looked for */
	CACHE_FIRST = 1 << 12, /* entries */
	NFC_PART = 16 << 10,   /* bytes of a text that are looked at by themselves */
};

struct nt_encoder {
	const struct nt_tokenizer *t;
	struct nt_cutter cutter;
	struct nt_scratch scratch;
	struct nt_starts *starts; /* of the tokens in raw text */
	struct nt_general *general; /* NULL where lengths of tokens say it all */
	bool is_nfc;                /* the text at hand, under a tokenizer that makes it so */
	bool has_mark;              /* it holds what a written vocabulary writes for a space */
	struct nt_written_work written;
	struct nt_buf front;        /* a piece with a space put in front */
	uint8_t *length;            /* [vocab_size] of nt_encode_units, 255 for all that are longer */
	struct nt_cache *cache, own;
	struct nt_long_cache longer;
	struct nt_ids spare; /* of nt_count */

	const struct nt_recall *recall;
	nt_merge_words_fn *merge_words;
	struct nt_pieces batch;
	struct nt_word word[AHEAD];   /* new ones ... */
	struct nt_key word_key[AHEAD]; /* ... and their keys */
};

const struct nt_recall *nt_recall(void)
{
#ifdef NT_HAS_WIDE
	if (nt_cpu_isa() >= NT_ISA_AVX2)
		return &nt_recall_avx2;
#endif
	return &nt_recall_ref;
}

struct nt_encoder *nt_encoder_share(const struct nt_tokenizer *t, struct nt_cache *cache)
{
	struct nt_encoder *e = nt_calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	nt_assert(!t->only_tokens);
	e->t = t;
	e->cache = cache ? cache : &e->own;
	e->recall = nt_recall();
	e->merge_words = nt_merge_words();
	if (nt_cutter_init(&e->cutter, &t->split) < 0 ||
	    (!cache && nt_cache_init(&e->own, CACHE_FIRST, e->recall->line) < 0) ||
	    (!nt_is_exact(t) && !(e->general = nt_general_new(e, &e->scratch)))) {
		nt_encoder_free(e);
		return NULL;
	}
	return e;
}

struct nt_encoder *nt_encoder_new(const struct nt_tokenizer *t)
{
	return nt_encoder_share(t, NULL);
}

void nt_encoder_free(struct nt_encoder *e)
{
	if (!e)
		return;
	nt_cutter_release(&e->cutter);
	nt_scratch_release(&e->scratch);
	nt_cache_release(&e->own);
	nt_long_cache_release(&e->longer);
	nt_ids_release(&e->spare);
	free(e->length);
	nt_starts_free(e->starts);
	nt_general_free(e->general);
	nt_written_release(&e->written);
	nt_buf_release(&e->front);
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

/* Keys of the n pieces of the batch at p, `left` bytes before the text's end. */
static void make_keys(struct nt_encoder *e, const uint8_t *p, size_t n, size_t left)
{
	struct nt_pieces *b = &e->batch;
	for (size_t i = e->recall->make_keys(b, e->cache, p, n, left); i < n; i++) {
		uint8_t padded[NT_OVERREAD] = {0};
		size_t at = i ? b->end[i - 1] : 0;
		memcpy(padded, p + at, b->end[i] - at);
		b->key[i] = nt_key_of(padded, b->end[i] - at);
		b->line[i] = (uint32_t)e->cache->line(e->cache, b->key[i]);
	}
}

static int merge_new(struct nt_encoder *e, const uint8_t *p, size_t n, struct nt_ids *out)
{
	if (e->t->joints)
		return nt_written_merge(e->t, &e->written, &e->scratch, p, n, out);
	if (e->t->prefers_whole) {
		uint32_t id = nt_token_find_ordinary(e->t, p, n);
		if (id != NT_NO_TOKEN)
			return nt_ids_add(out, &id, 1);
	}
	return nt_merge_piece(&e->scratch, e->t, p, n, out);
}

/* Merges a piece that has no key, or more ids than an entry holds, and appends its ids. */
static int learn_long(struct nt_encoder *e, uint64_t hash, const uint8_t *p, size_t n,
		      struct nt_ids *out)
{
	size_t before = out->n;
	int rc = merge_new(e, p, n, out);
	return rc < 0 ? rc : nt_long_cache_add(&e->longer, hash, p, n, out->id + before, out->n - before);
}

/* Enters a word into the cache. The ids that have no room there are kept for this thread, if there
 * is memory for them: it is asked for again when the piece comes. */
static void remember(struct nt_encoder *e, const struct nt_word *w, struct nt_key key)
{
	if (w->n_id && w->n <= NT_KEY_MOST)
		nt_cache_add(e->cache, key, w->id, w->n_id);
	if (w->n_id > NT_IDS_MOST || w->n > NT_KEY_MOST)
		nt_long_cache_add(&e->longer, nt_hash64(w->text, w->n), w->text, w->n, w->id, w->n_id);
}

/* Is piece i of the batch, p[n], a word that is known nowhere? */
static bool is_new(const struct nt_encoder *e, size_t i, const uint8_t *p, size_t n)
{
	if (n <= NT_KEY_MOST)
		return !nt_cache_find(e->cache, e->batch.key[i], e->batch.line[i]);
	return n <= NT_WORD_MOST && !nt_long_cache_has(&e->longer, nt_hash64(p, n), p, n);
}

/* Merges piece i, which is new, and some new ones of those behind it, and enters them into the
 * cache. Returns the first piece that it has not looked at. */
static size_t learn_ahead(struct nt_encoder *e, const uint8_t *p, size_t i, size_t n)
{
	size_t n_word = 0, at = i ? e->batch.end[i - 1] : 0;
	size_t stop = n - i < LOOK_AHEAD ? n : i + LOOK_AHEAD;
	for (; i < stop && n_word < AHEAD; at = e->batch.end[i++]) {
		size_t len = e->batch.end[i] - at;
		if (!is_new(e, i, p + at, len))
			continue;
		uint32_t id = e->t->prefers_whole ? nt_token_find_ordinary(e->t, p + at, len) : NT_NO_TOKEN;
		struct nt_word whole = {.text = p + at, .n = len, .n_id = 1, .id = {id}};
		if (id != NT_NO_TOKEN) {
			remember(e, &whole, e->batch.key[i]);
			continue;
		}
		e->word[n_word].text = p + at;
		e->word[n_word].n = len;
		e->word_key[n_word++] = e->batch.key[i];
	}
	e->merge_words(e->t, e->word, n_word);
	for (size_t k = 0; k < n_word; k++)
		remember(e, &e->word[k], e->word_key[k]);
	return i;
}

/* The same for one piece that is not merged from bytes; appends its ids, too. */
static int learn_one(struct nt_encoder *e, struct nt_key key, const uint8_t *p, size_t n,
		     struct nt_ids *out)
{
	size_t before = out->n;
	int rc = merge_new(e, p, n, out);
	if (rc == 0)
		nt_cache_add(e->cache, key, out->id + before, out->n - before);
	return rc;
}

static int encode_batch(struct nt_encoder *e, const uint8_t *p, size_t n, size_t left,
			struct nt_ids *out)
{
	int rc = 0;
	make_keys(e, p, n, left);
	for (size_t i = 0, ahead = 0; rc == 0 && i < n;) {
		size_t n_id;
		rc = nt_grow(&out->id, &out->cap, out->n + NT_IDS_MOST * (n - i), sizeof(*out->id));
		if (rc < 0)
			break;
		i = e->recall->recall(&e->batch, e->cache, i, n, out->id + out->n, &n_id);
		out->n += n_id;
		if (i == n)
			break;
		size_t at = i ? e->batch.end[i - 1] : 0, len = e->batch.end[i] - at;
		/* a piece without a key is kept by its bytes, as are ids that have no room beside a key */
		bool is_long = len > NT_KEY_MOST || nt_cache_find(e->cache, e->batch.key[i], e->batch.line[i]);
		uint64_t hash = is_long ? nt_hash64(p + at, len) : 0;
		rc = is_long ? nt_long_cache_find(&e->longer, hash, p + at, len, out) : 0;
		if (rc == 0 && i >= ahead && len <= NT_WORD_MOST && !e->t->is_written) {
			ahead = learn_ahead(e, p, i, n);
			continue;
		}
		if (rc == 0)
			rc = is_long ? learn_long(e, hash, p + at, len, out)
				     : learn_one(e, e->batch.key[i], p + at, len, out);
		if (rc < 0)
			return rc;
		rc = 0;
		i++;
	}
	return rc;
}

int nt_encode_cut(struct nt_encoder *e, const uint8_t *text, size_t len, struct nt_ids *out)
{
	size_t from, n;
	int rc = e->cache == &e->own ? nt_cache_expect(&e->own, len) : 0;
	if (rc == 0)
		rc = nt_cutter_begin(&e->cutter, text, len);
	while (rc == 0 && (rc = nt_cutter_batch(&e->cutter, &from, e->batch.end, NT_PIECES_MOST, &n)) > 0) {
		rc = encode_batch(e, text + from, n, len - from, out);
		if (rc == 0 && e->cache == &e->own)
			rc = nt_cache_tend(e->cache);
	}
	return rc;
}

int nt_encode_piece(struct nt_encoder *e, const uint8_t *p, size_t n, struct nt_ids *out)
{
	if (n > UINT32_MAX)
		return nt_fail(NT_EFORMAT, "a piece of %zu bytes without a place to cut it", n);
	e->batch.end[0] = (uint32_t)n;
	int rc = encode_batch(e, p, 1, n, out);
	return rc == 0 && e->cache == &e->own ? nt_cache_tend(e->cache) : rc;
}

/* Places of the ids from `first` on, whose bytes are text[at ...] without a rest. */
static int place_lengths(struct nt_encoder *e, const struct nt_ids *ids, size_t first, size_t at,
			 struct nt_places *places)
{
	int rc = 0;
	for (size_t i = first; rc == 0 && i < ids->n; i++) {
		size_t end = at + e->t->token[ids->id[i]].len;
		rc = nt_place(places, at, end);
		at = end;
	}
	return rc;
}

/* The same of a written vocabulary; document: what text is a part of. */
static int place_written(struct nt_encoder *e, const struct nt_ids *ids, size_t first,
			 const uint8_t *document, size_t at, struct nt_places *places)
{
	int rc = 0;
	for (size_t i = first; rc == 0 && i < ids->n; i++) {
		uint32_t id = ids->id[i];
		size_t end = at + (e->has_mark ? nt_written_len(e->t, id, document + at) : e->t->shown[id].len);
		rc = nt_place(places, at, end);
		at = end;
	}
	return rc;
}

/* The same of e->front, whose first byte is not in the document: what follows it begins at `at`. */
static int place_front(struct nt_encoder *e, const struct nt_ids *ids, size_t first, size_t at,
		       struct nt_places *places)
{
	places->base = at;
	places->in_front = 1;
	int rc = place_written(e, ids, first, e->front.data, 0, places);
	places->base = places->in_front = 0;
	return rc;
}

/* Pieces of text where the joints of a written vocabulary allow it. */
static int encode_pieces(struct nt_encoder *e, const uint8_t *text, size_t len, struct nt_ids *out)
{
	int rc = 0;
	for (size_t at = 0; rc == 0 && at < len; at += e->batch.end[0]) {
		size_t n = nt_written_cut(e->t->joints, text + at, len - at, e->batch.end, NT_PIECES_MOST);
		if (n == 0)
			return nt_fail(NT_EFORMAT, "a piece of over %u bytes without a place to cut it", UINT32_MAX);
		rc = encode_batch(e, text + at, n, len - at, out);
		e->batch.end[0] = e->batch.end[n - 1];
		if (rc == 0 && e->cache == &e->own)
			rc = nt_cache_tend(e->cache);
	}
	return rc;
}

/* document[start, end) of a written vocabulary. */
static int encode_joined(struct nt_encoder *e, const uint8_t *document, size_t start, size_t end,
			 bool continues, struct nt_ids *out, struct nt_places *places)
{
	const struct nt_joints *j = e->t->joints;
	int rc = 0;
	if (!continues && nt_written_prepends(j, document, start, end)) {
		/* the first piece, as if a space stood before it */
		size_t n = nt_written_cut(j, document + start, end - start, e->batch.end, 1);
		size_t len = n ? e->batch.end[0] : end - start, first = out->n;
		e->front.len = 0;
		rc = nt_buf_add(&e->front, " ", 1);
		if (rc == 0)
			rc = nt_buf_add(&e->front, document + start, len);
		if (rc == 0)
			rc = encode_pieces(e, e->front.data, e->front.len, out);
		if (rc == 0 && places)
			rc = place_front(e, out, first, start, places);
		start += len;
	}
	size_t first = out->n;
	if (rc == 0)
		rc = encode_pieces(e, document + start, end - start, out);
	return rc == 0 && places ? place_written(e, out, first, document, start, places) : rc;
}

static int encode_direct(struct nt_encoder *e, const uint8_t *text, size_t start, size_t end,
			 struct nt_ids *out, struct nt_places *places)
{
	size_t first = out->n;
	int rc = nt_encode_cut(e, text + start, end - start, out);
	return rc == 0 && places ? place_lengths(e, out, first, start, places) : rc;
}

static int encode_general(struct nt_encoder *e, const uint8_t *text, size_t start, size_t end,
			  unsigned flags, struct nt_ids *out, struct nt_places *places)
{
	struct nt_stretch in = {.text = text + start, .len = end - start, .base = start};
	return nt_general_encode(e->general, &in, flags & NT_ALLOW_SPECIAL, out, places);
}

/* Text that is not NFC, though most of it may be, part by part. */
static int encode_mostly_nfc(struct nt_encoder *e, const uint8_t *text, size_t start, size_t end,
			     unsigned flags, struct nt_ids *out, struct nt_places *places)
{
	int rc = 0;
	for (size_t at = start, next; rc == 0 && at < end; at = next) {
		size_t n = end - at < NFC_PART ? 0 : nt_pattern_seam(&e->t->split, text + at, NFC_PART);
		next = n ? at + n : end;
		rc = nt_is_nfc(text + at, next - at) ? encode_direct(e, text, at, next, out, places)
						    : encode_general(e, text, at, next, flags, out, places);
	}
	return rc;
}

static int encode_between(struct nt_encoder *e, const uint8_t *text, size_t start, size_t end,
			  unsigned flags, struct nt_ids *out, struct nt_places *places)
{
	if (start >= end)
		return 0;
	if (e->t->joints)
		return encode_joined(e, text, start, end, start == 0 && flags & NT_CONTINUES, out, places);
	if (!e->general || e->is_nfc)
		return encode_direct(e, text, start, end, out, places);
	if (nt_is_usually_nfc(e->t))
		return encode_mostly_nfc(e, text, start, end, flags, out, places);
	return encode_general(e, text, start, end, flags, out, places);
}

/* e->is_nfc and e->has_mark speak of text. */
static int encode(struct nt_encoder *e, const uint8_t *text, size_t len, unsigned flags,
		  struct nt_ids *out, struct nt_places *places)
{
	struct nt_added_walk w = nt_added_walk(e->t, &e->t->raw, &e->starts, text, len, flags & NT_ALLOW_SPECIAL);
	struct nt_added_match m;
	int rc = nt_grow(&out->id, &out->cap, out->n + len / BYTES_AN_ID, sizeof(*out->id));
	while (rc == 0 && (rc = nt_added_next(&w, &m)) > 0) {
		rc = encode_between(e, text, m.gap, m.start, flags, out, places);
		if (rc == 0)
			rc = nt_ids_add(out, &m.id, 1);
		if (rc == 0 && places)
			rc = nt_place(places, m.start, m.end);
	}
	return rc < 0 ? rc : encode_between(e, text, w.done, len, flags, out, places);
}

/* Asks once of a text what is asked of each stretch of it. */
static void look_over(struct nt_encoder *e, const uint8_t *text, size_t len)
{
	e->is_nfc = nt_is_usually_nfc(e->t) && nt_is_nfc(text, len);
	e->has_mark = e->t->joints && nt_written_has_mark(text, len);
}

int nt_encode(struct nt_encoder *e, const void *text, size_t len, unsigned flags,
	      struct nt_ids *out)
{
	look_over(e, text, len);
	return encode(e, text, len, flags, out, NULL);
}

int nt_encode_offsets(struct nt_encoder *e, const void *text, size_t len, unsigned flags,
		      struct nt_ids *out, struct nt_spans *spans)
{
	struct nt_places places = {.spans = spans};
	look_over(e, text, len);
	return encode(e, text, len, flags, out, &places);
}

/* Lengths that fit a byte, in a table that fits a near cache. */
static int make_lengths(struct nt_encoder *e)
{
	if (e->length || !(e->length = nt_alloc(e->t->ident.vocab_size, 1)))
		return e->length ? 0 : NT_ESYS;
	for (uint32_t id = 0; id < e->t->ident.vocab_size; id++)
		e->length[id] = (uint8_t)(e->t->token[id].len < 255 ? e->t->token[id].len : 255);
	return 0;
}

static inline size_t length_of(const struct nt_encoder *e, uint32_t id)
{
	return e->length[id] < 255 ? e->length[id] : e->t->token[id].len;
}

/* Where the tokens' lengths are not those of the text they stand for. */
static int encode_units_by_places(struct nt_encoder *e, const uint8_t *text, size_t len,
				  unsigned flags, struct nt_ids *out, struct nt_ids *unit)
{
	struct nt_places places = {.text = text, .len = len, .unit = unit};
	size_t first = unit->n;
	int rc = encode(e, text, len, flags, out, &places);
	if (rc == 0 && (places.n || unit->n == first))
		rc = nt_ids_add(unit, &places.n, 1);
	return rc;
}

int nt_encode_units(struct nt_encoder *e, const void *text, size_t len, unsigned flags,
		    struct nt_ids *out, struct nt_ids *unit)
{
	if (len == 0)
		return nt_ids_add(unit, &(uint32_t){0}, 1);
	look_over(e, text, len);
	if (!nt_is_exact(e->t) && (!e->is_nfc || e->t->raw.strips))
		return encode_units_by_places(e, text, len, flags, out, unit);
	size_t i = out->n, at = 0; /* of the next id, and its place in the text */
	int rc = make_lengths(e);
	if (rc == 0)
		rc = encode(e, text, len, flags, out, NULL);
	for (size_t end = 0; rc == 0 && end < len;) {
		uint32_t n = 0;
		end = nt_unit_end(text, len, end);
		for (; at < end; n++)
			at += length_of(e, out->id[i++]);
		if (n > 0) /* 0: the last token of the unit before reaches over all of this one */
			rc = nt_ids_add(unit, &n, 1);
	}
	return rc;
}

/* SPDX-License-Identifier: MIT */
/*
 * shuffle.c - a sort by random keys, outside of memory if it must be
 *
 * As long as the documents fit they are kept one behind the other and an index of them
 * is sorted. Once they do not, the key space is cut into equal ranges with a temporary
 * file each; keys are random, so the files come out alike in size. At the end each
 * range in order is read and sorted in memory, or, if it is still too large, cut again.
 * Every byte is written once per level and read once: n log n without seeks.
 *
 * Half of the memory is what is held; growing it needs the other half for a moment.
 * A document is held whole, so one larger than the memory given takes what it needs.
 */
#include "nt/shuffle.h"

#include <stdlib.h>
#include <string.h>

#include "data/ids.h"
#include "io/spill.h"
#include "nt/err.h"
#include "nt/random.h"

enum {
	MAX_BITS = 6,           /* of the key, at each level: 64 files */
	BUFFER_BYTES = 1 << 20, /* of a file, at most */
	MIN_BUFFER = 1 << 12,
	MAX_DEPTH = 16,
};

/* A document, as it lies in memory and in a file: this, then units, then tokens. */
struct record {
	uint64_t key, number, n_unit, n;
};

/* Sorted in place of the records. */
struct entry {
	uint64_t key, number, at; /* at: of the record in `held` */
};

/* One cut of a range of keys into 2^bits parts, parts before `next` being done. */
struct level {
	struct nt_spill *part; /* [1 << bits] */
	unsigned shift, bits, next;
};

struct nt_shuffle {
	struct nt_shuffle_options options;
	size_t width;
	uint64_t n_added, spilled;

	struct nt_buf held;  /* records in memory */
	struct entry *entry; /* [n_entry] of cap */
	size_t n_entry, cap, next_entry;
	bool is_sorted;

	struct level level[MAX_DEPTH]; /* [n_level], the innermost last */
	unsigned n_level;
	struct nt_buf record; /* one on its way from file to file */
	struct nt_ids id;     /* the document handed out */
};

int nt_shuffle_new(struct nt_shuffle **result, const struct nt_shuffle_options *options)
{
	struct nt_shuffle *s = nt_calloc(1, sizeof(*s));
	*result = s;
	if (!s)
		return NT_ESYS;
	s->options = *options;
	if (s->options.memory < NT_SHUFFLE_MIN)
		s->options.memory = NT_SHUFFLE_MIN;
	s->width = options->vocab_size <= 65536 ? 2 : 4;
	return 0;
}

static size_t record_bytes(const struct nt_shuffle *s, const struct record *r)
{
	size_t bytes = sizeof(*r) + r->n_unit * sizeof(uint32_t) + r->n * s->width;
	return (bytes + 7) & ~(size_t)7; /* the next one lies aligned */
}

/* --- cutting into files ---------------------------------------------------------- */

/* As many parts as half of the memory has buffers for. */
static unsigned choose_bits(const struct nt_shuffle *s)
{
	unsigned bits = 1;
	while (bits < MAX_BITS && (uint64_t)MIN_BUFFER << (bits + 2) <= s->options.memory)
		bits++;
	return bits;
}

static int push_level(struct nt_shuffle *s)
{
	unsigned bits = choose_bits(s);
	unsigned used = s->n_level ? 64 - s->level[s->n_level - 1].shift : 0;
	uint64_t room = s->options.memory / 2 >> bits;
	size_t buffer = room > BUFFER_BYTES ? BUFFER_BYTES : room < MIN_BUFFER ? MIN_BUFFER : room;
	struct level *l = &s->level[s->n_level];
	*l = (struct level){.shift = 64 - used - bits, .bits = bits};
	if (!(l->part = nt_calloc((size_t)1 << bits, sizeof(*l->part))))
		return NT_ESYS;
	for (unsigned i = 0; i < 1u << bits; i++)
		l->part[i].fd = -1;
	s->n_level++;
	for (unsigned i = 0; i < 1u << bits; i++) {
		int rc = nt_spill_open(&l->part[i], s->options.folder, buffer);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int put_record(struct nt_shuffle *s, const void *record, size_t bytes)
{
	struct level *l = &s->level[s->n_level - 1];
	uint64_t key;
	memcpy(&key, record, sizeof(key));
	s->spilled += bytes;
	return nt_spill_add(&l->part[key >> l->shift & ((1u << l->bits) - 1)], record, bytes);
}

/* Everything held moves into the files of a first level. */
static int spill_held(struct nt_shuffle *s)
{
	int rc = push_level(s);
	for (size_t at = 0; rc == 0 && at < s->held.len;) {
		struct record r;
		memcpy(&r, s->held.data + at, sizeof(r));
		rc = put_record(s, s->held.data + at, record_bytes(s, &r));
		at += record_bytes(s, &r);
	}
	nt_buf_release(&s->held);
	free(s->entry);
	s->entry = NULL;
	s->n_entry = s->cap = 0;
	return rc;
}

/* Reads one record from a file behind what `into` holds. */
static int get_record(const struct nt_shuffle *s, struct nt_spill *from, struct nt_buf *into,
		      struct record *r)
{
	int rc = nt_spill_read(from, r, sizeof(*r));
	if (rc == 0)
		rc = nt_buf_add(into, r, sizeof(*r));
	size_t rest = rc < 0 ? 0 : record_bytes(s, r) - sizeof(*r);
	if (rc == 0)
		rc = nt_buf_reserve(into, rest);
	if (rc == 0)
		rc = nt_spill_read(from, into->data + into->len, rest);
	into->len += rest;
	return rc;
}

/* A part that is too large goes into the files of one more level. */
static int cut_again(struct nt_shuffle *s, struct nt_spill *part)
{
	int rc = push_level(s);
	for (uint64_t at = 0; rc == 0 && at < part->bytes; at += s->record.len) {
		struct record r;
		s->record.len = 0;
		rc = get_record(s, part, &s->record, &r);
		if (rc == 0)
			rc = put_record(s, s->record.data, s->record.len);
	}
	nt_spill_close(part);
	return rc;
}

/* --- adding ---------------------------------------------------------------------- */

static int add_entry(struct nt_shuffle *s, const struct record *r, uint64_t at)
{
	int rc = nt_grow(&s->entry, &s->cap, s->n_entry + 1, sizeof(*s->entry));
	if (rc == 0)
		s->entry[s->n_entry++] = (struct entry){r->key, r->number, at};
	return rc;
}

/* Appends the record of a document, tokens as narrow as they may be. */
static int pack_record(const struct nt_shuffle *s, struct nt_buf *into, const struct record *r,
		       const struct nt_tokens *doc)
{
	size_t bytes = record_bytes(s, r);
	int rc = nt_buf_reserve(into, bytes);
	if (rc < 0)
		return rc;
	uint8_t *at = into->data + into->len;
	memset(at + bytes - 8, 0, 8); /* the padding */
	memcpy(at, r, sizeof(*r));
	if (doc->n_unit)
		memcpy(at + sizeof(*r), doc->unit, doc->n_unit * sizeof(uint32_t));
	if (doc->n)
		nt_ids_narrow(at + sizeof(*r) + doc->n_unit * sizeof(uint32_t), doc->id, doc->n, s->width);
	into->len += bytes;
	return 0;
}

int nt_shuffle_add(struct nt_shuffle *s, const struct nt_tokens *doc)
{
	struct record r = {.number = s->n_added, .n_unit = doc->n_unit, .n = doc->n};
	r.key = nt_random_u64(s->options.seed, NT_RANDOM_SHUFFLE, r.number);
	s->n_added++;
	uint64_t after = s->held.len + record_bytes(s, &r) + (s->n_entry + 1) * sizeof(struct entry);
	int rc = 0;
	if (s->n_level == 0 && s->n_entry > 0 && after > s->options.memory / 2)
		rc = spill_held(s);
	if (rc == 0 && s->n_level > 0) {
		s->record.len = 0;
		rc = pack_record(s, &s->record, &r, doc);
		return rc < 0 ? rc : put_record(s, s->record.data, s->record.len);
	}
	uint64_t at = s->held.len;
	if (rc == 0)
		rc = pack_record(s, &s->held, &r, doc);
	return rc < 0 ? rc : add_entry(s, &r, at);
}

/* --- handing out ----------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static void sort_held(struct nt_shuffle *s)
{
	if (s->n_entry)
		qsort(s->entry, s->n_entry, sizeof(*s->entry), compare);
	s->next_entry = 0;
	s->is_sorted = true;
}

static int hold_part(struct nt_shuffle *s, struct nt_spill *part)
{
	int rc = nt_buf_reserve(&s->held, part->bytes);
	while (rc == 0 && s->held.len < part->bytes) {
		struct record r;
		uint64_t at = s->held.len;
		rc = get_record(s, part, &s->held, &r);
		if (rc == 0)
			rc = add_entry(s, &r, at);
	}
	nt_spill_close(part);
	sort_held(s);
	return rc;
}

static void pop_level(struct nt_shuffle *s)
{
	struct level *l = &s->level[--s->n_level];
	for (unsigned i = 0; i < 1u << l->bits; i++)
		nt_spill_close(&l->part[i]);
	free(l->part);
}

/* Does a part hold only one document? Then cutting it would be in vain. */
static int is_single(const struct nt_shuffle *s, struct nt_spill *part, bool *single)
{
	struct record r;
	int rc = nt_spill_read(part, &r, sizeof(r));
	*single = rc == 0 && record_bytes(s, &r) == part->bytes;
	return rc < 0 ? rc : nt_spill_rewind(part);
}

/* Holds the next part in memory, sorted; returns 0 if there is none. */
static int next_part(struct nt_shuffle *s)
{
	s->held.len = s->n_entry = s->next_entry = 0;
	while (s->n_level > 0) {
		struct level *l = &s->level[s->n_level - 1];
		if (l->next == 1u << l->bits) {
			pop_level(s);
			continue;
		}
		struct nt_spill *part = &l->part[l->next++];
		bool single = false;
		int rc = nt_spill_rewind(part);
		if (rc < 0)
			return rc;
		if (part->bytes == 0)
			continue;
		bool is_large = part->bytes > s->options.memory / 2;
		bool can_cut = l->shift >= MAX_BITS && s->n_level < MAX_DEPTH;
		if (is_large && can_cut && (rc = is_single(s, part, &single)) < 0)
			return rc;
		if (is_large && can_cut && !single)
			rc = cut_again(s, part);
		else if ((rc = hold_part(s, part)) == 0)
			return 1;
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int hand_out(struct nt_shuffle *s, const struct entry *e, struct nt_tokens *doc)
{
	uint8_t *at = s->held.data + e->at;
	struct record r;
	memcpy(&r, at, sizeof(r));
	uint32_t *unit = (uint32_t *)(void *)(at + sizeof(r));
	const uint8_t *token = at + sizeof(r) + r.n_unit * sizeof(uint32_t);
	int rc = nt_grow(&s->id.id, &s->id.cap, r.n, sizeof(uint32_t));
	if (rc < 0)
		return rc;
	if (r.n)
		nt_ids_widen(s->id.id, token, r.n, s->width);
	*doc = (struct nt_tokens){.id = s->id.id, .n = r.n, .unit = unit, .n_unit = r.n_unit};
	return 1;
}

int nt_shuffle_next(struct nt_shuffle *s, struct nt_tokens *doc)
{
	if (!s->is_sorted && s->n_level == 0)
		sort_held(s);
	if (s->next_entry == s->n_entry) {
		int rc = next_part(s);
		if (rc <= 0)
			return rc;
	}
	return hand_out(s, &s->entry[s->next_entry++], doc);
}

uint64_t nt_shuffle_spilled(const struct nt_shuffle *s)
{
	return s->spilled;
}

void nt_shuffle_free(struct nt_shuffle *s)
{
	if (!s)
		return;
	while (s->n_level > 0)
		pop_level(s);
	nt_buf_release(&s->held);
	nt_buf_release(&s->record);
	nt_ids_release(&s->id);
	free(s->entry);
	free(s);
}

/* SPDX-License-Identifier: MIT */
/*
 * shuffle.c - a sort by random keys, outside of memory if it must be
 *
 * Memory is one region. Documents are put one behind the other from its beginning, and
 * 16 bytes for each, its key and its place, from its end: sorting those and fetching the
 * documents by them is the shuffle. Nothing moves but the 16 bytes, and nothing grows.
 *
 * When the two meet, all is written to a temporary file in order of the keys, as a run, and
 * what is held begins anew. Keys are random, so each of many equal ranges of them, a
 * slice, is about the same part of every run, and where it begins there is kept. At the
 * end as many slices as fit are read, a piece of each run, sorted and handed out, and then
 * the next: all bytes are written once and read once, in pieces far larger than a page. A
 * slice that does not fit even by itself goes through runs of its own, by further bits of
 * the key.
 *
 * One document that is larger than the region gets a larger one.
 */
#include "nt/shuffle.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "data/relay.h"
#include "data/sortkeys.h"
#include "io/spill.h"
#include "nt/err.h"
#include "nt/random.h"

enum {
	MAX_BITS = 12,       /* of the key, at each level: 4096 slices */
	PIECE_BYTES = 1 << 12, /* of a slice in a run, at least, about */
	BUFFER_BYTES = 1 << 20, /* on the way to the file, at most */
	MIN_BUFFER = 1 << 12,
	MAX_LEVEL = 64,
	SLACK = 16,             /* record_len reads so much of the last document */
	AHEAD = 8,              /* documents: how early one is fetched before it is its turn */
	MOST_AHEAD = 1024,      /* bytes of it */
};

/*
 * A document, in memory and in a file: a word of tokens << 24 | units; the units again, as
 * 64 bits, if they are MANY; u32 length of each unit, but of only one; the tokens; zeros up
 * to a multiple of 8. In a file its key stands in front.
 */
enum { UNIT_BITS = 24, MANY = (1 << UNIT_BITS) - 1 };

/* Keys of one range, cut into 2^bits slices; those before `next` are done. */
struct level {
	struct nt_spill file;
	unsigned shift, bits;
	size_t next;
	struct nt_spill edges; /* [n_run][(1 << bits) + 1] where slices begin in the file */
	size_t n_run;
	uint64_t *edge; /* [(1 << bits) + 1] of the run being written */
	uint64_t *need; /* [1 << bits] memory that a slice takes */
};

struct nt_shuffle {
	struct nt_shuffle_options options;
	size_t width;
	uint64_t n_added, spilled;

	uint8_t *region; /* [size] */
	size_t size, used;       /* used: by documents, from the beginning */
	struct nt_sortkey *entry; /* [n_entry], up to the end of the region */
	size_t n_entry, next_entry;

	struct level level[MAX_LEVEL]; /* [n_level], the innermost last */
	unsigned n_level;
	bool is_handing_out;
	uint32_t unit; /* of the document handed out, if it is one */
};

/* --- the region ------------------------------------------------------------------ */

static void empty(struct nt_shuffle *s)
{
	s->used = s->n_entry = s->next_entry = 0;
	s->entry = (struct nt_sortkey *)(void *)(s->region + s->size);
}

/* Pages of a mapping are taken when they are touched, so asking for all of it is free. */
static int take_region(struct nt_shuffle *s, size_t size)
{
	if (s->region)
		munmap(s->region, s->size);
	s->size = (size + 4095) & ~(size_t)4095;
	void *p = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	s->region = p == MAP_FAILED ? NULL : p;
	if (!s->region)
		return nt_fail_sys("out of memory: %zu bytes to shuffle in", s->size);
	madvise(s->region, s->size, MADV_HUGEPAGE);
	empty(s);
	return 0;
}

static bool has_room(const struct nt_shuffle *s, size_t bytes)
{
	size_t entries = (s->n_entry + 1) * sizeof(*s->entry);
	return bytes <= s->size && entries <= s->size - bytes && s->used <= s->size - bytes - entries;
}

static void add_entry(struct nt_shuffle *s, uint64_t key, size_t bytes)
{
	*--s->entry = (struct nt_sortkey){.key = key, .at = s->used};
	s->n_entry++;
	s->used += bytes;
}

static void sort_held(struct nt_shuffle *s)
{
	nt_sortkeys(s->entry, s->n_entry, s->options.pool);
	s->next_entry = 0;
}

/* --- documents ------------------------------------------------------------------- */

static size_t record_bytes(const struct nt_shuffle *s, uint64_t n, uint64_t n_unit)
{
	size_t bytes = 8 + (n_unit >= MANY ? 8 : 0) + (n_unit == 1 ? 0 : n_unit * sizeof(uint32_t)) + n * s->width;
	return (bytes + 7) & ~(size_t)7;
}

/* Of the document at p, of which 16 bytes can be read. */
static size_t record_len(const struct nt_shuffle *s, const uint8_t *p)
{
	uint64_t word[2];
	memcpy(word, p, sizeof(word));
	uint64_t n_unit = word[0] & MANY;
	return record_bytes(s, word[0] >> UNIT_BITS, n_unit == MANY ? word[1] : n_unit);
}

/*
 * Begins to fetch the document that comes a little later: its beginning, and when that is
 * here, the rest. Without the attribute gcc takes this for a function without effect, and
 * leaves out the calls of it.
 */
__attribute__((always_inline)) static inline void look_ahead(const struct nt_shuffle *s, size_t i)
{
	if (i + 2 * AHEAD >= s->n_entry)
		return;
	__builtin_prefetch(s->region + s->entry[i + 2 * AHEAD].at);
	const uint8_t *p = s->region + s->entry[i + AHEAD].at;
	size_t len = record_len(s, p);
	for (size_t at = 64; at < len + 64 && at <= MOST_AHEAD; at += 64)
		__builtin_prefetch(p + at);
}

static void put_record(const struct nt_shuffle *s, uint8_t *at, const struct nt_stored *doc, size_t bytes)
{
	uint64_t n_unit = doc->n_unit, word = (uint64_t)doc->n << UNIT_BITS | (n_unit < MANY ? n_unit : MANY);
	memset(at + bytes - 8, 0, 8);
	memcpy(at, &word, 8);
	at += 8;
	if (n_unit >= MANY) {
		memcpy(at, &n_unit, 8);
		at += 8;
	}
	if (n_unit > 1) {
		memcpy(at, doc->unit, n_unit * sizeof(uint32_t));
		at += n_unit * sizeof(uint32_t);
	}
	if (doc->n)
		memcpy(at, doc->token, doc->n * s->width);
}

static void hand_out(struct nt_shuffle *s, struct nt_stored *doc)
{
	const uint8_t *at = s->region + s->entry[s->next_entry].at;
	uint64_t word, n_unit;
	look_ahead(s, s->next_entry++);
	memcpy(&word, at, 8);
	at += 8;
	n_unit = word & MANY;
	if (n_unit == MANY) {
		memcpy(&n_unit, at, 8);
		at += 8;
	}
	s->unit = (uint32_t)(word >> UNIT_BITS);
	*doc = (struct nt_stored){.n = word >> UNIT_BITS, .unit = &s->unit, .n_unit = n_unit};
	if (n_unit > 1) {
		doc->unit = (const uint32_t *)(const void *)at;
		at += n_unit * sizeof(uint32_t);
	}
	doc->token = at;
}

/* --- runs ------------------------------------------------------------------------ */

/* As many slices as leave each a few pages in a run. */
static unsigned choose_bits(const struct nt_shuffle *s, unsigned left)
{
	unsigned bits = 1;
	while (bits < MAX_BITS && bits < left && s->options.memory >> (bits + 1) >= PIECE_BYTES)
		bits++;
	return bits;
}

static size_t n_slice(const struct level *l)
{
	return (size_t)1 << l->bits;
}

static int push_level(struct nt_shuffle *s)
{
	unsigned left = s->n_level ? s->level[s->n_level - 1].shift : 64;
	unsigned bits = choose_bits(s, left);
	uint64_t room = s->options.memory / 4;
	size_t buffer = room > BUFFER_BYTES ? BUFFER_BYTES : room < MIN_BUFFER ? MIN_BUFFER : room;
	struct level *l = &s->level[s->n_level++];
	*l = (struct level){.shift = left - bits, .bits = bits, .file.fd = -1, .edges.fd = -1};
	l->edge = nt_alloc(n_slice(l) + 1, sizeof(*l->edge));
	l->need = nt_calloc(n_slice(l), sizeof(*l->need));
	if (!l->edge || !l->need)
		return NT_ESYS;
	int rc = nt_spill_open(&l->file, s->options.folder, buffer);
	return rc < 0 ? rc : nt_spill_open(&l->edges, s->options.folder, MIN_BUFFER);
}

static void pop_level(struct nt_shuffle *s)
{
	struct level *l = &s->level[--s->n_level];
	nt_spill_close(&l->file);
	nt_spill_close(&l->edges);
	free(l->edge);
	free(l->need);
}

/* Writes what is held to the innermost level as a run, and holds nothing. */
static int write_run(struct nt_shuffle *s)
{
	struct level *l = &s->level[s->n_level - 1];
	uint64_t before = l->file.bytes;
	size_t slice = 0;
	int rc = 0;
	sort_held(s);
	l->edge[0] = before;
	for (size_t i = 0; i < s->n_entry && rc == 0; i++) {
		const struct nt_sortkey *e = &s->entry[i];
		const uint8_t *p = s->region + e->at;
		size_t of = e->key >> l->shift & (n_slice(l) - 1), bytes = record_len(s, p);
		look_ahead(s, i);
		while (slice < of)
			l->edge[++slice] = l->file.bytes;
		l->need[of] += sizeof(e->key) + bytes + sizeof(*e);
		if ((rc = nt_spill_add(&l->file, &e->key, sizeof(e->key))) == 0)
			rc = nt_spill_add(&l->file, p, bytes);
	}
	while (slice < n_slice(l))
		l->edge[++slice] = l->file.bytes;
	if (rc == 0)
		rc = nt_spill_add(&l->edges, l->edge, (n_slice(l) + 1) * sizeof(*l->edge));
	l->n_run++;
	s->spilled += l->file.bytes - before;
	empty(s);
	return rc;
}

/* Room for a document of so many bytes: by a run, or by a larger region for one that is larger. */
static int make_room(struct nt_shuffle *s, size_t bytes)
{
	int rc = 0;
	if (has_room(s, bytes))
		return 0;
	if (s->n_entry)
		rc = s->n_level == 0 && (rc = push_level(s)) < 0 ? rc : write_run(s);
	if (rc == 0 && !has_room(s, bytes))
		rc = take_region(s, bytes + 4096);
	return rc;
}

int nt_shuffle_add(struct nt_shuffle *s, const struct nt_stored *doc)
{
	uint64_t key = nt_random_u64(s->options.seed, NT_RANDOM_SHUFFLE, s->n_added++);
	size_t bytes = record_bytes(s, doc->n, doc->n_unit);
	int rc = make_room(s, bytes);
	if (rc < 0)
		return rc;
	put_record(s, s->region + s->used, doc, bytes);
	add_entry(s, key, bytes);
	return 0;
}

/* --- slices ---------------------------------------------------------------------- */

/* Where slices [a, b) lie in a run. */
static int find_slices(struct level *l, size_t run, size_t a, size_t b, uint64_t *begin, uint64_t *end)
{
	uint64_t first = run * (n_slice(l) + 1) * sizeof(*begin);
	int rc = nt_spill_read_at(&l->edges, first + a * sizeof(*begin), begin, sizeof(*begin));
	return rc < 0 ? rc : nt_spill_read_at(&l->edges, first + b * sizeof(*end), end, sizeof(*end));
}

/* Reads slices [a, b), a piece of each run; the keys stay in front of the documents. */
static int hold_slices(struct nt_shuffle *s, struct level *l, size_t a, size_t b, uint64_t need)
{
	int rc = need > s->size ? take_region(s, need) : 0;
	size_t held = 0;
	if (rc < 0)
		return rc;
	empty(s);
	for (size_t run = 0; run < l->n_run && rc == 0; run++) {
		uint64_t begin, end;
		rc = find_slices(l, run, a, b, &begin, &end);
		if (rc == 0)
			rc = nt_spill_read_at(&l->file, begin, s->region + held, end - begin);
		held += rc == 0 ? end - begin : 0;
	}
	while (rc == 0 && s->used < held) {
		uint64_t key;
		memcpy(&key, s->region + s->used, sizeof(key));
		s->used += sizeof(key);
		add_entry(s, key, record_len(s, s->region + s->used));
	}
	sort_held(s);
	return rc;
}

/* One document from a place in a file behind what is held. Returns the place behind it. */
static int hold_one(struct nt_shuffle *s, struct nt_spill *file, uint64_t *at, uint64_t end)
{
	uint8_t head[24] = {0};
	uint64_t key;
	size_t n = end - *at < sizeof(head) ? end - *at : sizeof(head);
	int rc = nt_spill_read_at(file, *at, head, n);
	size_t bytes = record_len(s, head + sizeof(key));
	memcpy(&key, head, sizeof(key));
	if (rc == 0)
		rc = make_room(s, bytes);
	if (rc == 0)
		rc = nt_spill_read_at(file, *at + sizeof(key), s->region + s->used, bytes);
	if (rc == 0)
		add_entry(s, key, bytes);
	*at += sizeof(key) + bytes;
	return rc;
}

/* Puts a slice that is too large through runs of its own. */
static int cut_slice(struct nt_shuffle *s, size_t slice)
{
	struct level *from = &s->level[s->n_level - 1];
	int rc = push_level(s);
	empty(s);
	for (size_t run = 0; run < from->n_run && rc == 0; run++) {
		uint64_t at = 0, end = 0;
		rc = find_slices(from, run, slice, slice + 1, &at, &end);
		while (at < end && rc == 0)
			rc = hold_one(s, &from->file, &at, end);
	}
	return rc < 0 || !s->n_entry ? rc : write_run(s);
}

/* Holds what comes next, sorted: as many slices as fit. Returns 0 if there is nothing. */
static int next_slices(struct nt_shuffle *s)
{
	while (s->n_level > 0) {
		struct level *l = &s->level[s->n_level - 1];
		size_t a = l->next, b = a;
		uint64_t need = SLACK;
		if (a == n_slice(l)) {
			pop_level(s);
			continue;
		}
		do
			need += l->need[b++];
		while (b < n_slice(l) && need + l->need[b] <= s->size);
		l->next = b;
		/* a document that is too large for the region is a slice of its own in the end */
		int rc = need > s->size && l->shift > 0 ? cut_slice(s, a) : hold_slices(s, l, a, b, need);
		if (rc < 0 || s->n_entry)
			return rc < 0 ? rc : 1;
	}
	return 0;
}

/* All is added: what is held is the last run, or all there is. */
static int begin_handing_out(struct nt_shuffle *s)
{
	int rc = 0;
	s->is_handing_out = true;
	if (s->n_level == 0)
		sort_held(s);
	else if (s->n_entry)
		rc = write_run(s);
	return rc;
}

int nt_shuffle_next(struct nt_shuffle *s, struct nt_stored *doc)
{
	int rc = s->is_handing_out ? 0 : begin_handing_out(s);
	if (rc == 0 && s->next_entry == s->n_entry) {
		empty(s);
		if ((rc = next_slices(s)) == 0)
			return 0;
	}
	if (rc < 0)
		return rc;
	hand_out(s, doc);
	return 1;
}

uint64_t nt_shuffle_spilled(const struct nt_shuffle *s)
{
	return s->spilled;
}

/* --- all at once ----------------------------------------------------------------- */

static int take_in(void *shuffle, const struct nt_stored *doc)
{
	return nt_shuffle_add(shuffle, doc);
}

static int give_out(void *shuffle, struct nt_stored *doc)
{
	return nt_shuffle_next(shuffle, doc);
}

/* The pool is taken by the relay meanwhile. */
static int relay(struct nt_shuffle *s, const struct nt_relay *r)
{
	struct nt_pool *pool = s->options.pool;
	s->options.pool = NULL;
	int rc = nt_relay(r, pool);
	s->options.pool = pool;
	return rc;
}

int nt_shuffle_add_all(struct nt_shuffle *s, int (*give)(void *arg, struct nt_stored *doc), void *arg)
{
	return relay(s, &(struct nt_relay){give, arg, take_in, s, s->width});
}

int nt_shuffle_hand_out_all(struct nt_shuffle *s, int (*take)(void *arg, const struct nt_stored *doc), void *arg)
{
	int rc = s->is_handing_out ? 0 : begin_handing_out(s); /* with all threads */
	return rc < 0 ? rc : relay(s, &(struct nt_relay){give_out, s, take, arg, s->width});
}

/* --- the whole ------------------------------------------------------------------- */

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
	return take_region(s, s->options.memory);
}

void nt_shuffle_free(struct nt_shuffle *s)
{
	if (!s)
		return;
	while (s->n_level > 0)
		pop_level(s);
	if (s->region)
		munmap(s->region, s->size);
	free(s);
}

/* SPDX-License-Identifier: MIT */
/*
 * near.c - near duplicates: bands find them, sketches decide
 *
 * Every band of a sketch is a key. The table of keys (bandtable.h) says in which group of 32
 * documents one with the same key may be, and the sketches of that group are fetched from the
 * temporary file to see. So a slot of the table is 4 bytes however many documents there are,
 * what a slot says by accident costs a look and not a document, and memory stays free of
 * sketches, which are asked for only where something is alike.
 *
 * A band alone is a weak witness: with 14 bands of 8 rows one document in ten is found to share
 * one with another at J = 0.55. The other rows tell the two apart: of their estimate of J the
 * standard deviation is 0.04 or less.
 *
 * The table grows by a third and is then filled again from the sketches. Where it may not grow, a
 * Bloom filter of keys takes its place, which says no more than "seen": bands decide alone.
 */
#include "nt/near.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "data/near.h"
#include "data/sketch.h"
#include "data/state.h"
#include "nt/err.h"
#include "nt/mem.h"

enum {
	GROUP = 32,             /* documents whose sketches are looked at together */
	FIRST_ROOM = 140000,    /* documents: its table grows to 1.05, 10.5, 105 million */
	SPILL_BUFFER = 1 << 20, /* bytes */
	LEAST_BITS = 16,        /* of a filter, for each key */
	AHEAD = 8,              /* documents whose lines are on the way while the table fills */
};

struct nt_near_sketcher {
	struct nt_sketcher s;
};

/* --- bands ----------------------------------------------------------------------- */

/* Looks for a near duplicate among the documents of a group. Returns 1 with its number. */
static int look(const struct nt_near *n, const uint8_t *sketch, uint32_t band, uint64_t group,
		uint64_t *of)
{
	uint64_t first = group * GROUP, n_doc = n->n_doc - first;
	if (n_doc > GROUP)
		n_doc = GROUP;
	int rc = nt_spill_read_at(&n->sketches, first * n->bytes, n->group, (size_t)n_doc * n->bytes);
	for (uint64_t i = 0; rc == 0 && i < n_doc; i++) {
		const uint8_t *other = n->group + i * n->bytes;
		if (!nt_near_share_band(n, sketch, other, band) || nt_near_estimate(n, sketch, other) < n->o.least)
			continue;
		*of = first + i;
		return 1;
	}
	return rc;
}

static void make_keys(struct nt_near *n, const uint8_t *sketch)
{
	for (uint32_t b = 0; b < n->o.bands; b++)
		n->key[b] = nt_near_key(n, sketch, b);
}

/* Those of n->key. */
static void add_keys(struct nt_near *n, uint64_t doc)
{
	for (uint32_t b = 0; b < n->o.bands && n->filter.word; b++)
		nt_bloom_add(&n->filter, n->key[b]);
	for (uint32_t b = 0; b < n->o.bands && n->table.slot; b++)
		nt_bandtable_add(&n->table, n->key[b], (uint32_t)(doc / GROUP));
}

/* --- the table ------------------------------------------------------------------- */

/* Calls visit with the sketches of all documents, many at a time. */
static int visit_sketches(const struct nt_near *n, int (*visit)(void *arg, const uint8_t *sketch, uint64_t first,
								 size_t many), void *arg)
{
	enum { AT_ONCE = 1 << 10 };
	uint8_t *block = nt_alloc(AT_ONCE, n->bytes);
	int rc = block ? 0 : NT_ESYS;
	for (uint64_t first = 0; rc == 0 && first < n->n_doc; first += AT_ONCE) {
		size_t many = n->n_doc - first < AT_ONCE ? (size_t)(n->n_doc - first) : AT_ONCE;
		rc = nt_spill_read_at(&n->sketches, first * n->bytes, block, many * n->bytes);
		if (rc == 0)
			rc = visit(arg, block, first, many);
	}
	free(block);
	return rc;
}

static int fill(void *arg, const uint8_t *sketch, uint64_t first, size_t many)
{
	struct nt_near *n = arg;
	for (size_t i = 0; i < many; i++) {
		if (i + AHEAD < many)
			nt_near_prefetch(n, sketch + (i + AHEAD) * n->bytes);
		make_keys(n, sketch + i * n->bytes);
		add_keys(n, first + i);
	}
	return 0;
}

/* Makes a table for that many documents, or what there is memory for, of those that are there. */
static int make_table(struct nt_near *n, uint64_t room)
{
	uint64_t bytes = nt_bandtable_bytes(room * n->o.bands);
	int rc;
	if (room / GROUP >= UINT64_C(1) << 28)
		return nt_fail(NT_ESYS, "near duplicates: 2^33 documents are the most: use several runs");
	if (n->o.memory && bytes > n->o.memory) {
		nt_bandtable_release(&n->table);
		n->filter_room = n->o.memory * 8 / ((uint64_t)n->o.bands * LEAST_BITS);
		if (n->filter_room <= n->n_doc)
			return nt_fail(NT_ESYS, "near duplicates: %llu MB are full with %llu documents: allow more (-S)",
				       (unsigned long long)n->o.memory >> 20, (unsigned long long)n->n_doc);
		rc = nt_bloom_make(&n->filter, n->o.memory);
	} else {
		rc = nt_bandtable_make(&n->table, room * n->o.bands, room / GROUP + 1);
	}
	return rc < 0 ? rc : visit_sketches(n, fill, n);
}

void nt_near_prefetch(const struct nt_near *n, const uint8_t *sketch)
{
	for (uint32_t b = 0; b < n->o.bands; b++) {
		uint64_t key = nt_near_key(n, sketch, b);
		if (n->table.slot)
			nt_bandtable_prefetch(&n->table, key);
		else
			__builtin_prefetch(nt_bloom_line(&n->filter, key), 1);
	}
}

/* Returns 1 if a near duplicate was found, by n->key. */
static int find(const struct nt_near *n, const uint8_t *sketch, uint64_t *of)
{
	uint32_t group[NT_BAND_SAME];
	*of = UINT64_MAX;
	for (uint32_t b = 0; b < n->o.bands; b++) {
		if (n->filter.word && nt_bloom_has(&n->filter, n->key[b]))
			return 1;
		size_t many = n->table.slot ? nt_bandtable_find(&n->table, n->key[b], group) : 0;
		for (size_t i = 0; i < many; i++) {
			int rc = look(n, sketch, b, group[i], of);
			if (rc)
				return rc;
		}
	}
	return 0;
}

int nt_near_add(struct nt_near *n, const uint8_t *sketch, uint64_t *of)
{
	make_keys(n, sketch);
	int rc = find(n, sketch, of);
	if (rc)
		return rc < 0 ? rc : 0;
	if (n->table.slot ? n->table.n + n->o.bands > n->table.room : n->n_doc == n->filter_room) {
		rc = make_table(n, n->table.slot ? n->table.room / n->o.bands * 4 / 3 : n->n_doc * 4 / 3);
		make_keys(n, sketch);
	}
	if (rc == 0)
		rc = nt_spill_add(&n->sketches, sketch, n->bytes);
	if (rc < 0)
		return rc;
	add_keys(n, n->n_doc++);
	return 1;
}

/* --- from outside ---------------------------------------------------------------- */

void nt_near_options_for(struct nt_near_options *o, double threshold)
{
	uint32_t rows = NT_NEAR_BYTES;
	while (rows > 1 && 1 - pow(1 - pow(threshold, rows), NT_NEAR_BYTES / rows) < 0.9)
		rows--;
	if (o->bands == 0)
		o->bands = o->rows ? 1 + (NT_NEAR_BYTES - 1) / o->rows : NT_NEAR_BYTES / rows;
	if (o->rows == 0)
		o->rows = rows;
	if (!(o->least > 0))
		o->least = 0.74 * threshold;
}

int nt_near_new(struct nt_near **result, const struct nt_near_options *options)
{
	struct nt_near *n = nt_calloc(1, sizeof(*n));
	*result = n;
	if (!n)
		return NT_ESYS;
	n->o = *options;
	n->bytes = (size_t)options->bands * options->rows;
	nt_assert(n->bytes >= 1 && n->bytes <= NT_SKETCH_MAX);
	n->sketches.fd = -1;
	if (!(n->group = nt_alloc(GROUP, n->bytes)) || !(n->key = nt_alloc(options->bands, sizeof(*n->key))))
		return NT_ESYS;
	int rc = nt_spill_open(&n->sketches, NULL, SPILL_BUFFER);
	return rc < 0 ? rc : make_table(n, FIRST_ROOM);
}

void nt_near_free(struct nt_near *n)
{
	if (!n)
		return;
	nt_spill_close(&n->sketches);
	nt_bandtable_release(&n->table);
	nt_bloom_release(&n->filter);
	free(n->group);
	free(n->key);
	free(n);
}

size_t nt_near_sketch_bytes(const struct nt_near *n)
{
	return n->bytes;
}

uint64_t nt_near_n_doc(const struct nt_near *n)
{
	return n->n_doc;
}

bool nt_near_is_short(const struct nt_near *n)
{
	return n->filter.word != NULL;
}

int nt_near_sketcher_new(struct nt_near_sketcher **result, const struct nt_near *n)
{
	struct nt_near_sketcher *s = nt_calloc(1, sizeof(*s));
	*result = s;
	return s ? nt_sketcher_init(&s->s, n->bytes, n->o.seed) : NT_ESYS;
}

void nt_near_sketcher_free(struct nt_near_sketcher *s)
{
	if (s)
		nt_sketcher_release(&s->s);
	free(s);
}

int nt_near_sketch(struct nt_near_sketcher *s, uint8_t *sketch, const uint64_t *word, size_t n_word)
{
	return nt_sketch(&s->s, sketch, word, n_word);
}

/* --- states ---------------------------------------------------------------------- */

static struct nt_state state_of(const struct nt_near *n)
{
	return (struct nt_state){.kind = NT_STATE_NEAR, .secret = n->o.seed, .bands = n->o.bands,
				 .rows = n->o.rows, .n = n->n_doc};
}

static int take_sketches(void *arg, const uint8_t *entries, size_t many)
{
	struct nt_near *n = arg;
	n->n_doc += many;
	return nt_spill_add(&n->sketches, entries, many * n->bytes);
}

int nt_near_load(struct nt_near *n, const char *path)
{
	struct nt_state s, due = state_of(n);
	int rc = nt_state_read(path, &s, &due, NULL, take_sketches, n);
	if (rc <= 0)
		return rc;
	rc = make_table(n, n->n_doc / 3 * 4 + FIRST_ROOM);
	return rc < 0 ? rc : 1;
}

static int write_sketches(void *arg, const uint8_t *sketch, uint64_t first, size_t many)
{
	(void)first;
	struct nt_state_writer *w = arg;
	return nt_state_add(w, sketch, many * w->entry_bytes);
}

int nt_near_save(const struct nt_near *n, const char *path)
{
	struct nt_state s = state_of(n);
	struct nt_state_writer w;
	int rc = nt_state_begin(&w, path, &s);
	if (rc == 0)
		rc = visit_sketches(n, write_sketches, &w);
	return nt_state_end(&w, rc);
}

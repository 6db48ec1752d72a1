/* SPDX-License-Identifier: MIT */
/*
 * near_groups.c - near duplicates in groups, connected in however many steps
 *
 * All sketches are there before anything is decided. For one band after the other, documents
 * are sorted by its key, and of those that have the same one near duplicates join their groups:
 * each document knows one of its group that is not behind it, the first knows itself. That takes
 * 16 bytes to sort and 4 for the group of each document.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "data/near.h"
#include "nt/err.h"
#include "nt/mem.h"

/* Documents with a key of the band at hand. */
struct keyed {
	uint64_t key;
	uint32_t doc;
};

struct groups {
	const struct nt_near *n;
	const uint8_t *sketch; /* [n_doc * bytes] */
	uint32_t *before;      /* [n_doc] one of the document's group that is not behind it */
};

static int compare_keyed(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->doc < y->doc ? -1 : x->doc > y->doc;
}

static uint32_t first_of(struct groups *g, uint32_t doc)
{
	while (g->before[doc] != doc)
		doc = g->before[doc] = g->before[g->before[doc]];
	return doc;
}

/* Joins the groups of two documents if they are near duplicates. Returns the group of b. */
static uint32_t join(struct groups *g, uint32_t a, uint32_t b, uint32_t band)
{
	uint32_t one = first_of(g, a), other = first_of(g, b);
	const uint8_t *x = g->sketch + (size_t)a * g->n->bytes, *y = g->sketch + (size_t)b * g->n->bytes;
	if (one == other || !nt_near_share_band(g->n, x, y, band) || nt_near_estimate(g->n, x, y) < g->n->o.least)
		return other;
	g->before[one > other ? one : other] = one < other ? one : other;
	return one < other ? one : other;
}

/* Documents of one key: each with all before it that are not in its group yet. As long as they are
 * all of one group, one comparison is enough. */
static void join_keyed(struct groups *g, const struct keyed *k, size_t many, uint32_t band)
{
	bool is_one = true;
	for (size_t j = 1; j < many; j++) {
		bool is_in = first_of(g, k[0].doc) == first_of(g, k[j].doc);
		for (size_t i = 0; i < j && !(is_one && is_in); i++)
			is_in = join(g, k[i].doc, k[j].doc, band) == first_of(g, k[0].doc);
		is_one = is_one && is_in;
	}
}

int nt_near_remember(struct nt_near *n, const uint8_t *sketch)
{
	n->n_doc++;
	return nt_spill_add(&n->sketches, sketch, n->bytes);
}

int nt_near_groups(struct nt_near *n, bool *stays)
{
	struct nt_map map;
	if (n->n_doc > UINT32_MAX)
		return nt_fail(NT_ESYS, "near duplicates in groups: 2^32 documents are the most");
	int rc = nt_spill_map(&n->sketches, &map);
	if (rc < 0)
		return rc;
	struct groups g = {.n = n, .sketch = map.data, .before = nt_alloc(n->n_doc, sizeof(*g.before))};
	struct keyed *keyed = nt_alloc(n->n_doc, sizeof(*keyed));
	if (!g.before || !keyed)
		rc = NT_ESYS;
	for (uint32_t i = 0; rc == 0 && i < n->n_doc; i++)
		g.before[i] = i;
	for (uint32_t b = 0; rc == 0 && b < n->o.bands; b++) {
		for (uint32_t i = 0; i < n->n_doc; i++)
			keyed[i] = (struct keyed){nt_near_key(n, g.sketch + (size_t)i * n->bytes, b), i};
		qsort(keyed, n->n_doc, sizeof(*keyed), compare_keyed);
		for (size_t i = 0, many; i < n->n_doc; i += many) {
			for (many = 1; i + many < n->n_doc && keyed[i + many].key == keyed[i].key;)
				many++;
			join_keyed(&g, keyed + i, many, b);
		}
	}
	for (uint32_t i = 0; rc == 0 && i < n->n_doc; i++)
		stays[i] = g.before[i] == i;
	free(keyed);
	free(g.before);
	nt_map_close(&map);
	return rc;
}

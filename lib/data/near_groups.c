/* SPDX-License-Identifier: MIT */
/*
 * near_groups.c - near duplicates in groups, connected in however many steps
 *
 * All sketches are there before anything is decided. For one band after the other, documents
 * are sorted by its key, and of those that have the same one near duplicates join their groups:
 * each document knows one of its group that is not behind it, the first knows itself. That takes
 * 24 bytes for each document, and 8 for each of those that have one key and are in no group
 * together, of which there are few.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "data/near.h"
#include "data/sortkeys.h"
#include "nt/err.h"
#include "nt/mem.h"

/* Those with one key that are in one group already: a list of places. */
struct cluster {
	uint32_t first, last;
};

struct groups {
	const struct nt_near *n;
	const uint8_t *sketch; /* [n_doc * bytes] */
	uint32_t *before;      /* [n_doc] one of the document's group that is not behind it */
	struct nt_sortkey *keyed; /* [n_doc] keys of the band at hand, at: the document */
	uint32_t *next;        /* [n_doc] in its cluster: a place among those with its key */
	struct cluster *cluster; /* [cap] of the key at hand */
	size_t cap;
};

static uint32_t first_of(struct groups *g, uint32_t doc)
{
	while (g->before[doc] != doc)
		doc = g->before[doc] = g->before[g->before[doc]];
	return doc;
}

/* Are two documents of one group? If they are near duplicates they are from now on. */
static bool join(struct groups *g, uint32_t a, uint32_t b, uint32_t band)
{
	uint32_t one = first_of(g, a), other = first_of(g, b);
	const uint8_t *x = g->sketch + (size_t)a * g->n->bytes, *y = g->sketch + (size_t)b * g->n->bytes;
	if (one == other)
		return true;
	if (!nt_near_share_band(g->n, x, y, band) || nt_near_estimate(g->n, x, y) < g->n->o.least)
		return false;
	g->before[one > other ? one : other] = one < other ? one : other;
	return true;
}

/* The same with any document of a cluster. The latest is asked first. */
static bool join_cluster(struct groups *g, struct cluster c, uint32_t doc, uint32_t band)
{
	uint32_t i = c.first;
	while (!join(g, (uint32_t)g->keyed[i].at, doc, band)) {
		if (i == c.last)
			return false;
		i = g->next[i];
	}
	return true;
}

/* Documents of one key, those in [begin, end) of keyed: each with all before it, but of those that
 * are in one group already one that it joins is enough. So a page in a million copies costs a
 * comparison each. */
static int join_keyed(struct groups *g, uint32_t begin, uint32_t end, uint32_t band)
{
	size_t n = 0;
	for (uint32_t j = begin; j < end; j++) {
		struct cluster mine = {j, j};
		size_t n_other = 0;
		for (size_t c = 0; c < n; c++) {
			struct cluster its = g->cluster[c];
			if (!join_cluster(g, its, (uint32_t)g->keyed[j].at, band)) {
				g->cluster[n_other++] = its;
				continue;
			}
			g->next[mine.last] = its.first;
			mine.last = its.last;
		}
		if (nt_grow(&g->cluster, &g->cap, n_other + 1, sizeof(*g->cluster)) < 0)
			return NT_ESYS;
		g->cluster[n_other] = mine;
		n = n_other + 1;
	}
	return 0;
}

static int join_band(struct groups *g, uint32_t band)
{
	const struct nt_near *n = g->n;
	uint32_t n_doc = (uint32_t)n->n_doc;
	int rc = 0;
	for (uint32_t i = 0; i < n_doc; i++)
		g->keyed[i] = (struct nt_sortkey){nt_near_key(n, g->sketch + (size_t)i * n->bytes, band), i};
	nt_sortkeys(g->keyed, n_doc, NULL);
	for (uint32_t i = 0, end; rc == 0 && i < n_doc; i = end) {
		for (end = i + 1; end < n_doc && g->keyed[end].key == g->keyed[i].key;)
			end++;
		rc = end - i > 1 ? join_keyed(g, i, end, band) : 0;
	}
	return rc;
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
	struct groups g = {.n = n, .sketch = map.data, .before = nt_alloc(n->n_doc, sizeof(*g.before)),
			   .keyed = nt_alloc(n->n_doc, sizeof(*g.keyed)),
			   .next = nt_alloc(n->n_doc, sizeof(*g.next))};
	if (!g.before || !g.keyed || !g.next)
		rc = NT_ESYS;
	for (uint32_t i = 0; rc == 0 && i < n->n_doc; i++)
		g.before[i] = i;
	for (uint32_t b = 0; rc == 0 && b < n->o.bands; b++)
		rc = join_band(&g, b);
	for (uint32_t i = 0; rc == 0 && i < n->n_doc; i++)
		stays[i] = g.before[i] == i;
	free(g.before);
	free(g.keyed);
	free(g.next);
	free(g.cluster);
	nt_map_close(&map);
	return rc;
}

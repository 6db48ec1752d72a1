/* SPDX-License-Identifier: MIT */
/*
 * greedy.c - the most frequent pair of neighbours, again and again
 *
 * Every pair knows how often it occurs and in which words it may. A merge visits those words
 * only. What it changes is summed up by neighbour first: when (a, b) becomes X between x and
 * y, then (x, a) occurs less and (x, X) more by the same number, and so do (b, y) and (X, y);
 * two X side by side cost a (b, a) and make an (X, X). So the table of pairs is asked once a
 * neighbour and not once a place, and a new pair's count is final when it is entered.
 *
 * From then on a count can only fall. Therefore a pair that is too rare at its birth is
 * never entered at all; and the heap may be out of date: a top whose count is old goes
 * back in with the true one, and a top that is true is the best of all. A word stays in the
 * lists of pairs that it no longer holds, where finding nothing does no harm.
 *
 * Lists of words come from an arena and are never given back: all of them together have
 * at most three entries for each symbol that was there at first.
 *
 * Pairs are counted by places: "aaa" has two pairs (a, a), though only one can merge.
 * Hugging Face's trainer counts alike.
 */
#include "token/greedy.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"

enum { CHUNK = 1 << 18, AHEAD = 12 }; /* entries of a chunk of lists; words fetched early */

struct place {
	uint32_t left, right; /* left is NT_NO_TOKEN in an empty slot */
	uint64_t count;       /* 0 when the pair is over */
	uint32_t *word;       /* [n] words that have held the pair, in order, each once */
	uint32_t n;
};

struct entry {
	uint64_t count;
	uint32_t left, right;
};

/* What the merge at hand finds beside its pair, for each symbol. */
struct neighbour {
	uint64_t count; /* 0: not met */
	uint32_t n, last; /* words, the last of them */
	uint32_t *word;   /* the list of the pair that comes of it, or NULL */
};

struct meeting {
	uint32_t symbol, word;
};

struct side {
	struct neighbour *of; /* [n_id] */
	uint32_t *met;        /* [n_met] symbols with a count */
	size_t n_met, met_cap;
	struct meeting *meeting; /* [n_meeting], in the order of words */
	size_t n_meeting, meeting_cap;
};

struct nt_greedy {
	uint32_t *word;
	size_t len;
	uint64_t least;
	struct place *table; /* [mask + 1] */
	size_t n_pair, mask;
	struct entry *heap;
	size_t n_heap, heap_cap;
	struct side left, right;
	uint32_t **chunk; /* [n_chunk] */
	size_t n_chunk, chunk_cap, chunk_left;
	uint32_t *chunk_at;
};

static uint64_t count_of(const uint32_t *word)
{
	return word[1] | (uint64_t)word[2] << 32;
}

/* --- lists of words ------------------------------------------------------------------ */

static uint32_t *take_list(struct nt_greedy *g, size_t n)
{
	if (n > g->chunk_left) {
		size_t size = n > CHUNK ? n : CHUNK;
		if (nt_grow(&g->chunk, &g->chunk_cap, g->n_chunk + 1, sizeof(uint32_t *)) < 0 ||
		    !(g->chunk_at = nt_alloc(size, sizeof(*g->chunk_at))))
			return NULL;
		g->chunk[g->n_chunk++] = g->chunk_at;
		g->chunk_left = size;
	}
	uint32_t *list = g->chunk_at;
	g->chunk_at += n;
	g->chunk_left -= n;
	return list;
}

/* --- the table of pairs -------------------------------------------------------------- */

static struct place *find(struct place *table, size_t mask, uint32_t left, uint32_t right)
{
	size_t i = nt_pair_slot(left, right, mask);
	while (table[i].left != NT_NO_TOKEN && (table[i].left != left || table[i].right != right))
		i = (i + 1) & mask;
	return &table[i];
}

static int grow_table(struct nt_greedy *g)
{
	size_t size = g->table ? 2 * (g->mask + 1) : 1 << 16;
	struct place *table = nt_alloc(size, sizeof(*table));
	if (!table)
		return NT_ESYS;
	for (size_t i = 0; i < size; i++)
		table[i].left = NT_NO_TOKEN;
	for (size_t i = 0; g->table && i <= g->mask; i++)
		if (g->table[i].left != NT_NO_TOKEN)
			*find(table, size - 1, g->table[i].left, g->table[i].right) = g->table[i];
	free(g->table);
	g->table = table;
	g->mask = size - 1;
	return 0;
}

static bool goes_first(struct entry a, struct entry b)
{
	if (a.count != b.count)
		return a.count > b.count;
	return a.left != b.left ? a.left < b.left : a.right < b.right;
}

/* e goes to the hole at i, or above it. */
static void rise(struct nt_greedy *g, size_t i, struct entry e)
{
	for (; i > 0 && goes_first(e, g->heap[(i - 1) / 2]); i = (i - 1) / 2)
		g->heap[i] = g->heap[(i - 1) / 2];
	g->heap[i] = e;
}

/* e takes the place of the top, or one below it. */
static void replace_top(struct nt_greedy *g, struct entry e)
{
	size_t i = 0;
	for (size_t child; (child = 2 * i + 1) < g->n_heap; i = child) {
		if (child + 1 < g->n_heap && goes_first(g->heap[child + 1], g->heap[child]))
			child++;
		if (!goes_first(g->heap[child], e))
			break;
		g->heap[i] = g->heap[child];
	}
	g->heap[i] = e;
}

/* A new pair, and room for its words; NULL: no memory. */
static uint32_t *enter(struct nt_greedy *g, uint32_t left, uint32_t right, uint64_t count,
		       uint32_t n)
{
	if ((!g->table || g->n_pair * 2 > g->mask) && grow_table(g) < 0)
		return NULL;
	uint32_t *list = take_list(g, n);
	if (!list || nt_grow(&g->heap, &g->heap_cap, g->n_heap + 1, sizeof(*g->heap)) < 0)
		return NULL;
	*find(g->table, g->mask, left, right) =
		(struct place){.left = left, .right = right, .count = count, .word = list, .n = n};
	g->n_pair++;
	rise(g, g->n_heap++, (struct entry){count, left, right});
	return list;
}

/* The pair occurs less often, if it is one that counts. */
static void lessen(struct nt_greedy *g, uint32_t left, uint32_t right, uint64_t count)
{
	struct place *p = find(g->table, g->mask, left, right);
	if (p->left != NT_NO_TOKEN && p->count)
		p->count -= count;
}

/* --- what there is at first ------------------------------------------------------------ */

/* Calls out the pairs of all words; entries of first have [left][right]. */
static void count_first(const struct nt_greedy *g, struct neighbour *first, uint32_t n_symbol)
{
	for (size_t at = 0; at < g->len; at += NT_WORD_HEAD + g->word[at]) {
		const uint32_t *s = g->word + at + NT_WORD_HEAD;
		for (uint32_t i = 0; i + 1 < g->word[at]; i++) {
			struct neighbour *p = &first[s[i] * n_symbol + s[i + 1]];
			p->count += count_of(g->word + at);
			p->n += p->n == 0 || p->last != at;
			p->last = (uint32_t)at;
		}
	}
}

static void list_first(const struct nt_greedy *g, struct neighbour *first, uint32_t n_symbol)
{
	for (size_t at = 0; at < g->len; at += NT_WORD_HEAD + g->word[at]) {
		const uint32_t *s = g->word + at + NT_WORD_HEAD;
		for (uint32_t i = 0; i + 1 < g->word[at]; i++) {
			struct neighbour *p = &first[s[i] * n_symbol + s[i + 1]];
			if (!p->word || (p->n && p->last == at))
				continue;
			p->last = (uint32_t)at;
			p->word[p->n++] = (uint32_t)at;
		}
	}
}

static int begin(struct nt_greedy *g, uint32_t n_symbol)
{
	size_t n = (size_t)n_symbol * n_symbol;
	struct neighbour *first = nt_calloc(n, sizeof(*first));
	int rc = first ? grow_table(g) : NT_ESYS;
	if (rc == 0)
		count_first(g, first, n_symbol);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct neighbour *p = &first[i];
		if (p->count < g->least)
			continue;
		p->word = enter(g, (uint32_t)(i / n_symbol), (uint32_t)(i % n_symbol), p->count, p->n);
		p->n = 0;
		rc = p->word ? 0 : NT_ESYS;
	}
	if (rc == 0)
		list_first(g, first, n_symbol);
	free(first);
	return rc;
}

struct nt_greedy *nt_greedy_new(uint32_t *word, size_t len, uint32_t n_symbol, uint32_t n_id,
				uint64_t least)
{
	struct nt_greedy *g = nt_calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->word = word;
	g->len = len;
	g->least = least ? least : 1;
	g->left.of = nt_calloc(n_id, sizeof(*g->left.of));
	g->right.of = nt_calloc(n_id, sizeof(*g->right.of));
	if (g->left.of && g->right.of && begin(g, n_symbol) == 0)
		return g;
	nt_greedy_free(g);
	return NULL;
}

static void release_side(struct side *s)
{
	free(s->of);
	free(s->met);
	free(s->meeting);
}

void nt_greedy_free(struct nt_greedy *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->n_chunk; i++)
		free(g->chunk[i]);
	free(g->chunk);
	free(g->table);
	free(g->heap);
	release_side(&g->left);
	release_side(&g->right);
	free(g);
}

/* --- merging ----------------------------------------------------------------------------- */

int nt_greedy_next(struct nt_greedy *g, struct nt_pair *pair, uint64_t *count)
{
	while (g->n_heap) {
		struct entry e = g->heap[0];
		uint64_t now = find(g->table, g->mask, e.left, e.right)->count;
		bool is_best = e.count == now;
		e.count = now;
		replace_top(g, is_best || now < g->least ? g->heap[--g->n_heap] : e);
		if (!is_best)
			continue;
		*pair = (struct nt_pair){e.left, e.right};
		*count = now;
		return 1;
	}
	return 0;
}

/* The pair has this neighbour in the word at `at`. There is room. */
static void meet(struct side *s, uint32_t symbol, uint32_t at, uint64_t count)
{
	struct neighbour *m = &s->of[symbol];
	if (!m->count)
		s->met[s->n_met++] = symbol;
	if (!m->count || m->last != at) {
		m->last = at;
		m->n++;
		s->meeting[s->n_meeting++] = (struct meeting){symbol, at};
	}
	m->count += count;
}

static int make_room(struct side *s, size_t n)
{
	int rc = nt_grow(&s->met, &s->met_cap, s->n_met + n, sizeof(*s->met));
	return rc < 0 ? rc : nt_grow(&s->meeting, &s->meeting_cap, s->n_meeting + n,
				     sizeof(*s->meeting));
}

/* Of X X only the second meets a neighbour: the first, to its left. */
static int merge_in_word(struct nt_greedy *g, struct nt_pair pair, uint32_t id, uint32_t at)
{
	uint32_t *s = g->word + at + NT_WORD_HEAD, n = g->word[at], kept = 0;
	uint64_t count = count_of(g->word + at);
	int rc = make_room(&g->left, n / 2);
	if (rc == 0)
		rc = make_room(&g->right, n / 2);
	for (uint32_t i = 0; rc == 0 && i < n;) {
		if (s[i] != pair.left || i + 1 == n || s[i + 1] != pair.right) {
			s[kept++] = s[i++];
			continue;
		}
		if (kept)
			meet(&g->left, s[kept - 1], at, count);
		s[kept++] = id;
		i += 2;
		if (i < n && (s[i] != pair.left || i + 1 == n || s[i + 1] != pair.right))
			meet(&g->right, s[i], at, count);
	}
	g->word[at] = kept;
	return rc;
}

/* The neighbours of one side become pairs with id. */
static int settle(struct nt_greedy *g, struct side *s, struct nt_pair pair, uint32_t id)
{
	bool is_left = s == &g->left;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < s->n_met; i++) {
		uint32_t x = s->met[i];
		struct neighbour *m = &s->of[x];
		if (is_left)
			lessen(g, x == id ? pair.right : x, pair.left, m->count);
		else
			lessen(g, pair.right, x, m->count);
		if (m->count < g->least)
			continue;
		m->word = enter(g, is_left ? x : id, is_left ? id : x, m->count, m->n);
		m->n = 0;
		rc = m->word ? 0 : NT_ESYS;
	}
	for (size_t i = 0; rc == 0 && i < s->n_meeting; i++) {
		struct neighbour *m = &s->of[s->meeting[i].symbol];
		if (m->word)
			m->word[m->n++] = s->meeting[i].word;
	}
	for (size_t i = 0; i < s->n_met; i++)
		s->of[s->met[i]] = (struct neighbour){0};
	s->n_met = s->n_meeting = 0;
	return rc;
}

int nt_greedy_merge(struct nt_greedy *g, struct nt_pair pair, uint32_t id)
{
	struct place *p = find(g->table, g->mask, pair.left, pair.right);
	const uint32_t *word = p->word;
	uint32_t n = p->n;
	int rc = 0;
	p->count = p->n = 0;
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		if (i + AHEAD < n)
			__builtin_prefetch(g->word + word[i + AHEAD], 1);
		rc = merge_in_word(g, pair, id, word[i]);
	}
	if (rc == 0)
		rc = settle(g, &g->left, pair, id);
	return rc < 0 ? rc : settle(g, &g->right, pair, id);
}

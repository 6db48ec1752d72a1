/* SPDX-License-Identifier: MIT */
/*
 * starts.c - the longest token that begins at each place of a text, whatever the tokens
 *
 * Reading on from each place as far as the tokens go costs a step for each byte that they have
 * in common with the text: for names like aaa...a! in a text of one letter that is the text
 * times the longest name. Read from behind, each byte is looked at once: an Aho-Corasick
 * automaton of the tokens' bytes in reverse knows at each place the longest token that
 * ends, in its direction, there. Blocks are at least as long as the longest token, so what is
 * read behind a block, for the tokens that reach over its end, no more than doubles that.
 *
 * Aho, Corasick 1975, doi:10.1145/360825.360855.
 */
#include "token/starts.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"

enum { BLOCK = 4096 }; /* places, at least, that are looked at together */

#define NO_ENTRY UINT32_MAX

/* Some tokens end in what was read. Node 0: nothing was read that any token ends in. */
struct node {
	uint32_t fail;  /* the node of the longest end of what was read, in the order of reading */
	uint32_t entry; /* the longest token that has been read, or NO_ENTRY */
};

struct step { /* from a node by a byte to another node; 0 in an empty slot */
	uint32_t from, to;
	uint8_t byte;
};

struct nt_starts {
	const struct nt_added_set *set;
	struct node *node;
	uint32_t n_node;
	struct step *step; /* [mask + 1] */
	size_t mask;
	uint32_t *entry; /* [block] of the places from `at` on */
	size_t at, block, longest;
};

static struct step *find_step(const struct nt_starts *s, uint32_t from, uint8_t byte)
{
	size_t i = nt_pair_slot(from, byte, s->mask);
	while (s->step[i].to && (s->step[i].from != from || s->step[i].byte != byte))
		i = (i + 1) & s->mask;
	return &s->step[i];
}

static uint32_t follow(const struct nt_starts *s, uint32_t node, uint8_t byte)
{
	uint32_t to;
	while (!(to = find_step(s, node, byte)->to) && node)
		node = s->node[node].fail;
	return to;
}

/* --- the automaton ------------------------------------------------------------------- */

/* A token of which some bytes have been read, and where that leads. */
struct reading {
	uint32_t entry, node;
};

/* The node behind `from` by byte; what it falls back to is less deep, and there already. */
static uint32_t add_node(struct nt_starts *s, uint32_t from, uint8_t byte)
{
	struct step *step = find_step(s, from, byte);
	if (step->to)
		return step->to;
	uint32_t fail = from ? follow(s, s->node[from].fail, byte) : 0;
	*step = (struct step){from, s->n_node, byte};
	s->node[s->n_node] = (struct node){fail, s->node[fail].entry};
	return s->n_node++;
}

/* All tokens at once, byte by byte, so that nodes come in the order of their depth. */
static void read_tokens(struct nt_starts *s, const struct nt_tokenizer *t, struct reading *reading)
{
	const struct nt_added *entry = s->set->entry;
	uint32_t n = s->set->n, left;
	for (uint32_t i = 0; i < n; i++)
		reading[i] = (struct reading){i, 0};
	s->node[s->n_node++] = (struct node){0, NO_ENTRY};
	for (uint32_t depth = 1; n; depth++, n = left) {
		left = 0;
		for (uint32_t i = 0; i < n; i++) {
			struct reading r = reading[i];
			const struct nt_added *e = &entry[r.entry];
			r.node = add_node(s, r.node, t->bytes.data[e->at + e->len - depth]);
			struct node *node = &s->node[r.node];
			if (e->len > depth)
				reading[left++] = r;
			else if (node->entry == NO_ENTRY || entry[node->entry].len < depth)
				node->entry = r.entry; /* the first of those with the same bytes */
		}
	}
}

/* Room for tokens of n bytes altogether. */
static int reserve(struct nt_starts *s, size_t n)
{
	size_t slots = 64;
	while (slots < 2 * n)
		slots *= 2;
	s->mask = slots - 1;
	s->block = s->longest > BLOCK ? s->longest : BLOCK;
	if (n >= UINT32_MAX || !(s->node = nt_alloc(n + 1, sizeof(*s->node))) ||
	    !(s->step = nt_calloc(slots, sizeof(*s->step))) ||
	    !(s->entry = nt_alloc(s->block, sizeof(*s->entry))))
		return NT_ESYS;
	return 0;
}

struct nt_starts *nt_starts_new(const struct nt_tokenizer *t, const struct nt_added_set *set)
{
	struct nt_starts *s = nt_calloc(1, sizeof(*s));
	struct reading *reading = nt_alloc(set->n, sizeof(*reading));
	size_t n = 0;
	if (s)
		s->set = set;
	for (uint32_t i = 0; s && i < set->n; i++) {
		n += set->entry[i].len;
		s->longest = set->entry[i].len > s->longest ? set->entry[i].len : s->longest;
	}
	if (!s || !reading || reserve(s, n) < 0) {
		nt_starts_free(s);
		s = NULL;
	} else {
		read_tokens(s, t, reading);
	}
	free(reading);
	return s;
}

void nt_starts_free(struct nt_starts *s)
{
	if (!s)
		return;
	free(s->node);
	free(s->step);
	free(s->entry);
	free(s);
}

/* --- a text --------------------------------------------------------------------------- */

size_t nt_starts_look(struct nt_starts *s, const uint8_t *text, size_t len, size_t at)
{
	size_t end = len - at < s->block ? len : at + s->block;
	size_t i = len - end < s->longest ? len : end + s->longest;
	uint32_t node = 0;
	s->at = at;
	while (i-- > at) {
		node = follow(s, node, text[i]);
		if (i < end)
			s->entry[i - at] = s->node[node].entry;
	}
	return end;
}

const struct nt_added *nt_starts_at(const struct nt_starts *s, size_t at)
{
	uint32_t entry = s->entry[at - s->at];
	return entry == NO_ENTRY ? NULL : &s->set->entry[entry];
}

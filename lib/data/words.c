/* SPDX-License-Identifier: MIT */
/*
 * words.c - words by a hash that tokens can add to
 *
 * The hash of a word is a polynomial in its bytes, sum (byte + 1) P^(n-1-i) mod 2^64, so that
 * H(ab) = H(a) P^|b| + H(b): a token knows P^|b| and H(b), and a word grows by one
 * multiplication and one addition for each token it is cut into. For the token in front of
 * which a word ends the factor is 0, which starts a new one by the same two operations, and
 * tells that the old one is done: the loop has no branch but for tokens in which a word ends
 * and others follow, as in "a.b" or "x\n", whose steps stand in a list of their own.
 *
 * Of the 64 bits the upper 32 of a product are kept. Two words of a text being taken for one
 * costs a shingle, not a document: nothing is dropped for a single one.
 */
#include "nt/words.h"

#include <stdbool.h>
#include <stdlib.h>

#include "nt/err.h"
#include "nt/mem.h"

#define P UINT64_C(0x9e3779b97f4a7c15) /* odd: no power of it vanishes */

/* A step makes h mul * h + add. */
struct step {
	uint64_t mul; /* odd: more of the word; 0: it ends here; SEVERAL */
	uint64_t add; /* 0 with mul 0: no other begins. SEVERAL: first << 32 | number of steps */
};

enum { SEVERAL = 2 };

struct nt_words {
	struct step *step; /* [vocab_size] */
	struct step *more; /* [n_more] the steps of tokens that have several */
	size_t n_more, cap;
	uint32_t vocab_size;
};

static const struct step end_word = {0, 0};

/* The byte as it counts in a word, or 0 if it ends one. */
static uint8_t fold(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint8_t)(c + 'a' - 'A');
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80 ? c : 0;
}

static uint32_t word_hash(uint64_t h)
{
	return (uint32_t)(((h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93)) >> 32);
}

/* --- the table ------------------------------------------------------------------ */

int nt_words_new(struct nt_words **result, uint32_t vocab_size)
{
	struct nt_words *w = nt_calloc(1, sizeof(*w));
	*result = w;
	if (!w)
		return NT_ESYS;
	w->vocab_size = vocab_size;
	return (w->step = nt_calloc(vocab_size, sizeof(*w->step))) ? 0 : NT_ESYS;
}

void nt_words_free(struct nt_words *w)
{
	if (!w)
		return;
	free(w->step);
	free(w->more);
	free(w);
}

/* The step that bytes[*at..] begin with; *at moves behind it. */
static struct step next_step(const uint8_t *bytes, size_t len, size_t *at)
{
	struct step s = {1, 0};
	size_t i = *at;
	if (!fold(bytes[i]))
		s.mul = 0;
	while (i < len && !fold(bytes[i]))
		i++;
	for (; i < len && fold(bytes[i]); i++) {
		s.mul *= P;
		s.add = s.add * P + fold(bytes[i]) + 1;
	}
	*at = i;
	return s;
}

int nt_words_set(struct nt_words *w, uint32_t id, const uint8_t *bytes, size_t len)
{
	nt_assert(id < w->vocab_size);
	size_t first = w->n_more, at = 0;
	while (at < len) {
		struct step s = next_step(bytes, len, &at);
		if (nt_grow(&w->more, &w->cap, w->n_more + 1, sizeof(s)) < 0)
			return NT_ESYS;
		w->more[w->n_more++] = s;
	}
	size_t n = w->n_more - first;
	if (n > 1) {
		w->step[id] = (struct step){SEVERAL, (uint64_t)first << 32 | n};
	} else {
		w->step[id] = n ? w->more[first] : end_word;
		w->n_more = first;
	}
	return 0;
}

/* --- lists ---------------------------------------------------------------------- */

void nt_word_list_release(struct nt_word_list *list)
{
	free(list->hash);
	free(list->first);
	free(list->end);
	*list = (struct nt_word_list){0};
}

static int reserve(struct nt_word_list *list, size_t need, bool places)
{
	size_t cap = list->cap;
	if (need <= cap && (!places || list->first))
		return 0;
	if (nt_grow(&list->hash, &cap, need, sizeof(uint32_t)) < 0)
		return NT_ESYS;
	if (places || list->first) {
		size_t one = list->first ? list->cap : 0, other = one;
		if (nt_grow(&list->first, &one, cap, sizeof(uint32_t)) < 0 ||
		    nt_grow(&list->end, &other, cap, sizeof(uint32_t)) < 0)
			return NT_ESYS;
	}
	list->cap = cap;
	return 0;
}

/* A word being put together, of tokens [first, end). */
struct open_word {
	uint64_t h;
	uint32_t first, end;
};

/* One step, of token i: the word so far is written down each time and counted when it ends. */
static inline void take(struct nt_word_list *list, struct open_word *o, struct step s, uint32_t i,
			bool places)
{
	bool ends = s.mul == 0;
	list->hash[list->n] = word_hash(o->h);
	if (places) {
		list->first[list->n] = o->first;
		list->end[list->n] = o->end;
		if (s.add && (ends || o->h == 0))
			o->first = i;
		if (s.add)
			o->end = i + 1;
	}
	list->n += ends && o->h;
	o->h = o->h * s.mul + s.add;
}

static int take_several(const struct nt_words *w, struct nt_word_list *list, struct open_word *o,
			struct step s, size_t left, uint32_t i, bool places)
{
	const struct step *step = w->more + (s.add >> 32);
	size_t n = s.add & UINT32_MAX;
	int rc = reserve(list, list->n + left + n + 2, places);
	for (size_t k = 0; rc == 0 && k < n; k++)
		take(list, o, step[k], i, places);
	return rc;
}

static inline int words_of(const struct nt_words *w, struct nt_word_list *list, const uint32_t *id,
			   size_t n, bool places)
{
	struct open_word o = {0};
	list->n = 0;
	int rc = reserve(list, n + 2, places);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct step s = w->step[id[i]];
		if (s.mul == SEVERAL)
			rc = take_several(w, list, &o, s, n - i, (uint32_t)i, places);
		else
			take(list, &o, s, (uint32_t)i, places);
	}
	if (rc == 0)
		take(list, &o, end_word, (uint32_t)n, places);
	return rc;
}

int nt_words_of(const struct nt_words *w, struct nt_word_list *list, const uint32_t *id, size_t n)
{
	return words_of(w, list, id, n, false);
}

int nt_words_of_with_places(const struct nt_words *w, struct nt_word_list *list, const uint32_t *id,
			    size_t n)
{
	return words_of(w, list, id, n, true);
}

int nt_words_of_text(struct nt_word_list *list, const uint8_t *text, size_t len)
{
	struct open_word o = {0};
	list->n = 0;
	for (size_t at = 0; at < len;) {
		if (reserve(list, list->n + 2, false) < 0)
			return NT_ESYS;
		take(list, &o, next_step(text, len, &at), 0, false);
	}
	if (reserve(list, list->n + 2, false) < 0)
		return NT_ESYS;
	take(list, &o, end_word, 0, false);
	return 0;
}

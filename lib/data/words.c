/* SPDX-License-Identifier: MIT */
/*
 * words.c - words by a hash that tokens can add to
 *
 * The hash of a word is a polynomial in its bytes, H = 64 sum (byte + 1) P^(n-1-i) mod 2^64,
 * so that H(ab) = H(a) P^|b| + H(b): a token knows |b| and H(b), and a word grows by one
 * multiplication and one addition for each token it is cut into. For a token in front of
 * which a word ends the factor is 0, which starts a new one by the same two operations, and
 * tells that the old one is done: the loop has no branch but for tokens in which a word ends
 * and others follow, as in "a.b" or "x\n", whose steps stand in a list of their own.
 *
 * H is a multiple of 64, and the lowest six bits say what is to be done: 8 bytes a token, so
 * that the table of 100,000 of them stays in the second cache.
 *
 * Two words of a text being taken for one costs a shingle, not a document: nothing is dropped
 * for a single one. Whoever needs well mixed bits mixes sums of many.
 */
#include "nt/words.h"

#include <stdbool.h>
#include <stdlib.h>

#include "nt/err.h"
#include "nt/mem.h"

#define P UINT64_C(0x9e3779b97f4a7c15) /* odd: no power of it vanishes */

/* A step makes h the sum of h * power[step & KIND] and step & ~KIND. Its kind is how many bytes
 * of the word it is, or one of these. */
enum {
	ENDS = 0,     /* the word ends in front of it; with no sum, no other begins */
	LONGEST = 62,
	SEVERAL = 63, /* the steps are more[step >> 32], step >> 6 & 2^26 - 1 of them */
	KIND = 63,
};

struct nt_words {
	uint64_t *step; /* [vocab_size] */
	uint64_t *more; /* [n_more] the steps of tokens that have several */
	size_t n_more, cap;
	uint32_t vocab_size;
	uint64_t power[KIND + 1]; /* P^kind, 0 for ENDS */
};

/* The byte as it counts in a word, or 0 if it ends one. */
static inline uint8_t fold(uint8_t c)
{
	uint8_t small = c | ('a' - 'A');
	bool is_letter = small >= 'a' && small <= 'z', is_other = (c >= '0' && c <= '9') || c >= 0x80;
	return is_letter ? small : is_other ? c : 0;
}

static void set_powers(uint64_t power[KIND + 1])
{
	power[ENDS] = 0;
	power[1] = P;
	for (int i = 2; i <= KIND; i++)
		power[i] = power[i - 1] * P;
}

/* --- the table ------------------------------------------------------------------ */

int nt_words_new(struct nt_words **result, uint32_t vocab_size)
{
	struct nt_words *w = nt_calloc(1, sizeof(*w));
	*result = w;
	if (!w)
		return NT_ESYS;
	w->vocab_size = vocab_size;
	set_powers(w->power);
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
static uint64_t next_step(const uint8_t *bytes, size_t len, size_t *at)
{
	bool ends = !fold(bytes[*at]);
	size_t i = *at;
	uint64_t h = 0;
	while (i < len && !fold(bytes[i]))
		i++;
	/* a word that begins here is more of it from its LONGEST + 1st byte on */
	size_t first = i;
	for (uint8_t c; i < len && (c = fold(bytes[i])) && i - first < LONGEST; i++)
		h = h * P + c + 1;
	*at = i;
	return h << 6 | (ends ? ENDS : i - first);
}

int nt_words_set(struct nt_words *w, uint32_t id, const uint8_t *bytes, size_t len)
{
	nt_assert(id < w->vocab_size);
	size_t first = w->n_more, at = 0;
	while (at < len) {
		if (nt_grow(&w->more, &w->cap, w->n_more + 1, sizeof(*w->more)) < 0)
			return NT_ESYS;
		w->more[w->n_more++] = next_step(bytes, len, &at);
	}
	size_t n = w->n_more - first;
	if (n > 1) {
		w->step[id] = (uint64_t)first << 32 | n << 6 | SEVERAL;
	} else {
		w->step[id] = n ? w->more[first] : ENDS;
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
	if (nt_grow(&list->hash, &cap, need, sizeof(*list->hash)) < 0)
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

/* A list being written: word n is being put together. */
struct writer {
	struct nt_word_list *list;
	const uint64_t *power;
	size_t n;
	uint64_t h;
	bool places;
};

/* One step, of token i. */
static inline void take(struct writer *w, uint64_t step, uint32_t i)
{
	uint64_t kind = step & KIND, sum = step - kind;
	bool ends = kind == ENDS, was = w->h != 0;
	w->h = w->h * w->power[kind] + sum;
	w->n += ends & was;
	w->list->hash[w->n] = w->h;
	if (w->places && sum) {
		if (ends || !was)
			w->list->first[w->n] = i;
		w->list->end[w->n] = i + 1;
	}
}

static int finish(struct writer *w, int rc)
{
	w->list->n = w->n + (w->h != 0);
	return rc;
}

static inline int take_several(const struct nt_words *t, struct writer *w, uint64_t step, size_t left,
			       uint32_t i)
{
	const uint64_t *more = t->more + (step >> 32);
	size_t n = (uint32_t)step >> 6;
	int rc = reserve(w->list, w->n + left + n + 2, w->places);
	for (size_t k = 0; rc == 0 && k < n; k++)
		take(w, more[k], i);
	return rc;
}

/* Steps of tokens [i, n) up to the first that has several; returns which. What take does, with
 * everything in registers. */
static size_t run_of_steps(const struct nt_words *t, struct writer *w, const uint32_t *id, size_t i, size_t n)
{
	const uint64_t *step = t->step, *power = t->power;
	uint64_t *hash = w->list->hash, h = w->h;
	size_t k = w->n;
	for (; i < n; i++) {
		uint64_t s = step[id[i]], kind = s & KIND;
		if (__builtin_expect(kind == SEVERAL, 0))
			break;
		k += (kind == ENDS) & (h != 0);
		h = h * power[kind] + (s - kind);
		hash[k] = h;
	}
	w->h = h;
	w->n = k;
	return i;
}

static inline int words_of(const struct nt_words *t, struct nt_word_list *list, const uint32_t *id,
			   size_t n, bool places)
{
	struct writer w = {.list = list, .power = t->power, .places = places};
	int rc = reserve(list, n + 2, places);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (!places && (i = run_of_steps(t, &w, id, i, n)) == n)
			break;
		uint64_t step = t->step[id[i]];
		if ((step & KIND) == SEVERAL)
			rc = take_several(t, &w, step, n - i, (uint32_t)i);
		else
			take(&w, step, (uint32_t)i);
	}
	return finish(&w, rc);
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
	uint64_t power[KIND + 1];
	struct writer w = {.list = list, .power = power};
	int rc = 0;
	set_powers(power);
	for (size_t at = 0; rc == 0 && at < len;)
		if ((rc = reserve(list, w.n + 2, false)) == 0)
			take(&w, next_step(text, len, &at), 0);
	return finish(&w, rc);
}

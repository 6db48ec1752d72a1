/* SPDX-License-Identifier: MIT */
/*
 * added.c - tokens that are looked for in the text itself, before it is cut into pieces
 *
 * Few bytes begin one, so a place in the text is looked at closely only where its byte
 * does. There the sorted list narrows byte by byte to the entries that agree with the
 * text, and the last one that ended is the longest. Where they agree for long, again and
 * again, a stretch of the text is read once from behind instead (starts.c).
 *
 * Leftmost, then longest, also where the token is not wanted (a special in plain text, a
 * single word in a word): what it covers is passed over, as Hugging Face's client does.
 */
#include "token/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "nt/err.h"
#include "token/starts.h"

enum {
	BYTES_MOST = 1 << 25, /* pairs of them, of tokens that are held against each other */
	STEPS_MOST = 4,       /* a byte of text, before it is read from behind, ... */
	STEPS_FREE = 1024,    /* ... and in any text */
};

/* --- which tokens ------------------------------------------------------------------- */

static int compare(const uint8_t *a, size_t n, const uint8_t *b, size_t m)
{
	int order = memcmp(a, b, n < m ? n : m);
	return order ? order : (n > m) - (n < m);
}

static int by_bytes(const void *a, const void *b, void *arg)
{
	const uint8_t *bytes = arg;
	const struct nt_added *x = a, *y = b;
	int order = compare(bytes + x->at, x->len, bytes + y->at, y->len);
	return order ? order : (x->id > y->id) - (x->id < y->id);
}

static int by_name(const void *a, const void *b, void *arg)
{
	const struct nt_tokenizer *t = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = compare(nt_token_text(t, x), t->token[x].len, nt_token_text(t, y), t->token[y].len);
	return order ? order : (x > y) - (x < y);
}

/* Token i of the set, in order of their names. */
static uint32_t named(const struct nt_added_set *set, uint32_t i)
{
	return set->by_name ? set->by_name[i] : set->entry[i].id;
}

uint32_t nt_added_find(const struct nt_tokenizer *t, const struct nt_added_set *set, const void *name,
		       size_t len)
{
	for (uint32_t low = 0, high = set->n; low < high;) {
		uint32_t mid = low + (high - low) / 2, id = named(set, mid);
		int order = compare(nt_token_text(t, id), t->token[id].len, name, len);
		if (order == 0)
			return id;
		low = order < 0 ? mid + 1 : low;
		high = order > 0 ? mid : high;
	}
	return NT_NO_TOKEN;
}

static int add(struct nt_added_set *set, struct nt_added entry)
{
	size_t cap = set->cap;
	int rc = nt_grow(&set->entry, &cap, (size_t)set->n + 1, sizeof(*set->entry));
	set->cap = (uint32_t)cap;
	if (rc == 0)
		set->entry[set->n++] = entry;
	return rc;
}

/* Two tokens of one name could not be told apart in the JSON. */
static int check_twins(const struct nt_tokenizer *t, const struct nt_added_set *set)
{
	for (uint32_t i = 1; i < set->n; i++) {
		uint32_t a = named(set, i - 1), b = named(set, i);
		const char *name = (const char *)nt_token_text(t, a);
		if (t->token[a].len == t->token[b].len && memcmp(name, nt_token_text(t, b), t->token[b].len) == 0)
			return nt_fail(NT_EFORMAT, "tokens %u and %u are both called '%s'", a, b, name);
	}
	return 0;
}

/* What is looked for is not what they are called. */
static int sort_names(struct nt_tokenizer *t, struct nt_added_set *set)
{
	if (set->n == 0)
		return 0;
	if (!(set->by_name = nt_alloc(set->n, sizeof(*set->by_name))))
		return NT_ESYS;
	for (uint32_t i = 0; i < set->n; i++)
		set->by_name[i] = set->entry[i].id;
	qsort_r(set->by_name, set->n, sizeof(*set->by_name), by_name, t);
	return 0;
}

static int sort(struct nt_tokenizer *t, struct nt_added_set *set)
{
	const uint8_t *bytes = t->bytes.data;
	uint32_t first[257] = {0};
	if (set->n)
		qsort_r(set->entry, set->n, sizeof(*set->entry), by_bytes, t->bytes.data);
	for (uint32_t i = 0; i < set->n; i++) {
		struct nt_token token = t->token[set->entry[i].id];
		set->has_plain |= token.kind == NT_KIND_ADDED;
		set->strips |= (token.flags & (NT_LSTRIP | NT_RSTRIP)) != 0;
		first[bytes[set->entry[i].at] + 1]++;
	}
	for (int b = 0; b < 256; b++)
		first[b + 1] += first[b];
	memcpy(set->first, first, sizeof(first));
	set->only_first = set->n ? bytes[set->entry[0].at] : -1;
	if (set->n && bytes[set->entry[set->n - 1].at] != set->only_first)
		set->only_first = -1;
	return check_twins(t, set);
}

/* May the two touch each other's bytes in some text? */
static bool overlap(const uint8_t *a, size_t n, const uint8_t *b, size_t m)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(a + i, b, n - i < m ? n - i : m) == 0)
			return true;
	for (size_t i = 0; i < m; i++)
		if (memcmp(b + i, a, m - i < n ? m - i : n) == 0)
			return true;
	return false;
}

/* Is what a token takes in, or where it may stand, more than its bytes? */
static bool has_flags(const struct nt_tokenizer *t)
{
	for (uint32_t id = 0; id < t->ident.vocab_size; id++)
		if (t->token[id].flags & (NT_SINGLE_WORD | NT_LSTRIP | NT_RSTRIP))
			return true;
	return false;
}

static uint64_t name_bytes(const struct nt_added_set *set)
{
	uint64_t n = 0;
	for (uint32_t i = 0; i < set->n; i++)
		n += set->entry[i].len;
	return n;
}

/* Without normalizers there is one text, but tokens of the one kind are found before those
 * of the other: which shows only where they overlap. */
static bool order_shows(const struct nt_tokenizer *t)
{
	if (name_bytes(&t->raw) > BYTES_MOST / (name_bytes(&t->normalized) + 1) || has_flags(t))
		return t->raw.n && t->normalized.n;
	for (uint32_t i = 0; i < t->raw.n; i++)
		for (uint32_t k = 0; k < t->normalized.n; k++) {
			struct nt_added a = t->raw.entry[i], b = t->normalized.entry[k];
			if (overlap(t->bytes.data + a.at, a.len, t->bytes.data + b.at, b.len))
				return true;
		}
	return false;
}

static int make_one_set(struct nt_tokenizer *t)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < t->normalized.n; i++) {
		rc = add(&t->raw, t->normalized.entry[i]);
		nt_token_flag(&t->token[t->normalized.entry[i].id], NT_NORMALIZED, false);
	}
	t->normalized.n = 0;
	return rc;
}

/* What is looked for is what normalizers make of a token's name. */
static int normalize_names(struct nt_tokenizer *t)
{
	struct nt_normalizing w;
	uint32_t n = 0;
	int rc = nt_normalizing_init(&w, t->normalizer, t->n_normalizer);
	for (uint32_t i = 0; rc == 0 && i < t->normalized.n; i++) {
		struct nt_added e = t->normalized.entry[i];
		struct nt_stretch name = {.text = t->bytes.data + e.at, .len = e.len}, made;
		rc = nt_normalize(&w, &name, &made);
		if (rc < 0 || made.len == 0)
			continue;
		e.len = (uint32_t)made.len;
		if (made.text != name.text) {
			e.at = t->bytes.len;
			rc = nt_buf_add(&t->bytes, made.text, made.len);
		}
		t->normalized.entry[n++] = e;
	}
	t->normalized.n = n;
	nt_normalizing_release(&w);
	return rc < 0 ? rc : nt_buf_reserve(&t->bytes, 16);
}

int nt_added_index(struct nt_tokenizer *t)
{
	int rc = 0;
	for (uint32_t id = 0; rc == 0 && id < t->ident.vocab_size; id++) {
		struct nt_token token = t->token[id];
		if (token.kind >= NT_KIND_SPECIAL)
			rc = add(token.flags & NT_NORMALIZED ? &t->normalized : &t->raw,
				 (struct nt_added){token.at, token.len, id});
	}
	if (rc == 0 && t->n_normalizer)
		rc = normalize_names(t);
	else if (rc == 0 && !order_shows(t))
		rc = make_one_set(t);
	if (rc == 0)
		rc = sort(t, &t->raw);
	if (rc == 0 && t->n_normalizer)
		rc = sort_names(t, &t->normalized);
	return rc < 0 ? rc : sort(t, &t->normalized);
}

void nt_added_release(struct nt_added_set *set)
{
	free(set->entry);
	free(set->by_name);
	*set = (struct nt_added_set){0};
}

/* --- where they are ------------------------------------------------------------------ */

/* The first entry in [low, high) whose byte d is `byte` or more, if `above` more. All of them
 * are longer than d and agree before it. */
static uint32_t bound(const struct nt_added_walk *w, uint32_t low, uint32_t high, size_t d,
		      uint8_t byte, bool above)
{
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		uint8_t b = w->t->bytes.data[w->set->entry[mid].at + d];
		if (b < byte || (above && b == byte))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The longest entry written at p[left], or NULL. */
static const struct nt_added *narrow(struct nt_added_walk *w, const uint8_t *p, size_t left)
{
	uint32_t low = w->set->first[p[0]], high = w->set->first[p[0] + 1];
	const struct nt_added *best = NULL;
	size_t d = 1;
	for (; low < high; d++) {
		if (w->set->entry[low].len == d)
			best = &w->set->entry[low];
		while (low < high && w->set->entry[low].len == d)
			low++;
		if (d == left)
			break;
		low = bound(w, low, high, d, p[d], false);
		high = bound(w, low, high, d, p[d], true);
	}
	w->steps += d;
	return best;
}

/* The longest entry written at w->at, or NULL. */
static int longest(struct nt_added_walk *w, const struct nt_added **e)
{
	if (w->at >= w->known_end && w->steps > STEPS_FREE + STEPS_MOST * (w->at - w->since)) {
		if (!*w->starts && !(*w->starts = nt_starts_new(w->t, w->set)))
			return NT_ESYS;
		w->since = w->known_end = nt_starts_look(*w->starts, w->text, w->len, w->at);
		w->steps = 0;
	}
	*e = w->at < w->known_end ? nt_starts_at(*w->starts, w->at)
				  : narrow(w, w->text + w->at, w->len - w->at);
	return 0;
}

/* The next place at `at` or behind it where an entry may begin; len if there is none. */
static size_t next_candidate(const struct nt_added_walk *w, size_t at)
{
	const struct nt_added_set *set = w->set;
	if (set->only_first >= 0) {
		const uint8_t *found = memchr(w->text + at, set->only_first, w->len - at);
		return found ? (size_t)(found - w->text) : w->len;
	}
	while (at < w->len && set->first[w->text[at]] == set->first[w->text[at] + 1])
		at++;
	return at;
}

/* The character that ends at `at` > 0 in text, and its length. */
static size_t look_back(const uint8_t *text, size_t at, uint32_t *c)
{
	for (size_t n = 1; n <= 4 && n <= at; n++)
		if (nt_utf8_decode(text + at - n, n, c) == n)
			return n;
	*c = NT_NO_CHAR;
	return 1;
}

static size_t look(const struct nt_added_walk *w, size_t at, uint32_t *c)
{
	return nt_char_at(w->text + at, w->len - at, c);
}

static bool is_in_word(const struct nt_added_walk *w, size_t start, size_t end)
{
	uint32_t c;
	if (start > 0 && (look_back(w->text, start, &c), nt_is_word(c)))
		return true;
	return end < w->len && (look(w, end, &c), nt_is_word(c));
}

/* The match with the white space that it takes in. */
static void strip(struct nt_added_walk *w, struct nt_added_match *m, unsigned flags)
{
	uint32_t c;
	size_t n;
	while (flags & NT_LSTRIP && m->start > w->done &&
	       (n = look_back(w->text, m->start, &c), nt_is_space(c)))
		m->start -= n;
	if (flags & NT_LSTRIP && m->start < w->done)
		m->start = w->done;
	if (!(flags & NT_RSTRIP))
		return;
	if (m->end < w->white_end) /* white space is tokens itself */
		m->end = w->white_end;
	while (m->end < w->len && (n = look(w, m->end, &c), nt_is_space(c)))
		m->end += n;
	w->white_end = m->end;
}

int nt_added_next(struct nt_added_walk *w, struct nt_added_match *m)
{
	if (w->set->n == 0 || (!w->specials && !w->set->has_plain))
		return 0;
	while ((w->at = next_candidate(w, w->at)) < w->len) {
		const struct nt_added *e;
		if (longest(w, &e) < 0)
			return NT_ESYS;
		if (!e) {
			w->at++;
			continue;
		}
		struct nt_token token = w->t->token[e->id];
		*m = (struct nt_added_match){w->done, w->at, w->at + e->len, e->id};
		w->at = m->end;
		if ((token.kind == NT_KIND_SPECIAL && !w->specials) ||
		    (token.flags & NT_SINGLE_WORD && is_in_word(w, m->start, m->end)))
			continue;
		strip(w, m, token.flags);
		w->done = m->end;
		if (m->start < m->end) /* else the token before has taken all of it in */
			return 1;
	}
	return 0;
}

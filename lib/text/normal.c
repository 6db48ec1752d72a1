/* SPDX-License-Identifier: MIT */
/*
 * normal.c - NFC, NFD, NFKC, NFKD, and sets of characters
 *
 * Text falls into runs: a character that no character before it can touch, and those
 * behind it that may be touched. Only runs are worked on, each by itself: decompose,
 * order the marks, compose (Unicode Standard Annex 15). Nearly all text is NFC already
 * and its characters join nothing; nt_is_nfc sees that from one table, so that the usual
 * text costs a look at each character and nothing is copied.
 */
#include "text/normal.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "nt/err.h"
#include "text/unicode.h"

enum {
	JOINS = 1,         /* may be moved or composed by what stands before it */
	CHANGES = 2,       /* is not its own NFC */
	DECOMPOSES = 4,    /* is not its own NFD */
	IS_COMPATIBLE = 8, /* its NFKD is another */
	IS_SECOND = 16,    /* composes with something before it */
};

struct kind {
	uint8_t ccc, flags; /* canonical combining class; the bits above */
};

struct decomposition {
	uint32_t c;
	uint16_t at, len;
};

struct pair {
	uint32_t first, second, to;
};

struct range {
	uint32_t first, last;
};

/* Every step-th character of [first, last] has its lower case `by` behind it. */
struct lower {
	uint32_t first, last;
	uint8_t step;
	int32_t by;
};

#include "text/normal_table.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Hangul syllables are composed and decomposed by counting. */
enum {
	L_BASE = 0x1100, V_BASE = 0x1161, T_BASE = 0x11a7, S_BASE = 0xac00,
	L_COUNT = 19, V_COUNT = 21, T_COUNT = 28, S_COUNT = L_COUNT * V_COUNT * T_COUNT,
};

static struct kind kind_of(uint32_t c)
{
	uint32_t page = c / 128;
	if (c - S_BASE < S_COUNT)
		return (struct kind){0, DECOMPOSES};
	page = normal_page[page < NORMAL_PAGES ? page : NORMAL_PAGES - 1];
	return kinds[normal_kind[page * 128 + c % 128]];
}

/* --- is it NFC ----------------------------------------------------------------- */

/* How much of text[at, len) is surely NFC, as the offset of a run's beginning. */
static size_t nfc_end(const uint8_t *text, size_t at, size_t len)
{
	uint8_t last_ccc = 0;
	size_t run = at;
	for (uint64_t word; at < len;) {
		uint8_t lead = text[at];
		if (lead < 0x80 && at + 8 <= len && (memcpy(&word, text + at, 8),
						     !(word & UINT64_C(0x8080808080808080)))) {
			at += 8;
			run = at - 1;
			last_ccc = 0;
			continue;
		}
		uint32_t c;
		size_t n = nt_char_at(text + at, len - at, &c);
		struct kind k = kind_of(c);
		if (!(k.flags & JOINS)) {
			run = at;
			last_ccc = 0;
		}
		if (k.flags & (CHANGES | IS_SECOND) || k.ccc < last_ccc || (k.flags & JOINS && !k.ccc))
			return run;
		last_ccc = k.ccc;
		at += n;
	}
	return len;
}

bool nt_is_nfc(const void *text, size_t len)
{
	return nfc_end(text, 0, len) == len;
}

/* --- one run ------------------------------------------------------------------- */

struct mark {
	uint32_t c;
	uint8_t ccc;
};

/* A run on its way. A byte that is not UTF-8 is NT_NO_CHAR + the byte. */
struct run {
	struct mark *mark;
	size_t n, cap;
};

static int by_code_point(const void *key, const void *entry)
{
	uint32_t c = *(const uint32_t *)key;
	const struct decomposition *d = entry;
	return c < d->c ? -1 : c > d->c;
}

static int push(struct run *run, uint32_t c)
{
	int rc = nt_grow(&run->mark, &run->cap, run->n + 1, sizeof(*run->mark));
	if (rc == 0)
		run->mark[run->n++] = (struct mark){c, kind_of(c).ccc};
	return rc;
}

static int push_hangul(struct run *run, uint32_t c)
{
	uint32_t s = c - S_BASE;
	int rc = push(run, L_BASE + s / (V_COUNT * T_COUNT));
	if (rc == 0)
		rc = push(run, V_BASE + s % (V_COUNT * T_COUNT) / T_COUNT);
	return rc == 0 && s % T_COUNT ? push(run, T_BASE + s % T_COUNT) : rc;
}

static int push_decomposed(struct run *run, uint32_t c, bool is_compatible)
{
	struct kind k = kind_of(c);
	const struct decomposition *d = NULL;
	const uint32_t *text = canonical_text;
	if (c - S_BASE < S_COUNT)
		return push_hangul(run, c);
	if (is_compatible && k.flags & IS_COMPATIBLE) {
		d = bsearch(&c, compatible, COUNT(compatible), sizeof(*d), by_code_point);
		text = compatible_text;
	} else if (k.flags & DECOMPOSES) {
		d = bsearch(&c, canonical, COUNT(canonical), sizeof(*d), by_code_point);
	}
	if (!d)
		return push(run, c);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < d->len; i++)
		rc = push(run, text[d->at + i]);
	return rc;
}

/* Marks between two characters of class 0 in order of class, stable: counted, since a
 * run may be of any length. */
static int order_marks(struct mark *mark, size_t n)
{
	size_t start[257] = {0};
	bool is_ordered = true;
	for (size_t i = 0; i < n; i++) {
		start[mark[i].ccc + 1]++;
		is_ordered &= i == 0 || mark[i - 1].ccc <= mark[i].ccc;
	}
	if (is_ordered)
		return 0;
	struct mark *old = nt_alloc(n, sizeof(*old));
	if (!old)
		return NT_ESYS;
	memcpy(old, mark, n * sizeof(*old));
	for (size_t ccc = 1; ccc < 257; ccc++)
		start[ccc] += start[ccc - 1];
	for (size_t i = 0; i < n; i++)
		mark[start[old[i].ccc]++] = old[i];
	free(old);
	return 0;
}

static int order(struct run *run)
{
	int rc = 0;
	for (size_t i = 0, end; rc == 0 && i < run->n; i = end + 1) {
		for (end = i; end < run->n && run->mark[end].ccc; end++)
			;
		if (end - i > 1)
			rc = order_marks(run->mark + i, end - i);
	}
	return rc;
}

static int by_pair(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->second < y->second ? -1 : x->second > y->second;
}

/* What the two compose to, or 0. */
static uint32_t composed(uint32_t first, uint32_t second)
{
	if (first - L_BASE < L_COUNT && second - V_BASE < V_COUNT)
		return S_BASE + ((first - L_BASE) * V_COUNT + (second - V_BASE)) * T_COUNT;
	if (first - S_BASE < S_COUNT && (first - S_BASE) % T_COUNT == 0 &&
	    second - T_BASE - 1 < T_COUNT - 1)
		return first + (second - T_BASE);
	const struct pair *p = bsearch(&(struct pair){first, second, 0}, pairs, COUNT(pairs),
				       sizeof(*p), by_pair);
	return p ? p->to : 0;
}

static void compose(struct run *run)
{
	struct mark *starter = NULL;
	uint8_t last_ccc = 0; /* of what has been kept behind the starter */
	size_t n = 0;
	for (size_t i = 0; i < run->n; i++) {
		struct mark m = run->mark[i];
		bool is_next = starter && starter == &run->mark[n - 1];
		bool is_blocked = !starter || (!is_next && last_ccc >= m.ccc);
		uint32_t c = is_blocked ? 0 : composed(starter->c, m.c);
		if (c) {
			starter->c = c;
			continue;
		}
		run->mark[n] = m;
		last_ccc = m.ccc;
		if (m.ccc == 0)
			starter = &run->mark[n];
		n++;
	}
	run->n = n;
}

/* --- the forms ------------------------------------------------------------------ */

static size_t encode(uint8_t bytes[4], uint32_t c)
{
	if (c < NT_NO_CHAR)
		return nt_utf8_encode(bytes, c);
	bytes[0] = (uint8_t)(c - NT_NO_CHAR);
	return 1;
}

/* Takes in the run that begins at `at`; *end is where the next one does. */
static int read_run(struct run *run, const struct nt_stretch *in, size_t at, size_t *end,
		    bool is_compatible)
{
	int rc = 0;
	run->n = 0;
	for (size_t i = at, n; rc == 0; i += n) {
		uint32_t c;
		*end = i;
		if (i >= in->len)
			break;
		n = nt_char_at(in->text + i, in->len - i, &c);
		if (i > at && !(kind_of(c).flags & JOINS))
			break;
		rc = push_decomposed(run, c < NT_NO_CHAR ? c : NT_NO_CHAR + in->text[i], is_compatible);
	}
	return rc;
}

/* Writes the run, which was made of bytes [at, end). */
static int write_run(struct nt_rewrite *out, const struct nt_stretch *in, size_t at, size_t end,
		     const struct run *run)
{
	struct nt_buf made = {0};
	int rc = nt_buf_reserve(&made, 4 * run->n);
	for (size_t i = 0; rc == 0 && i < run->n; i++)
		made.len += encode(made.data + made.len, run->mark[i].c);
	if (rc == 0 && made.len == end - at && memcmp(made.data, in->text + at, made.len) == 0)
		rc = nt_rewrite_keep(out, in, at, end);
	else if (rc == 0)
		rc = nt_rewrite_add(out, in, at, made.data, made.len);
	nt_buf_release(&made);
	return rc;
}

/* The end of what the form surely leaves as it is, from a run's beginning on. */
static size_t skip(const struct nt_stretch *in, size_t at, enum nt_normal_form form)
{
	if (form == NT_NFC)
		return nfc_end(in->text, at, in->len);
	size_t end = at;
	while (end < in->len && in->text[end] < 0x80)
		end++;
	return end == in->len || end == at ? end : end - 1; /* a mark may follow the last */
}

int nt_normal_form(struct nt_rewrite *out, const struct nt_stretch *in, enum nt_normal_form form)
{
	bool composes = form == NT_NFC || form == NT_NFKC;
	struct run run = {0};
	int rc = 0;
	for (size_t at = 0, end; rc == 0 && at < in->len; at = end) {
		end = skip(in, at, form);
		rc = nt_rewrite_keep(out, in, at, end);
		at = end;
		if (rc < 0 || at == in->len)
			break;
		rc = read_run(&run, in, at, &end, form == NT_NFKC || form == NT_NFKD);
		if (rc == 0)
			rc = order(&run);
		if (rc == 0 && composes)
			compose(&run);
		if (rc == 0)
			rc = write_run(out, in, at, end, &run);
	}
	free(run.mark);
	return rc;
}

/* --- characters ----------------------------------------------------------------- */

static bool is_in(const struct range *range, size_t n, uint32_t c)
{
	size_t low = 0;
	while (n > 0) {
		size_t half = n / 2;
		if (range[low + half].last < c) {
			low += half + 1;
			n -= half + 1;
		} else if (range[low + half].first > c) {
			n = half;
		} else {
			return true;
		}
	}
	return false;
}

bool nt_is_number(uint32_t c)
{
	return c < 0x80 ? nt_ascii_class[c] & NT_NUMBER : is_in(number_17, COUNT(number_17), c);
}

bool nt_is_punctuation(uint32_t c)
{
	return c < 0x80 ? (nt_ascii_class[c] & (NT_PUNCT | NT_SYMBOL)) != 0
			: is_in(punctuation_8, COUNT(punctuation_8), c);
}

bool nt_is_mark(uint32_t c)
{
	return is_in(mark_9, COUNT(mark_9), c);
}

bool nt_is_word(uint32_t c)
{
	return c < 0x80 ? nt_ascii_class[c] & (NT_LETTER | NT_NUMBER) || c == '_'
			: is_in(word_16, COUNT(word_16), c);
}

bool nt_is_space(uint32_t c)
{
	return c < 0x80 ? nt_ascii_class[c] & NT_SPACE : (nt_char_class(c) & NT_SPACE) != 0;
}

size_t nt_lower(uint32_t c, uint32_t to[2])
{
	to[0] = c < 0x80 && nt_ascii_class[c] & NT_UPPER ? c + 32 : c;
	to[1] = 0x307;
	if (c == 0x130) { /* the one that becomes two: i and a dot above */
		to[0] = 'i';
		return 2;
	}
	for (size_t i = 0; c >= 0x80 && i < COUNT(lowers); i++)
		if (c >= lowers[i].first && c <= lowers[i].last &&
		    (c - lowers[i].first) % lowers[i].step == 0) {
			to[0] = c + (uint32_t)lowers[i].by;
			break;
		}
	return 1;
}

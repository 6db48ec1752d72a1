/* SPDX-License-Identifier: MIT */
#ifndef TEXT_WINDOW_H
#define TEXT_WINDOW_H
/*
 * window.h - the famous pre-tokenizers, 64 bytes at a time
 *
 * Every rule asks only which classes of characters stand next to each other, so it can be
 * asked of 64 places at once: a window that begins where a piece begins becomes a mask of
 * bits for each class, and the places where later pieces begin follow from shifts, ands
 * and an addition that carries through a run. Places too near to the window's end to be
 * certain of are left to the next window, which begins at the last piece found. What the
 * masks cannot say (a piece longer than a window, digits that are not ASCII, case mixed
 * with caseless letters) ends the window early; a window that finds no piece hands it to
 * the matcher by hand (split.c), whose results these are in every case.
 *
 * This text is the same for every instruction set: the file that includes it defines
 * classify(), which makes the masks of 64 bytes, and exports the functions.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "text/split.h"
#include "text/unicode.h"

enum { WINDOW = 64 };

/* The rule is a constant wherever these are called, and each has code of its own. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Bit i speaks of byte i. */
struct window {
	uint64_t upper, lower; /* ASCII letters by case; then every letter with one */
	uint64_t number, space;
	uint64_t feed;     /* \r \n */
	uint64_t blank;    /* the one space that is ASCII's */
	uint64_t quote;    /* ' */
	uint64_t high;     /* not ASCII */
	uint64_t caseless; /* letters without case, and under o200k the marks behind letters */
	uint64_t mark;     /* of them the marks */
	uint64_t rest;     /* bytes of a character behind its first */
	unsigned limit;    /* what stands from here on is unknown */
	bool is_end;       /* ... because the text ends there */
};

ALWAYS_INLINE void classify(struct window *w, const uint8_t text[WINDOW]);

/* Appends from + i to end, for each bit i of `starts`; may write up to WINDOW numbers in all.
 * Returns how many bits there are. */
ALWAYS_INLINE size_t emit(uint32_t *end, uint32_t from, uint64_t starts);

static inline uint64_t below(unsigned n)
{
	return n >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
}

/* Bit i of it: what bit i - 1 of x says. */
static inline uint64_t behind(uint64_t x)
{
	return x << 1;
}

static inline unsigned first_of(uint64_t x)
{
	return (unsigned)__builtin_ctzll(x);
}

static inline unsigned last_of(uint64_t x)
{
	return 63 - (unsigned)__builtin_clzll(x);
}

/* Enters a character of class `class` whose bytes are `bits`; false: the window ends here. */
static inline bool enter(struct window *w, enum nt_rule rule, unsigned class, uint32_t c,
			 uint64_t bits)
{
	uint64_t word = w->upper | w->lower | w->caseless;
	if (class & NT_SPACE)
		w->space |= bits;
	else if (class & NT_UPPER)
		w->upper |= bits;
	else if (class & NT_LOWER)
		w->lower |= bits;
	else if (class & NT_CASELESS)
		w->caseless |= bits;
	else if (class & NT_NUMBER)
		w->number |= bits;
	else if (class & NT_MARK && rule == NT_RULE_O200K) {
		if (!(behind(word) & bits))
			return false;
		w->caseless |= bits;
		w->mark |= bits;
	}
	/* digits are counted byte by byte; the long s can end a contraction */
	return !(class & NT_NUMBER && rule != NT_RULE_GPT2 && rule != NT_RULE_QWEN2) && c != 0x17f;
}

/* Adds the characters beyond ASCII to the masks. left: bytes of the text from here on. */
static __attribute__((noinline)) void enter_high(struct window *w, enum nt_rule rule, const uint8_t *text, size_t left)
{
	for (uint64_t high = w->high & below(w->limit); high;) {
		unsigned i = first_of(high);
		uint32_t c = 0;
		size_t n = nt_utf8_decode(text + i, left - i, &c);
		uint64_t bits = below((unsigned)(n ? n : 1)) << i;
		if (i + n > w->limit || !enter(w, rule, n ? nt_char_class(c) : 0, c, bits)) {
			w->limit = i;
			return;
		}
		w->rest |= bits & (bits - (UINT64_C(1) << i));
		high &= ~bits;
	}
}

/* Contractions among `quotes`: *inside gets their bytes but the first, and what is returned
 * are the places behind them, where a piece begins. Those that are suffixes are none where
 * a piece begins. */
static inline uint64_t contractions(const uint8_t *text, size_t left, uint64_t quotes, bool folds,
				    bool are_suffixes, uint64_t *inside)
{
	uint64_t forced = 0;
	for (; quotes; quotes &= quotes - 1) {
		unsigned i = first_of(quotes);
		bool begins = are_suffixes && forced >> i & 1;
		size_t n = begins ? 0 : nt_contraction(text, i, left, folds);
		if (n == 0)
			continue;
		*inside |= behind(below((unsigned)n - 1) << i);
		forced |= i + n < WINDOW ? UINT64_C(1) << (i + n) : 0;
	}
	return forced;
}

/* The last byte of each character that begins at a bit of `first`. */
static inline uint64_t last_bytes(const struct window *w, uint64_t first)
{
	if (!w->rest)
		return first;
	uint64_t second = behind(first) & w->rest, third = behind(second) & w->rest;
	return (first | second | third | (behind(third) & w->rest)) & ~(w->rest >> 1);
}

/* The first byte of each character that ends at a bit of `last`. */
static inline uint64_t first_bytes(const struct window *w, uint64_t last)
{
	if (!w->rest)
		return last;
	uint64_t before = (last & w->rest) >> 1, third = (before & w->rest) >> 1;
	return (last | before | third) & ~w->rest;
}

/* The runs of `set` that begin at a bit of `seed`, every one at the beginning of its run. */
static inline uint64_t runs_from(uint64_t set, uint64_t seed)
{
	return set & ~(set + seed);
}

/* \s+(?!\S): the last character of each run, for what follows; not where nothing does. */
static inline uint64_t given_back(const struct window *w, uint64_t space)
{
	uint64_t last = space & ~(space >> 1) & below(w->limit - 1);
	return first_bytes(w, last);
}

/* \s*[\r\n]+|\s+(?!\S)|\s+ : where pieces begin in runs of `space`. */
static inline uint64_t space_starts(const struct window *w, uint64_t space)
{
	uint64_t feed = w->feed & space, plain = space & ~feed;
	uint64_t first = space & ~behind(space), after_feed = plain & behind(feed);
	/* a run of others behind a newline is a piece unless one more newline follows it */
	if ((plain + after_feed) & ~plain & feed)
		for (uint64_t left = after_feed; left; left &= left - 1) {
			uint64_t one = left & -left;
			if ((plain + one) & ~plain & feed)
				after_feed &= ~one;
		}
	return first | after_feed | (given_back(w, space) & ~feed);
}

/* Every third digit of a run begins a piece. */
static inline uint64_t digit_starts(uint64_t number)
{
	uint64_t starts = number & ~behind(number), three = number & number << 1 & number << 2;
	for (uint64_t more = starts; (more = more << 3 & three);)
		starts |= more;
	return starts;
}

static inline uint64_t gpt2_starts(const struct window *w, const uint8_t *text, size_t left)
{
	uint64_t letter = w->upper | w->lower | w->caseless, blank = behind(w->blank), inside = 0;
	uint64_t other = below(w->limit) & ~(letter | w->number | w->space);
	uint64_t starts = (letter & ~behind(letter)) | (w->number & ~behind(w->number)) |
			  (other & ~behind(other));
	starts &= ~blank;
	uint64_t forced = contractions(text, left, starts & w->quote, false, false, &inside);
	starts |= (w->space & ~behind(w->space)) | given_back(w, w->space);
	return (starts & ~inside) | forced;
}

/* cl100k, and qwen2 by its digits */
static inline uint64_t words_starts(const struct window *w, const uint8_t *text, size_t left,
				    bool by_three)
{
	uint64_t letter = w->upper | w->lower | w->caseless, inside = 0;
	uint64_t other = below(w->limit) & ~(letter | w->number | w->space);
	uint64_t swallowed = runs_from(w->feed, w->feed & behind(other));
	uint64_t other_first = other & ~behind(other | w->blank) & ~w->rest;
	/* one character that begins a piece and has a letter behind it belongs to the word */
	uint64_t joins = behind((w->space & ~w->feed) | last_bytes(w, other_first));
	uint64_t forced = contractions(text, left, other_first & w->quote, true, false, &inside);
	uint64_t starts = (letter & ~behind(letter) & ~joins) | other_first |
			  space_starts(w, w->space & ~swallowed) |
			  (by_three ? digit_starts(w->number) : w->number);
	return (starts & ~inside) | forced;
}

/* Ends the window where the masks cannot say how o200k cuts. */
static inline void limit_o200k(struct window *w, const uint8_t *text, uint64_t swallowed,
			       uint64_t forced)
{
	uint64_t unclear = (w->upper & behind(w->caseless)) | (forced & w->mark);
	for (uint64_t last = swallowed & ~(swallowed >> 1) & below(w->limit - 1); last; last &= last - 1)
		if (text[first_of(last) + 1] == '/') {
			unclear |= behind(last & -last);
			break;
		}
	if (unclear && first_of(unclear) < w->limit) {
		w->limit = first_of(unclear);
		w->is_end = false;
	}
}

static inline uint64_t o200k_starts(struct window *w, const uint8_t *text, size_t left)
{
	uint64_t letter = w->upper | w->lower | w->caseless, inside = 0;
	uint64_t other = below(w->limit) & ~(letter | w->number | w->space);
	uint64_t swallowed = runs_from(w->feed, w->feed & behind(other));
	uint64_t other_first = other & ~behind(other | w->blank) & ~w->rest;
	uint64_t joins = behind((w->space & ~w->feed) | last_bytes(w, other_first));
	uint64_t ends_word = w->quote & behind(letter);
	uint64_t forced = contractions(text, left, ends_word, true, true, &inside);
	uint64_t taken = inside >> 1 & ends_word; /* quotes that are part of the word before them */
	uint64_t starts = (letter & ~behind(letter) & ~joins) | (w->upper & behind(w->lower)) |
			  other_first | space_starts(w, w->space & ~swallowed) |
			  digit_starts(w->number);
	limit_o200k(w, text, swallowed, forced);
	return (starts & ~inside & ~taken) | forced;
}

/* Takes out of the masks what is beyond the limit. */
static inline void dim(struct window *w)
{
	uint64_t seen = below(w->limit);
	w->upper &= seen;
	w->lower &= seen;
	w->number &= seen;
	w->space &= seen;
	w->feed &= seen;
	w->quote &= seen;
}

ALWAYS_INLINE uint64_t rule_starts(enum nt_rule rule, struct window *w, const uint8_t *text,
				   size_t left)
{
	if (rule == NT_RULE_GPT2)
		return gpt2_starts(w, text, left);
	if (rule == NT_RULE_O200K)
		return o200k_starts(w, text, left);
	return words_starts(w, text, left, rule == NT_RULE_CL100K);
}

/* Of `starts` those that what is unknown cannot change: a contraction looks two bytes ahead,
 * and of the space at the end only its beginning is sure. */
ALWAYS_INLINE uint64_t certain(const struct window *w, uint64_t starts)
{
	uint64_t dark = ~w->space & below(w->limit);
	if (!dark || w->limit <= 3)
		return 0;
	return starts & below(w->limit - 3) & below(last_of(dark) + 2) & ~UINT64_C(1);
}

/*
 * Where pieces begin in the window at text, `left` bytes before the text's end, and where the
 * last of them ends: bit 0, which begins one, is left out. 0: the window cannot say.
 */
static inline uint64_t any_starts(enum nt_rule rule, const uint8_t *text, size_t left)
{
	struct window w;
	uint8_t padded[WINDOW];
	bool is_whole = left >= WINDOW;
	if (!is_whole) {
		memset(padded, 0, WINDOW);
		memcpy(padded, text, left);
	}
	classify(&w, is_whole ? text : padded);
	w.caseless = w.mark = w.rest = 0;
	w.limit = is_whole ? WINDOW : (unsigned)left;
	if (w.high)
		enter_high(&w, rule, text, left);
	if (w.limit == 0)
		return 0;
	w.is_end = !is_whole && w.limit == left;
	if (w.limit < WINDOW)
		dim(&w);
	uint64_t starts = rule_starts(rule, &w, text, left) & ~w.rest;
	if (w.is_end)
		return (starts & below(w.limit) & ~UINT64_C(1)) | UINT64_C(1) << w.limit;
	return certain(&w, starts);
}

/* The same for a window that is whole and, as most are, ASCII: much of it is constant then. */
ALWAYS_INLINE uint64_t piece_starts(enum nt_rule rule, const uint8_t *text, size_t left)
{
	struct window w;
	if (left < WINDOW)
		return any_starts(rule, text, left);
	classify(&w, text);
	if (w.high)
		return any_starts(rule, text, left);
	w.caseless = w.mark = w.rest = 0;
	w.limit = WINDOW;
	w.is_end = false;
	return certain(&w, rule_starts(rule, &w, text, left));
}

ALWAYS_INLINE size_t cut_windows(enum nt_rule rule, nt_next_fn *next, const uint8_t *text, size_t at,
				 size_t len, uint32_t *end, size_t cap)
{
	size_t n = 0, p = at;
	while (p < len && cap - n >= WINDOW) {
		uint64_t starts = piece_starts(rule, text + p, len - p);
		uint32_t from = (uint32_t)(p - at);
		if (starts) {
			n += emit(end + n, from, starts);
			p += last_of(starts);
			continue;
		}
		p = next(text, p, len);
		if (p - at > UINT32_MAX)
			return n;
		end[n++] = (uint32_t)(p - at);
	}
	return n;
}

/* Defines a table of the functions, one for each rule. */
#define WINDOW_CUT(rule, name)                                                                     \
	static size_t cut_##name(const uint8_t *text, size_t at, size_t len, uint32_t *end, size_t cap) \
	{                                                                                          \
		return cut_windows(rule, nt_next_##name, text, at, len, end, cap);                 \
	}
#define WINDOW_TABLE(table)                                                                        \
	WINDOW_CUT(NT_RULE_GPT2, gpt2)                                                             \
	WINDOW_CUT(NT_RULE_CL100K, cl100k)                                                         \
	WINDOW_CUT(NT_RULE_QWEN2, qwen2)                                                           \
	WINDOW_CUT(NT_RULE_O200K, o200k)                                                           \
	nt_cut_fn *const table[NT_RULE_COUNT] = {cut_gpt2, cut_cl100k, cut_qwen2, cut_o200k}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * words.c - where words and lines are
 *
 * Most of what stands between two spaces is letters, or letters and one sign behind them.
 * These are cut here; what is left goes to affix.c.
 */
#include "filter/words.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "filter/letters.h"
#include "filter/signs.h"
#include "filter/special.h"
#include "nt/err.h"
#include "text/unicode.h"

/* Keys of the words that are one sign of ASCII. */
static uint64_t sign_key[128];

static uint64_t flags_of(const uint8_t *text, size_t len, size_t *chars)
{
	uint64_t flags = 0;
	bool is_punct = true;
	uint8_t sign = 0;
	uint32_t c = 0;
	*chars = 0;
	for (size_t i = 0; i < len; ++*chars) {
		i += nt_utf8_decode(text + i, len - i, &c);
		uint8_t class = c < 128 ? nt_ascii_class[c] : nt_char_class(c);
		sign = class & NT_LETTER ? 0 : nt_sign(c);
		flags |= class & NT_LETTER ? NT_WORD_HAS_LETTER : 0;
		flags |= sign & NT_SIGN_SYMBOL ? 0 : NT_WORD_IS_WORD;
		is_punct = is_punct && class & NT_PUNCT;
	}
	if (*chars == 1 && sign & NT_SIGN_STOP)
		flags |= NT_WORD_ENDS;
	return flags | (is_punct ? NT_WORD_IS_PUNCT : 0);
}

static inline uint64_t key_of(uint64_t hash, uint64_t flags)
{
	return (hash & ~(uint64_t)NT_WORD_FLAGS) | flags;
}

static void make_sign_keys(void)
{
	uint8_t padded[16] = {0};
	struct nt_word_bytes bytes;
	size_t chars;
	for (unsigned c = 0; c < 128; c++) {
		padded[0] = (uint8_t)c;
		sign_key[c] = key_of(nt_word_hash(padded, 1, &bytes), flags_of(padded, 1, &chars));
	}
}

/* Hands the block on, and begins the next one with its last words and the line that goes on. */
static void hand_on(struct nt_words *w)
{
	size_t gone = w->n < NT_WORDS_BEFORE ? 0 : w->n - NT_WORDS_BEFORE;
	if (w->take)
		w->take(w->arg, w);
	memmove(w->word, w->word + gone, (w->n - gone + 1) * sizeof(*w->word));
	w->first += gone;
	w->n -= gone;
	w->fresh = w->first + w->n;
	w->all_lines += w->n_line;
	w->line[0] = w->line[w->n_line];
	w->n_line = 0;
	w->is_part = true;
}

/* Room for n more words; false: no memory. */
static bool find_room(struct nt_words *w, size_t n)
{
	if (w->n + n > w->word_cap && w->word_cap >= w->most)
		hand_on(w);
	if (nt_grow(&w->word, &w->word_cap, w->n + n, sizeof(*w->word)) < 0)
		w->has_failed = true;
	return !w->has_failed;
}

static inline void put(struct nt_words *w, uint64_t key, size_t chars)
{
	if (w->n + 2 > w->word_cap && !find_room(w, 2))
		return;
	struct nt_word *word = &w->word[w->n++];
	word->key = key;
	word[1].chars = word->chars + chars;
}

/* Counts a word that is not letters alone. */
static void put_other(struct nt_words *w, uint64_t key, size_t chars)
{
	w->n_sign += key & NT_WORD_IS_WORD ? 0 : 1;
	w->sign_chars += key & NT_WORD_IS_WORD ? 0 : chars;
	w->n_letterless += key & NT_WORD_HAS_LETTER ? 0 : 1;
	put(w, key, chars);
}

static inline void put_letters(struct nt_words *w, struct nt_word_bytes bytes, size_t len, uint64_t hash)
{
	w->stop_words |= nt_stop_word(bytes.low);
	put(w, key_of(hash, NT_WORD_HAS_LETTER | NT_WORD_IS_WORD), len);
}

/* The flags of text[len] if it is ASCII, and one of it a letter or a digit; or 0. */
static inline uint64_t ascii_flags(const uint8_t *text, size_t len, bool *is_letters)
{
	unsigned letters = 0, digits = 0, others = 0;
	for (size_t i = 0; i < len; i += 16) {
		unsigned all = len - i < 16 ? (1u << (len - i)) - 1 : 0xffff, no_letters = nt_not_letters(text + i) & all;
		if (nt_highs(text + i) & all)
			return 0;
		letters |= no_letters ^ all;
		digits |= nt_digits(text + i) & all;
		others |= no_letters;
	}
	*is_letters = !others;
	return letters ? NT_WORD_IS_WORD | NT_WORD_HAS_LETTER : digits ? NT_WORD_IS_WORD : 0;
}

void nt_words_add(struct nt_words *w, const uint8_t *text, size_t len)
{
	size_t chars = len;
	bool is_letters = false;
	if (len == 1) {
		put_other(w, sign_key[*text], 1);
		return;
	}
	struct nt_word_bytes bytes;
	uint64_t hash = nt_word_hash(text, len, &bytes), flags = ascii_flags(text, len, &is_letters);
	if (is_letters) {
		put_letters(w, bytes, len, hash);
		return;
	}
	if (!flags)
		flags = flags_of(text, len, &chars);
	put_other(w, key_of(hash, flags), chars);
}

/* --- chunks and lines ------------------------------------------------------------------ */

bool nt_is_space_at(const uint8_t *text)
{
	uint32_t c = 0;
	if (*text < 0x80)
		return nt_byte_kind[*text] & NT_BYTE_SPACE;
	return nt_utf8_decode(text, 4, &c) && nt_is_high_space(c);
}

/* Where the run of characters that are no space ends. */
static size_t chunk_end(const uint8_t *text, size_t at)
{
	while (!nt_is_space_at(text + at))
		at++;
	return at;
}

/* Does the full stop behind letters come off, and leave no word that is special with it? */
static bool is_last_stop(const uint8_t *text, size_t len)
{
	if (nt_special_at(text, len + 1))
		return false;
	return text[len - 1] >= 'a' || (len > 1 && text[len - 2] < 'a');
}

/* Appends the words of the chunk at text[at], whatever it is; returns where it ends. */
static size_t add_chunk(struct nt_words *w, const uint8_t *text, size_t at)
{
	size_t end = chunk_end(text, at);
	nt_words_add_chunk(w, text + at, end - at);
	return end;
}

/* Stands a carriage return in front of the line feed at text[at]? */
static inline bool has_carriage(const struct nt_words *w, const uint8_t *text, size_t at)
{
	return at > w->line[w->n_line].start && text[at - 1] == '\r';
}

/* Room for one more line; false: no memory. */
static bool find_line(struct nt_words *w)
{
	if (w->line_cap >= w->most / 8)
		hand_on(w);
	if (nt_grow(&w->line, &w->line_cap, w->n_line + 2, sizeof(*w->line)) < 0)
		w->has_failed = true;
	return !w->has_failed;
}

/* Ends the line at `end` and begins the next one at `next`. */
static inline void end_line(struct nt_words *w, size_t end, size_t next)
{
	w->line[w->n_line].end = end;
	if (w->n_line + 2 > w->line_cap && !find_line(w))
		return;
	w->line[++w->n_line] = (struct nt_line){.start = next, .word = w->first + w->n};
}

/* Passes over the white space at text[at]; returns where that ends. */
static size_t pass_space(struct nt_words *w, const uint8_t *text, size_t at)
{
	uint32_t c = text[at];
	size_t n = 1;
	bool is_break = nt_byte_kind[c] & NT_BYTE_BREAK;
	if (c >= 0x80) {
		n = nt_utf8_decode(text + at, 4, &c);
		is_break = nt_is_high_break(c);
	}
	if (c == '\r' && text[at + 1] == '\n')
		n = 2;
	if (is_break)
		end_line(w, at, at + n);
	return at + n;
}

/* --- windows ----------------------------------------------------------------------------- */

enum { WINDOW = 64, BLOCK = 1 << 19 };

/* The word that is written next, and what the words so far add up to: what nt_words holds, at
 * hand while a window is cut. */
struct pen {
	struct nt_word *word;
	size_t chars, n_sign;
	unsigned stop_words;
};

static inline struct pen take_pen(const struct nt_words *w)
{
	return (struct pen){&w->word[w->n], w->word[w->n].chars, 0, w->stop_words};
}

static inline void lay_down(struct nt_words *w, const struct pen *pen)
{
	w->n = (size_t)(pen->word - w->word);
	pen->word->chars = pen->chars;
	w->stop_words = pen->stop_words;
	w->n_sign += pen->n_sign;
	w->sign_chars += pen->n_sign;
	w->n_letterless += pen->n_sign;
}

/* Room for the words of a window; false: no memory. */
static inline bool make_room(struct nt_words *w)
{
	return w->n + 2 * WINDOW <= w->word_cap ? !w->has_failed : find_room(w, 2 * WINDOW);
}

static inline void write_word(struct pen *pen, uint64_t key, size_t chars)
{
	pen->word->key = key;
	pen->word->chars = pen->chars;
	pen->word++;
	pen->chars += chars;
}

/* Writes text[len], ASCII letters, unless they are special. */
static inline bool write_letters(struct pen *pen, const uint8_t *text, size_t len)
{
	struct nt_word_bytes bytes;
	uint64_t hash = nt_word_hash(text, len, &bytes);
	if (nt_special_find(hash, bytes, len))
		return false;
	pen->stop_words |= nt_stop_word(bytes.low);
	write_word(pen, key_of(hash, NT_WORD_HAS_LETTER | NT_WORD_IS_WORD), len);
	return true;
}

/* Writes the sign behind a word; if there is none, its place is the next word's again. */
static inline void write_last(struct pen *pen, uint8_t c, bool is_there)
{
	pen->word->key = sign_key[c & 127];
	pen->word->chars = pen->chars;
	pen->word += is_there;
	pen->chars += is_there;
	pen->n_sign += is_there;
}

/*
 * A chunk text[start, end) that is ASCII letters up to `stop`, with nothing behind them or a sign that
 * comes off: writes one word or two, and returns true. What is not that, affix.c cuts.
 */
static inline bool write_simple(struct pen *pen, const uint8_t *text, size_t start, size_t stop, size_t end)
{
	uint8_t c = text[stop];
	bool has_last = stop < end;
	if (stop == start || (has_last && !(stop + 1 == end && nt_byte_kind[c] & NT_BYTE_LAST)))
		return false;
	if (has_last && c == '.' && !is_last_stop(text + start, stop - start))
		return false;
	if (!write_letters(pen, text + start, stop - start))
		return false;
	write_last(pen, c, has_last);
	return true;
}

/* The same of a chunk text[len] that is letters, not all of them ASCII's. Two of them at least, and
 * it is not special. */
static bool write_high(struct pen *pen, const uint8_t *text, size_t len)
{
	struct nt_word_bytes bytes;
	uint8_t class = 0, before = 0, is = 0;
	size_t stop = 0, chars = 0;
	uint32_t c = 0;
	for (size_t n; stop < len; stop += n, chars++, before = class, class = is) {
		n = nt_utf8_decode(text + stop, len - stop, &c);
		is = nt_char_class(c);
		if (!(is & NT_LETTER))
			break;
	}
	bool has_last = stop < len;
	if (chars < 2 || (has_last && !(stop + 1 == len && nt_byte_kind[c & 127] & NT_BYTE_LAST)))
		return false;
	if (has_last && c == '.' && class & NT_UPPER && before & NT_LOWER)
		return false;
	write_word(pen, key_of(nt_word_hash(text, stop, &bytes), NT_WORD_HAS_LETTER | NT_WORD_IS_WORD), chars);
	write_last(pen, text[stop], has_last);
	return true;
}

/* Bits below i < 64. */
static inline uint64_t below(unsigned i)
{
	return (UINT64_C(1) << i) - 1;
}

static inline unsigned first_of(uint64_t bits)
{
	return (unsigned)__builtin_ctzll(bits);
}

/* Enters white space beyond ASCII; returns where there is some that ends a line, or `limit`. */
static unsigned add_high_spaces(struct nt_kinds *k, const uint8_t *text, unsigned limit)
{
	for (uint64_t lead = nt_space_leads(text) & k->high & below(limit); lead; lead &= lead - 1) {
		unsigned i = first_of(lead);
		uint32_t c = 0;
		size_t n = nt_utf8_decode(text + i, 4, &c);
		if (!nt_is_high_space(c))
			continue;
		if (nt_is_high_break(c) || i + n > limit)
			return i;
		k->space |= below((unsigned)n) << i;
	}
	return limit;
}

/*
 * Cuts what the window at text[at], of which `len` bytes are of the text, is certain of; returns
 * where the next one begins. A chunk begins where no space stands behind a space, and its
 * letters end where a carry ends that runs through them. At `limit` certainty ends.
 */
static size_t cut_window(struct nt_words *w, const uint8_t *text, size_t at, size_t len)
{
	struct nt_kinds k;
	nt_kinds_of(&k, text + at);
	unsigned limit = len < WINDOW ? (unsigned)len : WINDOW - 1;
	uint64_t with_feed = k.carriage & k.feed >> 1, other = k.other & ~with_feed;
	k.space |= with_feed;
	if (other && first_of(other) < limit)
		limit = first_of(other);
	if (k.high)
		limit = add_high_spaces(&k, text + at, limit);
	uint64_t start = ~k.space & (k.space << 1 | 1), certain = below(limit);
	uint64_t stop = (k.letter + (start & k.letter)) & ~k.letter;
	/* what ends the text ends its last chunk */
	uint64_t space = (k.space & certain) | (uint64_t)(limit == len) << limit;
	struct pen pen = take_pen(w);
	for (uint64_t event = (start | k.feed) & certain; event; event &= event - 1) {
		unsigned i = first_of(event);
		if (k.feed >> i & 1) {
			lay_down(w, &pen);
			end_line(w, at + i - has_carriage(w, text, at + i), at + i + 1);
			pen = take_pen(w);
			continue;
		}
		if (!(space >> i)) { /* the window is too short for the chunk */
			lay_down(w, &pen);
			return at + i;
		}
		unsigned end = first_of(space >> i) + i;
		unsigned letters = k.letter >> i & 1 ? first_of(stop >> i | UINT64_C(1) << 63) + i : i;
		if (write_simple(&pen, text + at, i, letters < end ? letters : end, end))
			continue;
		if (k.high >> i & below(end - i) && write_high(&pen, text + at + i, end - i))
			continue;
		lay_down(w, &pen);
		nt_words_add_chunk(w, text + at + i, end - i);
		if (!make_room(w))
			return at + end;
		pen = take_pen(w);
	}
	lay_down(w, &pen);
	return at + limit;
}

static int reset(struct nt_words *w)
{
	if (nt_grow(&w->word, &w->word_cap, 2, sizeof(*w->word)) < 0 ||
	    nt_grow(&w->line, &w->line_cap, 1, sizeof(*w->line)) < 0)
		return NT_ESYS;
	w->n = w->n_line = w->n_sign = w->sign_chars = w->n_letterless = 0;
	w->first = w->fresh = w->all_lines = 0;
	w->stop_words = 0;
	w->is_part = w->has_failed = false;
	w->word[0] = (struct nt_word){0};
	w->line[0] = (struct nt_line){0};
	return 0;
}

static void sum_up(struct nt_words *w)
{
	w->all_words = w->first + w->n;
	w->all_lines += w->n_line;
	w->n_real = w->all_words - w->n_sign;
	w->real_chars = w->word[w->n].chars - w->sign_chars;
	w->n_letter = w->all_words - w->n_letterless;
}

static int cut(struct nt_words *w, const uint8_t *text, size_t len)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	nt_special_init();
	nt_affix_init();
	pthread_once(&once, make_sign_keys);
	if (reset(w) < 0)
		return NT_ESYS;
	for (size_t at = 0, before; at < len;) {
		if (!make_room(w))
			return NT_ESYS;
		before = at;
		at = cut_window(w, text, at, len - at);
		if (at > before)
			continue;
		/* a character that is not ASCII, or a chunk that is longer than a window */
		at = nt_is_space_at(text + at) ? pass_space(w, text, at) : add_chunk(w, text, at);
	}
	if (w->line[w->n_line].start < len)
		end_line(w, len, len);
	sum_up(w);
	return w->has_failed ? NT_ESYS : 0;
}

int nt_words_cut(struct nt_words *w, const uint8_t *text, size_t len)
{
	w->most = w->most ? w->most : BLOCK;
	w->take = NULL;
	return cut(w, text, len);
}

int nt_words_show(struct nt_words *w, const uint8_t *text, size_t len,
		  void (*take)(void *arg, const struct nt_words *w), void *arg)
{
	int rc = 0;
	if (w->is_part) {
		w->take = take;
		w->arg = arg;
		rc = cut(w, text, len);
	}
	if (rc == 0)
		take(arg, w);
	return rc;
}

void nt_words_release(struct nt_words *w)
{
	free(w->word);
	free(w->line);
	free(w->cut);
	*w = (struct nt_words){0};
}

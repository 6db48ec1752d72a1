/* SPDX-License-Identifier: MIT */
/*
 * words.c - where words and lines are
 *
 * Nearly all that stands between two spaces is letters, or letters and one sign behind them.
 * These are cut here; what is left goes to affix.c.
 */
#include "filter/words.h"

#include <stdlib.h>
#include <string.h>

#include "filter/signs.h"
#include "filter/special.h"
#include "nt/err.h"
#include "text/unicode.h"

enum { PAD = 64 };

static uint64_t flags_of_ascii(const uint8_t *text, size_t len)
{
	uint64_t flags = NT_WORD_IS_PUNCT;
	for (size_t i = 0; i < len; i++) {
		uint8_t class = nt_ascii_class[text[i]];
		flags |= class & NT_LETTER ? NT_WORD_HAS_LETTER : 0;
		flags |= nt_ascii_sign[text[i]] & NT_SIGN_SYMBOL ? 0 : NT_WORD_IS_WORD;
		if (!(class & NT_PUNCT))
			flags &= ~(uint64_t)NT_WORD_IS_PUNCT;
	}
	if (len == 1 && nt_ascii_sign[*text] & NT_SIGN_STOP)
		flags |= NT_WORD_ENDS;
	return flags;
}

static uint64_t flags_of(const uint8_t *text, size_t len, size_t *chars)
{
	uint64_t flags = NT_WORD_IS_PUNCT;
	uint32_t c = 0;
	*chars = 0;
	for (size_t i = 0; i < len; ++*chars) {
		i += nt_utf8_decode(text + i, len - i, &c);
		uint8_t class = nt_char_class(c);
		flags |= class & NT_LETTER ? NT_WORD_HAS_LETTER : 0;
		flags |= nt_sign(c) & NT_SIGN_SYMBOL ? 0 : NT_WORD_IS_WORD;
		if (!(class & NT_PUNCT))
			flags &= ~(uint64_t)NT_WORD_IS_PUNCT;
	}
	if (*chars == 1 && nt_sign(c) & NT_SIGN_STOP)
		flags |= NT_WORD_ENDS;
	return flags;
}

static void put(struct nt_words *w, uint64_t hash, size_t len, size_t chars, uint64_t flags)
{
	if (w->n + 2 > w->word_cap && nt_grow(&w->word, &w->word_cap, w->n + 2, sizeof(*w->word)) < 0) {
		w->has_failed = true;
		return;
	}
	struct nt_word *word = &w->word[w->n++];
	word->key = (hash & ~(uint64_t)NT_WORD_FLAGS) | flags;
	word[1].at = w->joined_len += len;
	word[1].chars = word->chars + chars;
	w->n_real += flags & NT_WORD_IS_WORD ? 1 : 0;
	w->real_chars += flags & NT_WORD_IS_WORD ? chars : 0;
	w->n_letter += flags & NT_WORD_HAS_LETTER;
}

void nt_words_add(struct nt_words *w, const uint8_t *text, size_t len)
{
	uint8_t *to = w->joined + w->joined_len;
	size_t chars = len;
	memcpy(to, text, len);
	uint64_t flags = w->is_ascii ? flags_of_ascii(to, len) : flags_of(to, len, &chars);
	uint64_t hash = nt_word_hash(to, len);
	const struct nt_special *s = nt_special_find(hash, to, len);
	w->stop_words |= s ? s->stop : 0;
	put(w, hash, len, chars, flags);
}

/* ASCII letters, perhaps special ones. */
static void add_letters(struct nt_words *w, const uint8_t *text, size_t len)
{
	uint8_t *to = w->joined + w->joined_len;
	memcpy(to, text, len);
	uint64_t hash = nt_word_hash(to, len);
	const struct nt_special *s = nt_special_find(hash, to, len);
	if (s && !s->stop) {
		for (size_t i = 0, at = 0; i < 3 && s->part[i]; at += s->part[i++])
			nt_words_add(w, text + at, s->part[i]);
		return;
	}
	w->stop_words |= s ? s->stop : 0;
	put(w, hash, len, len, NT_WORD_HAS_LETTER | NT_WORD_IS_WORD);
}

/* --- chunks and lines ------------------------------------------------------------------ */

/* Where the run of characters that are no space ends. */
static size_t chunk_end(const uint8_t *text, size_t at, size_t len)
{
	uint32_t c = 0;
	while (at < len && !(nt_byte_kind[text[at]] & NT_BYTE_SPACE)) {
		if (text[at] < 0x80) {
			at++;
			continue;
		}
		size_t n = nt_utf8_decode(text + at, len - at, &c);
		if (nt_is_high_space(c))
			break;
		at += n;
	}
	return at;
}

/* Is text[at], behind letters, a sign that comes off their end, and the chunk's last byte? A full
 * stop may be part of the word, which affix.c knows. */
static bool is_last_sign(const uint8_t *text, size_t at, size_t len)
{
	uint8_t c = text[at];
	return (c == ',' || c == ';' || c == ':' || c == '!' || c == '?') &&
	       (at + 1 == len || nt_byte_kind[text[at + 1]] & NT_BYTE_SPACE);
}

/* Appends the words of the chunk at text[at]; returns where it ends. */
static size_t add_chunk(struct nt_words *w, const uint8_t *text, size_t at, size_t len, int *rc)
{
	struct nt_line *line = &w->line[w->n_line];
	size_t end = at, chars;
	while (end < len && nt_byte_kind[text[end]] & NT_BYTE_LETTER)
		end++;
	line->n_chunk++;
	if (end > at && (end == len || nt_byte_kind[text[end]] & NT_BYTE_SPACE)) {
		add_letters(w, text + at, end - at);
		chars = end - at;
	} else if (end > at && is_last_sign(text, end, len)) {
		add_letters(w, text + at, end - at);
		nt_words_add(w, text + end, 1);
		chars = ++end - at;
	} else {
		end = chunk_end(text, end, len);
		*rc = nt_words_add_chunk(w, text + at, end - at);
		chars = w->is_ascii ? end - at : nt_count_chars(text + at, end - at);
	}
	if (chars > line->longest)
		line->longest = chars;
	return end;
}

/* Ends the line at `end` and begins the next one at `next`. */
static int end_line(struct nt_words *w, size_t end, size_t next)
{
	w->line[w->n_line++].end = end;
	if (nt_grow(&w->line, &w->line_cap, w->n_line + 1, sizeof(*w->line)) < 0)
		return NT_ESYS;
	w->line[w->n_line] = (struct nt_line){.start = next, .word = w->n};
	return 0;
}

/* Passes over the white space at text[at]; returns where it ends. */
static size_t pass_space(struct nt_words *w, const uint8_t *text, size_t at, size_t len, int *rc)
{
	uint32_t c = text[at];
	size_t n = 1;
	bool is_break = nt_byte_kind[c] & NT_BYTE_BREAK;
	if (c >= 0x80) {
		n = nt_utf8_decode(text + at, len - at, &c);
		is_break = nt_is_high_break(c);
	}
	if (c == '\r' && at + 1 < len && text[at + 1] == '\n')
		n = 2;
	if (is_break)
		*rc = end_line(w, at, at + n);
	return at + n;
}

static int reset(struct nt_words *w, size_t len)
{
	if (nt_grow(&w->word, &w->word_cap, 1, sizeof(*w->word)) < 0 ||
	    nt_grow(&w->line, &w->line_cap, 1, sizeof(*w->line)) < 0 ||
	    nt_grow(&w->joined, &w->joined_cap, len + PAD, 1) < 0)
		return NT_ESYS;
	w->n = w->n_line = w->joined_len = 0;
	w->n_hash = w->n_ellipsis = w->n_real = w->real_chars = w->n_letter = 0;
	w->stop_words = 0;
	w->has_failed = false;
	w->word[0] = (struct nt_word){0};
	w->line[0] = (struct nt_line){0};
	return 0;
}

int nt_words_cut(struct nt_words *w, const uint8_t *text, size_t len)
{
	size_t at = 0;
	uint32_t c = 0;
	nt_special_init();
	int rc = reset(w, len);
	w->is_ascii = nt_is_ascii(text, len);
	while (rc == 0 && at < len) {
		uint8_t kind = nt_byte_kind[text[at]];
		bool is_space = kind & NT_BYTE_SPACE;
		if (kind & NT_BYTE_HIGH && nt_utf8_decode(text + at, len - at, &c))
			is_space = nt_is_high_space(c);
		at = is_space ? pass_space(w, text, at, len, &rc) : add_chunk(w, text, at, len, &rc);
	}
	if (rc == 0 && w->line[w->n_line].start < len)
		rc = end_line(w, len, len);
	return rc == 0 && w->has_failed ? NT_ESYS : rc;
}

void nt_words_release(struct nt_words *w)
{
	free(w->word);
	free(w->line);
	free(w->joined);
	free(w->cut);
	*w = (struct nt_words){0};
}

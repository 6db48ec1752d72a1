/* SPDX-License-Identifier: MIT */
/*
 * affix.c - what stands between two spaces, cut into words
 *
 * spaCy's way: as long as something comes off the front or the back, take it off, unless what
 * is left is special; then cut the rest at what parts words in their middle, unless it is an
 * address. Each rule looks at a character or two, so that a chunk of any length is cut in time
 * that grows with its length.
 */
#include <string.h>

#include "filter/letters.h"
#include "filter/signs.h"
#include "filter/special.h"
#include "filter/words.h"
#include "nt/err.h"
#include "text/unicode.h"

/* A piece of a chunk: [start, end) of text. */
struct piece {
	const uint8_t *text;
	size_t start, end;
};

static uint32_t char_at(const struct piece *p, size_t at, size_t *n)
{
	uint32_t c = 0;
	*n = at < p->end ? nt_utf8_decode(p->text + at, p->end - at, &c) : 0;
	return c;
}

static uint32_t char_before(const struct piece *p, size_t at)
{
	uint32_t c = 0;
	if (at > p->start)
		nt_char_before(p->text, p->start, at, &c);
	return c;
}

static bool is_digit(uint32_t c)
{
	return c - '0' < 10;
}

/* spaCy takes whole blocks of the scripts of East Asia for letters, their punctuation too. */
static uint8_t class_of(uint32_t c)
{
	return c >= 0x2e80 && (c <= 0x33ff || (c >= 0xfe30 && c <= 0xfe4f)) ? NT_CASELESS : nt_char_class(c);
}

static bool is_letter(uint32_t c)
{
	return class_of(c) & NT_LETTER;
}

static bool is_lower(uint32_t c)
{
	return class_of(c) & (NT_LOWER | NT_CASELESS);
}

static bool is_upper(uint32_t c)
{
	return class_of(c) & (NT_UPPER | NT_CASELESS);
}

static bool begins_with(const struct piece *p, const char *s)
{
	size_t n = strlen(s);
	return p->end - p->start >= n && memcmp(p->text + p->start, s, n) == 0;
}

static bool ends_with(const struct piece *p, const char *s)
{
	size_t n = strlen(s);
	return p->end - p->start >= n && memcmp(p->text + p->end - n, s, n) == 0;
}

static const struct nt_special *special(const struct piece *p)
{
	size_t len = p->end - p->start;
	const uint8_t *text = p->text + p->start;
	return len && len <= NT_SPECIAL_BYTES ? nt_special_at(text, len) : NULL;
}

/* --- affixes ----------------------------------------------------------------------------- */

static size_t dots_from(const struct piece *p, size_t at)
{
	size_t n = 0;
	while (at + n < p->end && p->text[at + n] == '.')
		n++;
	return n;
}

/* Bytes that come off the front. */
static size_t prefix(const struct piece *p)
{
	size_t n, more;
	uint32_t c = char_at(p, p->start, &n);
	if (nt_sign(c) & (NT_SIGN_FRONT | NT_SIGN_PICTURE))
		return n;
	if (c == '+')
		return is_digit(char_at(p, p->start + 1, &more)) ? 0 : 1;
	if (c == '.')
		return (n = dots_from(p, p->start)) > 1 ? n : 0;
	if (begins_with(p, "US$"))
		return 3;
	return begins_with(p, "C$") || begins_with(p, "A$") ? 2 : 0;
}

/* What a number may have behind it, the longer in front of the shorter that end it. */
static const char *const behind_digit[] = {
	"US$", "C$", "A$", "$", "£", "€", "¥", "฿", "₽", "﷼", "+",
	"km²", "km³", "km", "dm²", "dm³", "dm", "cm²", "cm³", "cm", "mm²", "mm³", "mm", "m²", "m³",
	"µm", "nm", "m", "ha", "yd", "in", "ft", "kg", "mg", "µg", "g", "lb", "oz", "m/s", "km/h", "kmh",
	"mph", "hPa", "Pa", "mbar", "mb", "MB", "kb", "KB", "gb", "GB", "tb", "TB", "t", "T", "G", "M", "K",
	"%", "км²", "км³", "км", "дм²", "дм³", "дм", "см²", "см³", "см", "мм²", "мм³", "мм", "нм", "м²",
	"м³", "м", "кг", "мг", "г", "м/с", "км/ч", "кПа", "Па", "мбар", "Кб", "КБ", "кб", "Мб", "МБ", "мб",
	"Гб", "ГБ", "гб", "Тб", "ТБ",
};

static bool is_currency(uint32_t c)
{
	return c >= 0x20a0 && c <= 0x20bf;
}

/* Bytes of the longest unit or currency that ends p and has a digit in front of it. */
static size_t unit(const struct piece *p)
{
	size_t best = 0;
	uint32_t last = char_before(p, p->end);
	bool has_digit = false;
	for (size_t i = p->end - p->start > 12 ? p->end - 12 : p->start; i < p->end; i++)
		has_digit = has_digit || is_digit(p->text[i]);
	if (!has_digit)
		return 0;
	if (is_currency(last) && is_digit(char_before(p, p->end - 3)))
		return 3;
	for (size_t i = 0; i < sizeof(behind_digit) / sizeof(*behind_digit); i++) {
		size_t n = strlen(behind_digit[i]);
		if (n > best && ends_with(p, behind_digit[i]) && is_digit(char_before(p, p->end - n)))
			best = n;
	}
	return best;
}

/* Does the full stop that ends p come off? */
static bool is_full_stop(const struct piece *p)
{
	size_t at = p->end - 1;
	uint32_t c = char_before(p, at);
	if (at == p->start)
		return false;
	if (nt_sign(c) & NT_SIGN_FULL || is_lower(c))
		return true;
	size_t n = nt_char_before(p->text, p->start, at, &c);
	uint32_t before = char_before(p, at - n);
	return is_upper(c) && at - n > p->start && is_upper(before);
}

/* Bytes that come off the back. */
static size_t suffix(const struct piece *p)
{
	if (p->start == p->end)
		return 0;
	uint32_t c = char_before(p, p->end);
	if ((c == 's' || c == 'S') && p->end - p->start > 1) {
		uint32_t quote = char_before(p, p->end - 1);
		if (quote == '\'' || quote == 0x2019)
			return quote == '\'' ? 2 : 4;
	}
	if (c == '.') {
		size_t n = 1;
		while (n < p->end - p->start && p->text[p->end - n - 1] == '.')
			n++;
		return n > 1 ? n : is_full_stop(p);
	}
	if (c == 0x2026 && p->end - p->start >= 6 && char_before(p, p->end - 3) == 0x2026)
		return 6; /* two of them are one sign here */
	if (nt_sign(c) & (NT_SIGN_BACK | NT_SIGN_PICTURE))
		return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	return unit(p);
}

/* --- addresses ---------------------------------------------------------------------------- */

static bool is_host_char(uint32_t c)
{
	return is_digit(c) || (c < 128 && nt_is_ascii_letter((uint8_t)c)) || (c >= 0xa1 && c <= 0xffff);
}

/* Is text[start, end) labels with full stops between them, the last one 2 to 63 small letters? */
static bool is_host(const struct piece *p, size_t start, size_t end)
{
	size_t chars = 0, n_label = 0, n;
	bool is_small = true;
	uint32_t c = 0, before = 0;
	for (size_t i = start; i < end; i += n, before = c) {
		c = char_at(p, i, &n);
		if (c == '.') {
			if (chars == 0 || chars > 64 || before == '-' || before == '_')
				return false;
			n_label++;
			chars = 0;
			is_small = true;
			continue;
		}
		if (!is_host_char(c) && !(chars && (c == '-' || c == '_')))
			return false;
		is_small = is_small && is_lower(c);
		chars++;
	}
	return n_label && chars >= 2 && chars <= 63 && is_small;
}

static bool is_one_of(uint8_t c, const char *set)
{
	return c && strchr(set, c);
}

/* Is what begins at `start` a host, with or without a port and a path? */
static bool is_host_and_rest(const struct piece *p, size_t start)
{
	size_t end = start, at;
	while (end < p->end && !is_one_of(p->text[end], "/?#:"))
		end++;
	if (!is_host(p, start, end))
		return false;
	at = end;
	if (at < p->end && p->text[at] == ':') {
		while (++at < p->end && is_digit(p->text[at]))
			;
		if (at - end < 3 || at - end > 6)
			return false;
	}
	return at == p->end || is_one_of(p->text[at], "/?#");
}

/* Two characters or more of those that schemes have, up to `end`. */
static bool is_scheme(const struct piece *p, size_t end)
{
	size_t n, chars = 0;
	for (size_t at = p->start; at < end; at += n, chars++) {
		uint32_t c = char_at(p, at, &n);
		if (!(nt_char_class(c) & (NT_LETTER | NT_NUMBER)) && !(c < 128 && is_one_of((uint8_t)c, "+-._")))
			return false;
	}
	return chars >= 2;
}

/* http://host:80/path, user@host, host: a path alone is none. */
static bool is_address(const struct piece *p)
{
	const uint8_t *text = p->text + p->start;
	size_t len = p->end - p->start;
	if (!memchr(text, '.', len))
		return false;
	const uint8_t *scheme = memmem(text, len, "://", 3);
	if (is_host_and_rest(p, p->start))
		return true;
	if (scheme && is_scheme(p, (size_t)(scheme - p->text)) &&
	    is_host_and_rest(p, (size_t)(scheme + 3 - p->text)))
		return true;
	/* one look at the last @: a path with many of them is not worth a search */
	const uint8_t *at = memrchr(text, '@', len);
	return at && at > text && is_host_and_rest(p, (size_t)(at + 1 - p->text));
}

/* --- the middle ---------------------------------------------------------------------------- */

/* Hyphens that part two words at `at`, where the first of them stands: bytes, or 0. */
static size_t hyphen(const struct piece *p, size_t at, uint32_t c, size_t n)
{
	uint32_t before = char_before(p, at);
	size_t most = c == '-' ? 3 : c == 0x2014 ? 2 : 1, len = n, unused;
	if (!is_letter(before) && !is_digit(before))
		return 0;
	while (--most && at + len < p->end && memcmp(p->text + at, p->text + at + len, n) == 0)
		len += n;
	return is_letter(char_at(p, at + len, &unused)) ? len : 0;
}

static bool is_lower_or_quote(uint32_t c)
{
	return is_lower(c) || nt_sign(c) & NT_SIGN_QUOTE;
}

static bool is_upper_or_quote(uint32_t c)
{
	return is_upper(c) || nt_sign(c) & NT_SIGN_QUOTE;
}

/* Bytes at `at` that part two words, or 0; *n is the length of the character there. */
static size_t infix(const struct piece *p, size_t at, size_t *n)
{
	size_t unused, k;
	uint32_t c = char_at(p, at, n), before, after;
	if (is_digit(c))
		return 0;
	if (c == '.' && (k = dots_from(p, at)) > 1)
		return k;
	if (c == 0x2026 || nt_sign(c) & NT_SIGN_PICTURE)
		return *n;
	if (at == p->start)
		return 0;
	before = char_before(p, at);
	after = char_at(p, at + *n, &unused);
	if ((c == '+' || c == '-' || c == '*' || c == '^') && is_digit(before) &&
	    (is_digit(after) || after == '-'))
		return 1;
	if (c == '.')
		return is_lower_or_quote(before) && is_upper_or_quote(after);
	if (c == ',')
		return is_letter(before) && is_letter(after);
	if (c == ':' || c == '<' || c == '>' || c == '=' || c == '/')
		return (is_letter(before) || is_digit(before)) && is_letter(after);
	return c == '-' || c == '~' || c == 0x2013 || c == 0x2014 ? hyphen(p, at, c, *n) : 0;
}

static void add_middle(struct nt_words *w, const struct piece *p)
{
	size_t from = p->start, n;
	for (size_t at = p->start; at < p->end; at += n) {
		if ((n = nt_count_letters(p->text + at)))
			continue;
		size_t len = infix(p, at, &n);
		if (!len)
			continue;
		n = len;
		if (at == p->start)
			continue;
		if (at > from)
			nt_words_add(w, p->text + from, at - from);
		nt_words_add(w, p->text + at, len);
		from = at + len;
	}
	if (from < p->end)
		nt_words_add(w, p->text + from, p->end - from);
}

static void add_special(struct nt_words *w, const struct piece *p, const struct nt_special *s)
{
	for (size_t i = 0, at = p->start; i < 3 && s->part[i]; at += s->part[i++])
		nt_words_add(w, p->text + at, s->part[i]);
}

/* Takes `len` bytes off the back and remembers where they begin. */
static int take_suffix(struct nt_words *w, struct piece *p, size_t len)
{
	if (nt_grow(&w->cut, &w->cut_cap, w->n_cut + 1, sizeof(*w->cut)) < 0)
		return NT_ESYS;
	w->cut[w->n_cut++] = p->end -= len;
	return 0;
}

/* Takes affixes off until none is left or the rest is special, which it returns in *s. */
static int take_affixes(struct nt_words *w, struct piece *p, const struct nt_special **s)
{
	*s = NULL;
	while (p->start < p->end && !(*s = special(p))) {
		size_t front = prefix(p), back;
		struct piece rest = {p->text, p->start + front, p->end};
		bool is_done = front && (*s = special(&rest));
		if (!is_done && (back = suffix(&rest))) {
			if (take_suffix(w, p, back) < 0)
				return NT_ESYS;
			if ((*s = special(p))) /* with what came off the front: 'em */
				return 0;
		} else if (!front) {
			return 0;
		}
		if (front)
			nt_words_add(w, p->text + p->start, front);
		p->start += front;
		if (is_done)
			return 0;
	}
	return 0;
}

static void count_signs(struct nt_words *w, const uint8_t *text, size_t len)
{
	for (size_t i = 0; (i += nt_count_letters(text + i)) < len; i++) {
		w->n_hash += text[i] == '#';
		if (text[i] != '.' && text[i] < 0x80)
			continue;
		if (len - i >= 3 && (memcmp(text + i, "...", 3) == 0 || memcmp(text + i, "\u2026", 3) == 0)) {
			w->n_ellipsis++;
			i += 2;
		}
	}
}

int nt_words_add_chunk(struct nt_words *w, const uint8_t *text, size_t len)
{
	struct piece p = {text, 0, len};
	const struct nt_special *s;
	count_signs(w, text, len);
	w->n_cut = 0;
	int rc = take_affixes(w, &p, &s);
	if (s)
		add_special(w, &p, s);
	else if (is_address(&p))
		nt_words_add(w, text + p.start, p.end - p.start);
	else
		add_middle(w, &p);
	for (size_t end; w->n_cut; p.end = end) {
		end = --w->n_cut ? w->cut[w->n_cut - 1] : len;
		nt_words_add(w, text + p.end, end - p.end);
	}
	return rc;
}

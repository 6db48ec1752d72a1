/* SPDX-License-Identifier: MIT */
/*
 * affix.c - what stands between two spaces, cut into words
 *
 * spaCy's way: as long as something comes off the front or the back, take it off, unless what
 * is left is special; then cut the rest at what parts words in their middle, unless it is an
 * address. Each rule looks at a character or two, so that a chunk of any length is cut in time
 * that grows with its length.
 */
#include <pthread.h>
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
	bool has_digit; /* perhaps; if not, nothing ends in a unit */
};

static inline uint32_t char_at(const struct piece *p, size_t at, size_t *n)
{
	uint32_t c = 0;
	*n = at < p->end ? nt_utf8_decode(p->text + at, p->end - at, &c) : 0;
	return c;
}

static inline uint32_t char_before(const struct piece *p, size_t at)
{
	uint32_t c = 0;
	if (at > p->start && (c = p->text[at - 1]) >= 0x80)
		nt_char_before(p->text, p->start, at, &c);
	return c;
}

static inline bool is_digit(uint32_t c)
{
	return c - '0' < 10;
}

/* spaCy takes whole blocks of the scripts of East Asia for letters, their punctuation too. */
static inline uint8_t class_of(uint32_t c)
{
	if (c < 128)
		return nt_ascii_class[c];
	return c >= 0x2e80 && (c <= 0x33ff || (c >= 0xfe30 && c <= 0xfe4f)) ? NT_CASELESS : nt_char_class(c);
}

static inline bool is_letter(uint32_t c)
{
	return class_of(c) & NT_LETTER;
}

static inline bool is_lower(uint32_t c)
{
	return class_of(c) & (NT_LOWER | NT_CASELESS);
}

static inline bool is_upper(uint32_t c)
{
	return class_of(c) & (NT_UPPER | NT_CASELESS);
}

static inline const struct nt_special *special(const struct piece *p)
{
	return p->end > p->start ? nt_special_at(p->text + p->start, p->end - p->start) : NULL;
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
	if (c == 'U')
		return p->end - p->start >= 3 && memcmp(p->text + p->start, "US$", 3) == 0 ? 3 : 0;
	return (c == 'C' || c == 'A') && char_at(p, p->start + 1, &more) == '$' ? 2 : 0;
}

/* What a number may have behind it; none has a digit in it, or more than UNIT_BYTES. */
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

enum { UNIT_BYTES = 8, UNIT_SLOTS = 512, N_UNIT = sizeof(behind_digit) / sizeof(*behind_digit) };

static uint64_t unit_slot[UNIT_SLOTS]; /* the bytes of a unit, 0: free */

static inline size_t slot_of(uint64_t unit)
{
	return (size_t)(unit * UINT64_C(0x9e3779b97f4a7c15) >> 55);
}

static void fill_units(void)
{
	for (size_t i = 0; i < N_UNIT; i++) {
		uint64_t unit = 0;
		nt_assert(strlen(behind_digit[i]) <= UNIT_BYTES);
		memcpy(&unit, behind_digit[i], strlen(behind_digit[i]));
		size_t slot = slot_of(unit);
		while (unit_slot[slot])
			slot = (slot + 1) % UNIT_SLOTS;
		unit_slot[slot] = unit;
	}
}

void nt_affix_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, fill_units);
}

static bool is_unit(const uint8_t *text, size_t len)
{
	uint64_t unit = 0;
	memcpy(&unit, text, len);
	for (size_t slot = slot_of(unit); unit_slot[slot]; slot = (slot + 1) % UNIT_SLOTS)
		if (unit_slot[slot] == unit)
			return true;
	return len == 3 && is_currency(char_at(&(struct piece){.text = text, .end = len}, 0, &len));
}

/* Bytes of the unit or currency that ends p and has a digit in front of it. */
static size_t unit(const struct piece *p)
{
	size_t n = 0;
	if (!p->has_digit)
		return 0;
	while (n < p->end - p->start && !is_digit(p->text[p->end - n - 1]))
		if (n++ == UNIT_BYTES)
			return 0;
	return n && n < p->end - p->start && is_unit(p->text + p->end - n, n) ? n : 0;
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
	if (end < start + 3 || (p->text[end - 1] < 0x80 && !is_lower(p->text[end - 1])))
		return false; /* as most do that are none */
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

static inline bool ends_host(uint8_t c)
{
	return c == '/' || c == '?' || c == '#' || c == ':';
}

static size_t host_end(const struct piece *p, size_t start)
{
	while (start < p->end && !ends_host(p->text[start]))
		start++;
	return start;
}

/* Is what begins at `start` a host, with or without a port and a path? */
static bool is_host_and_rest(const struct piece *p, size_t start)
{
	size_t end = host_end(p, start), at;
	if (!is_host(p, start, end))
		return false;
	at = end;
	if (at < p->end && p->text[at] == ':') {
		while (++at < p->end && is_digit(p->text[at]))
			;
		if (at - end < 3 || at - end > 6)
			return false;
	}
	return at == p->end || (p->text[at] != ':' && ends_host(p->text[at]));
}

/* Two characters or more of those that schemes have, up to `end`. */
static bool is_scheme(const struct piece *p, size_t end)
{
	size_t n, chars = 0;
	for (size_t at = p->start; at < end; at += n, chars++) {
		uint32_t c = char_at(p, at, &n);
		if (!(nt_char_class(c) & (NT_LETTER | NT_NUMBER)) && c != '+' && c != '-' && c != '.' && c != '_')
			return false;
	}
	return chars >= 2;
}

static bool has_dot(const struct piece *p)
{
	for (size_t at = p->start; at < p->end; at += 16) {
		unsigned dots = nt_dots(p->text + at);
		if (dots)
			return at + (size_t)__builtin_ctz(dots) < p->end;
	}
	return false;
}

/* http://host:80/path, user@host, host: a path alone is none. */
static bool is_address(const struct piece *p)
{
	if (!has_dot(p))
		return false;
	if (is_host_and_rest(p, p->start))
		return true;
	size_t colon = host_end(p, p->start);
	if (p->end - colon >= 3 && memcmp(p->text + colon, "://", 3) == 0 && is_scheme(p, colon) &&
	    is_host_and_rest(p, colon + 3))
		return true;
	/* one look at the last @: a path with many of them is not worth a search */
	const uint8_t *text = p->text + p->start, *at = memrchr(text, '@', p->end - p->start);
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
	if (c < 128 ? !(nt_byte_kind[c] & NT_BYTE_INFIX) : nt_char_class(c) & NT_LETTER)
		return 0;
	if (c == '.' && (k = dots_from(p, at)) > 1)
		return k;
	if (c >= 128 && (c == 0x2026 || nt_high_sign(c) & NT_SIGN_PICTURE))
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

/* Where text that may be an infix begins, from `at` on. */
static size_t next_infix(const struct piece *p, size_t at)
{
	for (; at < p->end; at += 16) {
		unsigned bits = nt_infixes(p->text + at);
		if (bits)
			return at + (size_t)__builtin_ctz(bits);
	}
	return at;
}

static void add_middle(struct nt_words *w, const struct piece *p)
{
	size_t from = p->start, n;
	for (size_t at = p->start; (at = next_infix(p, at)) < p->end; at += n) {
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

/* Room for a bit a byte, none of them set; false: no memory. */
static bool make_room(struct nt_words *w, size_t len)
{
	size_t n = len / 64 + 1, had = w->cut_cap;
	if (n <= had)
		return true;
	if (nt_grow(&w->cut, &w->cut_cap, n, sizeof(*w->cut)) < 0)
		return false;
	memset(w->cut + had, 0, (w->cut_cap - had) * sizeof(*w->cut));
	return true;
}

/* Takes `len` bytes off the back and remembers where they begin. */
static void take_suffix(struct nt_words *w, struct piece *p, size_t len)
{
	p->end -= len;
	w->cut[p->end / 64] |= UINT64_C(1) << p->end % 64;
}

/* Appends the suffixes of p, the first of which begins at its end, and forgets them. */
static void add_suffixes(struct nt_words *w, const struct piece *p, size_t len)
{
	size_t from = p->end;
	for (size_t i = from / 64; i <= len / 64; i++)
		for (; w->cut[i]; w->cut[i] &= w->cut[i] - 1) {
			size_t at = 64 * i + (size_t)__builtin_ctzll(w->cut[i]);
			if (at > from)
				nt_words_add(w, p->text + from, at - from);
			from = at;
		}
	if (from < len)
		nt_words_add(w, p->text + from, len - from);
}

/* Takes affixes off until none is left or the rest is special, which it returns. */
static const struct nt_special *take_affixes(struct nt_words *w, struct piece *p)
{
	const struct nt_special *s = special(p);
	while (!s && p->start < p->end) {
		size_t front = prefix(p), back = 0;
		struct piece rest = {p->text, p->start + front, p->end, p->has_digit};
		s = front ? special(&rest) : NULL;
		if (!s && (back = suffix(&rest))) {
			take_suffix(w, p, back);
			if ((s = special(p))) /* with what came off the front: 'em */
				return s;
		}
		if (!front && !back)
			return NULL;
		if (front)
			nt_words_add(w, p->text + p->start, front);
		p->start += front;
		if (front && back)
			s = special(p);
	}
	return s;
}

void nt_words_add_chunk(struct nt_words *w, const uint8_t *text, size_t len)
{
	struct piece p = {text, 0, len, len > 16 || nt_digits(text) & ((2u << (len - 1)) - 1)};
	if (!make_room(w, len)) {
		w->has_failed = true;
		return;
	}
	const struct nt_special *s = take_affixes(w, &p);
	if (s)
		add_special(w, &p, s);
	else if (is_address(&p))
		nt_words_add(w, text + p.start, p.end - p.start);
	else
		add_middle(w, &p);
	if (p.end < len)
		add_suffixes(w, &p, len);
}

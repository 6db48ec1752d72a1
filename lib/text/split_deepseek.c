/* SPDX-License-Identifier: MIT */
/*
 * split_deepseek.c - DeepSeek's pre-tokenizer, three expressions one after the other, by hand
 *
 *	1  \p{N}{1,3}
 *	2  [U+4E00-U+9FA5 U+3040-U+30FF]+
 *	3  [!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*
 *	   |\s*[\r\n]+|\s+(?!\S)|\s+
 *
 * Each sees only what the ones before have left, and there a text ends where a number or a
 * character of the second begins. What none of them matches (controls, joiners, private
 * characters) stays together.
 */
#include "base/utf8.h"
#include "text/split.h"
#include "text/unicode.h"

/* A character as the third expression sees it; len 0 where its text ends. */
struct mark {
	uint32_t c;
	uint8_t class, len;
};

static struct mark look_any(const uint8_t *text, size_t at, size_t len)
{
	struct mark m = {.len = 1};
	if (at >= len)
		return (struct mark){0};
	size_t n = nt_utf8_decode(text + at, len - at, &m.c);
	if (n) {
		m.len = (uint8_t)n;
		m.class = m.c < 0x80 ? nt_ascii_class[m.c] : nt_char_class(m.c);
	} else {
		m.c = UINT32_MAX;
	}
	return m;
}

static bool is_ideograph(uint32_t c)
{
	return (c >= 0x4e00 && c <= 0x9fa5) || (c >= 0x3040 && c <= 0x30ff);
}

static struct mark look(const uint8_t *text, size_t at, size_t len)
{
	struct mark m = look_any(text, at, len);
	return m.class & NT_NUMBER || is_ideograph(m.c) ? (struct mark){0} : m;
}

static size_t run_of(const uint8_t *text, size_t at, size_t len, unsigned set)
{
	for (struct mark m; (m = look(text, at, len)).class & set;)
		at += m.len;
	return at;
}

/* \s*[\r\n]+|\s+(?!\S)|\s+ */
static size_t spaces(const uint8_t *text, size_t at, size_t len)
{
	size_t end = at, last = at;
	struct mark m;
	for (; (m = look(text, end, len)).class & NT_SPACE; end += m.len)
		last = end;
	for (size_t k = end; k > at; k--)
		if (nt_is_feed(text[k - 1]))
			return k;
	return m.len == 0 || last == at ? end : last;
}

/* The third expression at one place; `at` if it does not match. */
static size_t match(const uint8_t *text, size_t at, size_t len)
{
	enum { SIGN = NT_PUNCT | NT_SYMBOL, WORD = NT_LETTER | NT_MARK };
	struct mark m = look(text, at, len);
	size_t next = at + m.len;
	if (m.c < 0x80 && m.class & SIGN && next < len && nt_is_ascii_letter(text[next])) {
		while (next < len && nt_is_ascii_letter(text[next]))
			next++;
		return next;
	}
	if (!(m.class & (NT_LETTER | SIGN)) && !nt_is_feed(text[at])) {
		size_t end = run_of(text, next, len, WORD);
		if (end > next)
			return end;
	}
	if (m.class & WORD)
		return run_of(text, next, len, WORD);
	size_t signs = at + (text[at] == ' '), end = run_of(text, signs, len, SIGN);
	if (end == signs)
		return spaces(text, at, len);
	while (end < len && nt_is_feed(text[end]))
		end++;
	return end;
}

size_t nt_next_deepseek(const uint8_t *text, size_t at, size_t len)
{
	struct mark m = look_any(text, at, len);
	size_t end = at;
	if (m.class & NT_NUMBER) {
		for (int most = 3; most-- > 0 && (m = look_any(text, end, len)).class & NT_NUMBER;)
			end += m.len;
		return end;
	}
	if (is_ideograph(m.c)) {
		for (; m.len && is_ideograph(m.c); m = look_any(text, end, len))
			end += m.len;
		return end;
	}
	end = match(text, at, len);
	for (; end == at; at = end) {
		end += m.len;
		m = look(text, end, len);
		if (m.len == 0 || match(text, end, len) > end)
			break;
	}
	return end;
}

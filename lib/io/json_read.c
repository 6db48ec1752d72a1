/* SPDX-License-Identifier: MIT */
/*
 * json_read.c - JSON pulled out of memory
 *
 * Nearly all bytes of a large file are indentation and plain characters in strings. Both
 * are passed over eight at a time: a word of eight bytes is compared with the byte that is
 * looked for in every place at once, and the lowest place where it differs is where to
 * look closely. Strings without escapes, nearly all, are not copied.
 *
 * RFC 8259.
 */
#include "io/json.h"

#include "base/le.h"
#include "base/utf8.h"
#include "nt/err.h"

#define EVERY UINT64_C(0x0101010101010101) /* a byte times this is that byte eight times */
#define HIGHS UINT64_C(0x8080808080808080)

static size_t place(const struct nt_json *j)
{
	return (size_t)(j->at - j->text);
}

static int cut(const struct nt_json *j)
{
	return nt_fail(NT_EFORMAT, "cut: its JSON goes on behind byte %zu", (size_t)(j->end - j->text));
}

/* What stands at j->at is not what must stand there. */
static int wrong(const struct nt_json *j, const char *why)
{
	if (j->at >= j->end)
		return cut(j);
	return nt_fail(NT_EFORMAT, "not JSON at byte %zu: %s", place(j), why);
}

void nt_json_init(struct nt_json *j, const void *text, size_t len)
{
	const uint8_t *p = text;
	*j = (struct nt_json){.text = p, .at = p, .end = p + len};
}

void nt_json_release(struct nt_json *j)
{
	nt_buf_release(&j->unescaped);
}

/* The places of the bytes that are c, as their high bits; the lowest is right, those above
 * it may not be. */
static inline uint64_t places_of(uint64_t word, uint8_t c)
{
	uint64_t x = word ^ EVERY * c;
	return (x - EVERY) & ~x & HIGHS;
}

static inline bool is_space(uint8_t c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Indentation is a line feed and a run of spaces. */
static void skip_space(struct nt_json *j)
{
	const uint8_t *p = j->at, *end = j->end;
	while (p < end && is_space(*p)) {
		p++;
		while (end - p >= 8) {
			uint64_t differs = nt_le64(p) ^ EVERY * ' ';
			if (differs) {
				p += __builtin_ctzll(differs) / 8;
				break;
			}
			p += 8;
		}
	}
	j->at = p;
}

int nt_json_peek(struct nt_json *j)
{
	skip_space(j);
	uint8_t c = j->at < j->end ? *j->at : 0;
	switch (c) {
	case '{':
	case '[':
	case '"':
	case 't':
	case 'f':
	case 'n':
		return c;
	case '-':
		return '0';
	case 'N':
	case 'I':
		if (j->is_lenient)
			return '0';
	}
	return c >= '0' && c <= '9' ? '0' : wrong(j, "a value is missing");
}

int nt_json_enter(struct nt_json *j, char kind)
{
	skip_space(j);
	if (j->at == j->end || *j->at != (uint8_t)kind)
		return wrong(j, kind == '{' ? "an object is missing" : "an array is missing");
	if (j->depth == NT_JSON_DEPTH_MOST) {
		j->is_too_deep = true;
		return wrong(j, "nested too deeply");
	}
	uint64_t bit = UINT64_C(1) << j->depth % 64, *word = &j->objects[j->depth / 64];
	*word = kind == '{' ? *word | bit : *word & ~bit;
	j->depth++;
	j->is_first = true;
	j->at++;
	return 0;
}

static bool in_object(const struct nt_json *j)
{
	unsigned inmost = j->depth - 1;
	return j->objects[inmost / 64] >> inmost % 64 & 1;
}

int nt_json_more(struct nt_json *j)
{
	nt_assert(j->depth > 0);
	bool is_object = in_object(j), was_first = j->is_first;
	skip_space(j);
	j->is_first = false;
	if (j->at < j->end && *j->at == (is_object ? '}' : ']')) {
		j->at++;
		j->depth--;
		return 0;
	}
	if (was_first)
		return 1;
	if (j->at == j->end || *j->at != ',')
		return wrong(j, is_object ? "neither ',' nor '}'" : "neither ',' nor ']'");
	j->at++;
	return 1;
}

/* --- strings --------------------------------------------------------------------- */

static int hex4(const uint8_t *p, const uint8_t *end, uint32_t *value)
{
	*value = 0;
	for (int i = 0; i < 4; i++) {
		uint32_t c = p + i < end ? p[i] : 0, lower = c | 0x20;
		if (c >= '0' && c <= '9')
			*value = *value << 4 | (c - '0');
		else if (lower >= 'a' && lower <= 'f')
			*value = *value << 4 | (lower - 'a' + 10);
		else
			return i;
	}
	return 4;
}

/* The code point of a \u escape: its four digits are at j->at, which moves behind them. */
static int read_u(struct nt_json *j, uint32_t *c)
{
	uint32_t low;
	int n = hex4(j->at, j->end, c);
	if (n < 4) {
		j->at += n;
		return wrong(j, "\\u takes four hexadecimal digits");
	}
	if (*c - 0xd800 >= 0x800) {
		j->at += 4;
		return 0;
	}
	static const char lone[] = "half of a surrogate pair";
	const uint8_t *p = j->at + 4, *end = j->end;
	if (j->is_lenient && (*c >= 0xdc00 || end - p < 6 || p[0] != '\\' || p[1] != 'u' ||
			      hex4(p + 2, end, &low) < 4 || low - 0xdc00 >= 0x400)) {
		*c = 0xfffd;
		j->at += 4;
		return 0;
	}
	if (*c >= 0xdc00 || (p < end && p[0] != '\\') || (p + 1 < end && p[1] != 'u'))
		return wrong(j, lone);
	if (end - p < 6)
		return cut(j);
	if (hex4(p + 2, end, &low) < 4 || low - 0xdc00 >= 0x400)
		return wrong(j, lone);
	*c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
	j->at += 10;
	return 0;
}

/* One escape; j->at is behind its backslash, and moves behind it. */
static int read_escape(struct nt_json *j)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	uint8_t utf8[4];
	uint32_t c;
	if (j->at < j->end && *j->at == 'u') {
		j->at++;
		int rc = read_u(j, &c);
		return rc < 0 ? rc : nt_buf_add(&j->unescaped, utf8, nt_utf8_encode(utf8, c));
	}
	const char *which = j->at < j->end && *j->at ? strchr(from, *j->at) : NULL;
	if (!which)
		return wrong(j, "no such escape");
	j->at++;
	return nt_buf_add(&j->unescaped, &to[which - from], 1);
}

/* Moves j->at over plain characters to a quote or a backslash. */
static int read_plain(struct nt_json *j)
{
	const uint8_t *p = j->at, *end = j->end;
	uint32_t c;
	for (;;) {
		while (end - p >= 8) {
			uint64_t w = nt_le64(p);
			/* below 0x20: with 0x20 taken away the high bit comes up, or was there */
			uint64_t stop = (w | (w - EVERY * 0x20) | places_of(w, '"') | places_of(w, '\\')) & HIGHS;
			if (stop) {
				p += __builtin_ctzll(stop) / 8;
				break;
			}
			p += 8;
		}
		while (end - p >= 2 && *p >= 0xc2 && *p < 0xe0 && (p[1] & 0xc0) == 0x80)
			p += 2;
		j->at = p;
		if (p == end)
			return cut(j);
		if (*p == '"' || *p == '\\')
			return 0;
		if (*p < 0x20 && !j->is_lenient)
			return wrong(j, "a control character in a string");
		size_t n = nt_utf8_decode(p, (size_t)(end - p), &c);
		if (n == 0 && j->is_lenient)
			n = 1;
		if (n == 0)
			return wrong(j, "not UTF-8");
		p += n;
	}
}

/* The rest of a string in which j->at is at the first escape, which begins at start. */
static int read_escaped(struct nt_json *j, const uint8_t *start, struct nt_json_text *s)
{
	int rc = 0;
	j->unescaped.len = 0;
	for (;;) {
		rc = nt_buf_add(&j->unescaped, start, (size_t)(j->at - start));
		if (rc < 0)
			return rc;
		if (*j->at == '"')
			break;
		j->at++;
		if ((rc = read_escape(j)) < 0)
			return rc;
		start = j->at;
		if ((rc = read_plain(j)) < 0)
			return rc;
	}
	j->at++;
	*s = (struct nt_json_text){j->unescaped.data, j->unescaped.len, true};
	return 0;
}

int nt_json_read_string(struct nt_json *j, struct nt_json_text *s)
{
	skip_space(j);
	if (j->at == j->end || *j->at != '"')
		return wrong(j, "a string is missing");
	const uint8_t *start = ++j->at;
	int rc = read_plain(j);
	if (rc < 0)
		return rc;
	if (*j->at == '\\')
		return read_escaped(j, start, s);
	*s = (struct nt_json_text){start, (size_t)(j->at++ - start), false};
	return 0;
}

int nt_json_key(struct nt_json *j, struct nt_json_text *key)
{
	int rc = nt_json_more(j);
	if (rc <= 0)
		return rc;
	if ((rc = nt_json_read_string(j, key)) < 0)
		return rc;
	skip_space(j);
	if (j->at == j->end || *j->at != ':')
		return wrong(j, "no ':' behind a key");
	j->at++;
	return 1;
}

/* --- other values ------------------------------------------------------------------ */

static size_t read_digits(struct nt_json *j)
{
	const uint8_t *start = j->at;
	while (j->at < j->end && *j->at >= '0' && *j->at <= '9')
		j->at++;
	return (size_t)(j->at - start);
}

static bool take(struct nt_json *j, char a, char b)
{
	if (j->at == j->end || (*j->at != (uint8_t)a && *j->at != (uint8_t)b))
		return false;
	j->at++;
	return true;
}

static int read_word(struct nt_json *j, const char *word)
{
	for (; *word; word++)
		if (!take(j, *word, *word))
			return wrong(j, "neither true nor false nor null");
	return 0;
}

static int read_number(struct nt_json *j)
{
	static const char digit[] = "a digit is missing";
	take(j, '-', '-');
	const uint8_t *start = j->at;
	if (j->is_lenient && start < j->end && (*start == 'N' || *start == 'I'))
		return read_word(j, *start == 'N' ? "NaN" : "Infinity");
	size_t n = read_digits(j);
	if (n == 0)
		return wrong(j, digit);
	if (n > 1 && *start == '0') {
		j->at = start;
		return wrong(j, "a number begins with 0");
	}
	if (take(j, '.', '.') && read_digits(j) == 0)
		return wrong(j, digit);
	if (take(j, 'e', 'E')) {
		take(j, '+', '-');
		if (read_digits(j) == 0)
			return wrong(j, digit);
	}
	return 0;
}

static int skip_scalar(struct nt_json *j, int kind)
{
	struct nt_json_text s;
	switch (kind) {
	case '"':
		return nt_json_read_string(j, &s);
	case '0':
		return read_number(j);
	case 't':
		return read_word(j, "true");
	case 'f':
		return read_word(j, "false");
	}
	return read_word(j, "null");
}

int nt_json_skip(struct nt_json *j, struct nt_json_text *span)
{
	struct nt_json_text key;
	unsigned outside = j->depth;
	int rc = nt_json_peek(j);
	const uint8_t *start = j->at;
	while (rc >= 0) {
		rc = rc == '{' || rc == '[' ? nt_json_enter(j, (char)rc) : skip_scalar(j, rc);
		/* on to the next value, out of whatever ends before it */
		for (int more = 0; rc >= 0 && !more && j->depth > outside; rc = more)
			more = in_object(j) ? nt_json_key(j, &key) : nt_json_more(j);
		if (rc < 0 || j->depth == outside)
			break;
		rc = nt_json_peek(j);
	}
	if (rc >= 0 && span)
		*span = (struct nt_json_text){start, (size_t)(j->at - start), false};
	return rc < 0 ? rc : 0;
}

int nt_json_end(struct nt_json *j)
{
	skip_space(j);
	if (j->at < j->end)
		return nt_fail(NT_EFORMAT, "its JSON ends at byte %zu, but the file goes on", place(j));
	return 0;
}

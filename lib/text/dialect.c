/* SPDX-License-Identifier: MIT */
/*
 * dialect.c - regular expressions of tokenizer.json as PCRE2 reads them
 *
 * They are Ruby's, as Oniguruma knows it, and nearly PCRE2's. What differs, and is written
 * anew here:
 *
 *	\s \w \h \b	PCRE2 counts U+180E as space and no marks as parts of words; its \h is a blank
 *	[:punct:]	has symbols, too
 *	{n,m}+		is one or more of {n,m}, not a possessive {n,m}
 *	(?m)		lets the dot match line feeds
 *	\uNNNN		is \x{NNNN}
 *
 * ^ and $ are at lines: the compiler is told. Classes in classes, && and negated \w or \h
 * in a class are refused. A category takes in the characters that it has in Unicode 16.0 and
 * PCRE2, which may be of 13.0, does not know; scripts are as PCRE2 knows them.
 */
#include <string.h>

#include "nt/err.h"
#include "text/split.h"

#include "text/newer_table.h"

#define SPACE     "\\t-\\r \\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
#define NOT_SPACE "\\x{0}-\\x{8}\\x{e}-\\x{1f}!-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}"   \
		  "\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"              \
		  "\\x{3001}-\\x{d7ff}\\x{e000}-\\x{10ffff}"
/* alphabetic characters that are symbols: circled and squared letters */
#define CIRCLED   "\\x{24b6}-\\x{24e9}\\x{1f130}-\\x{1f149}\\x{1f150}-\\x{1f169}\\x{1f170}-\\x{1f189}"
/* and, by accident of its tables, the fractions and small digits of Latin-1 */
#define WORD      "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{b2}\\x{b3}\\x{b9}\\x{bc}-\\x{be}" CIRCLED
#define HEX       "0-9A-Fa-f"
#define EDGE(yes, no) "(?:(?<=[" WORD "])(?" no "[" WORD "])|(?<![" WORD "])(?" yes "[" WORD "]))"

enum { DEPTH_MOST = 64 };

struct writer {
	const char *p; /* what is left to read */
	struct nt_buf *out;
	size_t atom;   /* where the last thing begins in out that a quantifier can follow */
	size_t group[DEPTH_MOST];
	size_t depth;
};

static int add(struct writer *w, const char *text)
{
	return nt_buf_add(w->out, text, strlen(text));
}

static int copy(struct writer *w, size_t n)
{
	int rc = nt_buf_add(w->out, w->p, n);
	w->p += n;
	return rc;
}

static int refuse(const char *what)
{
	return nt_fail(NT_EARG, "regular expression with %s is not implemented", what);
}

/* What an escape becomes outside of a class and inside; NULL: it stays. */
static const char *translate(char c, bool in_class)
{
	static const struct {
		char c;
		const char *outside, *inside;
	} known[] = {
		{'s', "[" SPACE "]", SPACE},    {'S', "[^" SPACE "]", NOT_SPACE},
		{'w', "[" WORD "]", WORD},      {'W', "[^" WORD "]", ""},
		{'h', "[" HEX "]", HEX},        {'H', "[^" HEX "]", ""},
		{'b', EDGE("=", "!"), NULL},    {'B', EDGE("!", "="), ""},
		{'d', "[\\p{Nd}]", "\\p{Nd}"},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].c == c)
			return in_class ? known[i].inside : known[i].outside;
	return NULL;
}

/* The characters that \p{NAME} lacks; NULL if that is no category. */
static const char *newer_of(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof(newer) / sizeof(*newer); i++)
		if (strlen(newer[i].name) == n && memcmp(newer[i].name, name, n) == 0)
			return newer[i].ranges;
	return NULL;
}

/* \p{NAME}, \p{^NAME}, \P{NAME} */
static int write_property(struct writer *w, bool in_class)
{
	const char *end = w->p[2] == '{' ? strchr(w->p, '}') : NULL;
	if (!end)
		return copy(w, w->p[2] ? 3 : 2);
	const char *name = w->p + 3 + (w->p[3] == '^');
	bool is_negated = (w->p[1] == 'P') != (name > w->p + 3);
	const char *more = newer_of(name, (size_t)(end - name));
	if (!more || (in_class && is_negated))
		return copy(w, (size_t)(end + 1 - w->p));
	int rc = nt_buf_printf(w->out, "%s\\p{%.*s}%s%s", in_class ? "" : is_negated ? "[^" : "[",
			       (int)(end - name), name, more, in_class ? "" : "]");
	w->p = end + 1;
	return rc;
}

/* Adds text of ours, whose categories all stand in classes. */
static int add_with_newer(struct writer *w, const char *text)
{
	struct writer inner = {.p = text, .out = w->out};
	int rc = 0;
	while (rc == 0 && *inner.p)
		rc = strncmp(inner.p, "\\p", 2) == 0 ? write_property(&inner, true) : copy(&inner, 1);
	return rc;
}

static int write_escape(struct writer *w, bool in_class)
{
	const char *text = translate(w->p[1], in_class);
	int rc;
	if (text && !*text)
		return refuse("\\W, \\H or \\B in a class");
	if (text) {
		w->p += 2;
		return add_with_newer(w, text);
	}
	if (w->p[1] == 'u' && strspn(w->p + 2, "0123456789abcdefABCDEF") >= 4) {
		rc = add(w, "\\x{");
		w->p += 2;
		if (rc == 0)
			rc = copy(w, 4);
		return rc < 0 ? rc : add(w, "}");
	}
	if (w->p[1] == 'p' || w->p[1] == 'P')
		return write_property(w, in_class);
	const char *brace = w->p[1] == 'x' && w->p[2] == '{' ? strchr(w->p, '}') : NULL;
	return copy(w, brace ? (size_t)(brace + 1 - w->p) : w->p[1] ? 2 : 1);
}

/* [:punct:] and its like */
static int write_posix(struct writer *w)
{
	static const char *const known[][2] = {{"[:punct:]", "\\p{P}\\p{S}"}, {"[:space:]", SPACE},
					       {"[:digit:]", "\\p{Nd}"}, {"[:word:]", WORD},
					       {"[:xdigit:]", HEX}};
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		size_t n = strlen(known[i][0]);
		if (strncmp(w->p, known[i][0], n) != 0)
			continue;
		w->p += n;
		return add_with_newer(w, known[i][1]);
	}
	return refuse("a class in a class");
}

static int write_class(struct writer *w)
{
	int rc = copy(w, w->p[1] == '^' ? 2 : 1);
	bool is_first = true;
	while (rc == 0 && *w->p && (*w->p != ']' || is_first)) {
		is_first = false;
		if (*w->p == '\\')
			rc = write_escape(w, true);
		else if (*w->p == '[')
			rc = write_posix(w);
		else if (strncmp(w->p, "&&", 2) == 0)
			rc = refuse("&& in a class");
		else
			rc = copy(w, 1);
	}
	return rc == 0 && *w->p ? copy(w, 1) : rc;
}

/* "(" with what may follow it: options, where m is PCRE2's s */
static int write_open(struct writer *w)
{
	if (w->depth == DEPTH_MOST)
		return refuse("so many groups in groups");
	w->group[w->depth++] = w->out->len;
	size_t n = 1 + strspn(w->p + 1, "?");
	int rc = copy(w, n);
	size_t options = n > 1 ? strspn(w->p, "imx-") : 0;
	bool is_options = options && (w->p[options] == ':' || w->p[options] == ')');
	for (; rc == 0 && is_options && options; options--, w->p++)
		rc = nt_buf_add(w->out, *w->p == 'm' ? "s" : w->p, 1);
	return rc;
}

/* {n,m}+ : the atom and its braces become a group */
static int write_braces(struct writer *w)
{
	size_t n = strspn(w->p + 1, "0123456789,");
	bool is_interval = n && w->p[n + 1] == '}';
	if (!is_interval)
		return copy(w, 1);
	int rc = copy(w, n + 2);
	if (rc < 0 || *w->p != '+')
		return rc;
	if ((rc = nt_buf_reserve(w->out, 3)) < 0)
		return rc;
	memmove(w->out->data + w->atom + 3, w->out->data + w->atom, w->out->len - w->atom);
	memcpy(w->out->data + w->atom, "(?:", 3);
	w->out->len += 3;
	return add(w, ")");
}

static int write_one(struct writer *w)
{
	size_t start = w->out->len;
	int rc;
	switch (*w->p) {
	case '{':
		return write_braces(w);
	case '*':
	case '+':
	case '?':
		return copy(w, 1);
	case '(':
		return write_open(w);
	case ')':
		if (w->depth)
			start = w->group[--w->depth];
		rc = copy(w, 1);
		break;
	case '\\':
		rc = write_escape(w, false);
		break;
	case '[':
		rc = write_class(w);
		break;
	default:
		/* a character of several bytes is one */
		rc = copy(w, 1);
		while (rc == 0 && ((uint8_t)*w->p & 0xc0) == 0x80)
			rc = copy(w, 1);
	}
	w->atom = start;
	return rc;
}

int nt_regex_translate(struct nt_buf *out, const char *regex)
{
	struct writer w = {.p = regex, .out = out};
	int rc = 0;
	while (rc == 0 && *w.p)
		rc = write_one(&w);
	return rc < 0 ? rc : nt_buf_add(out, "", 1);
}

/* SPDX-License-Identifier: MIT */
/*
 * split.c - the famous pre-tokenizers, by hand
 *
 * Each function is one regular expression with its alternatives tried in order at one
 * place, written as code over classes of characters: several times as fast as a general
 * engine, independent of an engine's Unicode version, and at home with bytes that are
 * not UTF-8. Alternatives that can only match when an earlier one has failed look
 * simpler here than in the expression; the comments say which is which.
 *
 * All are total: some alternative matches any character, so a piece is never empty.
 *
 * Sources: the pat_str of tiktoken's encodings; the pre_tokenizer of published
 * tokenizer.json files. That the two give the same pieces was checked on both reference
 * implementations.
 */
#include "text/split.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "nt/cpu.h"
#include "nt/err.h"
#include "text/unicode.h"

/* One character: its class, and its length in bytes, 0 at the end of the text. */
struct mark {
	uint8_t class, len;
};

static struct mark look_wide(const uint8_t *text, size_t at, size_t len)
{
	uint32_t c;
	size_t n = nt_utf8_decode(text + at, len - at, &c);
	if (n == 0)
		return (struct mark){0, 1};
	return (struct mark){nt_char_class(c), (uint8_t)n};
}

static inline struct mark look(const uint8_t *text, size_t at, size_t len)
{
	if (at >= len)
		return (struct mark){0, 0};
	if (text[at] < 0x80)
		return (struct mark){nt_ascii_class[text[at]], 1};
	return look_wide(text, at, len);
}

/* The end of the run of characters with a class in `set`. */
static inline size_t run_of(const uint8_t *text, size_t at, size_t len, unsigned set)
{
	for (struct mark m; (m = look(text, at, len)).class & set;)
		at += m.len;
	return at;
}

/* The end of the run of [^\s\p{L}\p{N}]. */
static inline size_t run_of_other(const uint8_t *text, size_t at, size_t len)
{
	const unsigned set = NT_SPACE | NT_LETTER | NT_NUMBER;
	for (struct mark m; (m = look(text, at, len)).len && !(m.class & set);)
		at += m.len;
	return at;
}

/* The length of 's 't 'm 'd 're 've 'll at `at`, or 0. Folding case, U+017F is an s too. */
size_t nt_contraction(const uint8_t *text, size_t at, size_t len, bool folds)
{
	if (len - at < 2 || text[at] != '\'')
		return 0;
	uint8_t fold = folds ? 0x20 : 0, a = text[at + 1] | fold;
	if (a == 's' || a == 't' || a == 'm' || a == 'd')
		return 2;
	if (len - at < 3)
		return 0;
	uint8_t b = text[at + 2] | fold;
	if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l'))
		return 3;
	return folds && text[at + 1] == 0xc5 && text[at + 2] == 0xbf ? 3 : 0;
}

/* \s+(?!\S)|\s+ : a run gives back its last character to what follows, if it has two. */
static size_t spaces(const uint8_t *text, size_t at, size_t len)
{
	size_t end = at, last = at;
	for (struct mark m; (m = look(text, end, len)).class & NT_SPACE; end += m.len)
		last = end;
	return end == len || last == at ? end : last;
}

/* \s*[\r\n]+|\s+(?!\S)|\s+ : a run that holds a newline ends behind its last one. */
static size_t spaces_or_lines(const uint8_t *text, size_t at, size_t len)
{
	size_t end = run_of(text, at, len, NT_SPACE);
	for (size_t k = end; k > at; k--)
		if (nt_is_feed(text[k - 1]))
			return k;
	return spaces(text, at, len);
}

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
size_t nt_next_gpt2(const uint8_t *text, size_t at, size_t len)
{
	size_t n = nt_contraction(text, at, len, false);
	if (n)
		return at + n;
	size_t word = at + (text[at] == ' ');
	struct mark m = look(text, word, len);
	if (m.class & NT_LETTER)
		return run_of(text, word + m.len, len, NT_LETTER);
	if (m.class & NT_NUMBER)
		return run_of(text, word + m.len, len, NT_NUMBER);
	if (m.len && !(m.class & NT_SPACE))
		return run_of_other(text, word + m.len, len);
	return spaces(text, at, len);
}

/* \p{N}{1,most} */
static size_t digits(const uint8_t *text, size_t at, size_t len, int most)
{
	for (struct mark m; most-- > 0 && (m = look(text, at, len)).class & NT_NUMBER;)
		at += m.len;
	return at;
}

/*  ?[^\s\p{L}\p{N}]+[\r\n]* with more (or 0) among the last brackets; `at` if it fails. */
static size_t others(const uint8_t *text, size_t at, size_t len, uint8_t more)
{
	size_t start = at + (text[at] == ' ');
	size_t end = run_of_other(text, start, len);
	if (end == start)
		return at;
	while (end < len && (nt_is_feed(text[end]) || (more && text[end] == more)))
		end++;
	return end;
}

/*
 * (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*
 * |\s*[\r\n]+|\s+(?!\S)|\s+
 */
static inline size_t next_words(const uint8_t *text, size_t at, size_t len, int most_digits)
{
	size_t n = nt_contraction(text, at, len, true);
	if (n)
		return at + n;
	struct mark m = look(text, at, len);
	if (m.class & NT_LETTER)
		return run_of(text, at + m.len, len, NT_LETTER);
	if (m.class & NT_NUMBER)
		return digits(text, at, len, most_digits);
	if (!nt_is_feed(text[at])) {
		struct mark after = look(text, at + m.len, len);
		if (after.class & NT_LETTER)
			return run_of(text, at + m.len + after.len, len, NT_LETTER);
	}
	size_t end = others(text, at, len, 0);
	return end > at ? end : spaces_or_lines(text, at, len);
}

size_t nt_next_cl100k(const uint8_t *text, size_t at, size_t len)
{
	return next_words(text, at, len, 3);
}

size_t nt_next_qwen2(const uint8_t *text, size_t at, size_t len)
{
	return next_words(text, at, len, 1);
}

/*
 * Either of o200k's word alternatives from `at` on, prefix already taken; `at` if both fail:
 *	[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+
 *	[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*
 * Caseless letters and marks are in both brackets. When no lower-case letter follows the
 * first run, the star gives back characters up to the run's last caseless one, and the
 * plus takes just that one, since only upper-case letters are behind it. The second
 * alternative is left with runs that hold nothing but upper case.
 */
static size_t cased_word(const uint8_t *text, size_t at, size_t len)
{
	size_t end = at, caseless_end = at;
	struct mark m;
	while ((m = look(text, end, len)).class & (NT_UPPER | NT_CASELESS | NT_MARK)) {
		end += m.len;
		if (!(m.class & NT_UPPER))
			caseless_end = end;
	}
	if (m.class & NT_LOWER)
		return run_of(text, end, len, NT_LOWER | NT_CASELESS | NT_MARK);
	return caseless_end > at ? caseless_end : end;
}

/*
 * [^\r\n\p{L}\p{N}]? word (?i:'s|'t|'re|'ve|'m|'ll|'d)? for the first form of the word, then
 * for the second; `at` if neither matches. A mark may be the prefix or begin the word: the
 * first form with the mark as prefix comes first, then the first form without a prefix,
 * which always matches, so that the second form is never tried there.
 */
static size_t o200k_word(const uint8_t *text, size_t at, size_t len)
{
	struct mark m = look(text, at, len);
	size_t start = at, end = at;
	if (!(m.class & (NT_LETTER | NT_NUMBER)) && !nt_is_feed(text[at]))
		start = at + m.len;
	if (start == at || look(text, start, len).class & (NT_LETTER | NT_MARK))
		end = cased_word(text, start, len);
	bool is_mark = m.class & NT_MARK;
	if (is_mark && (end <= start || run_of(text, start, end, NT_UPPER) == end))
		end = cased_word(text, at, len);
	else if (end <= start)
		return at;
	return end + nt_contraction(text, end, len, true);
}

/* o200k_base: the two words above|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|... */
size_t nt_next_o200k(const uint8_t *text, size_t at, size_t len)
{
	size_t end = o200k_word(text, at, len);
	if (end > at)
		return end;
	if (look(text, at, len).class & NT_NUMBER)
		return digits(text, at, len, 3);
	end = others(text, at, len, '/');
	return end > at ? end : spaces_or_lines(text, at, len);
}

static size_t next_whole(const uint8_t *text, size_t at, size_t len)
{
	(void)text;
	(void)at;
	return len;
}

#define TAIL        "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define CONTRACTION "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define UPPERS      "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWERS      "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define PREFIX      "[^\\r\\n\\p{L}\\p{N}]?"
#define OTHERS      "| ?[^\\s\\p{L}\\p{N}]+"

/* The first row of a name has the canonical spelling. */
static const struct nt_pattern known[] = {
	{.name = "gpt2", .next = nt_next_gpt2,
	 .regex = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"},
	{.name = "gpt2", .next = nt_next_gpt2,
	 .regex = "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"},
	{.name = "gpt2", .next = nt_next_gpt2,
	 .regex = "'(?:[sdmt]|ll|ve|re)| ?\\p{L}++| ?\\p{N}++| ?[^\\s\\p{L}\\p{N}]++|\\s++$|"
		  "\\s+(?!\\S)|\\s"},
	{.name = "cl100k", .next = nt_next_cl100k,
	 .regex = CONTRACTION "|" PREFIX "\\p{L}+|\\p{N}{1,3}" OTHERS "[\\r\\n]*" TAIL},
	{.name = "cl100k", .next = nt_next_cl100k,
	 .regex = "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| "
		  "?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s"},
	{.name = "qwen2", .next = nt_next_qwen2,
	 .regex = CONTRACTION "|" PREFIX "\\p{L}+|\\p{N}" OTHERS "[\\r\\n]*" TAIL},
	{.name = "o200k", .next = nt_next_o200k,
	 .regex = PREFIX UPPERS "*" LOWERS "+" CONTRACTION "?|" PREFIX UPPERS "+" LOWERS
		  "*" CONTRACTION "?|\\p{N}{1,3}" OTHERS "[\\r\\n/]*" TAIL},
	{.name = "deepseek", .next = nt_next_deepseek,
	 .regex = "\\p{N}{1,3}\x1e[\xe4\xb8\x80-\xe9\xbe\xa5\xe3\x81\x80-\xe3\x82\x9f"
		  "\xe3\x82\xa0-\xe3\x83\xbf]+\x1e[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|"
		  "[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|"
		  "\\s+(?!\\S)|\\s+"},
	{.name = "none", .next = next_whole, .regex = ""},
};

static const char *const alias[][2] = {
	{"r50k", "gpt2"},         {"r50k_base", "gpt2"},    {"p50k", "gpt2"},
	{"p50k_base", "gpt2"},    {"cl100k_base", "cl100k"}, {"llama3", "cl100k"},
	{"o200k_base", "o200k"},  {"gptoss", "o200k"},      {"qwen3", "qwen2"},
	{"deepseek_v3", "deepseek"},
};

static const struct nt_pattern *find_named(const char *name)
{
	for (size_t i = 0; i < sizeof(alias) / sizeof(*alias); i++)
		if (strcmp(name, alias[i][0]) == 0)
			name = alias[i][1];
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(name, known[i].name) == 0)
			return &known[i];
	return NULL;
}

/* The first row of the name that this spelling has. */
static const struct nt_pattern *find_spelled(const char *regex)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(regex, known[i].regex) == 0)
			return find_named(known[i].name);
	return NULL;
}

/* The windows of this CPU; NULL for a rule that has none. */
static nt_cut_fn *windows_of(const struct nt_pattern *s)
{
	static nt_next_fn *const next[NT_RULE_COUNT] = {
		[NT_RULE_GPT2] = nt_next_gpt2, [NT_RULE_CL100K] = nt_next_cl100k,
		[NT_RULE_QWEN2] = nt_next_qwen2, [NT_RULE_O200K] = nt_next_o200k};
	nt_cut_fn *const *table = nt_window_ref;
#ifdef NT_HAS_WIDE
	if (nt_cpu_isa() >= NT_ISA_AVX2)
		table = nt_window_avx2;
#endif
	for (size_t i = 0; i < NT_RULE_COUNT; i++)
		if (s->next == next[i])
			return table[i];
	return NULL;
}

static int init(struct nt_pattern *s, const struct nt_pattern *known_one, const char *rule)
{
	*s = known_one ? *known_one : (struct nt_pattern){0};
	if (known_one) {
		s->cut = windows_of(s);
		return 0;
	}
	int rc = nt_regex_compile(&s->code, rule);
	if (rc < 0)
		return rc;
	s->regex = s->own = strdup(rule);
	if (!s->own) {
		nt_pattern_release(s);
		return nt_fail(NT_ESYS, "out of memory: a pattern of %zu bytes", strlen(rule));
	}
	return 0;
}

int nt_pattern_init(struct nt_pattern *s, const char *rule)
{
	const struct nt_pattern *found = find_named(rule);
	if (!found)
		found = find_spelled(rule);
	if (!found && strspn(rule, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(rule))
		return nt_fail(NT_EARG, "pattern '%s': not a regular expression, and not one of "
			       "gpt2, cl100k, qwen2, o200k, deepseek, none", rule);
	return init(s, found, rule);
}

bool nt_pattern_is_known(const char *regex)
{
	return find_spelled(regex) != NULL;
}

int nt_pattern_regex(struct nt_pattern *s, const char *regex)
{
	/* tiktoken's possessive {1,3}+ is something else in a tokenizer.json */
	bool is_tiktoken = strstr(regex, "3}+") != NULL;
	return init(s, *regex && !is_tiktoken ? find_spelled(regex) : NULL, regex);
}

void nt_pattern_release(struct nt_pattern *s)
{
	if (s->code)
		nt_regex_free(s->code);
	free(s->own);
	*s = (struct nt_pattern){0};
}

int nt_cutter_init(struct nt_cutter *c, const struct nt_pattern *split)
{
	*c = (struct nt_cutter){.split = split};
	return split->next ? 0 : nt_regex_init(c);
}

void nt_cutter_release(struct nt_cutter *c)
{
	nt_regex_release(c);
	nt_buf_release(&c->clean);
	*c = (struct nt_cutter){0};
}

int nt_cutter_begin(struct nt_cutter *c, const void *text, size_t len)
{
	c->text = text;
	c->len = len;
	c->at = c->pending = 0;
	return c->split->next ? 0 : nt_regex_begin(c);
}

int nt_cutter_next(struct nt_cutter *c, size_t *start, size_t *end)
{
	if (c->at >= c->len)
		return 0;
	if (!c->split->next)
		return nt_regex_next(c, start, end);
	*start = c->at;
	*end = c->at = c->split->next(c->text, c->at, c->len);
	return 1;
}

static int fail_long(void)
{
	return nt_fail(NT_EFORMAT, "a piece of over 2^31 bytes without a place to cut it");
}

int nt_cutter_batch(struct nt_cutter *c, size_t *from, uint32_t *end, size_t cap, size_t *n)
{
	size_t start, stop;
	int rc = 1;
	*from = c->at;
	*n = 0;
	if (c->at >= c->len)
		return 0;
	if (c->split->cut) {
		*n = c->split->cut(c->text, c->at, c->len, end, cap);
		c->at += *n ? end[*n - 1] : 0;
	}
	while (!c->split->cut && *n < cap && c->at - *from < UINT32_MAX / 2 &&
	       (rc = nt_cutter_next(c, &start, &stop)) > 0) {
		if (stop - *from > UINT32_MAX)
			return fail_long();
		end[(*n)++] = (uint32_t)(stop - *from);
	}
	return rc < 0 ? rc : *n ? 1 : fail_long();
}

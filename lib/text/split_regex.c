/* SPDX-License-Identifier: MIT */
/*
 * split_regex.c - pieces by a regular expression of the user's, with PCRE2
 *
 * The expression is Ruby's, as in tokenizer.json (dialect.c). \p classes follow Unicode
 * (UTF, UCP), in the version that PCRE2 was built with.
 *
 * The compiled code is told that the text is UTF-8, so bytes that are not are replaced
 * before, each by the control character U+0001: one byte, of no class, as a byte that is
 * not UTF-8 should be. Offsets stay what they were.
 *
 * A match may begin behind the place where the last one ended; what is between is a
 * piece of its own. Empty matches are not asked for.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdbool.h>

#include "base/utf8.h"
#include "nt/err.h"
#include "nt/text.h"
#include "text/split.h"

enum { STACK_LEAST = 32 << 10, STACK_MOST = 8 << 20 }; /* bytes, of compiled code */

static int fail_pcre2(enum nt_err kind, const char *what, int code)
{
	PCRE2_UCHAR why[128];
	pcre2_get_error_message(code, why, sizeof(why));
	return nt_fail(kind, "%s: %s", what, (const char *)why);
}

static pcre2_code *compile(const char *translated, int *err, PCRE2_SIZE *where)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	if (!context) {
		*err = PCRE2_ERROR_NOMEMORY;
		return NULL;
	}
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)translated, PCRE2_ZERO_TERMINATED,
					 PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, err, where, context);
	pcre2_compile_context_free(context);
	return code;
}

int nt_regex_compile(void **out, const char *regex)
{
	int err;
	PCRE2_SIZE where = 0;
	struct nt_buf translated = {0};
	int rc = nt_regex_translate(&translated, regex);
	if (rc < 0) {
		nt_buf_release(&translated);
		return nt_fail(rc, "pattern '%s': %s", regex, nt_errmsg());
	}
	pcre2_code *code = compile((char *)translated.data, &err, &where);
	nt_buf_release(&translated);
	if (!code) {
		PCRE2_UCHAR why[128];
		pcre2_get_error_message(err, why, sizeof(why));
		return nt_fail(NT_EARG, "pattern '%s': not a regular expression near byte %zu: %s",
			       regex, where, (const char *)why);
	}
	/* where code cannot be compiled to machine code it is interpreted */
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	*out = code;
	return 0;
}

bool nt_regex_matches_nothing(const void *code)
{
	uint32_t may = 1;
	pcre2_pattern_info(code, PCRE2_INFO_MATCHEMPTY, &may);
	return may;
}

void nt_regex_free(void *code)
{
	pcre2_code_free(code);
}

int nt_regex_init(struct nt_cutter *c)
{
	c->match = pcre2_match_data_create(1, NULL);
	c->context = pcre2_match_context_create(NULL);
	c->stack = pcre2_jit_stack_create(STACK_LEAST, STACK_MOST, NULL);
	if (!c->match || !c->context || !c->stack) {
		nt_regex_release(c);
		return nt_fail(NT_ESYS, "out of memory: the state of a regular expression");
	}
	pcre2_jit_stack_assign(c->context, NULL, c->stack);
	return 0;
}

void nt_regex_release(struct nt_cutter *c)
{
	pcre2_match_data_free(c->match);
	pcre2_match_context_free(c->context);
	pcre2_jit_stack_free(c->stack);
	c->match = c->context = c->stack = NULL;
}

/* Makes c->text a copy with U+0001 for every byte that is not UTF-8. */
static int clean(struct nt_cutter *c)
{
	c->clean.len = 0;
	int rc = nt_buf_add(&c->clean, c->text, c->len);
	if (rc < 0)
		return rc;
	uint32_t code_point;
	for (size_t i = 0, n; i < c->len; i += n ? n : 1) {
		n = nt_utf8_decode(c->text + i, c->len - i, &code_point);
		if (n == 0)
			c->clean.data[i] = 1;
	}
	c->text = c->clean.data;
	return 0;
}

int nt_regex_begin(struct nt_cutter *c)
{
	return nt_utf8_check(c->text, c->len).n_byte ? clean(c) : 0;
}

/* As nt_regex_search, with an option of pcre2_match, or 0. */
static int search(const struct nt_cutter *c, size_t from, uint32_t option, size_t *start, size_t *end)
{
	int rc = pcre2_match(c->split->code, c->text, c->len, from, PCRE2_NO_UTF_CHECK | option,
			     c->match, c->context);
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	if (rc < 0)
		return fail_pcre2(NT_EFORMAT, "the pattern gave up on this text", rc);
	const PCRE2_SIZE *found = pcre2_get_ovector_pointer(c->match);
	*start = found[0];
	*end = found[1];
	/* \K in a lookaround can do that, and find nothing where that was not asked for */
	if (found[0] < from || found[1] < found[0] || (option && found[1] == found[0]))
		return nt_fail(NT_EARG, "pattern '%s': its match ends before it begins",
			       c->split->regex);
	return 1;
}

int nt_regex_search(const struct nt_cutter *c, size_t from, size_t *start, size_t *end)
{
	return search(c, from, 0, start, end);
}

int nt_regex_next(struct nt_cutter *c, size_t *start, size_t *end)
{
	*start = c->at;
	if (c->pending) {
		*end = c->at = c->pending;
		c->pending = 0;
		return 1;
	}
	size_t first = 0, behind = 0;
	int rc = search(c, c->at, PCRE2_NOTEMPTY, &first, &behind);
	if (rc < 0)
		return rc;
	if (rc == 0) {
		*end = c->at = c->len;
		return 1;
	}
	bool is_gap = first > c->at;
	*end = is_gap ? first : behind;
	c->pending = is_gap ? behind : 0;
	c->at = *end;
	return 1;
}

/* SPDX-License-Identifier: MIT */
/*
 * judge.c - the rules, asked one after the other until one says no
 *
 * Cheap rules come first, and what is too long for Gopher is never searched for repetition.
 * Text that is not UTF-8 is judged as a copy that is.
 */
#include "filter/judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "filter/signs.h"
#include "nt/err.h"
#include "nt/text.h"
#include "text/unicode.h"

bool nt_rule_drops(struct nt_judge *j, int rule, double value)
{
	double limit = j->f->value[rule];
	enum nt_rule_sense sense = nt_filter_rule((size_t)rule)->sense;
	if (!j->f->on[rule])
		return false;
	if (sense == NT_RULE_MIN ? !(value < limit) : sense == NT_RULE_MAX ? !(value > limit) : value == 0)
		return false;
	j->verdict->rule = rule;
	j->verdict->value = value;
	return true;
}

/* Is a rule of [first, last] on? */
static bool any(const struct nt_judge *j, int first, int last)
{
	for (int i = first; i <= last; i++)
		if (j->f->on[i])
			return true;
	return false;
}

bool nt_judge_words(struct nt_judge *j)
{
	if (!j->has_words && nt_words_cut(&j->words, j->text, j->len) < 0)
		j->rc = NT_ESYS;
	j->has_words = true;
	return j->rc == 0;
}

bool nt_judge_show(struct nt_judge *j, void (*take)(void *arg, const struct nt_words *w), void *arg)
{
	if (nt_judge_words(j) && nt_words_show(&j->words, j->text, j->len, take, arg) < 0)
		j->rc = NT_ESYS;
	return j->rc == 0;
}

static bool keeps_length(struct nt_judge *j, size_t len)
{
	if (nt_rule_drops(j, NT_R_MIN_BYTES, (double)len) || nt_rule_drops(j, NT_R_MAX_BYTES, (double)len) ||
	    nt_rule_drops(j, NT_R_MIN_CHARS, (double)j->chars) ||
	    nt_rule_drops(j, NT_R_MAX_CHARS, (double)j->chars))
		return false;
	if (!any(j, NT_R_MIN_LINES, NT_R_MAX_WORDS))
		return true;
	if (!nt_judge_words(j))
		return false;
	double lines = (double)j->words.all_lines, words = (double)j->words.n_real;
	return !nt_rule_drops(j, NT_R_MIN_LINES, lines) && !nt_rule_drops(j, NT_R_MAX_LINES, lines) &&
	       !nt_rule_drops(j, NT_R_MIN_WORDS, words) && !nt_rule_drops(j, NT_R_MAX_WORDS, words);
}

/* Characters by what they are. */
struct classes {
	size_t replacement, control, high, letter, upper, number, space;
};

static void count_char(struct classes *n, uint32_t c, size_t times)
{
	uint8_t class = nt_char_class(c);
	bool is_space = c < 128 ? nt_byte_kind[c] & NT_BYTE_SPACE : nt_is_high_space(c);
	n->replacement += c == 0xfffd ? times : 0;
	n->control += c < 9 || (c > 13 && c < 32) || (c > 126 && c < 160 && c != 0x85) ? times : 0;
	n->high += c >= 128 ? times : 0;
	n->letter += class & NT_LETTER ? times : 0;
	n->upper += class & NT_UPPER ? times : 0;
	n->number += class & NT_NUMBER ? times : 0;
	n->space += is_space ? times : 0;
}

static void count_classes(struct classes *n, const uint8_t *text, size_t len)
{
	size_t ascii[128] = {0};
	uint32_t c = 0;
	*n = (struct classes){0};
	for (size_t i = 0; i < len;) {
		if (text[i] < 128) {
			ascii[text[i++]]++;
			continue;
		}
		i += nt_utf8_decode(text + i, len - i, &c);
		count_char(n, c, 1);
	}
	for (c = 0; c < 128; c++)
		count_char(n, c, ascii[c]);
}

static bool keeps_characters(struct nt_judge *j, size_t len)
{
	struct classes n;
	double chars = (double)j->chars;
	if (!any(j, NT_R_MAX_INVALID, NT_R_MAX_SPACE))
		return true;
	count_classes(&n, j->text, j->len);
	n.replacement -= j->verdict->n_invalid;
	return !nt_rule_drops(j, NT_R_MAX_INVALID, (double)j->verdict->n_invalid / (double)len) &&
	       !nt_rule_drops(j, NT_R_MAX_REPLACEMENT, (double)n.replacement / chars) &&
	       !nt_rule_drops(j, NT_R_MAX_CONTROL, (double)n.control / chars) &&
	       !nt_rule_drops(j, NT_R_MAX_NON_ASCII, (double)n.high / chars) &&
	       !nt_rule_drops(j, NT_R_MIN_LETTERS, (double)n.letter / chars) &&
	       !nt_rule_drops(j, NT_R_MAX_UPPER, (double)n.upper / (double)n.letter) &&
	       !nt_rule_drops(j, NT_R_MAX_DIGITS, (double)n.number / chars) &&
	       !nt_rule_drops(j, NT_R_MAX_SPACE, (double)n.space / chars);
}

/* Appends text[len] with U+FFFD for each byte that is not UTF-8; there is room. */
static void add_clean(struct nt_buf *out, const uint8_t *text, size_t len)
{
	uint32_t c;
	for (size_t i = 0, n; i < len; i += n) {
		n = nt_utf8_decode(text + i, len - i, &c);
		if (n)
			nt_buf_add(out, text + i, n);
		else
			nt_buf_add(out, "\xef\xbf\xbd", 3);
		n = n ? n : 1;
	}
}

int nt_judge_reserve(struct nt_buf *text, size_t len)
{
	text->len = 0;
	return nt_buf_reserve(text, len + NT_WORDS_PAD);
}

void nt_judge_pad(struct nt_buf *text)
{
	memset(text->data + text->len, 0, NT_WORDS_PAD);
	text->data[text->len] = '\n';
}

static void begin(struct nt_judge *j, const uint8_t *text, size_t len, struct nt_verdict *verdict)
{
	*verdict = (struct nt_verdict){.rule = -1};
	j->verdict = verdict;
	j->is_ascii = nt_is_ascii(text, len);
	j->has_words = j->has_lines = false;
	if (!j->is_ascii)
		verdict->n_invalid = nt_utf8_check(text, len).n_byte;
	j->rc = nt_judge_reserve(&j->copy, len + 2 * verdict->n_invalid);
	if (j->rc < 0)
		return;
	if (verdict->n_invalid)
		add_clean(&j->copy, text, len);
	else
		nt_buf_add(&j->copy, text, len);
	nt_judge_pad(&j->copy);
	j->text = j->copy.data;
	j->len = j->copy.len;
	j->chars = nt_judge_chars(j, j->text, j->len);
}

int nt_judge_text(struct nt_judge *j, const void *text, size_t len, struct nt_verdict *verdict)
{
	begin(j, text, len, verdict);
	if (j->rc == 0 && keeps_length(j, len) && keeps_characters(j, len) &&
	    (!any(j, NT_R_SHORT_DOC, NT_R_STOP_WORDS) || nt_gopher_quality(j)) &&
	    (!any(j, NT_R_TOO_LONG_WORD, NT_R_TOO_FEW_SENTENCES) || nt_c4(j)) &&
	    (!any(j, NT_R_EMPTY, NT_R_LIST) || nt_fineweb(j)) &&
	    (!any(j, NT_R_DUP_PARA, NT_R_DUP_10) || nt_gopher_repetition(j)) && nt_rule_on(j, NT_R_TOO_FEW_PARAGRAPHS))
		nt_mc4(j);
	return j->rc;
}

struct nt_judge *nt_judge_new(const struct nt_filter *f)
{
	struct nt_judge *j = nt_calloc(1, sizeof(*j));
	if (j)
		j->f = f;
	return j;
}

void nt_judge_free(struct nt_judge *j)
{
	if (!j)
		return;
	nt_buf_release(&j->copy);
	nt_buf_release(&j->line);
	nt_words_release(&j->words);
	nt_words_release(&j->line_words);
	nt_seen_release(&j->seen);
	free(j);
}

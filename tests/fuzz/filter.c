/* SPDX-License-Identifier: MIT */
/*
 * filter.c - any bytes as a document: every rule has an answer, and the same words come out
 * wherever in a window they stand
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "filter/judge.h"
#include "nt/err.h"
#include "nt/filter.h"
#include "nt/mem.h"
#include "nt/text.h"

/* Each family alone, for a rule that drops a text hides those behind it. */
static void judge(const uint8_t *text, size_t len)
{
	static const char *const families[] = {"gopher_quality", "gopher_repetition", "c4", "fineweb", "mc4"};
	enum { N = sizeof(families) / sizeof(*families) };
	static struct nt_filter *f[N];
	static struct nt_judge *j[N], *short_blocks[N];
	struct nt_verdict v, same;
	for (size_t i = 0; i < N; i++) {
		if (!f[i])
			nt_assert((f[i] = nt_filter_new()) && nt_filter_switch(f[i], families[i], true) == 0 &&
				  nt_filter_set(f[i], "max_upper", 1) == 0 &&
				  nt_filter_set(f[i], "max_words", 1e9) == 0 && (j[i] = nt_judge_new(f[i])) &&
				  (short_blocks[i] = nt_judge_new(f[i])));
		short_blocks[i]->words.most = 1;
		nt_assert(nt_judge_text(j[i], text, len, &v) == 0);
		nt_assert(nt_judge_text(short_blocks[i], text, len, &same) == 0);
		nt_assert(v.rule == same.rule && (v.rule == -1 || v.value == same.value));
		nt_assert(v.rule == -1 || strcmp(nt_filter_rule((size_t)v.rule)->family, families[i]) == 0);
	}
}

static void cut(struct nt_words *w, const uint8_t *text, size_t len, size_t before)
{
	uint8_t *padded = nt_calloc(before + len + NT_WORDS_PAD, 1);
	nt_assert(padded);
	memset(padded, ' ', before);
	if (len)
		memcpy(padded + before, text, len);
	padded[before + len] = '\n';
	nt_assert(nt_words_cut(w, padded, before + len) == 0);
	free(padded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct nt_words w, moved;
	judge(data, len);
	if (nt_utf8_check(data, len).n_byte)
		return 0;
	cut(&w, data, len, 0);
	for (size_t before = 1; before < 64; before += 21) {
		cut(&moved, data, len, before);
		nt_assert(moved.n == w.n && moved.n_line == w.n_line + (len == 0));
		for (size_t i = 0; i < w.n; i++)
			nt_assert(moved.word[i].key == w.word[i].key && moved.word[i].chars == w.word[i].chars);
	}
	return 0;
}

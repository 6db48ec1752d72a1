/* SPDX-License-Identifier: MIT */
/*
 * utf8.c - any bytes as text: every pattern's pieces are the text, units are the text, and
 * ids of the embedded vocabulary give it back
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "nt/err.h"
#include "nt/text.h"
#include "nt/tokenizer.h"
#include "text/split.h"

static const char *const rules[] = {"gpt2", "cl100k", "qwen2", "o200k", "none", "\\p{L}+|\\s+(?!\\S)"};
enum { N_RULE = sizeof(rules) / sizeof(*rules) };

static void cut(struct nt_cutter *c, const uint8_t *text, size_t len)
{
	size_t start, end, at = 0;
	nt_assert(nt_cutter_begin(c, text, len) == 0);
	while (nt_cutter_next(c, &start, &end) > 0) {
		nt_assert(start == at && end > start && end <= len);
		at = end;
	}
	nt_assert(at == len);
}

static void cut_by_all(const uint8_t *text, size_t len)
{
	static struct nt_pattern pattern[N_RULE];
	static struct nt_cutter cutter[N_RULE];
	static bool is_made;
	for (size_t i = 0; i < N_RULE; i++) {
		if (!is_made)
			nt_assert(nt_pattern_init(&pattern[i], rules[i]) == 0 && nt_cutter_init(&cutter[i], &pattern[i]) == 0);
		cut(&cutter[i], text, len);
	}
	is_made = true;
}

static void encode(const uint8_t *text, size_t len)
{
	static struct nt_tokenizer *t;
	static struct nt_encoder *e;
	struct nt_ids ids = {0}, unit = {0};
	struct nt_buf back = {0};
	if (!t)
		nt_assert(nt_tokenizer_open(&t, NULL, NULL) == 0 && (e = nt_encoder_new(t)));
	nt_assert(nt_encode_units(e, text, len, 0, &ids, &unit) == 0);
	nt_assert(nt_decode(t, ids.id, ids.n, &back) == 0);
	nt_assert(back.len == len && (len == 0 || memcmp(back.data, text, len) == 0));
	nt_buf_release(&back);
	nt_ids_release(&ids);
	nt_ids_release(&unit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	cut_by_all(data, len);
	for (size_t at = 0, end; at < len; at = end) {
		end = nt_unit_end(data, len, at);
		nt_assert(end > at && end <= len);
	}
	size_t unfinished = nt_utf8_unfinished(data, len);
	struct nt_utf8_damage all = nt_utf8_check(data, len), finished = nt_utf8_check(data, len - unfinished);
	nt_assert(unfinished <= len && all.n_byte == finished.n_byte + unfinished);
	encode(data, len);
	return 0;
}

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

static void cut(const char *rule, const uint8_t *text, size_t len)
{
	struct nt_pattern p;
	struct nt_cutter c;
	size_t start, end, at = 0;
	nt_assert(nt_pattern_init(&p, rule) == 0 && nt_cutter_init(&c, &p) == 0);
	nt_assert(nt_cutter_begin(&c, text, len) == 0);
	while (nt_cutter_next(&c, &start, &end) > 0) {
		nt_assert(start == at && end > start && end <= len);
		at = end;
	}
	nt_assert(at == len);
	nt_cutter_release(&c);
	nt_pattern_release(&p);
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
	static const char *const rules[] = {"gpt2", "cl100k", "qwen2", "o200k", "none",
					    "\\p{L}+|\\s+(?!\\S)"};
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		cut(rules[i], data, len);
	for (size_t at = 0, end; at < len; at = end) {
		end = nt_unit_end(data, len, at);
		nt_assert(end > at && end <= len);
	}
	nt_utf8_check(data, len);
	encode(data, len);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * tokenizer_json.c - any bytes as a tokenizer.json, and what it makes of some text
 *
 * The first byte says how many of the following are text; the rest is the file. A file
 * that is taken must give its text back, unless it changes text, and say where its tokens
 * lie in it; and its canonical form must be itself again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "tests/fuzz/canonical.h"
#include "token/general.h"
#include "token/hf.h"

static void must_return(const struct nt_tokenizer *t, const uint8_t *text, size_t len)
{
	struct nt_encoder *e = nt_encoder_new(t);
	struct nt_ids ids = {0}, unit = {0};
	struct nt_spans spans = {0};
	struct nt_buf back = {0};
	nt_assert(e != NULL);
	if (nt_encode_units(e, text, len, 0, &ids, &unit) == 0) {
		nt_assert(nt_decode(t, ids.id, ids.n, &back) == 0);
		bool is_same = back.len == len && (len == 0 || memcmp(back.data, text, len) == 0);
		nt_assert(is_same || !nt_is_exact(t));
	}
	ids.n = 0;
	if (nt_encode_offsets(e, text, len, NT_ALLOW_SPECIAL, &ids, &spans) == 0) {
		nt_assert(spans.n == ids.n);
		for (size_t i = 0; i < spans.n; i++)
			nt_assert(spans.span[i].start <= spans.span[i].end && spans.span[i].end <= len);
	}
	nt_spans_release(&spans);
	nt_buf_release(&back);
	nt_ids_release(&ids);
	nt_ids_release(&unit);
	nt_encoder_free(e);
}

/* Who asks about tokens only is told the same. */
static void must_agree(const struct nt_tokenizer *t, const struct nt_tokenizer *only_tokens)
{
	uint32_t n = nt_tokenizer_summary(t)->vocab_size;
	nt_assert(nt_tokenizer_summary(only_tokens)->vocab_size == n);
	for (uint32_t id = 0; id < n; id++) {
		size_t len, other_len;
		const uint8_t *bytes = nt_token_bytes(t, id, &len), *other = nt_token_bytes(only_tokens, id, &other_len);
		nt_assert(len == other_len && (len == 0 || memcmp(bytes, other, len) == 0));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct nt_tokenizer *t, *again, *only_tokens;
	size_t n_text = len ? data[0] % len : 0;
	const uint8_t *json = data + (len > 0) + n_text;
	size_t json_len = len ? len - 1 - n_text : 0;
	if (nt_tokenizer_parse_tokens(&only_tokens, json, json_len, "fuzz") < 0)
		only_tokens = NULL;
	if (nt_tokenizer_parse(&t, json, json_len, "fuzz") < 0) {
		nt_tokenizer_free(only_tokens);
		return 0;
	}
	nt_assert(only_tokens);
	if (n_text % 2 && nt_hf_parse(&again, json, json_len, "fuzz", "gpt2") == 0)
		nt_tokenizer_free(again); /* --pattern puts another in its place */
	must_agree(t, only_tokens);
	nt_tokenizer_free(only_tokens);
	must_return(t, data + 1, n_text);
	must_come_back(t);
	nt_tokenizer_free(t);
	return 0;
}

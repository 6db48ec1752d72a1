/* SPDX-License-Identifier: MIT */
/*
 * sentencepiece.c - any bytes as a SentencePiece model, and what it makes of some text
 *
 * The first byte says how many of the following are text; the rest is the file. The
 * canonical form of what is taken must be that tokenizer again.
 */
#include <stddef.h>
#include <stdint.h>

#include "tests/fuzz/canonical.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct nt_tokenizer *t;
	struct nt_ids ids = {0}, unit = {0};
	size_t n_text = len ? data[0] % len : 0;
	const uint8_t *file = data + (len > 0) + n_text;
	size_t file_len = len ? len - 1 - n_text : 0;
	if (nt_sentencepiece_parse(&t, file, file_len, "fuzz", NULL) < 0)
		return 0;
	struct nt_encoder *e = nt_encoder_new(t);
	nt_assert(e != NULL);
	nt_encode_units(e, data + 1, n_text, NT_ALLOW_SPECIAL, &ids, &unit);
	nt_encoder_free(e);
	nt_ids_release(&ids);
	nt_ids_release(&unit);
	must_come_back(t);
	nt_tokenizer_free(t);
	return 0;
}

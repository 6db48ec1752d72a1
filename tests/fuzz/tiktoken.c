/* SPDX-License-Identifier: MIT */
/* tiktoken.c - any bytes as a list of ranks; one that is taken must survive its canonical form */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "nt/err.h"
#include "token/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct nt_tokenizer *t, *again;
	if (nt_tiktoken_parse(&t, data, len, "fuzz", "gpt2") < 0)
		return 0;
	const struct nt_ident *id = nt_tokenizer_ident(t);
	nt_assert(nt_tokenizer_parse(&again, id->json, id->json_len, "again") == 0);
	nt_assert(memcmp(id->fingerprint, nt_tokenizer_ident(again)->fingerprint, 16) == 0);
	nt_tokenizer_free(again);
	nt_tokenizer_free(t);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* tiktoken.c - any bytes as a list of ranks; one that is taken must survive its canonical form */
#include <stddef.h>
#include <stdint.h>

#include "tests/fuzz/canonical.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct nt_tokenizer *t;
	if (nt_tiktoken_parse(&t, data, len, "fuzz", "gpt2") < 0)
		return 0;
	must_come_back(t);
	nt_tokenizer_free(t);
	return 0;
}

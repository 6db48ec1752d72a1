/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_CANONICAL_H
#define FUZZ_CANONICAL_H
/* canonical.h - a tokenizer whose canonical form must be that tokenizer again */
#include <string.h>

#include "nt/err.h"
#include "token/tokenizer.h"

static void must_come_back(const struct nt_tokenizer *t)
{
	const struct nt_ident *id = nt_tokenizer_ident(t);
	struct nt_tokenizer *again;
	nt_assert(id != NULL);
	nt_assert(nt_tokenizer_parse(&again, id->json, id->json_len, "again") == 0);
	nt_assert(memcmp(id->fingerprint, nt_tokenizer_ident(again)->fingerprint, 16) == 0);
	nt_tokenizer_free(again);
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * embedded.c - the vocabulary that is there when none is named
 *
 * share/vocab/learn.sh learned its 8,192 entries with nt-vocab. The list of ranks becomes
 * part of the program at compile time, so that nothing needs a file at run time.
 */
#include "token/tokenizer.h"

#include <stdlib.h>

__asm__(".section .rodata\n"
	".global nt_embedded_ranks, nt_embedded_ranks_end\n"
	".hidden nt_embedded_ranks, nt_embedded_ranks_end\n"
	"nt_embedded_ranks: .incbin \"share/vocab/nt-8k.tiktoken\"\n"
	"nt_embedded_ranks_end:\n"
	".previous\n");
extern const uint8_t nt_embedded_ranks[], nt_embedded_ranks_end[];

int nt_embedded_parse(struct nt_tokenizer **t, const char *pattern)
{
	size_t len = (size_t)(nt_embedded_ranks_end - nt_embedded_ranks);
	int rc = nt_tiktoken_parse(t, nt_embedded_ranks, len, "nt-8k", pattern ? pattern : "cl100k");
	if (rc == 0)
		(*t)->remark[0] = 0; /* [B] and [E] at the end are its design */
	return rc;
}

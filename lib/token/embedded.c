/* SPDX-License-Identifier: MIT */
/*
 * embedded.c - the vocabulary that is there when none is named
 *
 * share/vocab/learn.sh learned its 8,192 entries with nt-vocab. The list of ranks becomes
 * part of the program at compile time, and so do its merges, which share/vocab/merges.c
 * finds then: nothing needs a file at run time, and little is left to do.
 */
#include "token/tokenizer.h"

#include <stdlib.h>

__asm__(".section .rodata\n"
	".global nt_embedded_ranks, nt_embedded_ranks_end\n"
	".hidden nt_embedded_ranks, nt_embedded_ranks_end\n"
	".global nt_embedded_merges, nt_embedded_merges_end\n"
	".hidden nt_embedded_merges, nt_embedded_merges_end\n"
	"nt_embedded_ranks: .incbin \"share/vocab/nt-8k.tiktoken\"\n"
	"nt_embedded_ranks_end:\n"
	"nt_embedded_merges: .incbin \"nt-8k.merges\"\n"
	"nt_embedded_merges_end:\n"
	".previous\n");
extern const uint8_t nt_embedded_ranks[], nt_embedded_ranks_end[];
extern const uint8_t nt_embedded_merges[], nt_embedded_merges_end[];

int nt_embedded_parse(struct nt_tokenizer **t, const char *pattern)
{
	size_t len = (size_t)(nt_embedded_ranks_end - nt_embedded_ranks);
	size_t n_pair = (size_t)(nt_embedded_merges_end - nt_embedded_merges) / 4;
	int rc = nt_tiktoken_parse_found(t, nt_embedded_ranks, len, "nt-8k", pattern ? pattern : "cl100k",
					 nt_embedded_merges, n_pair);
	if (rc == 0)
		(*t)->remark[0] = 0; /* [B] and [E] at the end are its design */
	return rc;
}

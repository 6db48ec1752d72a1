/* SPDX-License-Identifier: MIT */
/*
 * merges.c - the merges of the embedded vocabulary, found when the library is built
 *
 * A list of ranks does not say them, and to find them is a third of the time that a
 * command with the embedded vocabulary takes to start. Writes {u16 left, u16 right},
 * little-endian, for every token of two bytes or more in order of rank.
 */
#include <stdio.h>

#include "base/le.h"
#include "nt/err.h"
#include "nt/file.h"
#include "token/tokenizer.h"

/* There is none yet: this is what it is made of. */
int nt_embedded_parse(struct nt_tokenizer **t, const char *pattern)
{
	(void)pattern;
	*t = NULL;
	return NT_EFAIL;
}

static int write_merges(const struct nt_tokenizer *t)
{
	if (t->prefers_whole || t->ident.vocab_size > UINT16_MAX)
		return nt_fail(NT_EFORMAT, "a token that no merge makes, or more than 65,535 tokens");
	for (size_t i = 0; i < t->n_pair; i++) {
		uint8_t pair[4];
		nt_put16(pair, (uint16_t)t->pair[i].left);
		nt_put16(pair + 2, (uint16_t)t->pair[i].right);
		if (fwrite(pair, sizeof(pair), 1, stdout) != 1)
			return nt_fail_sys("standard output: cannot write");
	}
	return fflush(stdout) == 0 ? 0 : nt_fail_sys("standard output: cannot write");
}

int main(int argc, char **argv)
{
	struct nt_tokenizer *t = NULL;
	int rc = argc == 2 ? nt_tokenizer_open(&t, argv[1], "cl100k") : nt_fail(NT_EARG, "usage: merges FILE");
	if (rc == 0)
		rc = write_merges(t);
	if (rc < 0)
		fprintf(stderr, "merges: %s\n", nt_errmsg());
	nt_tokenizer_free(t);
	return -rc;
}

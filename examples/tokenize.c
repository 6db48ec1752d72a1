/* SPDX-License-Identifier: MIT */
/*
 * tokenize.c - lines to ids, with libnt
 *
 *	cc tokenize.c $(pkg-config --cflags --libs nt) -o tokenize
 *	echo 'The cat sat' | ./tokenize            # the built-in vocabulary
 *	./tokenize tokenizer.json < poem.txt       # any other; .tiktoken too
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include <nt/tokenizer.h>

int main(int argc, char **argv)
{
	struct nt_tokenizer *t;
	struct nt_ids ids = {0}; /* grows to the longest line, then is used again */
	char *line = NULL;
	size_t cap = 0;
	if (nt_tokenizer_open(&t, argc > 1 ? argv[1] : NULL, NULL) < 0)
		errx(1, "%s", nt_errmsg());
	struct nt_encoder *e = nt_encoder_new(t); /* one a thread; t is shared */
	if (!e)
		errx(1, "%s", nt_errmsg());
	for (ssize_t len; (len = getline(&line, &cap, stdin)) > 0; ids.n = 0) {
		if (nt_encode(e, line, (size_t)len, 0, &ids) < 0)
			errx(1, "%s", nt_errmsg());
		for (size_t i = 0; i < ids.n; i++)
			printf(i ? " %u" : "%u", ids.id[i]);
		putchar('\n');
	}
	nt_encoder_free(e);
	nt_tokenizer_free(t);
	nt_ids_release(&ids);
	free(line);
}

/* SPDX-License-Identifier: MIT */
/*
 * foreign.c - bytes as the token files of other trainers
 *
 * The first byte chooses the format, the second how the rest is shared out between index
 * and tokens. Whatever is read is documents of ids inside the vocabulary.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/foreign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char folder[64];

static const char *path_of(const char *ending)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/a%s", folder, ending);
	return path;
}

static void put(const char *path, const uint8_t *data, size_t len)
{
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0)
		abort();
}

static void clean_up(void)
{
	static const char *const endings[] = {".bin", ".idx", ".npy", ".csv.gz", ".ds", ".ds.index"};
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		unlink(path_of(endings[i]));
	rmdir(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 2)
		return 0;
	enum nt_foreign format = (enum nt_foreign)(NT_NANOGPT + data[0] % 5);
	const struct nt_foreign_form *form = &nt_foreign_form[format];
	const struct nt_ident ident = {.vocab_size = data[0] & 8 ? 100000 : 0x7000,
				       .bos = data[0] & 16 ? 8 : 9, .eos = 8};
	size_t n_index = form->index ? (len - 2) * data[1] / 255 : 0;
	struct nt_foreign_reader *r;
	struct nt_tokens doc;
	if (!*folder) {
		snprintf(folder, sizeof(folder), "/tmp/nt-fuzz-foreign.XXXXXX");
		if (!mkdtemp(folder) || atexit(clean_up) != 0)
			abort();
	}
	if (form->index)
		put(path_of(form->index), data + 2, n_index);
	put(path_of(form->ending), data + 2 + n_index, len - 2 - n_index);
	char *operand[] = {(char *)(uintptr_t)path_of(form->ending)};
	int rc = nt_foreign_open(&r, format, operand, 1, &ident);
	while (rc >= 0 && (rc = nt_foreign_next(r, &doc)) == 1)
		for (size_t i = 0; i < doc.n; i++)
			if (doc.id[i] >= ident.vocab_size)
				abort();
	nt_foreign_close(r);
	return 0;
}

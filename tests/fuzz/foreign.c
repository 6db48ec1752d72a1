/* SPDX-License-Identifier: MIT */
/*
 * foreign.c - bytes as the token files of other trainers
 *
 * The first byte chooses the format, the next two say how much of the rest is index; what is left is
 * tokens. Its high bits say how the files are named. Whatever is read is documents of ids inside the vocabulary.
 */
#include <stdint.h>

#include "data/foreign.h"
#include "tests/fuzz/folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *name_of(const char *ending)
{
	static char name[32];
	snprintf(name, sizeof(name), "a%s", ending);
	return name;
}

/* Its tokens, its index, both as a shell's pattern brings them, or standard input. Returns how many. */
static size_t name_operands(char **operand, const struct nt_foreign_form *form, unsigned how)
{
	static char standard[] = "-";
	const char *index = form->index && how < 3 ? form->index : form->ending;
	operand[0] = path_of(name_of(form->ending));
	operand[1] = path_of(name_of(index));
	if (how == 2)
		operand[0] = operand[1];
	if (how == 3) {
		nt_assert(freopen(operand[0], "rb", stdin));
		operand[0] = standard;
	}
	return how == 1 ? 2 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 3)
		return 0;
	const uint8_t *p = data + 3;
	enum nt_foreign format = (enum nt_foreign)(NT_NANOGPT + data[0] % 5);
	const struct nt_foreign_form *form = &nt_foreign_form[format];
	const struct nt_ident ident = {.vocab_size = data[0] & 8 ? 100000 : 0x7000,
				       .bos = data[0] & 16 ? 8 : 9, .eos = 8};
	size_t rest = len - 3, said = (size_t)(data[1] | data[2] << 8), n_index = !form->index ? 0 : said < rest ? said : rest;
	struct nt_foreign_reader *r;
	struct nt_tokens doc;
	if (form->index)
		put(name_of(form->index), p, n_index);
	if (format == NT_DATATROVE && data[0] & 32)
		put("a.ds.metadata", p, n_index); /* it says how wide tokens are */
	else
		unlink(path_of("a.ds.metadata"));
	put(name_of(form->ending), p + n_index, rest - n_index);
	char *operand[2];
	size_t n_operand = name_operands(operand, form, data[0] >> 6);
	int rc = nt_foreign_open(&r, format, operand, n_operand, &ident);
	while (rc >= 0 && (rc = nt_foreign_next(r, &doc)) == 1)
		for (size_t i = 0; i < doc.n; i++)
			if (doc.id[i] >= ident.vocab_size)
				abort();
	nt_foreign_close(r);
	return 0;
}

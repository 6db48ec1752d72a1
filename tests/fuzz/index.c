/* SPDX-License-Identifier: MIT */
/* index.c - any bytes as model.safetensors.index.json: refused, or sorted names of files beside it */
#include <string.h>

#include "model/weights.h"
#include "nt/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct nt_index x;
	if (nt_index_parse(&x, data, len, "fuzz") < 0)
		nt_assert(*nt_errmsg());
	else
		nt_assert(x.n > 0);
	for (size_t i = 1; i < x.n; i++)
		nt_assert(strcmp(x.entry[i - 1].name, x.entry[i].name) <= 0);
	for (size_t i = 0; i < x.n; i++)
		nt_assert(*x.entry[i].file != '.' && *x.entry[i].file && !strchr(x.entry[i].file, '/'));
	nt_index_release(&x);
	return 0;
}

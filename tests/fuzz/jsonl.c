/* SPDX-License-Identifier: MIT */
/* Bytes as JSON lines: read, and asked whether they fit, with a path and without. */
#include <stdlib.h>
#include <string.h>

#include "io/jsonl.h"
#include "nt/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const fields[] = {"text", "a.b,text"};
	static const char *const where[] = {"a.b=1,x", "c>=2"};
	struct nt_jsonl_about about = {0};
	for (size_t i = 0; i < 2; i++) {
		struct nt_jsonl *j;
		struct nt_buf text = {0};
		if (nt_jsonl_new(&j, &fields[i], 1, where, 0) < 0)
			abort();
		bool fits = nt_jsonl_fits(j, data, size);
		int rc = nt_jsonl_read(j, data, size, "fuzz:1", &text, &about);
		nt_assert(fits == (rc == 1));
		nt_assert(!about.id || strlen(about.id) < 2 * size + 32);
		/* no escape is shorter than what it stands for, except the join's newlines */
		nt_assert(text.len <= 3 * size + 2);
		nt_buf_release(&text);
		nt_jsonl_free(j);
	}
	return 0;
}

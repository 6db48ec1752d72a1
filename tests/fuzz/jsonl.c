/* SPDX-License-Identifier: MIT */
/* Bytes as JSON lines: read, and asked whether they fit, with a path, with conditions and without. */
#include <stdlib.h>
#include <string.h>

#include "io/jsonl.h"
#include "nt/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_line(const uint8_t *data, size_t size, const char *field, size_t n_where)
{
	static const char *const where[] = {"a.b=1,x", "c>=2", "text!=y"};
	struct nt_jsonl_about about = {0};
	struct nt_jsonl *j;
	struct nt_buf text = {0};
	if (nt_jsonl_new(&j, &field, 1, where, n_where) < 0)
		abort();
	int fits = nt_jsonl_fits(j, data, size);
	int rc = nt_jsonl_read(j, data, size, "fuzz:1", &text, &about);
	bool is_deep = rc < 0 && strstr(nt_errmsg(), "nested too deeply");
	nt_assert(n_where ? rc <= 1 && (rc < 1 || fits) : fits == (rc == 1 || is_deep));
	nt_assert(!about.id || strlen(about.id) < 2 * size + 32);
	/* no escape is shorter than what it stands for, except the join's newlines */
	nt_assert(text.len <= 3 * size + 2);
	nt_buf_release(&text);
	nt_jsonl_free(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_line(data, size, "text", 0);
	read_line(data, size, "a.b,text", 0);
	for (size_t n = 1; n <= 3; n++)
		read_line(data, size, "text", n);
	return 0;
}

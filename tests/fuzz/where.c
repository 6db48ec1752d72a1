/* SPDX-License-Identifier: MIT */
/* where.c - a first line as a condition, and the rest as the JSON line that is asked; = and != are never of one mind */
#include <stdlib.h>
#include <string.h>

#include "io/jsonl.h"
#include "nt/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 1 it fits, 0 it does not, < 0 there is no such condition or line. */
static int ask(const char *condition, const uint8_t *line, size_t len)
{
	struct nt_jsonl *j;
	struct nt_jsonl_about about;
	struct nt_buf text = {0};
	int rc = nt_jsonl_new(&j, NULL, 0, &condition, 1);
	if (rc < 0)
		return rc;
	rc = nt_jsonl_read(j, line, len, "fuzz:1", &text, &about);
	nt_buf_release(&text);
	nt_jsonl_free(j);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *feed = size ? memchr(data, '\n', size) : NULL;
	if (!feed)
		return 0;
	size_t len = (size_t)(feed - data), rest = size - len - 1;
	char *condition = strndup((const char *)data, len), *sign = condition ? strpbrk(condition, "=!<>") : NULL;
	nt_assert(condition);
	int fits = ask(condition, feed + 1, rest);
	if (fits >= 0 && sign && *sign == '!') {
		memmove(sign, sign + 1, strlen(sign)); /* a!=x becomes a=x */
		int other = ask(condition, feed + 1, rest);
		nt_assert(other == !fits || other < 0); /* < 0: now it is wanted, and has no text */
	}
	free(condition);
	return 0;
}

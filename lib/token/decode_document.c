/* SPDX-License-Identifier: MIT */
/*
 * decode_document.c - ids of a whole document to its text
 *
 * Llama 2 and its like put a space in front of a text before they cut it, so that its
 * first word is a word like others. It is no part of the text, and goes again.
 */
#include "token/tokenizer.h"

#include <string.h>

int nt_decode_document(const struct nt_tokenizer *t, const uint32_t *id, size_t n, struct nt_buf *out)
{
	size_t start = out->len;
	int rc = nt_decode(t, id, n, out);
	if (rc == 0 && t->strips_space && out->len > start && out->data[start] == ' ') {
		out->len--;
		memmove(out->data + start, out->data + start + 1, out->len - start);
	}
	return rc;
}

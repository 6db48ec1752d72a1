/* SPDX-License-Identifier: MIT */
/* json.c - writing JSON strings; reading is json-c's */
#include "base/utf8.h"
#include "nt/err.h"
#include "nt/file.h"

static int add_char(struct nt_buf *out, const uint8_t *p, size_t n)
{
	switch (n == 1 ? p[0] : 0x80) {
	case '"':
		return nt_buf_add(out, "\\\"", 2);
	case '\\':
		return nt_buf_add(out, "\\\\", 2);
	case '\n':
		return nt_buf_add(out, "\\n", 2);
	case '\t':
		return nt_buf_add(out, "\\t", 2);
	case '\r':
		return nt_buf_add(out, "\\r", 2);
	}
	if (p[0] < 0x20 || p[0] == 0x7f)
		return nt_buf_printf(out, "\\u%04x", p[0]);
	return nt_buf_add(out, p, n);
}

/* Bytes from p on that stand for themselves: nearly all, so they are copied in one go. */
static size_t plain_len(const uint8_t *p, size_t left)
{
	size_t n = 0;
	while (n < left && p[n] >= 0x20 && p[n] < 0x7f && p[n] != '"' && p[n] != '\\')
		n++;
	return n;
}

int nt_json_chars(struct nt_buf *out, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint32_t c;
	int rc = 0;
	for (size_t i = 0, n; rc == 0 && i < len; i += n ? n : 1) {
		if ((n = plain_len(p + i, len - i)) > 0)
			rc = nt_buf_add(out, p + i, n);
		else if ((n = nt_utf8_decode(p + i, len - i, &c)) > 0)
			rc = add_char(out, p + i, n);
		else
			rc = nt_buf_add(out, "\xef\xbf\xbd", 3);
	}
	return rc;
}

int nt_json_string(struct nt_buf *out, const void *bytes, size_t len)
{
	int rc = nt_buf_add(out, "\"", 1);
	if (rc == 0)
		rc = nt_json_chars(out, bytes, len);
	return rc < 0 ? rc : nt_buf_add(out, "\"", 1);
}

/* SPDX-License-Identifier: MIT */
/* visible.c - the bytes of a token so that a person sees each of them; see visible.h */
#include "token/visible.h"

#include <stdbool.h>

#include "base/utf8.h"
#include "text/unicode.h"

static int add_escaped(struct nt_buf *out, uint32_t c, char delimiter)
{
	static const char named[] = {'\n', 'n', '\r', 'r', '\t', 't'};
	for (size_t i = 0; i < sizeof(named); i += 2)
		if (c == (uint32_t)named[i])
			return nt_buf_printf(out, "\\%c", named[i + 1]);
	if (c == '\\' || (delimiter && c == (uint32_t)delimiter))
		return nt_buf_printf(out, "\\%c", (char)c);
	return c < 0x80 ? nt_buf_printf(out, "\\x%02x", c) : nt_buf_printf(out, "\\u{%x}", c);
}

static bool is_itself(uint32_t c, bool is_first, char delimiter)
{
	uint8_t class = nt_char_class(c);
	if (c == '\\' || (delimiter && c == (uint32_t)delimiter))
		return false;
	return c == ' ' || (class && !(class & NT_SPACE) && !(is_first && class & NT_MARK));
}

int nt_visible_add(struct nt_buf *out, const uint8_t *p, size_t len, char delimiter)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < len;) {
		uint32_t c;
		size_t n = nt_utf8_decode(p + i, len - i, &c);
		if (n == 0)
			rc = nt_buf_printf(out, "\\x%02x", p[i]);
		else if (is_itself(c, i == 0, delimiter))
			rc = nt_buf_add(out, p + i, n);
		else
			rc = add_escaped(out, c, delimiter);
		i += n ? n : 1;
	}
	return rc;
}

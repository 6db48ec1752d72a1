/* SPDX-License-Identifier: MIT */
/* markup.c - text escaped, numbers short; the why is in markup.h */
#include "report/markup.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "nt/err.h"
#include "nt/file.h"

void nt_markup_raw(struct report_markup *m, const char *p, size_t n)
{
	if (m->rc == 0)
		m->rc = nt_buf_add(m->out, p, n);
}

void nt_markup(struct report_markup *m, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	nt_assert(n >= 0 && (size_t)n < sizeof(text));
	nt_markup_raw(m, text, (size_t)n);
}

/* Of what is not a plain character: what stands for it. */
static const char *entity(uint32_t c)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	}
	/* XML 1.0 has no other controls, and not these two; nobody needs those of the second block */
	if ((c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7f && c < 0xa0) || c == 0xfffe || c == 0xffff)
		return "\xef\xbf\xbd";
	return NULL;
}

void nt_markup_text(struct report_markup *m, const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t plain = 0;
	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c = 0;
		n = nt_utf8_decode(p + i, len - i, &c);
		const char *instead = n ? entity(c) : "\xef\xbf\xbd";
		n += n == 0;
		if (!instead)
			continue;
		nt_markup_raw(m, text + plain, i - plain);
		nt_markup_raw(m, instead, strlen(instead));
		plain = i + n;
	}
	if (len)
		nt_markup_raw(m, text + plain, len - plain);
}

void nt_markup_words(struct report_markup *m, const char *text)
{
	nt_markup_text(m, text, strlen(text));
}

void nt_markup_json(struct report_markup *m, const char *text, size_t len)
{
	if (m->rc == 0)
		m->rc = nt_json_string(m->out, text, len);
}

void nt_markup_chars(struct report_markup *m, const char *text, size_t len)
{
	if (m->rc == 0)
		m->rc = nt_json_chars(m->out, text, len);
}

void nt_markup_at(struct report_markup *m, double x)
{
	char text[32];
	double hundredths = round(fmin(fmax(x, -1e6), 1e6) * 100);
	int n = snprintf(text, sizeof(text), "%.2f", hundredths / 100 + 0.0);
	while (text[n - 1] == '0')
		n--;
	n -= text[n - 1] == '.';
	nt_markup_raw(m, text, (size_t)n);
}

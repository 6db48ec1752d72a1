/* SPDX-License-Identifier: MIT */
#ifndef REPORT_MARKUP_H
#define REPORT_MARKUP_H
/*
 * markup.h - SVG, HTML and other text, written so that no text from outside becomes markup
 *
 * A page or a table is a thousand small writes, of which each can run out of memory. The first
 * failure is kept and the rest does nothing: whoever writes looks at rc once, at the end.
 */
#include "nt/mem.h"

struct report_markup {
	struct nt_buf *out;
	int rc; /* of the first failure, or 0 */
};

/* Markup of our own, and numbers, of less than 512 bytes; or as long as it likes. A string from
 * outside never goes through here. */
void nt_markup(struct report_markup *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void nt_markup_raw(struct report_markup *m, const char *p, size_t n);

/*
 * Text, fit to stand between tags and in attributes with either quotes, in HTML and in
 * XML: & < > " ' become entities, and bytes that are not UTF-8 or that XML cannot hold
 * become U+FFFD, but tab and line feed.
 */
void nt_markup_text(struct report_markup *m, const char *text, size_t len);
void nt_markup_words(struct report_markup *m, const char *text); /* one that ends with a NUL */

/* A JSON string, and one without its quotes: what a terminal would obey is escaped, too. */
void nt_markup_json(struct report_markup *m, const char *text, size_t len);
void nt_markup_chars(struct report_markup *m, const char *text, size_t len);

/* Coordinates, 1/100 of a pixel and no digit more: "12.5". */
void nt_markup_at(struct report_markup *m, double x);

#endif

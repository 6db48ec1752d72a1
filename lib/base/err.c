/* SPDX-License-Identifier: MIT */
/*
 * err.c - one sentence per thread
 *
 * The buffer is thread-local, so no thread can spoil another's message; the pool
 * carries the first failure of a parallel job to the thread that started it.
 * Names in a sentence come from outside (files, archive members), and a terminal obeys
 * control characters, the eight-bit ones and those that turn the line round included:
 * they are replaced here, once, for every message.
 */
#include "nt/err.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static _Thread_local char sentence[1024];

/* Whether a terminal obeys c instead of showing it. */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200e && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void nt_printable(void *text, size_t len)
{
	uint8_t *p = text;
	for (size_t left = len, n; left; p += n, left -= n) {
		uint32_t c;
		n = nt_utf8_decode(p, left, &c);
		if (n == 0 || is_control(c))
			memset(p, '?', n += n == 0);
	}
}

const char *nt_counted(uint64_t n, const char *noun)
{
	static _Thread_local char text[8][48];
	static _Thread_local unsigned next;
	char *at = text[next++ % 8];
	snprintf(at, sizeof(text[0]), "%" PRIu64 " %s%s", n, noun, n == 1 ? "" : "s");
	return at;
}

static void say(const char *fmt, va_list ap)
{
	char text[sizeof(sentence)]; /* fmt's arguments may point into the old sentence */
	vsnprintf(text, sizeof(text), fmt, ap);
	nt_printable(text, strlen(text));
	memcpy(sentence, text, sizeof(sentence));
}

int nt_fail(enum nt_err code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	return code;
}

int nt_fail_sys(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	return nt_fail(NT_ESYS, "%s: %s", sentence, strerror(saved));
}

const char *nt_errmsg(void)
{
	return sentence;
}

void nt_assert_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "nt: bug: %s:%d: %s\n", file, line, what);
	abort();
}

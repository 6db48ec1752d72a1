/* SPDX-License-Identifier: MIT */
/*
 * err.c - one sentence per thread
 *
 * The buffer is thread-local, so no thread can spoil another's message; the pool
 * carries the first failure of a parallel job to the thread that started it.
 * Names in a sentence come from outside (files, archive members), and a terminal
 * obeys control bytes: they are replaced here, once, for every message.
 */
#include "nt/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local char sentence[1024];

static void say(const char *fmt, va_list ap)
{
	char text[sizeof(sentence)]; /* fmt's arguments may point into the old sentence */
	vsnprintf(text, sizeof(text), fmt, ap);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
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

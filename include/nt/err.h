/* SPDX-License-Identifier: MIT */
#ifndef NT_ERR_H
#define NT_ERR_H
/*
 * nt/err.h - how a libnt function says no
 *
 * A function that can fail returns 0 (or a count), or a negative enum nt_err, and
 * leaves one sentence for a human in a buffer of the calling thread. Nothing in
 * the library prints or exits. The code is the negative of the exit status that a
 * command ends with, so a script can tell a damaged file from a full disk.
 *
 * A sentence is lower case and has no full stop: the subject, what is wrong, what
 * was expected, what to do.
 *
 *	data.bin: cut at byte 1048576: the header promises 812 documents, 790 are here
 */
#include <stddef.h>
#include <stdint.h>

enum nt_err {
	NT_EFAIL = -1,   /* it ran, and the answer is no: diverged, damage found */
	NT_EARG = -2,    /* asked wrongly: an option, a value, a combination */
	NT_EFORMAT = -3, /* bad input: cut, corrupt, of another tokenizer */
	NT_ESYS = -4,    /* the system said no: disk full, no memory, permission */
};

/* Leaves the sentence and returns code. What nt_printable replaces in it becomes '?'. */
int nt_fail(enum nt_err code, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));

/* The same with ": " and the text of errno behind it; returns NT_ESYS. */
int nt_fail_sys(const char *fmt, ...) __attribute__((format(printf, 1, 2), cold));

/* The sentence of this thread's last failure; "" if there was none. Valid until the next. */
const char *nt_errmsg(void);

/* "1 document", "269 documents": a count for a sentence, in a buffer of the calling thread; eight of them
 * may be in use at once. */
const char *nt_counted(uint64_t n, const char *noun);

/* Makes '?' of the bytes of text[len] that are no UTF-8 or that a terminal would obey. */
void nt_printable(void *text, size_t len);

/* Stops the program with file and line: for our bugs, never for input. */
#define nt_assert(x) ((x) ? (void)0 : nt_assert_failed(#x, __FILE__, __LINE__))
void nt_assert_failed(const char *what, const char *file, int line) __attribute__((noreturn, cold));

#endif

/* SPDX-License-Identifier: MIT */
#ifndef NT_LINES_H
#define NT_LINES_H
/*
 * nt/lines.h - lines of a pipe or a terminal, as they come
 *
 * For whoever answers a line while the next is not written yet: nothing is waited for that was
 * not asked for, and no more is read than one line needs and the system has ready.
 */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nt_lines;

enum { NT_LINES_LATER = 2, NT_LINES_MOST = 64 << 20 };

/* Borrows the descriptor; name is what messages call it. Nothing is waited for when *stop is set, or
 * SIGINT or SIGTERM come; NULL: none. */
int nt_lines_new(struct nt_lines **l, int fd, const char *name, const volatile sig_atomic_t *stop);
void nt_lines_free(struct nt_lines *l); /* NULL is harmless */

/*
 * 1: line[*len], any bytes but the newline that ends it, valid until the next call; the last may
 * have none. 0: there is no other. NT_LINES_LATER: none is there yet, and may_wait is not set or
 * a signal came. NT_EFORMAT: one is longer than NT_LINES_MOST bytes, or all of it is no text
 * (nt_check_text).
 */
int nt_lines_next(struct nt_lines *l, bool may_wait, const uint8_t **line, size_t *len);

/* Lines handed out so far: the number of the last one, from 1. */
uint64_t nt_lines_count(const struct nt_lines *l);

#endif

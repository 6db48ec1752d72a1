/* SPDX-License-Identifier: MIT */
/* lines.c - lines of a pipe or a terminal, as they come; see nt/lines.h */
#include "nt/lines.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/block.h"
#include "nt/err.h"
#include "nt/file.h"
#include "nt/mem.h"

enum { READ_BYTES = NT_BLOCK(1 << 16) };

struct nt_lines {
	int fd;
	const char *name;
	const volatile sig_atomic_t *stop; /* or NULL */
	uint64_t n;          /* lines handed out */
	struct nt_buf bytes; /* [at, len) of it is not handed out yet ... */
	size_t at, scanned;  /* ... and has no newline before `scanned` */
	bool has_ended;
};

int nt_lines_new(struct nt_lines **result, int fd, const char *name, const volatile sig_atomic_t *stop)
{
	struct nt_lines *l = nt_calloc(1, sizeof(*l));
	*result = l;
	if (!l)
		return NT_ESYS;
	l->fd = fd;
	l->name = name;
	l->stop = stop;
	return 0;
}

void nt_lines_free(struct nt_lines *l)
{
	if (!l)
		return;
	nt_buf_release(&l->bytes);
	free(l);
}

uint64_t nt_lines_count(const struct nt_lines *l)
{
	return l->n;
}

/* Hands out bytes up to `end`; `over` more are the newline. */
static int hand_out(struct nt_lines *l, size_t end, size_t over, const uint8_t **line, size_t *len)
{
	*line = l->bytes.data + l->at;
	*len = end - l->at;
	l->at = l->scanned = end + over;
	l->n++;
	return 1;
}

/* Is there something to read, or the end? Signals come only while it sleeps: one that came
 * between a look at *stop and the sleep would be slept through. */
static bool is_ready(struct nt_lines *l, bool may_wait)
{
	struct pollfd look = {.fd = l->fd, .events = POLLIN};
	static const struct timespec now;
	sigset_t stops, before;
	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &stops, &before);
	bool waits = may_wait && !(l->stop && *l->stop);
	int n = ppoll(&look, 1, waits ? NULL : &now, &before);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return n > 0;
}

/* Reads what is there. 1: more bytes, or the end; NT_LINES_LATER. */
static int read_more(struct nt_lines *l, bool may_wait)
{
	if (!is_ready(l, may_wait))
		return NT_LINES_LATER;
	if (l->at) { /* what is left moves to the front: lines are short, or this is rare */
		l->bytes.len -= l->at;
		memmove(l->bytes.data, l->bytes.data + l->at, l->bytes.len);
		l->scanned -= l->at;
		l->at = 0;
	}
	int rc = nt_buf_reserve(&l->bytes, READ_BYTES);
	if (rc < 0)
		return rc;
	ssize_t n = read(l->fd, l->bytes.data + l->bytes.len, READ_BYTES);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? NT_LINES_LATER : nt_fail_sys("%s: cannot read", l->name);
	l->bytes.len += (size_t)n;
	l->has_ended = n == 0;
	rc = l->n == 0 ? nt_check_text(l->name, l->bytes.data, l->bytes.len) : 0;
	return rc < 0 ? rc : 1;
}

int nt_lines_next(struct nt_lines *l, bool may_wait, const uint8_t **line, size_t *len)
{
	for (;;) {
		size_t left = l->bytes.len - l->scanned;
		const uint8_t *newline = left ? memchr(l->bytes.data + l->scanned, '\n', left) : NULL;
		if (newline)
			return hand_out(l, (size_t)(newline - l->bytes.data), 1, line, len);
		l->scanned = l->bytes.len;
		if (l->has_ended)
			return l->at < l->bytes.len ? hand_out(l, l->bytes.len, 0, line, len) : 0;
		if (l->bytes.len - l->at > NT_LINES_MOST)
			return nt_fail(NT_EFORMAT, "%s:%" PRIu64 ": a line of more than %d MiB", l->name, l->n + 1,
				       NT_LINES_MOST >> 20);
		int rc = read_more(l, may_wait);
		if (rc != 1)
			return rc;
	}
}

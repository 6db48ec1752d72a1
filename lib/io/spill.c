/* SPDX-License-Identifier: MIT */
/* spill.c - temporary files that nobody can see and nobody has to remove */
#include "io/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nt/err.h"
#include "nt/file.h"

static const char name[] = "temporary file";

/* File systems that cannot do O_TMPFILE get a name that is gone at once. */
static int open_nameless(const char *folder)
{
	char path[4096];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	int n = snprintf(path, sizeof(path), "%s/nt.XXXXXX", folder);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -1;
	if ((fd = mkostemp(path, O_CLOEXEC)) >= 0)
		unlink(path);
	return fd;
}

int nt_spill_open(struct nt_spill *s, const char *folder, size_t buffer_bytes)
{
	const char *tmp = getenv("TMPDIR");
	if (!folder)
		folder = tmp && *tmp ? tmp : "/tmp";
	*s = (struct nt_spill){.fd = open_nameless(folder), .buffer_bytes = buffer_bytes};
	return s->fd < 0 ? nt_fail_sys("%s: cannot make a temporary file (see TMPDIR)", folder) : 0;
}

static int flush(struct nt_spill *s)
{
	size_t n = s->buffer.len;
	s->buffer.len = 0;
	return n ? nt_write_full(s->fd, s->buffer.data, n, name) : 0;
}

int nt_spill_add(struct nt_spill *s, const void *data, size_t len)
{
	int rc = 0;
	s->bytes += len;
	if (s->buffer.len + len > s->buffer_bytes)
		rc = flush(s);
	if (rc == 0 && len >= s->buffer_bytes)
		return nt_write_full(s->fd, data, len, name);
	if (rc == 0 && !s->buffer.data)
		rc = nt_buf_reserve(&s->buffer, s->buffer_bytes);
	return rc < 0 ? rc : nt_buf_add(&s->buffer, data, len);
}

int nt_spill_rewind(struct nt_spill *s)
{
	int rc = flush(s);
	nt_buf_release(&s->buffer);
	s->pos = 0;
	if (rc == 0 && lseek(s->fd, 0, SEEK_SET) < 0)
		rc = nt_fail_sys("%s: cannot rewind", name);
	return rc;
}

static int read_ahead(struct nt_spill *s)
{
	s->buffer.len = s->pos = 0;
	int rc = nt_buf_reserve(&s->buffer, s->buffer_bytes);
	ssize_t n = rc < 0 ? rc : nt_read_full(s->fd, s->buffer.data, s->buffer_bytes, name);
	if (n < 0)
		return (int)n;
	s->buffer.len = (size_t)n;
	return 0;
}

/* len bytes, or as many as there are at once; 0 at the end. */
static ssize_t read_some(struct nt_spill *s, void *data, size_t len)
{
	if (s->pos == s->buffer.len && len >= s->buffer_bytes)
		return nt_read_full(s->fd, data, len, name);
	int rc = s->pos == s->buffer.len ? read_ahead(s) : 0;
	if (rc < 0)
		return rc;
	size_t here = s->buffer.len - s->pos, n = here < len ? here : len;
	memcpy(data, s->buffer.data + s->pos, n);
	s->pos += n;
	return (ssize_t)n;
}

int nt_spill_read(struct nt_spill *s, void *data, size_t len)
{
	uint8_t *p = data;
	ssize_t n = 1;
	for (; len && n > 0; len -= (size_t)n) {
		if ((n = read_some(s, p, len)) < 0)
			return (int)n;
		p += n;
	}
	return len ? nt_fail(NT_ESYS, "%s: shorter than it was written", name) : 0;
}

int nt_spill_read_at(const struct nt_spill *s, uint64_t at, void *data, size_t len)
{
	uint64_t on_disk = s->bytes - s->buffer.len;
	uint8_t *p = data;
	nt_assert(at + len <= s->bytes);
	while (len && at < on_disk) {
		ssize_t got = pread(s->fd, p, len < on_disk - at ? len : (size_t)(on_disk - at), (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return nt_fail_sys("%s: cannot read", name);
		if (got == 0)
			return nt_fail(NT_ESYS, "%s: shorter than it was written", name);
		p += got;
		at += (uint64_t)got;
		len -= (size_t)got;
	}
	if (len)
		memcpy(p, s->buffer.data + (at - on_disk), len);
	return 0;
}

int nt_spill_map(struct nt_spill *s, struct nt_map *m)
{
	int rc = nt_spill_rewind(s);
	*m = (struct nt_map){0};
	if (rc < 0 || s->bytes == 0)
		return rc;
	void *p = s->bytes <= SIZE_MAX ? mmap(NULL, s->bytes, PROT_READ, MAP_SHARED, s->fd, 0) : MAP_FAILED;
	if (p == MAP_FAILED)
		return nt_fail_sys("%s: cannot map", name);
	*m = (struct nt_map){.data = p, .len = (size_t)s->bytes};
	return 0;
}

void nt_spill_close(struct nt_spill *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	nt_buf_release(&s->buffer);
}

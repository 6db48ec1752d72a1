/* SPDX-License-Identifier: MIT */
/*
 * file.c - reading and writing with every answer of the system looked at
 *
 * A read may be short and a write may be short, both may be interrupted, and the disk
 * may be full only when the last block goes out: all of it is handled here, once.
 */
#include "nt/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nt/err.h"

bool nt_is_standard(const char *path)
{
	return !path || strcmp(path, "-") == 0;
}

bool nt_is_folder(const char *path)
{
	struct stat st;
	return !nt_is_standard(path) && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

const char *nt_input_name(const char *path)
{
	return nt_is_standard(path) ? "standard input" : path;
}

const char *nt_last_part(const char *path, size_t len, size_t *part_len)
{
	while (len > 1 && path[len - 1] == '/')
		len--;
	size_t begin = len;
	while (begin > 0 && path[begin - 1] != '/')
		begin--;
	*part_len = len - begin;
	return path + begin;
}

ssize_t nt_read_full(int fd, void *buf, size_t n, const char *name)
{
	size_t done = 0;
	while (done < n) {
		ssize_t r = read(fd, (char *)buf + done, n - done);
		if (r > 0)
			done += (size_t)r;
		else if (r == 0)
			break;
		else if (errno != EINTR)
			return nt_fail_sys("%s: cannot read", name);
	}
	return (ssize_t)done;
}

int nt_write_full(int fd, const void *buf, size_t n, const char *name)
{
	size_t done = 0;
	while (done < n) {
		ssize_t w = write(fd, (const char *)buf + done, n - done);
		if (w >= 0)
			done += (size_t)w;
		else if (errno != EINTR)
			return nt_fail_sys("%s: cannot write", name);
	}
	return 0;
}

int nt_open_read(const char *path)
{
	if (nt_is_standard(path))
		return STDIN_FILENO;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return nt_fail_sys("%s: cannot open", path);
	struct stat st;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		errno = EISDIR;
		return nt_fail_sys("%s: cannot read", path);
	}
	return fd;
}

void nt_close_read(int fd)
{
	if (fd > STDIN_FILENO)
		close(fd);
}

void nt_operands_init(struct nt_operands *o, char *const *path, size_t n)
{
	static char *const standard_input[] = {"-"};
	*o = (struct nt_operands){.path = n ? path : standard_input, .n = n ? n : 1, .fd = -1};
}

int nt_operands_next(struct nt_operands *o)
{
	nt_operands_close(o);
	if (o->n_opened == o->n)
		return 0;
	const char *path = o->path[o->n_opened++];
	o->name = nt_input_name(path);
	o->fd = nt_open_read(path);
	return o->fd < 0 ? o->fd : 1;
}

void nt_operands_close(struct nt_operands *o)
{
	nt_close_read(o->fd);
	o->fd = -1;
}

int nt_read_file(struct nt_buf *out, const char *path)
{
	int fd = nt_open_read(path), rc = 0;
	if (fd < 0)
		return fd;
	struct stat st;
	size_t room = fstat(fd, &st) == 0 && st.st_size > 0 ? (size_t)st.st_size + 1 : 65536;
	for (;;) {
		if ((rc = nt_buf_reserve(out, room)) < 0)
			break;
		ssize_t n = nt_read_full(fd, out->data + out->len, room, nt_input_name(path));
		if (n < 0)
			rc = (int)n;
		if (n <= 0)
			break;
		out->len += (size_t)n;
		room = (size_t)n < room ? 1 : room * 2;
	}
	nt_close_read(fd);
	return rc;
}

int nt_map_open(struct nt_map *m, const char *path)
{
	*m = (struct nt_map){0};
	if (nt_is_standard(path))
		return nt_fail(NT_EARG, "standard input cannot be mapped: put it into a file and name that");
	int fd = nt_open_read(path), rc = 0;
	if (fd < 0)
		return fd;
	struct stat st;
	if (fstat(fd, &st) < 0) {
		rc = nt_fail_sys("%s: cannot read", path);
	} else if (!S_ISREG(st.st_mode)) {
		rc = nt_fail(NT_EARG, "%s: a pipe or device cannot be mapped: put it into a file first", path);
	} else if (st.st_size > 0) {
		void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
		if (p == MAP_FAILED)
			rc = nt_fail_sys("%s: cannot map", path);
		else
			*m = (struct nt_map){.data = p, .len = (size_t)st.st_size};
	}
	close(fd);
	return rc;
}

void nt_map_close(struct nt_map *m)
{
	if (m->data)
		munmap((void *)(uintptr_t)m->data, m->len);
	*m = (struct nt_map){0};
}

/* EINVAL: a file system that has no such thing. */
static bool is_synced(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
	int why = errno;
	if (fd >= 0)
		close(fd);
	errno = why;
	return is;
}

int nt_folder_sync(const char *folder)
{
	return is_synced(folder) ? 0 : nt_fail_sys("%s: cannot sync", folder);
}

int nt_folder_sync_of(const char *path)
{
	char *copy = strdup(path);
	int rc = copy && is_synced(dirname(copy)) ? 0 : nt_fail_sys("%s: cannot sync its directory", path);
	free(copy);
	return rc;
}

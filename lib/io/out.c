/* SPDX-License-Identifier: MIT */
/*
 * out.c - outputs that are complete or absent
 *
 * A named file is written as FILE.part under a lock and renamed when all of it is on
 * the disk. The name is fixed, so what a killed run left behind is overwritten by the
 * next one instead of piling up, and the lock keeps two runs from writing one file. A
 * link of that name, which somebody may have put in a shared folder, is not followed. A
 * run that a signal ends removes it (base/litter.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/block.h"
#include "base/litter.h"
#include "nt/err.h"
#include "nt/file.h"

enum { BUFFER_BYTES = NT_BLOCK(1 << 18), PIPE_BYTES = 1 << 20 };

struct nt_out {
	int fd;
	char *path, *part; /* NULL: standard output; part NULL: written in place */
	int litter;        /* number of the part there */
	uint64_t bytes;
	size_t used;
	uint8_t buffer[BUFFER_BYTES];
};

const char *nt_out_name(const struct nt_out *out)
{
	return out->path ? out->path : "standard output";
}

uint64_t nt_out_bytes(const struct nt_out *out)
{
	return out->bytes;
}

int nt_out_check_folder(const char *path)
{
	const char *slash = nt_is_standard(path) ? NULL : strrchr(path, '/');
	struct stat st;
	if (!slash)
		return 0;
	char *folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (!folder)
		return nt_fail_sys("%s: cannot create", path);
	int rc = 0;
	if (stat(folder, &st) == 0 && !S_ISDIR(st.st_mode))
		rc = nt_fail(NT_ESYS, "%s: cannot create: %s is no folder", path, folder);
	else if (access(folder, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
		rc = nt_fail(NT_ESYS, "%s: cannot create: there is no folder %s; mkdir -p makes it", path, folder);
	free(folder);
	return rc;
}

/* The file we opened and locked may have been renamed away by its writer meanwhile. */
static bool is_still(const char *path, int fd)
{
	struct stat a, b;
	return stat(path, &a) == 0 && fstat(fd, &b) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

static int create_part(struct nt_out *out)
{
	do {
		if (out->fd >= 0)
			close(out->fd);
		out->fd = open(out->part, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (out->fd < 0) {
			int why = errno, rc = nt_out_check_folder(out->path);
			errno = why;
			return rc < 0 ? rc : nt_fail_sys("%s: cannot create", out->part);
		}
		if (flock(out->fd, LOCK_EX | LOCK_NB) < 0) {
			close(out->fd);
			out->fd = -1; /* the part is the other's: it must not be removed with this */
			return nt_fail(NT_ESYS, "%s: another program is writing it", out->path);
		}
	} while (!is_still(out->part, out->fd));
	out->litter = nt_litter_add(out->part);
	if (ftruncate(out->fd, 0) < 0)
		return nt_fail_sys("%s: cannot write", out->part);
	return 0;
}

/* A signal that ends us waits until the name that it is to remove is known. */
static int open_part(struct nt_out *out)
{
	sigset_t all, was;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &was);
	int rc = create_part(out);
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	return rc;
}

static int open_named(struct nt_out *out, const char *path)
{
	struct stat st;
	size_t len = strlen(path);
	if (len == 0)
		return nt_fail(NT_EARG, "the name of an output is empty");
	if (!(out->path = strdup(path)))
		return nt_fail_sys("%s: cannot open", path);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return nt_fail(NT_ESYS, "%s: cannot write: it is a directory", path);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		out->fd = open(path, O_WRONLY | O_CLOEXEC);
		return out->fd < 0 ? nt_fail_sys("%s: cannot open", path) : 0;
	}
	if (!(out->part = malloc(len + sizeof(".part"))))
		return nt_fail_sys("%s: cannot open", path);
	memcpy(out->part, path, len);
	memcpy(out->part + len, ".part", sizeof(".part"));
	return open_part(out);
}

bool nt_out_is_same(const char *path, const char *other)
{
	if (nt_is_standard(path) || nt_is_standard(other))
		return nt_is_standard(path) && nt_is_standard(other);
	return strcmp(path, other) == 0;
}

int nt_out_open(struct nt_out **result, const char *path, unsigned flags)
{
	int rc = 0;
	struct nt_out *out = nt_alloc(1, sizeof(*out));
	*result = NULL;
	if (!out)
		return NT_ESYS;
	out->fd = out->litter = -1;
	out->path = out->part = NULL;
	out->bytes = out->used = 0;
	if (nt_is_standard(path))
		out->fd = STDOUT_FILENO;
	else
		rc = open_named(out, path);
	/* fewer turns between writer and reader; what is no pipe, or may not, stays as it is */
	if (rc == 0)
		fcntl(out->fd, F_SETPIPE_SZ, PIPE_BYTES);
	if (rc == 0 && (flags & NT_OUT_BINARY) && !(flags & NT_OUT_FORCE) && isatty(out->fd))
		rc = nt_fail(NT_EARG, "%s is a terminal and the output is binary: "
				      "redirect it, use -o FILE, or -f to write it anyway",
			     nt_out_name(out));
	if (rc < 0) {
		nt_out_discard(out);
		return rc;
	}
	*result = out;
	return 0;
}

int nt_out_flush(struct nt_out *out)
{
	size_t n = out->used;
	out->used = 0;
	return nt_write_full(out->fd, out->buffer, n, nt_out_name(out));
}

int nt_out_write(struct nt_out *out, const void *data, size_t len)
{
	int rc = 0;
	out->bytes += len;
	if (len > sizeof(out->buffer) - out->used)
		rc = nt_out_flush(out);
	if (rc == 0 && len >= sizeof(out->buffer))
		return nt_write_full(out->fd, data, len, nt_out_name(out));
	if (rc == 0 && len) {
		memcpy(out->buffer + out->used, data, len);
		out->used += len;
	}
	return rc;
}

int nt_out_rewrite(struct nt_out *out, uint64_t offset, const void *data, size_t len)
{
	int rc = nt_out_flush(out);
	nt_assert(offset + len <= out->bytes);
	if (rc == 0 && !out->part)
		return nt_fail(NT_EARG, "%s: not a file whose beginning can be written last: name a regular file",
			       nt_out_name(out));
	for (size_t done = 0; rc == 0 && done < len;) {
		ssize_t n = pwrite(out->fd, (const char *)data + done, len - done, (off_t)(offset + done));
		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			rc = nt_fail_sys("%s: cannot write", out->path);
	}
	return rc;
}

static int complete(struct nt_out *out)
{
	if (fsync(out->fd) < 0)
		return nt_fail_sys("%s: cannot sync", out->part);
	if (rename(out->part, out->path) < 0)
		return nt_fail_sys("%s: cannot rename to '%s'", out->part, out->path);
	nt_litter_drop(out->litter);
	free(out->part);
	out->part = NULL;
	return nt_folder_sync_of(out->path);
}

int nt_out_close(struct nt_out *out)
{
	int rc = nt_out_flush(out);
	if (rc == 0 && out->part)
		rc = complete(out);
	if (rc == 0 && out->path) {
		if (close(out->fd) < 0)
			rc = nt_fail_sys("%s: cannot close", out->path);
		out->fd = -1;
	}
	nt_out_discard(out);
	return rc;
}

void nt_out_discard(struct nt_out *out)
{
	if (!out)
		return;
	if (out->part && out->fd >= 0) {
		unlink(out->part);
		nt_litter_drop(out->litter);
	}
	if (out->path && out->fd >= 0)
		close(out->fd);
	free(out->path);
	free(out->part);
	free(out);
}

/* SPDX-License-Identifier: MIT */
/*
 * disk.c - what stands between a program and its disk, for tests: LD_PRELOAD=disk.so
 *
 *	NT_DISK_KILL=N    the N-th change of the disk is the last: of a write half is made, of
 *	                  anything else nothing, and the program is killed
 *	NT_DISK_FULL=N    after N bytes the disk is full
 *	NT_DISK_RECORD=F  each change is written into F, a line for each, before it is made
 *
 * Changes are the calls below that make, write, cut, sync, rename or remove a file or a
 * folder, counted from 1 as they stand in the record. Files that the program was given open,
 * such as its standard error, are none of it. A line is a word and its arguments:
 *
 *	open FD CREATE TRUNCATE PATH    write FD OFFSET HEX    cut FD LENGTH    sync FD
 *	rename FROM TO    link TARGET PATH    unlink PATH    mkdir PATH    rmdir PATH
 *
 * Paths are as the program gave them, or whole. It is for programs that change files from one thread.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILES = 1024 };
static char is_ours[FILES]; /* by descriptor: opened for writing, or a folder to be synced */
static long n_change, n_byte;

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static long setting(const char *name)
{
	const char *text = getenv(name);
	return text ? atol(text) : -1;
}

static int is_file(int fd)
{
	return fd >= 0 && fd < FILES && is_ours[fd];
}

static void record(const char *format, ...)
{
	static int fd = -2;
	const char *path = getenv("NT_DISK_RECORD");
	char line[PATH_MAX * 2 + 64];
	va_list args;
	if (fd == -2)
		fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
	if (fd < 0)
		return;
	va_start(args, format);
	int n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (syscall(SYS_write, fd, line, (size_t)n) != n)
		abort();
}

static void record_bytes(const void *data, size_t n)
{
	const unsigned char *at = data;
	char hex[2048 + 1];
	for (size_t part; n > 0; n -= part, at += part) {
		part = n < 1024 ? n : 1024;
		for (size_t i = 0; i < part; i++)
			snprintf(hex + 2 * i, 3, "%02x", at[i]);
		record("%s", hex);
	}
	record("\n");
}

/* Is this the change at which it all ends? */
static int is_last(void)
{
	return ++n_change == setting("NT_DISK_KILL");
}

static void change(void)
{
	if (is_last())
		raise(SIGKILL);
}

int open(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	int is_written = (flags & O_ACCMODE) != O_RDONLY;
	if (is_written)
		change();
	int fd = NEXT(open)(path, flags, mode);
	if (fd >= 0 && fd < FILES) {
		is_ours[fd] = is_written || (flags & O_DIRECTORY);
		if (is_ours[fd])
			record("open %d %d %d %s\n", fd, !!(flags & O_CREAT), !!(flags & O_TRUNC), path);
	}
	return fd;
}

/* The file's place that is written next, for what is appended too. */
static long place(int fd)
{
	struct stat st;
	if ((fcntl(fd, F_GETFL) & O_APPEND) && fstat(fd, &st) == 0)
		return (long)st.st_size;
	return lseek(fd, 0, SEEK_CUR);
}

static ssize_t write_at(int fd, const void *data, size_t n, long at, int is_placed)
{
	long most = setting("NT_DISK_FULL");
	if (most >= 0 && n_byte + (long)n > most) {
		n = most > n_byte ? (size_t)(most - n_byte) : 0;
		if (n == 0) {
			errno = ENOSPC;
			return -1;
		}
	}
	int ends = is_last();
	n = ends ? n / 2 : n;
	n_byte += (long)n;
	record("write %d %ld ", fd, at);
	record_bytes(data, n);
	ssize_t done = is_placed ? NEXT(pwrite)(fd, data, n, at) : NEXT(write)(fd, data, n);
	if (ends)
		raise(SIGKILL);
	return done;
}

ssize_t write(int fd, const void *data, size_t n)
{
	return is_file(fd) ? write_at(fd, data, n, place(fd), 0) : NEXT(write)(fd, data, n);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	return is_file(fd) ? write_at(fd, data, n, at, 1) : NEXT(pwrite)(fd, data, n, at);
}

int ftruncate(int fd, off_t n)
{
	change();
	if (is_file(fd))
		record("cut %d %ld\n", fd, (long)n);
	return NEXT(ftruncate)(fd, n);
}

int fsync(int fd)
{
	change();
	if (is_file(fd))
		record("sync %d\n", fd);
	return NEXT(fsync)(fd);
}

int rename(const char *from, const char *to)
{
	change();
	int rc = NEXT(rename)(from, to);
	if (rc == 0)
		record("rename %s %s\n", from, to);
	return rc;
}

int symlink(const char *target, const char *path)
{
	change();
	int rc = NEXT(symlink)(target, path);
	if (rc == 0)
		record("link %s %s\n", target, path);
	return rc;
}

int unlink(const char *path)
{
	change();
	int rc = NEXT(unlink)(path);
	if (rc == 0)
		record("unlink %s\n", path);
	return rc;
}

int unlinkat(int dir, const char *name, int flags)
{
	char link[64], path[PATH_MAX];
	change();
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	ssize_t n = readlink(link, path, sizeof(path));
	int rc = NEXT(unlinkat)(dir, name, flags);
	if (rc == 0)
		record("unlink %.*s/%s\n", n > 0 ? (int)n : 0, path, name);
	return rc;
}

int mkdir(const char *path, mode_t mode)
{
	change();
	int rc = NEXT(mkdir)(path, mode);
	if (rc == 0)
		record("mkdir %s\n", path);
	return rc;
}

int rmdir(const char *path)
{
	change();
	int rc = NEXT(rmdir)(path);
	if (rc == 0)
		record("rmdir %s\n", path);
	return rc;
}

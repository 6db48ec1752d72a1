/* SPDX-License-Identifier: MIT */
/*
 * memory.c - an allocator that says no once, to be loaded in front of the C library's
 *
 *	NT_FAIL_AT=N	the Nth allocation returns NULL: any thread, any library; 0: none
 *	NT_FAIL_SAYS=FILE	how many there were, written at the end
 *
 * glibc's own calls of malloc come here, too (strdup, fopen, qsort). mmap counts where a
 * program or a library calls it for memory without a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

static atomic_ulong n_call;
static unsigned long fail_at;

static int fails(void)
{
	if (atomic_fetch_add(&n_call, 1) + 1 != fail_at)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}

void *aligned_alloc(size_t align, size_t n)
{
	return fails() ? NULL : __libc_memalign(align, n);
}

void *memalign(size_t align, size_t n)
{
	return aligned_alloc(align, n);
}

int posix_memalign(void **p, size_t align, size_t n)
{
	return (*p = aligned_alloc(align, n)) ? 0 : ENOMEM;
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
	if ((flags & MAP_ANONYMOUS) && fails())
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, at, n, protection, flags, fd, offset);
}

__attribute__((constructor)) static void begin(void)
{
	const char *at = getenv("NT_FAIL_AT");
	atomic_store(&n_call, 0);
	fail_at = at ? strtoul(at, NULL, 10) : 0;
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("NT_FAIL_SAYS");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
	if (fd < 0)
		return;
	dprintf(fd, "%lu\n", atomic_load(&n_call));
	close(fd);
}

/* SPDX-License-Identifier: MIT */
/* mem.c - allocation with the size checked and the alignment known */
#include "nt/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "nt/err.h"

enum { ALIGN = 64, HUGE_PAGE = 2 << 20 };

int nt_mul(size_t a, size_t b, size_t *out)
{
	if (__builtin_mul_overflow(a, b, out))
		return nt_fail(NT_ESYS, "out of memory: %zu times %zu bytes", a, b);
	return 0;
}

static size_t align_of(size_t bytes)
{
	return bytes < HUGE_PAGE ? ALIGN : HUGE_PAGE;
}

/* aligned_alloc wants a multiple of the alignment, and 0 bytes must not look like failure. */
size_t nt_alloc_size(size_t bytes)
{
	size_t align = align_of(bytes);
	return bytes > SIZE_MAX - align ? SIZE_MAX : (bytes / align + 1) * align;
}

void *nt_alloc(size_t n, size_t size)
{
	size_t bytes;
	if (nt_mul(n, size, &bytes) < 0)
		return NULL;
	size_t align = align_of(bytes), rounded = nt_alloc_size(bytes);
	void *p = rounded < SIZE_MAX ? aligned_alloc(align, rounded) : NULL;
	if (!p)
		nt_fail(NT_ESYS, "out of memory: %zu bytes", bytes);
	else if (align == HUGE_PAGE) /* a wish: tables that are read at random cost a TLB miss each */
		madvise(p, rounded, MADV_HUGEPAGE);
	return p;
}

void *nt_calloc(size_t n, size_t size)
{
	void *p = nt_alloc(n, size);
	if (p)
		memset(p, 0, n * size);
	return p;
}

int nt_grow(void *array, size_t *cap, size_t need, size_t size)
{
	if (need <= *cap)
		return 0;
	size_t more = *cap < SIZE_MAX / 2 ? *cap * 2 : SIZE_MAX;
	if (more < need)
		more = need;
	if (more < 16)
		more = 16;
	void *p, *old;
	memcpy(&old, array, sizeof(old)); /* `array` is the address of some T * */
	if (!(p = nt_alloc(more, size)))
		return NT_ESYS;
	if (old)
		memcpy(p, old, *cap * size);
	free(old);
	memcpy(array, &p, sizeof(p));
	*cap = more;
	return 0;
}

int nt_buf_reserve(struct nt_buf *b, size_t more)
{
	size_t need;
	if (__builtin_add_overflow(b->len, more, &need))
		return nt_fail(NT_ESYS, "out of memory: %zu more bytes", more);
	return nt_grow(&b->data, &b->cap, need, 1);
}

int nt_buf_add(struct nt_buf *b, const void *data, size_t len)
{
	int rc = nt_buf_reserve(b, len);
	if (rc < 0)
		return rc;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	return 0;
}

int nt_buf_printf(struct nt_buf *b, const char *fmt, ...)
{
	for (size_t room = 256;;) {
		int rc = nt_buf_reserve(b, room);
		if (rc < 0)
			return rc;
		va_list ap;
		va_start(ap, fmt);
		int n = vsnprintf((char *)b->data + b->len, room, fmt, ap);
		va_end(ap);
		if (n >= 0 && (size_t)n < room) {
			b->len += (size_t)n;
			return 0;
		}
		room = (size_t)n + 1;
	}
}

int nt_buf_unescape(struct nt_buf *b, const char *s)
{
	static const char letters[] = "ntr0\\", bytes[] = "\n\t\r\0\\";
	int rc = 0;
	while (rc == 0 && *s) {
		size_t plain = strcspn(s, "\\");
		rc = nt_buf_add(b, s, plain);
		s += plain;
		if (rc < 0 || !*s)
			break;
		const char *at = s[1] ? strchr(letters, s[1]) : NULL;
		if (!at)
			return nt_fail(NT_EARG, "unknown escape '\\%.1s': a backslash is \\\\, and there are "
						"\\n \\t \\r \\0", s + 1);
		rc = nt_buf_add(b, &bytes[at - letters], 1);
		s += 2;
	}
	return rc;
}

void nt_buf_release(struct nt_buf *b)
{
	free(b->data);
	*b = (struct nt_buf){0};
}

int nt_ids_add(struct nt_ids *ids, const uint32_t *id, size_t n)
{
	int rc = nt_grow(&ids->id, &ids->cap, ids->n + n, sizeof(*id));
	if (rc < 0)
		return rc;
	if (n)
		memcpy(ids->id + ids->n, id, n * sizeof(*id));
	ids->n += n;
	return 0;
}

void nt_ids_release(struct nt_ids *ids)
{
	free(ids->id);
	*ids = (struct nt_ids){0};
}

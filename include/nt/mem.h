/* SPDX-License-Identifier: MIT */
#ifndef NT_MEM_H
#define NT_MEM_H
/*
 * nt/mem.h - memory whose size came from somewhere
 *
 * Every size is a product that is checked for overflow. What is returned is aligned
 * to 64 bytes (a cache line, an AVX-512 register) and is given back with free().
 * A NULL or NT_ESYS leaves the sentence "out of memory: N bytes".
 */
#include <stddef.h>
#include <stdint.h>

void *nt_alloc(size_t n, size_t size);  /* n * size bytes, not initialised; n may be 0 */
void *nt_calloc(size_t n, size_t size); /* the same, zeroed */
size_t nt_alloc_size(size_t bytes);     /* what that takes: large arrays are of large pages */

/*
 * Makes *array hold at least `need` elements of `size` bytes, doubling *cap as it
 * grows. Keeps the contents. Returns 0, or NT_ESYS with *array as it was.
 * *array starts as NULL with *cap 0.
 */
int nt_grow(void *array, size_t *cap, size_t need, size_t size);

/* *out = a * b; returns 0, or NT_ESYS when that does not fit. */
int nt_mul(size_t a, size_t b, size_t *out);

/* A growing run of bytes. Start with {0}; data may move at each add. */
struct nt_buf {
	uint8_t *data; /* [len] of cap, NULL while cap is 0 */
	size_t len, cap;
};

int nt_buf_add(struct nt_buf *b, const void *data, size_t len);
int nt_buf_printf(struct nt_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int nt_buf_reserve(struct nt_buf *b, size_t more); /* room for `more` bytes behind len */
void nt_buf_release(struct nt_buf *b);             /* harmless twice */
/* Appends s, in which \n \t \r \0 \\ stand for those bytes; NT_EARG: it has other escapes. */
int nt_buf_unescape(struct nt_buf *b, const char *s);

/* A growing run of token ids. Start with {0}. */
struct nt_ids {
	uint32_t *id; /* [n] of cap */
	size_t n, cap;
};

int nt_ids_add(struct nt_ids *ids, const uint32_t *id, size_t n);
void nt_ids_release(struct nt_ids *ids);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef DATA_SORTKEYS_H
#define DATA_SORTKEYS_H
/*
 * sortkeys.h - sorts random keys and where their documents are, in place
 */
#include <stddef.h>
#include <stdint.h>

#include "nt/pool.h"

struct nt_sortkey {
	uint64_t key, at;
};

/* By key, then by place; the same at any number of threads. Fast where keys differ at random,
 * right for any. pool may be NULL. */
void nt_sortkeys(struct nt_sortkey *e, size_t n, struct nt_pool *pool);

#endif

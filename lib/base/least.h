/* SPDX-License-Identifier: MIT */
#ifndef BASE_LEAST_H
#define BASE_LEAST_H
/* least.h - the smaller of two sizes */
#include <stddef.h>

static inline size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

#endif

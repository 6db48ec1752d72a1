/* SPDX-License-Identifier: MIT */
#ifndef KERN_MATRIX_BLOCK_H
#define KERN_MATRIX_BLOCK_H
/* matrix_block.h - what rounding 32 numbers to one scale begins with, in the files of any instruction set */
#include <string.h>

#include "kern/matrix_ways.h"

/* The greatest magnitude: as integers, whose order floats of one sign have, and which compilers compare
 * many at a time. */
static inline float greatest(const float x[NT_BLOCK])
{
	typedef int32_t int_of_float __attribute__((may_alias));
	const int_of_float *bits = (const int_of_float *)x;
	int32_t most = 0;
	float result;
	for (size_t i = 0; i < NT_BLOCK; i++) {
		int32_t size = bits[i] & 0x7fffffff;
		most = size > most ? size : most;
	}
	memcpy(&result, &most, sizeof(result));
	return result;
}

#endif

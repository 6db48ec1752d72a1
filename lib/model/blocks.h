/* SPDX-License-Identifier: MIT */
#ifndef MODEL_BLOCKS_H
#define MODEL_BLOCKS_H
/*
 * blocks.h - rows of weights in fewer bytes, as ggml writes them
 *
 *	F16, BF16  rounded to nearest, even at a tie
 *	Q8_0       32 elements: f16 d, i8 q[32]; x = d q, d = max |x| / 127
 *	Q4_0       32 elements: f16 d, u8 q[16]; x = d (q - 8), d = x of the greatest |x|, / -8; q[j] holds
 *	           element j in its low half and j + 16 in its high half
 *
 * q is of x times 1 / d, with d as it was before it was rounded: the bytes are those of ggml's own
 * quantize_row_q8_0_ref and quantize_row_q4_0_ref.
 */
#include <stddef.h>
#include <stdint.h>

#include "nt/gguf.h"
#include "nt/real.h"

/* Can n elements of a tensor be written so? NT_EFAIL names the first that would become infinite; what
 * is infinite already stays so. */
int nt_blocks_check(const nt_real *x, size_t n, enum nt_gguf_type type, const char *name);
/* n elements, whole blocks, from x to out. Cannot fail. */
void nt_blocks_write(uint8_t *out, const float *x, size_t n, enum nt_gguf_type type);
/* ... and back. */
void nt_blocks_read(float *x, const uint8_t *in, size_t n, enum nt_gguf_type type);

#endif

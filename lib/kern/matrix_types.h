/* SPDX-License-Identifier: MIT */
/*
 * matrix_types.h - rows times matrices whose weights become floats in registers, as text that a table
 * includes once: F32, F16 and BF16 as [O][I], and F32 as [I][O]
 *
 * Whoever includes this says what matrix_dot.h and matrix_columns.h ask for beyond a type, and
 *
 *	load_f16(w, n), load_bf16(w, n)	the first n of WIDTH weights as floats, and 0 behind them
 */
#define STEP	  WIDTH
#define item	  float
#define weights	  wide
#define items	  wide
#define get_items load
#define multiply  fused

#define N(name)	    name##_f32
#define weight	    float
#define get_weights load
#include "kern/matrix_dot.h"
#undef N
#undef weight
#undef get_weights

#define N(name)	    name##_f16
#define weight	    uint16_t
#define get_weights load_f16
#include "kern/matrix_dot.h"
#undef N
#undef get_weights

#define N(name)	    name##_bf16
#define get_weights load_bf16
#include "kern/matrix_dot.h"

#include "kern/matrix_columns.h"

/* Their rows of a table. */
#define WAYS_OF_FLOATS                                         \
	[NT_MATRIX_F32] = {.run = run_f32, .unit = 4},         \
	[NT_MATRIX_F16] = {.run = run_f16, .unit = 4},         \
	[NT_MATRIX_BF16] = {.run = run_bf16, .unit = 4},       \
	[NT_MATRIX_IN_OUT] = {.run = run_columns, .unit = 96}

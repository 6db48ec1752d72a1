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

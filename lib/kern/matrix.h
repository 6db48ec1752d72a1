/* SPDX-License-Identifier: MIT */
#ifndef KERN_MATRIX_H
#define KERN_MATRIX_H
/*
 * matrix.h - rows times a weight matrix that stays as it lies in memory or in a mapped file
 *
 *	out[r][o] = sum_i in[r][i] W[o][i] (+ bias[o]) (+ plus[r][o])
 *
 * This is what generating does: few rows, every weight read once for all of them, so that one
 * row goes at the speed of memory and many at that of the CPU. Every element of out is summed by
 * itself in an order that the matrix alone decides: it has the same bits at any number of rows
 * and of threads. Between instruction sets results agree up to rounding.
 *
 *	F32, F16, BF16	as in a safetensors file, row-major: [O][I], or F32 also [I][O], which
 *			GPT-2's Conv1D is; at any address
 *	Q8_0, Q4_0	ggml's values (model/blocks.h): 32 neighbouring i share a scale. They are
 *			packed here, 16 outputs side by side (matrix_ways.h), and I may be anything:
 *			zeros fill the last 32.
 *
 * Rows are rounded on their way in: to bf16 where the CPU multiplies it (AVX512-BF16, arm64's BF16)
 * and the matrix is BF16, else kept; to 8 bits with a scale for every 32 beside Q8_0 and Q4_0. In
 * f64 builds only the reference stands behind this.
 */
#include <stdbool.h>
#include <stddef.h>

#include "nt/pool.h"
#include "nt/real.h"

enum nt_matrix_type {
	NT_MATRIX_F32, NT_MATRIX_F16, NT_MATRIX_BF16, NT_MATRIX_Q8_0, NT_MATRIX_Q4_0,
	NT_MATRIX_F64, /* of nt_real where that is double, for models in memory */
	NT_MATRIX_TYPES,
#ifdef NT_REAL_IS_DOUBLE
	NT_MATRIX_REAL = NT_MATRIX_F64,
#else
	NT_MATRIX_REAL = NT_MATRIX_F32,
#endif
};

struct nt_matrix {
	enum nt_matrix_type type;
	bool is_in_out; /* F32, F64: it lies as [I][O] */
	size_t I, O;
	const void *data;
};

/* Outputs that are packed side by side. */
enum { NT_MATRIX_PANEL = 16 };

/* Bytes of a matrix of this type, [O][I] or packed. */
size_t nt_matrix_bytes(enum nt_matrix_type type, size_t I, size_t O);

/* Outputs [first, first + n) of a matrix [O][I] or packed; first is a multiple of NT_MATRIX_PANEL. */
struct nt_matrix nt_matrix_outputs(const struct nt_matrix *m, size_t first, size_t n);

/*
 * Writes outputs [first, first + n) of `from`, whose type is F32, F16, BF16 or F64 and which lies
 * either way, to where they belong in a whole matrix `to`: [O][I], or packed. first is a multiple
 * of NT_MATRIX_PANEL, and so is n but at the end. Cannot fail; ranges may be written by several
 * threads at once.
 */
void nt_matrix_pack(void *to, enum nt_matrix_type type, const struct nt_matrix *from, size_t first, size_t n);

struct nt_product {
	const struct nt_matrix *part;           /* [n_part]: outputs side by side (q, k and v; gate and up), */
	const nt_real *const *bias;             /* which agree in all but O and data. [n_part]: each of its
						 * part or NULL; itself NULL if none has one */
	size_t n_part;                          /* at most NT_PRODUCT_PARTS */
	const nt_real *in;                      /* [n_row][I] */
	nt_real *out;                           /* [n_row][O of all parts] */
	const nt_real *plus;                    /* as out, with its ldo; may be out. Or NULL */
	size_t n_row, ldi, ldo;
	void *scratch;                          /* nt_product_scratch(I, O of all parts, n_row) bytes, aligned to
						 * 64: rows as they are multiplied, or parts of sums */
	bool is_prepared;                       /* ... which they are there, from a product of the same rows
						 * with another matrix of the type */
};

enum { NT_PRODUCT_PARTS = 3 };

size_t nt_product_scratch(size_t I, size_t O, size_t n_row);

/* Cannot fail. in and out must not overlap. Not from a task of the pool; pool NULL works here. */
void nt_product(struct nt_pool *pool, const struct nt_product *p);

#endif

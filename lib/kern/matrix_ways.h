/* SPDX-License-Identifier: MIT */
#ifndef KERN_MATRIX_WAYS_H
#define KERN_MATRIX_WAYS_H
/*
 * matrix_ways.h - how an instruction set multiplies rows by a matrix of each type
 *
 * A packed matrix is panels of 16 outputs. Behind each other lie in a panel, with b counting the
 * blocks of 32 i:
 *
 *	Q8_0	u8  q[b][8][16][4]	i = 32 b + 4 s + c of output o is q[b][s][o][c], less 128
 *	Q4_0	u8  q[b][4][16][4]	... in its low 4 bits for i below 16 in the block and in its
 *					high 4 bits for those from 16, less 8
 *	both	f16 d[b][16]		scales; zeros fill the panel up to a multiple of 64 bytes
 *
 * It is one layout for all: four i of each output are what an instruction sums up by itself
 * (VPDPBUSD, SDOT), and a register holds 16, 8 or 4 outputs of them.
 *
 * Rows of 8 bits: i8 q[b][32], f32 d[b], and i32 shift[b], which is added to the integer sum of
 * block b: where weights are multiplied as they lie, it takes 128 or 8 from each.
 */
#include <stdint.h>

#include "kern/matrix.h"
#include "nt/cpu.h"

enum { NT_BLOCK = 32 }; /* i that share a scale */

/* i of a matrix [I][O] whose products are summed up by themselves before they are added to those before them. */
enum { NT_COLUMN_DEPTH = 128 };

/* What a task has to do. */
struct nt_slice {
	const struct nt_matrix *w;
	size_t first, n;           /* its outputs */
	const void *in;            /* rows as they were prepared */
	size_t row_bytes;          /* from one to the next */
	size_t n_row;
	nt_real *out;              /* [n_row][n], ldo apart */
	const nt_real *bias, *plus; /* [n], [n_row][n]; or NULL */
	size_t ldo;
};

/* What rows are made before they are multiplied. */
enum nt_rows { NT_ROWS_PLAIN, NT_ROWS_BF16, NT_ROWS_INT8 };

struct nt_matrix_way {
	void (*run)(const struct nt_slice *s); /* NULL: no way */
	enum nt_rows rows;
	void (*prepare)(void *to, const nt_real *x, size_t I); /* a row; NULL if plain */
	size_t unit;                           /* outputs that go well together */
};

/* For each type, as [O][I] or packed; then F32 as [I][O]. */
enum { NT_MATRIX_IN_OUT = NT_MATRIX_TYPES, NT_MATRIX_WAYS };

struct nt_matrix_table {
	const char *name;
	bool (*is_here)(void); /* the CPU can run it, and NT_ISA lets it */
	struct nt_matrix_way way[NT_MATRIX_WAYS];
	/* nt_matrix_pack by this instruction set; the same bytes by any. May be NULL. */
	void (*pack)(void *to, enum nt_matrix_type type, const struct nt_matrix *from, size_t first, size_t n);
};

/* Strongest first, down to the reference, which has every way; NULL ends them. */
extern const struct nt_matrix_table *const nt_matrix_tables[];

extern const struct nt_matrix_table nt_matrix_ref;
/* As NT_HAS_WIDE, NT_HAS_NEON. */
extern const struct nt_matrix_table nt_matrix_avx2, nt_matrix_avx512;
extern const struct nt_matrix_table nt_matrix_avx512bf16, nt_matrix_avx512vnni;
extern const struct nt_matrix_table nt_matrix_neon, nt_matrix_neonbf16, nt_matrix_neondot;

/* By this way instead of the CPU's best. */
void nt_product_by(const struct nt_matrix_way *way, struct nt_pool *pool, const struct nt_product *p);

size_t nt_panel_bytes(enum nt_matrix_type type, size_t I);

#endif

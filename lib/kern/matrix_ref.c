/* SPDX-License-Identifier: MIT */
/* matrix_ref.c - rows times a weight matrix, plainly: what the others must come to */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/half.h"
#include "kern/matrix_ways.h"

/* Element i of an array at any address. */
static nt_real element(enum nt_matrix_type type, const void *data, size_t i)
{
	const char *p = data;
	uint16_t half;
	float single;
	double twice;
	switch (type) {
	case NT_MATRIX_F32:
		memcpy(&single, p + i * sizeof(single), sizeof(single));
		return (nt_real)single;
	case NT_MATRIX_F64:
		memcpy(&twice, p + i * sizeof(twice), sizeof(twice));
		return (nt_real)twice;
	default:
		memcpy(&half, p + i * sizeof(half), sizeof(half));
		return (nt_real)(type == NT_MATRIX_F16 ? nt_from_f16(half) : nt_from_bf16(half));
	}
}

/* What is added to sum number o of a row. */
static nt_real beside(const struct nt_slice *s, size_t r, size_t o)
{
	return (s->bias ? s->bias[o] : 0) + (s->plus ? s->plus[r * s->ldo + o] : 0);
}

static void plain(const struct nt_slice *s)
{
	const struct nt_matrix *w = s->w;
	size_t step = w->is_in_out ? w->O : 1, row = w->is_in_out ? 1 : w->I;
	for (size_t r = 0; r < s->n_row; r++) {
		const nt_real *x = (const nt_real *)(const void *)((const char *)s->in + r * s->row_bytes);
		for (size_t o = 0; o < s->n; o++) {
			nt_real sum = 0;
			for (size_t i = 0; i < w->I; i++)
				sum += x[i] * element(w->type, w->data, (s->first + o) * row + i * step);
			s->out[r * s->ldo + o] = sum + beside(s, r, o);
		}
	}
}

/* F32 as [I][O]: */
static void columns(const struct nt_slice *s)
{
	const struct nt_matrix *w = s->w;
	for (size_t r = 0; r < s->n_row; r++) {
		const nt_real *x = (const nt_real *)(const void *)((const char *)s->in + r * s->row_bytes);
		for (size_t o = 0; o < s->n; o++) {
			nt_real all = beside(s, r, o), sum = 0;
			for (size_t i = 0; i < w->I; i++) {
				sum += x[i] * element(w->type, w->data, s->first + o + i * w->O);
				if ((i + 1) % NT_COLUMN_DEPTH == 0 || i + 1 == w->I) {
					all += sum;
					sum = 0;
				}
			}
			s->out[r * s->ldo + o] = all;
		}
	}
}

/* --- Q8_0, Q4_0 -------------------------------------------------------------------- */

static void to_int8(void *to, const nt_real *x, size_t I)
{
	size_t n_block = (I + NT_BLOCK - 1) / NT_BLOCK;
	int8_t *q = to;
	float *d = (float *)(void *)(q + n_block * NT_BLOCK);
	for (size_t b = 0; b < n_block; b++) {
		nt_real most = 0;
		for (size_t i = b * NT_BLOCK; i < (b + 1) * NT_BLOCK && i < I; i++) {
			nt_real size = (nt_real)fabs((double)x[i]);
			most = size > most || isnan(size) ? size : most;
		}
		d[b] = (float)most / 127;
		bool is_number = most >= 127 / FLT_MAX && most <= FLT_MAX; /* ... and 127 / most is one */
		for (size_t i = b * NT_BLOCK; i < (b + 1) * NT_BLOCK; i++)
			q[i] = i < I && is_number ? (int8_t)rint((double)(x[i] * (127 / most))) : 0;
	}
}

/* The weight of step s, output o, and i c, less its scale. */
static int weight(enum nt_matrix_type type, const uint8_t *block, size_t s, size_t o, size_t c)
{
	size_t at = (s * NT_MATRIX_PANEL + o) * 4 + c, half = NT_MATRIX_PANEL * NT_BLOCK / 2;
	if (type == NT_MATRIX_Q8_0)
		return block[at] - 128;
	return (at < half ? block[at] & 15 : block[at - half] >> 4) - 8;
}

static nt_real packed_dot(const struct nt_slice *s, const int8_t *x, const float *d, size_t output)
{
	enum nt_matrix_type type = s->w->type;
	size_t n_block = (s->w->I + NT_BLOCK - 1) / NT_BLOCK, o = output % NT_MATRIX_PANEL;
	size_t bytes = NT_MATRIX_PANEL * (type == NT_MATRIX_Q8_0 ? NT_BLOCK : NT_BLOCK / 2);
	const uint8_t *panel = s->w->data;
	panel += output / NT_MATRIX_PANEL * nt_panel_bytes(type, s->w->I);
	const uint8_t *scales = panel + n_block * bytes;
	nt_real sum = 0;
	for (size_t b = 0; b < n_block; b++) {
		int dot = 0;
		for (size_t i = 0; i < NT_BLOCK; i++)
			dot += weight(type, panel + b * bytes, i / 4, o, i % 4) * x[b * NT_BLOCK + i];
		sum += (nt_real)dot * (element(NT_MATRIX_F16, scales, b * NT_MATRIX_PANEL + o) * (nt_real)d[b]);
	}
	return sum;
}

static void packed(const struct nt_slice *s)
{
	size_t n_block = (s->w->I + NT_BLOCK - 1) / NT_BLOCK;
	for (size_t r = 0; r < s->n_row; r++) {
		const int8_t *x = (const int8_t *)s->in + r * s->row_bytes;
		const float *d = (const float *)(const void *)(x + n_block * NT_BLOCK);
		for (size_t o = 0; o < s->n; o++)
			s->out[r * s->ldo + o] = packed_dot(s, x, d, s->first + o) + beside(s, r, o);
	}
}

#include "kern/matrix_pack.h"

static bool is_here(void)
{
	return true;
}

const struct nt_matrix_table nt_matrix_ref = {
	.name = "ref",
	.is_here = is_here,
	.pack = pack,
	.way = {
		[NT_MATRIX_F32] = {.run = plain, .unit = 4},
		[NT_MATRIX_F16] = {.run = plain, .unit = 4},
		[NT_MATRIX_BF16] = {.run = plain, .unit = 4},
		[NT_MATRIX_F64] = {.run = plain, .unit = 4},
		[NT_MATRIX_IN_OUT] = {.run = columns, .unit = 16},
		[NT_MATRIX_Q8_0] = {.run = packed, .rows = NT_ROWS_INT8, .prepare = to_int8,
				    .unit = NT_MATRIX_PANEL},
		[NT_MATRIX_Q4_0] = {.run = packed, .rows = NT_ROWS_INT8, .prepare = to_int8,
				    .unit = NT_MATRIX_PANEL},
	},
};

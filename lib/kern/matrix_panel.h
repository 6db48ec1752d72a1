/* SPDX-License-Identifier: MIT */
/*
 * matrix_panel.h - rows of 8 bits times a packed matrix (matrix_ways.h), as text that a table includes once
 *
 * A tile is two panels, 32 outputs, or one, of up to PANEL_ROWS rows. Along a block of 32 i it sums
 * integers, exactly; then these times both scales go to the sums of floats, block after block.
 *
 * Whoever includes this says:
 *
 *	WIDTH				outputs in a register
 *	PANEL_ROWS, PANELS		of a tile, at most: its sums, of integers and of floats, are held
 *	OFFSET				what is above their weights in the numbers that get_q8 gives
 *	ints, quads			WIDTH integers; WIDTH times four weights
 *	get_q8(w)			quads from memory
 *	get_q4(w, low, high)		two of them, of 0 to 15, from the halves of bytes
 *	all_ints(x), all_floats(x)	WIDTH times the one at x, at any address
 *	dot_quads(sum, w, x)		sum + the products of four weights and the four numbers at x
 *	floats_of(i), get_f16(x)	WIDTH floats of integers, and of f16 from memory
 *	wide, load, store, fused(sum, w, x)	as in matrix_types.h
 */

#include <float.h>
#include <string.h>

#include "base/half.h"
#include "kern/matrix_block.h"

enum { REGISTERS = NT_MATRIX_PANEL / WIDTH, STEPS = NT_BLOCK / 4 }; /* of a panel; of a block */

/* --- rows -------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void to_int8(int8_t *q, const float *row, size_t I, int offset)
{
	size_t n_block = (I + NT_BLOCK - 1) / NT_BLOCK;
	float *d = (float *)(void *)(q + n_block * NT_BLOCK);
	int32_t *shift = (int32_t *)(void *)(d + n_block);
	for (size_t b = 0; b < n_block; b++, q += NT_BLOCK, row += NT_BLOCK) {
		const float *x = row;
		float last[NT_BLOCK];
		if (I - b * NT_BLOCK < NT_BLOCK) {
			memset(last, 0, sizeof(last));
			memcpy(last, row, (I - b * NT_BLOCK) * sizeof(*row));
			x = last;
		}
		float most = greatest(x);
		/* of less, it is infinite; without it infinities and NaN become numbers that `d` makes NaN again */
		float per_d = most >= 127 / FLT_MAX && most <= FLT_MAX ? 127 / most : 0;
		int32_t sum = 0;
		for (size_t i = 0; i < NT_BLOCK; i++) {
			/* adding 1.5 * 2^23 rounds, and leaves the integer in the low bits */
			q[i] = (int8_t)(nt_bits_of(x[i] * per_d + 12582912.0f) - 0x4b400000);
			sum += q[i];
		}
		d[b] = most / 127;
		shift[b] = -offset * sum;
	}
}

static void rows_for_q8(void *to, const float *row, size_t I)
{
	to_int8(to, row, I, OFFSET);
}

static void rows_for_q4(void *to, const float *row, size_t I)
{
	to_int8(to, row, I, 8);
}

/* --- tiles ------------------------------------------------------------------------- */

/* Panels, rows, and where sums go, of which n_out to a row are there; what lies beside them, or NULL. */
struct panels {
	const uint8_t *w;
	const int8_t *x;
	size_t n_block, panel_bytes, row_bytes;
	float *out;
	const float *bias, *plus;
	size_t ldo, n_out;
};

enum { MOST = PANELS * REGISTERS }; /* registers to a row of a tile */

static inline __attribute__((always_inline)) void multiply_quads(size_t n_row, size_t n, ints dot[PANEL_ROWS][MOST],
								 const quads *w, const int8_t *x, size_t row_bytes)
{
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++)
#pragma GCC unroll 8
		for (size_t v = 0; v < n; v++)
			dot[r][v] = dot_quads(dot[r][v], w[v], x + r * row_bytes);
}

/* A block of n registers to a row, as integers: its weights are at w, its numbers at x. */
static inline __attribute__((always_inline)) void block(enum nt_matrix_type type, size_t n_row, size_t n,
							ints dot[PANEL_ROWS][MOST], const struct panels *p,
							const uint8_t *w, const int8_t *x)
{
#pragma GCC unroll 8
	for (size_t s = 0; s < STEPS; s++) {
		quads low[MOST], high[MOST];
		if (type == NT_MATRIX_Q4_0 && s >= STEPS / 2)
			break;
#pragma GCC unroll 8
		for (size_t v = 0; v < n; v++) {
			const uint8_t *at = w + v / REGISTERS * p->panel_bytes +
					    (s * REGISTERS + v % REGISTERS) * 4 * WIDTH;
			if (type == NT_MATRIX_Q8_0)
				low[v] = get_q8(at);
			else
				get_q4(at, &low[v], &high[v]);
		}
		multiply_quads(n_row, n, dot, low, x + 4 * s, p->row_bytes);
		if (type == NT_MATRIX_Q4_0)
			multiply_quads(n_row, n, dot, high, x + 4 * (s + STEPS / 2), p->row_bytes);
	}
}

static inline __attribute__((always_inline)) void put_sums(size_t n_row, size_t n, wide sum[PANEL_ROWS][MOST],
							   const struct panels *p)
{
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++) {
#pragma GCC unroll 8
		for (size_t v = 0; v < n; v++) {
			size_t left = p->n_out > v * WIDTH ? p->n_out - v * WIDTH : 0;
			wide base = {0};
			if (p->plus)
				base = load(p->plus + r * p->ldo + v * WIDTH, left);
			if (p->bias)
				base += load(p->bias + v * WIDTH, left);
			store(p->out + r * p->ldo + v * WIDTH, left, base + sum[r][v]);
		}
	}
}

static inline __attribute__((always_inline)) void tile(enum nt_matrix_type type, size_t n_row, size_t n_panel,
						       struct panels p)
{
	const size_t n = n_panel * REGISTERS;
	const size_t bytes = NT_MATRIX_PANEL * (type == NT_MATRIX_Q8_0 ? NT_BLOCK : NT_BLOCK / 2);
	const uint8_t *scales = p.w + p.n_block * bytes;
	const int8_t *d = p.x + p.n_block * NT_BLOCK, *shift = d + p.n_block * sizeof(float);
	wide sum[PANEL_ROWS][MOST];
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++)
#pragma GCC unroll 8
		for (size_t v = 0; v < n; v++)
			sum[r][v] = (wide){0};
	for (size_t b = 0; b < p.n_block; b++) {
		ints dot[PANEL_ROWS][MOST];
#pragma GCC unroll 8
		for (size_t r = 0; r < n_row; r++)
#pragma GCC unroll 8
			for (size_t v = 0; v < n; v++)
				dot[r][v] = all_ints(shift + r * p.row_bytes + b * sizeof(int32_t));
		block(type, n_row, n, dot, &p, p.w + b * bytes, p.x + b * NT_BLOCK);
#pragma GCC unroll 8
		for (size_t v = 0; v < n; v++) {
			size_t at = b * NT_MATRIX_PANEL + v % REGISTERS * WIDTH;
			wide scale = get_f16(scales + v / REGISTERS * p.panel_bytes + at * sizeof(uint16_t));
#pragma GCC unroll 8
			for (size_t r = 0; r < n_row; r++)
				sum[r][v] = fused(sum[r][v], floats_of(dot[r][v]),
						  scale * all_floats(d + r * p.row_bytes + b * sizeof(float)));
		}
	}
	put_sums(n_row, n, sum, &p);
}

#define TILE(n_row)                                                                               \
	static void q8_##n_row(const struct panels *p)                                            \
	{                                                                                         \
		if (p->n_out > NT_MATRIX_PANEL)                                                   \
			tile(NT_MATRIX_Q8_0, n_row, PANELS, *p);                                  \
		else                                                                              \
			tile(NT_MATRIX_Q8_0, n_row, 1, *p);                                       \
	}                                                                                         \
	static void q4_##n_row(const struct panels *p)                                            \
	{                                                                                         \
		if (p->n_out > NT_MATRIX_PANEL)                                                   \
			tile(NT_MATRIX_Q4_0, n_row, PANELS, *p);                                  \
		else                                                                              \
			tile(NT_MATRIX_Q4_0, n_row, 1, *p);                                       \
	}
TILE(1)
TILE(2)
#if PANEL_ROWS > 2
TILE(3)
#endif
#if PANEL_ROWS > 3
TILE(4)
TILE(5)
TILE(6)
#endif
#undef TILE

static void run_panels(const struct nt_slice *s, void (*const tiles[])(const struct panels *p))
{
	const size_t n_tile = (s->n_row + PANEL_ROWS - 1) / PANEL_ROWS;
	struct panels p = {.n_block = (s->w->I + NT_BLOCK - 1) / NT_BLOCK, .row_bytes = s->row_bytes,
			   .panel_bytes = nt_panel_bytes(s->w->type, s->w->I), .ldo = s->ldo};
	for (size_t o = 0; o < s->n; o += PANELS * NT_MATRIX_PANEL) {
		p.w = (const uint8_t *)s->w->data + (s->first + o) / NT_MATRIX_PANEL * p.panel_bytes;
		p.n_out = s->n - o;
		p.bias = s->bias ? s->bias + o : NULL;
		for (size_t t = 0; t < n_tile; t++) {
			size_t r = t * s->n_row / n_tile, end = (t + 1) * s->n_row / n_tile;
			p.x = (const int8_t *)s->in + r * s->row_bytes;
			p.out = s->out + r * s->ldo + o;
			p.plus = s->plus ? s->plus + r * s->ldo + o : NULL;
			tiles[end - r - 1](&p);
		}
	}
}

static void run_q8(const struct nt_slice *s)
{
	static void (*const tiles[])(const struct panels *p) = {
		q8_1, q8_2,
#if PANEL_ROWS > 2
		q8_3,
#endif
#if PANEL_ROWS > 3
		q8_4, q8_5, q8_6,
#endif
	};
	run_panels(s, tiles);
}

static void run_q4(const struct nt_slice *s)
{
	static void (*const tiles[])(const struct panels *p) = {
		q4_1, q4_2,
#if PANEL_ROWS > 2
		q4_3,
#endif
#if PANEL_ROWS > 3
		q4_4, q4_5, q4_6,
#endif
	};
	run_panels(s, tiles);
}

/* Their rows of a table. */
#define WAYS_OF_PANELS(outputs)                                                                                      \
	[NT_MATRIX_Q8_0] = {.run = run_q8, .rows = NT_ROWS_INT8, .prepare = rows_for_q8, .unit = (outputs)}, \
	[NT_MATRIX_Q4_0] = {.run = run_q4, .rows = NT_ROWS_INT8, .prepare = rows_for_q4, .unit = (outputs)}

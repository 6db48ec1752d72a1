/* SPDX-License-Identifier: MIT */
/*
 * matrix_columns.h - rows times a matrix [I][O] in f32, as text that a table includes once
 *
 * GPT-2's matrices lie like this in its files. Every sum is made in the order of i, NT_COLUMN_DEPTH
 * of them at a time, however the work is cut. For a few rows, which come with no more i than these,
 * the sums stay in out, whose columns are in the first-level cache, and are gone through for a few i
 * at a time. For more, tiles are held in registers along a part of the matrix: the first copies it
 * together for the others, as rows of a matrix are pages apart and fall on the same lines of the
 * cache, and they fetch the next part on their way, which is no stream that a processor would foresee.
 *
 * Whoever includes this says what matrix_dot.h asks for: WIDTH, wide, load, store, fused; and
 *
 *	COLUMN_ROWS			how many rows are a few
 *	DEEP(n_row)			i at a time, up to 8: DEEP n_row registers of rows, n_row of sums
 *	TILE_ROWS, TILE_VECTORS		of a tile of out
 *	all(x)				WIDTH times x
 */
#include "kern/matrix_begin.h"

/* n columns of out and of a matrix, n_i rows of it, and as many numbers of each row of in. */
struct area {
	float *out;
	const float *w, *x;
	size_t ldo, ldw, ldx;
	size_t n, n_i;
	float *copy;       /* of a tile's columns of the matrix, TILE_COLUMNS apart */
	const float *next; /* to be fetched on the way; NULL for nothing */
	size_t n_next;     /* lines of the cache for each i */
};

/* --- few rows ---------------------------------------------------------------------- */

enum { DEEPEST = 8 };

/* Up to WIDTH columns from o, `deep` i. */
static inline __attribute__((always_inline)) void columns_at(size_t n_row, size_t deep, const struct area *a,
							     wide in[][DEEPEST], size_t o, size_t n)
{
	wide sum[COLUMN_ROWS];
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++)
		sum[r] = load(a->out + r * a->ldo + o, n);
#pragma GCC unroll 8
	for (size_t k = 0; k < deep; k++) {
		wide w = load(a->w + k * a->ldw + o, n);
#pragma GCC unroll 8
		for (size_t r = 0; r < n_row; r++)
			sum[r] = fused(sum[r], w, in[r][k]);
	}
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++)
		store(a->out + r * a->ldo + o, n, sum[r]);
}

/* All columns, `deep` i. */
static inline __attribute__((always_inline)) void pass(size_t n_row, size_t deep, struct area a)
{
	wide in[COLUMN_ROWS][DEEPEST];
	size_t o = 0;
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++)
#pragma GCC unroll 8
		for (size_t k = 0; k < deep; k++)
			in[r][k] = all(a.x[r * a.ldx + k]);
	for (; o + WIDTH <= a.n; o += WIDTH) {
#pragma GCC unroll 8
		for (size_t k = 0; k < deep; k++)
			__builtin_prefetch(a.w + (2 * deep + k) * a.ldw + o);
		columns_at(n_row, deep, &a, in, o, WIDTH);
	}
	if (o < a.n)
		columns_at(n_row, deep, &a, in, o, a.n - o);
}

static inline __attribute__((always_inline)) void columns(size_t n_row, struct area a)
{
	size_t left = a.n_i;
	for (; left >= DEEP(n_row); left -= DEEP(n_row), a.w += DEEP(n_row) * a.ldw, a.x += DEEP(n_row))
		pass(n_row, DEEP(n_row), a);
	for (; left > 0; left--, a.w += a.ldw, a.x++)
		pass(n_row, 1, a);
}

#define COLUMNS(n_row)                                                                            \
	static void columns_##n_row(const struct area *a)                                         \
	{                                                                                         \
		columns(n_row, *a);                                                               \
	}
COLUMNS(1)
COLUMNS(2)
COLUMNS(3)
#if COLUMN_ROWS > 3
COLUMNS(4)
COLUMNS(5)
COLUMNS(6)
#endif
#undef COLUMNS

static void (*const few_columns[])(const struct area *a) = {
	columns_1, columns_2, columns_3,
#if COLUMN_ROWS > 3
	columns_4, columns_5, columns_6,
#endif
};

/* --- many rows --------------------------------------------------------------------- */

enum {
	TILE_COLUMNS = TILE_VECTORS * WIDTH,
	PART_TILES = 96 / TILE_COLUMNS,
	PART_COLUMNS = PART_TILES * TILE_COLUMNS,
	PART_DEEP = NT_COLUMN_DEPTH, /* 48 KiB of a matrix */
	LINE = 64 / sizeof(float),   /* of the cache */
};

static inline __attribute__((always_inline)) void sum_tile(size_t n_row, struct area a, bool is_first)
{
	wide sum[TILE_ROWS][TILE_VECTORS], w[TILE_VECTORS];
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++)
#pragma GCC unroll 4
		for (size_t v = 0; v < TILE_VECTORS; v++)
			sum[r][v] = (wide){0};
	for (size_t i = 0; i < a.n_i; i++) {
		for (size_t k = 0; k < a.n_next; k++)
			__builtin_prefetch(a.next + i * a.ldw + k * LINE);
#pragma GCC unroll 4
		for (size_t v = 0; v < TILE_VECTORS; v++) {
			if (!is_first) {
				w[v] = load(a.copy + i * TILE_COLUMNS + v * WIDTH, WIDTH);
				continue;
			}
			w[v] = load(a.w + i * a.ldw + v * WIDTH, a.n > v * WIDTH ? a.n - v * WIDTH : 0);
			store(a.copy + i * TILE_COLUMNS + v * WIDTH, WIDTH, w[v]);
		}
#pragma GCC unroll 8
		for (size_t r = 0; r < n_row; r++) {
			wide x = all(a.x[r * a.ldx + i]);
#pragma GCC unroll 4
			for (size_t v = 0; v < TILE_VECTORS; v++)
				sum[r][v] = fused(sum[r][v], w[v], x);
		}
	}
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++)
#pragma GCC unroll 4
		for (size_t v = 0; v < TILE_VECTORS; v++)
		{
			size_t n = a.n > v * WIDTH ? a.n - v * WIDTH : 0;
			float *out = a.out + r * a.ldo + v * WIDTH;
			store(out, n, load(out, n) + sum[r][v]);
		}
}

#define SUM_TILE(n_row)                                                                           \
	static void sum_tile_##n_row(const struct area *a)                                        \
	{                                                                                         \
		sum_tile(n_row, *a, false);                                                       \
	}                                                                                         \
	static void first_tile_##n_row(const struct area *a)                                      \
	{                                                                                         \
		sum_tile(n_row, *a, true);                                                        \
	}
SUM_TILE(1)
SUM_TILE(2)
SUM_TILE(3)
SUM_TILE(4)
#if TILE_ROWS > 4
SUM_TILE(5)
SUM_TILE(6)
SUM_TILE(7)
SUM_TILE(8)
#endif
#undef SUM_TILE

static void (*const sum_tiles[][TILE_ROWS])(const struct area *a) = {
	{
		first_tile_1, first_tile_2, first_tile_3, first_tile_4,
#if TILE_ROWS > 4
		first_tile_5, first_tile_6, first_tile_7, first_tile_8,
#endif
	},
	{
		sum_tile_1, sum_tile_2, sum_tile_3, sum_tile_4,
#if TILE_ROWS > 4
		sum_tile_5, sum_tile_6, sum_tile_7, sum_tile_8,
#endif
	},
};

static void run_part(const struct area *a, size_t n_row)
{
	const size_t n_tile = (n_row + TILE_ROWS - 1) / TILE_ROWS;
	const size_t n_line = (TILE_COLUMNS + LINE - 1) / LINE, n_fetched = (n_line + n_tile - 1) / n_tile;
	float part[PART_TILES][PART_DEEP * TILE_COLUMNS];
	for (size_t t = 0; t < n_tile; t++) {
		size_t r = t * n_row / n_tile, end = (t + 1) * n_row / n_tile;
		for (size_t k = 0; k * TILE_COLUMNS < a->n; k++) {
			struct area tile = *a;
			tile.out += r * a->ldo + k * TILE_COLUMNS;
			tile.x += r * a->ldx;
			tile.w += k * TILE_COLUMNS;
			tile.copy = part[k];
			tile.n -= k * TILE_COLUMNS;
			if (a->next && t * n_fetched < n_line) {
				tile.next = a->next + k * TILE_COLUMNS + t * n_fetched * LINE;
				tile.n_next = n_fetched;
			}
			sum_tiles[t > 0][end - r - 1](&tile);
		}
	}
}

static void run_columns(const struct nt_slice *s)
{
	const struct area whole = {.out = s->out, .ldo = s->ldo, .w = (const float *)s->w->data + s->first,
				   .ldw = s->w->O, .x = s->in, .ldx = s->row_bytes / sizeof(float),
				   .n_i = s->w->I, .n = s->n};
	begin(s);
	if (s->n_row <= COLUMN_ROWS) {
		few_columns[s->n_row - 1](&whole);
		return;
	}
	for (size_t i = 0; i < whole.n_i; i += PART_DEEP) {
		for (size_t o = 0; o < whole.n; o += PART_COLUMNS) {
			struct area part = whole;
			part.out += o;
			part.w += i * whole.ldw + o;
			part.x += i;
			part.n = whole.n - o < PART_COLUMNS ? whole.n - o : PART_COLUMNS;
			part.n_i = whole.n_i - i < PART_DEEP ? whole.n_i - i : PART_DEEP;
			if (o + PART_COLUMNS < whole.n)
				part.next = part.w + PART_COLUMNS;
			else if (i + PART_DEEP < whole.n_i)
				part.next = whole.w + (i + PART_DEEP) * whole.ldw;
			run_part(&part, s->n_row);
		}
	}
}

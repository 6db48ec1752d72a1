/* SPDX-License-Identifier: MIT */
/*
 * matrix_columns.h - rows times a matrix [I][O] in f32, as text that a table includes once
 *
 * GPT-2's matrices lie like this in its files. Every sum is made in the order of i, however the
 * work is cut. For a few rows the sums stay in out, whose columns are in the first-level cache, and
 * are gone through for a few i at a time. For more, a part of the matrix is copied together first,
 * as rows of a matrix are pages apart and would fall on the same lines of the cache, and tiles of
 * out are held in registers along it.
 *
 * Whoever includes this says what matrix_dot.h asks for: WIDTH, wide, load, store, fused; and
 *
 *	COLUMN_ROWS			how many rows are a few
 *	DEEP(n_row)			i at a time: DEEP n_row registers of in, n_row of sums
 *	TILE_ROWS, TILE_VECTORS		of a tile of out
 *	all(x)				WIDTH times x
 */

static inline __attribute__((always_inline)) void columns_at(size_t n_row, size_t deep, float *out, size_t ldo,
							     const float *w, size_t ldw, wide in[][8], size_t n)
{
	wide sum[COLUMN_ROWS];
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++)
		sum[r] = load(out + r * ldo, n);
#pragma GCC unroll 8
	for (size_t k = 0; k < deep; k++) {
		wide of_row = load(w + k * ldw, n);
#pragma GCC unroll 8
		for (size_t r = 0; r < n_row; r++)
			sum[r] = fused(sum[r], of_row, in[r][k]);
	}
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++)
		store(out + r * ldo, n, sum[r]);
}

static inline __attribute__((always_inline)) void pass(size_t n_row, size_t deep, float *out, size_t ldo,
						       const float *w, size_t ldw, const float *x, size_t ldx, size_t n)
{
	wide in[COLUMN_ROWS][8];
	size_t o = 0;
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++)
#pragma GCC unroll 8
		for (size_t k = 0; k < deep; k++)
			in[r][k] = all(x[r * ldx + k]);
	for (; o + WIDTH <= n; o += WIDTH) {
#pragma GCC unroll 8
		for (size_t k = 0; k < deep; k++)
			__builtin_prefetch(w + (deep + k) * ldw + o);
		columns_at(n_row, deep, out + o, ldo, w + o, ldw, in, WIDTH);
	}
	if (o < n)
		columns_at(n_row, deep, out + o, ldo, w + o, ldw, in, n - o);
}

/* n columns of a tile of rows, n_i deep. */
static inline __attribute__((always_inline)) void columns(size_t n_row, float *out, size_t ldo, const float *w,
							  size_t ldw, const float *x, size_t ldx, size_t n_i, size_t n)
{
	size_t i = 0;
	for (; i + DEEP(n_row) <= n_i; i += DEEP(n_row))
		pass(n_row, DEEP(n_row), out, ldo, w + i * ldw, ldw, x + i, ldx, n);
	for (; i < n_i; i++)
		pass(n_row, 1, out, ldo, w + i * ldw, ldw, x + i, ldx, n);
}

#define COLUMNS(n_row)                                                                                         \
	static void columns_##n_row(float *out, size_t ldo, const float *w, size_t ldw, const float *x,        \
				    size_t ldx, size_t n_i, size_t n)                                          \
	{                                                                                                      \
		columns(n_row, out, ldo, w, ldw, x, ldx, n_i, n);                                              \
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

static void (*const of_columns[])(float *out, size_t ldo, const float *w, size_t ldw, const float *x, size_t ldx,
				  size_t n_i, size_t n) = {
	columns_1, columns_2, columns_3,
#if COLUMN_ROWS > 3
	columns_4, columns_5, columns_6,
#endif
};

static void run_few(const struct nt_slice *s, const float *w)
{
	of_columns[s->n_row - 1](s->out, s->ldo, w, s->w->O, s->in, s->row_bytes / sizeof(float), s->w->I, s->n);
}

/* --- many rows --------------------------------------------------------------------- */

enum {
	TILE_COLUMNS = TILE_VECTORS * WIDTH,
	PART_TILES = 96 / TILE_COLUMNS,
	PART_DEEP = 128, /* 48 KiB of a matrix */
};

/* Columns of a part, of which n are there, and rows; the sums are held in registers. */
static inline __attribute__((always_inline)) void sum_tile(size_t n_row, float *out, size_t ldo, const float *part,
							   const float *x, size_t ldx, size_t n_i, size_t n)
{
	wide sum[TILE_ROWS][TILE_VECTORS], w[TILE_VECTORS];
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++)
#pragma GCC unroll 4
		for (size_t v = 0; v < TILE_VECTORS; v++)
			sum[r][v] = load(out + r * ldo + v * WIDTH, n > v * WIDTH ? n - v * WIDTH : 0);
	for (size_t i = 0; i < n_i; i++) {
#pragma GCC unroll 4
		for (size_t v = 0; v < TILE_VECTORS; v++)
			w[v] = load(part + i * TILE_COLUMNS + v * WIDTH, WIDTH);
#pragma GCC unroll 8
		for (size_t r = 0; r < n_row; r++) {
			wide of_row = all(x[r * ldx + i]);
#pragma GCC unroll 4
			for (size_t v = 0; v < TILE_VECTORS; v++)
				sum[r][v] = fused(sum[r][v], w[v], of_row);
		}
	}
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++)
#pragma GCC unroll 4
		for (size_t v = 0; v < TILE_VECTORS; v++)
			store(out + r * ldo + v * WIDTH, n > v * WIDTH ? n - v * WIDTH : 0, sum[r][v]);
}

#define SUM_TILE(n_row)                                                                                        \
	static void sum_tile_##n_row(float *out, size_t ldo, const float *part, const float *x, size_t ldx,    \
				     size_t n_i, size_t n)                                                     \
	{                                                                                                      \
		sum_tile(n_row, out, ldo, part, x, ldx, n_i, n);                                               \
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

static void (*const sum_tiles[])(float *out, size_t ldo, const float *part, const float *x, size_t ldx, size_t n_i,
				 size_t n) = {
	sum_tile_1, sum_tile_2, sum_tile_3, sum_tile_4,
#if TILE_ROWS > 4
	sum_tile_5, sum_tile_6, sum_tile_7, sum_tile_8,
#endif
};

/* n columns and n_i rows of a matrix, tile by tile; what is behind the last column is not used. */
static void copy_part(float part[PART_TILES][PART_DEEP * TILE_COLUMNS], const float *w, size_t ldw, size_t n_i, size_t n)
{
	for (size_t i = 0; i < n_i; i++, w += ldw) {
		for (size_t o = 0; o < n; o += 16)
			__builtin_prefetch(w + 16 * ldw + o);
		for (size_t t = 0; t * TILE_COLUMNS < n; t++)
			for (size_t o = t * TILE_COLUMNS; o < (t + 1) * TILE_COLUMNS; o += WIDTH)
				store(part[t] + i * TILE_COLUMNS + o - t * TILE_COLUMNS, WIDTH,
				      load(w + o, n > o ? n - o : 0));
	}
}

static void run_part(const struct nt_slice *s, const float *w, size_t i, size_t n_i, size_t o, size_t n)
{
	const size_t n_tile = (s->n_row + TILE_ROWS - 1) / TILE_ROWS, ldx = s->row_bytes / sizeof(float);
	float part[PART_TILES][PART_DEEP * TILE_COLUMNS];
	copy_part(part, w + i * s->w->O + o, s->w->O, n_i, n);
	for (size_t t = 0; t < n_tile; t++) {
		size_t r = t * s->n_row / n_tile, end = (t + 1) * s->n_row / n_tile;
		for (size_t k = 0; k * TILE_COLUMNS < n; k++)
			sum_tiles[end - r - 1](s->out + r * s->ldo + o + k * TILE_COLUMNS, s->ldo, part[k],
					       (const float *)s->in + r * ldx + i, ldx, n_i, n - k * TILE_COLUMNS);
	}
}

static void run_columns(const struct nt_slice *s)
{
	enum { PART_COLUMNS = PART_TILES * TILE_COLUMNS };
	const float *w = (const float *)s->w->data + s->first;
	begin(s);
	if (s->n_row <= COLUMN_ROWS) {
		run_few(s, w);
		return;
	}
	for (size_t i = 0; i < s->w->I; i += PART_DEEP)
		for (size_t o = 0; o < s->n; o += PART_COLUMNS)
			run_part(s, w, i, s->w->I - i < PART_DEEP ? s->w->I - i : PART_DEEP, o,
				 s->n - o < PART_COLUMNS ? s->n - o : PART_COLUMNS);
}

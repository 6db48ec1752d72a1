/* SPDX-License-Identifier: MIT */
/*
 * tile_wide.h - tiles and packing for any register width, as text that a type includes once
 *
 * Whoever includes this says what a step is, and what registers hold:
 *
 *	WIDTH				steps, and sums, in one; the columns of a vector
 *	ROWS, VECTORS, STEPS		of a tile (tile.h)
 *	K_STEP, WORDS			k in a step, and its 32-bit words
 *	wide, steps			sums, and WIDTH steps
 *	multiply(c, a, r, b)		c + the step of row r of a, times b
 *	along(x, k, alpha)		WIDTH steps of a row at x, of which k elements are left
 *	across(x, ld, k, n, alpha)	a step of WIDTH columns at x, of which n are left; its k lie ld
 *					apart, and k of them are left
 *	transpose(x)			steps x[WIDTH]: step i of x[j] becomes step j of x[i]
 *	get(from), put(to, x)		WIDTH steps from memory, and into it
 *	put_half(to, x, i)		half i of x into memory; only where ROWS < WIDTH
 *	TABLE				what the table is called
 *
 * along and across multiply by alpha, put 0 where nothing is left, and do not touch it.
 * HAS_BF16: along_bf16(x, k) is along of numbers that are in bf16.
 * OWN_RUN: the tile has a run() of its own.
 * ANY_ROWS: multiply takes a step from anywhere, `r` being its distance from a: rows that lie one
 * behind the other in memory are packed so. Transposing would cost more than it gains.
 */

/* --- tiles -------------------------------------------------------------------------- */

#ifndef OWN_RUN
typedef wide wide_at __attribute__((aligned(4), may_alias));

static inline __attribute__((always_inline)) void run(size_t n_vec, float *c, size_t ldc,
						      const struct nt_tile_rows *rows,
						      const uint32_t *panel, size_t n_step,
						      const struct nt_tile_base *base)
{
#ifdef ANY_ROWS
	const size_t row = rows->row_stride, step = rows->step_stride;
#else
	const size_t row = 1, step = ROWS;
#endif
	const uint32_t *a = rows->a;
	wide sum[ROWS][VECTORS];
	for (size_t r = 0; r < ROWS; r++) {
		for (size_t v = 0; v < n_vec; v++) {
			sum[r][v] = (wide){0};
			__builtin_prefetch(c + r * ldc + WIDTH * v);
		}
	}
	for (size_t s = 0; s < n_step; s++, a += step, panel += WIDTH * n_vec) {
		steps b[VECTORS];
		for (size_t v = 0; v < n_vec; v++)
			b[v] = get(panel + WIDTH * v);
#pragma GCC unroll 8
		for (size_t r = 0; r < ROWS; r++)
#pragma GCC unroll 3
			for (size_t v = 0; v < n_vec; v++)
				sum[r][v] = multiply(sum[r][v], a, r * row, b[v]);
	}
#pragma GCC unroll 8
	for (size_t r = 0; r < ROWS; r++) {
#pragma GCC unroll 3
		for (size_t v = 0; v < n_vec; v++) {
			if (base->plus)
				sum[r][v] += *(const wide_at *)(base->plus + r * base->ld + WIDTH * v);
			if (base->bias)
				sum[r][v] += *(const wide_at *)(base->bias + WIDTH * v);
			*(wide_at *)(c + r * ldc + WIDTH * v) = sum[r][v];
		}
	}
}
#endif

#define RUN(n_vec)                                                                                \
	static void run_##n_vec(float *c, size_t ldc, const struct nt_tile_rows *rows,            \
				const uint32_t *panel, size_t n_step,                             \
				const struct nt_tile_base *base)                                  \
	{                                                                                         \
		run(n_vec, c, ldc, rows, panel, n_step, base);                                    \
	}
RUN(1)
RUN(2)
RUN(3)

/* --- packing ------------------------------------------------------------------------ */

/* Rows this far ahead are fetched: a matrix's rows are pages apart, where the CPU does not look. */
enum { AHEAD = 16 };

/*
 * A step of WIDTH lanes to its place. Lanes of C's rows go to the panels of one tile after the other,
 * n_step long; those of its columns side by side, `lanes` to a step.
 */
static inline __attribute__((always_inline)) void place(uint32_t *to, bool is_rows, size_t lanes,
							size_t n_step, size_t lane, size_t step, steps x)
{
	if (!is_rows) {
		put(to + WORDS * (step * lanes + lane), x);
		return;
	}
	size_t tile = WORDS * ROWS * n_step + NT_TILE_GAP;
	to += lane / ROWS * tile + WORDS * (step * ROWS + lane % ROWS);
#if ROWS < WIDTH
	put_half(to, x, 0);
	put_half(to + tile, x, 1);
#else
	put(to, x);
#endif
}

/* WIDTH steps of WIDTH rows of x, n of which are left, as [n][k]: step j of row i is that of column i of row j. */
static inline __attribute__((always_inline)) void turn_f32(steps turned[WIDTH], bool is_rows, const float *x,
							   size_t ld, size_t n, size_t k, float alpha)
{
	for (size_t j = 0; j < WIDTH; j++) {
		const float *row = x + j * ld;
		for (size_t l = 0; is_rows && l < K_STEP; l++)
			__builtin_prefetch(row + WIDTH * (ld + l));
		turned[j] = j < n ? along(row, k, alpha) : (steps){0};
	}
	transpose(turned);
}

/* From n rows of x as [n][k]. */
static inline __attribute__((always_inline)) void pack_along(uint32_t *to, bool is_rows, size_t lanes,
							     const float *x, size_t ld, size_t n, size_t end,
							     size_t k, float alpha)
{
	size_t n_step = (k + K_STEP - 1) / K_STEP;
	for (size_t i = 0; i < end; i += WIDTH) {
		for (size_t s = 0; s < n_step; s += WIDTH) {
			steps turned[WIDTH];
			size_t at = s * K_STEP;
			turn_f32(turned, is_rows, x + i * ld + at, ld, n > i ? n - i : 0, k - at, alpha);
			for (size_t j = 0; j < WIDTH && s + j < n_step; j++)
				place(to, is_rows, lanes, n_step, i, s + j, turned[j]);
		}
	}
}

static inline __attribute__((always_inline)) void pack_across(uint32_t *to, bool is_rows, size_t lanes,
							      const float *x, size_t ld, size_t n, size_t end,
							      size_t k, float alpha)
{
	size_t n_step = (k + K_STEP - 1) / K_STEP;
	for (size_t s = 0; s < n_step; s++, x += K_STEP * ld) {
		for (size_t i = 0; i < end; i += WIDTH) {
			for (size_t j = 0; j < K_STEP; j++)
				__builtin_prefetch(x + (AHEAD + j) * ld + i);
			place(to, is_rows, lanes, n_step, i, s,
			      across(x + i, ld, k - s * K_STEP, n > i ? n - i : 0, alpha));
		}
	}
}

#ifdef ANY_ROWS
static void pack_straight(uint32_t *to, const float *a, size_t lda, size_t m, size_t k, float alpha,
			  const struct nt_tile_rows *rows)
{
	for (size_t r = 0; r < (m + ROWS - 1) / ROWS * ROWS; r++, a += lda) {
		uint32_t *row = to + r / ROWS * rows->tile_stride + r % ROWS * rows->row_stride;
		for (size_t at = 0; r < m && at < k; at += WIDTH * K_STEP) {
			for (size_t j = 0; j < K_STEP; j++)
				__builtin_prefetch(a + lda + at + WIDTH * j);
			put(row + at / K_STEP, along(a + at, k - at, alpha));
		}
		if (r >= m)
			memset(row, 0, rows->row_stride * sizeof(*row));
	}
}
#endif

static struct nt_tile_rows pack_rows(uint32_t *to, const float *a, size_t lda, bool is_transposed, size_t m,
				     size_t k, float alpha)
{
	size_t end = (m + ROWS - 1) / ROWS * ROWS, n_step = (k + K_STEP - 1) / K_STEP;
	struct nt_tile_rows rows = {.a = to, .row_stride = WORDS, .step_stride = WORDS * ROWS,
				    .tile_stride = WORDS * ROWS * n_step + NT_TILE_GAP};
	if (is_transposed) {
		pack_across(to, true, ROWS, a, lda, m, end, k, alpha);
		return rows;
	}
#ifdef ANY_ROWS
	rows.row_stride = STEPS;
	rows.step_stride = 1;
	rows.tile_stride = ROWS * STEPS + NT_TILE_GAP;
	pack_straight(to, a, lda, m, k, alpha, &rows);
#else
	pack_along(to, true, ROWS, a, lda, m, end, k, alpha);
#endif
	return rows;
}

static void pack_panel(uint32_t *to, size_t n_vec, const float *b, size_t ldb, bool is_transposed,
		       size_t n, size_t k)
{
	if (is_transposed)
		pack_along(to, false, WIDTH * n_vec, b, ldb, n, WIDTH * n_vec, k, 1);
	else
		pack_across(to, false, WIDTH * n_vec, b, ldb, n, WIDTH * n_vec, k, 1);
}

#ifdef HAS_BF16
static void pack_bf16(uint32_t *to, size_t n_vec, const uint16_t *b, size_t ldb, size_t n, size_t k)
{
	size_t n_step = (k + K_STEP - 1) / K_STEP;
	for (size_t i = 0; i < WIDTH * n_vec; i += WIDTH) {
		for (size_t s = 0; s < n_step; s += WIDTH) {
			steps turned[WIDTH];
			size_t at = s * K_STEP;
			for (size_t j = 0; j < WIDTH; j++)
				turned[j] = i + j < n ? along_bf16(b + (i + j) * ldb + at, k - at) : (steps){0};
			transpose(turned);
			for (size_t j = 0; j < WIDTH && s + j < n_step; j++)
				put(to + WORDS * ((s + j) * WIDTH * n_vec + i), turned[j]);
		}
	}
}
#endif

const struct nt_tile TABLE = {
	.rows = ROWS,
	.vector = WIDTH,
	.vectors = VECTORS,
	.k_step = K_STEP,
	.words = WORDS,
	.steps = STEPS,
	.pack_rows = pack_rows,
	.pack_panel = pack_panel,
#ifdef HAS_BF16
	.pack_bf16 = pack_bf16,
#endif
	.run = {run_1, run_2, run_3},
};

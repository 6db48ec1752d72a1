/* SPDX-License-Identifier: MIT */
/*
 * tile_wide.h - tiles and packing in 512-bit registers, as text that a type includes once
 *
 * Whoever includes this says what a step is:
 *
 *	K_STEP				k in it
 *	multiply(c, a, b)		c + a b, summed over the k of a step, in 16 columns
 *	along(x, m, m2, alpha)		16 steps of a row at x: elements of mask m and, where a step
 *					has two, behind 16 of them those of mask m2
 *	across(x, y, m, alpha)		a step in the columns of mask m: of row k at x and, where
 *					a step has two, row k + 1 at y, which may be NULL
 *	TABLE				what the table is called
 *
 * along and across multiply by alpha, and put 0 where nothing is.
 */

/* --- tiles -------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void run(size_t n_vec, float *c, size_t ldc,
						      const struct nt_tile_rows *rows,
						      const uint32_t *panel, size_t n_step,
						      bool is_added)
{
	__m512 sum[NT_TILE_ROWS][NT_TILE_VECTORS];
	const uint32_t *a = rows->a;
	size_t row = rows->row_stride, step = rows->step_stride;
	for (size_t r = 0; r < NT_TILE_ROWS; r++) {
		for (size_t v = 0; v < n_vec; v++) {
			sum[r][v] = _mm512_setzero_ps();
			_mm_prefetch((const char *)(c + r * ldc + 16 * v), _MM_HINT_T0);
		}
	}
	for (size_t s = 0; s < n_step; s++, a += step, panel += 16 * n_vec) {
		__m512i b[NT_TILE_VECTORS];
		for (size_t v = 0; v < n_vec; v++)
			b[v] = _mm512_loadu_si512(panel + 16 * v);
#pragma GCC unroll 8
		for (size_t r = 0; r < NT_TILE_ROWS; r++) {
			__m512i spread = _mm512_set1_epi32((int)a[r * row]);
#pragma GCC unroll 3
			for (size_t v = 0; v < n_vec; v++)
				sum[r][v] = multiply(sum[r][v], spread, b[v]);
		}
	}
#pragma GCC unroll 8
	for (size_t r = 0; r < NT_TILE_ROWS; r++) {
#pragma GCC unroll 3
		for (size_t v = 0; v < n_vec; v++) {
			float *to = c + r * ldc + 16 * v;
			if (is_added)
				sum[r][v] += _mm512_loadu_ps(to);
			_mm512_storeu_ps(to, sum[r][v]);
		}
	}
}

#define RUN(n_vec)                                                                                \
	static void run_##n_vec(float *c, size_t ldc, const struct nt_tile_rows *rows,            \
				const uint32_t *panel, size_t n_step, bool is_added)              \
	{                                                                                         \
		run(n_vec, c, ldc, rows, panel, n_step, is_added);                                \
	}
RUN(1)
RUN(2)
RUN(3)

/* --- packing ------------------------------------------------------------------------ */

/* Rows this far ahead are fetched: a matrix's rows are pages apart, where the CPU does not look. */
enum { AHEAD = 16 };

static void fetch(const float *x)
{
	_mm_prefetch((const char *)x, _MM_HINT_T0);
}

/* Lane j of x[i] becomes lane i of x[j]: by pairs, by fours, by quarters of a register. */
static void transpose(__m512i x[16])
{
	__m512i y[16];
	for (size_t i = 0; i < 16; i += 2) {
		y[i] = _mm512_unpacklo_epi32(x[i], x[i + 1]);
		y[i + 1] = _mm512_unpackhi_epi32(x[i], x[i + 1]);
	}
	for (size_t i = 0; i < 16; i += 4) {
		x[i] = _mm512_unpacklo_epi64(y[i], y[i + 2]);
		x[i + 1] = _mm512_unpackhi_epi64(y[i], y[i + 2]);
		x[i + 2] = _mm512_unpacklo_epi64(y[i + 1], y[i + 3]);
		x[i + 3] = _mm512_unpackhi_epi64(y[i + 1], y[i + 3]);
	}
	for (size_t i = 0; i < 4; i++) {
		__m512i even = _mm512_shuffle_i32x4(x[i], x[i + 4], 0x88);
		__m512i odd = _mm512_shuffle_i32x4(x[i], x[i + 4], 0xdd);
		__m512i even2 = _mm512_shuffle_i32x4(x[i + 8], x[i + 12], 0x88);
		__m512i odd2 = _mm512_shuffle_i32x4(x[i + 8], x[i + 12], 0xdd);
		y[i] = _mm512_shuffle_i32x4(even, even2, 0x88);
		y[i + 4] = _mm512_shuffle_i32x4(odd, odd2, 0x88);
		y[i + 8] = _mm512_shuffle_i32x4(even, even2, 0xdd);
		y[i + 12] = _mm512_shuffle_i32x4(odd, odd2, 0xdd);
	}
	for (size_t i = 0; i < 16; i++)
		x[i] = y[i];
}

/* 16 steps of a row at x, of which k elements are left. */
static inline __m512i steps_of(const float *x, size_t k, float alpha)
{
	return along(x, mask_of(k), mask_of(k > 16 ? k - 16 : 0), alpha);
}

/* A vector of a panel whose rows have n_vec, from n rows of b as [n][k]. */
static void pack_turned_vector(uint32_t *to, size_t n_vec, const float *b, size_t ldb, size_t n,
			       size_t k)
{
	for (size_t at = 0; at < k; at += 16 * K_STEP) {
		__m512i x[16];
		for (size_t j = 0; j < 16; j++)
			x[j] = j < n ? steps_of(b + j * ldb + at, k - at, 1) : _mm512_setzero_si512();
		transpose(x);
		size_t n_step = (k - at + K_STEP - 1) / K_STEP;
		for (size_t s = 0; s < 16 && s < n_step; s++)
			_mm512_storeu_si512(to + (at / K_STEP + s) * 16 * n_vec, x[s]);
	}
}

static void pack_panel(uint32_t *to, size_t n_vec, const float *b, size_t ldb, bool is_transposed,
		       size_t n, size_t k)
{
	for (size_t v = 0; is_transposed && v < n_vec; v++)
		pack_turned_vector(to + 16 * v, n_vec, b + 16 * v * ldb, ldb, n - 16 * v, k);
	for (size_t at = 0; !is_transposed && at < k; at += K_STEP, b += K_STEP * ldb) {
		const float *next = at + 1 < k ? b + ldb : NULL;
		for (size_t v = 0; v < n_vec; v++, to += 16) {
			for (size_t i = 0; i < K_STEP; i++)
				fetch(b + (AHEAD + i) * ldb + 16 * v);
			_mm512_storeu_si512(to, across(b + 16 * v, next ? next + 16 * v : NULL,
						       mask_of(n - 16 * v), 1));
		}
	}
}

static struct nt_tile_rows pack_straight(uint32_t *to, const float *a, size_t lda, size_t m, size_t k,
					 float alpha)
{
	size_t rounded = (m + NT_TILE_ROWS - 1) / NT_TILE_ROWS * NT_TILE_ROWS;
	for (size_t r = 0; r < rounded; r++, a += lda) {
		uint32_t *row = to + r / NT_TILE_ROWS * NT_TILE_STRIDE + r % NT_TILE_ROWS * NT_TILE_STEPS;
		for (size_t at = 0; r < m && at < k; at += 16 * K_STEP) {
			for (size_t i = 0; i < K_STEP; i++)
				fetch(a + lda + at + 16 * i);
			_mm512_storeu_si512(row + at / K_STEP, steps_of(a + at, k - at, alpha));
		}
		if (r >= m)
			memset(row, 0, NT_TILE_STEPS * sizeof(*row));
	}
	return (struct nt_tile_rows){.a = to, .row_stride = NT_TILE_STEPS, .step_stride = 1,
				     .tile_stride = NT_TILE_STRIDE};
}

/* [m / 8][step][8] out of [k][m] */
static struct nt_tile_rows pack_turned(uint32_t *to, const float *a, size_t lda, size_t m, size_t k,
				       float alpha)
{
	for (size_t at = 0; at < k; at += K_STEP, a += K_STEP * lda) {
		const float *next = at + 1 < k ? a + lda : NULL;
		uint32_t *low = to + at / K_STEP * NT_TILE_ROWS;
		for (size_t r = 0; r < m; r += 16, low += 2 * NT_TILE_STRIDE) {
			for (size_t i = 0; i < K_STEP; i++)
				fetch(a + (AHEAD + i) * lda + r);
			__m512i x = across(a + r, next ? next + r : NULL, mask_of(m - r), alpha);
			_mm256_storeu_si256((__m256i *)low, _mm512_castsi512_si256(x));
			if (r + 8 < m)
				_mm256_storeu_si256((__m256i *)(low + NT_TILE_STRIDE),
						    _mm512_extracti64x4_epi64(x, 1));
		}
	}
	return (struct nt_tile_rows){.a = to, .row_stride = 1, .step_stride = NT_TILE_ROWS,
				     .tile_stride = NT_TILE_STRIDE};
}

static struct nt_tile_rows pack_rows(uint32_t *to, const float *a, size_t lda, bool is_transposed,
				     size_t m, size_t k, float alpha)
{
	return (is_transposed ? pack_turned : pack_straight)(to, a, lda, m, k, alpha);
}

const struct nt_tile TABLE = {
	.k_step = K_STEP,
	.pack_panel = pack_panel,
	.pack_rows = pack_rows,
	.run = {run_1, run_2, run_3},
};

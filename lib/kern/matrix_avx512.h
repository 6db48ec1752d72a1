/* SPDX-License-Identifier: MIT */
#ifndef KERN_MATRIX_AVX512_H
#define KERN_MATRIX_AVX512_H
/* matrix_avx512.h - what the files of AVX-512 share for matrix_dot.h */
#include "kern/avx512.h"

#define WIDTH	 16
#define DOT_ROWS 6
#define BLOCK	 1024
#define GROUP	 (sizeof(weight) > 2 ? DOT_ROWS : 2 * DOT_ROWS)

/* The sums of two registers side by side: the first's in the low half. */
static inline wide fold(wide a, wide b)
{
	__m512d x = _mm512_castps_pd(a), y = _mm512_castps_pd(b);
	wide own = _mm512_castpd_ps(_mm512_mask_mov_pd(x, 0xaa, y)); /* even pairs of a, odd ones of b ... */
	return own + _mm512_castpd_ps(_mm512_shuffle_pd(x, y, 0x55)); /* ... and the other way round */
}

static inline wide fold_halves(wide a, wide b)
{
	wide own = _mm512_mask_mov_ps(a, 0xff00, b);
	return own + _mm512_shuffle_f32x4(a, b, 0x4e);
}

/* Pairs of a row's sums: [a b][a b][c d][c d] */
static inline wide fold_row(const wide sum[4])
{
	return fold_halves(fold(sum[0], sum[1]), fold(sum[2], sum[3]));
}

/* The four sums of rows r and s, as fold_row left them, in the low and the high half of 256 bits. */
static inline __m256 finish(wide r, wide s)
{
	const __m512i quarters = _mm512_setr_epi64(2, 3, 8, 9, 6, 7, 12, 13);
	wide own = _mm512_mask_mov_ps(r, 0xf0f0, s); /* [r s r s] */
	wide both = own + _mm512_castpd_ps(_mm512_permutex2var_pd(_mm512_castps_pd(r), quarters,
								  _mm512_castps_pd(s)));
	__m256 low = _mm512_castps512_ps256(both), high = _mm512_extractf32x8_ps(both, 1);
	return _mm256_shuffle_ps(low, high, 0x88) + _mm256_shuffle_ps(low, high, 0xdd);
}

static inline __attribute__((always_inline)) void add_sums(size_t n_row, float *out, size_t ldo,
							   wide sum[DOT_ROWS][4])
{
#pragma GCC unroll 3
	for (size_t r = 0; r < n_row; r += 2, out += 2 * ldo) {
		wide first = fold_row(sum[r]), second = r + 1 < n_row ? fold_row(sum[r + 1]) : first;
		__m256 done = finish(first, second);
		_mm_storeu_ps(out, _mm_loadu_ps(out) + _mm256_castps256_ps128(done));
		if (r + 1 < n_row)
			_mm_storeu_ps(out + ldo, _mm_loadu_ps(out + ldo) + _mm256_extractf128_ps(done, 1));
	}
}

#endif

/* SPDX-License-Identifier: MIT */
/* window_avx512.c - windows in one 512-bit register each */
#include "nt/cpu.h"

#ifdef NT_HAS_WIDE
#include <immintrin.h>

#include "text/window.h"

/* The bytes of x that lie in [first, first + n). */
static inline uint64_t in_range(__m512i x, char first, char n)
{
	return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(x, _mm512_set1_epi8(first)), _mm512_set1_epi8(n));
}

static inline uint64_t is(__m512i x, char c)
{
	return _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(c));
}

static inline void classify(struct window *w, const uint8_t text[WINDOW])
{
	__m512i x = _mm512_loadu_si512(text);
	w->high = _mm512_movepi8_mask(x);
	w->upper = in_range(x, 'A', 26);
	w->lower = in_range(x, 'a', 26);
	w->number = in_range(x, '0', 10);
	w->blank = is(x, ' ');
	w->space = w->blank | in_range(x, '\t', 5);
	w->feed = is(x, '\n') | is(x, '\r');
	w->quote = is(x, '\'');
}

/* Sixteen places at a time, those that are wanted side by side. */
static inline size_t emit(uint32_t *end, uint32_t from, uint64_t starts)
{
	const __m512i step = _mm512_set1_epi32(16);
	__m512i place = _mm512_add_epi32(_mm512_set1_epi32((int)from),
					 _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
	uint32_t *const first = end;
	for (unsigned i = 0; i < WINDOW; i += 16, place = _mm512_add_epi32(place, step)) {
		__mmask16 wanted = (__mmask16)(starts >> i);
		_mm512_storeu_si512(end, _mm512_maskz_compress_epi32(wanted, place));
		end += __builtin_popcount(wanted);
	}
	return (size_t)(end - first);
}

WINDOW_TABLE(nt_window_avx512);
#endif

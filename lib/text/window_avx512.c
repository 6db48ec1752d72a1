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

WINDOW_TABLE(nt_window_avx512);
#endif

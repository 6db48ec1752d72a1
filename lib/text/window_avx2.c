/* SPDX-License-Identifier: MIT */
/*
 * window_avx2.c - windows in 256-bit registers, two of them to a window
 *
 * With one register of 512 bits and its masks, cutting alone is faster by a tenth, and encoding
 * slower by a twentieth: Zen 5, measured three times.
 */
#include "nt/cpu.h"

#ifdef NT_HAS_WIDE
#include <immintrin.h>

#include "text/window.h"

static inline uint64_t bits(__m256i low, __m256i high)
{
	return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

/* The bytes of x that lie in [first, first + n). */
static inline __m256i in_range(__m256i x, char first, char n)
{
	__m256i from = _mm256_sub_epi8(x, _mm256_set1_epi8(first));
	return _mm256_cmpeq_epi8(_mm256_min_epu8(from, _mm256_set1_epi8((char)(n - 1))), from);
}

static inline __m256i is(__m256i x, char c)
{
	return _mm256_cmpeq_epi8(x, _mm256_set1_epi8(c));
}

ALWAYS_INLINE void classify(struct window *w, const uint8_t text[WINDOW])
{
	__m256i a = _mm256_loadu_si256((const __m256i *)(const void *)text);
	__m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(text + 32));
	w->high = bits(a, b);
	w->upper = bits(in_range(a, 'A', 26), in_range(b, 'A', 26));
	w->lower = bits(in_range(a, 'a', 26), in_range(b, 'a', 26));
	w->number = bits(in_range(a, '0', 10), in_range(b, '0', 10));
	w->blank = bits(is(a, ' '), is(b, ' '));
	w->space = w->blank | bits(in_range(a, '\t', 5), in_range(b, '\t', 5));
	w->feed = bits(is(a, '\n'), is(b, '\n')) | bits(is(a, '\r'), is(b, '\r'));
	w->quote = bits(is(a, '\''), is(b, '\''));
}

/* Eight at a time, wanted or not: how many there are cannot be guessed. */
ALWAYS_INLINE size_t emit(uint32_t *end, uint32_t from, uint64_t starts)
{
	size_t n = (size_t)__builtin_popcountll(starts);
	for (size_t i = 0; i < n; i += 8)
		for (size_t k = 0; k < 8; k++, starts = _blsr_u64(starts))
			end[i + k] = from + (uint32_t)_tzcnt_u64(starts);
	return n;
}

WINDOW_TABLE(nt_window_avx2);
#endif

/* SPDX-License-Identifier: MIT */
/* words_avx512.c - words whose numbers are one register */
#include "nt/cpu.h"

#ifdef NT_HAS_WIDE
#include <immintrin.h>

#include "token/words.h"

static inline uint32_t settle(struct word *w, const uint32_t part[2], const uint32_t number[2])
{
	__m512i all = _mm512_load_si512(w->number);
	all = _mm512_mask_set1_epi32(all, (__mmask16)(1u << part[0]), (int)number[0]);
	all = _mm512_mask_set1_epi32(all, (__mmask16)(1u << part[1]), (int)number[1]);
	_mm512_store_si512(w->number, all);
	return _mm512_reduce_min_epu32(all);
}

static inline void forget(struct word *w, uint32_t a, uint32_t b, uint32_t c)
{
	__mmask16 gone = (__mmask16)(1u << a | 1u << b | 1u << c);
	_mm512_mask_storeu_epi32(w->number, gone, _mm512_set1_epi32(NOTHING));
}

nt_merge_words_fn *const nt_merge_words_avx512 = merge_words;
#endif

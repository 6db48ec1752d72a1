/* SPDX-License-Identifier: MIT */
/* words_avx512.c - words whose numbers are one register, or two */
#include "nt/cpu.h"

#ifdef NT_HAS_WIDE
#include <immintrin.h>

#include "token/words.h"

static inline __m512i set(__m512i all, uint64_t part, uint32_t number)
{
	return _mm512_mask_set1_epi32(all, (__mmask16)part, (int)number);
}

static inline uint32_t settle(struct word *w, const uint32_t part[2], const uint32_t number[2])
{
	uint64_t a = UINT64_C(1) << part[0], b = UINT64_C(1) << part[1];
	__m512i all = set(set(_mm512_load_si512(w->number), a, number[0]), b, number[1]);
	_mm512_store_si512(w->number, all);
	if (w->is_long) {
		__m512i more = _mm512_load_si512(w->number + HALF);
		more = set(set(more, a >> HALF, number[0]), b >> HALF, number[1]);
		_mm512_store_si512(w->number + HALF, more);
		all = _mm512_min_epu32(all, more);
	}
	return _mm512_reduce_min_epu32(all);
}

static inline void forget(struct word *w, uint32_t a, uint32_t b, uint32_t c)
{
	uint64_t gone = UINT64_C(1) << a | UINT64_C(1) << b | UINT64_C(1) << c;
	__m512i nothing = _mm512_set1_epi32(NOTHING);
	_mm512_mask_storeu_epi32(w->number, (__mmask16)gone, nothing);
	if (w->is_long)
		_mm512_mask_storeu_epi32(w->number + HALF, (__mmask16)(gone >> HALF), nothing);
}

nt_merge_words_fn *const nt_merge_words_avx512 = merge_words;
#endif

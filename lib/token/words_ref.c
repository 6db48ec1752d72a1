/* SPDX-License-Identifier: MIT */
/* words_ref.c - words of which numbers are compared one by one */
#include "nt/cpu.h"
#include "token/words.h"

/* One by one: a vector of numbers of which one has just been stored would have to wait. */
static inline uint32_t settle(struct word *w, const uint32_t part[2], const uint32_t number[2])
{
	uint32_t a = NOTHING, b = NOTHING;
	w->number[part[0]] = number[0];
	w->number[part[1]] = number[1];
	for (size_t i = 0; i < (w->is_long ? NT_WORD_MOST : HALF); i += 2) {
		a = w->number[i] < a ? w->number[i] : a;
		b = w->number[i + 1] < b ? w->number[i + 1] : b;
	}
	return a < b ? a : b;
}

static inline void forget(struct word *w, uint32_t a, uint32_t b, uint32_t c)
{
	w->number[a] = w->number[b] = w->number[c] = NOTHING;
}

nt_merge_words_fn *const nt_merge_words_ref = merge_words;

nt_merge_words_fn *nt_merge_words(void)
{
#ifdef NT_HAS_WIDE
	if (nt_cpu_isa() == NT_ISA_AVX512)
		return nt_merge_words_avx512;
#endif
	return merge_words;
}

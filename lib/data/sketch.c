/* SPDX-License-Identifier: MIT */
/*
 * sketch.c - Fast Similarity Sketching
 *
 * In round r every shingle is hashed anew, to a slot and a value, and a slot keeps the least
 * (r, value) that falls into it; rounds go on until no slot is empty. After n rounds, round
 * n + i throws every shingle into slot i. A document of more than n ln n shingles needs one
 * round as a rule, and a short one has little to throw; taking n minima would cost n hashes
 * for each shingle. Slots agree with probability J, without the bias of filling empty ones
 * from others, and with less variance than independent minima where shingles are few: one
 * round draws without putting back.
 *
 * Source: Dahlgaard, Knudsen, Thorup 2017, "Fast Similarity Sketching". Of what a slot holds
 * a byte is kept: Li, Konig 2010, "b-Bit Minwise Hashing".
 */
#include "data/sketch.h"

#include <stdlib.h>
#include <string.h>

#include "data/shingle.h"
#include "nt/err.h"
#include "nt/mem.h"

static const struct nt_shingle *choose(void)
{
#ifdef NT_HAS_WIDE
	switch (nt_cpu_isa()) {
	case NT_ISA_AVX512:
		return &nt_shingle_avx512;
	case NT_ISA_AVX2:
		return &nt_shingle_avx2;
	default:
		break;
	}
#endif
	return &nt_shingle_ref;
}

int nt_sketcher_init(struct nt_sketcher *s, size_t n, uint64_t seed)
{
	nt_assert(n >= 1 && n <= NT_SKETCH_MAX);
	*s = (struct nt_sketcher){.loop = choose(), .n = n, .seed = seed};
	return (s->slot = nt_alloc(n, sizeof(*s->slot))) ? 0 : NT_ESYS;
}

void nt_sketcher_release(struct nt_sketcher *s)
{
	free(s->slot);
	free(s->shingle);
	*s = (struct nt_sketcher){0};
}

/* The hashes of a document's shingles into s->shingle. Returns how many, or NT_ESYS. */
static ptrdiff_t make_shingles(struct nt_sketcher *s, const uint64_t *word, size_t n_word)
{
	uint64_t few[NT_SHINGLE_WORDS] = {0};
	size_t n = n_word < NT_SHINGLE_WORDS ? 1 : n_word - NT_SHINGLE_WORDS + 1;
	if (nt_grow(&s->shingle, &s->cap, n, sizeof(*s->shingle)) < 0)
		return NT_ESYS;
	if (n_word < NT_SHINGLE_WORDS) {
		for (size_t i = 0; i < n_word; i++)
			few[i] = word[i];
		word = few;
	}
	s->loop->hash(s->shingle, word, n);
	return (ptrdiff_t)n;
}

static uint64_t round_seed(const struct nt_sketcher *s, size_t round)
{
	return s->seed + round * UINT64_C(0x9e3779b97f4a7c15);
}

int nt_sketch(struct nt_sketcher *s, uint8_t *sketch, const uint64_t *word, size_t n_word)
{
	ptrdiff_t n = make_shingles(s, word, n_word);
	if (n < 0)
		return (int)n;
	memset(s->slot, 0xff, s->n * sizeof(*s->slot));
	size_t n_empty = s->n;
	for (size_t r = 0; n_empty && r < s->n; r++)
		n_empty -= s->loop->round(s->slot, s->n, s->shingle, (size_t)n, r, round_seed(s, r));
	for (size_t i = 0; n_empty && i < s->n; i++)
		if (s->slot[i] == UINT64_MAX) /* what is there is of an earlier round, and so less */
			n_empty -= s->loop->round(s->slot + i, 1, s->shingle, (size_t)n, s->n + i, round_seed(s, s->n + i));
	for (size_t i = 0; i < s->n; i++)
		sketch[i] = (uint8_t)((s->slot[i] * UINT64_C(0x9e3779b97f4a7c15)) >> 56);
	return 0;
}

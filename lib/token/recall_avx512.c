/* SPDX-License-Identifier: MIT */
/* recall_avx512.c - the inner loops with a whole cache line in a register */
#include "nt/cpu.h"

#ifdef NT_HAS_WIDE
#include "token/recall_wide.h"

static inline const struct nt_cached *find(const struct nt_cached *line, __m128i key)
{
	unsigned same = _mm512_cmpeq_epi64_mask(_mm512_load_si512(line), _mm512_broadcast_i32x4(key));
	unsigned hit = same & same >> 1 & 0x11; /* bit 0: the first entry's key; bit 4: the second's */
	return hit ? line + (hit >> 4) : NULL;
}

const struct nt_recall nt_recall_avx512 = {line, make_keys, recall};
#endif

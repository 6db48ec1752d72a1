/* SPDX-License-Identifier: MIT */
/* recall_avx2.c - the inner loops with one entry's key in a register */
#include "nt/cpu.h"

#ifdef NT_HAS_WIDE
#include "token/recall_wide.h"

static inline bool is(const struct nt_cached *e, __m128i key)
{
	__m128i differs = _mm_xor_si128(_mm_load_si128((const void *)e), key);
	return _mm_testz_si128(differs, differs);
}

static inline const struct nt_cached *find(const struct nt_cached *line, __m128i key)
{
	const struct nt_cached *e = line + is(line + 1, key);
	return is(e, key) ? e : NULL;
}

const struct nt_recall nt_recall_avx2 = {line, make_keys, recall};
#endif

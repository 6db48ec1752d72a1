/* SPDX-License-Identifier: MIT */
/* shingle_avx2.c - the inner loops of sketching with AVX2 */
#include "nt/cpu.h"

#ifdef NT_HAS_WIDE
#include "data/shingle_wide.h"

const struct nt_shingle nt_shingle_avx2 = {hash, throw_all};
#endif

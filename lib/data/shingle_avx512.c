/* SPDX-License-Identifier: MIT */
/* shingle_avx512.c - the inner loops of sketching with AVX-512 */
#include "nt/cpu.h"

#ifdef NT_HAS_WIDE
#include "data/shingle_wide.h"

const struct nt_shingle nt_shingle_avx512 = {hash, throw_all};
#endif

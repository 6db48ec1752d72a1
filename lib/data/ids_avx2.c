/* SPDX-License-Identifier: MIT */
/* ids_avx2.c - token ids to bytes and back with AVX2 */
#include "nt/cpu.h"

#ifdef NT_HAS_WIDE
#include "data/ids_wide.h"

const struct nt_id_loops nt_id_loops_avx2 = {narrow, widen, find_top};
#endif

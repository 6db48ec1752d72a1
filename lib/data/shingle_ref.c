/* SPDX-License-Identifier: MIT */
/* shingle_ref.c - the inner loops of sketching, for any machine */
#include "data/shingle_wide.h"

const struct nt_shingle nt_shingle_ref = {hash, throw_all};

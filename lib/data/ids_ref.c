/* SPDX-License-Identifier: MIT */
/* ids_ref.c - token ids to bytes and back, on any machine */
#include "data/ids_wide.h"

const struct nt_id_loops nt_id_loops_ref = {narrow, widen, find_top};

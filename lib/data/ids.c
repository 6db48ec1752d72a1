/* SPDX-License-Identifier: MIT */
/* ids.c - token ids to bytes and back: which loops this machine runs */
#include "data/ids.h"

#include <stdatomic.h>

static const struct nt_id_loops *choose(void)
{
#ifdef NT_HAS_WIDE
	if (nt_cpu_isa() >= NT_ISA_AVX2)
		return &nt_id_loops_avx2;
#endif
	return &nt_id_loops_ref;
}

/* All that choose at once choose the same. */
static const struct nt_id_loops *loops(void)
{
	static const struct nt_id_loops *_Atomic chosen;
	const struct nt_id_loops *l = atomic_load_explicit(&chosen, memory_order_relaxed);
	if (!l)
		atomic_store_explicit(&chosen, l = choose(), memory_order_relaxed);
	return l;
}

uint32_t nt_ids_narrow(uint8_t *out, const uint32_t *id, size_t n, size_t width)
{
	return loops()->narrow(out, id, n, width);
}

uint32_t nt_ids_widen(uint32_t *id, const uint8_t *in, size_t n, size_t width)
{
	return loops()->widen(id, in, n, width);
}

uint32_t nt_ids_top(const uint8_t *in, size_t n, size_t width)
{
	return loops()->top(in, n, width);
}

int nt_tokens_store(struct nt_buf *buf, const struct nt_tokens *doc, size_t width, struct nt_stored *stored)
{
	buf->len = 0;
	int rc = nt_buf_reserve(buf, doc->n * width);
	if (rc < 0)
		return rc;
	if (doc->n)
		nt_ids_narrow(buf->data, doc->id, doc->n, width);
	*stored = (struct nt_stored){.token = buf->data, .n = doc->n, .unit = doc->unit, .n_unit = doc->n_unit};
	return 0;
}

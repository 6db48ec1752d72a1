/* SPDX-License-Identifier: MIT */
/* recall_ref.c - the inner loops in plain C */
#include "token/recall.h"

static size_t take_known(const struct nt_batch_keys *k, const struct nt_cache *c, size_t i, size_t n,
			 uint32_t *id, size_t *n_id)
{
	const struct nt_cached *entry = c->entry;
	uint32_t *const first = id;
	for (; i < n; i++) {
		const struct nt_cached *e = &entry[k->line[i]];
		e += nt_cached_is(e + 1, k->key[i]);
		if (!nt_cached_is(e, k->key[i]))
			break;
		size_t more = nt_cached_take(id, e);
		if (more > NT_IDS_MOST)
			break;
		id += more;
	}
	*n_id = (size_t)(id - first);
	return i;
}

const struct nt_recall nt_recall_ref = {nt_make_keys, take_known};

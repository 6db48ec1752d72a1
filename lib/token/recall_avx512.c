/* SPDX-License-Identifier: MIT */
/*
 * recall_avx512.c - the inner loops with a whole cache line in a register
 *
 * Both entries of a line are compared at once. An aligned load of 16 bytes is single-copy
 * atomic on every CPU that has AVX (Intel SDM 3A, 9.1.1; AMD APM 2, 7.3.2), loads are not
 * reordered, and an entry's key is written last: a key that is there has its ids there.
 * A wider load need not be atomic, so the ids are loaded after the key has been seen.
 */
#include "token/recall.h"

#ifdef NT_HAS_WIDE
#include <immintrin.h>

static size_t take_known(const struct nt_batch_keys *k, const struct nt_cache *c, size_t i, size_t n,
			 uint32_t *id, size_t *n_id)
{
	const struct nt_cached *entry = c->entry;
	const __m128i id_bits = _mm_setr_epi32((1 << NT_ID_BITS) - 1, -1, -1, -1);
	uint32_t *const first = id;
	for (; i < n; i++) {
		const struct nt_cached *line = &entry[k->line[i]];
		__m512i key = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)&k->key[i]));
		unsigned same = _mm512_cmpeq_epi64_mask(_mm512_load_si512(line), key);
		/* bits 0 and 1: the first entry's key, bits 4 and 5: the second's */
		unsigned hit = same & same >> 1 & 0x11;
		if (!hit)
			break;
		const struct nt_cached *e = line + (hit >> 4);
		__atomic_signal_fence(__ATOMIC_ACQUIRE); /* the compiler may not reorder, either */
		__m128i ids = _mm_load_si128((const void *)e->id);
		size_t more = e->id[0] >> NT_ID_BITS;
		_mm_storeu_si128((void *)id, _mm_and_si128(ids, id_bits));
		if (more > NT_IDS_MOST)
			break;
		id += more;
	}
	*n_id = (size_t)(id - first);
	return i;
}

const struct nt_recall nt_recall_avx512 = {nt_make_keys, take_known};
#endif

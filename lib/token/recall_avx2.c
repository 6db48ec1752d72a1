/* SPDX-License-Identifier: MIT */
/*
 * recall_avx2.c - the inner loops with keys in registers of 128 bits
 *
 * A key is one load, an and, an or; two rounds of AES are its hash. (Comparing it with a whole
 * line in one register of 512 bits took longer: 740 MB/s of known text instead of 840.)
 *
 * An aligned load of 16 bytes is single-copy atomic on every CPU that has AVX (Intel SDM 3A,
 * 9.1.1; AMD APM 2, 7.3.2), loads are not reordered there, and an entry's key is written
 * last: where a key is, its ids are.
 */
#include "nt/cpu.h"

#ifdef NT_HAS_WIDE
#include <immintrin.h>

#include "token/recall.h"

/* What is kept of 16 bytes, and what is added: as nt_key_form says. */
static inline __m128i key_of(const uint8_t *p, size_t n)
{
	const struct nt_key_form *form = &nt_key_form[n <= NT_KEY_MOST ? n : NT_KEY_MOST + 1];
	__m128i bytes = _mm_and_si128(_mm_loadu_si128((const void *)p), _mm_load_si128((const void *)&form->keep));
	return _mm_or_si128(bytes, _mm_load_si128((const void *)&form->add));
}

/* Where a key's line is, in bytes from the first entry; mask: of the offsets of lines. */
static inline size_t offset_of(__m128i key, size_t mask)
{
	const __m128i a = _mm_setr_epi32(0x243f6a88, (int)0x85a308d3, 0x13198a2e, 0x03707344);
	const __m128i b = _mm_setr_epi32((int)0xa4093822, 0x299f31d0, 0x082efa98, (int)0xec4e6c89);
	__m128i h = _mm_aesenc_si128(_mm_aesenc_si128(_mm_xor_si128(key, a), b), a);
	return (size_t)_mm_cvtsi128_si64(h) & mask;
}

static inline size_t mask_of(const struct nt_cache *c)
{
	return (c->mask & ~(size_t)1) * sizeof(struct nt_cached);
}

#if defined(__has_feature)
#define HAS_TSAN __has_feature(thread_sanitizer)
#elif defined(__SANITIZE_THREAD__)
#define HAS_TSAN 1
#else
#define HAS_TSAN 0
#endif

/* One load. TSan takes it for one that is not atomic, and is shown the two of nt_cached_is. */
static inline bool is(const struct nt_cached *e, __m128i key)
{
	if (HAS_TSAN)
		return nt_cached_is(e, (struct nt_key){(uint64_t)_mm_cvtsi128_si64(key), (uint64_t)_mm_extract_epi64(key, 1)});
	__m128i differs = _mm_xor_si128(_mm_load_si128((const void *)e), key);
	return _mm_testz_si128(differs, differs);
}

/* The entry of a key in the line, or NULL. */
static inline const struct nt_cached *find(const struct nt_cached *line, __m128i key)
{
	const struct nt_cached *e = line + is(line + 1, key);
	return is(e, key) ? e : NULL;
}

static size_t line(const struct nt_cache *c, struct nt_key key)
{
	return offset_of(_mm_set_epi64x((int64_t)key.hi, (int64_t)key.lo), mask_of(c)) / sizeof(struct nt_cached);
}

static size_t make_keys(struct nt_pieces *b, const struct nt_cache *c, const uint8_t *p, size_t n,
			size_t left)
{
	const uint8_t *const entry = (const uint8_t *)c->entry;
	const size_t mask = mask_of(c);
	size_t i = 0;
	for (size_t at = 0; i < n && at + NT_OVERREAD <= left; at = b->end[i++]) {
		__m128i key = key_of(p + at, b->end[i] - at);
		size_t offset = offset_of(key, mask);
		_mm_prefetch((const void *)(entry + offset), _MM_HINT_T0);
		_mm_store_si128((void *)&b->key[i], key);
		b->line[i] = (uint32_t)(offset / sizeof(struct nt_cached));
	}
	return i;
}

static size_t recall(const struct nt_pieces *b, const struct nt_cache *c, size_t i, size_t n,
		     uint32_t *id, size_t *n_id)
{
	const __m128i id_bits = _mm_setr_epi32((1 << NT_ID_BITS) - 1, -1, -1, -1);
	const struct nt_cached *const entry = c->entry;
	uint32_t *const first = id;
	for (; i < n; i++) {
		const struct nt_cached *e = find(entry + b->line[i], _mm_load_si128((const void *)&b->key[i]));
		if (!e && !(e = nt_cache_far(c, b->key[i], b->line[i])))
			break;
		__atomic_signal_fence(__ATOMIC_ACQUIRE); /* the compiler may not reorder, either */
		size_t more = e->id[0] >> NT_ID_BITS;
		_mm_storeu_si128((void *)id, _mm_and_si128(_mm_load_si128((const void *)e->id), id_bits));
		if (more > NT_IDS_MOST)
			break;
		id += more;
	}
	*n_id = (size_t)(id - first);
	return i;
}

const struct nt_recall nt_recall_avx2 = {line, make_keys, recall};
#endif

/* SPDX-License-Identifier: MIT */
#ifndef TEXT_STRETCH_H
#define TEXT_STRETCH_H
/*
 * stretch.h - a stretch of text that knows where in the document it came from
 *
 * Normalizers and some pre-tokenizers rewrite text; units and offsets are about the text
 * as it was. So every rewritten byte remembers where the character began that it was made
 * from, and what ends before byte i ends in the document where byte i came from.
 */
#include "nt/mem.h"

struct nt_stretch {
	const uint8_t *text; /* [len] */
	size_t len;
	size_t base;            /* byte i came from base + origin[i] ... */
	const uint32_t *origin; /* [len + 1], rising; NULL: ... base + i */
};

static inline size_t nt_stretch_origin(const struct nt_stretch *s, size_t i)
{
	return s->base + (s->origin ? s->origin[i] : i);
}

/* Bytes [start, end) of s. */
static inline struct nt_stretch nt_stretch_part(const struct nt_stretch *s, size_t start, size_t end)
{
	return (struct nt_stretch){.text = s->text + start, .len = end - start,
				   .base = s->origin ? s->base : s->base + start,
				   .origin = s->origin ? s->origin + start : NULL};
}

/* What a stretch is rewritten to. Start with {0}; reset keeps the memory. */
struct nt_rewrite {
	struct nt_buf text;
	uint32_t *origin; /* [text.len], and one more behind nt_rewrite_done */
	size_t origin_cap;
};

void nt_rewrite_reset(struct nt_rewrite *w);
void nt_rewrite_release(struct nt_rewrite *w); /* harmless twice */

/* Room for n bytes more: worth it where they are known. */
int nt_rewrite_reserve(struct nt_rewrite *w, size_t n);
/* Appends bytes[n], made from what begins at byte `at` of `in`. */
int nt_rewrite_add(struct nt_rewrite *w, const struct nt_stretch *in, size_t at, const void *bytes,
		   size_t n);
/* Appends bytes [start, end) of `in` as they are. */
int nt_rewrite_keep(struct nt_rewrite *w, const struct nt_stretch *in, size_t start, size_t end);
/* *out is what was written, valid until w is reset; NT_EFORMAT: `in` is too long. */
int nt_rewrite_done(struct nt_rewrite *w, const struct nt_stretch *in, struct nt_stretch *out);

#endif

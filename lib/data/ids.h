/* SPDX-License-Identifier: MIT */
#ifndef DATA_IDS_H
#define DATA_IDS_H
/*
 * ids.h - token ids as they are stored: 2 or 4 bytes each, little-endian
 */
#include <stddef.h>
#include <stdint.h>

#include "nt/cpu.h"
#include "nt/stream.h"

/* Each returns the largest id it saw (0 for none), for the caller to hold against the
 * vocabulary: one comparison a token, and no branch. */
uint32_t nt_ids_narrow(uint8_t *out, const uint32_t *id, size_t n, size_t width);
uint32_t nt_ids_widen(uint32_t *id, const uint8_t *in, size_t n, size_t width);
uint32_t nt_ids_top(const uint8_t *in, size_t n, size_t width); /* looks, and no more */

/* The document as a stream stores it: its tokens in buf, its units where they were. */
int nt_tokens_store(struct nt_buf *buf, const struct nt_tokens *doc, size_t width, struct nt_stored *stored);

/* The loops, one table for each instruction set. */
struct nt_id_loops {
	uint32_t (*narrow)(uint8_t *out, const uint32_t *id, size_t n, size_t width);
	uint32_t (*widen)(uint32_t *id, const uint8_t *in, size_t n, size_t width);
	uint32_t (*top)(const uint8_t *in, size_t n, size_t width);
};

extern const struct nt_id_loops nt_id_loops_ref;
#ifdef NT_HAS_WIDE
extern const struct nt_id_loops nt_id_loops_avx2;
#endif

#endif

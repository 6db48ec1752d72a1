/* SPDX-License-Identifier: MIT */
#ifndef DATA_SEGMENTS_H
#define DATA_SEGMENTS_H
/*
 * segments.h - a data file that is open: its segments, and where in the map their parts lie
 *
 * data_open.c finds them and holds each against the size of the file before it is believed,
 * data_read.c looks into them, data_verify.c at every byte.
 */
#include <inttypes.h>
#include <stdatomic.h>

#include "base/block.h"
#include "data/ntd.h"
#include "nt/data.h"
#include "nt/err.h"

struct nt_data_section {
	const uint8_t *data; /* [len] in the map, NULL if the segment lacks it */
	uint64_t len;
};

/* Sections we know; others are hashed and otherwise left alone. */
enum { SECTION_DOCS, SECTION_ROWS, SECTION_TOKZ, SECTION_SUMS, SECTION_SRCS, SECTION_MANI, N_SECTION };

struct nt_segment {
	const uint8_t *base, *foot;
	uint64_t offset, len; /* of the segment in the file */
	uint64_t n_token, n_doc, n_row, n_fragment;
	uint64_t first_token, first_doc, first_row, first_fragment; /* of it in the file */
	uint64_t write_doc, write_n_doc; /* kind 2: documents before and in its write */
	struct nt_data_section section[N_SECTION];
	char *source; /* "" if it has no name */
	atomic_uchar *is_checked; /* [chunks of tokens] */
};

struct nt_data {
	struct nt_map map;
	char *name;
	struct nt_segment *seg; /* [n_seg] in file order */
	size_t n_seg, cap;
	struct nt_ident ident;
	struct nt_buf json;
	enum nt_data_kind kind;
	uint32_t row_len;
	size_t width;
	uint64_t n_token, n_doc, n_row, n_fragment, source_bytes;
	uint8_t hash[16];
};

/* Pages that were looked at count as ours until the system wants them back: memory would seem to
 * grow with the file. Passes over all of it give them back on the way. */
enum { FORGET_BYTES = NT_BLOCK(4 << 20) };

/* n tokens that lie in one segment, from its token `start` on, widened and checked. */
int nt_segment_read(const struct nt_data *d, const struct nt_segment *s, uint64_t start, size_t n, uint32_t *id);

/* The sentence of a segment that is not what it should be. */
static inline int nt_segment_damaged(const struct nt_data *d, const struct nt_segment *s, const char *what)
{
	return nt_fail(NT_EFORMAT, "%s: segment at byte %" PRIu64 ": %s", d->name, s->offset, what);
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * data_verify.c - every byte of a data file: tokens and their ids, indexes, and what lies between
 */
#include <string.h>

#include "base/le.h"
#include "data/segments.h"
#include "nt/hash.h"

/* Tokens [start, start + n) of a segment, in pieces: are their ids of the vocabulary? */
static int verify_ids(const struct nt_data *d, const struct nt_segment *s, uint64_t start, uint64_t n)
{
	enum { PIECE = 4096 };
	uint32_t id[PIECE];
	int rc = 0;
	for (uint64_t at = 0; rc == 0 && at < n; at += PIECE)
		rc = nt_segment_read(d, s, start + at, n - at < PIECE ? n - at : PIECE, id);
	return rc;
}

static int verify_tokens(const struct nt_data *d, const struct nt_segment *s)
{
	struct nt_hasher *h = nt_hasher_new();
	uint64_t some = FORGET_BYTES / d->width;
	uint8_t le[16];
	int rc = h ? 0 : NT_ESYS;
	for (uint64_t at = 0; rc == 0 && at < s->n_token; at += some) {
		uint64_t n = s->n_token - at < some ? s->n_token - at : some;
		if ((rc = verify_ids(d, s, at, n)) == 0)
			nt_hasher_add(h, s->base + NTD_PAGE + at * d->width, n * d->width);
		nt_data_forget(d);
	}
	if (rc == 0) {
		nt_put64(le, nt_hasher_sum128(h).lo);
		nt_put64(le + 8, nt_hasher_sum128(h).hi);
		if (memcmp(le, s->foot + FOOT_TOKEN_HASH, 16) != 0)
			rc = nt_segment_damaged(d, s, "the hash of its tokens is wrong");
	}
	nt_hasher_free(h);
	return rc;
}

static void forget_index(const struct nt_data *d, uint64_t i)
{
	if (i % (1 << 18) == 0)
		nt_data_forget(d);
}

/* Documents tile the tokens; fragments stand in order and do not overlap. */
static int verify_index(const struct nt_data *d, const struct nt_segment *s)
{
	struct nt_fragment f, before = {0};
	uint64_t start, len;
	int rc = 0;
	if (d->kind == NT_DATA_DOCUMENTS && nt_le64(s->section[SECTION_DOCS].data) != 0)
		return nt_segment_damaged(d, s, "its first document does not begin at its first token");
	for (uint64_t i = 0; i < s->n_doc && rc == 0 && d->kind == NT_DATA_DOCUMENTS; i++) {
		rc = nt_data_doc(d, s->first_doc + i, &start, &len);
		forget_index(d, i);
	}
	for (uint64_t i = 0; i < s->n_fragment && rc == 0; i++, before = f) {
		forget_index(d, i);
		rc = nt_data_fragment(d, s->first_fragment + i, &f);
		if (rc == 0 && i > 0 &&
		    (f.row < before.row || (f.row == before.row && f.start < before.start + before.len)))
			rc = nt_segment_damaged(d, s, "its fragments overlap or are out of order");
	}
	return rc;
}

/* Bytes that mean nothing are zero, so that no bit of the file is left unchecked. */
static int verify_zeros(const struct nt_data *d, const struct nt_segment *s, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++)
		if (s->base[i])
			return nt_fail(NT_EFORMAT, "%s: the padding at byte %" PRIu64 " is not zero", d->name,
				       s->offset + i);
	return 0;
}

static int verify_padding(const struct nt_data *d, const struct nt_segment *s)
{
	uint64_t dir = nt_le64(s->foot + FOOT_DIR), n = nt_le32(s->foot + FOOT_N_ENTRY);
	uint64_t end = NTD_PAGE + s->n_token * d->width;
	int rc = 0;
	for (uint64_t i = 0; i < n && rc == 0; i++) {
		const uint8_t *e = s->base + dir + i * NTD_ENTRY;
		if (nt_le64(e + ENTRY_OFFSET) < end)
			return nt_segment_damaged(d, s, "its sections overlap");
		rc = verify_zeros(d, s, end, nt_le64(e + ENTRY_OFFSET));
		end = nt_le64(e + ENTRY_OFFSET) + nt_le64(e + ENTRY_LEN);
	}
	if (rc == 0)
		rc = verify_zeros(d, s, end, dir);
	return rc < 0 ? rc : verify_zeros(d, s, dir + n * NTD_ENTRY, s->len - NTD_FOOTER);
}

int nt_data_verify(const struct nt_data *d)
{
	int rc = 0;
	for (size_t i = 0; i < d->n_seg && rc == 0; i++)
		if ((rc = verify_tokens(d, &d->seg[i])) == 0 && (rc = verify_index(d, &d->seg[i])) == 0)
			rc = verify_padding(d, &d->seg[i]);
	return rc;
}

/* SPDX-License-Identifier: MIT */
/*
 * data_read.c - what an open data file holds: counts, documents, fragments, tokens
 *
 * The hash over a MiB of tokens is checked when the first of them is read. An index was hashed when
 * the file was opened, which says that it is what was written, and not that this made sense.
 */
#include <string.h>
#include <sys/mman.h>

#include "base/last.h"
#include "base/le.h"
#include "data/ids.h"
#include "data/segments.h"
#include "data/tokz.h"
#include "nt/hash.h"

/* --- asking ---------------------------------------------------------------------- */

const struct nt_ident *nt_data_ident(const struct nt_data *d)
{
	return &d->ident;
}

enum nt_data_kind nt_data_kind(const struct nt_data *d)
{
	return d->kind;
}

uint32_t nt_data_row_len(const struct nt_data *d)
{
	return d->row_len;
}

uint64_t nt_data_n_token(const struct nt_data *d)
{
	return d->n_token;
}

uint64_t nt_data_n_doc(const struct nt_data *d)
{
	return d->n_doc;
}

uint64_t nt_data_n_row(const struct nt_data *d)
{
	return d->n_row;
}

uint64_t nt_data_n_fragment(const struct nt_data *d)
{
	return d->n_fragment;
}

uint64_t nt_data_source_bytes(const struct nt_data *d)
{
	return d->source_bytes;
}

const char *nt_data_name(const struct nt_data *d)
{
	return d->name;
}

size_t nt_data_n_segment(const struct nt_data *d)
{
	return d->n_seg;
}

void nt_data_segment(const struct nt_data *d, size_t i, struct nt_data_segment *out)
{
	const struct nt_segment *s = &d->seg[i];
	*out = (struct nt_data_segment){
		.offset = s->offset,
		.bytes = s->len,
		.n_token = s->n_token,
		.n_doc = s->n_doc,
		.n_row = s->n_row,
		.n_fragment = s->n_fragment,
		.source = s->source,
		.seed = nt_le64(s->base + HEAD_SEED),
		.manifest = (const char *)s->section[SECTION_MANI].data,
		.manifest_len = s->section[SECTION_MANI].len,
	};
	nt_name_get(out->producer, s->base + HEAD_PRODUCER, NTD_PRODUCER);
}

void nt_data_hash(const struct nt_data *d, uint8_t hash[16])
{
	memcpy(hash, d->hash, sizeof(d->hash));
}

/* The last segment whose first thing (a token, a document, ...) is at or before i. */
static const struct nt_segment *segment_of(const struct nt_data *d, uint64_t i, size_t first_at)
{
	return &d->seg[nt_last_from(d->seg, d->n_seg, sizeof(*d->seg), first_at, i)];
}

int nt_data_doc(const struct nt_data *d, uint64_t i, uint64_t *start, uint64_t *len)
{
	if (d->kind != NT_DATA_DOCUMENTS || i >= d->n_doc)
		return nt_fail(NT_EARG, "%s: no document number %" PRIu64 " in a file of %" PRIu64 " %s",
			       d->name, i, d->n_doc, d->kind == NT_DATA_ROWS ? "in rows" : "documents");
	const struct nt_segment *s = segment_of(d, i, offsetof(struct nt_segment, first_doc));
	const uint8_t *at = s->section[SECTION_DOCS].data + 8 * (i - s->first_doc);
	uint64_t a = nt_le64(at), b = nt_le64(at + 8);
	if (a > b || b > s->n_token)
		return nt_segment_damaged(d, s, "its index of documents runs backwards");
	*start = s->first_token + a;
	*len = b - a;
	return 0;
}

int nt_data_fragment(const struct nt_data *d, uint64_t i, struct nt_fragment *f)
{
	if (i >= d->n_fragment)
		return nt_fail(NT_EARG, "%s: no fragment number %" PRIu64 " among %" PRIu64, d->name, i,
			       d->n_fragment);
	const struct nt_segment *s = segment_of(d, i, offsetof(struct nt_segment, first_fragment));
	const uint8_t *e = s->section[SECTION_ROWS].data + NTD_FRAGMENT * (i - s->first_fragment);
	uint64_t row = nt_le32(e + FRAG_ROW), doc = nt_le64(e + FRAG_DOC);
	uint32_t behind = nt_le32(e + FRAG_CONTEXT);
	*f = (struct nt_fragment){
		.row = s->first_row + row,
		.start = nt_le32(e + FRAG_START),
		.len = nt_le32(e + FRAG_LEN),
		.doc = s->write_doc + doc,
		.doc_offset = nt_le64(e + FRAG_DOC_OFFSET),
		.context = behind + 1,
	};
	if (row >= s->n_row || f->start > d->row_len || f->len > d->row_len - f->start ||
	    doc >= s->write_n_doc)
		return nt_segment_damaged(d, s, "its index of rows names what is not there");
	if (behind && ((uint64_t)behind + 1 >= f->len || f->doc_offset == 0))
		return nt_segment_damaged(d, s, "its index of rows takes targets for context");
	return 0;
}

uint64_t nt_data_n_piece(const struct nt_data *d)
{
	return d->kind == NT_DATA_ROWS ? d->n_fragment : d->n_doc;
}

int nt_data_piece(const struct nt_data *d, uint64_t i, struct nt_data_piece *piece)
{
	struct nt_fragment f;
	piece->n_context = 1;
	if (d->kind == NT_DATA_DOCUMENTS)
		return nt_data_doc(d, i, &piece->start, &piece->len);
	int rc = nt_data_fragment(d, i, &f);
	if (rc == 0)
		*piece = (struct nt_data_piece){f.row * d->row_len + f.start, f.len, f.context};
	return rc;
}

/* --- tokens ---------------------------------------------------------------------- */

static int check_chunk(const struct nt_data *d, const struct nt_segment *s, uint64_t i)
{
	uint64_t at = i * NTD_CHUNK, left = s->n_token * d->width - at;
	const uint8_t *p = s->base + NTD_PAGE + at;
	uint64_t hash = nt_hash64(p, left < NTD_CHUNK ? left : NTD_CHUNK);
	if (hash != nt_le64(s->section[SECTION_SUMS].data + 8 * i))
		return nt_fail(NT_EFORMAT,
			       "%s: the tokens at bytes %" PRIu64 " to %" PRIu64 " are damaged; "
			       "run nt-pack again",
			       d->name, s->offset + NTD_PAGE + at,
			       s->offset + NTD_PAGE + at + (left < NTD_CHUNK ? left : NTD_CHUNK));
	/* two threads may both have checked it: harmless */
	atomic_store_explicit(&s->is_checked[i], 1, memory_order_release);
	return 0;
}

int nt_segment_read(const struct nt_data *d, const struct nt_segment *s, uint64_t start, size_t n, uint32_t *id)
{
	uint64_t first = start * d->width / NTD_CHUNK;
	uint64_t last = ((start + n) * d->width - 1) / NTD_CHUNK;
	for (uint64_t i = first; i <= last; i++) {
		if (atomic_load_explicit(&s->is_checked[i], memory_order_acquire))
			continue;
		int rc = check_chunk(d, s, i);
		if (rc < 0)
			return rc;
	}
	uint32_t top = nt_ids_widen(id, s->base + NTD_PAGE + start * d->width, n, d->width);
	if (top >= d->ident.vocab_size)
		return nt_fail(NT_EFORMAT, "%s: token id %u is not below the vocabulary's size, %u",
			       d->name, top, d->ident.vocab_size);
	return 0;
}

int nt_data_read(const struct nt_data *d, uint64_t start, size_t n, uint32_t *id)
{
	if (start > d->n_token || n > d->n_token - start)
		return nt_fail(NT_EFORMAT, "%s: tokens %" PRIu64 " to %" PRIu64 " asked of %" PRIu64,
			       d->name, start, start + n, d->n_token);
	while (n) {
		const struct nt_segment *s = segment_of(d, start, offsetof(struct nt_segment, first_token));
		uint64_t left = s->first_token + s->n_token - start;
		size_t take = n < left ? n : (size_t)left;
		int rc = nt_segment_read(d, s, start - s->first_token, take, id);
		if (rc < 0)
			return rc;
		start += take;
		id += take;
		n -= take;
	}
	return 0;
}

void nt_data_forget(const struct nt_data *d)
{
	madvise((void *)(uintptr_t)d->map.data, d->map.len, MADV_DONTNEED);
}

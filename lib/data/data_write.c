/* SPDX-License-Identifier: MIT */
/*
 * data_write.c - a data file, written from front to back without ever seeking
 *
 * The header page goes out first and cannot know what will follow; everything that can
 * only be known at the end stands in the footer, so that a pipe is as good as a file.
 * Tokens leave a MiB at a time, which is also the grain of their hashes; the index, 8 bytes
 * a document or 32 a fragment, waits in a temporary file once it is longer than that.
 */
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "data/ids.h"
#include "data/manifest.h"
#include "data/ntd.h"
#include "data/section.h"
#include "data/source.h"
#include "data/tokz.h"
#include "nt/data.h"
#include "nt/err.h"
#include "nt/hash.h"
#include "nt/version.h"

enum { MAX_SECTION = 8 };

/* Where a segment closes: training maps it, and its index is held while writing. */
static const uint64_t SEGMENT_TOKENS = 1u << 30, SEGMENT_DOCS = 1u << 24;

struct nt_data_writer {
	struct nt_out *out;
	struct nt_data_options options; /* manifest is a copy */
	char *manifest, *source;
	uint8_t page[NTD_PAGE];
	uint32_t vocab_size;
	size_t width;
	struct nt_buf tokz;

	/* of the segment being written */
	uint64_t bytes, n_token, n_doc, n_row, segment;
	struct nt_hasher *hasher;         /* of its token bytes */
	struct nt_buf chunk;              /* the MiB being filled */
	struct nt_section docs, rows;     /* its sections */
	struct nt_buf sums;
	struct nt_hasher *section_hasher;
	uint8_t dir[MAX_SECTION * NTD_ENTRY];
	uint32_t n_entry;
};

static int put(struct nt_data_writer *w, const void *data, size_t len)
{
	w->bytes += len;
	return nt_out_write(w->out, data, len);
}

/* Zeros until `tail` bytes more make a multiple of `grain`, which is at most a page. */
static int put_padding(struct nt_data_writer *w, size_t grain, size_t tail)
{
	static const uint8_t zero[NTD_PAGE];
	return put(w, zero, (grain - (size_t)((w->bytes + tail) % grain)) % grain);
}

static int put64(struct nt_section *s, uint64_t v)
{
	uint8_t le[8];
	nt_put64(le, v);
	return nt_section_add(s, le, sizeof(le));
}

static void fill_page(struct nt_data_writer *w, const struct nt_ident *ident)
{
	uint8_t *p = w->page;
	memcpy(p + HEAD_MAGIC, NTD_MAGIC, 8);
	nt_put32(p + HEAD_VERSION, NTD_VERSION);
	nt_put32(p + HEAD_LEN, NTD_PAGE);
	p[HEAD_WIDTH] = (uint8_t)w->width;
	p[HEAD_KIND] = (uint8_t)w->options.kind;
	nt_ident_put(p + HEAD_VOCAB_SIZE, ident);
	nt_put32(p + HEAD_ROW_LEN, w->options.row_len);
	nt_put64(p + HEAD_N_TOKEN, UINT64_MAX);
	memcpy(p + HEAD_FINGERPRINT, ident->fingerprint, 16);
	memcpy(p + HEAD_NAME, ident->name, strnlen(ident->name, NTD_NAME - 1));
	memcpy(p + HEAD_PRODUCER, "nt " NT_VERSION, sizeof("nt " NT_VERSION));
	nt_put64(p + HEAD_SEED, w->options.seed);
}

static int open_segment(struct nt_data_writer *w, uint64_t number)
{
	w->segment = number;
	w->bytes = w->n_token = w->n_doc = w->n_row = 0;
	w->sums.len = w->chunk.len = 0;
	w->n_entry = 0;
	nt_hasher_reset(w->hasher);
	nt_put64(w->page + HEAD_SEGMENT, number);
	nt_put64(w->page + HEAD_HASH, nt_hash64(w->page, HEAD_HASH));
	int rc = put(w, w->page, NTD_PAGE);
	if (rc == 0 && w->options.kind == NT_DATA_DOCUMENTS)
		rc = put64(&w->docs, 0);
	return rc;
}

static int put_chunk(struct nt_data_writer *w)
{
	size_t n = w->chunk.len;
	if (n == 0)
		return 0;
	uint8_t le[8];
	nt_put64(le, nt_hash64(w->chunk.data, n));
	int rc = nt_buf_add(&w->sums, le, sizeof(le));
	nt_hasher_add(w->hasher, w->chunk.data, n);
	w->chunk.len = 0;
	return rc < 0 ? rc : put(w, w->chunk.data, n);
}

static int put_tokens(struct nt_data_writer *w, const uint32_t *id, size_t n)
{
	int rc = 0;
	w->n_token += n;
	while (n && rc == 0) {
		size_t room = (NTD_CHUNK - w->chunk.len) / w->width;
		size_t take = n < room ? n : room;
		uint32_t top = nt_ids_narrow(w->chunk.data + w->chunk.len, id, take, w->width);
		if (top >= w->vocab_size)
			return nt_fail(NT_EFORMAT, "%s: token id %u is not below the vocabulary's size, %u",
				       nt_out_name(w->out), top, w->vocab_size);
		w->chunk.len += take * w->width;
		id += take;
		n -= take;
		if (w->chunk.len == NTD_CHUNK)
			rc = put_chunk(w);
	}
	return rc;
}

/* Enters a section that begins here and aligns its beginning. */
static int begin_section(struct nt_data_writer *w, const char *tag, uint64_t len)
{
	int rc = put_padding(w, NTD_ALIGN, 0);
	uint8_t *e = w->dir + w->n_entry++ * NTD_ENTRY;
	nt_assert(w->n_entry <= MAX_SECTION);
	memset(e, 0, NTD_ENTRY);
	memcpy(e + ENTRY_TAG, tag, 4);
	nt_put64(e + ENTRY_OFFSET, w->bytes);
	nt_put64(e + ENTRY_LEN, len);
	nt_hasher_reset(w->section_hasher);
	return rc;
}

static int put_piece(void *arg, const void *data, size_t len)
{
	struct nt_data_writer *w = arg;
	nt_hasher_add(w->section_hasher, data, len);
	return put(w, data, len);
}

static void end_section(struct nt_data_writer *w)
{
	nt_put64(w->dir + (w->n_entry - 1) * NTD_ENTRY + ENTRY_HASH, nt_hasher_sum64(w->section_hasher));
}

static int put_section(struct nt_data_writer *w, const char *tag, const void *data, size_t len)
{
	int rc = begin_section(w, tag, len);
	if (rc == 0)
		rc = put_piece(w, data, len);
	end_section(w);
	return rc;
}

static int put_index(struct nt_data_writer *w, const char *tag, struct nt_section *section)
{
	int rc = begin_section(w, tag, section->bytes);
	if (rc == 0)
		rc = nt_section_take(section, put_piece, w);
	end_section(w);
	return rc;
}

static int put_sections(struct nt_data_writer *w, bool is_final)
{
	int rc = put_chunk(w);
	if (rc == 0 && w->options.kind == NT_DATA_DOCUMENTS)
		rc = put_index(w, "DOCS", &w->docs);
	if (rc == 0 && w->options.kind == NT_DATA_ROWS)
		rc = put_index(w, "ROWS", &w->rows);
	if (rc == 0)
		rc = put_section(w, "TOKZ", w->tokz.data, w->tokz.len);
	if (rc == 0)
		rc = put_section(w, "SUMS", w->sums.data, w->sums.len);
	if (rc == 0 && w->source)
		rc = put_section(w, "SRCS", w->source, strlen(w->source));
	if (rc == 0 && is_final && w->manifest)
		rc = put_section(w, "MANI", w->manifest, strlen(w->manifest));
	return rc < 0 ? rc : put_padding(w, NTD_ALIGN, 0);
}

static int close_segment(struct nt_data_writer *w, uint32_t flags, uint64_t source_bytes)
{
	uint8_t foot[NTD_FOOTER] = {0};
	int rc = put_sections(w, flags & NTD_FINAL);
	size_t dir_len = (size_t)w->n_entry * NTD_ENTRY;
	struct nt_hash128 h = nt_hasher_sum128(w->hasher);
	nt_put64(foot + FOOT_N_TOKEN, w->n_token);
	nt_put64(foot + FOOT_N_DOC, w->n_doc);
	nt_put64(foot + FOOT_N_ROW, w->n_row);
	nt_put64(foot + FOOT_DIR, w->bytes);
	nt_put32(foot + FOOT_N_ENTRY, w->n_entry);
	nt_put32(foot + FOOT_WIDTH, (uint32_t)w->width);
	memcpy(foot + FOOT_FINGERPRINT, w->page + HEAD_FINGERPRINT, 16);
	nt_put64(foot + FOOT_TOKEN_HASH, h.lo);
	nt_put64(foot + FOOT_TOKEN_HASH + 8, h.hi);
	nt_put64(foot + FOOT_SOURCE_BYTES, source_bytes);
	nt_put64(foot + FOOT_DIR_HASH, nt_hash64(w->dir, dir_len));
	memcpy(foot + FOOT_HEAD_HASH, w->page + HEAD_HASH, 8);
	nt_put32(foot + FOOT_FLAGS, flags);
	if (rc == 0)
		rc = put(w, w->dir, dir_len);
	if (rc == 0)
		rc = put_padding(w, NTD_PAGE, NTD_FOOTER);
	nt_put64(foot + FOOT_LEN, w->bytes + NTD_FOOTER);
	nt_put64(foot + FOOT_HASH, nt_hash64(foot, FOOT_HASH));
	memcpy(foot + FOOT_MAGIC, NTD_END_MAGIC, 8);
	return rc < 0 ? rc : put(w, foot, NTD_FOOTER);
}

/* Makes room for n tokens of n_doc documents: in this segment, or in a new one. */
static int make_room(struct nt_data_writer *w, size_t n, size_t n_doc)
{
	bool is_full = w->n_token + n > w->options.segment_tokens ||
		       w->n_doc + n_doc > w->options.segment_docs;
	if (!is_full || w->n_doc + w->n_row == 0)
		return 0;
	int rc = close_segment(w, 0, 0);
	return rc < 0 ? rc : open_segment(w, w->segment + 1);
}

static int set_up(struct nt_data_writer *w, const struct nt_ident *ident,
		  const struct nt_data_options *options)
{
	w->options = *options;
	w->options.manifest = w->options.source = NULL;
	if (!w->options.segment_tokens)
		w->options.segment_tokens = SEGMENT_TOKENS;
	if (!w->options.segment_docs)
		w->options.segment_docs = SEGMENT_DOCS;
	w->vocab_size = ident->vocab_size;
	w->width = (size_t)nt_ident_width(ident);
	nt_section_init(&w->docs);
	nt_section_init(&w->rows);
	if (!(w->hasher = nt_hasher_new()) || !(w->section_hasher = nt_hasher_new()))
		return NT_ESYS;
	if (options->source && !nt_source_is_name(options->source, strlen(options->source)))
		return nt_fail(NT_EARG, "'%s' names no source: 1 to %d bytes of UTF-8 without control "
			       "characters do", options->source, NTD_SOURCE);
	if (options->source && !(w->source = strdup(options->source)))
		return nt_fail_sys("out of memory");
	int rc = nt_buf_reserve(&w->chunk, NTD_CHUNK);
	if (rc == 0)
		rc = nt_tokz_pack(&w->tokz, ident);
	if (rc == 0 && options->manifest)
		rc = nt_data_report(w, options->manifest);
	fill_page(w, ident);
	return rc;
}

int nt_data_create(struct nt_data_writer **result, struct nt_out *out, const struct nt_ident *ident,
		   const struct nt_data_options *options)
{
	struct nt_data_writer *w = nt_calloc(1, sizeof(*w));
	*result = NULL;
	if (!w)
		return NT_ESYS;
	nt_assert(options->kind == NT_DATA_DOCUMENTS || options->row_len > 0);
	w->out = out;
	int rc = set_up(w, ident, options);
	if (rc == 0)
		rc = open_segment(w, 0);
	if (rc < 0)
		nt_data_writer_free(w);
	else
		*result = w;
	return rc;
}

int nt_data_report(struct nt_data_writer *w, const char *manifest)
{
	return nt_manifest_keep(&w->manifest, manifest);
}

int nt_data_write_doc(struct nt_data_writer *w, const uint32_t *id, size_t n)
{
	nt_assert(w->options.kind == NT_DATA_DOCUMENTS);
	int rc = make_room(w, n, 1);
	if (rc == 0)
		rc = put_tokens(w, id, n);
	w->n_doc++;
	return rc < 0 ? rc : put64(&w->docs, w->n_token);
}

static void fill_fragment(uint8_t e[NTD_FRAGMENT], const struct nt_fragment *f, uint64_t row)
{
	memset(e, 0, NTD_FRAGMENT);
	nt_put64(e + FRAG_DOC, f->doc);
	nt_put64(e + FRAG_DOC_OFFSET, f->doc_offset);
	nt_put32(e + FRAG_ROW, (uint32_t)row);
	nt_put32(e + FRAG_START, f->start);
	nt_put32(e + FRAG_LEN, f->len);
	nt_put32(e + FRAG_CONTEXT, f->context ? f->context - 1 : 0);
}

int nt_data_write_row(struct nt_data_writer *w, const uint32_t *id, const struct nt_fragment *f,
		      size_t n_fragment)
{
	uint8_t e[NTD_FRAGMENT];
	size_t begins = 0;
	nt_assert(w->options.kind == NT_DATA_ROWS);
	for (size_t i = 0; i < n_fragment; i++)
		begins += f[i].doc_offset == 0;
	int rc = make_room(w, w->options.row_len, begins);
	for (size_t i = 0, end = 0; i < n_fragment && rc == 0; i++) {
		nt_assert(f[i].start >= end && f[i].len <= w->options.row_len - f[i].start);
		end = f[i].start + f[i].len;
		fill_fragment(e, &f[i], w->n_row);
		rc = nt_section_add(&w->rows, e, sizeof(e));
	}
	w->n_doc += begins;
	w->n_row++;
	return rc < 0 ? rc : put_tokens(w, id, w->options.row_len);
}

int nt_data_end(struct nt_data_writer *w, uint64_t source_bytes, int clean)
{
	return close_segment(w, NTD_FINAL | (clean ? NTD_CLEAN : 0), source_bytes);
}

void nt_data_writer_free(struct nt_data_writer *w)
{
	if (!w)
		return;
	nt_hasher_free(w->hasher);
	nt_buf_release(&w->chunk);
	nt_buf_release(&w->tokz);
	nt_section_release(&w->docs);
	nt_section_release(&w->rows);
	nt_hasher_free(w->section_hasher);
	nt_buf_release(&w->sums);
	free(w->manifest);
	free(w->source);
	free(w);
}

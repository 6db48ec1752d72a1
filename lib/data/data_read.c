/* SPDX-License-Identifier: MIT */
/*
 * data_read.c - a data file, mapped, and nothing in it believed before it is checked
 *
 * Opening walks the footers back from the end of the file, because a footer is the last
 * thing a writer writes: where there is none, the file is cut. Every number taken from
 * the file is held against the size of the file or of its section before it is used,
 * so a damaged file gives a sentence and never a wild read. Indexes are hashed when
 * the file is opened; tokens a MiB at a time when they are first touched, because
 * reading 100 GB to train on the first of them would be absurd.
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/block.h"
#include "base/le.h"
#include "data/ids.h"
#include "data/ntd.h"
#include "data/source.h"
#include "data/tokz.h"
#include "nt/data.h"
#include "nt/err.h"
#include "nt/hash.h"

struct section {
	const uint8_t *data; /* [len] in the map, NULL if the segment lacks it */
	uint64_t len;
};

/* Sections we know; others are hashed and otherwise left alone. */
enum { DOCS, ROWS, TOKZ, SUMS, SRCS, MANI, N_SECTION };
static const char *const tags[N_SECTION] = {"DOCS", "ROWS", "TOKZ", "SUMS", "SRCS", "MANI"};

struct segment {
	const uint8_t *base, *foot;
	uint64_t offset, len; /* of the segment in the file */
	uint64_t n_token, n_doc, n_row, n_fragment;
	uint64_t first_token, first_doc, first_row, first_fragment; /* of it in the file */
	uint64_t write_doc, write_n_doc; /* kind 2: documents before and in its write */
	struct section section[N_SECTION];
	char *source; /* "" if it has no name */
	atomic_uchar *is_checked; /* [chunks of tokens] */
};

struct nt_data {
	struct nt_map map;
	char *name;
	struct segment *seg; /* [n_seg] in file order */
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

void nt_data_forget(const struct nt_data *d)
{
	madvise((void *)(uintptr_t)d->map.data, d->map.len, MADV_DONTNEED);
}

/* XXH3_64 of any part of the file. */
static uint64_t hash_of(const struct nt_data *d, const uint8_t *p, uint64_t len)
{
	struct nt_hasher *h = len > FORGET_BYTES ? nt_hasher_new() : NULL;
	if (!h) /* short, or without the memory to do better */
		return nt_hash64(p, len);
	for (uint64_t at = 0, n; at < len; at += n) {
		n = len - at < FORGET_BYTES ? len - at : FORGET_BYTES;
		nt_hasher_add(h, p + at, n);
		nt_data_forget(d);
	}
	uint64_t hash = nt_hasher_sum64(h);
	nt_hasher_free(h);
	return hash;
}

static uint64_t chunks(const struct nt_data *d, const struct segment *s)
{
	return (s->n_token * d->width + NTD_CHUNK - 1) / NTD_CHUNK;
}

/* --- opening: back from the end ------------------------------------------------- */

static int cut(const struct nt_data *d, uint64_t at)
{
	return nt_fail(NT_EFORMAT,
		       "%s: cut at byte %zu: the footer that would end the segment before byte %" PRIu64
		       " is not there; copy or run nt-pack again",
		       d->name, d->map.len, at);
}

static int not_data(const struct nt_data *d)
{
	if (d->map.len == 0)
		return nt_fail(NT_EFORMAT, "%s: empty: a data file has at least a header and a footer; "
					   "run nt-pack again", d->name);
	if (d->map.len >= 4 && memcmp(d->map.data, "NTS1", 4) == 0)
		return nt_fail(NT_EFORMAT, "%s: a token stream, not a data file: put it through nt-pack",
			       d->name);
	if (d->map.len >= 8 && memcmp(d->map.data, NTD_MAGIC, 8) != 0 &&
	    memcmp(d->map.data + d->map.len - 8, NTD_END_MAGIC, 8) != 0)
		return nt_fail(NT_EFORMAT, "%s: not a data file: nt-pack writes them", d->name);
	return 0;
}

/* Finds the segment that ends at byte `end`, and adds it to the list. */
static int find_segment(struct nt_data *d, uint64_t end, struct segment *s)
{
	s->foot = d->map.data + end - NTD_FOOTER; /* end is a multiple of a page, and not 0 */
	if (memcmp(s->foot + FOOT_MAGIC, NTD_END_MAGIC, 8) != 0)
		return cut(d, end);
	if (nt_le64(s->foot + FOOT_HASH) != nt_hash64(s->foot, FOOT_HASH))
		return nt_fail(NT_EFORMAT, "%s: the footer at byte %" PRIu64 " is damaged", d->name,
			       end - NTD_FOOTER);
	s->len = nt_le64(s->foot + FOOT_LEN);
	if (s->len > end)
		return nt_fail(NT_EFORMAT,
			       "%s: cut at its front: the segment that ends at byte %" PRIu64
			       " promises %" PRIu64 " bytes",
			       d->name, end, s->len);
	if (s->len % NTD_PAGE || s->len < NTD_PAGE + NTD_FOOTER)
		return nt_fail(NT_EFORMAT, "%s: a segment of %" PRIu64 " bytes, not a multiple of %d",
			       d->name, s->len, NTD_PAGE);
	s->offset = end - s->len;
	s->base = d->map.data + s->offset;
	return 0;
}

static int walk_back(struct nt_data *d)
{
	int rc = not_data(d);
	if (rc == 0 && d->map.len % NTD_PAGE)
		rc = nt_fail(NT_EFORMAT,
			     "%s: cut at byte %zu: a whole file is a multiple of %d bytes with a footer at "
			     "its end; copy or run nt-pack again",
			     d->name, d->map.len, NTD_PAGE);
	for (uint64_t end = d->map.len; rc == 0 && end > 0;) {
		struct segment s = {0};
		if ((rc = find_segment(d, end, &s)) < 0 ||
		    (rc = nt_grow(&d->seg, &d->cap, d->n_seg + 1, sizeof(s))) < 0)
			break;
		d->seg[d->n_seg++] = s;
		end = s.offset;
	}
	for (size_t i = 0; i < d->n_seg / 2; i++) {
		struct segment s = d->seg[i];
		d->seg[i] = d->seg[d->n_seg - 1 - i];
		d->seg[d->n_seg - 1 - i] = s;
	}
	return rc;
}

/* --- opening: forward, segment by segment ---------------------------------------- */

static int damaged(const struct nt_data *d, const struct segment *s, const char *what)
{
	return nt_fail(NT_EFORMAT, "%s: segment at byte %" PRIu64 ": %s", d->name, s->offset, what);
}

static int check_header(const struct nt_data *d, const struct segment *s)
{
	const uint8_t *h = s->base, *f = s->foot;
	if (memcmp(h, NTD_MAGIC, 8) != 0)
		return damaged(d, s, "does not begin with a header");
	if (nt_le64(h + HEAD_HASH) != nt_hash64(h, HEAD_HASH))
		return damaged(d, s, "its header is damaged");
	if (nt_le32(h + HEAD_VERSION) != NTD_VERSION || nt_le32(h + HEAD_LEN) != NTD_PAGE)
		return nt_fail(NT_EFORMAT, "%s: data file version %u, this program reads version %d",
			       d->name, nt_le32(h + HEAD_VERSION), NTD_VERSION);
	if (memcmp(h + HEAD_HASH, f + FOOT_HEAD_HASH, 8) != 0 ||
	    memcmp(h + HEAD_FINGERPRINT, f + FOOT_FINGERPRINT, 16) != 0 ||
	    h[HEAD_WIDTH] != nt_le32(f + FOOT_WIDTH))
		return damaged(d, s, "header and footer do not belong together");
	return 0;
}

static void read_ident(struct nt_ident *ident, const uint8_t *h)
{
	memcpy(ident->fingerprint, h + HEAD_FINGERPRINT, 16);
	nt_ident_get(ident, h + HEAD_VOCAB_SIZE);
	nt_name_get(ident->name, h + HEAD_NAME, NTD_NAME);
}

/* What the first segment says holds for the file. */
static int read_first(struct nt_data *d)
{
	const uint8_t *h = d->seg[0].base;
	read_ident(&d->ident, h);
	d->width = h[HEAD_WIDTH];
	d->kind = h[HEAD_KIND];
	d->row_len = nt_le32(h + HEAD_ROW_LEN);
	if (d->kind != NT_DATA_DOCUMENTS && d->kind != NT_DATA_ROWS)
		return nt_fail(NT_EFORMAT, "%s: holds neither documents nor rows but kind %u", d->name,
			       h[HEAD_KIND]);
	if ((d->kind == NT_DATA_ROWS) != (d->row_len > 0))
		return nt_fail(NT_EFORMAT, "%s: rows of %u tokens in a file of kind %u", d->name,
			       d->row_len, h[HEAD_KIND]);
	return nt_ident_check(&d->ident, h[HEAD_WIDTH], d->name);
}

static int check_same(const struct nt_data *d, const struct segment *s)
{
	struct nt_ident ident = {0};
	char here[17], first[17];
	read_ident(&ident, s->base);
	if (!nt_ident_equal(&ident, &d->ident)) {
		nt_ident_hex(here, &ident);
		nt_ident_hex(first, &d->ident);
		return nt_fail(NT_EFORMAT,
			       "%s: segment at byte %" PRIu64 ": tokenizer '%s' (%s) in a file of '%s' (%s): "
			       "two vocabularies cannot be mixed",
			       d->name, s->offset, ident.name, here, d->ident.name, first);
	}
	if (s->base[HEAD_KIND] != d->kind || nt_le32(s->base + HEAD_ROW_LEN) != d->row_len)
		return damaged(d, s, "documents and rows, or rows of two lengths, cannot be mixed");
	return 0;
}

/* Segments of one write are numbered from 0, and the last of them is FINAL. */
static int check_order(const struct nt_data *d, size_t i)
{
	const struct segment *s = &d->seg[i];
	uint32_t before = i ? nt_le32(d->seg[i - 1].foot + FOOT_FLAGS) : NTD_FINAL;
	uint32_t flags = nt_le32(s->foot + FOOT_FLAGS);
	uint64_t number = nt_le64(s->base + HEAD_SEGMENT);
	uint64_t due = before & NTD_FINAL ? 0 : nt_le64(d->seg[i - 1].base + HEAD_SEGMENT) + 1;
	if (number != due)
		return nt_fail(NT_EFORMAT,
			       "%s: segment at byte %" PRIu64 ": number %" PRIu64 " of its write where number %" PRIu64
			       " is due: a part is missing or misplaced",
			       d->name, s->offset, number, due);
	if (i == d->n_seg - 1 && !(flags & NTD_FINAL))
		return nt_fail(NT_EFORMAT,
			       "%s: cut at byte %zu: its last segment says that another follows; "
			       "copy or run nt-pack again",
			       d->name, d->map.len);
	if ((flags & NTD_FINAL) && !(flags & NTD_CLEAN))
		return damaged(d, s, "its writer did not see the end of its input");
	return 0;
}

static int read_entry(const struct nt_data *d, struct segment *s, const uint8_t *e, uint64_t limit)
{
	uint64_t offset = nt_le64(e + ENTRY_OFFSET), len = nt_le64(e + ENTRY_LEN);
	if (offset < NTD_PAGE || offset > limit || len > limit - offset || offset % NTD_ALIGN)
		return damaged(d, s, "a section lies outside of it");
	for (int i = 0; i < N_SECTION; i++)
		if (memcmp(e + ENTRY_TAG, tags[i], 4) == 0)
			s->section[i] = (struct section){s->base + offset, len};
	if (hash_of(d, s->base + offset, len) != nt_le64(e + ENTRY_HASH))
		return nt_fail(NT_EFORMAT, "%s: segment at byte %" PRIu64 ": its section %.4s is damaged",
			       d->name, s->offset, (const char *)e + ENTRY_TAG);
	return 0;
}

static int read_directory(const struct nt_data *d, struct segment *s)
{
	uint64_t dir = nt_le64(s->foot + FOOT_DIR), n = nt_le32(s->foot + FOOT_N_ENTRY);
	uint64_t limit = s->len - NTD_FOOTER;
	int rc = 0;
	if (dir < NTD_PAGE || dir > limit || n * NTD_ENTRY > limit - dir)
		return damaged(d, s, "its directory lies outside of it");
	if (nt_hash64(s->base + dir, n * NTD_ENTRY) != nt_le64(s->foot + FOOT_DIR_HASH))
		return damaged(d, s, "its directory is damaged");
	for (uint64_t i = 0; i < n && rc == 0; i++)
		rc = read_entry(d, s, s->base + dir + i * NTD_ENTRY, dir);
	return rc;
}

/* The counts of the footer against the sizes of the sections. */
static int check_counts(const struct nt_data *d, struct segment *s)
{
	uint64_t room = s->len - NTD_PAGE - NTD_FOOTER;
	s->n_token = nt_le64(s->foot + FOOT_N_TOKEN);
	s->n_doc = nt_le64(s->foot + FOOT_N_DOC);
	s->n_row = nt_le64(s->foot + FOOT_N_ROW);
	s->n_fragment = s->section[ROWS].len / NTD_FRAGMENT;
	if (s->n_token > room / d->width || s->section[SUMS].len != chunks(d, s) * 8)
		return damaged(d, s, "it promises more tokens than it holds");
	if (!s->section[TOKZ].data)
		return damaged(d, s, "its tokenizer is missing");
	if (d->kind == NT_DATA_DOCUMENTS) {
		const struct section *docs = &s->section[DOCS];
		if (docs->len % 8 || docs->len < 8 || docs->len / 8 - 1 != s->n_doc ||
		    nt_le64(docs->data + 8 * s->n_doc) != s->n_token)
			return damaged(d, s, "its index of documents does not match its counts");
	} else if (s->n_token % d->row_len || s->n_token / d->row_len != s->n_row ||
		   s->section[ROWS].len % NTD_FRAGMENT || s->n_doc > s->n_fragment) {
		return damaged(d, s, "its index of rows does not match its counts");
	}
	return 0;
}

/* The name of the source, which all segments of a write share. */
static int read_source(const struct nt_data *d, size_t i)
{
	struct segment *s = &d->seg[i];
	const struct section *name = &s->section[SRCS];
	bool is_first = nt_le64(s->base + HEAD_SEGMENT) == 0;
	if (name->data && !nt_source_is_name((const char *)name->data, name->len))
		return damaged(d, s, "the name of its source is none");
	s->source = strndup(name->data ? (const char *)name->data : "", name->len);
	if (!s->source)
		return nt_fail_sys("%s: cannot open", d->name);
	if (!is_first && strcmp(s->source, d->seg[i - 1].source) != 0)
		return damaged(d, s, "its source is not that of the segment before it in the same write");
	return 0;
}

static int add_up(struct nt_data *d, struct segment *s)
{
	s->first_token = d->n_token;
	s->first_doc = d->n_doc;
	s->first_row = d->n_row;
	s->first_fragment = d->n_fragment;
	d->n_token += s->n_token;
	d->n_doc += s->n_doc;
	d->n_row += s->n_row;
	d->n_fragment += s->n_fragment;
	s->is_checked = nt_calloc(chunks(d, s), sizeof(*s->is_checked));
	return s->is_checked ? 0 : NT_ESYS;
}

/*
 * What holds for a whole write: fragments count its documents, so every segment is told
 * where it began, and its last footer has its bytes. If one has them not, nobody knows the sum.
 */
static void add_up_writes(struct nt_data *d)
{
	bool is_known = true;
	for (size_t i = 0, first = 0; i < d->n_seg; i++) {
		if (!(nt_le32(d->seg[i].foot + FOOT_FLAGS) & NTD_FINAL))
			continue;
		uint64_t base = d->seg[first].first_doc;
		uint64_t n = d->seg[i].first_doc + d->seg[i].n_doc - base;
		uint64_t bytes = nt_le64(d->seg[i].foot + FOOT_SOURCE_BYTES);
		d->source_bytes += bytes;
		is_known &= bytes > 0 || n == 0;
		for (; first <= i; first++) {
			d->seg[first].write_doc = base;
			d->seg[first].write_n_doc = n;
		}
	}
	if (!is_known)
		d->source_bytes = 0;
}

static int read_segments(struct nt_data *d)
{
	int rc = 0;
	for (size_t i = 0; i < d->n_seg && rc == 0; i++) {
		struct segment *s = &d->seg[i];
		if ((rc = check_header(d, s)) < 0 || (i == 0 && (rc = read_first(d)) < 0) ||
		    (rc = check_same(d, s)) < 0 || (rc = check_order(d, i)) < 0 ||
		    (rc = read_directory(d, s)) < 0 || (rc = check_counts(d, s)) < 0 ||
		    (rc = read_source(d, i)) < 0)
			return rc;
		rc = add_up(d, s);
	}
	add_up_writes(d);
	return rc;
}

static int read_tokenizer(struct nt_data *d)
{
	const struct section *z = &d->seg[0].section[TOKZ];
	int rc = nt_zstd_unpack(&d->json, z->data, z->len, NT_TOKZ_MAX, d->name);
	d->ident.json = d->json.data;
	d->ident.json_len = d->json.len;
	d->ident.packed = z->data;
	d->ident.packed_len = z->len;
	return rc;
}

/* Standard input can be mapped, by this name, where it is a file. */
static const char *real_path(const char *path)
{
	struct stat st;
	bool is_standard = !path || strcmp(path, "-") == 0;
	return is_standard && fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode) ? "/dev/stdin" : path;
}

int nt_data_is(const char *path)
{
	struct stat st;
	uint8_t magic[8];
	path = real_path(path);
	if (!path || stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	int fd = nt_open_read(path);
	if (fd < 0)
		return fd;
	ssize_t n = nt_read_full(fd, magic, sizeof(magic), path);
	nt_close_read(fd);
	return n < 0 ? (int)n : n == sizeof(magic) && memcmp(magic, NTD_MAGIC, sizeof(magic)) == 0;
}

static int hash_segments(struct nt_data *d)
{
	struct nt_hasher *h = nt_hasher_new();
	if (!h)
		return NT_ESYS;
	for (size_t i = 0; i < d->n_seg; i++)
		nt_hasher_add(h, d->seg[i].foot + FOOT_TOKEN_HASH, 16);
	struct nt_hash128 sum = nt_hasher_sum128(h);
	nt_put64(d->hash, sum.lo);
	nt_put64(d->hash + 8, sum.hi);
	nt_hasher_free(h);
	return 0;
}

int nt_data_open(struct nt_data **result, const char *path)
{
	struct nt_data *d = nt_calloc(1, sizeof(*d));
	*result = NULL;
	if (!d)
		return NT_ESYS;
	int rc = nt_map_open(&d->map, real_path(path));
	if (rc == 0 && !(d->name = strdup(nt_input_name(path))))
		rc = nt_fail_sys("%s: cannot open", nt_input_name(path));
	if (rc < 0 || (rc = walk_back(d)) < 0 || (rc = read_segments(d)) < 0 || (rc = hash_segments(d)) < 0 ||
	    (rc = read_tokenizer(d)) < 0)
		nt_data_close(d);
	else
		*result = d;
	return rc;
}

void nt_data_close(struct nt_data *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n_seg; i++) {
		free(d->seg[i].is_checked);
		free(d->seg[i].source);
	}
	nt_map_close(&d->map);
	nt_buf_release(&d->json);
	free(d->seg);
	free(d->name);
	free(d);
}

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
	const struct segment *s = &d->seg[i];
	*out = (struct nt_data_segment){
		.offset = s->offset,
		.bytes = s->len,
		.n_token = s->n_token,
		.n_doc = s->n_doc,
		.n_row = s->n_row,
		.n_fragment = s->n_fragment,
		.source = s->source,
		.seed = nt_le64(s->base + HEAD_SEED),
		.manifest = (const char *)s->section[MANI].data,
		.manifest_len = s->section[MANI].len,
	};
	nt_name_get(out->producer, s->base + HEAD_PRODUCER, NTD_PRODUCER);
}

void nt_data_hash(const struct nt_data *d, uint8_t hash[16])
{
	memcpy(hash, d->hash, sizeof(d->hash));
}

/* The last segment whose first thing (a token, a document, ...) is at or before i. */
static const struct segment *segment_of(const struct nt_data *d, uint64_t i, size_t first_at)
{
	size_t lo = 0, hi = d->n_seg;
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;
		uint64_t first;
		memcpy(&first, (const char *)&d->seg[mid] + first_at, sizeof(first));
		if (first <= i)
			lo = mid;
		else
			hi = mid;
	}
	return &d->seg[lo];
}

int nt_data_doc(const struct nt_data *d, uint64_t i, uint64_t *start, uint64_t *len)
{
	if (d->kind != NT_DATA_DOCUMENTS || i >= d->n_doc)
		return nt_fail(NT_EARG, "%s: no document number %" PRIu64 " in a file of %" PRIu64 " %s",
			       d->name, i, d->n_doc, d->kind == NT_DATA_ROWS ? "in rows" : "documents");
	const struct segment *s = segment_of(d, i, offsetof(struct segment, first_doc));
	const uint8_t *at = s->section[DOCS].data + 8 * (i - s->first_doc);
	uint64_t a = nt_le64(at), b = nt_le64(at + 8);
	if (a > b || b > s->n_token)
		return damaged(d, s, "its index of documents runs backwards");
	*start = s->first_token + a;
	*len = b - a;
	return 0;
}

int nt_data_fragment(const struct nt_data *d, uint64_t i, struct nt_fragment *f)
{
	if (i >= d->n_fragment)
		return nt_fail(NT_EARG, "%s: no fragment number %" PRIu64 " among %" PRIu64, d->name, i,
			       d->n_fragment);
	const struct segment *s = segment_of(d, i, offsetof(struct segment, first_fragment));
	const uint8_t *e = s->section[ROWS].data + NTD_FRAGMENT * (i - s->first_fragment);
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
		return damaged(d, s, "its index of rows names what is not there");
	if (behind && ((uint64_t)behind + 1 >= f->len || f->doc_offset == 0))
		return damaged(d, s, "its index of rows takes targets for context");
	return 0;
}

/* --- tokens ---------------------------------------------------------------------- */

static int check_chunk(const struct nt_data *d, const struct segment *s, uint64_t i)
{
	uint64_t at = i * NTD_CHUNK, left = s->n_token * d->width - at;
	const uint8_t *p = s->base + NTD_PAGE + at;
	uint64_t hash = nt_hash64(p, left < NTD_CHUNK ? left : NTD_CHUNK);
	if (hash != nt_le64(s->section[SUMS].data + 8 * i))
		return nt_fail(NT_EFORMAT,
			       "%s: the tokens at bytes %" PRIu64 " to %" PRIu64 " are damaged; "
			       "run nt-pack again",
			       d->name, s->offset + NTD_PAGE + at,
			       s->offset + NTD_PAGE + at + (left < NTD_CHUNK ? left : NTD_CHUNK));
	/* two threads may both have checked it: harmless */
	atomic_store_explicit(&s->is_checked[i], 1, memory_order_release);
	return 0;
}

/* n tokens that lie in one segment, from its token `start` on. */
static int read_segment(const struct nt_data *d, const struct segment *s, uint64_t start, size_t n,
			uint32_t *id)
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
		const struct segment *s = segment_of(d, start, offsetof(struct segment, first_token));
		uint64_t left = s->first_token + s->n_token - start;
		size_t take = n < left ? n : (size_t)left;
		int rc = read_segment(d, s, start - s->first_token, take, id);
		if (rc < 0)
			return rc;
		start += take;
		id += take;
		n -= take;
	}
	return 0;
}

/* --- verifying ------------------------------------------------------------------- */

/* Tokens [start, start + n) of a segment, in pieces: are their ids of the vocabulary? */
static int verify_ids(const struct nt_data *d, const struct segment *s, uint64_t start, uint64_t n)
{
	enum { PIECE = 4096 };
	uint32_t id[PIECE];
	int rc = 0;
	for (uint64_t at = 0; rc == 0 && at < n; at += PIECE)
		rc = read_segment(d, s, start + at, n - at < PIECE ? n - at : PIECE, id);
	return rc;
}

static int verify_tokens(const struct nt_data *d, const struct segment *s)
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
			rc = damaged(d, s, "the hash of its tokens is wrong");
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
static int verify_index(const struct nt_data *d, const struct segment *s)
{
	struct nt_fragment f, before = {0};
	uint64_t start, len;
	int rc = 0;
	if (d->kind == NT_DATA_DOCUMENTS && nt_le64(s->section[DOCS].data) != 0)
		return damaged(d, s, "its first document does not begin at its first token");
	for (uint64_t i = 0; i < s->n_doc && rc == 0 && d->kind == NT_DATA_DOCUMENTS; i++) {
		rc = nt_data_doc(d, s->first_doc + i, &start, &len);
		forget_index(d, i);
	}
	for (uint64_t i = 0; i < s->n_fragment && rc == 0; i++, before = f) {
		forget_index(d, i);
		rc = nt_data_fragment(d, s->first_fragment + i, &f);
		if (rc == 0 && i > 0 &&
		    (f.row < before.row || (f.row == before.row && f.start < before.start + before.len)))
			rc = damaged(d, s, "its fragments overlap or are out of order");
	}
	return rc;
}

/* Bytes that mean nothing are zero, so that no bit of the file is left unchecked. */
static int verify_zeros(const struct nt_data *d, const struct segment *s, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++)
		if (s->base[i])
			return nt_fail(NT_EFORMAT, "%s: the padding at byte %" PRIu64 " is not zero", d->name,
				       s->offset + i);
	return 0;
}

static int verify_padding(const struct nt_data *d, const struct segment *s)
{
	uint64_t dir = nt_le64(s->foot + FOOT_DIR), n = nt_le32(s->foot + FOOT_N_ENTRY);
	uint64_t end = NTD_PAGE + s->n_token * d->width;
	int rc = 0;
	for (uint64_t i = 0; i < n && rc == 0; i++) {
		const uint8_t *e = s->base + dir + i * NTD_ENTRY;
		if (nt_le64(e + ENTRY_OFFSET) < end)
			return damaged(d, s, "its sections overlap");
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

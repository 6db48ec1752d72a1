/* SPDX-License-Identifier: MIT */
/*
 * data_open.c - a data file, mapped, and nothing in it believed before it is checked
 *
 * Opening walks the footers back from the end of the file, because a footer is the last
 * thing a writer writes: where there is none, the file is cut. Every number taken from
 * the file is held against the size of the file or of its section before it is used,
 * so a damaged file gives a sentence and never a wild read. Indexes are hashed when
 * the file is opened; tokens a MiB at a time when they are first touched, because
 * reading 100 GB to train on the first of them would be absurd.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/le.h"
#include "data/segments.h"
#include "data/source.h"
#include "data/tokz.h"
#include "nt/hash.h"

static const char *const tags[N_SECTION] = {
	[SECTION_DOCS] = "DOCS", [SECTION_ROWS] = "ROWS", [SECTION_TOKZ] = "TOKZ",
	[SECTION_SUMS] = "SUMS", [SECTION_SRCS] = "SRCS", [SECTION_MANI] = "MANI",
};

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

static uint64_t chunks(const struct nt_data *d, const struct nt_segment *s)
{
	return (s->n_token * d->width + NTD_CHUNK - 1) / NTD_CHUNK;
}

/* --- back from the end ---------------------------------------------------------- */

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
static int find_segment(struct nt_data *d, uint64_t end, struct nt_segment *s)
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
		struct nt_segment s = {0};
		if ((rc = find_segment(d, end, &s)) < 0 ||
		    (rc = nt_grow(&d->seg, &d->cap, d->n_seg + 1, sizeof(s))) < 0)
			break;
		d->seg[d->n_seg++] = s;
		end = s.offset;
	}
	for (size_t i = 0; i < d->n_seg / 2; i++) {
		struct nt_segment s = d->seg[i];
		d->seg[i] = d->seg[d->n_seg - 1 - i];
		d->seg[d->n_seg - 1 - i] = s;
	}
	return rc;
}

/* --- forward, segment by segment ------------------------------------------------ */

static int check_header(const struct nt_data *d, const struct nt_segment *s)
{
	const uint8_t *h = s->base, *f = s->foot;
	if (memcmp(h, NTD_MAGIC, 8) != 0)
		return nt_segment_damaged(d, s, "does not begin with a header");
	if (nt_le64(h + HEAD_HASH) != nt_hash64(h, HEAD_HASH))
		return nt_segment_damaged(d, s, "its header is damaged");
	if (nt_le32(h + HEAD_VERSION) != NTD_VERSION || nt_le32(h + HEAD_LEN) != NTD_PAGE)
		return nt_fail(NT_EFORMAT, "%s: data file version %u, this program reads version %d",
			       d->name, nt_le32(h + HEAD_VERSION), NTD_VERSION);
	if (memcmp(h + HEAD_HASH, f + FOOT_HEAD_HASH, 8) != 0 ||
	    memcmp(h + HEAD_FINGERPRINT, f + FOOT_FINGERPRINT, 16) != 0 ||
	    h[HEAD_WIDTH] != nt_le32(f + FOOT_WIDTH))
		return nt_segment_damaged(d, s, "header and footer do not belong together");
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

static int check_same(const struct nt_data *d, const struct nt_segment *s)
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
		return nt_segment_damaged(d, s, "documents and rows, or rows of two lengths, cannot be mixed");
	return 0;
}

/* Segments of one write are numbered from 0, and the last of them is FINAL. */
static int check_order(const struct nt_data *d, size_t i)
{
	const struct nt_segment *s = &d->seg[i];
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
		return nt_segment_damaged(d, s, "its writer did not see the end of its input");
	return 0;
}

static int read_entry(const struct nt_data *d, struct nt_segment *s, const uint8_t *e, uint64_t limit)
{
	uint64_t offset = nt_le64(e + ENTRY_OFFSET), len = nt_le64(e + ENTRY_LEN);
	if (offset < NTD_PAGE || offset > limit || len > limit - offset || offset % NTD_ALIGN)
		return nt_segment_damaged(d, s, "a section lies outside of it");
	for (int i = 0; i < N_SECTION; i++)
		if (memcmp(e + ENTRY_TAG, tags[i], 4) == 0)
			s->section[i] = (struct nt_data_section){s->base + offset, len};
	if (hash_of(d, s->base + offset, len) != nt_le64(e + ENTRY_HASH))
		return nt_fail(NT_EFORMAT, "%s: segment at byte %" PRIu64 ": its section %.4s is damaged",
			       d->name, s->offset, (const char *)e + ENTRY_TAG);
	return 0;
}

static int read_directory(const struct nt_data *d, struct nt_segment *s)
{
	uint64_t dir = nt_le64(s->foot + FOOT_DIR), n = nt_le32(s->foot + FOOT_N_ENTRY);
	uint64_t limit = s->len - NTD_FOOTER;
	int rc = 0;
	if (dir < NTD_PAGE || dir > limit || n * NTD_ENTRY > limit - dir)
		return nt_segment_damaged(d, s, "its directory lies outside of it");
	if (nt_hash64(s->base + dir, n * NTD_ENTRY) != nt_le64(s->foot + FOOT_DIR_HASH))
		return nt_segment_damaged(d, s, "its directory is damaged");
	for (uint64_t i = 0; i < n && rc == 0; i++)
		rc = read_entry(d, s, s->base + dir + i * NTD_ENTRY, dir);
	return rc;
}

/* The counts of the footer against the sizes of the sections. */
static int check_counts(const struct nt_data *d, struct nt_segment *s)
{
	uint64_t room = s->len - NTD_PAGE - NTD_FOOTER;
	s->n_token = nt_le64(s->foot + FOOT_N_TOKEN);
	s->n_doc = nt_le64(s->foot + FOOT_N_DOC);
	s->n_row = nt_le64(s->foot + FOOT_N_ROW);
	s->n_fragment = s->section[SECTION_ROWS].len / NTD_FRAGMENT;
	if (s->n_token > room / d->width || s->section[SECTION_SUMS].len != chunks(d, s) * 8)
		return nt_segment_damaged(d, s, "it promises more tokens than it holds");
	if (!s->section[SECTION_TOKZ].data)
		return nt_segment_damaged(d, s, "its tokenizer is missing");
	if (d->kind == NT_DATA_DOCUMENTS) {
		const struct nt_data_section *docs = &s->section[SECTION_DOCS];
		if (docs->len % 8 || docs->len < 8 || docs->len / 8 - 1 != s->n_doc ||
		    nt_le64(docs->data + 8 * s->n_doc) != s->n_token)
			return nt_segment_damaged(d, s, "its index of documents does not match its counts");
	} else if (s->n_token % d->row_len || s->n_token / d->row_len != s->n_row ||
		   s->section[SECTION_ROWS].len % NTD_FRAGMENT || s->n_doc > s->n_fragment) {
		return nt_segment_damaged(d, s, "its index of rows does not match its counts");
	}
	return 0;
}

/* The name of the source, which all segments of a write share. */
static int read_source(const struct nt_data *d, size_t i)
{
	struct nt_segment *s = &d->seg[i];
	const struct nt_data_section *name = &s->section[SECTION_SRCS];
	bool is_first = nt_le64(s->base + HEAD_SEGMENT) == 0;
	if (name->data && !nt_source_is_name((const char *)name->data, name->len))
		return nt_segment_damaged(d, s, "the name of its source is none");
	s->source = strndup(name->data ? (const char *)name->data : "", name->len);
	if (!s->source)
		return nt_fail_sys("%s: cannot open", d->name);
	if (!is_first && strcmp(s->source, d->seg[i - 1].source) != 0)
		return nt_segment_damaged(d, s, "its source is not that of the segment before it in the same write");
	return 0;
}

static int add_up(struct nt_data *d, struct nt_segment *s)
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
		struct nt_segment *s = &d->seg[i];
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
	const struct nt_data_section *z = &d->seg[0].section[SECTION_TOKZ];
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
	return nt_is_standard(path) && fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode) ? "/dev/stdin" : path;
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

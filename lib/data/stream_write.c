/* SPDX-License-Identifier: MIT */
/*
 * stream_write.c - token streams, frame by frame
 *
 * Frames are filled to 256 KiB and cut where they are full, through units if need be:
 * where a frame ends depends on the tokens alone, so the same documents are the same
 * bytes whoever wrote them and however fast. That size is small enough for the next
 * program of a pipe to start at once, and large enough that hashing and system calls
 * cost nothing beside the tokens.
 */
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "data/ids.h"
#include "data/manifest.h"
#include "data/nts.h"
#include "data/tokz.h"
#include "nt/err.h"
#include "nt/hash.h"
#include "nt/version.h"

struct nt_stream_writer {
	struct nt_out *out;
	uint8_t ident[8]; /* as every header repeats it */
	uint32_t vocab_size;
	size_t width;
	struct nt_stream_counts count;
	struct nt_hasher *hasher; /* over the hashes of the payloads */
	char *manifest;           /* that END will carry */

	/* the frame being filled */
	uint64_t first_doc, first_token;
	struct nt_buf unit, token; /* in front of the tokens ROOM bytes for header and units */
	struct nt_ids wide; /* a stored document that does not fit into it */
};

/* Most of a frame stands where it goes out from: units, whose number is not known before, are
 * put in front of the tokens at the end. */
enum { ROOM = NTS_HEADER + NTS_USUAL_PAYLOAD + NTS_HEADER };

/* Writes a frame of the given type: frame[NTS_HEADER] for the header, then payload[len], then
 * room for another NTS_HEADER. */
static int put_frame(struct nt_stream_writer *w, int type, uint8_t *frame, size_t len)
{
	uint8_t *h = frame, *payload = frame + NTS_HEADER;
	size_t pad = -len % NTS_HEADER;
	bool is_docs = type == NTS_DOCS;
	nt_assert(len <= NTS_MAX_PAYLOAD);
	memset(h, 0, NTS_HEADER);
	memcpy(h, "NTS1", 4);
	h[FRAME_TYPE] = (uint8_t)type;
	nt_put16(h + FRAME_LEN, NTS_HEADER);
	nt_put32(h + FRAME_PAYLOAD, (uint32_t)len);
	nt_put32(h + FRAME_PAD, (uint32_t)pad);
	nt_put32(h + FRAME_N_UNIT, is_docs ? (uint32_t)(w->unit.len / 4) : 0);
	nt_put32(h + FRAME_N_TOKEN, is_docs ? (uint32_t)((w->token.len - ROOM) / w->width) : 0);
	nt_put64(h + FRAME_FIRST_DOC, w->first_doc);
	nt_put64(h + FRAME_FIRST_TOKEN, w->first_token);
	memcpy(h + FRAME_IDENT, w->ident, sizeof(w->ident));
	nt_put64(h + FRAME_PAYLOAD_HASH, nt_hash64(payload, len));
	nt_put64(h + FRAME_HASH, nt_hash64(h, FRAME_HASH));
	nt_hasher_add(w->hasher, h + FRAME_PAYLOAD_HASH, 8);
	memset(payload + len, 0, pad);
	return nt_out_write(w->out, frame, NTS_HEADER + len + pad);
}

static int put_docs(struct nt_stream_writer *w)
{
	size_t pad = -w->unit.len % NTS_HEADER, len = w->unit.len + pad + w->token.len - ROOM;
	int rc = nt_buf_reserve(&w->token, NTS_HEADER);
	if (rc < 0)
		return rc;
	uint8_t *tokens = w->token.data + ROOM, *units = tokens - pad - w->unit.len;
	memcpy(units, w->unit.data, w->unit.len);
	memset(tokens - pad, 0, pad);
	rc = put_frame(w, NTS_DOCS, units - NTS_HEADER, len);
	w->unit.len = 0;
	w->token.len = ROOM;
	w->first_doc = w->count.documents;
	w->first_token = w->count.tokens;
	return rc;
}

static int put_hello(struct nt_stream_writer *w, const struct nt_ident *ident)
{
	struct nt_buf b = {0};
	uint8_t frame[NTS_HEADER + HELLO_BYTES] = {0}, *h = frame + NTS_HEADER;
	size_t manifest_len = strlen(w->manifest), before = sizeof(frame) + manifest_len;
	nt_put32(h + HELLO_VERSION, NTS_VERSION);
	nt_put32(h + HELLO_WIDTH, (uint32_t)w->width);
	nt_ident_put(h + HELLO_VOCAB_SIZE, ident);
	memcpy(h + HELLO_FINGERPRINT, ident->fingerprint, 16);
	memcpy(h + HELLO_NAME, ident->name, strnlen(ident->name, HELLO_NAME_BYTES - 1));
	memcpy(h + HELLO_PRODUCER, "nt " NT_VERSION, sizeof("nt " NT_VERSION));
	nt_put32(h + HELLO_MANIFEST, (uint32_t)manifest_len);
	int rc = nt_buf_reserve(&b, before + ident->packed_len + NTS_HEADER);
	if (rc == 0)
		rc = nt_buf_add(&b, frame, sizeof(frame));
	if (rc == 0)
		rc = nt_buf_add(&b, w->manifest, manifest_len);
	if (rc == 0)
		rc = nt_tokz_pack(&b, ident);
	if (rc == 0 && b.len > NTS_MAX_PAYLOAD)
		rc = nt_fail(NT_EFORMAT, "the tokenizer '%s' is too large for a token stream", ident->name);
	if (rc == 0)
		rc = nt_buf_reserve(&b, NTS_HEADER);
	if (rc == 0) {
		nt_put32(b.data + NTS_HEADER + HELLO_TOKZ, (uint32_t)(b.len - before));
		rc = put_frame(w, NTS_HELLO, b.data, b.len - NTS_HEADER);
	}
	nt_buf_release(&b);
	return rc;
}

int nt_stream_create(struct nt_stream_writer **result, struct nt_out *out,
		     const struct nt_ident *ident, const char *manifest)
{
	struct nt_stream_writer *w = nt_calloc(1, sizeof(*w));
	*result = NULL;
	if (!w)
		return NT_ESYS;
	w->out = out;
	w->vocab_size = ident->vocab_size;
	w->width = (size_t)nt_ident_width(ident);
	memcpy(w->ident, ident->fingerprint, sizeof(w->ident));
	int rc = nt_stream_report(w, manifest ? manifest : "[]");
	if (rc == 0 && !(w->hasher = nt_hasher_new()))
		rc = NT_ESYS;
	if (rc == 0)
		rc = nt_buf_reserve(&w->token, ROOM + NTS_USUAL_PAYLOAD + NTS_HEADER);
	if (rc == 0)
		rc = put_hello(w, ident);
	w->token.len = ROOM;
	if (rc < 0)
		nt_stream_free(w);
	else
		*result = w;
	return rc;
}

int nt_stream_report(struct nt_stream_writer *w, const char *manifest)
{
	return nt_manifest_keep(&w->manifest, manifest);
}

static int add_tokens(struct nt_stream_writer *w, const uint32_t *id, size_t n)
{
	int rc = nt_buf_reserve(&w->token, n * w->width);
	if (rc < 0 || n == 0)
		return rc;
	uint32_t top = nt_ids_narrow(w->token.data + w->token.len, id, n, w->width);
	w->token.len += n * w->width;
	if (top >= w->vocab_size)
		return nt_fail(NT_EFORMAT, "%s: token id %u is not below the vocabulary's size, %u",
			       nt_out_name(w->out), top, w->vocab_size);
	return 0;
}

/* Tokens that still go into this frame, after words for so many units. */
static size_t frame_room(const struct nt_stream_writer *w, size_t n_unit)
{
	size_t used = w->unit.len + 4 * n_unit + w->token.len - ROOM;
	return used < NTS_USUAL_PAYLOAD ? (NTS_USUAL_PAYLOAD - used) / w->width : 0;
}

static int put_piece(struct nt_stream_writer *w, const uint32_t *id, size_t n, uint32_t bits)
{
	uint8_t le[4];
	nt_put32(le, bits | (uint32_t)n);
	int rc = nt_buf_add(&w->unit, le, sizeof(le));
	if (rc == 0)
		rc = add_tokens(w, id, n);
	w->count.documents += bits == UNIT_BEGINS;
	w->count.units += bits != UNIT_CONTINUES;
	w->count.tokens += n;
	return rc;
}

/* One unit, in as many frames as it needs; bits are those of its first word. */
static int write_unit(struct nt_stream_writer *w, const uint32_t *id, size_t n, uint32_t bits)
{
	int rc = 0;
	do {
		if (frame_room(w, 1) == 0 && (rc = put_docs(w)) < 0)
			return rc;
		size_t room = frame_room(w, 1), take = n < room ? n : room;
		rc = put_piece(w, id, take, bits);
		id += take;
		n -= take;
		bits = UNIT_CONTINUES;
	} while (n && rc == 0);
	return rc;
}

/* More of the last unit in the frame, as much as has room there. Returns how much it is. */
static ptrdiff_t extend_unit(struct nt_stream_writer *w, const uint32_t *id, size_t n)
{
	size_t room = frame_room(w, 0), take = n < room ? n : room;
	uint8_t *word = w->unit.data + w->unit.len - 4;
	if (w->unit.len == 0)
		return 0;
	nt_put32(word, nt_le32(word) + (uint32_t)take);
	w->count.tokens += take;
	int rc = add_tokens(w, id, take);
	return rc < 0 ? rc : (ptrdiff_t)take;
}

/* Units [i, n_unit) of doc, which begin at id[at]; bits are those of the first one. */
static int write_units(struct nt_stream_writer *w, const struct nt_tokens *doc, size_t i, size_t at,
		       uint32_t bits)
{
	static const uint32_t none[1];
	for (int rc; i < doc->n_unit; i++, bits = 0) {
		if ((rc = write_unit(w, doc->n ? doc->id + at : none, doc->unit[i], bits)) < 0)
			return rc;
		at += doc->unit[i];
	}
	nt_assert(at == doc->n);
	return 0;
}

/* The words of a document that goes into this frame, and would not fill it: nearly all do. */
static int write_words(struct nt_stream_writer *w, const uint32_t *unit, size_t n_unit)
{
	int rc = nt_buf_reserve(&w->unit, 4 * n_unit);
	if (rc < 0)
		return rc;
	uint8_t *word = w->unit.data + w->unit.len;
	for (size_t i = 0; i < n_unit; i++)
		nt_put32(word + 4 * i, unit[i]);
	nt_put32(word, unit[0] | UNIT_BEGINS);
	w->unit.len += 4 * n_unit;
	w->count.documents++;
	w->count.units += n_unit;
	return 0;
}

static int write_whole(struct nt_stream_writer *w, const struct nt_tokens *doc)
{
	int rc = write_words(w, doc->unit, doc->n_unit);
	w->count.tokens += doc->n;
	return rc < 0 ? rc : add_tokens(w, doc->id, doc->n);
}

int nt_stream_write(struct nt_stream_writer *w, const struct nt_tokens *doc)
{
	static const uint32_t none[1];
	if (doc->n_unit == 0) { /* a document of nothing is one unit of nothing */
		nt_assert(doc->n == 0);
		return write_unit(w, none, 0, UNIT_BEGINS);
	}
	if (frame_room(w, doc->n_unit) > doc->n)
		return write_whole(w, doc);
	return write_units(w, doc, 0, 0, UNIT_BEGINS);
}

/* Once a frame: the others go into it as they are. */
static int write_wide(struct nt_stream_writer *w, const struct nt_stored *doc)
{
	struct nt_tokens wide = {.n = doc->n, .unit = (uint32_t *)(uintptr_t)doc->unit, .n_unit = doc->n_unit};
	int rc = nt_grow(&w->wide.id, &w->wide.cap, doc->n, sizeof(*w->wide.id));
	if (rc < 0)
		return rc;
	if (doc->n)
		nt_ids_widen(w->wide.id, doc->token, doc->n, w->width);
	wide.id = w->wide.id;
	return nt_stream_write(w, &wide);
}

int nt_stream_write_stored(struct nt_stream_writer *w, const struct nt_stored *doc)
{
	if (doc->n_unit == 0 || frame_room(w, doc->n_unit) <= doc->n)
		return write_wide(w, doc);
	int rc = write_words(w, doc->unit, doc->n_unit);
	w->count.tokens += doc->n;
	return rc < 0 || !doc->n ? rc : nt_buf_add(&w->token, doc->token, doc->n * w->width);
}

int nt_stream_write_more(struct nt_stream_writer *w, const struct nt_tokens *part)
{
	if (part->n_unit == 0)
		return 0;
	ptrdiff_t had = extend_unit(w, part->id, part->unit[0]);
	size_t left = had < 0 ? 0 : part->unit[0] - (size_t)had;
	int rc = had < 0 ? (int)had : left ? write_unit(w, part->id + had, left, UNIT_CONTINUES) : 0;
	return rc < 0 ? rc : write_units(w, part, 1, part->unit[0], 0);
}

static int put_end(struct nt_stream_writer *w, const struct nt_buf *manifest)
{
	struct nt_buf b = {0};
	uint8_t frame[NTS_HEADER + END_BYTES] = {0}, *e = frame + NTS_HEADER;
	nt_put64(e + END_DOCUMENTS, w->count.documents);
	nt_put64(e + END_UNITS, w->count.units);
	nt_put64(e + END_TOKENS, w->count.tokens);
	nt_put64(e + END_SOURCE_BYTES, w->count.source_bytes);
	nt_put64(e + END_HASH, nt_hasher_sum64(w->hasher));
	nt_put32(e + END_MANIFEST, (uint32_t)manifest->len - 1);
	int rc = nt_buf_add(&b, frame, sizeof(frame));
	if (rc == 0)
		rc = nt_buf_add(&b, manifest->data, manifest->len - 1);
	if (rc == 0)
		rc = nt_buf_reserve(&b, NTS_HEADER);
	if (rc == 0)
		rc = put_frame(w, NTS_END, b.data, b.len - NTS_HEADER);
	nt_buf_release(&b);
	return rc;
}

int nt_stream_end(struct nt_stream_writer *w, uint64_t source_bytes)
{
	struct nt_buf manifest = {0};
	int rc = w->unit.len ? put_docs(w) : 0;
	w->count.source_bytes = source_bytes;
	if (rc == 0)
		rc = nt_manifest_count(&manifest, w->manifest, &w->count);
	if (rc == 0 && manifest.len > NTS_MAX_PAYLOAD - END_BYTES)
		rc = nt_fail(NT_EFORMAT, "the manifest is too long for a token stream: %zu bytes",
			     manifest.len);
	if (rc == 0)
		rc = put_end(w, &manifest);
	nt_buf_release(&manifest);
	return rc;
}

const struct nt_stream_counts *nt_stream_written(const struct nt_stream_writer *w)
{
	return &w->count;
}

void nt_stream_free(struct nt_stream_writer *w)
{
	if (!w)
		return;
	nt_hasher_free(w->hasher);
	nt_buf_release(&w->unit);
	nt_buf_release(&w->token);
	nt_ids_release(&w->wide);
	free(w->manifest);
	free(w);
}

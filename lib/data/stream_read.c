/* SPDX-License-Identifier: MIT */
/*
 * stream_read.c - token streams, put together again and checked on the way
 *
 * A shell does not tell a filter that the program before it has died: the pipe just
 * ends, as it does when all is well. So a stream is whole only if its END frame came
 * through and its counts are those of what was read; until then this reader may have
 * handed out documents, and whoever used them learns it from the error that follows.
 *
 * A document is known to be complete only when the next one begins, or END: the reader
 * looks one unit ahead, into the next frame if need be.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/le.h"
#include "data/ids.h"
#include "data/manifest.h"
#include "data/nts.h"
#include "data/tokz.h"
#include "nt/err.h"
#include "nt/hash.h"

struct nt_stream_reader {
	struct nt_operands in;
	uint64_t at;      /* bytes read of it */

	struct nt_ident ident;
	struct nt_buf json, hello; /* hello: the first one, whose tokenizer is handed on as it came */
	bool has_ident, is_inside; /* is_inside: between HELLO and END */
	struct nt_buf manifest, joined; /* of the last HELLO; of all ENDs */
	struct nt_stream_counts total, own; /* over all streams; of this one */
	bool is_unknown;                    /* the source bytes of some stream */
	struct nt_hasher *hasher;

	/* the frame being handed out */
	struct nt_buf stored, plain;
	const uint8_t *unit, *token;
	size_t n_unit, next_unit, next_token;

	/* the document being put together */
	bool has_doc;
	struct nt_ids ids, units;
	struct nt_buf narrow; /* its tokens as they are stored, where they did not lie in one piece */
	uint32_t *borrowed; /* its ids, if all of it is one piece of the frame as it lies there; or NULL */
};

/* --- frames ---------------------------------------------------------------------- */

static int cut_between(const struct nt_stream_reader *r)
{
	return nt_fail(NT_EFORMAT,
		       "%s: cut at byte %" PRIu64
		       ": the END frame is missing after %s and %s: the program that wrote it failed, or the copy did",
		       r->in.name, r->at, nt_counted(r->own.documents, "document"), nt_counted(r->own.tokens, "token"));
}

static int cut_inside(const struct nt_stream_reader *r, uint64_t promised, uint64_t here)
{
	return nt_fail(NT_EFORMAT,
		       "%s: cut at byte %" PRIu64 ": a frame promises %s, and here are %" PRIu64
		       ", after %s: the program that wrote it failed, or the copy did",
		       r->in.name, r->at, nt_counted(promised, "byte"), here, nt_counted(r->own.documents, "document"));
}

/* What is at the very beginning of an input instead of a frame? */
static int not_stream(const struct nt_stream_reader *r, const uint8_t *h, size_t n)
{
	if (n == 0)
		return nt_fail(NT_EFORMAT,
			       "%s: empty: a token stream has at least a HELLO and an END frame: "
			       "did the program that should write it fail?",
			       r->in.name);
	if (n >= 4 && memcmp(h, "\x89NTD", 4) == 0)
		return nt_fail(NT_EFORMAT, "%s: a data file, not a token stream: %s", r->in.name,
			       r->in.fd == STDIN_FILENO ? "it is mapped, so name the file instead of piping it"
						     : "nt-shuffle FILE makes one of it");
	if (n < 4 && memcmp(h, "NTS1", n) == 0)
		return cut_inside(r, NTS_HEADER, n);
	return nt_fail(NT_EFORMAT, "%s: not a token stream: put text through nt-tokenize first", r->in.name);
}

static int check_header(const struct nt_stream_reader *r, const uint8_t *h)
{
	uint64_t begin = r->at - NTS_HEADER;
	uint32_t len = nt_le32(h + FRAME_PAYLOAD);
	if (nt_le64(h + FRAME_HASH) != nt_hash64(h, FRAME_HASH))
		return nt_fail(NT_EFORMAT, "%s: the frame header at byte %" PRIu64 " is damaged", r->in.name,
			       begin);
	if (nt_le16(h + FRAME_LEN) != NTS_HEADER || len > NTS_MAX_PAYLOAD ||
	    nt_le32(h + FRAME_PAD) != -len % NTS_HEADER || (h[FRAME_FLAGS] & ~NTS_ZSTD))
		return nt_fail(NT_EFORMAT,
			       "%s: the frame at byte %" PRIu64 " is of a form this program does not read: "
			       "%u bytes and %u of padding, flags %u",
			       r->in.name, begin, len, nt_le32(h + FRAME_PAD), h[FRAME_FLAGS]);
	return 0;
}

/* Reads a header. Returns 1, or 0 where the input ends between two streams. */
static int read_header(struct nt_stream_reader *r, uint8_t *h)
{
	bool is_first = r->at == 0;
	ssize_t n = nt_read_full(r->in.fd, h, NTS_HEADER, r->in.name);
	if (n < 0)
		return (int)n;
	r->at += (uint64_t)n;
	if (is_first && (n < 4 || memcmp(h, "NTS1", 4) != 0))
		return not_stream(r, h, (size_t)n);
	if (n == 0)
		return r->is_inside ? cut_between(r) : 0;
	if (n < NTS_HEADER)
		return cut_inside(r, NTS_HEADER, (uint64_t)n);
	if (memcmp(h, "NTS1", 4) != 0)
		return nt_fail(NT_EFORMAT, "%s: damaged: no frame begins at byte %" PRIu64, r->in.name,
			       r->at - NTS_HEADER);
	int rc = check_header(r, h);
	return rc < 0 ? rc : 1;
}

/* The payload as stored into r->stored, then as meant into *payload, *len. */
static int read_payload(struct nt_stream_reader *r, const uint8_t *h, const uint8_t **payload,
			size_t *len)
{
	size_t n = nt_le32(h + FRAME_PAYLOAD), whole = n + nt_le32(h + FRAME_PAD);
	uint64_t begin = r->at;
	r->stored.len = r->plain.len = 0;
	int rc = nt_buf_reserve(&r->stored, whole + 1);
	if (rc < 0)
		return rc;
	ssize_t got = nt_read_full(r->in.fd, r->stored.data, whole, r->in.name);
	if (got < 0)
		return (int)got;
	r->at += (uint64_t)got;
	if ((size_t)got < whole)
		return cut_inside(r, NTS_HEADER + whole, NTS_HEADER + (uint64_t)got);
	for (size_t i = n; i < whole; i++)
		if (r->stored.data[i])
			return nt_fail(NT_EFORMAT, "%s: the padding at byte %" PRIu64 " is not zero", r->in.name,
				       begin + i);
	if (nt_hash64(r->stored.data, n) != nt_le64(h + FRAME_PAYLOAD_HASH))
		return nt_fail(NT_EFORMAT, "%s: the frame at byte %" PRIu64 " is damaged", r->in.name,
			       begin - NTS_HEADER);
	*payload = r->stored.data;
	*len = n;
	if (!(h[FRAME_FLAGS] & NTS_ZSTD))
		return 0;
	if ((rc = nt_zstd_unpack(&r->plain, r->stored.data, n, NTS_MAX_PAYLOAD, r->in.name)) < 0)
		return rc;
	*payload = r->plain.data;
	*len = r->plain.len;
	return 0;
}

static int bad_frame(const struct nt_stream_reader *r, const char *what)
{
	return nt_fail(NT_EFORMAT, "%s: the frame before byte %" PRIu64 ": %s", r->in.name, r->at, what);
}

/* A text of `len` bytes inside a payload, kept with a NUL behind. */
static int keep_manifest(struct nt_stream_reader *r, const uint8_t *text, size_t len)
{
	int rc = nt_manifest_check((const char *)text, len, r->in.name);
	r->manifest.len = 0;
	if (rc == 0)
		rc = nt_buf_add(&r->manifest, text, len);
	return rc < 0 ? rc : nt_buf_add(&r->manifest, "", 1);
}

static int check_ident(const struct nt_stream_reader *r, const struct nt_ident *ident)
{
	char here[17], first[17];
	if (nt_ident_equal(ident, &r->ident))
		return 0;
	nt_ident_hex(here, ident);
	nt_ident_hex(first, &r->ident);
	return nt_fail(NT_EFORMAT,
		       "%s: tokenizer '%s' (%s) in a stream of '%s' (%s): two vocabularies cannot be mixed",
		       r->in.name, ident->name, here, r->ident.name, first);
}

static int take_hello(struct nt_stream_reader *r, const uint8_t *p, size_t len)
{
	struct nt_ident ident = {0};
	if (len < HELLO_BYTES)
		return bad_frame(r, "a HELLO too short to be one");
	if (nt_le32(p + HELLO_VERSION) != NTS_VERSION)
		return nt_fail(NT_EFORMAT, "%s: token stream version %u, this program reads version %d",
			       r->in.name, nt_le32(p + HELLO_VERSION), NTS_VERSION);
	size_t manifest_len = nt_le32(p + HELLO_MANIFEST), tokz_len = nt_le32(p + HELLO_TOKZ);
	if (manifest_len + tokz_len != len - HELLO_BYTES)
		return bad_frame(r, "a HELLO whose parts do not fill it");
	nt_ident_get(&ident, p + HELLO_VOCAB_SIZE);
	memcpy(ident.fingerprint, p + HELLO_FINGERPRINT, 16);
	nt_name_get(ident.name, p + HELLO_NAME, HELLO_NAME_BYTES);
	int rc = nt_ident_check(&ident, nt_le32(p + HELLO_WIDTH), r->in.name);
	if (rc == 0 && r->has_ident)
		rc = check_ident(r, &ident);
	if (rc == 0)
		rc = keep_manifest(r, p + HELLO_BYTES, manifest_len);
	if (rc < 0 || r->has_ident)
		return rc;
	ident.packed = p + HELLO_BYTES + manifest_len;
	ident.packed_len = tokz_len;
	rc = nt_zstd_unpack(&r->json, ident.packed, tokz_len, NT_TOKZ_MAX, r->in.name);
	ident.json = r->json.data;
	ident.json_len = r->json.len;
	struct nt_buf *holds = p == r->stored.data ? &r->stored : &r->plain;
	r->hello = *holds;
	*holds = (struct nt_buf){0};
	r->ident = ident;
	r->has_ident = rc == 0;
	return rc;
}

static int begin_stream(struct nt_stream_reader *r, const uint8_t *p, size_t len)
{
	int rc = take_hello(r, p, len);
	r->own = (struct nt_stream_counts){0};
	r->is_inside = rc == 0;
	nt_hasher_reset(r->hasher);
	return rc;
}

/* The words of a DOCS frame against its header: lengths, bits, and their sum. */
static int check_units(struct nt_stream_reader *r, uint64_t n_token)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < r->n_unit; i++) {
		uint32_t word = nt_le32(r->unit + 4 * i);
		bool is_first = i == 0, begins = word & UNIT_BEGINS, continues = word & UNIT_CONTINUES;
		if (continues && (!is_first || begins || !r->has_doc))
			return bad_frame(r, "a unit goes on that was not begun");
		if (!begins && !continues && is_first && !r->has_doc)
			return bad_frame(r, "a unit outside of any document");
		sum += word & UNIT_LEN;
	}
	return sum == n_token ? 0 : bad_frame(r, "its units do not add up to its tokens");
}

static int check_ids(const struct nt_stream_reader *r, size_t n)
{
	uint32_t top = nt_ids_top(r->token, n, (size_t)nt_ident_width(&r->ident));
	if (n && top >= r->ident.vocab_size)
		return nt_fail(NT_EFORMAT, "%s: token id %u is not below the vocabulary's size, %u", r->in.name,
			       top, r->ident.vocab_size);
	return 0;
}

static int take_docs(struct nt_stream_reader *r, const uint8_t *h, const uint8_t *p, size_t len)
{
	uint64_t n_unit = nt_le32(h + FRAME_N_UNIT), n_token = nt_le32(h + FRAME_N_TOKEN);
	uint64_t words = (4 * n_unit + NTS_HEADER - 1) / NTS_HEADER * NTS_HEADER;
	if (nt_le64(h + FRAME_FIRST_DOC) != r->own.documents ||
	    nt_le64(h + FRAME_FIRST_TOKEN) != r->own.tokens)
		return nt_fail(NT_EFORMAT,
			       "%s: the frame before byte %" PRIu64 " begins at document %" PRIu64
			       ", number %" PRIu64 " is due: a part is missing or misplaced",
			       r->in.name, r->at, nt_le64(h + FRAME_FIRST_DOC), r->own.documents);
	if (words + n_token * (uint64_t)nt_ident_width(&r->ident) != len)
		return bad_frame(r, "its units and tokens do not fill it");
	r->unit = p;
	r->token = p + words;
	r->n_unit = n_unit;
	r->next_unit = r->next_token = 0;
	int rc = check_units(r, n_token);
	return rc < 0 ? rc : check_ids(r, n_token);
}

static int add_totals(struct nt_stream_reader *r, uint64_t source_bytes)
{
	r->total.source_bytes += source_bytes;
	r->is_unknown |= source_bytes == 0 && r->own.tokens > 0;
	if (r->is_unknown)
		r->total.source_bytes = 0;
	return nt_manifest_join(&r->joined, (const char *)r->manifest.data);
}

static int take_end(struct nt_stream_reader *r, uint64_t hash, const uint8_t *p, size_t len)
{
	if (len < END_BYTES || nt_le32(p + END_MANIFEST) != len - END_BYTES)
		return bad_frame(r, "an END whose parts do not fill it");
	if (nt_le32(p + END_STATUS) != 0)
		return nt_fail(NT_EFORMAT, "%s: the program that wrote it says that it failed, status %u",
			       r->in.name, nt_le32(p + END_STATUS));
	uint64_t documents = nt_le64(p + END_DOCUMENTS), tokens = nt_le64(p + END_TOKENS);
	if (documents != r->own.documents || nt_le64(p + END_UNITS) != r->own.units ||
	    tokens != r->own.tokens || nt_le64(p + END_HASH) != hash)
		return nt_fail(NT_EFORMAT,
			       "%s: the END frame before byte %" PRIu64 " promises %s and %s, %" PRIu64 " and %" PRIu64
			       " came: a part is missing or misplaced",
			       r->in.name, r->at, nt_counted(documents, "document"), nt_counted(tokens, "token"),
			       r->own.documents, r->own.tokens);
	int rc = keep_manifest(r, p + END_BYTES, len - END_BYTES);
	r->is_inside = false;
	return rc < 0 ? rc : add_totals(r, nt_le64(p + END_SOURCE_BYTES));
}

/* Goes on to the next operand. Returns 1, or 0 if that was the last. */
static int open_next(struct nt_stream_reader *r)
{
	r->at = 0;
	return nt_operands_next(&r->in);
}

static int take_frame(struct nt_stream_reader *r, const uint8_t *h)
{
	const uint8_t *p = NULL;
	size_t len = 0;
	int type = h[FRAME_TYPE];
	bool is_due = r->is_inside ? type == NTS_DOCS || type == NTS_END : type == NTS_HELLO;
	uint64_t hash = nt_hasher_sum64(r->hasher); /* of the payloads before this one */
	int rc = read_payload(r, h, &p, &len);
	if (rc < 0 || (r->is_inside && type >= NTS_MAY_SKIP))
		return rc;
	if (!is_due)
		return nt_fail(NT_EFORMAT, "%s: the frame before byte %" PRIu64 " is of type %d, where %s is due",
			       r->in.name, r->at, type, r->is_inside ? "DOCS or END" : "HELLO");
	if (type == NTS_HELLO && (rc = begin_stream(r, p, len)) < 0)
		return rc;
	if (memcmp(h + FRAME_IDENT, r->ident.fingerprint, 8) != 0)
		return bad_frame(r, "it is of another tokenizer");
	nt_hasher_add(r->hasher, h + FRAME_PAYLOAD_HASH, 8);
	if (type == NTS_END)
		return take_end(r, hash, p, len);
	return type == NTS_DOCS ? take_docs(r, h, p, len) : 0;
}

/* Reads one more frame, of the next operand if need be. Returns 0 at the end of all. */
static int next_frame(struct nt_stream_reader *r)
{
	uint8_t h[NTS_HEADER];
	int rc = r->in.fd < 0 ? 0 : read_header(r, h);
	if (rc == 0) {
		rc = open_next(r);
		if (rc == 1)
			rc = read_header(r, h);
	}
	if (rc <= 0)
		return rc;
	rc = take_frame(r, h);
	return rc < 0 ? rc : 1;
}

/* --- documents ------------------------------------------------------------------- */

/* The bytes of an id in a stream are those of one in memory. */
static bool is_native(size_t width)
{
	return width == sizeof(uint32_t) && le32toh(1) == 1;
}

/* The next n tokens of the frame. Most documents begin and end in it, and are handed out from
 * there if they can be. */
static int take_tokens(struct nt_stream_reader *r, size_t n, bool is_all)
{
	size_t width = (size_t)nt_ident_width(&r->ident);
	const uint8_t *p = r->token + r->next_token * width;
	r->next_token += n;
	r->own.tokens += n;
	r->total.tokens += n;
	if (is_all && is_native(width)) {
		r->borrowed = (uint32_t *)(uintptr_t)p;
		r->ids.n = n;
		return 0;
	}
	if (nt_grow(&r->ids.id, &r->ids.cap, r->ids.n + n, sizeof(*r->ids.id)) < 0)
		return NT_ESYS;
	if (n)
		nt_ids_widen(r->ids.id + r->ids.n, p, n, width);
	r->ids.n += n;
	return 0;
}

static int take_unit(struct nt_stream_reader *r, uint32_t word)
{
	uint32_t n = word & UNIT_LEN, *last = r->units.n ? &r->units.id[r->units.n - 1] : NULL;
	bool begins = word & UNIT_BEGINS, continues = word & UNIT_CONTINUES;
	r->own.documents += begins;
	r->total.documents += begins;
	r->own.units += !continues;
	r->total.units += !continues;
	if (!continues)
		return nt_ids_add(&r->units, &n, 1);
	if (n > UINT32_MAX - *last)
		return bad_frame(r, "a unit of more than 2^32 tokens");
	*last += n;
	return 0;
}

/* What the frame has of the document whose unit comes next. */
static int take_units(struct nt_stream_reader *r)
{
	uint32_t word = nt_le32(r->unit + 4 * r->next_unit);
	bool begins = word & UNIT_BEGINS;
	size_t n = 0;
	int rc = 0;
	do {
		if ((rc = take_unit(r, word)) < 0)
			return rc;
		n += word & UNIT_LEN;
		if (++r->next_unit < r->n_unit)
			word = nt_le32(r->unit + 4 * r->next_unit);
	} while (r->next_unit < r->n_unit && !(word & UNIT_BEGINS));
	r->has_doc = true;
	return take_tokens(r, n, begins && r->next_unit < r->n_unit);
}

static int hand_out(struct nt_stream_reader *r, struct nt_tokens *doc)
{
	r->has_doc = false;
	*doc = (struct nt_tokens){.id = r->borrowed ? r->borrowed : r->ids.id, .n = r->ids.n,
				  .unit = r->units.id, .n_unit = r->units.n};
	return 1;
}

int nt_stream_next(struct nt_stream_reader *r, struct nt_tokens *doc)
{
	r->ids.n = r->units.n = 0;
	r->borrowed = NULL;
	int rc = 0;
	while (rc >= 0) {
		if (r->next_unit == r->n_unit) {
			if ((rc = next_frame(r)) <= 0)
				return rc;
			if (!r->is_inside && r->has_doc)
				return hand_out(r, doc);
		} else if (r->has_doc && nt_le32(r->unit + 4 * r->next_unit) & UNIT_BEGINS) {
			return hand_out(r, doc);
		} else {
			rc = take_units(r);
		}
	}
	return rc;
}

static void count(struct nt_stream_counts *c, uint64_t n_unit, uint64_t n)
{
	c->documents++;
	c->units += n_unit;
	c->tokens += n;
}

/* The next document if the frame has all of it, as it lies there: 1. Else 0: it may go on in
 * the next one. */
static int next_in_frame(struct nt_stream_reader *r, struct nt_stored *doc)
{
	size_t n_unit = 0, n = 0, left = r->n_unit - r->next_unit;
	if (left == 0)
		return 0;
	const uint8_t *word = r->unit + 4 * r->next_unit;
	while (n_unit < left && (n_unit == 0 || !(nt_le32(word + 4 * n_unit) & UNIT_BEGINS)))
		n += nt_le32(word + 4 * n_unit++) & UNIT_LEN;
	if (n_unit == left)
		return 0;
	if (nt_grow(&r->units.id, &r->units.cap, n_unit, sizeof(*r->units.id)) < 0)
		return NT_ESYS;
	for (size_t i = 0; i < n_unit; i++)
		r->units.id[i] = nt_le32(word + 4 * i) & UNIT_LEN;
	*doc = (struct nt_stored){.token = r->token + r->next_token * (size_t)nt_ident_width(&r->ident), .n = n,
				  .unit = r->units.id, .n_unit = n_unit};
	r->next_unit += n_unit;
	r->next_token += n;
	count(&r->own, n_unit, n);
	count(&r->total, n_unit, n);
	return 1;
}

int nt_stream_next_stored(struct nt_stream_reader *r, struct nt_stored *doc)
{
	struct nt_tokens wide;
	int rc = next_in_frame(r, doc);
	if (rc != 0 || (rc = nt_stream_next(r, &wide)) <= 0)
		return rc;
	rc = nt_tokens_store(&r->narrow, &wide, (size_t)nt_ident_width(&r->ident), doc);
	return rc < 0 ? rc : 1;
}

/* --- opening --------------------------------------------------------------------- */

int nt_stream_open(struct nt_stream_reader **result, char *const *operand, size_t n)
{
	struct nt_stream_reader *r = nt_calloc(1, sizeof(*r));
	*result = NULL;
	if (!r)
		return NT_ESYS;
	nt_operands_init(&r->in, operand, n);
	int rc = (r->hasher = nt_hasher_new()) ? next_frame(r) : NT_ESYS;
	if (rc < 0)
		nt_stream_close(r);
	else
		*result = r;
	return rc < 0 ? rc : 0;
}

const struct nt_ident *nt_stream_ident(const struct nt_stream_reader *r)
{
	return &r->ident;
}

const char *nt_stream_manifest(const struct nt_stream_reader *r)
{
	return (const char *)(r->joined.len ? r->joined.data : r->manifest.data);
}

const struct nt_stream_counts *nt_stream_counts(const struct nt_stream_reader *r)
{
	return &r->total;
}

void nt_stream_close(struct nt_stream_reader *r)
{
	if (!r)
		return;
	nt_operands_close(&r->in);
	nt_hasher_free(r->hasher);
	nt_buf_release(&r->json);
	nt_buf_release(&r->hello);
	nt_buf_release(&r->manifest);
	nt_buf_release(&r->joined);
	nt_buf_release(&r->stored);
	nt_buf_release(&r->plain);
	nt_ids_release(&r->ids);
	nt_ids_release(&r->units);
	nt_buf_release(&r->narrow);
	free(r);
}

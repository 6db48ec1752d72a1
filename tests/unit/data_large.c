/* SPDX-License-Identifier: MIT */
/*
 * data_large.c - tests of files past 4 GiB and of counts past 2^32, on files with holes
 *
 * Nobody wants to write 10 GB to see whether an offset is of 64 bits. Tokens of id 0 need no
 * disk, and what XXH3 makes of a MiB of zeros is the same for each of them.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "data_fake.h"

#include "base/le.h"
#include "data/foreign.h"
#include "data/ntd.h"
#include "data/nts.h"
#include "data/tokz.h"
#include "io/spill.h"
#include "nt/data.h"
#include "nt/foreign.h"
#include "nt/hash.h"
#include "nt/stream.h"

#include <zstd.h>

enum { VOCAB = 60000, MARK = 7, WIDTH = 2 };
static const uint64_t GIGA = 1u << 30;

/* Does this folder take a file of so many bytes with nothing in it, for nothing? */
static bool takes_holes(uint64_t bytes)
{
	struct stat st;
	const char *path = fake_path("holes");
	int fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0600);
	bool can = fd >= 0 && ftruncate(fd, (off_t)bytes) == 0 && pwrite(fd, "x", 1, (off_t)bytes - 1) == 1 &&
		   fstat(fd, &st) == 0 && (uint64_t)st.st_blocks * 512 < 1 << 24;
	if (fd >= 0)
		close(fd);
	unlink(path);
	if (!can)
		print_message("# no file of %llu GiB with holes in %s: another TMPDIR may take one\n",
			      (unsigned long long)(bytes >> 30), fake_folder);
	return can;
}

/*
 * A file in memory under this name: holes that are read to the end take pages of the cache on
 * a disk, a second or more for each GiB, and here none.
 */
static int hollow(const char *path)
{
	char target[64];
	int fd = memfd_create("hollow", 0);
	assert_true(fd >= 0);
	snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
	assert_int_equal(symlink(target, path), 0);
	return fd;
}

static void put(int fd, const void *data, size_t len, uint64_t at)
{
	assert_int_equal(pwrite(fd, data, len, (off_t)at), len);
}

/* --- data files ------------------------------------------------------------------ */

/* One segment of zeros, but for its last token, MARK. */
struct plan {
	enum nt_data_kind kind;
	uint64_t n_token, number;
	uint32_t row_len;
	bool is_final;
	struct nt_buf index; /* DOCS or ROWS */
	uint64_t n_doc, n_row;
	uint8_t dir[3 * NTD_ENTRY];
	uint32_t n_entry;
};

static uint64_t align(uint64_t n, uint64_t grain)
{
	return (n + grain - 1) / grain * grain;
}

static uint64_t put_section(int fd, struct plan *p, uint64_t base, uint64_t at, const char *tag, const struct nt_buf *b)
{
	uint8_t *e = p->dir + p->n_entry++ * NTD_ENTRY;
	at = align(at, NTD_ALIGN);
	memset(e, 0, NTD_ENTRY);
	memcpy(e + ENTRY_TAG, tag, 4);
	nt_put64(e + ENTRY_OFFSET, at);
	nt_put64(e + ENTRY_LEN, b->len);
	nt_put64(e + ENTRY_HASH, nt_hash64(b->data, b->len));
	put(fd, b->data, b->len, base + at);
	return at + b->len;
}

static void put_page(int fd, const struct plan *p, uint64_t base, const struct nt_ident *ident, uint8_t *page)
{
	memset(page, 0, NTD_PAGE);
	memcpy(page + HEAD_MAGIC, NTD_MAGIC, 8);
	nt_put32(page + HEAD_VERSION, NTD_VERSION);
	nt_put32(page + HEAD_LEN, NTD_PAGE);
	page[HEAD_WIDTH] = WIDTH;
	page[HEAD_KIND] = (uint8_t)p->kind;
	nt_ident_put(page + HEAD_VOCAB_SIZE, ident);
	nt_put32(page + HEAD_ROW_LEN, p->row_len);
	nt_put64(page + HEAD_N_TOKEN, UINT64_MAX);
	memcpy(page + HEAD_FINGERPRINT, ident->fingerprint, 16);
	nt_put64(page + HEAD_SEGMENT, p->number);
	nt_put64(page + HEAD_HASH, nt_hash64(page, HEAD_HASH));
	put(fd, page, NTD_PAGE, base);
}

/* Hashes of the MiBs of tokens, of which there is a whole number. */
static void sums(struct nt_buf *b, uint64_t n_token)
{
	static uint8_t chunk[NTD_CHUNK];
	uint8_t le[8];
	memset(chunk, 0, sizeof(chunk));
	nt_put64(le, nt_hash64(chunk, NTD_CHUNK));
	for (uint64_t i = 1; i < n_token * WIDTH / NTD_CHUNK; i++)
		SUCCEEDS(nt_buf_add(b, le, 8));
	nt_put16(chunk + NTD_CHUNK - WIDTH, MARK);
	nt_put64(le, nt_hash64(chunk, NTD_CHUNK));
	SUCCEEDS(nt_buf_add(b, le, 8));
}

/* Puts the segment at `base`; returns where it ends. */
static uint64_t put_segment(int fd, struct plan *p, uint64_t base, const struct nt_ident *ident)
{
	uint8_t page[NTD_PAGE], foot[NTD_FOOTER] = {0}, mark[WIDTH];
	struct nt_buf tokz = {0}, sum = {0};
	uint64_t at = NTD_PAGE + p->n_token * WIDTH;
	put_page(fd, p, base, ident, page);
	nt_put16(mark, MARK);
	put(fd, mark, WIDTH, base + at - WIDTH);
	SUCCEEDS(nt_tokz_pack(&tokz, ident));
	sums(&sum, p->n_token);
	p->n_entry = 0;
	at = put_section(fd, p, base, at, p->kind == NT_DATA_ROWS ? "ROWS" : "DOCS", &p->index);
	at = put_section(fd, p, base, at, "TOKZ", &tokz);
	at = align(put_section(fd, p, base, at, "SUMS", &sum), NTD_ALIGN);
	put(fd, p->dir, p->n_entry * NTD_ENTRY, base + at);
	nt_put64(foot + FOOT_N_TOKEN, p->n_token);
	nt_put64(foot + FOOT_N_DOC, p->n_doc);
	nt_put64(foot + FOOT_N_ROW, p->n_row);
	nt_put64(foot + FOOT_DIR, at);
	nt_put32(foot + FOOT_N_ENTRY, p->n_entry);
	nt_put32(foot + FOOT_WIDTH, WIDTH);
	memcpy(foot + FOOT_FINGERPRINT, ident->fingerprint, 16);
	nt_put64(foot + FOOT_DIR_HASH, nt_hash64(p->dir, p->n_entry * NTD_ENTRY));
	memcpy(foot + FOOT_HEAD_HASH, page + HEAD_HASH, 8);
	nt_put32(foot + FOOT_FLAGS, p->is_final ? NTD_FINAL | NTD_CLEAN : 0);
	at = align(at + p->n_entry * NTD_ENTRY + NTD_FOOTER, NTD_PAGE);
	nt_put64(foot + FOOT_LEN, at);
	nt_put64(foot + FOOT_HASH, nt_hash64(foot, FOOT_HASH));
	memcpy(foot + FOOT_MAGIC, NTD_END_MAGIC, 8);
	put(fd, foot, NTD_FOOTER, base + at - NTD_FOOTER);
	nt_buf_release(&tokz);
	nt_buf_release(&sum);
	return base + at;
}

static void add64(struct nt_buf *b, uint64_t v)
{
	uint8_t le[8];
	nt_put64(le, v);
	SUCCEEDS(nt_buf_add(b, le, 8));
}

/* Five segments of 2^30 tokens, each of 1024 documents. */
static const char *make_documents(void)
{
	enum { N_SEGMENT = 5, N_DOC = 1024 };
	const char *path = fake_path("documents.bin");
	struct nt_ident ident = fake_ident(VOCAB);
	struct plan p = {.kind = NT_DATA_DOCUMENTS, .n_token = GIGA, .n_doc = N_DOC};
	int fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0600);
	uint64_t at = 0;
	assert_true(fd >= 0);
	for (uint64_t i = 0; i <= N_DOC; i++)
		add64(&p.index, i * (GIGA / N_DOC));
	for (p.number = 0; p.number < N_SEGMENT; p.number++) {
		p.is_final = p.number == N_SEGMENT - 1;
		at = put_segment(fd, &p, at, &ident);
	}
	nt_buf_release(&p.index);
	close(fd);
	return path;
}

static void a_data_file_of_more_than_2_to_the_32_tokens_is_read(void **state)
{
	(void)state;
	struct nt_data *d;
	uint64_t start, len;
	uint32_t id[4];
	if (!takes_holes(11 * GIGA))
		skip();
	const char *path = make_documents();
	SUCCEEDS(nt_data_open(&d, path));
	assert_int_equal(nt_data_n_token(d), 5 * GIGA);
	assert_int_equal(nt_data_n_doc(d), 5 * 1024);
	SUCCEEDS(nt_data_doc(d, 5 * 1024 - 1, &start, &len));
	assert_int_equal(start, 5 * GIGA - GIGA / 1024);
	assert_int_equal(len, GIGA / 1024);
	for (uint64_t k = 1; k <= 5; k++) { /* over the border of two segments */
		SUCCEEDS(nt_data_read(d, k * GIGA - 3, k < 5 ? 4 : 3, id));
		assert_int_equal(id[1], 0);
		assert_int_equal(id[2], MARK);
		assert_int_equal(k < 5 ? id[3] : 0, 0);
	}
	assert_int_equal(nt_data_read(d, 5 * GIGA - 3, 4, id), NT_EFORMAT);
	nt_data_close(d);
	unlink(path);
}

static void damage_past_4_gib_is_found_where_it_is(void **state)
{
	(void)state;
	struct nt_data *d;
	uint32_t id;
	if (!takes_holes(11 * GIGA))
		skip();
	const char *path = make_documents();
	int fd = open(path, O_RDWR);
	put(fd, "\1", 1, 9 * GIGA);
	close(fd);
	SUCCEEDS(nt_data_open(&d, path));
	SUCCEEDS(nt_data_read(d, 4 * GIGA, 1, &id));
	struct nt_data_segment s;
	nt_data_segment(d, 4, &s);
	assert_true(s.offset > 8 * GIGA);
	assert_int_equal(nt_data_read(d, 4 * GIGA + (9 * GIGA - s.offset) / WIDTH, 1, &id), NT_EFORMAT);
	assert_says("the tokens at bytes 96");
	nt_data_close(d);
	assert_int_equal(truncate(path, (off_t)(6 * GIGA)), 0);
	assert_int_equal(nt_data_open(&d, path), NT_EFORMAT);
	assert_says("cut at byte 6442450944");
	unlink(path);
}

/* Nine segments of 2^29 rows of 2 tokens, of which the last is a document's. */
static void rows_past_2_to_the_32_are_numbered(void **state)
{
	(void)state;
	enum { N_SEGMENT = 9 };
	const char *path = fake_path("rows.bin");
	struct nt_ident ident = fake_ident(VOCAB);
	struct plan p = {.kind = NT_DATA_ROWS, .n_token = GIGA, .row_len = 2, .n_row = GIGA / 2, .n_doc = 1};
	struct nt_data *d;
	struct nt_fragment f;
	uint32_t id[2];
	uint64_t at = 0;
	if (!takes_holes(19 * GIGA))
		skip();
	int fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0600);
	for (p.number = 0; p.number < N_SEGMENT; p.number++) {
		uint8_t e[NTD_FRAGMENT] = {0};
		nt_put64(e + FRAG_DOC, p.number);
		nt_put32(e + FRAG_ROW, (uint32_t)(GIGA / 2 - 1));
		nt_put32(e + FRAG_LEN, 2);
		p.index.len = 0;
		SUCCEEDS(nt_buf_add(&p.index, e, sizeof(e)));
		p.is_final = p.number == N_SEGMENT - 1;
		at = put_segment(fd, &p, at, &ident);
	}
	close(fd);
	SUCCEEDS(nt_data_open(&d, path));
	assert_int_equal(nt_data_n_row(d), N_SEGMENT * GIGA / 2);
	SUCCEEDS(nt_data_fragment(d, N_SEGMENT - 1, &f));
	assert_int_equal(f.row, N_SEGMENT * GIGA / 2 - 1);
	assert_int_equal(f.doc, N_SEGMENT - 1);
	SUCCEEDS(nt_data_read(d, f.row * 2, 2, id));
	assert_int_equal(id[1], MARK);
	nt_data_close(d);
	nt_buf_release(&p.index);
	unlink(path);
}

/* --- streams --------------------------------------------------------------------- */

enum { FRAME_TOKENS = (NTS_MAX_PAYLOAD - NTS_HEADER) / WIDTH, N_FRAME = 129 };

static uint64_t put_frame(int fd, uint64_t at, const struct nt_ident *ident, int type, const uint8_t *payload,
			  uint32_t len, uint64_t hash, uint64_t number)
{
	uint8_t h[NTS_HEADER] = "NTS1";
	bool is_docs = type == NTS_DOCS, is_end = type == NTS_END;
	h[FRAME_TYPE] = (uint8_t)type;
	h[FRAME_FLAGS] = is_docs ? NTS_ZSTD : 0;
	nt_put16(h + FRAME_LEN, NTS_HEADER);
	nt_put32(h + FRAME_PAYLOAD, len);
	nt_put32(h + FRAME_PAD, -len % NTS_HEADER);
	nt_put32(h + FRAME_N_UNIT, is_docs);
	nt_put32(h + FRAME_N_TOKEN, is_docs ? FRAME_TOKENS : 0);
	nt_put64(h + FRAME_FIRST_DOC, is_docs || is_end ? number : 0);
	nt_put64(h + FRAME_FIRST_TOKEN, is_docs || is_end ? number * FRAME_TOKENS : 0);
	memcpy(h + FRAME_IDENT, ident->fingerprint, 8);
	nt_put64(h + FRAME_PAYLOAD_HASH, hash);
	nt_put64(h + FRAME_HASH, nt_hash64(h, FRAME_HASH));
	put(fd, h, sizeof(h), at);
	if (payload)
		put(fd, payload, len, at + NTS_HEADER);
	at += align(NTS_HEADER + len, NTS_HEADER);
	assert_int_equal(ftruncate(fd, (off_t)at), 0);
	return at;
}

/* A frame of one document, zeros, as zstd leaves them: a few thousand bytes. */
static size_t squeeze(uint8_t *out, size_t cap)
{
	uint8_t *plain = nt_calloc(1, NTS_MAX_PAYLOAD);
	assert_non_null(plain);
	nt_put32(plain, UNIT_BEGINS | FRAME_TOKENS);
	size_t n = ZSTD_compress(out, cap, plain, NTS_MAX_PAYLOAD, 1);
	assert_false(ZSTD_isError(n));
	free(plain);
	return n;
}

static uint64_t put_hello(int fd, const struct nt_ident *ident, struct nt_hasher *sum)
{
	struct nt_buf b = {0};
	struct nt_out *out;
	struct nt_stream_writer *w;
	const char *path = fake_path("hello.nts");
	uint8_t *p;
	SUCCEEDS(nt_out_open(&out, path, 0));
	SUCCEEDS(nt_stream_create(&w, out, ident, "[]"));
	nt_stream_free(w);
	SUCCEEDS(nt_out_close(out));
	SUCCEEDS(nt_read_file(&b, path));
	p = b.data;
	put(fd, p, b.len, 0);
	nt_hasher_add(sum, p + FRAME_PAYLOAD_HASH, 8);
	uint64_t len = b.len;
	nt_buf_release(&b);
	unlink(path);
	return len;
}

static uint64_t put_end(int fd, uint64_t at, const struct nt_ident *ident, const struct nt_hasher *sum)
{
	uint8_t e[END_BYTES + 2] = {0};
	nt_put64(e + END_DOCUMENTS, N_FRAME);
	nt_put64(e + END_UNITS, N_FRAME);
	nt_put64(e + END_TOKENS, (uint64_t)N_FRAME * FRAME_TOKENS);
	nt_put64(e + END_HASH, nt_hasher_sum64(sum));
	nt_put32(e + END_MANIFEST, 2);
	memcpy(e + END_BYTES, "[]", 2);
	return put_frame(fd, at, ident, NTS_END, e, sizeof(e), nt_hash64(e, sizeof(e)), N_FRAME);
}

/* 4 GiB of frames that a reader passes over, documents, and at the place returned no frame. */
static uint64_t make_stream(int fd)
{
	enum { N_SKIP = 65, CAP = 1 << 20 };
	static uint8_t squeezed[CAP];
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_hasher *sum = nt_hasher_new();
	uint8_t *zero = nt_calloc(1, NTS_MAX_PAYLOAD);
	assert_true(sum && zero);
	uint64_t none = nt_hash64(zero, NTS_MAX_PAYLOAD), at = put_hello(fd, &ident, sum);
	free(zero);
	for (int i = 0; i < N_SKIP; i++)
		at = put_frame(fd, at, &ident, NTS_MAY_SKIP, NULL, NTS_MAX_PAYLOAD, none, 0);
	assert_true(at > 4 * GIGA);
	size_t len = squeeze(squeezed, CAP);
	uint64_t hash = nt_hash64(squeezed, len);
	uint8_t le[8];
	nt_put64(le, hash);
	for (uint64_t i = 0; i < N_FRAME; i++) {
		at = put_frame(fd, at, &ident, NTS_DOCS, squeezed, (uint32_t)len, hash, i);
		nt_hasher_add(sum, le, 8);
	}
	at = put_end(fd, at, &ident, sum);
	put(fd, fake_json, sizeof(fake_json), at);
	assert_int_equal(ftruncate(fd, (off_t)at + NTS_HEADER), 0);
	nt_hasher_free(sum);
	return at;
}

static void a_stream_past_4_gib_and_2_to_the_32_tokens_is_read(void **state)
{
	(void)state;
	const char *path = fake_path("large.nts");
	char *operand[] = {(char *)(uintptr_t)path};
	struct nt_stream_reader *r;
	struct nt_tokens doc;
	char where[64];
	uint64_t n = 0;
	int rc;
	int fd = hollow(path);
	uint64_t end = make_stream(fd);
	SUCCEEDS(nt_stream_open(&r, operand, 1));
	while ((rc = nt_stream_next(r, &doc)) == 1) {
		n++;
		assert_int_equal(doc.n, FRAME_TOKENS);
	}
	assert_int_equal(rc, NT_EFORMAT); /* all of it came, and something behind its end */
	assert_int_equal(n, N_FRAME);
	assert_true(nt_stream_counts(r)->tokens > UINT32_MAX);
	assert_int_equal(nt_stream_counts(r)->tokens, (uint64_t)N_FRAME * FRAME_TOKENS);
	snprintf(where, sizeof(where), "no frame begins at byte %llu", (unsigned long long)end);
	assert_says(where);
	nt_stream_close(r);
	close(fd);
	unlink(path);
}

/* --- temporary files, and those of other trainers ----------------------------------- */

static void a_temporary_file_past_4_gib_is_read_where_it_was_written(void **state)
{
	(void)state;
	struct nt_spill s;
	char got[4];
	if (!takes_holes(9 * GIGA))
		skip();
	SUCCEEDS(nt_spill_open(&s, fake_folder, 1));
	for (uint64_t k = 1; k <= 8; k++) {
		s.bytes = k * GIGA;
		assert_int_equal(lseek(s.fd, (off_t)s.bytes, SEEK_SET), s.bytes);
		SUCCEEDS(nt_spill_add(&s, &"12345678"[k - 1], 1));
		SUCCEEDS(nt_spill_read_at(&s, k * GIGA, got, 1));
	}
	for (uint64_t k = 8; k > 0; k--) {
		SUCCEEDS(nt_spill_read_at(&s, k * GIGA, got, 1));
		assert_int_equal(got[0], '0' + (int)k);
	}
	assert_int_equal(s.bytes, 8 * GIGA + 1);
	nt_spill_close(&s);
}

/* 33 documents of 2^26 zeros, as Megatron-LM's .bin and .idx. */
static void an_index_past_4_gib_is_followed(void **state)
{
	(void)state;
	enum { N = 33, LEN = 1 << 26 };
	const char *bin = fake_path("large.bin"), *idx = fake_path("large.idx");
	char *operand[] = {(char *)(uintptr_t)bin};
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_foreign_reader *r;
	struct nt_tokens doc;
	struct nt_buf b = {0};
	uint8_t h[IDX_HEADER] = IDX_MAGIC, le[4];
	int rc, n = 0;
	int fd = hollow(bin);
	nt_put64(h + IDX_VERSION, 1);
	h[IDX_DTYPE] = IDX_UINT16;
	nt_put64(h + IDX_N_SEQUENCE, N);
	nt_put64(h + IDX_N_DOCUMENT, N + 1);
	nt_put32(le, LEN);
	SUCCEEDS(nt_buf_add(&b, h, sizeof(h)));
	for (int i = 0; i < N; i++)
		SUCCEEDS(nt_buf_add(&b, le, 4));
	for (uint64_t i = 0; i < N; i++)
		add64(&b, i * LEN * WIDTH);
	for (uint64_t i = 0; i <= N; i++)
		add64(&b, i);
	fake_write(idx, b.data, b.len);
	assert_int_equal(ftruncate(fd, (off_t)N * LEN * WIDTH), 0);
	SUCCEEDS(nt_foreign_open(&r, NT_MEGATRON, operand, 1, &ident));
	for (; (rc = nt_foreign_next(r, &doc)) == 1; n++)
		assert_int_equal(doc.n, LEN);
	SUCCEEDS(rc);
	assert_int_equal(n, N);
	nt_foreign_close(r);
	nt_buf_release(&b);
	close(fd);
	unlink(bin);
	unlink(idx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_data_file_of_more_than_2_to_the_32_tokens_is_read),
		cmocka_unit_test(damage_past_4_gib_is_found_where_it_is),
		cmocka_unit_test(rows_past_2_to_the_32_are_numbered),
		cmocka_unit_test(a_stream_past_4_gib_and_2_to_the_32_tokens_is_read),
		cmocka_unit_test(a_temporary_file_past_4_gib_is_read_where_it_was_written),
		cmocka_unit_test(an_index_past_4_gib_is_followed),
	};
	return cmocka_run_group_tests(tests, fake_begin, fake_end);
}

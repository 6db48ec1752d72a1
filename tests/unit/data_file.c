/* SPDX-License-Identifier: MIT */
/* data_file.c - tests of the data file: what is written is read, what is hurt is refused */
#include "data_fake.h"

#include "base/le.h"
#include "data/ntd.h"
#include "nt/data.h"
#include "nt/hash.h"
#include "nt/random.h"

enum { VOCAB = 1000, N_DOC = 40, T = 16 };

/* Document i: its length and its tokens are a function of i. */
static size_t doc_len(uint64_t i)
{
	return 2 + (size_t)(i * 7 % 23);
}

static uint32_t doc_token(uint64_t i, uint64_t at)
{
	return (uint32_t)((i * 31 + at * 17) % VOCAB);
}

static struct nt_data_writer *create(struct nt_out **out, const char *path,
				     const struct nt_ident *ident, struct nt_data_options options)
{
	struct nt_data_writer *w;
	SUCCEEDS(nt_out_open(out, path, 0));
	SUCCEEDS(nt_data_create(&w, *out, ident, &options));
	return w;
}

static void finish(struct nt_data_writer *w, struct nt_out *out, uint64_t source_bytes)
{
	SUCCEEDS(nt_data_end(w, source_bytes, 1));
	nt_data_writer_free(w);
	SUCCEEDS(nt_out_close(out));
}

static void write_docs(const char *path, const struct nt_ident *ident, uint64_t first, uint64_t n,
		       uint64_t segment_tokens)
{
	struct nt_out *out;
	uint32_t id[64];
	struct nt_data_writer *w = create(&out, path, ident,
					  (struct nt_data_options){.kind = NT_DATA_DOCUMENTS,
								   .seed = 5,
								   .manifest = "[{\"program\": \"x\"}]",
								   .segment_tokens = segment_tokens});
	for (uint64_t i = first; i < first + n; i++) {
		for (size_t k = 0; k < doc_len(i); k++)
			id[k] = doc_token(i, k);
		SUCCEEDS(nt_data_write_doc(w, id, doc_len(i)));
	}
	finish(w, out, 1000);
}

/* Piece i of n, and none behind the last. */
static void see_piece(const struct nt_data *d, uint64_t n, uint64_t i, uint64_t start, uint64_t len)
{
	struct nt_data_piece piece;
	assert_int_equal(nt_data_n_piece(d), n);
	SUCCEEDS(nt_data_piece(d, i, &piece));
	assert_int_equal(piece.start, start);
	assert_int_equal(piece.len, len);
	assert_int_equal(nt_data_piece(d, n, &piece), NT_EARG);
}

static void assert_docs(const char *path, uint64_t n)
{
	struct nt_data *d;
	SUCCEEDS(nt_data_open(&d, path));
	SUCCEEDS(nt_data_verify(d));
	assert_int_equal(nt_data_n_doc(d), n);
	uint64_t due = 0;
	for (uint64_t i = 0, start, len; i < n; i++) {
		uint32_t id[64];
		SUCCEEDS(nt_data_doc(d, i, &start, &len));
		assert_int_equal(start, due);
		assert_int_equal(len, doc_len(i));
		SUCCEEDS(nt_data_read(d, start, (size_t)len, id));
		for (size_t k = 0; k < len; k++)
			assert_int_equal(id[k], doc_token(i, k));
		due += len;
	}
	assert_int_equal(nt_data_n_token(d), due);
	if (n)
		see_piece(d, n, n - 1, due - doc_len(n - 1), doc_len(n - 1));
	nt_data_close(d);
}

/* 3.2 MB of them: more than is held in memory, in one segment and in the two behind it. */
static void an_index_of_any_length_comes_back(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	const char *path = fake_path("many");
	write_docs(path, &ident, 0, 400000, 0);
	assert_docs(path, 400000);
	write_docs(path, &ident, 0, 400000, 2100000);
	assert_docs(path, 400000);
}

static void documents_come_back(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	const char *path = fake_path("docs");
	write_docs(path, &ident, 0, N_DOC, 0);
	assert_docs(path, N_DOC);

	struct nt_data *d;
	SUCCEEDS(nt_data_open(&d, path));
	const struct nt_ident *got = nt_data_ident(d);
	assert_memory_equal(got->fingerprint, ident.fingerprint, 16);
	assert_int_equal(got->bos, ident.bos);
	assert_string_equal(got->name, "fake");
	assert_int_equal(got->json_len, ident.json_len);
	assert_memory_equal(got->json, ident.json, ident.json_len);
	assert_int_equal(nt_data_source_bytes(d), 1000);
	struct nt_data_segment s;
	nt_data_segment(d, 0, &s);
	assert_int_equal(s.seed, 5);
	assert_int_equal(s.manifest_len, 18);
	assert_memory_equal(s.manifest, "[{\"program\": \"x\"}]", 18);
	nt_data_close(d);
}

static void segments_are_not_seen_from_outside(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_data *d;
	const char *path = fake_path("segments");
	write_docs(path, &ident, 0, N_DOC, 50);
	assert_docs(path, N_DOC);
	SUCCEEDS(nt_data_open(&d, path));
	assert_true(nt_data_n_segment(d) > 5);
	nt_data_close(d);
}

static uint64_t source_bytes(const char *path)
{
	struct nt_data *d;
	SUCCEEDS(nt_data_open(&d, path));
	uint64_t bytes = nt_data_source_bytes(d);
	nt_data_close(d);
	return bytes;
}

static void files_in_a_row_are_a_file(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	write_docs(fake_path("a"), &ident, 0, 11, 50);
	write_docs(fake_path("none"), &ident, 0, 0, 0);
	write_docs(fake_path("b"), &ident, 11, N_DOC - 11, 0);
	fake_cat(fake_path("an"), fake_path("a"), fake_path("none"));
	fake_cat(fake_path("anb"), fake_path("an"), fake_path("b"));
	fake_cat(fake_path("anbn"), fake_path("anb"), fake_path("none"));
	assert_docs(fake_path("anbn"), N_DOC);
	assert_int_equal(source_bytes(fake_path("anbn")), 4000);
}

static void a_sum_with_an_unknown_part_is_unknown(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_out *out;
	const uint32_t id[2] = {1, 2};
	struct nt_data_writer *w = create(&out, fake_path("unknown"), &ident,
					  (struct nt_data_options){.kind = NT_DATA_DOCUMENTS});
	SUCCEEDS(nt_data_write_doc(w, id, 2));
	finish(w, out, 0);
	write_docs(fake_path("a"), &ident, 0, 3, 0);
	fake_cat(fake_path("both"), fake_path("a"), fake_path("unknown"));
	assert_int_equal(source_bytes(fake_path("a")), 1000);
	assert_int_equal(source_bytes(fake_path("both")), 0);
}

static void a_file_of_no_documents_is_whole(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	write_docs(fake_path("none"), &ident, 0, 0, 0);
	assert_docs(fake_path("none"), 0);
}

/* nt-pack gives each document its marks, but another program's may be of no tokens at all. */
static void documents_of_no_tokens_come_back(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_out *out;
	struct nt_data *d;
	struct nt_data_docs *docs;
	struct nt_tokens doc;
	const char *path = fake_path("empty");
	struct nt_data_writer *w =
		create(&out, path, &ident, (struct nt_data_options){.kind = NT_DATA_DOCUMENTS});
	for (int i = 0; i < 2; i++)
		SUCCEEDS(nt_data_write_doc(w, NULL, 0));
	finish(w, out, 0);
	SUCCEEDS(nt_data_open(&d, path));
	SUCCEEDS(nt_data_docs_new(&docs, d));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(nt_data_docs_next(docs, &doc), 1);
		assert_int_equal(doc.n, 0);
	}
	assert_int_equal(nt_data_docs_next(docs, &doc), 0);
	nt_data_docs_free(docs);
	nt_data_close(d);
}

static void wide_ids_take_four_bytes(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(70000);
	struct nt_out *out;
	struct nt_data *d;
	uint32_t id[3] = {69999, 1, 65536}, got[3];
	const char *path = fake_path("wide");
	struct nt_data_writer *w =
		create(&out, path, &ident, (struct nt_data_options){.kind = NT_DATA_DOCUMENTS});
	SUCCEEDS(nt_data_write_doc(w, id, 3));
	finish(w, out, 0);
	SUCCEEDS(nt_data_open(&d, path));
	SUCCEEDS(nt_data_read(d, 0, 3, got));
	assert_memory_equal(got, id, sizeof(id));
	nt_data_close(d);
}

static void an_id_outside_the_vocabulary_is_not_written(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_out *out;
	uint32_t id = VOCAB;
	struct nt_data_writer *w = create(&out, fake_path("outside"), &ident,
					  (struct nt_data_options){.kind = NT_DATA_DOCUMENTS});
	assert_int_equal(nt_data_write_doc(w, &id, 1), NT_EFORMAT);
	assert_says("token id 1000 is not below");
	nt_data_writer_free(w);
	nt_out_discard(out);
}

/* Two documents over three rows: the first goes on in the next row with one token twice. */
static void write_rows(const char *path, uint64_t segment_tokens)
{
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_out *out;
	uint32_t id[T];
	struct nt_data_writer *w = create(&out, path, &ident,
					  (struct nt_data_options){.kind = NT_DATA_ROWS,
								   .row_len = T,
								   .segment_tokens = segment_tokens});
	const struct nt_fragment f[3][2] = {
		{{.len = T, .doc = 0}},
		{{.len = 5, .doc = 0, .doc_offset = T - 1}, {.start = 5, .len = 4, .doc = 1}},
		{{.len = 9, .doc = 2}},
	};
	for (int r = 0; r < 3; r++) {
		for (uint32_t k = 0; k < T; k++)
			id[k] = (uint32_t)r * 100 + k;
		SUCCEEDS(nt_data_write_row(w, id, f[r], r == 1 ? 2 : 1));
	}
	finish(w, out, 0);
}

static void rows_come_back_with_their_fragments(void **state)
{
	(void)state;
	for (uint64_t segment_tokens = 0; segment_tokens <= T; segment_tokens += T) {
		struct nt_data *d;
		struct nt_fragment f;
		uint32_t id;
		const char *path = fake_path("rows"), *twice = fake_path("rows2");
		write_rows(path, segment_tokens);
		fake_cat(twice, path, path);
		SUCCEEDS(nt_data_open(&d, twice));
		SUCCEEDS(nt_data_verify(d));
		assert_int_equal(nt_data_n_row(d), 6);
		assert_int_equal(nt_data_n_doc(d), 6);
		assert_int_equal(nt_data_n_fragment(d), 8);
		SUCCEEDS(nt_data_fragment(d, 6, &f));
		assert_int_equal(f.row, 4);
		assert_int_equal(f.start, 5);
		assert_int_equal(f.len, 4);
		assert_int_equal(f.doc, 4);
		SUCCEEDS(nt_data_fragment(d, 1, &f));
		assert_int_equal(f.doc_offset, T - 1);
		SUCCEEDS(nt_data_read(d, 5 * T + 3, 1, &id));
		assert_int_equal(id, 203);
		see_piece(d, 8, 6, 4 * T + 5, 4);
		nt_data_close(d);
	}
}

/* A section of a segment [len], by its tag; its entry in the directory. */
static uint8_t *find_section(uint8_t *seg, size_t len, const char *tag)
{
	uint8_t *e = seg + nt_le64(seg + len - NTD_FOOTER + FOOT_DIR);
	while (memcmp(e + ENTRY_TAG, tag, 4) != 0)
		e += NTD_ENTRY;
	return e;
}

/* Makes the hashes right again after a section was changed: only its sense is wrong. */
static void seal_section(uint8_t *seg, size_t len, uint8_t *e)
{
	uint8_t *foot = seg + len - NTD_FOOTER, *dir = seg + nt_le64(foot + FOOT_DIR);
	nt_put64(e + ENTRY_HASH, nt_hash64(seg + nt_le64(e + ENTRY_OFFSET), nt_le64(e + ENTRY_LEN)));
	nt_put64(foot + FOOT_DIR_HASH, nt_hash64(dir, nt_le32(foot + FOOT_N_ENTRY) * NTD_ENTRY));
	nt_put64(foot + FOOT_HASH, nt_hash64(foot, FOOT_HASH));
}

/* Opens, verifies and reads all documents: what the first of them that fails returns. */
static int read_everything(const char *path)
{
	struct nt_data *d;
	struct nt_data_docs *docs = NULL;
	struct nt_tokens doc;
	int rc = nt_data_open(&d, path);
	if (rc == 0)
		rc = nt_data_verify(d);
	if (rc == 0)
		rc = nt_data_docs_new(&docs, d);
	while (rc == 0 && (rc = nt_data_docs_next(docs, &doc)) == 1)
		rc = 0;
	nt_data_docs_free(docs);
	nt_data_close(d);
	return rc;
}

static void a_lie_under_right_hashes_is_refused(void **state)
{
	(void)state;
	enum { HEADER, FOOTER, ENTRY, SECTION };
	static const struct {
		const char *file;
		int in;
		const char *tag;
		size_t at, bytes;
		uint64_t value;
		const char *why;
	} lie[] = {
		{"docs", HEADER, NULL, HEAD_KIND, 1, 7, "holds neither documents nor rows but kind 7"},
		{"docs", HEADER, NULL, HEAD_ROW_LEN, 4, 9, "rows of 9 tokens in a file of kind 1"},
		{"docs", FOOTER, NULL, FOOT_FLAGS, 4, NTD_FINAL, "its writer did not see the end of its input"},
		{"docs", FOOTER, NULL, FOOT_LEN, 8, NTD_PAGE + 1, "a segment of 4097 bytes, not a multiple"},
		{"docs", FOOTER, NULL, FOOT_DIR, 8, 0, "its directory lies outside of it"},
		{"docs", FOOTER, NULL, FOOT_N_TOKEN, 8, UINT64_C(1) << 40, "promises more tokens than it holds"},
		{"docs", FOOTER, NULL, FOOT_TOKEN_HASH, 8, 0, "the hash of its tokens is wrong"},
		{"docs", ENTRY, "TOKZ", ENTRY_TAG, 4, 0, "its tokenizer is missing"},
		{"docs", ENTRY, "MANI", ENTRY_OFFSET, 8, NTD_PAGE, "its sections overlap"},
		{"docs", SECTION, "DOCS", 0, 8, 1, "its first document does not begin at its first token"},
		{"docs", SECTION, "DOCS", 8, 8, 300, "its index of documents runs backwards"},
		{"rows", SECTION, "ROWS", NTD_FRAGMENT + FRAG_CONTEXT, 4, 4, "takes targets for context"}, /* length 5 */
		{"rows", SECTION, "ROWS", FRAG_CONTEXT, 4, 1, "takes targets for context"}, /* a document begins */
		{"rows", SECTION, "ROWS", FRAG_ROW, 4, 3, "names what is not there"},
		{"rows", SECTION, "ROWS", FRAG_LEN, 4, T + 1, "names what is not there"},
		{"rows", SECTION, "ROWS", FRAG_DOC, 8, 9, "names what is not there"},
		{"rows", SECTION, "ROWS", 2 * NTD_FRAGMENT + FRAG_START, 4, 4, "overlap or are out of order"},
		{"rows", SECTION, "ROWS", NTD_FRAGMENT + FRAG_DOC_OFFSET, 8, T, "document 0 do not make a whole"},
		{"rows", SECTION, "ROWS", 3 * NTD_FRAGMENT + FRAG_DOC, 8, 1, "document 1 do not make a whole"},
	};
	struct nt_ident ident = fake_ident(VOCAB);
	write_docs(fake_path("docs"), &ident, 0, N_DOC, 0);
	write_rows(fake_path("rows"), 0);
	SUCCEEDS(read_everything(fake_path("docs")));
	SUCCEEDS(read_everything(fake_path("rows")));
	for (size_t i = 0; i < sizeof(lie) / sizeof(*lie); i++) {
		struct nt_buf file = {0};
		uint8_t value[8];
		SUCCEEDS(nt_read_file(&file, fake_path(lie[i].file)));
		uint8_t *foot = file.data + file.len - NTD_FOOTER;
		uint8_t *e = lie[i].tag ? find_section(file.data, file.len, lie[i].tag) : NULL;
		uint8_t *in = lie[i].in == HEADER ? file.data : lie[i].in == FOOTER ? foot : e;
		if (lie[i].in == SECTION)
			in = file.data + nt_le64(e + ENTRY_OFFSET);
		nt_put64(value, lie[i].value);
		memcpy(in + lie[i].at, value, lie[i].bytes);
		nt_put64(file.data + HEAD_HASH, nt_hash64(file.data, HEAD_HASH));
		memcpy(foot + FOOT_HEAD_HASH, file.data + HEAD_HASH, 8);
		if (e)
			seal_section(file.data, file.len, e);
		nt_put64(foot + FOOT_HASH, nt_hash64(foot, FOOT_HASH));
		fake_write(fake_path("lie"), file.data, file.len);
		assert_int_equal(read_everything(fake_path("lie")), NT_EFORMAT);
		assert_says(lie[i].why);
		nt_buf_release(&file);
	}
}

/* One document in a segment of its own, n times, of a source. */
static void write_source(const char *path, const char *source, int n)
{
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_out *out;
	const uint32_t id[3] = {VOCAB - 1, 7, VOCAB - 2};
	struct nt_data_writer *w = create(&out, path, &ident,
					  (struct nt_data_options){.kind = NT_DATA_DOCUMENTS,
								   .source = source, .segment_docs = 1});
	for (int i = 0; i < n; i++)
		SUCCEEDS(nt_data_write_doc(w, id, 3));
	finish(w, out, 0);
}

static void names_of_sources_outlive_cat(void **state)
{
	(void)state;
	static const char *const due[] = {"wiki", "wiki", "", "gr\xc3\xbcn"};
	struct nt_data *d;
	struct nt_data_segment s;
	struct nt_buf json = {0};
	write_source(fake_path("a"), "wiki", 2);
	write_source(fake_path("b"), NULL, 1);
	write_source(fake_path("c"), "gr\xc3\xbcn", 1);
	fake_cat(fake_path("ab"), fake_path("a"), fake_path("b"));
	fake_cat(fake_path("abc"), fake_path("ab"), fake_path("c"));
	SUCCEEDS(nt_data_open(&d, fake_path("abc")));
	SUCCEEDS(nt_data_verify(d));
	assert_int_equal(nt_data_n_segment(d), 4);
	for (size_t i = 0; i < 4; i++) {
		nt_data_segment(d, i, &s);
		assert_string_equal(s.source, due[i]);
	}
	SUCCEEDS(nt_data_describe(d, &json));
	assert_non_null(strstr((char *)json.data, "\"sources\": {\"wiki\": {\"documents\": 2, \"tokens\": 6}, "
						  "\"gr\xc3\xbcn\": {\"documents\": 1, \"tokens\": 3}}"));
	nt_buf_release(&json);
	nt_data_close(d);
}

static void what_is_no_name_is_refused(void **state)
{
	(void)state;
	char long_name[257];
	memset(long_name, 'x', 256);
	long_name[256] = 0;
	const char *const bad[] = {"", "a\nb", "\x7f", "\xff", "\xc2\x85", long_name};
	struct nt_ident ident = fake_ident(VOCAB);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct nt_data_writer *w;
		struct nt_data_options how = {.kind = NT_DATA_DOCUMENTS, .source = bad[i]};
		assert_int_equal(nt_data_create(&w, NULL, &ident, &how), NT_EARG);
		assert_says("names no source");
	}
}

static void a_damaged_name_is_refused(void **state)
{
	(void)state;
	struct nt_buf whole = {0};
	const char *path = fake_path("named");
	write_source(path, "wiki", 2);
	SUCCEEDS(nt_read_file(&whole, path));
	size_t len = whole.len / 2; /* of a segment, as the other one */
	for (int k = 0; k < 2; k++) {
		struct nt_data *d;
		uint8_t *seg = whole.data + (k ? len : 0), *e = find_section(seg, len, "SRCS");
		uint8_t *name = seg + nt_le64(e + ENTRY_OFFSET);
		name[0] = k ? 'W' : '\n'; /* another name than the first segment's; none at all */
		seal_section(seg, len, e);
		fake_write(path, whole.data, whole.len);
		assert_int_equal(nt_data_open(&d, path), NT_EFORMAT);
		assert_says(k ? "its source is not that of the segment before" : "the name of its source is none");
		name[0] = 'w';
		seal_section(seg, len, e);
	}
	nt_buf_release(&whole);
}

static void two_vocabularies_do_not_mix(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB), other = fake_ident(VOCAB);
	struct nt_data *d;
	other.fingerprint[3] = '!';
	write_docs(fake_path("a"), &ident, 0, 3, 0);
	write_docs(fake_path("b"), &other, 3, 3, 0);
	fake_cat(fake_path("ab"), fake_path("a"), fake_path("b"));
	assert_int_equal(nt_data_open(&d, fake_path("ab")), NT_EFORMAT);
	assert_says("two vocabularies");
}

static void documents_and_rows_do_not_mix(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_data *d;
	write_docs(fake_path("a"), &ident, 0, 3, 0);
	write_rows(fake_path("b"), 0);
	fake_cat(fake_path("ab"), fake_path("a"), fake_path("b"));
	assert_int_equal(nt_data_open(&d, fake_path("ab")), NT_EFORMAT);
	assert_says("cannot be mixed");
}

static void two_hundred_cuts_are_refused(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_buf whole = {0};
	const char *path = fake_path("whole"), *cut = fake_path("cut");
	write_docs(path, &ident, 0, N_DOC, 100);
	SUCCEEDS(nt_read_file(&whole, path));
	for (uint64_t i = 0; i < 220; i++) {
		/* the last twenty fall on whole pages, where only flags and magic can tell */
		uint64_t at = nt_random_below(7, NT_RANDOM_SAMPLE, i, whole.len);
		struct nt_data *d;
		at = i < 200 ? at : at / 4096 * 4096;
		fake_write(cut, whole.data, at);
		assert_int_equal(nt_data_open(&d, cut), NT_EFORMAT);
		assert_null(d);
		assert_says(at ? "cut" : "empty");
	}
	nt_buf_release(&whole);
}

static void a_lost_front_is_refused(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_buf whole = {0};
	struct nt_data *d;
	struct nt_data_segment s;
	write_docs(fake_path("whole"), &ident, 0, N_DOC, 100);
	SUCCEEDS(nt_read_file(&whole, fake_path("whole")));
	SUCCEEDS(nt_data_open(&d, fake_path("whole")));
	nt_data_segment(d, 1, &s);
	nt_data_close(d);
	fake_write(fake_path("tail"), whole.data + s.offset, whole.len - s.offset);
	assert_int_equal(nt_data_open(&d, fake_path("tail")), NT_EFORMAT);
	assert_says("a part is missing");
	fake_write(fake_path("tail"), whole.data + 4096, whole.len - 4096); /* all but a page */
	assert_int_equal(nt_data_open(&d, fake_path("tail")), NT_EFORMAT);
	assert_says("cut at its front");
	nt_buf_release(&whole);
}

/* Every byte is under a hash or must be zero: any one changed is found. */
static void no_byte_can_be_changed_unseen(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_buf whole = {0};
	const char *path = fake_path("flip");
	write_docs(path, &ident, 0, N_DOC, 300);
	SUCCEEDS(nt_read_file(&whole, path));
	FILE *f = fopen(path, "r+b");
	assert_non_null(f);
	setvbuf(f, NULL, _IONBF, 0);
	for (size_t at = 0; at < whole.len; at += at % 64 == 63 ? 1 : 3) {
		struct nt_data *d;
		fseek(f, (long)at, SEEK_SET);
		fputc(whole.data[at] ^ 0x10, f);
		int rc = nt_data_open(&d, path);
		if (rc == 0)
			rc = nt_data_verify(d);
		if (rc != NT_EFORMAT)
			fail_msg("byte %zu was changed and nobody saw it", at);
		nt_data_close(d);
		fseek(f, (long)at, SEEK_SET);
		fputc(whole.data[at], f);
	}
	fclose(f);
	nt_buf_release(&whole);
}

/* 3 MiB of tokens, the second one hurt: the others can still be read. */
static void damage_is_found_at_first_touch(void **state)
{
	(void)state;
	enum { CHUNK = 1 << 19 };
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_out *out;
	struct nt_data *d;
	const char *path = fake_path("big");
	uint32_t *id = nt_calloc(3 * CHUNK, sizeof(*id));
	assert_non_null(id);
	struct nt_data_writer *w =
		create(&out, path, &ident, (struct nt_data_options){.kind = NT_DATA_DOCUMENTS});
	SUCCEEDS(nt_data_write_doc(w, id, 3 * CHUNK));
	finish(w, out, 0);
	FILE *f = fopen(path, "r+b");
	assert_non_null(f);
	fseek(f, 4096 + (1 << 20) + 12345, SEEK_SET);
	fputc(1, f);
	fclose(f);
	SUCCEEDS(nt_data_open(&d, path));
	SUCCEEDS(nt_data_read(d, 0, CHUNK, id));
	assert_int_equal(nt_data_read(d, CHUNK - 1, 2, id), NT_EFORMAT);
	assert_says("the tokens at bytes 1052672 to 2101248 are damaged");
	SUCCEEDS(nt_data_read(d, 2 * CHUNK, CHUNK, id));
	assert_int_equal(nt_data_read(d, 3 * CHUNK, 1, id), NT_EFORMAT);
	nt_data_close(d);
	free(id);
}

static void other_files_are_called_by_their_name(void **state)
{
	(void)state;
	struct nt_data *d;
	char stream[4096] = "NTS1", text[4096] = "Call me Ishmael.";
	fake_write(fake_path("x"), stream, sizeof(stream));
	assert_int_equal(nt_data_open(&d, fake_path("x")), NT_EFORMAT);
	assert_says("put it through nt-pack");
	fake_write(fake_path("x"), text, sizeof(text));
	assert_int_equal(nt_data_open(&d, fake_path("x")), NT_EFORMAT);
	assert_says("not a data file");
	assert_int_equal(nt_data_open(&d, fake_path("nothing")), NT_ESYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_come_back),
		cmocka_unit_test(an_index_of_any_length_comes_back),
		cmocka_unit_test(segments_are_not_seen_from_outside),
		cmocka_unit_test(files_in_a_row_are_a_file),
		cmocka_unit_test(a_sum_with_an_unknown_part_is_unknown),
		cmocka_unit_test(a_file_of_no_documents_is_whole),
		cmocka_unit_test(documents_of_no_tokens_come_back),
		cmocka_unit_test(wide_ids_take_four_bytes),
		cmocka_unit_test(an_id_outside_the_vocabulary_is_not_written),
		cmocka_unit_test(rows_come_back_with_their_fragments),
		cmocka_unit_test(a_lie_under_right_hashes_is_refused),
		cmocka_unit_test(names_of_sources_outlive_cat),
		cmocka_unit_test(what_is_no_name_is_refused),
		cmocka_unit_test(a_damaged_name_is_refused),
		cmocka_unit_test(two_vocabularies_do_not_mix),
		cmocka_unit_test(documents_and_rows_do_not_mix),
		cmocka_unit_test(two_hundred_cuts_are_refused),
		cmocka_unit_test(a_lost_front_is_refused),
		cmocka_unit_test(no_byte_can_be_changed_unseen),
		cmocka_unit_test(damage_is_found_at_first_touch),
		cmocka_unit_test(other_files_are_called_by_their_name),
	};
	return cmocka_run_group_tests(tests, fake_begin, fake_end);
}

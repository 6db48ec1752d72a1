/* SPDX-License-Identifier: MIT */
/* data_stream.c - tests of the token stream: what is written is read, what is hurt is refused */
#include "data_fake.h"

#include <zstd.h>

#include "base/le.h"
#include "nt/hash.h"
#include "nt/random.h"
#include "nt/stream.h"

enum { VOCAB = 1000, N_DOC = 300, FRAME = 64 };

/* Document i: units of lengths and tokens that are functions of i; some are empty, one is
 * longer than a frame. */
static void make_doc(struct nt_tokens *doc, uint64_t i, uint32_t vocab_size)
{
	static uint32_t id[400000], unit[8];
	size_t n = 0, n_unit = 1 + i % 5;
	for (size_t u = 0; u < n_unit; u++) {
		size_t len = i == 7 && u == 0 ? 300000 : (i * 13 + u * 7) % 60;
		unit[u] = (uint32_t)len;
		for (size_t k = 0; k < len; k++)
			id[n + k] = (uint32_t)((i * 31 + (n + k) * 17) % vocab_size);
		n += len;
	}
	*doc = (struct nt_tokens){.id = id, .n = n, .unit = unit, .n_unit = n_unit};
}

static void write_stream(const char *path, const struct nt_ident *ident, uint64_t first, uint64_t n)
{
	struct nt_out *out;
	struct nt_stream_writer *w;
	struct nt_tokens doc;
	SUCCEEDS(nt_out_open(&out, path, 0));
	SUCCEEDS(nt_stream_create(&w, out, ident, "[{\"program\": \"x\", \"n\": 2}]"));
	for (uint64_t i = first; i < first + n; i++) {
		make_doc(&doc, i, ident->vocab_size);
		SUCCEEDS(nt_stream_write(w, &doc));
	}
	SUCCEEDS(nt_stream_end(w, 100));
	nt_stream_free(w);
	SUCCEEDS(nt_out_close(out));
}

static void assert_stream(char *const *operand, size_t n_operand, uint64_t n, uint32_t vocab_size)
{
	struct nt_stream_reader *r;
	struct nt_tokens got, due;
	SUCCEEDS(nt_stream_open(&r, operand, n_operand));
	assert_int_equal(nt_stream_ident(r)->vocab_size, vocab_size);
	assert_memory_equal(nt_stream_ident(r)->json, fake_json, sizeof(fake_json) - 1);
	for (uint64_t i = 0; i < n; i++) {
		int rc = nt_stream_next(r, &got);
		SUCCEEDS(rc);
		assert_int_equal(rc, 1);
		make_doc(&due, i, vocab_size);
		assert_int_equal(got.n, due.n);
		assert_int_equal(got.n_unit, due.n_unit);
		assert_memory_equal(got.unit, due.unit, due.n_unit * sizeof(*due.unit));
		if (due.n)
			assert_memory_equal(got.id, due.id, due.n * sizeof(*due.id));
	}
	int rc = nt_stream_next(r, &got);
	SUCCEEDS(rc);
	assert_int_equal(rc, 0);
	assert_int_equal(nt_stream_counts(r)->documents, n);
	nt_stream_close(r);
}

/* Reads all of it; returns 0, or the code of what went wrong. */
static int drains(const char *path)
{
	char *operand[] = {(char *)(uintptr_t)path};
	struct nt_stream_reader *r;
	struct nt_tokens doc;
	int rc = nt_stream_open(&r, operand, 1);
	if (rc < 0)
		return rc;
	while ((rc = nt_stream_next(r, &doc)) == 1)
		;
	nt_stream_close(r);
	return rc;
}

/* The same, not decoded. */
static int drains_stored(const char *path)
{
	char *operand[] = {(char *)(uintptr_t)path};
	struct nt_stream_reader *r;
	struct nt_stored doc;
	int rc;
	SUCCEEDS(nt_stream_open(&r, operand, 1));
	while ((rc = nt_stream_next_stored(r, &doc)) == 1)
		;
	nt_stream_close(r);
	return rc;
}

static void documents_and_units_come_back(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	const char *path = fake_path("s");
	char *operand[] = {(char *)(uintptr_t)path};
	write_stream(path, &ident, 0, N_DOC);
	assert_stream(operand, 1, N_DOC, VOCAB);
	ident = fake_ident(70000);
	write_stream(path, &ident, 0, N_DOC);
	assert_stream(operand, 1, N_DOC, 70000);
}

/* From one file to another; every so many documents one is decoded instead. */
static void pass_on(const char *to, const char *from, uint64_t decoded)
{
	char *operand[] = {(char *)(uintptr_t)from};
	struct nt_stream_reader *r;
	struct nt_stream_writer *w;
	struct nt_stored stored;
	struct nt_tokens doc;
	struct nt_out *out;
	SUCCEEDS(nt_stream_open(&r, operand, 1));
	SUCCEEDS(nt_out_open(&out, to, 0));
	SUCCEEDS(nt_stream_create(&w, out, nt_stream_ident(r), nt_stream_manifest(r)));
	for (uint64_t i = 1;; i++) {
		int rc = i % decoded ? nt_stream_next_stored(r, &stored) : nt_stream_next(r, &doc);
		SUCCEEDS(rc);
		if (rc == 0)
			break;
		SUCCEEDS(i % decoded ? nt_stream_write_stored(w, &stored) : nt_stream_write(w, &doc));
	}
	assert_memory_equal(nt_stream_counts(r), nt_stream_written(w), offsetof(struct nt_stream_counts, source_bytes));
	SUCCEEDS(nt_stream_end(w, nt_stream_counts(r)->source_bytes));
	nt_stream_free(w);
	nt_stream_close(r);
	SUCCEEDS(nt_out_close(out));
}

static void documents_passed_on_as_they_are_stored_are_the_same_bytes(void **state)
{
	(void)state;
	static const uint32_t vocab_size[] = {VOCAB, 70000};
	for (size_t v = 0; v < 2; v++)
		for (uint64_t decoded = 1; decoded < 1000000; decoded = decoded * 7 + 1) {
			struct nt_ident ident = fake_ident(vocab_size[v]);
			struct nt_buf a = {0}, b = {0};
			write_stream(fake_path("all"), &ident, 0, 30000);
			pass_on(fake_path("a"), fake_path("all"), 1);
			pass_on(fake_path("b"), fake_path("all"), decoded);
			SUCCEEDS(nt_read_file(&a, fake_path("a")));
			SUCCEEDS(nt_read_file(&b, fake_path("b")));
			assert_int_equal(a.len, b.len);
			assert_memory_equal(a.data, b.data, a.len);
			nt_buf_release(&a);
			nt_buf_release(&b);
		}
}

static void streams_in_a_row_are_a_stream(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	write_stream(fake_path("a"), &ident, 0, 100);
	write_stream(fake_path("b"), &ident, 100, 0);
	write_stream(fake_path("c"), &ident, 100, N_DOC - 100);
	fake_cat(fake_path("ab"), fake_path("a"), fake_path("b"));
	fake_cat(fake_path("abc"), fake_path("ab"), fake_path("c"));
	assert_stream((char *[]){(char *)(uintptr_t)fake_path("abc")}, 1, N_DOC, VOCAB);
	assert_stream((char *[]){(char *)(uintptr_t)fake_path("ab"),
				 (char *)(uintptr_t)fake_path("c")},
		      2, N_DOC, VOCAB);
}

static void numbers_of_equal_chains_add_up(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_stream_reader *r;
	struct nt_tokens doc;
	write_stream(fake_path("a"), &ident, 0, 3);
	fake_cat(fake_path("aa"), fake_path("a"), fake_path("a"));
	char *operand[] = {(char *)(uintptr_t)fake_path("aa")};
	SUCCEEDS(nt_stream_open(&r, operand, 1));
	assert_string_equal(nt_stream_manifest(r), "[{\"program\": \"x\", \"n\": 2}]");
	while (nt_stream_next(r, &doc) == 1)
		;
	assert_string_equal(nt_stream_manifest(r),
			    "[{\"program\":\"x\",\"n\":4,\"out\":{\"documents\":6,\"units\":12,"
			    "\"tokens\":264,\"bytes\":200}}]");
	nt_stream_close(r);
}

static void entries_are_added_to_a_manifest(void **state)
{
	(void)state;
	struct nt_buf a = {0}, b = {0};
	SUCCEEDS(nt_manifest_add(&a, NULL, "one", NULL));
	assert_string_equal((char *)a.data, "[{\"program\":\"one\",\"version\":\"0.1.0\"}]");
	SUCCEEDS(nt_manifest_add(&b, (char *)a.data, "two", "\"k\": 1"));
	assert_string_equal((char *)b.data, "[{\"program\":\"one\",\"version\":\"0.1.0\"},"
					    "{\"program\":\"two\",\"version\":\"0.1.0\",\"k\":1}]");
	a.len = 0;
	SUCCEEDS(nt_manifest_add(&a, " [ ] ", "one", ""));
	assert_string_equal((char *)a.data, "[{\"program\":\"one\",\"version\":\"0.1.0\"}]");
	nt_buf_release(&a);
	nt_buf_release(&b);
}

static void two_hundred_cuts_are_refused(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_buf whole = {0};
	const char *path = fake_path("whole"), *cut = fake_path("cut");
	write_stream(path, &ident, 0, N_DOC);
	assert_int_equal(drains(path), 0);
	SUCCEEDS(nt_read_file(&whole, path));
	for (uint64_t i = 0; i < 220; i++) {
		uint64_t at = nt_random_below(7, NT_RANDOM_SAMPLE, i, whole.len);
		at = i < 200 ? at : at / 64 * 64; /* the last twenty at the grain of frames */
		fake_write(cut, whole.data, at);
		assert_int_equal(drains(cut), NT_EFORMAT);
		assert_says(at ? "cut at byte" : "empty");
	}
	nt_buf_release(&whole);
}

/* Offsets of the frames of a stream; returns how many. */
static size_t find_frames(size_t *frame, size_t max, const struct nt_buf *s)
{
	size_t n = 0;
	for (size_t at = 0; at < s->len; n++) {
		assert_true(n < max);
		frame[n] = at;
		at += FRAME + nt_le32(s->data + at + 8) + nt_le32(s->data + at + 12);
	}
	frame[n] = s->len;
	return n;
}

static void a_stream_without_one_of_its_frames_is_refused(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_buf whole = {0}, less = {0};
	size_t frame[16];
	const char *path = fake_path("whole"), *cut = fake_path("less");
	write_stream(path, &ident, 0, N_DOC);
	SUCCEEDS(nt_read_file(&whole, path));
	size_t n = find_frames(frame, 15, &whole);
	assert_true(n >= 4);
	for (size_t i = 0; i < n; i++) {
		less.len = 0;
		SUCCEEDS(nt_buf_add(&less, whole.data, frame[i]));
		SUCCEEDS(nt_buf_add(&less, whole.data + frame[i + 1], whole.len - frame[i + 1]));
		fake_write(cut, less.data, less.len);
		assert_int_equal(drains(cut), NT_EFORMAT);
	}
	nt_buf_release(&whole);
	nt_buf_release(&less);
}

static void no_byte_can_be_changed_unseen(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_buf whole = {0};
	const char *path = fake_path("flip");
	write_stream(path, &ident, 0, 5);
	SUCCEEDS(nt_read_file(&whole, path));
	for (size_t at = 0; at < whole.len; at++) {
		whole.data[at] ^= 0x10;
		fake_write(path, whole.data, whole.len);
		if (drains(path) != NT_EFORMAT)
			fail_msg("byte %zu was changed and nobody saw it", at);
		whole.data[at] ^= 0x10;
	}
	nt_buf_release(&whole);
}

static void two_vocabularies_do_not_mix(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB), other = fake_ident(VOCAB);
	other.fingerprint[3] = '!';
	write_stream(fake_path("a"), &ident, 0, 3);
	write_stream(fake_path("b"), &other, 3, 3);
	fake_cat(fake_path("ab"), fake_path("a"), fake_path("b"));
	assert_int_equal(drains(fake_path("ab")), NT_EFORMAT);
	assert_says("two vocabularies");
}

static void other_inputs_are_called_by_their_name(void **state)
{
	(void)state;
	fake_write(fake_path("x"), "Call me Ishmael.", 16);
	assert_int_equal(drains(fake_path("x")), NT_EFORMAT);
	assert_says("put text through nt-tokenize first");
	fake_write(fake_path("x"), "\x89NTD\r\n\x1a\n", 8);
	assert_int_equal(drains(fake_path("x")), NT_EFORMAT);
	assert_says("a data file");
}

/* Makes header h say what its payload is, as a writer would. */
static void seal(uint8_t *h, const void *payload, size_t len)
{
	nt_put32(h + 8, (uint32_t)len);
	nt_put32(h + 12, (uint32_t)(-len % FRAME));
	nt_put64(h + 48, nt_hash64(payload, len));
	nt_put64(h + 56, nt_hash64(h, 56));
}

static void add_frame(struct nt_buf *out, uint8_t *h, const void *payload, size_t len)
{
	static const uint8_t zero[FRAME];
	seal(h, payload, len);
	SUCCEEDS(nt_buf_add(out, h, FRAME));
	SUCCEEDS(nt_buf_add(out, payload, len));
	SUCCEEDS(nt_buf_add(out, zero, -len % FRAME));
}

/*
 * The frames of a small stream, written again: DOCS compressed, a frame of a future type
 * in between. Both are allowed by the format though our writer makes neither.
 */
static void compressed_and_unknown_frames_are_read(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_buf s = {0}, out = {0};
	size_t f[8];
	uint8_t z[4096], future[FRAME], hashes[16], end[4096];
	const char *path = fake_path("z");
	write_stream(path, &ident, 0, 6);
	SUCCEEDS(nt_read_file(&s, path));
	assert_int_equal(find_frames(f, 7, &s), 3);
	size_t docs_len = nt_le32(s.data + f[1] + 8), end_len = nt_le32(s.data + f[2] + 8);
	size_t n = ZSTD_compress(z, sizeof(z), s.data + f[1] + FRAME, docs_len, 1);
	assert_false(ZSTD_isError(n));
	s.data[f[1] + 5] = 1;
	memcpy(future, s.data, FRAME);
	future[4] = 200;
	SUCCEEDS(nt_buf_add(&out, s.data, f[1]));
	add_frame(&out, future, "?", 1);
	add_frame(&out, s.data + f[1], z, n);
	memcpy(hashes, s.data + 48, 8);
	memcpy(hashes + 8, s.data + f[1] + 48, 8);
	memcpy(end, s.data + f[2] + FRAME, end_len);
	nt_put64(end + 32, nt_hash64(hashes, 16));
	add_frame(&out, s.data + f[2], end, end_len);
	fake_write(path, out.data, out.len);
	assert_stream((char *[]){(char *)(uintptr_t)path}, 1, 6, VOCAB);
	nt_buf_release(&s);
	nt_buf_release(&out);
}

static void an_id_outside_the_vocabulary_is_refused(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB), small = fake_ident(VOCAB / 2);
	struct nt_buf s = {0};
	const char *path = fake_path("outside");
	struct nt_out *out;
	struct nt_stream_writer *w;
	struct nt_tokens doc;
	write_stream(path, &ident, 0, 6);
	SUCCEEDS(nt_read_file(&s, path));
	size_t len = nt_le32(s.data + 8);
	nt_put32(s.data + FRAME + 8, VOCAB / 2);       /* the vocabulary in HELLO shrinks, */
	nt_put32(s.data + FRAME + 12, NT_NO_TOKEN);    /* [B] and [E] with it */
	nt_put32(s.data + FRAME + 16, NT_NO_TOKEN);
	seal(s.data, s.data + FRAME, len);
	fake_write(path, s.data, s.len);
	assert_int_equal(drains(path), NT_EFORMAT);
	assert_says("is not below the vocabulary's size, 500");
	assert_int_equal(drains_stored(path), NT_EFORMAT);
	assert_says("is not below the vocabulary's size, 500");
	nt_buf_release(&s);

	make_doc(&doc, 4, VOCAB);
	SUCCEEDS(nt_out_open(&out, path, 0));
	SUCCEEDS(nt_stream_create(&w, out, &small, NULL));
	assert_int_equal(nt_stream_write(w, &doc), NT_EFORMAT);
	nt_stream_free(w);
	nt_out_discard(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_and_units_come_back),
		cmocka_unit_test(documents_passed_on_as_they_are_stored_are_the_same_bytes),
		cmocka_unit_test(streams_in_a_row_are_a_stream),
		cmocka_unit_test(numbers_of_equal_chains_add_up),
		cmocka_unit_test(entries_are_added_to_a_manifest),
		cmocka_unit_test(two_hundred_cuts_are_refused),
		cmocka_unit_test(a_stream_without_one_of_its_frames_is_refused),
		cmocka_unit_test(no_byte_can_be_changed_unseen),
		cmocka_unit_test(two_vocabularies_do_not_mix),
		cmocka_unit_test(other_inputs_are_called_by_their_name),
		cmocka_unit_test(compressed_and_unknown_frames_are_read),
		cmocka_unit_test(an_id_outside_the_vocabulary_is_refused),
	};
	return cmocka_run_group_tests(tests, fake_begin, fake_end);
}

/* SPDX-License-Identifier: MIT */
/*
 * token_offsets.c - where tokens lie, how many there are, and that asking costs no memory
 *
 * Allocations are counted by standing in front of the C library's own functions, which the
 * sanitizers do too: under them that case is skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nt/tokenizer.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#elif defined(__has_feature)
#define HAS_SANITIZER                                                                              \
	(__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer))
#else
#define HAS_SANITIZER 0
#endif

static size_t n_alloc;

#if !HAS_SANITIZER && defined(__GLIBC__)
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

void *malloc(size_t n)
{
	n_alloc++;
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	n_alloc++;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	n_alloc++;
	return __libc_realloc(p, n);
}

void *aligned_alloc(size_t align, size_t n)
{
	n_alloc++;
	return __libc_memalign(align, n);
}
#endif

static const char text[] = "It was a truth, universally acknowledged: 1234567 caf\xc3\xa9s \xf0\x9f\x98\x80"
			   "\n\n  and\xff one bad byte; <|end_of_text|> antidisestablishmentarianism, "
			   "============================================================ too.\n";

struct fixture {
	struct nt_tokenizer *t;
	struct nt_encoder *e;
	struct nt_ids ids;
	struct nt_spans spans;
};

static void open_with(struct fixture *f, const char *spec, const char *pattern)
{
	*f = (struct fixture){0};
	if (nt_tokenizer_open(&f->t, spec, pattern) < 0)
		fail_msg("%s", nt_errmsg());
	assert_non_null(f->e = nt_encoder_new(f->t));
}

static void close_all(struct fixture *f)
{
	nt_ids_release(&f->ids);
	nt_spans_release(&f->spans);
	nt_encoder_free(f->e);
	nt_tokenizer_free(f->t);
}

/* Every span holds what its id stands for, and together they are the text. */
static void check_spans(const char *spec, const char *pattern, unsigned flags)
{
	struct fixture f;
	struct nt_ids plain = {0};
	size_t at = 0;
	open_with(&f, spec, pattern);
	assert_int_equal(nt_encode_offsets(f.e, text, sizeof(text) - 1, flags, &f.ids, &f.spans), 0);
	assert_int_equal(nt_encode(f.e, text, sizeof(text) - 1, flags, &plain), 0);
	assert_int_equal(f.ids.n, f.spans.n);
	assert_int_equal(f.ids.n, plain.n);
	assert_memory_equal(f.ids.id, plain.id, plain.n * sizeof(*plain.id));
	for (size_t i = 0; i < f.ids.n; i++) {
		struct nt_span s = f.spans.span[i];
		size_t len;
		const uint8_t *bytes = nt_token_bytes(f.t, f.ids.id[i], &len);
		const char *name = nt_token_name(f.t, f.ids.id[i]);
		assert_int_equal(s.start, at);
		assert_int_equal(s.end - s.start, name ? strlen(name) : len);
		assert_memory_equal(text + s.start, name ? (const void *)name : bytes, s.end - s.start);
		at = s.end;
	}
	assert_int_equal(at, sizeof(text) - 1);
	nt_ids_release(&plain);
	close_all(&f);
}

static void spans_of_byte_level_tokens_are_the_text(void **state)
{
	(void)state;
	check_spans(NULL, NULL, 0);
	check_spans(NULL, NULL, NT_ALLOW_SPECIAL);
	check_spans(NULL, "[a-z]+", 0);
	check_spans("bytes", NULL, NT_ALLOW_SPECIAL);
}

static void spans_are_appended_and_begin_at_the_text_given(void **state)
{
	(void)state;
	struct fixture f;
	open_with(&f, "bytes", NULL);
	assert_int_equal(nt_encode_offsets(f.e, "ab", 2, 0, &f.ids, &f.spans), 0);
	assert_int_equal(nt_encode_offsets(f.e, "", 0, 0, &f.ids, &f.spans), 0);
	assert_int_equal(nt_encode_offsets(f.e, "c", 1, 0, &f.ids, &f.spans), 0);
	assert_int_equal(f.spans.n, 3);
	assert_int_equal(f.ids.n, 3);
	assert_int_equal(f.spans.span[2].start, 0);
	assert_int_equal(f.spans.span[2].end, 1);
	close_all(&f);
}

static void the_count_is_that_of_the_ids(void **state)
{
	(void)state;
	struct fixture f;
	size_t n = 99;
	open_with(&f, NULL, NULL);
	for (size_t len = 0; len < sizeof(text); len++) {
		f.ids.n = 0;
		assert_int_equal(nt_encode(f.e, text, len, NT_ALLOW_SPECIAL, &f.ids), 0);
		assert_int_equal(nt_count(f.e, text, len, NT_ALLOW_SPECIAL, &n), 0);
		assert_int_equal(n, f.ids.n);
	}
	close_all(&f);
}

static void a_space_put_in_front_of_a_document_is_taken_away_again(void **state)
{
	(void)state;
	static const char json[] =
		"{\"normalizer\":{\"type\":\"Prepend\",\"prepend\":\"\u2581\"},\"pre_tokenizer\":null,"
		"\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":"
		"\"\u2581\"},\"content\":\" \"},{\"type\":\"Fuse\"},{\"type\":\"Strip\",\"content\":\" \",\"start\":1,"
		"\"stop\":0}]},\"model\":{\"vocab\":{\"a\":0,\"\u2581\":1,\"\u2581a\":2},\"merges\":[\"\u2581 a\"]}}";
	struct fixture f = {0};
	struct nt_buf back = {0};
	if (nt_tokenizer_parse(&f.t, json, sizeof(json) - 1, "test") < 0)
		fail_msg("%s", nt_errmsg());
	assert_non_null(f.e = nt_encoder_new(f.t));
	assert_int_equal(nt_encode_offsets(f.e, "aa", 2, 0, &f.ids, &f.spans), 0);
	assert_int_equal(f.ids.n, 2);
	assert_int_equal(f.spans.span[0].start, 0); /* the space is nowhere in the text */
	assert_int_equal(f.spans.span[0].end, 1);
	assert_int_equal(nt_decode(f.t, f.ids.id, f.ids.n, &back), 0);
	assert_int_equal(back.len, 3);
	assert_memory_equal(back.data, " aa", 3);
	assert_int_equal(nt_decode_document(f.t, f.ids.id, f.ids.n, &back), 0);
	assert_int_equal(back.len, 5);
	assert_memory_equal(back.data, " aaaa", 5);
	nt_buf_release(&back);
	close_all(&f);
}

static void one_round(struct fixture *f, struct nt_buf *back)
{
	size_t n;
	f->ids.n = f->spans.n = back->len = 0;
	assert_int_equal(nt_encode(f->e, text, sizeof(text) - 1, 0, &f->ids), 0);
	assert_int_equal(nt_encode_offsets(f->e, text, sizeof(text) - 1, 0, &f->ids, &f->spans), 0);
	assert_int_equal(nt_count(f->e, text, sizeof(text) - 1, 0, &n), 0);
	assert_int_equal(nt_decode(f->t, f->ids.id, f->ids.n, back), 0);
}

static void nothing_is_allocated_once_warm(void **state)
{
	(void)state;
	struct fixture f;
	struct nt_buf back = {0};
	if (HAS_SANITIZER)
		skip();
	open_with(&f, NULL, NULL);
	one_round(&f, &back);
	size_t cold = n_alloc;
	assert_true(cold > 0); /* or the counter would prove nothing */
	for (int i = 0; i < 100; i++)
		one_round(&f, &back);
	assert_int_equal(n_alloc, cold);
	nt_buf_release(&back);
	close_all(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_of_byte_level_tokens_are_the_text),
		cmocka_unit_test(spans_are_appended_and_begin_at_the_text_given),
		cmocka_unit_test(the_count_is_that_of_the_ids),
		cmocka_unit_test(a_space_put_in_front_of_a_document_is_taken_away_again),
		cmocka_unit_test(nothing_is_allocated_once_warm),
	};
	return cmocka_run_group_tests_name("offsets", tests, NULL, NULL);
}

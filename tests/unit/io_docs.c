/* SPDX-License-Identifier: MIT */
/* What ends a document: every rule, at every place in the buffer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "nt/docs.h"
#include "nt/err.h"
#include "nt/mem.h"

static char folder[] = "/tmp/nt-io-docs.XXXXXX";

static const char *put(const char *name, const void *bytes, size_t len)
{
	static char path[256];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	return path;
}

#define PUT(name, text) put(name, text, sizeof(text) - 1)

/* All documents of a file as "[one][two]", NUL shown as 0; or the sentence of the failure. */
static const char *read_docs(const char *path, const char *split, const char *field)
{
	static struct nt_buf out;
	struct nt_docs *docs;
	struct nt_doc doc;
	struct nt_docs_options how = {.split = split, .field = &field, .n_field = field != NULL};
	char *operand[] = {(char *)(uintptr_t)path};
	int rc = nt_docs_open(&docs, &how, operand, 1);
	out.len = 0;
	nt_buf_printf(&out, "%s", "");
	if (rc < 0)
		return nt_errmsg();
	while ((rc = nt_docs_next(docs, &doc)) == 1) {
		nt_buf_add(&out, "[", 1);
		nt_buf_add(&out, doc.text, doc.len);
		nt_buf_printf(&out, "]");
	}
	nt_docs_close(docs);
	for (size_t i = 0; i < out.len; i++)
		if (out.data[i] == 0)
			out.data[i] = '0';
	return rc < 0 ? nt_errmsg() : (char *)out.data;
}

static void a_file_is_one_document_whatever_is_in_it(void **state)
{
	(void)state;
	assert_string_equal(read_docs(PUT("a.txt", "one\n\ntwo\0three\n"), NULL, NULL), "[one\n\ntwo0three\n]");
	assert_string_equal(read_docs(PUT("a.txt", "{\"text\": \"x\"}\n"), "auto", NULL), "[{\"text\": \"x\"}\n]");
	assert_string_equal(read_docs(PUT("a.txt", ""), "auto", NULL), "[]");
	assert_string_equal(read_docs(PUT("a.jsonl", "{\"text\": \"x\"}\n"), "none", NULL), "[{\"text\": \"x\"}\n]");
}

static void lines_do_not_hold_their_newline(void **state)
{
	(void)state;
	assert_string_equal(read_docs(PUT("l", "a\n\nb\n"), "line", NULL), "[a][][b]");
	assert_string_equal(read_docs(PUT("l", "a\r\nb"), "line", NULL), "[a\r][b]");
	assert_string_equal(read_docs(PUT("l", ""), "line", NULL), "");
	assert_string_equal(read_docs(PUT("l", "\n"), "line", NULL), "[]");
}

static void runs_of_blank_lines_separate(void **state)
{
	(void)state;
	assert_string_equal(read_docs(PUT("b", "\n\na\nb\n\n \t\r\n\nc\n"), "blank", NULL), "[a\nb][c]");
	assert_string_equal(read_docs(PUT("b", "a\n\n"), "blank", NULL), "[a]");
	assert_string_equal(read_docs(PUT("b", "\n \n"), "blank", NULL), "");
	assert_string_equal(read_docs(PUT("b", " a\n  b"), "blank", NULL), "[ a\n  b]");
}

static void a_nul_at_the_end_begins_no_document(void **state)
{
	(void)state;
	assert_string_equal(read_docs(PUT("n", "a\0b\0"), "nul", NULL), "[a][b]");
	assert_string_equal(read_docs(PUT("n", "a\0\0b"), "nul", NULL), "[a][][b]");
	assert_string_equal(read_docs(PUT("n", "\0"), "nul", NULL), "[]");
	assert_string_equal(read_docs(PUT("n", ""), "nul", NULL), "");
}

static void any_other_word_is_a_delimiter(void **state)
{
	(void)state;
	assert_string_equal(read_docs(PUT("d", "a<|e|>b<|e|><|e|>c<|e|>"), "<|e|>", NULL), "[a][b][][c]");
	assert_string_equal(read_docs(PUT("d", "a\\b\tc"), "\\t", NULL), "[a\\b][c]");
	assert_string_equal(read_docs(PUT("d", "a\\b\tc"), "\\\\", NULL), "[a][b\tc]");
	assert_string_equal(read_docs(PUT("d", "a\0\nb"), "\\0\\n", NULL), "[a][b]");
	assert_string_equal(read_docs(PUT("d", "aaaa"), "aa", NULL), "[][]");
	assert_non_null(strstr(read_docs(PUT("d", ""), "\\q", NULL), "unknown escape '\\q'"));
	assert_non_null(strstr(read_docs(PUT("d", ""), "", NULL), "the delimiter is empty"));
}

/* A delimiter of three bytes is put at every place around where the buffer is refilled. */
static void a_delimiter_is_found_across_reads(void **state)
{
	enum { BLOCK = 1 << 18, N = 3 * BLOCK };
	char *text = malloc(N);
	(void)state;
	assert_non_null(text);
	for (size_t at = BLOCK - 5; at < BLOCK + 5; at++) {
		memset(text, '-', N);
		memcpy(text + at, "-=>", 3);
		memcpy(text + 2 * at, "-=>", 3);
		struct nt_docs *docs;
		struct nt_doc doc;
		struct nt_docs_options how = {.split = "-=>"};
		char *operand[] = {(char *)(uintptr_t)put("big", text, N)};
		assert_int_equal(nt_docs_open(&docs, &how, operand, 1), 0);
		assert_int_equal(nt_docs_next(docs, &doc), 1);
		assert_int_equal(doc.len, at);
		assert_int_equal(nt_docs_next(docs, &doc), 1);
		assert_int_equal(doc.len, at - 3);
		assert_int_equal(nt_docs_next(docs, &doc), 1);
		assert_int_equal(doc.len, N - 2 * at - 3);
		assert_int_equal(nt_docs_next(docs, &doc), 0);
		assert_int_equal(nt_docs_bytes(docs), N);
		assert_int_equal(nt_docs_total(docs), N);
		nt_docs_close(docs);
	}
	free(text);
}

static void a_json_line_gives_its_text(void **state)
{
	(void)state;
	const char *path = PUT("a.jsonl", "{\"text\":\"a\\u0000\\n\\ud83d\\ude00\",\"id\":1}\n \n{\"id\":2,\"text\":\"\"}\r\n");
	assert_string_equal(read_docs(path, NULL, NULL), "[a0\n\xf0\x9f\x98\x80][]");
	path = PUT("b.ndjson", "{\"t\":\"T\",\"body\":{\"en\":\"E\"},\"x.y\":\"D\"}");
	assert_string_equal(read_docs(path, NULL, "t,body.en,x.y"), "[T\n\nE\n\nD]");
}

static void escaped_pairs_are_the_character_they_make(void **state)
{
	(void)state;
	/* U+1D800, U+2D9E1 and U+10DFFF end in the bits of a surrogate */
	const char *path = PUT("p.jsonl", "{\"text\":\"\\ud836\\udc00 \\uD876\\uDDE1\\uDBF7\\uDFFF\"}\n"
				  "{\"text\":\"\\\\ud876\\\\udde1\"}\n"
				  "{\"text\":\"\\ud876 \\ud800\\ud876\\udde1\"}\n");
	assert_string_equal(read_docs(path, NULL, NULL),
			    "[\xf0\x9d\xa0\x80 \xf0\xad\xa7\xa1\xf4\x8d\xbf\xbf]"
			    "[\\ud876\\udde1]"
			    "[\xef\xbf\xbd \xef\xbf\xbd\xf0\xad\xa7\xa1]");
	path = PUT("q.jsonl", "{\"text\":\"\\ud876\\udde1\"}x");
	assert_non_null(strstr(read_docs(path, NULL, NULL), "ends at byte 23"));
}

static void a_bad_json_line_is_named(void **state)
{
	static const struct {
		const char *line, *field, *want;
	} bad[] = {
		{"{\"text\":1}", NULL, ":2: field 'text' is a number, not a string"},
		{"{\"text\":null}", NULL, ":2: field 'text' is null, not a string"},
		{"{\"Text\":\"x\"}", NULL, ":2: no field 'text'"},
		{"{\"text\":\"x\"}", "a.b", ":1: no field 'a.b'"},
		{"[\"text\"]", NULL, ":2: not a JSON line: not an object"},
		{"{\"text\":\"x", NULL, ":2: not a JSON line: cut: its JSON goes on"},
		{"{\"text\":\"x\"} {}", NULL, ":2: not a JSON line"},
		{"{'text':'x'}", NULL, ":2: not a JSON line"},
		{"{\"text\":\"x\",}", NULL, ":2: not a JSON line"},
		{"text", NULL, ":2: not a JSON line"},
		{"{\"text\":\"x\"}", "a,,b", "a JSON field without a name"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char text[200];
		int n = snprintf(text, sizeof(text), "{\"text\":\"ok\"}\n%s\n", bad[i].line);
		const char *got = read_docs(put("bad.jsonl", text, (size_t)n), NULL, bad[i].field);
		if (!strstr(got, bad[i].want))
			fail_msg("%s: %s", bad[i].line, got);
	}
}

static void deep_json_is_an_error_and_no_crash(void **state)
{
	char *line = malloc(200010);
	(void)state;
	assert_non_null(line);
	memcpy(line, "{\"text\":", 8);
	memset(line + 8, '[', 200000);
	assert_non_null(strstr(read_docs(put("deep.jsonl", line, 200008), NULL, NULL), "not a JSON line"));
	free(line);
}

static void sources_say_file_and_line(void **state)
{
	struct nt_docs *docs;
	struct nt_doc doc;
	char want[300], jsonl[256], text[256];
	(void)state;
	snprintf(jsonl, sizeof(jsonl), "%s", PUT("s.jsonl", "{\"text\":\"a\",\"id\":\"x\"}\n\n{\"text\":\"b\"}\n"));
	snprintf(text, sizeof(text), "%s", PUT("s.txt", "a"));
	char *operand[] = {jsonl, text};
	assert_int_equal(nt_docs_open(&docs, NULL, operand, 2), 0);
	assert_int_equal(nt_docs_next(docs, &doc), 1);
	snprintf(want, sizeof(want), "%s:1", jsonl);
	assert_string_equal(doc.source, want);
	assert_string_equal(doc.id, "x");
	assert_int_equal(nt_docs_next(docs, &doc), 1);
	snprintf(want, sizeof(want), "%s:3", jsonl);
	assert_string_equal(doc.source, want);
	assert_null(doc.id);
	assert_int_equal(nt_docs_next(docs, &doc), 1);
	assert_string_equal(doc.source, text);
	assert_int_equal(nt_docs_next(docs, &doc), 0);
	assert_int_equal(nt_docs_next(docs, &doc), 0);
	nt_docs_close(docs);
	nt_docs_close(NULL);
}

static void a_missing_file_is_the_systems_no(void **state)
{
	struct nt_docs *docs;
	struct nt_doc doc;
	char *operand[] = {(char *)(uintptr_t)"/nonexistent/file"};
	(void)state;
	assert_int_equal(nt_docs_open(&docs, NULL, operand, 1), 0);
	assert_int_equal(nt_docs_next(docs, &doc), NT_ESYS);
	assert_non_null(strstr(nt_errmsg(), "/nonexistent/file: cannot open"));
	nt_docs_close(docs);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static size_t behind_last_space(const void *arg, const uint8_t *text, size_t len)
{
	(void)arg;
	while (len > 1 && text[len - 1] != ' ')
		len--;
	return len > 1 ? len : 0;
}

/* Appends all documents with '|' behind each, put together again where they came in parts;
 * returns the number of parts that went on. */
static size_t join_parts(const char *path, const char *split, size_t part_bytes, struct nt_buf *out)
{
	struct nt_docs *docs;
	struct nt_doc doc;
	struct nt_docs_options how = {.split = split, .part_bytes = part_bytes,
				      .seam = behind_last_space};
	char *operand[] = {(char *)(uintptr_t)path};
	size_t n_part = 0;
	int rc;
	assert_int_equal(nt_docs_open(&docs, &how, operand, 1), 0);
	while ((rc = nt_docs_next(docs, &doc)) == 1) {
		assert_int_equal(nt_buf_add(out, doc.text, doc.len), 0);
		if (doc.goes_on)
			n_part++;
		else
			assert_int_equal(nt_buf_add(out, "|", 1), 0);
	}
	assert_int_equal(rc, 0);
	nt_docs_close(docs);
	return n_part;
}

static void parts_are_the_document(void **state)
{
	(void)state;
	static char text[3000000];
	static const char *const split[] = {"none", "line", "nul", " b c "};
	for (size_t i = 0; i < sizeof(text); i++) /* a stretch without a space, and all delimiters */
		text[i] = i > 500000 && i < 1500000 ? 'x' : "ab c d \n"[(i * 2654435761u >> 13) % 8];
	text[2000000] = 0;
	const char *path = put("parts", text, sizeof(text));
	for (size_t i = 0; i < 4; i++) {
		struct nt_buf whole = {0}, joined = {0};
		assert_int_equal(join_parts(path, split[i], 0, &whole), 0);
		size_t n_part = join_parts(path, split[i], 100000, &joined);
		assert_true(i == 1 || n_part > 3);
		assert_int_equal(joined.len, whole.len);
		assert_memory_equal(joined.data, whole.data, whole.len);
		nt_buf_release(&whole);
		nt_buf_release(&joined);
	}
}

/* All that a source of many operands gives, with numbers of threads and bytes ahead; the
 * sentence of a failure behind it. Stops after n_most documents. */
static void read_many(struct nt_buf *out, char *const *operand, size_t n, int n_thread,
		      uint64_t ahead_bytes, size_t n_most)
{
	struct nt_docs *docs;
	struct nt_doc doc;
	struct nt_docs_options how = {.n_thread = n_thread, .ahead_bytes = ahead_bytes,
				      .part_bytes = 100000, .seam = behind_last_space};
	int rc = 1;
	assert_int_equal(nt_docs_open(&docs, &how, operand, n), 0);
	while (n_most-- > 0 && (rc = nt_docs_next(docs, &doc)) == 1) {
		assert_int_equal(nt_buf_add(out, doc.text, doc.len), 0);
		if (!doc.goes_on)
			assert_int_equal(nt_buf_printf(out, "|%s|%s|%s|%s\n", doc.source, doc.id ? doc.id : "",
						       doc.url ? doc.url : "", doc.date ? doc.date : ""), 0);
	}
	if (rc < 0)
		assert_int_equal(nt_buf_printf(out, "%d %s", rc, nt_errmsg()), 0);
	if (rc == 0)
		assert_int_equal(nt_buf_printf(out, "%llu %s", (unsigned long long)nt_docs_bytes(docs),
					       nt_docs_remark(docs) ? nt_docs_remark(docs) : "-"), 0);
	nt_docs_close(docs);
}

static void threads_hand_out_what_one_does(void **state)
{
	(void)state;
	enum { N = 60 };
	static char text[1500000], path[N + 2][64], *operand[N + 2];
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "ab c d \n"[(i * 2654435761u >> 13) % 8];
	for (size_t i = 0; i < N + 2; i++) {
		char name[32];
		size_t len = i % 9 == 3 ? sizeof(text) : i * 37;
		snprintf(name, sizeof(name), i % 4 == 1 ? "m%zu.jsonl" : "m%zu", i);
		snprintf(path[i], sizeof(path[i]), "%s/%s", folder, name);
		operand[i] = path[i];
		if (i < N && i % 4 == 1)
			PUT(name, "{\"text\":\"x\",\"id\":7,\"url\":\"u\"}\n{\"text\":\"y\",\"date\":\"d\"}\n");
		else if (i < N)
			put(name, text, len);
	}
	for (size_t n = 2; n <= N + 1; n += N - 1) { /* the last one is not there */
		struct nt_buf one = {0};
		read_many(&one, operand, n == 2 ? N : N + 1, 0, 0, SIZE_MAX);
		for (int n_thread = 2; n_thread < 8; n_thread += 2)
			for (uint64_t ahead = 1; ahead < 1 << 30; ahead *= 1 << 20) {
				struct nt_buf many = {0};
				read_many(&many, operand, n == 2 ? N : N + 1, n_thread, ahead, SIZE_MAX);
				assert_int_equal(many.len, one.len);
				assert_memory_equal(many.data, one.data, one.len);
				nt_buf_release(&many);
			}
		nt_buf_release(&one);
	}
	for (size_t n_most = 0; n_most < 40; n_most += 3) { /* nobody wants the others */
		struct nt_buf some = {0};
		read_many(&some, operand, N, 3, n_most << 16, n_most);
		nt_buf_release(&some);
	}
}

static int remove_folder(void **state)
{
	char command[300];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_one_document_whatever_is_in_it),
		cmocka_unit_test(lines_do_not_hold_their_newline),
		cmocka_unit_test(runs_of_blank_lines_separate),
		cmocka_unit_test(a_nul_at_the_end_begins_no_document),
		cmocka_unit_test(any_other_word_is_a_delimiter),
		cmocka_unit_test(a_delimiter_is_found_across_reads),
		cmocka_unit_test(parts_are_the_document),
		cmocka_unit_test(threads_hand_out_what_one_does),
		cmocka_unit_test(a_json_line_gives_its_text),
		cmocka_unit_test(escaped_pairs_are_the_character_they_make),
		cmocka_unit_test(a_bad_json_line_is_named),
		cmocka_unit_test(deep_json_is_an_error_and_no_crash),
		cmocka_unit_test(sources_say_file_and_line),
		cmocka_unit_test(a_missing_file_is_the_systems_no),
	};
	return cmocka_run_group_tests_name("io_docs", tests, make_folder, remove_folder);
}

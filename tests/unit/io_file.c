/* SPDX-License-Identifier: MIT */
/* Outputs that are complete or absent, whole reads, and strings as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/spill.h"
#include "nt/err.h"
#include "nt/file.h"
#include "nt/gguf.h"

static char folder[] = "/tmp/nt-io-file.XXXXXX";
static char path[64], part[80];

static const char *contents(void)
{
	static struct nt_buf b;
	b.len = 0;
	assert_int_equal(nt_read_file(&b, path), 0);
	assert_int_equal(nt_buf_printf(&b, "%s", ""), 0);
	return (char *)b.data;
}

static void write_whole(const char *text)
{
	struct nt_out *out;
	assert_int_equal(nt_out_open(&out, path, 0), 0);
	assert_int_equal(nt_out_write(out, text, strlen(text)), 0);
	assert_int_equal(nt_out_bytes(out), strlen(text));
	assert_int_equal(nt_out_close(out), 0);
}

static void a_file_takes_its_name_when_it_is_complete(void **state)
{
	struct nt_out *out;
	(void)state;
	write_whole("old");
	assert_int_equal(nt_out_open(&out, path, 0), 0);
	assert_int_equal(nt_out_write(out, "new", 3), 0);
	assert_int_equal(nt_out_flush(out), 0);
	assert_string_equal(contents(), "old");
	assert_int_equal(access(part, F_OK), 0);
	assert_int_equal(nt_out_close(out), 0);
	assert_string_equal(contents(), "new");
	assert_int_equal(access(part, F_OK), -1);
}

static void what_fails_leaves_the_old_file(void **state)
{
	struct nt_out *out;
	(void)state;
	write_whole("old");
	assert_int_equal(nt_out_open(&out, path, 0), 0);
	assert_int_equal(nt_out_write(out, "half", 4), 0);
	nt_out_discard(out);
	assert_string_equal(contents(), "old");
	assert_int_equal(access(part, F_OK), -1);
}

static void what_a_killed_run_left_is_overwritten(void **state)
{
	(void)state;
	FILE *f = fopen(part, "w");
	assert_non_null(f);
	fputs("a longer rest of a run that was killed", f);
	fclose(f);
	write_whole("x");
	assert_string_equal(contents(), "x");
}

static void two_writers_of_one_file_are_refused(void **state)
{
	struct nt_out *one, *two;
	(void)state;
	assert_int_equal(nt_out_open(&one, path, 0), 0);
	assert_int_equal(nt_out_open(&two, path, 0), NT_ESYS);
	assert_non_null(strstr(nt_errmsg(), "another program is writing it"));
	assert_int_equal(nt_out_close(one), 0);
}

static void pieces_larger_and_smaller_than_the_buffer_keep_their_order(void **state)
{
	enum { BIG = 300000 };
	struct nt_out *out;
	struct nt_map m;
	char *big = malloc(BIG);
	(void)state;
	assert_non_null(big);
	memset(big, 'b', BIG);
	assert_int_equal(nt_out_open(&out, path, 0), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(nt_out_write(out, "a", 1), 0);
		assert_int_equal(nt_out_write(out, big, BIG), 0);
		assert_int_equal(nt_out_write(out, big, 0), 0);
	}
	assert_int_equal(nt_out_close(out), 0);
	assert_int_equal(nt_map_open(&m, path), 0);
	assert_int_equal(m.len, 3 * (BIG + 1));
	for (size_t i = 0; i < m.len; i++)
		assert_true(m.data[i] == (i % (BIG + 1) ? 'b' : 'a'));
	nt_map_close(&m);
	nt_map_close(&m);
	free(big);
}

static void a_full_disk_is_seen_at_the_close(void **state)
{
	struct nt_out *out;
	(void)state;
	if (access("/dev/full", W_OK) < 0)
		skip();
	assert_int_equal(nt_out_open(&out, "/dev/full", 0), 0);
	assert_int_equal(nt_out_write(out, "x", 1), 0);
	assert_int_equal(nt_out_close(out), NT_ESYS);
	assert_non_null(strstr(nt_errmsg(), "/dev/full: cannot write: No space left"));
}

static void directories_and_standard_input_are_no_files_to_map(void **state)
{
	struct nt_map m;
	struct nt_out *out;
	(void)state;
	assert_int_equal(nt_map_open(&m, folder), NT_ESYS);
	assert_int_equal(nt_map_open(&m, "-"), NT_EARG);
	assert_int_equal(nt_out_open(&out, folder, 0), NT_ESYS);
	assert_null(out);
	write_whole("");
	assert_int_equal(nt_map_open(&m, path), 0);
	assert_null(m.data);
	nt_map_close(&m);
}

static void json(const char *bytes, size_t len, const char *want)
{
	struct nt_buf b = {0};
	assert_int_equal(nt_json_string(&b, bytes, len), 0);
	assert_int_equal(nt_buf_printf(&b, "%s", ""), 0);
	assert_string_equal((char *)b.data, want);
	nt_buf_release(&b);
}

static void strings_become_json_and_bad_bytes_become_replacements(void **state)
{
	(void)state;
	json("", 0, "\"\"");
	json("a\"\\\n\t\r\0\x1f\x7f/", 10, "\"a\\\"\\\\\\n\\t\\r\\u0000\\u001f\\u007f/\"");
	json("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
	json("\xff" "a", 2, "\"\xef\xbf\xbd" "a\"");
	json("\xe2\x82", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");             /* cut */
	json("\xc0\x80", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");             /* longer than needed */
	json("\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""); /* a surrogate */
	json("\xf4\x90\x80\x80", 4, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void a_gguf_file_is_mapped_and_what_is_none_is_refused(void **state)
{
	static const char gguf[24] = "GGUF\3"; /* of nothing */
	struct nt_gguf *g;
	struct nt_out *out;
	(void)state;
	assert_int_equal(nt_gguf_open(&g, "/nowhere/at/all"), NT_ESYS);
	write_whole("GGUF");
	assert_int_equal(nt_gguf_open(&g, path), NT_EFORMAT);
	assert_null(g);
	assert_int_equal(nt_out_open(&out, path, NT_OUT_FORCE), 0);
	assert_int_equal(nt_out_write(out, gguf, sizeof(gguf)), 0);
	assert_int_equal(nt_out_close(out), 0);
	assert_int_equal(nt_gguf_open(&g, path), 0);
	assert_int_equal(nt_gguf_n_tensor(g), 0);
	nt_gguf_close(g);
	nt_gguf_close(NULL);
}

static void what_is_spilled_comes_back_in_pieces_of_any_size(void **state)
{
	(void)state;
	enum { N = 50000, BUFFER = 1000 };
	static uint8_t due[N], got[N];
	static const size_t piece[] = {1, 7, 0, 999, 1000, 3, 1001, 12345, 500};
	for (size_t buffer = 0; buffer <= BUFFER; buffer += BUFFER) {
		struct nt_spill s;
		assert_int_equal(nt_spill_open(&s, folder, buffer), 0);
		for (size_t i = 0; i < N; i++)
			due[i] = (uint8_t)(i * i >> 3);
		for (size_t at = 0; at < N; at += 125)
			assert_int_equal(nt_spill_add(&s, due + at, 125), 0);
		assert_int_equal(nt_spill_rewind(&s), 0);
		for (size_t at = 0, i = 0, n; at < N; at += n) {
			n = piece[i++ % 9];
			n = n < N - at ? n : N - at;
			assert_int_equal(nt_spill_read(&s, got + at, n), 0);
		}
		assert_memory_equal(got, due, N);
		assert_int_equal(nt_spill_read(&s, got, 1), NT_ESYS);
		nt_spill_close(&s);
	}
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/file", folder);
	snprintf(part, sizeof(part), "%s.part", path);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_takes_its_name_when_it_is_complete),
		cmocka_unit_test(what_fails_leaves_the_old_file),
		cmocka_unit_test(what_a_killed_run_left_is_overwritten),
		cmocka_unit_test(two_writers_of_one_file_are_refused),
		cmocka_unit_test(pieces_larger_and_smaller_than_the_buffer_keep_their_order),
		cmocka_unit_test(a_full_disk_is_seen_at_the_close),
		cmocka_unit_test(directories_and_standard_input_are_no_files_to_map),
		cmocka_unit_test(a_gguf_file_is_mapped_and_what_is_none_is_refused),
		cmocka_unit_test(what_is_spilled_comes_back_in_pieces_of_any_size),
		cmocka_unit_test(strings_become_json_and_bad_bytes_become_replacements),
	};
	return cmocka_run_group_tests_name("io_file", tests, make_folder, remove_folder);
}

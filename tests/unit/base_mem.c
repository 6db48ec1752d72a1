/* SPDX-License-Identifier: MIT */
/* Memory whose size was checked, growing arrays, and the sentence of a failure. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/le.h"
#include "nt/err.h"
#include "nt/mem.h"

static void memory_is_aligned_and_zero_bytes_are_no_failure(void **state)
{
	(void)state;
	for (size_t n = 0; n < 200; n += 13) {
		void *p = nt_calloc(n, 1);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 64, 0);
		free(p);
	}
}

static void a_product_that_overflows_is_refused(void **state)
{
	size_t out;
	(void)state;
	assert_int_equal(nt_mul(SIZE_MAX / 2, 3, &out), NT_ESYS);
	assert_null(nt_alloc(SIZE_MAX / 4, 8));
	assert_null(nt_alloc(SIZE_MAX, 1));
	assert_non_null(strstr(nt_errmsg(), "out of memory"));
	assert_int_equal(nt_mul(3, 5, &out), 0);
	assert_int_equal(out, 15);
}

static void grow_keeps_what_was_there(void **state)
{
	uint32_t *a = NULL;
	size_t cap = 0;
	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		assert_int_equal(nt_grow(&a, &cap, i + 1, sizeof(*a)), 0);
		a[i] = i * 7;
	}
	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(a[i], i * 7);
	uint32_t *before = a;
	assert_int_equal(nt_grow(&a, &cap, SIZE_MAX / 2, sizeof(*a)), NT_ESYS);
	assert_ptr_equal(a, before); /* as it was */
	free(a);
}

static void a_buffer_takes_bytes_and_text_of_any_length(void **state)
{
	struct nt_buf b = {0};
	char long_text[5000];
	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = 0;
	assert_int_equal(nt_buf_add(&b, NULL, 0), 0);
	assert_int_equal(nt_buf_add(&b, "a\0b", 3), 0);
	assert_int_equal(nt_buf_printf(&b, "%d-%s", 42, long_text), 0);
	assert_int_equal(b.len, 3 + 3 + 4999);
	assert_memory_equal(b.data, "a\0b42-xx", 8);
	assert_int_equal(b.data[b.len - 1], 'x');
	assert_int_equal(nt_buf_reserve(&b, SIZE_MAX), NT_ESYS);
	nt_buf_release(&b);
	nt_buf_release(&b);
	assert_null(b.data);
}

static void escapes_become_the_bytes_they_stand_for(void **state)
{
	struct nt_buf b = {0};
	(void)state;
	assert_int_equal(nt_buf_unescape(&b, "a\\n\\t\\r\\0\\\\n"), 0);
	assert_int_equal(b.len, 7);
	assert_memory_equal(b.data, "a\n\t\r\0\\n", 7);
	assert_int_equal(nt_buf_unescape(&b, "\\q"), NT_EARG);
	assert_int_equal(nt_buf_unescape(&b, "\\"), NT_EARG);
	nt_buf_release(&b);
}

static void ids_grow_like_bytes(void **state)
{
	struct nt_ids ids = {0};
	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(nt_ids_add(&ids, &i, 1), 0);
	assert_int_equal(ids.n, 1000);
	assert_int_equal(ids.id[999], 999);
	nt_ids_release(&ids);
	nt_ids_release(&ids);
}

static void a_sentence_has_no_control_bytes(void **state)
{
	(void)state;
	assert_int_equal(nt_fail(NT_EFORMAT, "%s: bad", "a\033[2Jb\n\x7f"), NT_EFORMAT);
	assert_string_equal(nt_errmsg(), "a?[2Jb??: bad");
	/* its own text may be an argument of the next one */
	assert_int_equal(nt_fail(NT_EARG, "again: %s", nt_errmsg()), NT_EARG);
	assert_string_equal(nt_errmsg(), "again: a?[2Jb??: bad");
	errno = ENOENT;
	assert_int_equal(nt_fail_sys("%s: cannot open", "x"), NT_ESYS);
	assert_string_equal(nt_errmsg(), "x: cannot open: No such file or directory");
}

static void disk_integers_are_little_endian_at_any_alignment(void **state)
{
	uint8_t b[16] = {0};
	(void)state;
	nt_put64(b + 1, 0x0123456789abcdefu);
	assert_int_equal(b[1], 0xef);
	assert_int_equal(b[8], 0x01);
	assert_true(nt_le64(b + 1) == 0x0123456789abcdefu);
	assert_int_equal(nt_le32(b + 1), 0x89abcdefu);
	assert_int_equal(nt_le16(b + 1), 0xcdef);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_aligned_and_zero_bytes_are_no_failure),
		cmocka_unit_test(a_product_that_overflows_is_refused),
		cmocka_unit_test(grow_keeps_what_was_there),
		cmocka_unit_test(a_buffer_takes_bytes_and_text_of_any_length),
		cmocka_unit_test(escapes_become_the_bytes_they_stand_for),
		cmocka_unit_test(ids_grow_like_bytes),
		cmocka_unit_test(a_sentence_has_no_control_bytes),
		cmocka_unit_test(disk_integers_are_little_endian_at_any_alignment),
	};
	return cmocka_run_group_tests_name("base_mem", tests, NULL, NULL);
}

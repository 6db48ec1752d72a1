/* SPDX-License-Identifier: MIT */
/* Prompts of a pipe, line by line: text, objects, ids; nothing is waited for unasked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "nt/err.h"
#include "nt/prompts.h"

static struct nt_prompts *prompts;
static struct nt_prompt prompt;
static int into;

static void say(const char *text, size_t len)
{
	assert_int_equal(write(into, text, len), len);
}
#define SAY(text) say(text, sizeof(text) - 1)

static void begin(const struct nt_prompts_options *options)
{
	int end[2];
	assert_int_equal(pipe(end), 0);
	into = end[1];
	assert_int_equal(nt_prompts_open(&prompts, options, end[0], "in", NULL), 0);
}

static void finish(void)
{
	nt_prompts_close(prompts);
	prompts = NULL;
}

static void next_is(const char *text, size_t len, const char *kept)
{
	assert_int_equal(nt_prompts_next(prompts, true, &prompt), 1);
	assert_non_null(prompt.text);
	assert_int_equal(prompt.len, len);
	assert_memory_equal(prompt.text, text, len);
	assert_int_equal(prompt.kept_len, strlen(kept));
	assert_memory_equal(prompt.kept, kept, prompt.kept_len);
}

static void next_ids(const char *kept, size_t n, const uint32_t *id)
{
	assert_int_equal(nt_prompts_next(prompts, true, &prompt), 1);
	assert_null(prompt.text);
	assert_int_equal(prompt.n_id, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(prompt.id[i], id[i]);
	assert_int_equal(prompt.kept_len, strlen(kept));
	assert_memory_equal(prompt.kept, kept, prompt.kept_len);
}

static void lines_come_as_they_are_written(void **state)
{
	(void)state;
	begin(&(struct nt_prompts_options){.field = "prompt"});
	assert_int_equal(nt_prompts_next(prompts, false, &prompt), NT_LINES_LATER);
	SAY("one\n\ntw");
	next_is("one", 3, "\"prompt\":\"one\"");
	next_is("", 0, "\"prompt\":\"\"");
	assert_int_equal(prompt.line, 2);
	assert_int_equal(nt_prompts_next(prompts, false, &prompt), NT_LINES_LATER);
	SAY("o\0\r\nlast");
	next_is("two\0\r", 5, "\"prompt\":\"two\\u0000\\r\"");
	assert_int_equal(nt_prompts_next(prompts, false, &prompt), NT_LINES_LATER);
	close(into);
	next_is("last", 4, "\"prompt\":\"last\"");
	assert_string_equal(nt_prompts_place(prompts), "in:4");
	assert_int_equal(nt_prompts_next(prompts, true, &prompt), 0);
	assert_int_equal(nt_prompts_next(prompts, false, &prompt), 0);
	finish();
}

static void a_line_longer_than_a_read_comes_whole(void **state)
{
	size_t len = 100000; /* more than a pipe holds comes in two writes */
	char *text = malloc(len);
	(void)state;
	memset(text, 'x', len);
	begin(&(struct nt_prompts_options){.field = "prompt"});
	say(text, 60000);
	assert_int_equal(nt_prompts_next(prompts, false, &prompt), NT_LINES_LATER);
	say(text, len - 60000);
	SAY("\nnext");
	close(into);
	assert_int_equal(nt_prompts_next(prompts, true, &prompt), 1);
	assert_int_equal(prompt.len, len);
	assert_memory_equal(prompt.text, text, len);
	next_is("next", 4, "\"prompt\":\"next\"");
	free(text);
	finish();
}

static void an_object_keeps_what_else_it_holds(void **state)
{
	static const char *const others[] = {"ids", "finish_reason", NULL};
	(void)state;
	begin(&(struct nt_prompts_options){.is_jsonl = true, .field = "q", .answer = "text", .others = others});
	SAY("\xef\xbb\xbf{\"id\" : 7, \"q\": \"a\\n\\u00e9\\ud83d\\ude00\", \"x\": {\"q\": [1, \"]\"]} , \"finish_reason\": null}\n"
	    " \r\n{\"q\\u0022\":\"\\u0041\",\"q\":\"\",\"ids\":[1]}\n{\"q\":[]}\n{\"q\": [3, 4294967294 ,0]}\n{\"text\":\"\",\"q\":\"\"}\n");
	next_is("a\n\xc3\xa9\xf0\x9f\x98\x80", 8,
		"\"id\":7,\"q\":\"a\\n\\u00e9\\ud83d\\ude00\",\"x\":{\"q\": [1, \"]\"]}");
	next_is("", 0, "\"q\\\"\":\"\\u0041\",\"q\":\"\"");
	assert_int_equal(prompt.line, 3);
	next_ids("\"q\":[]", 0, NULL);
	next_ids("\"q\":[3, 4294967294 ,0]", 3, (uint32_t[]){3, 4294967294u, 0});
	assert_int_equal(nt_prompts_next(prompts, true, &prompt), NT_EFORMAT);
	assert_string_equal(nt_errmsg(), "in:6: it has a field 'text' already, where the answer goes: name another one "
					 "for that with --answer-field");
	close(into);
	finish();
}

static void a_line_that_is_no_prompt_is_named(void **state)
{
	static const char *const bad[] = {"{\"text\":\"a\"}", "{\"prompt\":1}", "{\"prompt\":null}", "{\"prompt\":\"a\"",
					  "{\"prompt\":\"a\"} x", "[]", "{\"prompt\":[1,-1]}", "{\"prompt\":[1.5]}",
					  "{\"prompt\":[4294967295]}", "{\"prompt\":[\"1\"]}", "{\"prompt\":\"\xff\"}", "text"};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		begin(&(struct nt_prompts_options){.is_jsonl = true, .field = "prompt"});
		say(bad[i], strlen(bad[i]));
		SAY("\n{\"prompt\":\"next\"}\n");
		assert_int_equal(nt_prompts_next(prompts, true, &prompt), NT_EFORMAT);
		assert_memory_equal(nt_errmsg(), "in:1: ", 6);
		close(into);
		finish();
	}
}

static void text_may_be_ids(void **state)
{
	static const struct nt_prompts_options ids = {.is_ids = true, .field = "prompt"};
	(void)state;
	begin(&ids);
	SAY("1 22\t333\r\n\n 4\n5 x\n");
	next_ids("\"prompt\":[1,22,333]", 3, (uint32_t[]){1, 22, 333});
	next_ids("\"prompt\":[]", 0, NULL);
	next_ids("\"prompt\":[4]", 1, (uint32_t[]){4});
	assert_int_equal(nt_prompts_next(prompts, true, &prompt), NT_EFORMAT);
	assert_string_equal(nt_errmsg(), "in:4: 'x' is no token id");
	close(into);
	finish();
	assert_int_equal(nt_prompts_of(&prompts, &ids, "7\n8", 3), 0);
	next_ids("\"prompt\":[7,8]", 2, (uint32_t[]){7, 8});
	assert_int_equal(nt_prompts_next(prompts, true, &prompt), 0);
	finish();
}

static void one_text_is_one_prompt(void **state)
{
	(void)state;
	assert_int_equal(nt_prompts_of(&prompts, &(struct nt_prompts_options){.field = "prompt"}, "a\nb", 3), 0);
	next_is("a\nb", 3, "\"prompt\":\"a\\nb\"");
	assert_int_equal(prompt.line, 0);
	assert_int_equal(nt_prompts_next(prompts, true, &prompt), 0);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_as_they_are_written),
		cmocka_unit_test(a_line_longer_than_a_read_comes_whole),
		cmocka_unit_test(an_object_keeps_what_else_it_holds),
		cmocka_unit_test(a_line_that_is_no_prompt_is_named),
		cmocka_unit_test(text_may_be_ids),
		cmocka_unit_test(one_text_is_one_prompt),
	};
	return cmocka_run_group_tests_name("io_prompts", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Questions with choices as evaluation sets write them: context, continuations, answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nt/choices.h"
#include "nt/err.h"

static struct nt_choices c;

static int read_line(const char *line)
{
	static const struct nt_choices_fields usual;
	return nt_choices_read(&c, &usual, line, strlen(line), "x:1");
}

static void is_text(const struct nt_choices_text *t, const char *want)
{
	assert_int_equal(t->len, strlen(want));
	assert_memory_equal(t->p, want, t->len);
}

static void is_read(const char *line, const char *context, const char *first, const char *second, size_t answer)
{
	assert_int_equal(read_line(line), 0);
	is_text(&c.context, context);
	assert_int_equal(c.n_choice, 2);
	is_text(&c.choice[0], first);
	is_text(&c.choice[1], second);
	assert_int_equal(c.answer, answer);
}

static void the_usual_forms_are_read(void **state)
{
	(void)state;
	is_read("{\"ind\": 4, \"ctx_a\": \"no\", \"ctx\": \"A man\", \"endings\": [\"runs\", \"is\"], \"label\": \"1\"}", "A man",
		"runs", "is", 1);
	is_read("{\"question\":\"Q\",\"subject\":\"s\",\"choices\":[\"a\",\"b\"],\"answer\":0}", "Q", "a", "b", 0);
	is_read("{\"answerKey\": \"2\", \"choices\": {\"label\": [\"1\", \"2\"], \"text\": [\"a\", \"b\"]}, \"question\": \"Q\"}", "Q",
		"a", "b", 1); /* a label goes before a number */
	is_read("{\"prompt\": \"\", \"options\": [\"\\u00e9\\n\", \"\"], \"gold\": \"B\"}", "", "\xc3\xa9\n", "", 1);
	/* the first of the usual names, wherever it stands */
	is_read("{\"prompt\": \"no\", \"ctx\": \"yes\", \"query\": \"no\", \"choices\": [\"a\", \"b\"]}", "yes", "a", "b", SIZE_MAX);
}

static void an_answer_may_be_missing(void **state)
{
	static const char *const none[] = {"", ", \"label\": null", ", \"label\": \"\""};
	char line[200];
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(line, sizeof(line), "{\"ctx\": \"c\", \"endings\": [\"a\", \"b\"]%s}", none[i]);
		is_read(line, "c", "a", "b", SIZE_MAX);
	}
}

static void what_is_no_question_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "[]", "{}", "{\"ctx\": \"a\"}", "{\"endings\": [\"a\", \"b\"]}",
		"{\"ctx\": \"a\", \"endings\": [\"a\"]}", "{\"ctx\": \"a\", \"endings\": \"ab\"}",
		"{\"ctx\": \"a\", \"endings\": [\"a\", 1]}", "{\"ctx\": [], \"endings\": [\"a\", \"b\"]}",
		"{\"ctx\": \"a\", \"endings\": {\"label\": [\"A\", \"B\"]}}",
		"{\"ctx\": \"a\", \"endings\": [\"a\", \"b\"], \"label\": 2}",
		"{\"ctx\": \"a\", \"endings\": [\"a\", \"b\"], \"label\": 0.5}",
		"{\"ctx\": \"a\", \"endings\": [\"a\", \"b\"], \"label\": \"neither\"}",
		"{\"ctx\": \"a\", \"endings\": [\"a\", \"b\"], \"label\": [0]}",
		"{\"ctx\": \"a\", \"endings\": [\"a\", \"b\"]} x", "{\"ctx\": \"a\", \"endings\": [\"a\", \"b\"]",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(read_line(bad[i]), NT_EFORMAT);
		assert_non_null(strstr(nt_errmsg(), "x:1: "));
	}
	nt_choices_release(&c);
	nt_choices_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_usual_forms_are_read),
		cmocka_unit_test(an_answer_may_be_missing),
		cmocka_unit_test(what_is_no_question_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

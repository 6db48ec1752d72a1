/* SPDX-License-Identifier: MIT */
/* io_pick.c - members of a JSON object by name and by path */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "io/pick.h"
#include "nt/err.h"

/* What name picks out of text: an error's code, or the value; "" is none. */
static int pick(const char *name, const char *text, char *said)
{
	struct nt_picks *p;
	bool is_deep;
	assert_int_equal(nt_picks_new(&p), 0);
	int index = nt_picks_add(p, name), rc = nt_picks_read(p, text, strlen(text), &is_deep);
	const struct nt_picked *picked = nt_picks_get(p, index);
	*said = 0;
	if (rc == 0 && picked->kind)
		snprintf(said, 64, "%.*s", (int)picked->value.len, picked->value.p);
	nt_picks_free(p);
	return rc;
}

static void a_name_is_a_member_or_a_path(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text, *want;
	} one[] = {
		{"a", "{\"a\":\"x\\n\"}", "x\n"},
		{"a", "{\"a\": [1, {}] , \"b\":2}", "[1, {}]"},
		{"a", "{\"b\":{\"a\":1}}", ""},
		{"a", "{\"ab\":1,\"\":2,\"a\\u0000\":3}", ""},
		{"a", "\xef\xbb\xbf{\"a\":NaN}", "NaN"},
		{"a.b", "{\"a\":{\"b\":1}}", "1"},
		{"a.b", "{\"a.b\":1}", "1"},
		{"a.b", "{\"a.b\":1,\"a\":{\"b\":2}}", "1"},
		{"a.b", "{\"a\":{\"b\":2},\"a.b\":1}", "1"},
		{"a.b", "{\"a\":[{\"b\":2}]}", ""},
		{"a.b.c", "{\"a\":{\"b\":{\"c\":1}}}", "1"},
		{"a.b.c", "{\"a\":{\"b.c\":1,\"b\":{\"c\":2}}}", "1"},
		{"a.b.c", "{\"a\":{\"b\":{\"d\":{}}},\"a.b\":{\"c\":1}}", ""},
		{"a.a.a", "{\"a\":{\"a\":{\"a\":{\"a\":1}}}}", "{\"a\":1}"},
		/* of one name, the last counts */
		{"a", "{\"a\":\"\\u0078\",\"a\":\"y\"}", "y"},
		{"a.b", "{\"a\":{\"b\":1},\"a\":{\"b\":2}}", "2"},
		{"a.b", "{\"a\":{\"b\":1},\"a\":{}}", ""},
		{"a.b", "{\"a\":{\"b\":1},\"a\":7}", ""},
		{"a.b", "{\"a\":7,\"a\":{\"b\":1}}", "1"},
	};
	char said[64];
	for (size_t i = 0; i < sizeof(one) / sizeof(*one); i++) {
		assert_int_equal(pick(one[i].name, one[i].text, said), 0);
		assert_string_equal(said, one[i].want);
	}
}

static void what_is_passed_over_is_checked(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "[]", "7", "{\"a\":1", "{\"a\":1}}", "{\"b\":[1,]}", "{\"a\":{\"b\":01}}"};
	char said[64];
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(pick("a.b", bad[i], said), NT_EFORMAT);
}

static void many_are_picked_at_once(void **state)
{
	(void)state;
	static const char text[] = "{\"a\":{\"x\":\"\\t\",\"y\":{\"z\":\"\\\\\"}},\"b\":\"\\/\",\"x\":0}";
	static const char *const name[] = {"a.y.z", "b", "a.x", "x", "a.y", "a"}, *const want[] = {
		"\\", "/", "\t", "0", "{\"z\":\"\\\\\"}", "{\"x\":\"\\t\",\"y\":{\"z\":\"\\\\\"}}"};
	enum { N = sizeof(name) / sizeof(*name) };
	struct nt_picks *p;
	bool is_deep;
	assert_int_equal(nt_picks_new(&p), 0);
	for (int i = 0; i < N; i++)
		assert_int_equal(nt_picks_add(p, name[i]), i);
	assert_int_equal(nt_picks_add(p, "a.x"), 2);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(nt_picks_read(p, text, strlen(text), &is_deep), 0);
		for (int i = 0; i < N; i++)
			assert_true(nt_json_is(&nt_picks_get(p, i)->value, want[i]));
	}
	nt_picks_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_a_member_or_a_path),
		cmocka_unit_test(what_is_passed_over_is_checked),
		cmocka_unit_test(many_are_picked_at_once),
	};
	return cmocka_run_group_tests_name("members of JSON objects", tests, NULL, NULL);
}

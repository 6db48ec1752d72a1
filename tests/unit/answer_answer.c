/* SPDX-License-Identifier: MIT */
/* Answers to prompts, with as little asked for as can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "nt/answer.h"
#include "nt/err.h"

#include "answer_model.h"

enum { N = 6 };

/* Returns why the answer to "a" ended; *n ids of it. */
static enum nt_reason answer(const struct nt_answer_options *o, uint32_t id[N], size_t *n)
{
	struct nt_lanes_options how = {.n_lane = 1, .n_position = T, .sampling = {.top_p = 1}};
	struct nt_prompts_options form = {.field = "prompt"};
	struct nt_answer_counts counts;
	struct nt_lanes *lanes;
	struct nt_prompts *prompts;
	struct nt_out *out;
	struct nt_buf text = {0};
	char path[] = "/tmp/nt-answer.XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0 && close(fd) == 0);
	assert_int_equal(nt_lanes_new(&lanes, lm, &how, NULL), 0);
	assert_int_equal(nt_prompts_of(&prompts, &form, "a", 1), 0);
	assert_int_equal(nt_out_open(&out, path, 0), 0);
	if (nt_answer_prompts(o, lanes, prompts, out, &counts) < 0)
		fail_msg("%s", nt_errmsg());
	assert_int_equal(nt_out_close(out), 0);
	assert_int_equal(counts.answers, 1);
	assert_int_equal(nt_read_file(&text, path) | nt_buf_add(&text, "", 1), 0);
	*n = 0;
	for (char *p = (char *)text.data; *n < N && *p && *p != '\n';)
		id[(*n)++] = (uint32_t)strtoul(p, &p, 10);
	unlink(path);
	nt_buf_release(&text);
	nt_prompts_close(prompts);
	nt_lanes_free(lanes);
	for (int r = NT_GOES_ON; r < NT_REASON_COUNT; r++)
		if (counts.ended[r])
			return (enum nt_reason)r;
	return NT_GOES_ON;
}

static void an_answer_ends_at_any_end_of_text(void **state)
{
	struct nt_answer_options o = {.tokenizer = tokenizer, .n_most = N, .ends = {.bos = 256}, .ids = true,
				      .no_prompt = true, .form = NT_ANSWER_TEXT};
	uint32_t id[N], again[N];
	size_t n, first = 1;
	(void)state;
	assert_int_equal(answer(&o, id, &n), NT_ENDED_LENGTH); /* no stop strings, and nobody to stop it */
	assert_int_equal(n, N);
	while (first < N - 1 && id[first] == id[0])
		first++;
	assert_true(id[first] != id[0]);
	o.ends.n_eos = 3;
	o.ends.eos[0] = 257;
	o.ends.eos[1] = 256;
	o.ends.eos[2] = id[first];
	assert_int_equal(answer(&o, again, &n), NT_ENDED_EOS);
	assert_int_equal(n, first + 1);
	assert_memory_equal(again, id, n * sizeof(*id));
	o.ignore_eos = true;
	assert_int_equal(answer(&o, again, &n), NT_ENDED_LENGTH);
	assert_memory_equal(again, id, sizeof(id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_ends_at_any_end_of_text),
	};
	return cmocka_run_group_tests(tests, make_model, free_model);
}

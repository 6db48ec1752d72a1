/* SPDX-License-Identifier: MIT */
/* Questions out of a file, each beside its ids written out here and what a scorer says of them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "nt/err.h"
#include "nt/quiz.h"
#include "nt/show.h"

#include "answer_model.h"

enum { BOS = 256 };

static struct nt_scorer *scorer;

static int make_scorer(void **state)
{
	return make_model(state) || nt_scorer_new(&scorer, lm, NULL) < 0;
}

static int free_scorer(void **state)
{
	nt_scorer_free(scorer);
	return free_model(state);
}

/* --- a quiz of a text ------------------------------------------------------------------ */

static char path[32], *operand[] = {path};

static void open_quiz(struct nt_quiz **q, const struct nt_quiz_options *o, const char *text, size_t len)
{
	snprintf(path, sizeof(path), "/tmp/nt-quiz.XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0 && write(fd, text, len) == (ssize_t)len && close(fd) == 0);
	if (nt_quiz_open(q, o, operand, 1) < 0)
		fail_msg("%s", nt_errmsg());
}

static void close_quiz(struct nt_quiz *q)
{
	nt_quiz_close(q);
	unlink(path);
}

static void is_next(struct nt_quiz *q, struct nt_quiz_item *item, int line)
{
	char want[64];
	if (nt_quiz_next(q, item) != 1)
		fail_msg("%s", nt_errmsg());
	snprintf(want, sizeof(want), "%s:%d", path, line);
	assert_string_equal(item->source, want);
}

/* -log p of text behind [B], from the byte n_context on; its first cut ids are left out. */
static double cost(const char *text, size_t n_context, size_t cut)
{
	const struct nt_scored *scored;
	uint32_t id[2 * T] = {BOS};
	size_t n = strlen(text) + 1;
	double sum = 0;
	for (size_t i = 1; i < n; i++)
		id[i] = (uint8_t)text[i - 1];
	assert_int_equal(nt_scorer_run(scorer, id + cut, n - cut, &scored), 0);
	for (size_t i = n_context; i + 1 < n; i++)
		sum += scored[i - cut].nll;
	return sum;
}

static void costs(const struct nt_choice *c, double want)
{
	if (!(fabs(c->nats - want) < 1e-4 * (1 + want)))
		fail_msg("%g nats, not %g", c->nats, want);
}

/* --- */

static void a_choice_costs_what_stands_behind_its_context(void **state)
{
	static const char questions[] =
		"{\"ctx\": \"ab\", \"endings\": [\"cd\", \" cd\", \"\", \"a longer one\"], \"label\": 3}\n\n"
		"{\"ctx\": \"ab \", \"endings\": [\"cd\", \" cd\"], \"label\": \"0\"}\n"
		"{\"question\": \"\", \"options\": [\"cd\", \"\"]}\n"
		"{\"ctx\": \"\\u00e9\", \"endings\": [\"\\u00e9\", \"e\", \"ee\", \"e\\n\", \"\\te\", \"e\", \"e\"], \"label\": \"G\"}";
	static const struct {
		int line;
		size_t n_choice, answer, n_context;    /* bytes of what all begin with */
		const char *whole[7];                  /* what a choice is with what stands before it */
		size_t bytes[7];
	} want[] = {
		{1, 4, 3, 2, {"ab cd", "ab cd", "ab ", "ab a longer one"}, {2, 3, 0, 12}},
		{3, 2, 0, 2, {"ab cd", "ab  cd"}, {2, 3}},
		{4, 2, SIZE_MAX, 0, {"cd", ""}, {2, 0}},
		{5, 7, 6, 2, {"\xc3\xa9 \xc3\xa9", "\xc3\xa9 e", "\xc3\xa9 ee", "\xc3\xa9 e\n", "\xc3\xa9\te", "\xc3\xa9 e", "\xc3\xa9 e"},
		 {2, 1, 2, 2, 2, 1, 1}},
	};
	struct nt_quiz_options o = {.lm = lm, .tokenizer = tokenizer};
	struct nt_quiz_item item;
	struct nt_quiz *q;
	(void)state;
	open_quiz(&q, &o, questions, strlen(questions));
	for (size_t k = 0; k < sizeof(want) / sizeof(*want); k++) {
		is_next(q, &item, want[k].line);
		assert_int_equal(item.n_choice, want[k].n_choice);
		assert_int_equal(item.answer, want[k].answer);
		for (size_t i = 0; i < item.n_choice; i++) {
			const struct nt_choice *c = &item.choice[i];
			assert_int_equal(c->n, 1 + strlen(want[k].whole[i]));
			assert_int_equal(c->n_context, 1 + want[k].n_context);
			assert_int_equal(c->id[0], BOS);
			assert_int_equal(c->bytes, want[k].bytes[i]);
			costs(c, cost(want[k].whole[i], want[k].n_context, 0));
		}
	}
	assert_int_equal(nt_quiz_next(q, &item), 0);
	assert_int_equal(nt_quiz_next(q, &item), 0);
	close_quiz(q);
}

static void names_that_are_given_are_taken_and_no_others(void **state)
{
	static const char line[] = "{\"ctx\": \"no\", \"a\": \"ab\", \"b\": [\"c\", \"d\"], \"label\": 0, \"c\": 1}";
	struct nt_quiz_options o = {.lm = lm, .tokenizer = tokenizer, .names = {"a", "b", "c"}};
	struct nt_quiz_item item;
	struct nt_quiz *q;
	(void)state;
	open_quiz(&q, &o, line, strlen(line));
	is_next(q, &item, 1);
	assert_int_equal(item.answer, 1);
	costs(&item.choice[1], cost("ab d", 2, 0));
	close_quiz(q);
}

static size_t best(const struct nt_quiz_item *item, bool by_byte)
{
	struct nt_chosen c = {.choice = item->choice, .n_choice = item->n_choice};
	return nt_chosen_best(&c, by_byte);
}

static void equal_choices_are_a_tie_that_the_first_wins(void **state)
{
	static const char questions[] = "{\"ctx\": \"ab\", \"endings\": [\"qqqq\", \"c\", \"qqqq\", \"c\", \" c\"]}\n"
					"{\"ctx\": \"another, which is longer\", \"endings\": [\"x\", \"yz\"]}\n"
					"{\"ctx\": \"ab\", \"endings\": [\"c\", \"qqqq\"]}\n";
	struct nt_quiz_options o = {.lm = lm, .tokenizer = tokenizer};
	struct nt_quiz_item item;
	struct nt_quiz *q;
	(void)state;
	open_quiz(&q, &o, questions, strlen(questions));
	is_next(q, &item, 1);
	double nats = item.choice[1].nats;
	assert_true(item.choice[0].nats == item.choice[2].nats && nats == item.choice[3].nats);
	assert_true(item.choice[4].nats == nats && nats < item.choice[0].nats);
	assert_int_equal(best(&item, false), 1);
	assert_int_equal(best(&item, true), nt_nats_per_byte(&item.choice[4]) < nt_nats_per_byte(&item.choice[0]) ? 4 : 0);
	/* to the last bit, whatever was asked before */
	is_next(q, &item, 2);
	is_next(q, &item, 3);
	assert_true(item.choice[0].nats == nats);
	close_quiz(q);
}

/* A choice that another begins with costs less; by byte the longer one may be the cheaper. */
static void nats_and_nats_per_byte_choose_otherwise(void **state)
{
	struct nt_quiz_options o = {.lm = lm, .tokenizer = tokenizer};
	struct nt_quiz_item item;
	struct nt_quiz *q;
	struct nt_buf text = {0};
	size_t n_other = 0;
	(void)state;
	for (char a = 'a'; a <= 'z'; a++)
		assert_int_equal(nt_buf_printf(&text, "{\"ctx\": \"\", \"endings\": [\"%c\", \"%c%c\"]}\n", a, a, 'z' + 'a' - a), 0);
	open_quiz(&q, &o, (char *)text.data, text.len);
	for (int a = 'a'; a <= 'z'; a++) {
		const char one[] = {(char)a, 0}, two[] = {(char)a, (char)('z' + 'a' - a), 0};
		double first = cost(one, 0, 0), second = cost(two, 0, 0) / 2;
		is_next(q, &item, a - 'a' + 1);
		assert_int_equal(best(&item, false), 0);
		assert_true(fabs(first - second) > 1e-3);
		assert_int_equal(best(&item, true), second < first);
		n_other += second < first;
	}
	assert_true(n_other > 0 && n_other < 26);
	close_quiz(q);
	nt_buf_release(&text);
}

static void what_is_too_long_loses_its_beginning(void **state)
{
	static const char line[] = "{\"ctx\": \"0123456789\", \"endings\": [\"a\", \"bcd\"]}\n";
	struct nt_quiz_options o = {.lm = lm, .tokenizer = tokenizer};
	struct nt_quiz_item item;
	struct nt_quiz *q;
	(void)state;
	for (size_t n = 5; n < 18; n++) { /* the longer one has 15 ids; the last is no input */
		size_t cut = n < 14 ? 14 - n : 0;
		o.n_position = n;
		open_quiz(&q, &o, line, strlen(line));
		is_next(q, &item, 1);
		assert_int_equal(item.choice[1].n, 15 - cut);
		costs(&item.choice[0], cost("0123456789 a", 10, cut));
		costs(&item.choice[1], cost("0123456789 bcd", 10, cut));
		close_quiz(q);
	}
	o.n_position = 3;
	open_quiz(&q, &o, line, strlen(line));
	assert_int_equal(nt_quiz_next(q, &item), NT_EFORMAT);
	assert_non_null(strstr(nt_errmsg(), path));
	assert_non_null(strstr(nt_errmsg(), ":1: choice 1: with 4 tokens it leaves no room"));
	close_quiz(q);
}

static void what_cannot_be_opened_is_refused(void **state)
{
	struct nt_quiz_options o = {.lm = lm, .tokenizer = tokenizer, .n_position = T + 1};
	struct nt_quiz_item item;
	struct nt_quiz *q;
	(void)state;
	assert_int_equal(nt_quiz_open(&q, &o, (char *[]){"/dev/null"}, 1), NT_EARG);
	assert_null(q);
	o.n_position = 0;
	assert_int_equal(nt_quiz_open(&q, &o, (char *[]){"/nowhere/at/all"}, 1), 0);
	assert_int_equal(nt_quiz_next(q, &item), NT_ESYS);
	assert_non_null(strstr(nt_errmsg(), "/nowhere/at/all"));
	nt_quiz_close(q);
	nt_quiz_close(NULL);
}

/* A tokenizer of more ids than the model has: what is in both is answered. */
static void an_id_that_the_model_has_not_is_refused_by_line(void **state)
{
	static const char questions[] = "{\"ctx\": \"ab\", \"endings\": [\"c\", \"d\"]}\n"
					"{\"ctx\": \"ab\", \"endings\": [\"c\", \"x\"]}\n";
	struct nt_model *small = random_model(NT_LLAMA, 'x', 32, T, 3);
	struct nt_quiz_options o = {.tokenizer = tokenizer};
	struct nt_lm *its;
	struct nt_quiz_item item;
	struct nt_quiz *q;
	(void)state;
	small->config.bos_token_id = 1;
	assert_int_equal(nt_lm_of_model(&its, small), 0);
	o.lm = its;
	open_quiz(&q, &o, questions, strlen(questions));
	is_next(q, &item, 1);
	assert_int_equal(item.choice[0].id[0], 1); /* the model's [B] */
	assert_int_equal(nt_quiz_next(q, &item), NT_EFORMAT);
	assert_non_null(strstr(nt_errmsg(), ":2: "));
	close_quiz(q);
	nt_lm_free(its);
	nt_model_free(small);
}

/* Is the first line of text answered? The other way is an error that says where. */
static bool is_answered(const char *text, size_t len)
{
	struct nt_quiz_options o = {.lm = lm, .tokenizer = tokenizer};
	struct nt_quiz_item item;
	struct nt_quiz *q;
	open_quiz(&q, &o, text, len);
	int rc = nt_quiz_next(q, &item);
	if (rc == 1)
		for (size_t i = 0; i < item.n_choice; i++)
			assert_true(isfinite(item.choice[i].nats) && item.choice[i].nats >= 0);
	else if (rc != NT_EFORMAT || !strstr(nt_errmsg(), path) || !strstr(nt_errmsg(), ":1"))
		fail_msg("%d: %s", rc, nt_errmsg());
	close_quiz(q);
	return rc == 1;
}

static void a_damaged_line_is_refused_or_answered(void **state)
{
	static const char line[] = "{\"ctx\": \"ab\", \"endings\": [\"c\", \"de\"], \"label\": 1}";
	static const char put[] = {'\0', '\xff', '"', '\\', '{', ']', '9'};
	size_t len = strlen(line), n_answered = 0;
	(void)state;
	assert_true(is_answered(line, len));
	for (size_t n = 1; n < len; n++)
		assert_false(is_answered(line, n));
	for (size_t i = 0; i < len; i++)
		for (size_t k = 0; k < sizeof(put); k++) {
			char other[sizeof(line)];
			memcpy(other, line, sizeof(line));
			other[i] = put[k];
			n_answered += is_answered(other, len);
		}
	assert_in_range(n_answered, 20, len * sizeof(put) / 2); /* letters of a text may be others */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_choice_costs_what_stands_behind_its_context),
		cmocka_unit_test(names_that_are_given_are_taken_and_no_others),
		cmocka_unit_test(equal_choices_are_a_tie_that_the_first_wins),
		cmocka_unit_test(nats_and_nats_per_byte_choose_otherwise),
		cmocka_unit_test(what_is_too_long_loses_its_beginning),
		cmocka_unit_test(what_cannot_be_opened_is_refused),
		cmocka_unit_test(an_id_that_the_model_has_not_is_refused_by_line),
		cmocka_unit_test(a_damaged_line_is_refused_or_answered),
	};
	return cmocka_run_group_tests(tests, make_scorer, free_scorer);
}

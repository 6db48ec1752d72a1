/* SPDX-License-Identifier: MIT */
/*
 * filter_words.c - words of English, and that it does not matter where they stand
 *
 * What is expected is what spaCy's rules for English make of the texts, which datatrove counts;
 * a bar stands between two words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter/signs.h"
#include "filter/words.h"

static const struct {
	const char *text, *words;
} cases[] = {
	{"The king is here.",
	 "The|king|is|here|."},
	{"don't can't won't I'm you've they'd've it's its",
	 "do|n't|ca|n't|wo|n't|I|'m|you|'ve|they|'d|'ve|it|'s|its"},
	{"cannot Cannot CANNOT gonna lemme dont Ive well we'll",
	 "can|not|Can|not|CANNOT|gon|na|lemme|do|nt|I|ve|well|we|'ll"},
	{"\"Hello,\" he said. 'Go!'",
	 "\"|Hello|,|\"|he|said|.|'|Go|!|'"},
	{"\u201cHello,\u201d he said\u2026 \u2018No\u2019",
	 "\u201c|Hello|,|\u201d|he|said|\u2026|\u2018|No|\u2019"},
	{"well-known mother-in-law 1990-91 a--b x\u2014y 2010\u201312 -flag end-",
	 "well|-|known|mother|-|in|-|law|1990|-|91|a|--|b|x|\u2014|y|2010\u201312|-flag|end-"},
	{"Mr. Smith, Ph.D., lives in the U.S.A. near St. Louis, e.g. here, i.e., there.",
	 "Mr.|Smith|,|Ph.D.|,|lives|in|the|U.S.A.|near|St.|Louis|,|e.g.|here|,|i.e.|,|there|."},
	{"$5.00 5\u20ac US$20 C$3 10km 10 km/h 3m\u00b2 50% 5'10\" 1,000.50 3.14. 2+2=4 7+",
	 "$|5.00|5|\u20ac|US$|20|C$|3|10|km|10|km|/|h|3|m\u00b2|50|%|5'10|\"|1,000.50|3.14|.|2|+|2=4|7|+"},
	{"www.foo.com/x http://a.b.org:80/c?d=e user@mail.example.com foo.Bar lower.Upper end.Start a.b.c .5",
	 "www.foo.com/x|http://a.b.org:80/c?d=e|user@mail.example.com|foo|.|Bar|lower|.|Upper|end|.|Start|a.b.c|.5"},
	{"and/or w/o a/b either/or x:y a=b a<b",
	 "and/or|w/o|a|/|b|either|/|or|x|:|y|a|=|b|a|<|b"},
	{"(a) [b] {c} <d> ((e)) _f_ *g* #tag @me ~x",
	 "(|a|)|[|b|]|{|c|}|<|d|>|(|(|e|)|)|_|f|_|*|g|*|#|tag|@me|~x"},
	{"A. B. AB. aB. Ab. x. 1. I.",
	 "A.|B.|AB|.|aB.|Ab|.|x.|1|.|I."},
	{"... .. . \u2026\u2026 wait... wait\u2026what a..b ...x",
	 "...|..|.|\u2026|\u2026|wait|...|wait|\u2026|what|a|..|b|...|x"},
	{"o'clock ma'am y'all 'em 'tis 'bout lovin' nothin' ol' rock'n'roll",
	 "o'clock|ma'am|y'|all|'em|'|tis|'bout|lovin'|nothin'|ol'|rock'n'roll"},
	{"9am 10p.m. 12pm 13pm",
	 "9|am|10|p.m.|12|pm|13pm"},
	{"C++ c++ +1 +x 5+ --",
	 "C++|c++|+1|+|x|5|+|--"},
	{"caf\u00e9 na\u00efve Zo\u00eb's Gr\u00f6\u00dfe-Ma\u00df \u1f00\u03c1\u03c7\u03ae \u0434\u043e\u043c-\u0434\u043e\u043c \u043a\u0433 5\u043a\u0433",
	 "caf\u00e9|na\u00efve|Zo\u00eb|'s|Gr\u00f6\u00dfe|-|Ma\u00df|\u1f00\u03c1\u03c7\u03ae|\u0434\u043e\u043c|-|\u0434\u043e\u043c|\u043a\u0433|5|\u043a\u0433"},
	{"\u300c\u65e5\u672c\u8a9e\u300d\u3001\u4e2d\u6587\u3002/etc \ud55c\uad6d\uc5b4-\ub9d0",
	 "\u300c|\u65e5\u672c\u8a9e\u300d\u3001\u4e2d\u6587\u3002|/|etc|\ud55c\uad6d\uc5b4|-|\ub9d0"},
	{":) :-( hello:) <3 ^_^ ;-)",
	 ":)|:-(|hello|:|)|<3|^_^|;-)"},
	{"\U0001f600hello 3\U0001f6004 a\u2192b \u00a92020 50\u00b0C 5\u00b0c.",
	 "\U0001f600|hello|3|\U0001f600|4|a\u2192b|\u00a9|2020|50|\u00b0|C|5|\u00b0|c|."},
	{"antidisestablishmentarianism-and-a-very-long-word-that-goes-beyond-any-window-of-sixty-four-bytes, you see",
	 "antidisestablishmentarianism|-|and|-|a|-|very|-|long|-|word|-|that|-|goes|-|beyond|-|any|-|window|-|of|-|sixty|-|four|-|bytes|,|you|see"},
	{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.",
	 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx|."},
	{"\u041f\u0440\u0438\u0432\u0435\u0442, \u0414\u043e\u043c. \u0434\u041e\u041c. \u0434\u041e. \u0414o. \u65e5\u672c! \u65e5\u672c. Gr\u00fc\u00dfe; \u00d6. \u00f6. \u00e9. \u042f. na\u00efve\u2014so",
	 "\u041f\u0440\u0438\u0432\u0435\u0442|,|\u0414\u043e\u043c|.|\u0434\u041e\u041c|.|\u0434\u041e.|\u0414o|.|\u65e5\u672c|!|\u65e5\u672c|.|Gr\u00fc\u00dfe|;|\u00d6.|\u00f6.|\u00e9|.|\u042f.|na\u00efve|\u2014|so"},
	{" \t\u00a0lead\u00a0nbsp\u2003em\vvt\34fs\302\205nel\u2028ls",
	 "lead|nbsp|em|vt|fs|nel|ls"},
	{"Foo's foos' James's it\u2019s don\u2019t \u2018s",
	 "Foo|'s|foos|'|James|'s|it|\u2019s|do|n\u2019t|\u2018s"},
	{"R&D AT&T Q&A a&b",
	 "R&D|AT&T|Q&A|a&b"},
	{"10:30 1/2 3x 4x4 B2B x86-64 UTF-8",
	 "10:30|1/2|3x|4x4|B2B|x86|-|64|UTF-8"},
	{"hello,world foo;bar one,two 1,2",
	 "hello|,|world|foo;bar|one|,|two|1,2"},
	{"id Id hell Hell shed were Were whos thats",
	 "i|d|I|d|hell|Hell|shed|were|Were|who|s|that|s"},
};

enum { N_CASE = sizeof(cases) / sizeof(*cases), ROOM = 4096 };

/* Cuts the text with n bytes of `before` in front of it and a copy of it behind. */
static void cut(struct nt_words *w, const char *text, char before, size_t n)
{
	static uint8_t room[ROOM + NT_WORDS_PAD];
	size_t len = strlen(text);
	assert_true(n + len < ROOM);
	memset(room, 0, sizeof(room));
	memset(room, before, n);
	memcpy(room + n, text, len);
	room[n + len] = '\n';
	assert_int_equal(nt_words_cut(w, room, n + len), 0);
}

/* Has word n as many characters as this one? */
static void check_word(const struct nt_words *w, size_t n, const char *want, size_t len)
{
	assert_true(n < w->n);
	size_t chars = w->word[n + 1].chars - w->word[n].chars;
	if (chars != nt_count_chars((const uint8_t *)want, len))
		fail_msg("word %zu has %zu characters, not those of '%.*s'", n, chars, (int)len, want);
}

static void words_are_cut_as_spacy_cuts_them(void **state)
{
	struct nt_words w = {0};
	(void)state;
	for (size_t i = 0; i < N_CASE; i++) {
		size_t n = 0;
		cut(&w, cases[i].text, 0, 0);
		for (const char *p = cases[i].words; *p; n++) {
			size_t len = strcspn(p, "|");
			check_word(&w, n, p, len);
			p += len + (p[len] == '|');
		}
		if (w.n != n)
			fail_msg("%s: %zu words instead of %zu", cases[i].text, w.n, n);
	}
	nt_words_release(&w);
}

static void words_are_the_same_wherever_they_stand(void **state)
{
	struct nt_words w = {0}, moved = {0};
	(void)state;
	for (size_t i = 0; i < N_CASE; i++) {
		cut(&w, cases[i].text, 0, 0);
		for (size_t n = 1; n < 140; n++) {
			cut(&moved, cases[i].text, n % 2 ? ' ' : '\n', n);
			assert_int_equal(moved.n, w.n);
			for (size_t k = 0; k < w.n; k++)
				assert_true(moved.word[k].key == w.word[k].key && moved.word[k].chars == w.word[k].chars);
			assert_int_equal(moved.n_real, w.n_real);
			assert_int_equal(moved.real_chars, w.real_chars);
			assert_int_equal(moved.n_letter, w.n_letter);
			assert_int_equal(moved.stop_words, w.stop_words);
			assert_int_equal(moved.n_line, n % 2 ? w.n_line : w.n_line + n);
		}
	}
	nt_words_release(&w);
	nt_words_release(&moved);
}

static void lines_are_those_of_str_splitlines(void **state)
{
	struct nt_words w = {0};
	(void)state;
	cut(&w, "a b\nc\r\n\rd\v\fe\34f\35g\36h\xc2\x85i\u2028j\u2029k\x1fl", 0, 0);
	assert_int_equal(w.n_line, 12);
	assert_int_equal(w.n, 12);
	static const size_t first[] = {0, 2, 3, 3, 4, 4, 5, 6, 7, 8, 9, 10};
	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++)
		assert_int_equal(w.line[i].word, first[i]);
	cut(&w, "a\n", 0, 0);
	assert_int_equal(w.n_line, 1);
	cut(&w, "", 0, 0);
	assert_int_equal(w.n_line, 0);
	nt_words_release(&w);
}

static void carriage_returns_end_lines_wherever_they_stand(void **state)
{
	struct nt_words w = {0};
	(void)state;
	for (size_t n = 0; n < 140; n++) {
		cut(&w, "one\r\n\r\r\ntwo\rlast\r\n", 'x', n);
		static const size_t start[] = {0, 5, 6, 8, 12}, end[] = {3, 5, 6, 11, 16};
		assert_int_equal(w.n_line, 5);
		assert_int_equal(w.n, 3);
		for (size_t i = 0; i < 5; i++) {
			assert_int_equal(w.line[i].start, i ? n + start[i] : 0);
			assert_int_equal(w.line[i].end, n + end[i]);
		}
	}
	nt_words_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_cut_as_spacy_cuts_them),
		cmocka_unit_test(words_are_the_same_wherever_they_stand),
		cmocka_unit_test(lines_are_those_of_str_splitlines),
		cmocka_unit_test(carriage_returns_end_lines_wherever_they_stand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

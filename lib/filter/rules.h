/* SPDX-License-Identifier: MIT */
#ifndef FILTER_RULES_H
#define FILTER_RULES_H
/*
 * rules.h - the list of rules
 *
 * One line a rule, in the order in which rules are asked; the enum, the table that users see
 * and the thresholds come from it.
 */
#include "nt/filter.h"

#define NT_RULES(R)                                                                                 \
	R(length, MIN_BYTES, min_bytes, MIN, NAN, "bytes of text")                                    \
	R(length, MAX_BYTES, max_bytes, MAX, NAN, "bytes of text")                                    \
	R(length, MIN_CHARS, min_chars, MIN, NAN, "characters")                                       \
	R(length, MAX_CHARS, max_chars, MAX, NAN, "characters")                                       \
	R(length, MIN_LINES, min_lines, MIN, NAN, "lines")                                            \
	R(length, MAX_LINES, max_lines, MAX, NAN, "lines")                                            \
	R(length, MIN_WORDS, min_words, MIN, NAN, "words that are not punctuation alone")             \
	R(length, MAX_WORDS, max_words, MAX, NAN, "words that are not punctuation alone")             \
	R(characters, MAX_INVALID, max_invalid, MAX, NAN, "share of bytes that are not UTF-8")        \
	R(characters, MAX_REPLACEMENT, max_replacement, MAX, NAN, "share of characters that are U+FFFD") \
	R(characters, MAX_CONTROL, max_control, MAX, NAN, "share of characters that are controls, but for tab and line ends") \
	R(characters, MAX_NON_ASCII, max_non_ascii, MAX, NAN, "share of characters beyond ASCII")     \
	R(characters, MIN_LETTERS, min_letters, MIN, NAN, "share of characters that are letters")     \
	R(characters, MAX_UPPER, max_upper, MAX, NAN, "share of letters that are capitals")           \
	R(characters, MAX_DIGITS, max_digits, MAX, NAN, "share of characters that are digits or other numbers") \
	R(characters, MAX_SPACE, max_space, MAX, NAN, "share of characters that are white space")     \
	R(gopher_quality, SHORT_DOC, gopher_short_doc, MIN, 50, "words that are not punctuation alone") \
	R(gopher_quality, LONG_DOC, gopher_long_doc, MAX, 100000, "words that are not punctuation alone") \
	R(gopher_quality, SHORT_WORDS, gopher_below_avg_threshold, MIN, 3, "characters of such a word, on average") \
	R(gopher_quality, LONG_WORDS, gopher_above_avg_threshold, MAX, 10, "characters of such a word, on average") \
	R(gopher_quality, HASHES, gopher_too_many_hashes, MAX, 0.1, "# for each word")                \
	R(gopher_quality, ELLIPSES, gopher_too_many_ellipsis, MAX, 0.1, "ellipses for each word")     \
	R(gopher_quality, BULLETS, gopher_too_many_bullets, MAX, 0.9, "share of lines that begin with a bullet or -") \
	R(gopher_quality, END_ELLIPSES, gopher_too_many_end_ellipsis, MAX, 0.3, "share of lines that end with an ellipsis") \
	R(gopher_quality, ALPHA, gopher_below_alpha_threshold, MIN, 0.8, "share of words with a letter") \
	R(gopher_quality, STOP_WORDS, gopher_enough_stop_words, MIN, 2, "how many of the, be, to, of, and, that, have, with there are") \
	R(c4, TOO_LONG_WORD, too_long_word, LINE, 1000, "characters of the line's longest word, at most") \
	R(c4, NO_TERMINAL, no_terminal_punct, LINE, NONE, "the line does not end with . ? ! or a quote, or does with an ellipsis") \
	R(c4, TOO_FEW_WORDS, too_few_words, LINE, 3, "words of the line, at least")                   \
	R(c4, LOREM_IPSUM, lorem_ipsum, NONE, NONE, "\"lorem ipsum\" in a line")                      \
	R(c4, JAVASCRIPT, javascript, LINE, NONE, "\"javascript\" is in the line")                    \
	R(c4, CURLY_BRACKET, curly_bracket, NONE, NONE, "{ in a line")                                \
	R(c4, POLICY, policy, LINE, NONE, "\"privacy policy\", \"uses cookies\" and the like are in the line") \
	R(c4, TOO_FEW_SENTENCES, too_few_sentences, MIN, 5, "sentences in the lines that are left")   \
	R(fineweb, EMPTY, empty, NONE, NONE, "no line with anything but white space")                 \
	R(fineweb, LINE_PUNCT, line_punct_ratio, MIN, 0.12, "share of lines that end with the punctuation of a sentence") \
	R(fineweb, SHORT_LINE_LENGTH, short_line_length, SETTING, 30, "characters of a short line, at most") \
	R(fineweb, SHORT_LINES, short_line_ratio, MAX, 0.67, "share of lines that are short")         \
	R(fineweb, CHAR_DUP, char_dup_ratio, MAX, 0.01, "share of characters in lines that came before") \
	R(fineweb, LIST, list_ratio, MAX, 0.3, "line ends for each word")                             \
	R(gopher_repetition, DUP_PARA, dup_para_frac, MAX, 0.3, "share of paragraphs that came before") \
	R(gopher_repetition, DUP_PARA_CHAR, dup_para_char_frac, MAX, 0.2, "share of characters in them") \
	R(gopher_repetition, DUP_LINE, dup_line_frac, MAX, 0.3, "share of lines that came before")    \
	R(gopher_repetition, DUP_LINE_CHAR, dup_line_char_frac, MAX, 0.2, "share of characters in them") \
	R(gopher_repetition, TOP_2, top_2_gram, MAX, 0.2, "share of characters in the commonest 2 words") \
	R(gopher_repetition, TOP_3, top_3_gram, MAX, 0.18, "share of characters in the commonest 3 words") \
	R(gopher_repetition, TOP_4, top_4_gram, MAX, 0.16, "share of characters in the commonest 4 words") \
	R(gopher_repetition, DUP_5, duplicated_5_n_grams, MAX, 0.15, "share of characters in 5 words that came before") \
	R(gopher_repetition, DUP_6, duplicated_6_n_grams, MAX, 0.14, "share of characters in 6 words that came before") \
	R(gopher_repetition, DUP_7, duplicated_7_n_grams, MAX, 0.13, "share of characters in 7 words that came before") \
	R(gopher_repetition, DUP_8, duplicated_8_n_grams, MAX, 0.12, "share of characters in 8 words that came before") \
	R(gopher_repetition, DUP_9, duplicated_9_n_grams, MAX, 0.11, "share of characters in 9 words that came before") \
	R(gopher_repetition, DUP_10, duplicated_10_n_grams, MAX, 0.10, "share of characters in 10 words that came before") \
	R(mc4, PARAGRAPH_LENGTH, paragraph_length, SETTING, 200, "characters of a line that is a paragraph, at least") \
	R(mc4, TOO_FEW_PARAGRAPHS, too_few_paragraphs, MIN, 3, "lines that are paragraphs")

#define NT_RULE_ENUM(family, ID, name, sense, value, what) NT_R_##ID,
enum { NT_RULES(NT_RULE_ENUM) NT_N_RULE };
#undef NT_RULE_ENUM

struct nt_filter {
	bool on[NT_N_RULE];
	double value[NT_N_RULE];
};

#endif

/* SPDX-License-Identifier: MIT */
/*
 * filter_rules.c - the published rules on texts at both sides of their thresholds
 *
 * What is expected is what datatrove's filters say of the same texts (commit a649de7, words
 * cut by spaCy's English rules). <3|abc@ > stands for three times "abc@ ", with a, b, c in
 * place of the @.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter/judge.h"
#include "nt/filter.h"
#include "nt/mem.h"

static const struct {
	const char *family, *rule, *text;
} published[] = {
	{"gopher_quality", "gopher_short_doc",
	 "<16|the ring of ><1| it>"},
	{"gopher_quality", "gopher_below_avg_threshold",
	 "<16|the ring of ><2| it>"},
	{"gopher_quality", "gopher_below_avg_threshold",
	 "<99999|the >of"},
	{"gopher_quality", "gopher_long_doc",
	 "<100000|the >of"},
	{"gopher_quality", "gopher_short_doc",
	 "<7|the >of it <40|and >"},
	{"gopher_quality", "gopher_below_avg_threshold",
	 "<8|the >of it <40|and >"},
	{"gopher_quality", "gopher_enough_stop_words",
	 "<60|the ><0|of >"},
	{"gopher_quality", "gopher_below_avg_threshold",
	 "<60|the ><1|of >"},
	{"gopher_quality", "",
	 "the of <82|aaaabbbbccccdddd ><60|it >"},
	{"gopher_quality", "gopher_above_avg_threshold",
	 "the of <83|aaaabbbbccccdddd ><60|it >"},
	{"gopher_quality", "gopher_enough_stop_words",
	 "<49|tenletters ><1|aten><0|letters>"},
	{"gopher_quality", "gopher_above_avg_threshold",
	 "<49|tenletters ><1|aten><1|letters>"},
	{"gopher_quality", "",
	 "<30|the ring of ><10|# >"},
	{"gopher_quality", "gopher_too_many_hashes",
	 "<30|the ring of ><11|# >"},
	{"gopher_quality", "gopher_too_many_end_ellipsis",
	 "<30|the ring of ><10|... >"},
	{"gopher_quality", "gopher_too_many_ellipsis",
	 "<30|the ring of ><11|... >"},
	{"gopher_quality", "gopher_too_many_end_ellipsis",
	 "<30|the ring of ><10|\u2026 >"},
	{"gopher_quality", "gopher_too_many_ellipsis",
	 "<30|the ring of ><11|\u2026 >"},
	{"gopher_quality", "",
	 "<60|there and to ><22|#xy >"},
	{"gopher_quality", "gopher_too_many_hashes",
	 "<60|there and to ><23|#xy >"},
	{"gopher_quality", "",
	 "<10|the ring of the king\n><90|- the ring of the king\n>"},
	{"gopher_quality", "gopher_too_many_bullets",
	 "<10|the ring of the king\n><91|- the ring of the king\n>"},
	{"gopher_quality", "",
	 "<10|there and to another king\n><90|\t\u2022 there and to another king\r\n>"},
	{"gopher_quality", "gopher_too_many_bullets",
	 "<10|there and to another king\n><91|\t\u2022 there and to another king\r\n>"},
	{"gopher_quality", "",
	 "<70|the ring of the king and the queen of the land\n><30|it is so of the ring of the king and so on, the whole of it ... \n>"},
	{"gopher_quality", "gopher_too_many_end_ellipsis",
	 "<70|the ring of the king and the queen of the land\n><31|it is so of the ring of the king and so on, the whole of it ... \n>"},
	{"gopher_quality", "",
	 "<70|the ring of the king and the queen of the land\v><30|it is so of the ring of the king and so on, the whole of it\u2026\u2028>"},
	{"gopher_quality", "gopher_too_many_end_ellipsis",
	 "<70|the ring of the king and the queen of the land\v><31|it is so of the ring of the king and so on, the whole of it\u2026\u2028>"},
	{"gopher_quality", "gopher_enough_stop_words",
	 "<40|there and ><20|12345 >"},
	{"gopher_quality", "gopher_below_alpha_threshold",
	 "<40|there and ><21|12345 >"},
	{"gopher_quality", "gopher_enough_stop_words",
	 "<40|there and ><20|, >"},
	{"gopher_quality", "gopher_below_alpha_threshold",
	 "<40|there and ><21|, >"},
	{"gopher_quality", "gopher_enough_stop_words",
	 "<60|the >"},
	{"gopher_quality", "gopher_below_avg_threshold",
	 "<60|the >of"},
	{"gopher_quality", "gopher_below_avg_threshold",
	 "<60|The >of"},
	{"gopher_quality", "",
	 "<60|word >\"the\" (of)"},
	{"gopher_quality", "",
	 "<60|word >the-of"},
	{"gopher_quality", "gopher_enough_stop_words",
	 "<60|wxyz >be wit"},
	{"gopher_quality", "",
	 "<60|wxyz >be with."},
	{"gopher_quality", "",
	 "<60|wxyz >haven't thats"},
	{"gopher_quality", "",
	 "<60|wxyz >that've havent to"},
	{"gopher_quality", "gopher_below_avg_threshold",
	 "<60|\u8a9e >the of and"},
	{"gopher_quality", "",
	 "<60|\u1f00\u03c1\u03c7\u03ae >the of"},
	{"gopher_quality", "gopher_short_doc",
	 ""},
	{"gopher_quality", "gopher_short_doc",
	 " \n "},
	{"gopher_repetition", "top_3_gram",
	 "<14|the long paragraph of @ is about @@@@@@@ and the @@@@@@@@@ again\n\n><7|ok\n\n>"},
	{"gopher_repetition", "dup_para_frac",
	 "<14|the long paragraph of @ is about @@@@@@@ and the @@@@@@@@@ again\n\n><8|ok\n\n>"},
	{"gopher_repetition", "top_2_gram",
	 "<12|para @ xxxxxxxx\n\n><1|a longer paragraph that comes again and again and @\n\n><1|a longer paragraph that comes again and again and @\n\n>"},
	{"gopher_repetition", "dup_para_char_frac",
	 "<12|para @ xxxxxxxx\n\n><2|a longer paragraph that comes again and again and @\n\n><2|a longer paragraph that comes again and again and @\n\n>"},
	{"gopher_repetition", "top_3_gram",
	 "<14|the long paragraph of @ is about @@@@@@@ and the @@@@@@@@@ again\n><7|ok\n>"},
	{"gopher_repetition", "dup_line_frac",
	 "<14|the long paragraph of @ is about @@@@@@@ and the @@@@@@@@@ again\n><8|ok\n>"},
	{"gopher_repetition", "top_2_gram",
	 "<12|para @ xxxxxxxx\n><1|a longer paragraph that comes again and again and @\n><1|a longer paragraph that comes again and again and @\n>"},
	{"gopher_repetition", "dup_line_char_frac",
	 "<12|para @ xxxxxxxx\n><2|a longer paragraph that comes again and again and @\n><2|a longer paragraph that comes again and again and @\n>"},
	{"gopher_repetition", "dup_line_frac",
	 "\n\n\n"},
	{"gopher_repetition", "dup_line_frac",
	 "\nabc\n"},
	{"gopher_repetition", "top_2_gram",
	 "\n <9|a @@@@ b\n>\n\n "},
	{"gopher_repetition", "",
	 "<40|w@ ><5|red fox v@ >"},
	{"gopher_repetition", "top_2_gram",
	 "<40|w@ ><6|red fox v@ >"},
	{"gopher_repetition", "",
	 "<40|w@ ><19|\u00e9 \u00df v@v >"},
	{"gopher_repetition", "top_2_gram",
	 "<40|w@ ><20|\u00e9 \u00df v@v >"},
	{"gopher_repetition", "",
	 "<400|w@ ><47|red fox runs v@ u@ t@ s@ r@ q@ >"},
	{"gopher_repetition", "top_3_gram",
	 "<400|w@ ><48|red fox runs v@ u@ t@ s@ r@ q@ >"},
	{"gopher_repetition", "",
	 "<400|w@ ><25|red fox runs fast v@ u@ t@ s@ r@ q@ p@ o@ n@ >"},
	{"gopher_repetition", "top_4_gram",
	 "<400|w@ ><26|red fox runs fast v@ u@ t@ s@ r@ q@ p@ o@ n@ >"},
	{"gopher_repetition", "duplicated_5_n_grams",
	 "<20|a@ b@ c@ d@ e@ x@ ><20|a@ b@ c@ d@ e@ y@ ><57|k@ l@ m@ >"},
	{"gopher_repetition", "",
	 "<20|a@ b@ c@ d@ e@ x@ ><20|a@ b@ c@ d@ e@ y@ ><58|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_5_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ x@ ><20|a@ b@ c@ d@ e@ f@ y@ ><47|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_6_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ x@ ><20|a@ b@ c@ d@ e@ f@ y@ ><48|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_6_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ x@ ><20|a@ b@ c@ d@ e@ f@ y@ ><79|k@ l@ m@ >"},
	{"gopher_repetition", "",
	 "<20|a@ b@ c@ d@ e@ f@ x@ ><20|a@ b@ c@ d@ e@ f@ y@ ><80|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_5_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ y@ ><37|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_6_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ y@ ><38|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_6_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ y@ ><69|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_7_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ y@ ><70|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_7_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ y@ ><105|k@ l@ m@ >"},
	{"gopher_repetition", "",
	 "<20|a@ b@ c@ d@ e@ f@ g@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ y@ ><106|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_5_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ y@ ><27|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_6_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ y@ ><28|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_6_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ y@ ><59|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_7_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ y@ ><60|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_7_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ y@ ><95|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_8_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ y@ ><96|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_8_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ y@ ><138|k@ l@ m@ >"},
	{"gopher_repetition", "",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ y@ ><139|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_5_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ y@ ><26|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_6_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ y@ ><27|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_6_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ y@ ><49|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_7_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ y@ ><50|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_7_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ y@ ><85|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_8_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ y@ ><86|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_8_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ y@ ><128|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_9_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ y@ ><129|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_9_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ y@ ><177|k@ l@ m@ >"},
	{"gopher_repetition", "",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ y@ ><178|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_5_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ j@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ j@ y@ ><116|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_8_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ j@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ j@ y@ ><117|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_8_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ j@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ j@ y@ ><118|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_9_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ j@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ j@ y@ ><119|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_9_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ j@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ j@ y@ ><167|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_10_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ j@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ j@ y@ ><168|k@ l@ m@ >"},
	{"gopher_repetition", "duplicated_10_n_grams",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ j@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ j@ y@ ><226|k@ l@ m@ >"},
	{"gopher_repetition", "",
	 "<20|a@ b@ c@ d@ e@ f@ g@ h@ i@ j@ x@ ><20|a@ b@ c@ d@ e@ f@ g@ h@ i@ j@ y@ ><227|k@ l@ m@ >"},
	{"gopher_repetition", "top_2_gram",
	 "I am Frank, I am Frank, I am Frank"},
	{"gopher_repetition", "",
	 "one"},
	{"gopher_repetition", "top_2_gram",
	 "a b"},
	{"c4", "too_few_sentences",
	 "<4|The king is here.\n>"},
	{"c4", "",
	 "<5|The king is here.\n>"},
	{"c4", "too_few_sentences",
	 "<3|The king is here. ><1|And so.>"},
	{"c4", "",
	 "<4|The king is here. ><1|And so.>"},
	{"c4", "too_few_sentences",
	 "<4|The king is here.\n>Two words."},
	{"c4", "",
	 "<4|The king is here.\n>Now three words."},
	{"c4", "",
	 "<4|The king is here.\n>He said \"go home.\""},
	{"c4", "",
	 "<4|The king is here.\n>It ends with a quote'"},
	{"c4", "too_few_sentences",
	 "<4|The king is here.\n>It ends with a comma,"},
	{"c4", "too_few_sentences",
	 "<4|The king is here.\n>It ends in dots..."},
	{"c4", "",
	 "<4|The king is here.\n>Is it here?"},
	{"c4", "",
	 "<4|The king is here.\n>It is here!"},
	{"c4", "",
	 "<4|The king is here.\n>It is here!  "},
	{"c4", "",
	 "<4|The king is here.\n>It is there.[1]"},
	{"c4", "",
	 "<4|The king is here.\n>It is there.[12][edit]"},
	{"c4", "",
	 "<4|The king is here.\n>It is there.[citation needed]"},
	{"c4", "too_few_sentences",
	 "<4|The king is here.\n>It is there.[note]"},
	{"c4", "too_few_sentences",
	 "<4|The king is here.\n>We use JavaScript here."},
	{"c4", "too_few_sentences",
	 "<4|The king is here.\n>Read the terms of use."},
	{"c4", "too_few_sentences",
	 "<4|The king is here.\n>Our PRIVACY POLICY is here."},
	{"c4", "too_few_sentences",
	 "<4|The king is here.\n>This site uses cookies today."},
	{"c4", "too_few_sentences",
	 "<4|The king is here.\n>We use coo\u212aies here today."},
	{"c4", "",
	 "<4|The king is here.\n>It is e.g. not two."},
	{"c4", "",
	 "<4|The king is here.\n>Mr. Smith is here."},
	{"c4", "",
	 "<4|The king is here.\n>It is ... not two."},
	{"c4", "",
	 "<4|The king is here.\n>One, two. Three."},
	{"c4", "",
	 "<4|The king is here.\n>Wait... what is it?"},
	{"c4", "",
	 "<4|The king is here.\n>See www.king.com today."},
	{"c4", "",
	 "<4|The king is here.\n>It is over.\u00a0Now it is not."},
	{"c4", "",
	 "<4|The king is here.\n>He said so.)\" Then he went."},
	{"c4", "",
	 "<4|The king is here.\n>Is it?! Yes it is."},
	{"c4", "lorem_ipsum",
	 "<9|The king is here.\n>lorem Ipsum is here."},
	{"c4", "",
	 "<9|The king is here.\n>lorem ipsum is here"},
	{"c4", "lorem_ipsum",
	 "<9|The king is here.\n>lorem[1] ipsum is here."},
	{"c4", "curly_bracket",
	 "<9|The king is here.\n>a { is here."},
	{"c4", "",
	 "<9|The king is here.\n>{ is"},
	{"c4", "",
	 "<9|The king is here.\n>javascript has { here."},
	{"c4", "",
	 "<4|The king is here.\n>It is a long <1000|x> word."},
	{"c4", "too_few_sentences",
	 "<4|The king is here.\n>It is a long <1001|x> word."},
	{"c4", "",
	 "<5|The king is here.\r\n>"},
	{"c4", "",
	 "<5|The king is here.\302\205>"},
	{"c4", "",
	 "<5|The king is here.\36>"},
	{"c4", "too_few_sentences",
	 ""},
	{"fineweb", "line_punct_ratio",
	 "<40|the line with letters @@@@@@@@ has no end\n><5|the line with letters @@@@@@ has an end.\n>"},
	{"fineweb", "",
	 "<40|the line with letters @@@@@@@@ has no end\n><6|the line with letters @@@@@@ has an end.\n>"},
	{"fineweb", "",
	 "<9|a line that is long enough for it @@@@!\n>"},
	{"fineweb", "",
	 "<9|a line that is long enough for it @@@@?\n>"},
	{"fineweb", "",
	 "<9|a line that is long enough for it @@@@\u3002\n>"},
	{"fineweb", "line_punct_ratio",
	 "<9|a line that is long enough for it @@@@\u2026\n>"},
	{"fineweb", "line_punct_ratio",
	 "<9|a line that is long enough for it @@@@\"\n>"},
	{"fineweb", "line_punct_ratio",
	 "<9|a line that is long enough for it @@@@. \n>"},
	{"fineweb", "line_punct_ratio",
	 "<9|a line that is long enough for it @@@@.\r\n>"},
	{"fineweb", "line_punct_ratio",
	 "<9|a line that is long enough for it @@@@:\n>"},
	{"fineweb", "",
	 "<9|a line that is long enough for it @@@@\u061f\n>"},
	{"fineweb", "",
	 "<9|a line that is long enough for it @@@@\u0964\n>"},
	{"fineweb", "",
	 "<10|a line that is long enough for it @@@@.\n><20|short @.\n>"},
	{"fineweb", "short_line_ratio",
	 "<10|a line that is long enough for it @@@@.\n><21|short @.\n>"},
	{"fineweb", "short_line_ratio",
	 "<29|x>.\nthat is all"},
	{"fineweb", "",
	 "<30|x>.\nthat is all"},
	{"fineweb", "",
	 "<9|@@@ <26|\u00e9>.\n>"},
	{"fineweb", "list_ratio",
	 "<9|<26|\u00e9>@.\n>"},
	{"fineweb", "char_dup_ratio",
	 "<92|a line that is long enough for it @@@@.\n>a line that is long enough for it aaaa.\n"},
	{"fineweb", "",
	 "<93|a line that is long enough for it @@@@.\n>a line that is long enough for it aaaa.\n"},
	{"fineweb", "",
	 "<20|a line @ that is long enough for this rule to be quiet.\n><4|ab.\n>"},
	{"fineweb", "char_dup_ratio",
	 "<20|a line @ that is long enough for this rule to be quiet.\n><5|ab.\n>"},
	{"fineweb", "",
	 "<40|a line with nine words or so is this @.\n><84|\n>"},
	{"fineweb", "list_ratio",
	 "<40|a line with nine words or so is this @.\n><85|\n>"},
	{"fineweb", "empty",
	 " \n\t\n\u3000"},
	{"fineweb", "list_ratio",
	 "<40|abcdefghijklmnopqrstuvwxyzabcdef@.\n>"},
	{"mc4", "too_few_paragraphs",
	 "<199|x>\n<200|x>\n<200|\u00e9>\n"},
	{"mc4", "too_few_paragraphs",
	 "<199|\u00e9>\n<200|x>\n<200|x>"},
	{"mc4", "",
	 "<200|x>\n<200|x>\n<200|\u00e9>\n"},
	{"mc4", "",
	 "<200|\u00e9>\n<200|x>\n<200|x>"},
	{"mc4", "too_few_paragraphs",
	 "<200|x>\n<200|x>"},
};

/* Rules of our own: what is set, what drops the text, or "". */
static const struct {
	const char *set;
	double value;
	const char *rule, *text;
} own[] = {
	{"min_bytes", 6, "", "1234\xc3\xa9"},        {"min_bytes", 7, "min_bytes", "1234\xc3\xa9"},
	{"max_bytes", 6, "", "1234\xc3\xa9"},        {"max_bytes", 5, "max_bytes", "1234\xc3\xa9"},
	{"min_chars", 5, "", "1234\xc3\xa9"},        {"min_chars", 6, "min_chars", "1234\xc3\xa9"},
	{"max_chars", 5, "", "1234\xff"},            {"max_chars", 4, "max_chars", "1234\xff"},
	{"min_lines", 2, "", "a\nb\n"},              {"min_lines", 3, "min_lines", "a\nb\n"},
	{"max_lines", 2, "", "a\r\nb"},              {"max_lines", 1, "max_lines", "a\vb"},
	{"min_words", 3, "", "One, two: three."},    {"min_words", 4, "min_words", "One, two: three."},
	{"max_words", 3, "", "One, two: three."},    {"max_words", 2, "max_words", "One, two: three."},
	{"max_invalid", 0.5, "", "ab\xff\xfe"},      {"max_invalid", 0.49, "max_invalid", "ab\xff\xfe"},
	{"max_replacement", 0.5, "", "a\ufffd\xff"}, {"max_replacement", 0.3, "max_replacement", "a\ufffd\xff"},
	{"max_control", 0.25, "", "a\tb\1"},         {"max_control", 0.24, "max_control", "a\nb\1"},
	{"max_non_ascii", 0.5, "", "a\u00e9"},       {"max_non_ascii", 0.49, "max_non_ascii", "a\u00e9"},
	{"min_letters", 0.5, "", "a1\u00e92"},       {"min_letters", 0.51, "min_letters", "a1\u00e92"},
	{"max_upper", 0.5, "", "A1\u00e9"},          {"max_upper", 0.49, "max_upper", "A1\u00e9"},
	{"max_upper", 0, "", "123"}, /* no letters: a share of nothing */
	{"max_digits", 0.5, "", "a1b2"},             {"max_digits", 0.49, "max_digits", "a1b\u00bd"},
	{"max_space", 0.5, "", "a \nb"},             {"max_space", 0.49, "max_space", "a\u3000\nb"},
};

/* Writes n in letters: a b ... z ba bb ... */
static void add_number(struct nt_buf *out, unsigned n)
{
	char digits[8];
	size_t at = sizeof(digits);
	do
		digits[--at] = (char)('a' + n % 26);
	while (n /= 26);
	assert_int_equal(nt_buf_add(out, digits + at, sizeof(digits) - at), 0);
}

static void expand(struct nt_buf *out, const char *text)
{
	unsigned times;
	int head;
	out->len = 0;
	while (*text) {
		size_t n = strcspn(text, "<");
		assert_int_equal(nt_buf_add(out, text, n), 0);
		text += n;
		if (!*text)
			break;
		assert_int_equal(sscanf(text, "<%u|%n", &times, &head), 1);
		text += head;
		n = strcspn(text, ">");
		for (unsigned i = 0; i < times; i++)
			for (size_t k = 0; k < n; k++)
				text[k] == '@' ? add_number(out, i) : (void)nt_buf_add(out, text + k, 1);
		text += n + 1;
	}
}

static const char *verdict_of(const struct nt_filter *f, const struct nt_buf *text)
{
	struct nt_verdict v;
	struct nt_judge *j = nt_judge_new(f);
	assert_non_null(j);
	assert_int_equal(nt_judge_text(j, text->len ? (void *)text->data : "", text->len, &v), 0);
	nt_judge_free(j);
	return v.rule < 0 ? "" : nt_filter_rule((size_t)v.rule)->name;
}

static void published_rules_say_what_datatrove_says(void **state)
{
	struct nt_buf text = {0};
	(void)state;
	for (size_t i = 0; i < sizeof(published) / sizeof(*published); i++) {
		struct nt_filter *f = nt_filter_new();
		assert_int_equal(nt_filter_switch(f, published[i].family, true), 0);
		expand(&text, published[i].text);
		const char *rule = verdict_of(f, &text);
		if (strcmp(rule, published[i].rule) != 0)
			fail_msg("%s of %s: '%s' instead of '%s'", published[i].family, published[i].text, rule,
				 published[i].rule);
		nt_filter_free(f);
	}
	nt_buf_release(&text);
}

static void thresholds_belong_to_what_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
		struct nt_filter *f = nt_filter_new();
		struct nt_buf text = {0};
		assert_int_equal(nt_filter_set(f, own[i].set, own[i].value), 0);
		assert_int_equal(nt_buf_add(&text, own[i].text, strlen(own[i].text)), 0);
		const char *rule = verdict_of(f, &text);
		if (strcmp(rule, own[i].rule) != 0)
			fail_msg("%s=%g of '%s': '%s'", own[i].set, own[i].value, own[i].text, rule);
		nt_buf_release(&text);
		nt_filter_free(f);
	}
}

/* A rule that a case of the tables has dropped something by. */
static bool is_tested(const char *name)
{
	for (size_t i = 0; i < sizeof(published) / sizeof(*published); i++)
		if (strcmp(published[i].rule, name) == 0)
			return true;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (strcmp(own[i].rule, name) == 0)
			return true;
	return false;
}

static void every_rule_that_drops_is_in_a_table(void **state)
{
	(void)state;
	const struct nt_filter_rule *r;
	for (size_t i = 0; (r = nt_filter_rule(i)); i++)
		if (r->sense <= NT_RULE_NONE && !is_tested(r->name))
			fail_msg("%s is not tested", r->name);
}

static void rules_are_asked_as_they_were_switched(void **state)
{
	struct nt_filter *f = nt_filter_new();
	struct nt_buf text = {0};
	(void)state;
	assert_int_equal(nt_buf_add(&text, "short", 5), 0);
	assert_string_equal(verdict_of(f, &text), "");
	assert_int_equal(nt_filter_switch(f, "all", true), 0);
	assert_string_equal(verdict_of(f, &text), "gopher_short_doc");
	assert_int_equal(nt_filter_switch(f, "gopher", false), 0);
	assert_string_equal(verdict_of(f, &text), "too_few_sentences");
	assert_int_equal(nt_filter_set(f, "too_few_sentences", 0), 0);
	assert_string_equal(verdict_of(f, &text), "line_punct_ratio");
	assert_int_equal(nt_filter_switch(f, "min_chars", true), -2);
	assert_int_equal(nt_filter_set(f, "lorem_ipsum", 1), -2);
	assert_int_equal(nt_filter_switch(f, "nonsense", true), -2);
	nt_buf_release(&text);
	nt_filter_free(f);
}

/* What the rule measures of a text that it drops whatever it measures. */
static double value_of(const char *rule, const uint8_t *text, size_t len)
{
	struct nt_filter *f = nt_filter_new();
	struct nt_verdict v;
	assert_int_equal(nt_filter_set(f, rule, -1), 0);
	struct nt_judge *j = nt_judge_new(f);
	assert_int_equal(nt_judge_text(j, text, len, &v), 0);
	assert_string_equal(nt_filter_rule((size_t)v.rule)->name, rule);
	nt_judge_free(j);
	nt_filter_free(f);
	return v.value;
}

/* What a rule that drops nearly everything finds, with the words in blocks of no more than `most`. */
static struct nt_verdict measure(size_t rule, const struct nt_buf *text, size_t most)
{
	struct nt_filter *f = nt_filter_new();
	struct nt_verdict v;
	bool is_least = nt_filter_rule(rule)->sense == NT_RULE_MIN;
	if (strcmp(nt_filter_rule(rule)->family, "c4") == 0) /* with the rules for lines */
		assert_int_equal(nt_filter_switch(f, "c4", true), 0);
	assert_int_equal(nt_filter_set(f, nt_filter_rule(rule)->name, is_least ? 1e9 : -1), 0);
	struct nt_judge *j = nt_judge_new(f);
	j->words.most = j->line_words.most = most;
	assert_int_equal(nt_judge_text(j, text->len ? (void *)text->data : "", text->len, &v), 0);
	nt_judge_free(j);
	nt_filter_free(f);
	return v;
}

static void check_blocks(const struct nt_buf *text)
{
	for (size_t i = 0; nt_filter_rule(i); i++) {
		if (nt_filter_rule(i)->sense > NT_RULE_MAX)
			continue;
		struct nt_verdict whole = measure(i, text, 0), parts = measure(i, text, 1);
		if (whole.rule != parts.rule || whole.value != parts.value)
			fail_msg("%s of a text of %zu bytes: %g in a block, %g in many", nt_filter_rule(i)->name,
				 text->len, whole.value, parts.value);
	}
}

static void words_in_blocks_are_judged_as_if_in_one(void **state)
{
	struct nt_buf text = {0}, all = {0};
	(void)state;
	for (size_t i = 0; i < sizeof(published) / sizeof(*published); i++) {
		expand(&text, published[i].text);
		if (text.len > 100000)
			continue;
		check_blocks(&text);
		assert_int_equal(nt_buf_add(&all, text.data, text.len), 0);
	}
	check_blocks(&all);
	expand(&text, "<300|A line @ goes on. Does it? >It does.[1]\n<300|Another @ cites none. >The end.\n");
	check_blocks(&text);
	nt_buf_release(&text);
	nt_buf_release(&all);
}

static void signs_are_counted_once_wherever_they_stand(void **state)
{
	static const char signs[] = "a....... b\u2026\u2026 ## ..";
	uint8_t text[256];
	(void)state;
	for (size_t n = 0; n < 140; n++) {
		memset(text, ' ', n);
		memcpy(text + n, signs, sizeof(signs) - 1);
		double hashes = value_of("gopher_too_many_hashes", text, n + sizeof(signs) - 1);
		double ellipses = value_of("gopher_too_many_ellipsis", text, n + sizeof(signs) - 1);
		assert_true(hashes > 0 && ellipses == 2 * hashes); /* four of them: 7 full stops are two */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_rules_say_what_datatrove_says),
		cmocka_unit_test(thresholds_belong_to_what_is_kept),
		cmocka_unit_test(every_rule_that_drops_is_in_a_table),
		cmocka_unit_test(rules_are_asked_as_they_were_switched),
		cmocka_unit_test(words_in_blocks_are_judged_as_if_in_one),
		cmocka_unit_test(signs_are_counted_once_wherever_they_stand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

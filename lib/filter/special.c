/* SPDX-License-Identifier: MIT */
/*
 * special.c - the list of special words, and the table they are found in
 *
 * Most of them are stems with endings: "I" and "'ve". Each is there with a straight and a
 * curved apostrophe, and with none ("Ive"), but for those that are words of their own then
 * ("well"). A ~ stands where one of its words ends.
 */
#include "filter/special.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "nt/err.h"

enum { SLOTS = 4096, STOP_WORDS = 8 }; /* about 1,100 entries */

static struct nt_special table[SLOTS];
uint64_t nt_stop_low[NT_STOP_SLOTS];
uint8_t nt_stop_bit[NT_STOP_SLOTS];
uint64_t nt_special_filter[NT_SPECIAL_BITS / 64];

static bool is(const struct nt_special *s, struct nt_word_bytes bytes, size_t len)
{
	return s->bytes.low == bytes.low && s->bytes.high == bytes.high && s->len == len;
}

static void enter(const char *word)
{
	struct nt_special s = {0};
	uint8_t text[NT_SPECIAL_BYTES] = {0};
	size_t n_part = 0, from = 0;
	for (const char *p = word;; p++) {
		if (*p && *p != '~') {
			nt_assert(s.len < NT_SPECIAL_BYTES);
			text[s.len++] = (uint8_t)*p;
			continue;
		}
		nt_assert(n_part < 3);
		s.part[n_part++] = (uint8_t)(s.len - from);
		from = s.len;
		if (!*p)
			break;
	}
	uint64_t hash = nt_word_hash(text, s.len, &s.bytes);
	size_t i = hash % SLOTS;
	while (table[i].len && !is(&table[i], s.bytes, s.len))
		i = (i + 1) % SLOTS;
	table[i] = s;
	uint64_t bit = hash >> 32 & (NT_SPECIAL_BITS - 1);
	nt_special_filter[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* Enters the word, whose apostrophes are ', and its twin with curved ones. */
static void enter_both(const char *word)
{
	char curved[64];
	size_t n = 0;
	enter(word);
	for (const char *p = word; *p; p++) {
		if (*p == '\'') {
			memcpy(curved + n, "\xe2\x80\x99", 3);
			n += 3;
		} else {
			curved[n++] = *p;
		}
	}
	curved[n] = 0;
	if (strchr(word, '\''))
		enter(curved);
}

static bool is_own_word(const char *word)
{
	static const char own[] = " i~ll it~s he~ll she~ll she~d we~re we~ll who~re ";
	char folded[80];
	snprintf(folded, sizeof(folded), " %s ", word);
	if (folded[1] >= 'A' && folded[1] <= 'Z')
		folded[1] = (char)(folded[1] + 32);
	return strstr(own, folded) != NULL;
}

/* The next word of a list with one space between them; returns what is behind it, or NULL. */
static const char *next(const char *list, char word[32])
{
	size_t n = strcspn(list, " ");
	if (*list == 0)
		return NULL;
	memcpy(word, list, n);
	word[n] = 0;
	return list + n + (list[n] == ' ');
}

static void title(char *word)
{
	if (*word >= 'a' && *word <= 'z')
		*word = (char)(*word - 32);
}

/* Every stem, small and capital, with every ending, with and without its apostrophes. */
static void enter_stems(const char *stems, const char *endings)
{
	char stem[32], ending[32], word[72], bare[72];
	for (const char *s = stems; (s = next(s, stem));)
		for (int capital = 0; capital < 2; capital++, title(stem))
			for (const char *e = endings; (e = next(e, ending));) {
				size_t n = 0;
				snprintf(word, sizeof(word), "%s~%s", stem, ending);
				enter_both(word);
				for (const char *p = word; *p; p++)
					if (*p != '\'')
						bare[n++] = *p;
				bare[n] = 0;
				if (!is_own_word(bare))
					enter(bare);
			}
}

static void enter_list(const char *list, bool capitals_too)
{
	char word[32];
	for (const char *p = list; (p = next(p, word));) {
		enter_both(word);
		if (capitals_too) {
			title(word);
			enter_both(word);
		}
	}
}

static const char whole[] =
	"Mt. Ak. Ala. Apr. Ariz. Ark. Aug. Calif. Colo. Conn. Dec. Del. Feb. Fla. Ga. Ia. Id. Ill. Ind. "
	"Jan. Jul. Jun. Kan. Kans. Ky. La. Mar. Mass. Mich. Minn. Miss. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. "
	"Nebr. Nev. Nov. Oct. Okla. Ore. Pa. S.C. Sep. Sept. Tenn. Va. Wash. Wis. a.m. Adm. Bros. co. Co. "
	"Corp. D.C. Dr. e.g. E.g. E.G. Gen. Gov. i.e. I.e. I.E. Inc. Jr. Ltd. Md. Messrs. Mo. Mont. Mr. "
	"Mrs. Ms. p.m. Ph.D. Prof. Rep. Rev. Sen. St. vs. v.s. a. b. c. d. e. f. g. h. i. j. k. l. m. n. "
	"o. p. q. r. s. t. u. v. w. x. y. z. \u00e4. \u00f6. \u00fc. C++ and/or w/o ' '' 's 'S 'd 're "
	"\u2018s \u2018S \u2014 <space> \\t \\n \\\") 'em 'll 'nuff 'bout 'cause 'Cause 'cos 'Cos 'coz 'Coz "
	"'cuz 'Cuz ma'am Ma'am o'clock O'clock lovin' Lovin' havin' Havin' doin' Doin' goin' Goin' nothin' "
	"Nothin' nuthin' Nuthin' ol' Ol' somethin' Somethin'";

static const char faces[] =
	":) :-) :)) :-)) :))) :-))) (: (-: =) (= :] :-] [: [-: [= =] :o) (o: :} :-} 8) 8-) (-8 ;) ;-) (; "
	"(-; :( :-( :(( :-(( :((( :-((( ): )-: =( >:( :') :'-) :'( :'-( :/ :-/ =/ =| :-| ]= =[ :1 :P :-P "
	":p :-p :O :-O :o :-o :0 :-0 :() >:o :* :-* :3 :-3 =3 :> :-> :X :-X :x :-x :D :-D ;D ;-D =D xD XD "
	"xDD XDD 8D 8-D ^_^ ^__^ ^___^ >.< >.> <.< ._. ;_; -_- -__- v.v V.V v_v V_V o_o o_O O_o O_O 0_o o_0 "
	"0_0 o.O O.o O.O o.o 0.0 o.0 0.o @_@ <3 <33 <333 </3 (^_^) (-_-) (._.) (>_<) (*_*) (\u00ac_\u00ac) "
	"\u0ca0_\u0ca0 \u0ca0\ufe35\u0ca0 (\u0ca0_\u0ca0) \u00af\\(\u30c4)/\u00af ><(((*>";

static void enter_stop_word(const char word[16], unsigned i)
{
	uint64_t low = nt_word_bytes((const uint8_t *)word, strlen(word)).low;
	size_t slot = nt_stop_slot(low);
	nt_assert(nt_stop_bit[slot] == 0); /* no two in one place */
	nt_stop_low[slot] = low;
	nt_stop_bit[slot] = (uint8_t)(1u << i);
}

static void fill(void)
{
	static const char stop[STOP_WORDS][16] = {"the", "be", "to", "of", "and", "that", "have", "with"};
	static const char units[] = "cfkCFK";
	char word[32];
	enter_stems("i", "'m 'm~a");
	enter_stems("i you he she it we they who what when where why how there that this these those",
		    "'ll 'll~'ve 'd 'd~'ve");
	enter_stems("i you we they who what when where why how there these those", "'ve");
	enter_stems("you we they who what when where why how there these those", "'re");
	enter_stems("he she it who what when where why how there that this", "'s");
	enter_stems("ca could do does did had may might must need ought sha should wo would",
		    "n't n't~'ve");
	enter_stems("could might must should would not", "'ve");
	enter_stems("ai are is was were have has dare", "n't");
	enter_list("can~not gon~na got~ta let~'s c'm~on how~'d~'y", true);
	enter_list("y'~all y~all", false);
	enter_list(whole, false);
	enter_list(faces, false);
	for (int hour = 1; hour <= 12; hour++)
		for (const char *p = "a.m. am p.m. pm", *end = p; end; p = end) {
			char half[32];
			if (!(end = next(p, half)))
				break;
			snprintf(word, sizeof(word), "%d~%.8s", hour, half);
			enter(word);
		}
	for (const char *u = units; *u; u++) {
		snprintf(word, sizeof(word), "\u00b0~%c~.", *u);
		enter(word);
	}
	for (unsigned i = 0; i < STOP_WORDS; i++)
		enter_stop_word(stop[i], i);
}

void nt_special_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, fill);
}

const struct nt_special *nt_special_look_up(uint64_t hash, struct nt_word_bytes bytes, size_t len)
{
	for (size_t i = hash % SLOTS; table[i].len; i = (i + 1) % SLOTS)
		if (is(&table[i], bytes, len))
			return &table[i];
	return NULL;
}

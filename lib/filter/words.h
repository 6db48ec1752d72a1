/* SPDX-License-Identifier: MIT */
#ifndef FILTER_WORDS_H
#define FILTER_WORDS_H
/*
 * words.h - a document as words and lines
 *
 * datatrove's filters count words as spaCy's blank English cuts them, and so do we: white
 * space ends a word; quotes, brackets and punctuation come off its ends one by one; "don't"
 * is do n't; hyphens part letters; "Mr.", "e.g." and addresses stay whole (affix.c,
 * special.c). What is not done: emoticons that touch a word are not put together again, and
 * a letter is what Unicode calls one, where spaCy lists scripts.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/mem.h"

enum {
	NT_WORD_HAS_LETTER = 1,
	NT_WORD_IS_WORD = 2, /* it has a character that is no symbol */
	NT_WORD_ENDS = 4,    /* a full stop or the like, alone: a sentence ends here */
	NT_WORD_IS_PUNCT = 8,
	NT_WORD_FLAGS = 15,
};

struct nt_word {
	uint64_t key; /* a hash of its bytes, which stands for the word; the lowest bits are the flags */
	size_t chars; /* code points of all words in front of it */
};

/* What str.splitlines calls a line. */
struct nt_line {
	size_t start, end;    /* in the text, without its break */
	size_t word;          /* its first, or where it would be */
};

/*
 * Words may take sixteen times the bytes of their text. So there are blocks of them: most documents are
 * one, and what asks about the words of a longer one has it cut again, a block at a time. In front of
 * the new words of a block stand the last ones of the block before, and words are numbered through
 * the document.
 */
struct nt_words {
	struct nt_word *word; /* [n + 1]: the last one is where the words end */
	size_t n, word_cap;
	size_t first, fresh;  /* the numbers of word[0], and of the first that the block before had not */
	struct nt_line *line; /* [n_line] that end in the block; line[n_line] goes on */
	size_t n_line, line_cap;
	size_t most;     /* a full block has room for as many words or an eighth as many lines; 0: 524288 */
	bool is_part;    /* of the document, which has more blocks */
	bool has_failed; /* out of memory: an allocation failed on the way */

	/* of the document */
	size_t all_words, all_lines;
	size_t n_real, real_chars; /* words with NT_WORD_IS_WORD, their code points */
	size_t n_letter;           /* words with NT_WORD_HAS_LETTER */
	unsigned stop_words;       /* which of the eight there are, a bit each */

	/* while it cuts */
	void (*take)(void *arg, const struct nt_words *w);
	void *arg;
	size_t n_sign, sign_chars; /* words without NT_WORD_IS_WORD, their code points */
	size_t n_letterless;       /* words without NT_WORD_HAS_LETTER */
	uint64_t *cut;             /* bits of a chunk's bytes: a suffix begins here (affix.c) */
	size_t cut_cap;
};

/* Words that stand in front of a block's new ones, if there are as many. */
enum { NT_WORDS_BEFORE = 16 };

/* Bytes behind a text that can be read; the first of them is a line's end. */
enum { NT_WORDS_PAD = 80 };

/* Cuts text[len], which is UTF-8 and padded. Starts with {0}; what was there is replaced. */
int nt_words_cut(struct nt_words *w, const uint8_t *text, size_t len);

/* Hands the words of the text that was cut last to `take`, a block at a time. */
int nt_words_show(struct nt_words *w, const uint8_t *text, size_t len,
		  void (*take)(void *arg, const struct nt_words *w), void *arg);
void nt_words_release(struct nt_words *w); /* harmless twice */

/* Word i of the document, which is one of the block's. */
static inline const struct nt_word *nt_words_at(const struct nt_words *w, size_t i)
{
	return &w->word[i - w->first];
}

static inline size_t nt_words_chars(const struct nt_words *w, size_t from, size_t n)
{
	return nt_words_at(w, from + n)->chars - nt_words_at(w, from)->chars;
}

/* Is text[0, 4) white space, beyond ASCII too? */
bool nt_is_space_at(const uint8_t *text);

/* --- between words.c and affix.c ------------------------------------------------------ */

/* Appends text[len] as one word. */
void nt_words_add(struct nt_words *w, const uint8_t *text, size_t len);

void nt_affix_init(void); /* before the next one; cheap after the first time */

/* Appends the words of text[len], which holds no space. */
void nt_words_add_chunk(struct nt_words *w, const uint8_t *text, size_t len);

#endif

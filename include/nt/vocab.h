/* SPDX-License-Identifier: MIT */
#ifndef NT_VOCAB_H
#define NT_VOCAB_H
/*
 * nt/vocab.h - learning a byte-level BPE vocabulary, and writing one in other forms
 *
 * Learning is greedy and exact: the most frequent adjacent pair of tokens becomes a token,
 * the one with the lower ids where counts are equal, until there are enough. The result
 * depends on the texts and the options alone, not on threads or the order of documents.
 * The merges are those of Hugging Face's trainer, which numbers bytes as GPT-2 did.
 * Sennrich, Haddow, Birch 2016, arXiv:1508.07909.
 */
#include "nt/docs.h"
#include "nt/file.h"
#include "nt/mem.h"
#include "nt/pool.h"
#include "nt/tokenizer.h"

struct nt_learn_options {
	uint32_t vocab_size;        /* all of it: single bytes, merges, specials */
	const char *pattern;        /* as nt_tokenizer_open takes it ... */
	const char *pattern_of;     /* ... and the file that says so, or NULL */
	uint64_t min_frequency;     /* a pair that occurs less often is not merged */
	const char *const *special; /* [n_special] names; [B] and [E] are added behind them ... */
	size_t n_special;           /* ... unless one of these already serves */
	bool only_seen;             /* bytes that do not occur get no token */
	uint32_t limit_alphabet;    /* this many bytes get one, the most frequent; 0: no limit */
	bool bytes_by_value;        /* ids of bytes: in their order, not in that of GPT-2's alphabet */
	uint64_t memory;            /* bytes for counting, about: more goes to TMPDIR; 0: no limit */
	uint64_t min_count;         /* a piece that occurs less often is left out; 0 and 1: none is */
};

struct nt_learner;

/* NT_EARG: the options cannot be met; NT_EFORMAT: pattern_of's pattern is none. The strings must outlive the learner. */
int nt_learner_new(struct nt_learner **l, const struct nt_learn_options *options, int n_thread);
void nt_learner_free(struct nt_learner *l); /* NULL is harmless */

/* Counts the pieces of text[len], in memory. Up to n_thread threads may be in here at once. */
int nt_learner_count(struct nt_learner *l, const void *text, size_t len);

/* Lets long documents come in parts that are counted one by one. l must outlive the source. */
void nt_learner_parts(const struct nt_learner *l, struct nt_docs_options *how);

/* The same for every document, on all threads of the pool, at most n_thread of them. progress
 * (or NULL) is called now and then with what has been counted so far. */
int nt_learner_count_docs(struct nt_learner *l, struct nt_docs *docs, struct nt_pool *pool,
			  void (*progress)(void *arg, uint64_t n_doc, uint64_t bytes), void *arg);

/*
 * Piece counts in a file (NTC1, docs/formats.md), so that texts can be counted apart, on
 * several machines, and learned from together. probe: 1 for a file of them, with the regular
 * expression that cut its pieces appended to rule, a NUL behind it; 0 for anything else,
 * files that cannot be read included; or a negative enum nt_err. add counts what the file
 * holds, with NT_EFORMAT for one that is cut, damaged or of another pattern; write ends the
 * counting.
 */
int nt_counts_probe(const char *path, struct nt_buf *rule);
int nt_learner_add_counts(struct nt_learner *l, struct nt_pool *pool, const char *path);
int nt_learner_write_counts(struct nt_learner *l, struct nt_pool *pool, struct nt_out *out);

/* Reads all of such a file, and appends what it is as a JSON object. */
int nt_counts_describe(const char *path, struct nt_buf *json);

/* Counted so far, texts and files of counts together; ask before learning or writing. */
struct nt_learn_sum {
	uint64_t n_doc, bytes, n_piece;
	uint64_t spilled; /* bytes written to temporary files */
};
struct nt_learn_sum nt_learner_sum(const struct nt_learner *l);

/*
 * Learns, with the pool's threads (NULL: this one). After every merge progress(arg, tokens so
 * far, count of the pair) is called, if it is not NULL. The tokenizer may have fewer entries
 * than asked for, when pairs run out.
 */
int nt_learner_run(struct nt_learner *l, struct nt_pool *pool,
		   void (*progress)(void *arg, uint32_t n, uint64_t count), void *arg,
		   struct nt_tokenizer **t);

/* Appends t as a list of ranks (.tiktoken): ordinary tokens only. NT_EFORMAT when its merges
 * are not in the order of ids, so that ranks cannot say what they do. */
int nt_vocab_ranks(const struct nt_tokenizer *t, struct nt_buf *out);

/* How a vocabulary fits texts; a figure that would be over nothing is 0. */
struct nt_fit {
	uint64_t n_token;
	uint32_t n_entry, n_unused; /* tokens that stand for bytes, and those no text used */
	double bytes_per_token, tokens_per_word;
	double bits_per_byte; /* to tell each token from the others by how frequent it is here: the
				 entropy of single tokens */
	double mb_per_s;      /* of one thread, encoding */
};

/* What they were measured on; a word is what white space of ASCII surrounds. */
struct nt_fit_text {
	uint64_t n_doc, bytes, n_word;
};

/* Lets long documents come in parts, if all of t[n] find the same tokens in the parts. */
void nt_compare_parts(struct nt_tokenizer *const *t, size_t n, struct nt_docs_options *how);

/* Encodes every document with each of t[n], a thread each, and fills fit[n]. */
int nt_vocab_compare(struct nt_fit *fit, struct nt_fit_text *text, struct nt_tokenizer *const *t,
		     size_t n, struct nt_docs *docs, struct nt_pool *pool);

#endif

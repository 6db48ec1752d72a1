/* SPDX-License-Identifier: MIT */
/*
 * learn.c - a byte-level BPE vocabulary out of texts
 *
 * Texts are cut into pieces and only distinct pieces are kept, with their counts: a
 * thousand times less than the text (tally.c). The most frequent pair of neighbours in them
 * becomes a token, again and again (greedy.c). Here is what stands around that: which
 * bytes get a token and what number, when to stop, and what comes behind the merges.
 */
#include "nt/vocab.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "token/counts.h"
#include "token/greedy.h"
#include "token/tally.h"
#include "token/tokenizer.h"

enum { PART_BYTES = 8 << 20 }; /* as much as a batch takes */

struct nt_learner {
	struct nt_learn_options options;
	struct nt_pattern split;
	struct nt_tally tally;
	struct nt_words words;
	struct nt_tokenizer *t;
};

/* --- counting pieces ------------------------------------------------------------ */

int nt_learner_count(struct nt_learner *l, const void *text, size_t len)
{
	return nt_tally_text(&l->tally, text, len);
}

static size_t seam(const void *arg, const uint8_t *text, size_t len)
{
	return nt_pattern_seam(arg, text, len);
}

void nt_learner_parts(const struct nt_learner *l, struct nt_docs_options *how)
{
	how->part_bytes = PART_BYTES;
	how->seam = seam;
	how->seam_arg = &l->split;
}

int nt_learner_count_docs(struct nt_learner *l, struct nt_docs *docs, struct nt_pool *pool,
			  void (*progress)(void *arg, uint64_t n_doc, uint64_t bytes), void *arg)
{
	return nt_tally_docs(&l->tally, docs, pool, progress, arg);
}

struct nt_learn_sum nt_learner_sum(const struct nt_learner *l)
{
	return (struct nt_learn_sum){.n_doc = l->tally.n_doc, .bytes = l->tally.bytes,
				     .n_piece = nt_tally_total(&l->tally),
				     .spilled = l->tally.n_run ? l->tally.spill.bytes : 0};
}

struct adding {
	struct nt_tally *tally;
	struct nt_pool *pool;
};

static int add_counted(void *arg, const uint8_t *p, size_t len, uint64_t count)
{
	struct adding *a = arg;
	return nt_tally_add(a->tally, a->pool, p, len, count);
}

int nt_learner_add_counts(struct nt_learner *l, struct nt_pool *pool, const char *path)
{
	struct adding a = {&l->tally, pool};
	struct nt_counts_sum sum = {0};
	int rc = nt_counts_read(path, l->split.regex, &sum, add_counted, &a);
	l->tally.n_doc += sum.n_doc;
	l->tally.bytes += sum.bytes;
	return rc;
}

static int write_counted(void *arg, const uint8_t *p, size_t len, uint64_t count)
{
	return nt_counts_add(arg, p, len, count);
}

int nt_learner_write_counts(struct nt_learner *l, struct nt_pool *pool, struct nt_out *out)
{
	struct nt_counts_writer w = {0};
	int rc = nt_counts_begin(&w, out, l->split.regex);
	if (rc == 0)
		rc = nt_tally_sorted(&l->tally, pool, l->options.min_count, write_counted, &w);
	if (rc == 0)
		rc = nt_counts_end(&w, l->tally.n_doc, l->tally.bytes);
	nt_counts_writer_release(&w);
	return rc;
}

/* --- tokens that are there from the start ---------------------------------------- */

static void count_bytes(const struct nt_words *w, uint64_t count[256])
{
	for (size_t at = 0; at < w->len; at += NT_WORD_HEAD + w->word[at]) {
		const uint32_t *word = w->word + at;
		uint64_t n = word[1] | (uint64_t)word[2] << 32;
		for (uint32_t i = 0; i < word[0]; i++)
			count[word[NT_WORD_HEAD + i]] += n;
	}
}

/* Is byte[i] among the most frequent ones, the earlier first where they are equal? */
static bool is_kept(const struct nt_learn_options *o, const uint8_t byte[256],
		    const uint64_t count[256], int i)
{
	uint32_t better = 0;
	if (!o->limit_alphabet)
		return true;
	for (int k = 0; k < 256; k++)
		better += count[byte[k]] > count[byte[i]] || (count[byte[k]] == count[byte[i]] && k < i);
	return better < o->limit_alphabet;
}

static int add_bytes(struct nt_learner *l)
{
	uint64_t count[256] = {0};
	uint8_t byte[256];
	int rc = 0;
	count_bytes(&l->words, count);
	nt_alphabet_order(byte);
	for (int i = 0; l->options.bytes_by_value && i < 256; i++)
		byte[i] = (uint8_t)i;
	for (int i = 0; rc == 0 && i < 256; i++) {
		if ((l->options.only_seen && !count[byte[i]]) || !is_kept(&l->options, byte, count, i))
			continue;
		l->t->byte_id[byte[i]] = l->t->ident.vocab_size;
		rc = nt_tokenizer_add(l->t, l->t->ident.vocab_size, &byte[i], 1, NT_KIND_ORDINARY);
	}
	return rc;
}

/* Bytes become symbols, and those without a token nothing, as in Hugging Face's trainer.
 * Words that cannot merge are left out. */
static int number_symbols(struct nt_learner *l)
{
	struct nt_words *w = &l->words;
	size_t kept = 0, n;
	for (size_t at = 0; at < w->len; at += NT_WORD_HEAD + n) {
		const uint32_t *from = w->word + at, low = from[1], high = from[2];
		uint32_t *to = w->word + kept, left = 0;
		n = from[0];
		for (size_t i = 0; i < n; i++) {
			uint32_t id = l->t->byte_id[from[NT_WORD_HEAD + i]];
			to[NT_WORD_HEAD + left] = id;
			left += id != NT_NO_TOKEN;
		}
		to[0] = left;
		to[1] = low; /* by now `to` may have overrun the head of `from` */
		to[2] = high;
		kept += left > 1 ? NT_WORD_HEAD + left : 0;
	}
	w->len = kept;
	if (kept > UINT32_MAX)
		return nt_fail(NT_ESYS, "out of memory: distinct pieces of %zu bytes in all", kept);
	return 0;
}

/* Specials behind the merges; finishing adds what [B] and [E] lack. */
static int add_specials(struct nt_learner *l)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < l->options.n_special; i++)
		rc = nt_tokenizer_add(l->t, l->t->ident.vocab_size, l->options.special[i],
				      strlen(l->options.special[i]), NT_KIND_SPECIAL);
	return rc;
}

/* --- merging ------------------------------------------------------------------------ */

static int merge(struct nt_learner *l, struct nt_greedy *g, struct nt_pair p)
{
	struct nt_tokenizer *t = l->t;
	uint32_t id = t->ident.vocab_size;
	struct nt_buf bytes = {0};
	int rc = nt_buf_add(&bytes, nt_token_text(t, p.left), t->token[p.left].len);
	if (rc == 0)
		rc = nt_buf_add(&bytes, nt_token_text(t, p.right), t->token[p.right].len);
	if (rc == 0)
		rc = nt_tokenizer_add(t, id, bytes.data, bytes.len, NT_KIND_ORDINARY);
	if (rc == 0)
		rc = nt_tokenizer_merge(t, p.left, p.right);
	nt_buf_release(&bytes);
	return rc < 0 ? rc : nt_greedy_merge(g, p, id);
}

static int learn(struct nt_learner *l, uint32_t n_id, void (*progress)(void *, uint32_t, uint64_t),
		 void *arg)
{
	struct nt_pair p;
	uint64_t count;
	int rc = 0;
	struct nt_greedy *g = nt_greedy_new(l->words.word, l->words.len, l->t->ident.vocab_size, n_id,
					    l->options.min_frequency);
	if (!g)
		return NT_ESYS;
	while (rc == 0 && l->t->ident.vocab_size < n_id && nt_greedy_next(g, &p, &count)) {
		if (l->t->token[p.left].len + l->t->token[p.right].len > NT_TOKEN_LIMIT)
			continue; /* a run of megabytes: on with the next */
		rc = merge(l, g, p);
		if (rc == 0 && progress)
			progress(arg, l->t->ident.vocab_size, count);
	}
	nt_greedy_free(g);
	return rc;
}

/* --- the whole ---------------------------------------------------------------------- */

/* How many ids the specials will take, [B] and [E] included. */
static int count_specials(const struct nt_learn_options *o, uint32_t *n)
{
	struct nt_tokenizer *t;
	int rc = nt_tokenizer_new(&t, "");
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; rc == 0 && i < o->n_special; i++) {
		if (!*o->special[i])
			rc = nt_fail(NT_EARG, "a special token without a name");
		for (uint32_t k = 0; k < i; k++)
			if (strcmp(o->special[i], o->special[k]) == 0)
				rc = nt_fail(NT_EARG, "special token '%s' is named twice", o->special[i]);
		if (rc == 0)
			rc = nt_tokenizer_add(t, i, o->special[i], strlen(o->special[i]), NT_KIND_SPECIAL);
	}
	if (rc == 0)
		rc = nt_tokenizer_settle_ends(t);
	*n = t->ident.vocab_size;
	nt_tokenizer_free(t);
	return rc;
}

static int check_size(const struct nt_learn_options *o, uint32_t n_byte, uint32_t *n_special)
{
	int rc = count_specials(o, n_special);
	if (rc == 0 && o->vocab_size < n_byte + *n_special)
		rc = nt_fail(NT_EARG, "%u entries are too few: %s and %s need %u",
			     o->vocab_size, nt_counted(n_byte, "byte"), nt_counted(*n_special, "special token"),
			     n_byte + *n_special);
	return rc;
}

int nt_learner_new(struct nt_learner **out, const struct nt_learn_options *options, int n_thread)
{
	struct nt_learner *l = nt_calloc(1, sizeof(*l));
	uint32_t n_special;
	*out = NULL;
	if (!l)
		return NT_ESYS;
	l->options = *options;
	bool is_small = options->only_seen || options->limit_alphabet;
	int rc = check_size(options, is_small ? 0 : 256, &n_special);
	if (rc == 0 && (rc = nt_pattern_init(&l->split, options->pattern)) == NT_EARG && options->pattern_of)
		rc = nt_fail(NT_EFORMAT, "%s: %s", options->pattern_of, nt_errmsg());
	if (rc == 0)
		rc = nt_tally_init(&l->tally, &l->split, n_thread, options->memory);
	if (rc < 0) {
		nt_learner_free(l);
		return rc;
	}
	*out = l;
	return 0;
}

void nt_learner_free(struct nt_learner *l)
{
	if (!l)
		return;
	nt_tally_release(&l->tally);
	nt_pattern_release(&l->split);
	nt_tokenizer_free(l->t);
	free(l->words.word);
	free(l);
}

static int finish(struct nt_learner *l)
{
	int rc = add_specials(l);
	if (rc == 0)
		rc = nt_pattern_init(&l->t->split, l->options.pattern);
	if (rc == 0)
		rc = nt_tokenizer_index(l->t);
	if (rc == 0)
		rc = nt_tokenizer_finish(l->t, false);
	l->t->remark[0] = 0; /* [B] and [E] were counted in from the start */
	return rc;
}

int nt_learner_run(struct nt_learner *l, struct nt_pool *pool,
		   void (*progress)(void *arg, uint32_t n, uint64_t count), void *arg,
		   struct nt_tokenizer **t)
{
	uint32_t n_special;
	int rc = nt_tokenizer_new(&l->t, "learned");
	*t = NULL;
	if (rc < 0 || (rc = nt_tally_words(&l->tally, pool, l->options.min_count, &l->words)) < 0 ||
	    (rc = add_bytes(l)) < 0 ||
	    (rc = check_size(&l->options, l->t->ident.vocab_size, &n_special)) < 0 ||
	    (rc = number_symbols(l)) < 0 ||
	    (rc = learn(l, l->options.vocab_size - n_special, progress, arg)) < 0 ||
	    (rc = finish(l)) < 0)
		return rc;
	*t = l->t;
	l->t = NULL;
	return 0;
}

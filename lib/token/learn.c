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

uint64_t nt_learner_n_piece(const struct nt_learner *l)
{
	return nt_tally_total(&l->tally);
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

static int add_bytes(struct nt_learner *l)
{
	uint64_t count[256] = {0};
	int rc = 0;
	count_bytes(&l->words, count);
	for (int b = 0; rc == 0 && b < 256; b++) {
		if (l->options.only_seen && !count[b])
			continue;
		uint8_t byte = (uint8_t)b;
		l->t->byte_id[b] = l->t->ident.vocab_size;
		rc = nt_tokenizer_add(l->t, l->t->ident.vocab_size, &byte, 1, NT_KIND_ORDINARY);
	}
	return rc;
}

/* Bytes become symbols. Words that cannot merge are left out. */
static int number_symbols(struct nt_learner *l)
{
	struct nt_words *w = &l->words;
	size_t kept = 0, n;
	for (size_t at = 0; at < w->len; at += NT_WORD_HEAD + n) {
		n = w->word[at];
		if (n < 2)
			continue;
		memmove(w->word + kept, w->word + at, NT_WORD_HEAD * sizeof(*w->word));
		for (size_t i = NT_WORD_HEAD; i < NT_WORD_HEAD + n; i++)
			w->word[kept + i] = l->t->byte_id[w->word[at + i]];
		kept += NT_WORD_HEAD + n;
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
		rc = nt_fail(NT_EARG, "%u entries are too few: %u bytes and %u special tokens need %u",
			     o->vocab_size, n_byte, *n_special, n_byte + *n_special);
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
	int rc = check_size(options, options->only_seen ? 0 : 256, &n_special);
	if (rc == 0)
		rc = nt_pattern_init(&l->split, options->pattern);
	if (rc == 0)
		rc = nt_tally_init(&l->tally, &l->split, n_thread);
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
	if (rc < 0 || (rc = nt_tally_words(&l->tally, pool, 1, &l->words)) < 0 ||
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

/* SPDX-License-Identifier: MIT */
/*
 * learn.c - a byte-level BPE vocabulary out of texts
 *
 * Texts are cut into pieces and only distinct pieces are kept, with their counts: a
 * thousand times less than the text. Every adjacent pair knows how often it occurs and
 * in which pieces it may. A merge visits those pieces only, and corrects the counts of
 * the pairs around each place it changes.
 *
 * The best pair comes from a heap that is allowed to be out of date: a count can only
 * fall once its pair is in the heap, since merges make pairs of the new token alone, and
 * these enter when the merge is done. So a top whose count is old goes back in with the
 * true one, and a top that is true is the best of all.
 *
 * Pairs are counted by places: "aaa" has two pairs (a, a), though only one can merge.
 * Hugging Face's trainer counts alike.
 */
#include "nt/vocab.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "token/batch.h"
#include "token/count.h"
#include "token/lend.h"
#include "token/tokenizer.h"

/* Counts and a cutter, lent to whoever counts next. */
struct desk {
	struct nt_cutter cutter;
	struct nt_counter counter;
};

/* A distinct piece: its symbols in learner.symbol. */
struct word {
	size_t at;
	uint32_t n;     /* symbols left */
	uint64_t count; /* how often the piece occurs */
};

struct pair_count {
	uint32_t left, right; /* left is NT_NO_TOKEN in an empty slot */
	uint64_t count;
	uint32_t *word; /* [n] words that have held the pair, in order, each once */
	size_t n, cap;
};

struct entry {
	uint64_t count;
	uint32_t left, right;
};

struct nt_learner {
	struct nt_learn_options options;
	struct nt_pattern split;
	struct desk *desk; /* [n_desk] */
	int n_desk;
	struct nt_lender lender;
	struct nt_batch batch;

	struct nt_tokenizer *t;
	uint32_t *symbol; /* of all words, one behind the other */
	struct word *word;
	size_t n_word;

	struct pair_count *table; /* [mask + 1] */
	size_t n_pair, mask;
	struct entry *heap;
	size_t n_heap, heap_cap;
	struct nt_pair *fresh; /* pairs that the merge at hand has made */
	size_t n_fresh, fresh_cap;
};

/* --- counting pieces ------------------------------------------------------------ */

int nt_learner_count(struct nt_learner *l, const void *text, size_t len)
{
	int number = nt_lender_take(&l->lender);
	struct desk *d = &l->desk[number];
	size_t start, end;
	int rc = nt_cutter_begin(&d->cutter, text, len);
	while (rc == 0 && (rc = nt_cutter_next(&d->cutter, &start, &end)) > 0)
		rc = nt_counter_add(&d->counter, (const uint8_t *)text + start, end - start, 1);
	nt_lender_give(&l->lender, number);
	return rc;
}

static int count_group(void *arg, size_t i)
{
	struct nt_learner *l = arg;
	const struct nt_batch_group *g = &l->batch.group[i];
	int rc = 0;
	for (size_t k = g->first; rc == 0 && k < g->first + g->n; k++)
		rc = nt_learner_count(l, l->batch.doc[k].text, l->batch.doc[k].len);
	return rc;
}

int nt_learner_count_docs(struct nt_learner *l, struct nt_docs *docs, struct nt_pool *pool,
			  void (*progress)(void *arg, uint64_t n_doc, uint64_t bytes), void *arg)
{
	uint64_t n_doc = 0, bytes = 0;
	int rc;
	while ((rc = nt_batch_read(&l->batch, docs)) > 0) {
		rc = nt_pool_run(pool, l->batch.n_group, count_group, l);
		if (rc < 0)
			break;
		n_doc += l->batch.n_doc;
		for (size_t i = 0; i < l->batch.n_doc; i++)
			bytes += l->batch.doc[i].len;
		if (progress)
			progress(arg, n_doc, bytes);
	}
	nt_batch_release(&l->batch);
	return rc;
}

uint64_t nt_learner_n_piece(const struct nt_learner *l)
{
	uint64_t n = 0;
	for (int i = 0; i < l->n_desk; i++)
		for (size_t k = 0; k < l->desk[i].counter.n_piece; k++)
			n += l->desk[i].counter.piece[k].n;
	return n;
}

/* All counts onto the first desk. */
static int gather(struct nt_learner *l)
{
	int rc = 0;
	for (int i = 1; rc == 0 && i < l->n_desk; i++) {
		rc = nt_counter_merge(&l->desk[0].counter, &l->desk[i].counter);
		nt_counter_release(&l->desk[i].counter);
	}
	return rc;
}

/* --- tokens that are there from the start ---------------------------------------- */

static int add_bytes(struct nt_learner *l)
{
	const struct nt_counter *c = &l->desk[0].counter;
	bool seen[256] = {false};
	int rc = 0;
	for (size_t i = 0; i < c->bytes.len; i++)
		seen[c->bytes.data[i]] = true;
	for (int b = 0; rc == 0 && b < 256; b++) {
		if (l->options.only_seen && !seen[b])
			continue;
		uint8_t byte = (uint8_t)b;
		l->t->byte_id[b] = l->t->ident.vocab_size;
		rc = nt_tokenizer_add(l->t, l->t->ident.vocab_size, &byte, 1, NT_KIND_ORDINARY);
	}
	return rc;
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

/* --- words and their pairs -------------------------------------------------------- */

static int lay_out_words(struct nt_learner *l)
{
	const struct nt_counter *c = &l->desk[0].counter;
	l->n_word = c->n_piece;
	l->word = nt_alloc(c->n_piece, sizeof(*l->word));
	l->symbol = nt_alloc(c->bytes.len, sizeof(*l->symbol));
	if (!l->word || !l->symbol)
		return NT_ESYS;
	for (size_t k = 0; k < c->n_piece; k++) {
		const struct nt_piece *p = &c->piece[k];
		if (p->len > UINT32_MAX)
			return nt_fail(NT_EFORMAT, "a piece of %zu bytes without a place to cut it",
				       p->len);
		l->word[k] = (struct word){.at = p->at, .n = (uint32_t)p->len, .count = p->n};
	}
	for (size_t i = 0; i < c->bytes.len; i++)
		l->symbol[i] = l->t->byte_id[c->bytes.data[i]];
	return 0;
}

static size_t place_of(const struct pair_count *table, size_t mask, uint32_t left, uint32_t right)
{
	size_t i = nt_pair_slot(left, right, mask);
	while (table[i].left != NT_NO_TOKEN && (table[i].left != left || table[i].right != right))
		i = (i + 1) & mask;
	return i;
}

static int grow_table(struct nt_learner *l)
{
	size_t size = l->table ? 2 * (l->mask + 1) : 1 << 16;
	struct pair_count *table = nt_calloc(size, sizeof(*table));
	if (!table)
		return NT_ESYS;
	for (size_t i = 0; i < size; i++)
		table[i].left = NT_NO_TOKEN;
	for (size_t i = 0; l->table && i <= l->mask; i++) {
		const struct pair_count *p = &l->table[i];
		if (p->left != NT_NO_TOKEN)
			table[place_of(table, size - 1, p->left, p->right)] = *p;
	}
	free(l->table);
	l->table = table;
	l->mask = size - 1;
	return 0;
}

/* One more place with the pair, in word w. */
static int add_pair(struct nt_learner *l, uint32_t left, uint32_t right, uint32_t w)
{
	int rc = !l->table || l->n_pair * 2 > l->mask ? grow_table(l) : 0;
	if (rc < 0)
		return rc;
	struct pair_count *p = &l->table[place_of(l->table, l->mask, left, right)];
	if (p->left == NT_NO_TOKEN) {
		p->left = left;
		p->right = right;
		l->n_pair++;
	}
	if (p->n == 0) { /* new, or gone for a while: the heap has to hear of it */
		if ((rc = nt_grow(&l->fresh, &l->fresh_cap, l->n_fresh + 1, sizeof(*l->fresh))) < 0)
			return rc;
		l->fresh[l->n_fresh++] = (struct nt_pair){left, right};
	}
	p->count += l->word[w].count;
	if (p->n && p->word[p->n - 1] == w)
		return 0;
	if ((rc = nt_grow(&p->word, &p->cap, p->n + 1, sizeof(*p->word))) == 0)
		p->word[p->n++] = w;
	return rc;
}

/* One place less; the word stays in the pair's list, where finding nothing does no harm. */
static void remove_pair(struct nt_learner *l, uint32_t left, uint32_t right, uint32_t w)
{
	struct pair_count *p = &l->table[place_of(l->table, l->mask, left, right)];
	p->count -= l->word[w].count;
}

static int count_pairs(struct nt_learner *l)
{
	int rc = 0;
	for (size_t w = 0; rc == 0 && w < l->n_word; w++) {
		const uint32_t *s = l->symbol + l->word[w].at;
		for (uint32_t i = 0; rc == 0 && i + 1 < l->word[w].n; i++)
			rc = add_pair(l, s[i], s[i + 1], (uint32_t)w);
	}
	return rc;
}

/* --- the heap ---------------------------------------------------------------------- */

static bool goes_first(struct entry a, struct entry b)
{
	if (a.count != b.count)
		return a.count > b.count;
	return a.left != b.left ? a.left < b.left : a.right < b.right;
}

static int push(struct nt_learner *l, struct entry e)
{
	int rc = nt_grow(&l->heap, &l->heap_cap, l->n_heap + 1, sizeof(*l->heap));
	if (rc < 0)
		return rc;
	size_t i = l->n_heap++;
	for (; i > 0 && goes_first(e, l->heap[(i - 1) / 2]); i = (i - 1) / 2)
		l->heap[i] = l->heap[(i - 1) / 2];
	l->heap[i] = e;
	return 0;
}

static struct entry pop(struct nt_learner *l)
{
	struct entry top = l->heap[0], moving = l->heap[--l->n_heap];
	size_t i = 0;
	for (size_t child; (child = 2 * i + 1) < l->n_heap; i = child) {
		if (child + 1 < l->n_heap && goes_first(l->heap[child + 1], l->heap[child]))
			child++;
		if (!goes_first(l->heap[child], moving))
			break;
		l->heap[i] = l->heap[child];
	}
	l->heap[i] = moving;
	return top;
}

static int push_fresh(struct nt_learner *l)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < l->n_fresh; i++) {
		struct nt_pair p = l->fresh[i];
		uint64_t count = l->table[place_of(l->table, l->mask, p.left, p.right)].count;
		rc = push(l, (struct entry){count, p.left, p.right});
	}
	l->n_fresh = 0;
	return rc;
}

/* The best pair whose count is true, or one with count 0. */
static struct entry best(struct nt_learner *l)
{
	while (l->n_heap) {
		struct entry e = pop(l);
		uint64_t count = l->table[place_of(l->table, l->mask, e.left, e.right)].count;
		if (e.count == count)
			return e;
		e.count = count;
		if (count)
			push(l, e); /* there is room: an entry has just been taken out */
	}
	return (struct entry){0};
}

/* --- merging ------------------------------------------------------------------------ */

/* Every (left, right) in word w becomes id. */
static int merge_in_word(struct nt_learner *l, struct entry e, uint32_t id, uint32_t w)
{
	struct word *word = &l->word[w];
	uint32_t *s = l->symbol + word->at, kept = 0;
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < word->n;) {
		if (s[i] != e.left || i + 1 >= word->n || s[i + 1] != e.right) {
			s[kept++] = s[i++];
			continue;
		}
		remove_pair(l, e.left, e.right, w);
		if (kept) {
			remove_pair(l, s[kept - 1], e.left, w);
			rc = add_pair(l, s[kept - 1], id, w);
		}
		if (rc == 0 && i + 2 < word->n) {
			remove_pair(l, e.right, s[i + 2], w);
			rc = add_pair(l, id, s[i + 2], w);
		}
		s[kept++] = id;
		i += 2;
	}
	word->n = kept;
	return rc;
}

static int merge(struct nt_learner *l, struct entry e)
{
	struct nt_tokenizer *t = l->t;
	uint32_t id = t->ident.vocab_size;
	struct nt_buf bytes = {0};
	struct pair_count *p = &l->table[place_of(l->table, l->mask, e.left, e.right)];
	uint32_t *word = p->word;
	size_t n = p->n;
	p->word = NULL; /* ours now: the table may move, and the pair is over */
	p->n = p->cap = 0;
	int rc = nt_buf_add(&bytes, nt_token_text(t, e.left), t->token[e.left].len);
	if (rc == 0)
		rc = nt_buf_add(&bytes, nt_token_text(t, e.right), t->token[e.right].len);
	if (rc == 0)
		rc = nt_tokenizer_add(t, id, bytes.data, bytes.len, NT_KIND_ORDINARY);
	if (rc == 0)
		rc = nt_tokenizer_merge(t, e.left, e.right);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = merge_in_word(l, e, id, word[i]);
	free(word);
	nt_buf_release(&bytes);
	return rc < 0 ? rc : push_fresh(l);
}

static int learn(struct nt_learner *l, uint32_t n_id, void (*progress)(void *, uint32_t, uint64_t),
		 void *arg)
{
	int rc = push_fresh(l);
	while (rc == 0 && l->t->ident.vocab_size < n_id) {
		struct entry e = best(l);
		if (e.count == 0 || e.count < l->options.min_frequency)
			break;
		if (l->t->token[e.left].len + l->t->token[e.right].len > NT_TOKEN_LIMIT)
			continue; /* a run of megabytes: off the heap, and on with the next */
		rc = merge(l, e);
		if (rc == 0 && progress)
			progress(arg, l->t->ident.vocab_size, e.count);
	}
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
		rc = nt_lender_init(&l->lender, n_thread);
	if (rc == 0 && !(l->desk = nt_calloc((size_t)n_thread, sizeof(*l->desk))))
		rc = NT_ESYS;
	for (int i = 0; rc == 0 && i < n_thread; i++, l->n_desk++)
		rc = nt_cutter_init(&l->desk[i].cutter, &l->split);
	if (rc < 0) {
		nt_learner_free(l);
		return rc;
	}
	*out = l;
	return 0;
}

static void release_work(struct nt_learner *l)
{
	for (size_t i = 0; l->table && i <= l->mask; i++)
		free(l->table[i].word);
	free(l->table);
	free(l->heap);
	free(l->fresh);
	free(l->word);
	free(l->symbol);
}

void nt_learner_free(struct nt_learner *l)
{
	if (!l)
		return;
	for (int i = 0; i < l->n_desk; i++) {
		nt_cutter_release(&l->desk[i].cutter);
		nt_counter_release(&l->desk[i].counter);
	}
	release_work(l);
	free(l->desk);
	nt_pattern_release(&l->split);
	nt_tokenizer_free(l->t);
	nt_lender_release(&l->lender);
	nt_batch_release(&l->batch);
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

int nt_learner_run(struct nt_learner *l, void (*progress)(void *arg, uint32_t n, uint64_t count),
		   void *arg, struct nt_tokenizer **t)
{
	uint32_t n_special;
	int rc = nt_tokenizer_new(&l->t, "learned");
	*t = NULL;
	if (rc < 0 || (rc = gather(l)) < 0 || (rc = add_bytes(l)) < 0 ||
	    (rc = check_size(&l->options, l->t->ident.vocab_size, &n_special)) < 0 ||
	    (rc = lay_out_words(l)) < 0 || (rc = count_pairs(l)) < 0 ||
	    (rc = learn(l, l->options.vocab_size - n_special, progress, arg)) < 0 ||
	    (rc = finish(l)) < 0)
		return rc;
	*t = l->t;
	l->t = NULL;
	return 0;
}

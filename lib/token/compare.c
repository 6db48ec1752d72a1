/* SPDX-License-Identifier: MIT */
/*
 * compare.c - which vocabulary fits some texts better
 *
 * Fewer tokens for the same bytes make a longer context and less work; a larger vocabulary
 * always has fewer, and pays with entries that are trained on little. So beside the
 * tokens stand how many entries were never used, and how many bits the tokens are worth.
 */
#include "nt/vocab.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "nt/err.h"
#include "io/batch.h"
#include "token/general.h"

enum { PART_BYTES = 8 << 20 }; /* as much as a batch takes */

struct contender {
	const struct nt_tokenizer *t;
	struct nt_encoder *encoder;
	struct nt_ids ids;
	uint64_t *count; /* [vocab_size] */
	double seconds;
};

struct contest {
	struct nt_batch batch;
	struct contender *contender; /* [n] */
};

/* A seam is one for every named pattern; added tokens could reach over it. */
static size_t seam(const void *arg, const uint8_t *text, size_t len)
{
	return nt_pattern_seam(arg, text, len);
}

void nt_compare_parts(struct nt_tokenizer *const *t, size_t n, struct nt_docs_options *how)
{
	for (size_t i = 0; i < n; i++)
		if (!nt_is_direct(t[i]) || !t[i]->split.name || !*t[i]->split.regex ||
		    t[i]->raw.has_plain)
			return;
	how->part_bytes = PART_BYTES;
	how->seam = seam;
	how->seam_arg = &t[0]->split;
}

static double thread_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int encode_batch(void *arg, size_t i)
{
	struct contest *c = arg;
	struct contender *who = &c->contender[i];
	int rc = 0;
	for (size_t k = 0; rc == 0 && k < c->batch.n_doc; k++) {
		who->ids.n = 0;
		double began = thread_seconds();
		rc = nt_encode(who->encoder, c->batch.doc[k].text, c->batch.doc[k].len, 0, &who->ids);
		who->seconds += thread_seconds() - began;
		for (size_t j = 0; rc == 0 && j < who->ids.n; j++)
			who->count[who->ids.id[j]]++;
		if (rc < 0)
			rc = nt_fail(rc, "%s: %s: %s", nt_tokenizer_summary(who->t)->name,
				     c->batch.doc[k].source, nt_errmsg());
	}
	return rc;
}

static bool is_white(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void count_text(struct nt_fit_text *text, const struct nt_batch *b)
{
	for (size_t i = 0; i < b->n_doc; i++) {
		const uint8_t *p = b->doc[i].text;
		text->n_doc += !b->doc[i].goes_on;
		text->bytes += b->doc[i].len;
		for (size_t k = 0; k < b->doc[i].len; k++)
			text->n_word += !is_white(p[k]) && (k == 0 || is_white(p[k - 1]));
	}
}

static double ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

static struct nt_fit sum_up(const struct contender *who, const struct nt_fit_text *text)
{
	struct nt_fit fit = {0};
	uint32_t n = nt_tokenizer_summary(who->t)->vocab_size;
	for (uint32_t id = 0; id < n; id++) {
		size_t len;
		fit.n_token += who->count[id];
		if (nt_token_is_special(who->t, id) || !nt_token_bytes(who->t, id, &len))
			continue;
		fit.n_entry++;
		fit.n_unused += !who->count[id];
	}
	double n_token = (double)fit.n_token, bytes = (double)text->bytes, bits = 0;
	for (uint32_t id = 0; id < n; id++)
		if (who->count[id])
			bits -= (double)who->count[id] * log2((double)who->count[id] / n_token);
	fit.bytes_per_token = ratio(bytes, n_token);
	fit.tokens_per_word = ratio(n_token, (double)text->n_word);
	fit.bits_per_byte = ratio(bits, bytes);
	fit.mb_per_s = ratio(bytes / 1e6, who->seconds);
	return fit;
}

static int begin(struct contest *c, struct nt_tokenizer *const *t, size_t n)
{
	if (!(c->contender = nt_calloc(n, sizeof(*c->contender))))
		return NT_ESYS;
	for (size_t i = 0; i < n; i++) {
		struct contender *who = &c->contender[i];
		who->t = t[i];
		who->encoder = nt_encoder_new(t[i]);
		who->count = nt_calloc(nt_tokenizer_summary(t[i])->vocab_size, sizeof(*who->count));
		if (!who->encoder || !who->count)
			return NT_ESYS;
	}
	return 0;
}

int nt_vocab_compare(struct nt_fit *fit, struct nt_fit_text *text, struct nt_tokenizer *const *t,
		     size_t n, struct nt_docs *docs, struct nt_pool *pool)
{
	struct contest c = {0};
	int rc = begin(&c, t, n);
	*text = (struct nt_fit_text){0};
	while (rc == 0 && (rc = nt_batch_read(&c.batch, docs)) > 0) {
		count_text(text, &c.batch);
		rc = nt_pool_run(pool, n, encode_batch, &c);
	}
	for (size_t i = 0; c.contender && i < n; i++) {
		if (rc == 0)
			fit[i] = sum_up(&c.contender[i], text);
		nt_encoder_free(c.contender[i].encoder);
		nt_ids_release(&c.contender[i].ids);
		free(c.contender[i].count);
	}
	free(c.contender);
	nt_batch_release(&c.batch);
	return rc;
}

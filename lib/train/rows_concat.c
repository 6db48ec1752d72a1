/* SPDX-License-Identifier: MIT */
/*
 * rows_concat.c - rows that are windows over all tokens of a source in a line
 *
 * They lie at random places in training. The last part of each source is held out, in windows one
 * behind the other.
 */
#include <inttypes.h>
#include <stdio.h>

#include "nt/err.h"
#include "train/holdout.h"

/* Windows one behind the other over tokens [from, to); the last may be shorter. */
static int tile(struct nt_rows *r, uint64_t from, uint64_t to)
{
	int rc = 0;
	for (uint64_t at = from; rc == 0 && at + 1 < to; at += r->T) {
		uint64_t left = to - 1 - at;
		struct nt_span s = {.token = at, .n = (uint32_t)(left < r->T ? left : r->T)};
		if ((rc = nt_rows_add(r, &s)) == 0)
			rc = nt_rows_end_row(r);
	}
	return rc;
}

/* Random windows over a source but for its last part, which is tiled. */
static int window_source(struct nt_rows *train, struct nt_rows *held, size_t source)
{
	const struct nt_source *s = &train->corpus->source[source];
	uint64_t n = s->n_token;
	uint64_t last = held ? (uint64_t)(nt_holdout_share(train->corpus, n) * (double)n) : 0;
	size_t T = train->T;
	if (n - last <= T)
		return nt_fail(NT_EFORMAT, "%s%sthe data has %s, too few for a window of %zu: use a smaller "
					   "--seq-len, or more data",
			       s->name, *s->name ? ": " : "", nt_counted(n, "token"), T + 1);
	train->part[source] = (struct nt_part){.first = s->token, .n = n - last - T,
					       .n_target = n - last - 1};
	train->n_target += n - last - 1;
	return held ? tile(held, s->token + n - last, s->token + n) : 0;
}

static int window_sources(struct nt_split *s, bool has_val)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < s->train.corpus->n_source; i++) {
		if (!has_val)
			nt_rows_begin_part(&s->val, i);
		rc = window_source(&s->train, has_val ? NULL : &s->val, i);
		if (!has_val)
			nt_rows_end_part(&s->val, i);
	}
	return rc;
}

static int tile_sources(struct nt_rows *r)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < r->corpus->n_source; i++) {
		const struct nt_source *s = &r->corpus->source[i];
		nt_rows_begin_part(r, i);
		rc = tile(r, s->token, s->token + s->n_token);
		nt_rows_end_part(r, i);
	}
	return rc;
}

int nt_rows_concat(struct nt_split *s, const struct nt_corpus *corpus,
		   const struct nt_corpus *val, size_t T)
{
	*s = (struct nt_split){0};
	if (nt_corpus_kind(corpus) == NT_DATA_ROWS || (val && nt_corpus_kind(val) == NT_DATA_ROWS))
		return nt_fail(NT_EARG, "--rows=concat wants data of documents, not of rows: "
					"pack without --seq-len");
	int rc = nt_rows_begin(&s->train, corpus, T);
	if (rc == 0)
		rc = nt_rows_begin(&s->val, val ? val : corpus, T);
	s->train.is_windows = true;
	if (rc == 0)
		rc = window_sources(s, val != NULL);
	if (rc == 0 && val)
		rc = tile_sources(&s->val);
	if (rc == 0)
		rc = nt_rows_mix(&s->train, true);
	if (rc == 0)
		rc = nt_rows_mix(&s->val, false);
	if (rc == 0 && !val)
		snprintf(s->remark, sizeof(s->remark), "held out the last %.2f %% of the tokens%s",
			 100 * (double)s->val.n_target / (double)nt_corpus_n_token(corpus),
			 corpus->n_source > 1 ? " of each source" : "");
	return rc;
}

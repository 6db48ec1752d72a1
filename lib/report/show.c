/* SPDX-License-Identifier: MIT */
/* show.c - what all ways to show scores have in common; the why is in nt/show.h */
#include "report/show.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"

int nt_show_new(struct nt_show **result, struct nt_out *out, const struct nt_show_tokens *tokens,
		const struct nt_show_options *options)
{
	static const struct nt_show_way *const way[] = {
		[NT_SHOW_TABLE] = &nt_show_table, [NT_SHOW_TSV] = &nt_show_tsv,
		[NT_SHOW_JSON] = &nt_show_json, [NT_SHOW_PAGE] = &nt_show_page,
	};
	struct nt_show *s = nt_calloc(1, sizeof(*s));
	if (!(*result = s))
		return NT_ESYS;
	s->out = out;
	s->tokens = *tokens;
	s->options = *options;
	s->way = way[options->form];
	s->m.out = &s->line;
	return 0;
}

void nt_show_free(struct nt_show *s)
{
	if (s)
		nt_buf_release(&s->line);
	free(s);
}

void nt_show_flush(struct nt_show *s)
{
	if (s->rc == 0)
		s->rc = s->m.rc;
	if (s->rc == 0)
		s->rc = nt_out_write(s->out, s->line.data, s->line.len);
	s->line.len = 0;
}

static int done(struct nt_show *s)
{
	nt_show_flush(s);
	return s->rc;
}

int nt_show_header(struct nt_show *s)
{
	if (s->way->header)
		s->way->header(s);
	return done(s);
}

int nt_show_document(struct nt_show *s, const struct nt_score_of *doc)
{
	s->way->document(s, doc);
	return done(s);
}

int nt_show_total(struct nt_show *s, const struct nt_score_sums *tally)
{
	s->way->total(s, tally);
	return done(s);
}

int nt_show_choices_header(struct nt_show *s)
{
	if (s->way->choices_header)
		s->way->choices_header(s);
	return done(s);
}

int nt_show_choices(struct nt_show *s, const struct nt_chosen *c)
{
	s->way->choices(s, c);
	return done(s);
}

int nt_show_choices_total(struct nt_show *s, const struct nt_choice_totals *t)
{
	s->way->choices_total(s, t);
	return done(s);
}

const char *nt_show_text(const struct nt_show_tokens *t, uint32_t id, size_t *len)
{
	const char *mark = t->mark ? t->mark(t->vocabulary, id) : NULL;
	const uint8_t *p = !mark && t->text ? t->text(t->vocabulary, id, len) : NULL;
	if (mark)
		*len = strlen(mark);
	else if (!p)
		*len = 0;
	return mark ? mark : p ? (const char *)p : "";
}

/* --- totals ----------------------------------------------------------------------- */

int nt_score_sums_add(struct nt_score_sums *t, const char *source, const struct nt_totals *before)
{
	size_t i = 0;
	while (i < t->n_source && strcmp(t->source[i].source, source) != 0)
		i++;
	if (i == t->n_source) {
		char *copy = strdup(source);
		if (!copy || nt_grow(&t->source, &t->cap, i + 1, sizeof(*t->source)) < 0) {
			free(copy);
			return nt_fail(NT_ESYS, "out of memory");
		}
		t->source[t->n_source++] = (struct nt_totals){.source = copy};
	}
	struct nt_totals *sum = &t->source[i];
	sum->nats += t->sum.nats - before->nats;
	sum->documents += t->sum.documents - before->documents;
	sum->targets += t->sum.targets - before->targets;
	sum->bytes += t->sum.bytes - before->bytes;
	return 0;
}

void nt_score_sums_release(struct nt_score_sums *t)
{
	for (size_t i = 0; i < t->n_source; i++)
		free((char *)(uintptr_t)t->source[i].source);
	free(t->source);
	*t = (struct nt_score_sums){0};
}

double nt_nats_per_token(const struct nt_totals *t)
{
	return t->targets ? t->nats / (double)t->targets : 0;
}

double nt_bits_per_byte(const struct nt_totals *t)
{
	return t->bytes ? t->nats / log(2) / (double)t->bytes : NAN;
}

const char *nt_bin_name(size_t bin, char text[32])
{
	uint64_t first = UINT64_C(1) << bin;
	int n = snprintf(text, 32, "%" PRIu64, first);
	if (bin > 0)
		snprintf(text + n, 32 - (size_t)n, "-%" PRIu64, 2 * first - 1);
	return text;
}

size_t nt_n_bin(const struct nt_position_sum *position)
{
	size_t n = position ? NT_POSITION_BINS : 0;
	while (n > 0 && position[n - 1].targets == 0)
		n--;
	return n;
}

/* --- choices ---------------------------------------------------------------------- */

double nt_nats_per_byte(const struct nt_choice *c)
{
	return c->nats / (double)(c->bytes ? c->bytes : 1);
}

size_t nt_chosen_best(const struct nt_chosen *c, bool by_byte)
{
	size_t best = 0;
	double least = INFINITY;
	for (size_t i = 0; i < c->n_choice; i++) {
		double nats = by_byte ? nt_nats_per_byte(&c->choice[i]) : c->choice[i].nats;
		if (nats < least) {
			least = nats;
			best = i;
		}
	}
	return best;
}

void nt_chosen_count(struct nt_choice_totals *t, const struct nt_chosen *c)
{
	t->items++;
	if (c->answer == SIZE_MAX)
		return;
	t->answered++;
	t->right += nt_chosen_best(c, false) == c->answer;
	t->right_by_byte += nt_chosen_best(c, true) == c->answer;
}

double nt_share_error(uint64_t n_right, uint64_t n)
{
	double p = n ? (double)n_right / (double)n : 0;
	return n > 1 ? sqrt(p * (1 - p) / (double)(n - 1)) : 0;
}

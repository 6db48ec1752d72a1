/* SPDX-License-Identifier: MIT */
/*
 * show_table.c - scores for people, in a terminal
 *
 * A line a target: what went in, what the model would have said, what came, how many it found
 * likelier, and its strongest rival: the margin is log p(target) - log p(rival), what the target
 * was ahead or behind by.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "nt/err.h"
#include "report/show.h"

enum { CELL = 12 }; /* characters of a token */

/* Cuts or pads what stands in the line from `from` on to CELL characters. */
static void fit_cell(struct nt_show *s, size_t from)
{
	struct nt_buf *b = &s->line;
	size_t at = from, shown = 0;
	for (; at < b->len; at++) /* a character begins at every byte but 10xxxxxx */
		if ((b->data[at] & 0xc0) != 0x80 && ++shown > CELL)
			break;
	b->len = at;
	nt_markup(&s->m, "%*s", (int)(shown < CELL ? CELL - shown : 0) + 2, "");
}

/* How a special token is shown: [B] and [E] as in the equation, if they are two tokens. */
static const char *special_name(const struct nt_show_tokens *t, uint32_t id)
{
	if (t->bos != t->eos && (id == t->bos || id == t->eos))
		return id == t->bos ? "[B]" : "[E]";
	return t->mark ? t->mark(t->vocabulary, id) : NULL;
}

/* The token in quotes; a special bare; where there is no vocabulary, its id. */
static void put_cell(struct nt_show *s, uint32_t id)
{
	size_t len, from = s->line.len;
	const char *text = nt_show_text(&s->tokens, id, &len), *special = special_name(&s->tokens, id);
	if (!s->tokens.text)
		nt_markup(&s->m, "%" PRIu32, id);
	else if (special)
		nt_markup_raw(&s->m, special, strlen(special));
	else
		nt_markup_json(&s->m, text, len);
	fit_cell(s, from);
}

/* By what it cost: p above 1/2, above 1/10, above 1/100, and the rest. */
static const char *color_of(const struct nt_show *s, double nll)
{
	if (!s->options.has_color)
		return "";
	return nll < log(2) ? "\033[32m" : nll < log(10) ? "" : nll < log(100) ? "\033[33m" : "\033[31m";
}

static void put_position(struct nt_show *s, const struct nt_score_of *doc, size_t i, double sum)
{
	const struct nt_scored *at = &doc->scored[i];
	const char *color = color_of(s, at->nll), *plain = *color ? "\033[0m" : "";
	nt_markup(&s->m, "%5zu  ", i + 1);
	put_cell(s, doc->id[i]);
	put_cell(s, at->pred_id);
	nt_markup(&s->m, "%6.2f %%  %s", 100 * at->p_pred, color);
	put_cell(s, doc->id[i + 1]);
	nt_markup(&s->m, "%6.2f %%%s  %6" PRIu32 "  ", 100 * exp(-at->nll), plain, at->rank);
	put_cell(s, at->wrong_id);
	nt_markup(&s->m, "%+7.2f  %s%9.4f%s  %11.4f\n", -at->nll - log(at->p_wrong), color, at->nll, plain, sum);
	nt_show_flush(s);
}

static void put_document(struct nt_show *s, const struct nt_score_of *doc)
{
	struct nt_totals sum = {.targets = doc->n ? doc->n - 1 : 0, .bytes = doc->bytes};
	nt_markup(&s->m, "%s", doc->number ? "\n" : "");
	nt_markup_chars(&s->m, doc->source, strlen(doc->source));
	nt_markup(&s->m, "\n%5s  %-*s  %-*s  %8s  %-*s  %8s  %6s  %-*s  %7s  %9s  %11s\n", "n", CELL, "input", CELL,
		  "prediction", "p", CELL, "target", "p", "rank", CELL, "best other", "margin", "-log p", "L");
	for (size_t i = 0; i < sum.targets; i++)
		put_position(s, doc, i, sum.nats += doc->scored[i].nll);
	double each = nt_nats_per_token(&sum);
	nt_markup(&s->m, "L = %.4f nats over %s: %.4f nats/token, perplexity %.2f", sum.nats,
		  nt_counted(sum.targets, "target"), each, exp(each));
	if (doc->bytes)
		nt_markup(&s->m, ", %.4f bits/byte", nt_bits_per_byte(&sum));
	nt_markup(&s->m, "\n");
}

/* ": 3.1 nats/token, 1.2 bits/byte, 1 target", without what is not known. */
static void put_sum(struct nt_show *s, const struct nt_totals *t)
{
	nt_markup(&s->m, ": %.6f nats/token", nt_nats_per_token(t));
	if (t->bytes)
		nt_markup(&s->m, ", %.6f bits/byte", nt_bits_per_byte(t));
	if (t->documents)
		nt_markup(&s->m, ", %s", nt_counted(t->documents, "document"));
	nt_markup(&s->m, ", %s\n", nt_counted(t->targets, "target"));
}

static void put_total(struct nt_show *s, const struct nt_score_sums *tally)
{
	const struct nt_totals *sum = &tally->sum;
	char name[32];
	double each = nt_nats_per_token(sum);
	nt_markup(&s->m, "nats        %.6f\nnats/token  %.6f\nperplexity  %.4f\n", sum->nats, each, exp(each));
	if (sum->bytes)
		nt_markup(&s->m, "bits/byte   %.6f\n", nt_bits_per_byte(sum));
	nt_markup(&s->m, "documents   %" PRIu64 "\ntargets     %" PRIu64 "\n", sum->documents, sum->targets);
	if (sum->bytes)
		nt_markup(&s->m, "bytes       %" PRIu64 "\n", sum->bytes);
	for (size_t i = 0; tally->n_source > 1 && i < tally->n_source; i++) {
		nt_markup(&s->m, "source      ");
		nt_markup_chars(&s->m, tally->source[i].source, strlen(tally->source[i].source));
		put_sum(s, &tally->source[i]);
	}
	for (size_t i = 0; i < nt_n_bin(tally->position); i++) {
		const struct nt_position_sum *of = &tally->position[i];
		if (of->targets) {
			nt_markup(&s->m, "position    %s", nt_bin_name(i, name));
			put_sum(s, &(struct nt_totals){.nats = of->nats, .targets = of->targets});
		}
	}
}

static void put_choices(struct nt_show *s, const struct nt_chosen *c)
{
	size_t best = nt_chosen_best(c, false), by_byte = nt_chosen_best(c, true);
	nt_markup_chars(&s->m, c->source, strlen(c->source));
	nt_markup(&s->m, "\n");
	for (size_t i = 0; i < c->n_choice; i++)
		nt_markup(&s->m, "%5zu %s %10.4f nats  %8.4f nats/byte%s%s\n", i, i == c->answer ? "*" : " ", c->choice[i].nats,
			  nt_nats_per_byte(&c->choice[i]), i == best ? "  likeliest" : "",
			  i == by_byte ? "  by byte" : "");
}

static void put_accuracy(struct nt_show *s, const char *name, uint64_t right, uint64_t n)
{
	nt_markup(&s->m, "%s%.6f +- %.6f\n", name, n ? (double)right / (double)n : NAN, nt_share_error(right, n));
}

static void put_choices_total(struct nt_show *s, const struct nt_choice_totals *t)
{
	nt_markup(&s->m, "items             %" PRIu64 "\nanswered          %" PRIu64 "\n", t->items, t->answered);
	put_accuracy(s, "accuracy          ", t->right, t->answered);
	put_accuracy(s, "accuracy by byte  ", t->right_by_byte, t->answered);
}

const struct nt_show_way nt_show_table = {
	.document = put_document,
	.total = put_total,
	.choices = put_choices,
	.choices_total = put_choices_total,
};

/* SPDX-License-Identifier: MIT */
/* show_tsv.c - scores for programs, a line a target, tab-separated */
#include <inttypes.h>
#include <math.h>

#include "report/show.h"

static void put_token(struct nt_show *s, uint32_t id)
{
	size_t len;
	const uint8_t *p = (const uint8_t *)nt_show_text(&s->tokens, id, &len);
	nt_markup(&s->m, "%" PRIu32 "\t", id);
	for (size_t i = 0; i < len; i++)
		nt_markup(&s->m, p[i] < 0x20 || p[i] > 0x7e || p[i] == '\\' ? "\\x%02x" : "%c", p[i]);
	nt_markup(&s->m, "\t");
}

static void put_header(struct nt_show *s)
{
	nt_markup(&s->m, "doc\tpos\tinput_id\tinput\ttarget_id\ttarget\tnll\tcum\trank\tpred_id\tpred\tp_pred\n");
}

static void put_document(struct nt_show *s, const struct nt_score_of *doc)
{
	double sum = 0;
	for (size_t i = 0; i + 1 < doc->n; i++) {
		const struct nt_scored *at = &doc->scored[i];
		sum += at->nll;
		nt_markup(&s->m, "%" PRIu64 "\t%zu\t", doc->number, i);
		put_token(s, doc->id[i]);
		put_token(s, doc->id[i + 1]);
		nt_markup(&s->m, "%.6f\t%.6f\t%" PRIu32 "\t", at->nll, sum, at->rank);
		put_token(s, at->pred_id);
		nt_markup(&s->m, "%.6f\n", at->p_pred);
		nt_show_flush(s);
	}
}

static void put_total(struct nt_show *s, const struct nt_score_sums *tally)
{
	const struct nt_totals *sum = &tally->sum;
	double each = nt_nats_per_token(sum);
	nt_markup(&s->m,
		  "nats\tnats_per_token\tperplexity\tbits_per_byte\tdocuments\ttargets\tbytes\n"
		  "%.6f\t%.6f\t%.6f\t%.6f\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
		  sum->nats, each, exp(each), nt_bits_per_byte(sum), sum->documents, sum->targets, sum->bytes);
}

static void put_choices_header(struct nt_show *s)
{
	nt_markup(&s->m, "item\tchoice\tnats\ttargets\tbytes\tis_answer\tis_likeliest\tis_likeliest_by_byte\n");
}

static void put_choices(struct nt_show *s, const struct nt_chosen *c)
{
	size_t best = nt_chosen_best(c, false), by_byte = nt_chosen_best(c, true);
	for (size_t i = 0; i < c->n_choice; i++) {
		const struct nt_choice *of = &c->choice[i];
		nt_markup(&s->m, "%" PRIu64 "\t%zu\t%.6f\t%zu\t%zu\t%d\t%d\t%d\n", c->number, i, of->nats,
			  of->n - of->n_context, of->bytes, i == c->answer, i == best, i == by_byte);
	}
}

static void put_choices_total(struct nt_show *s, const struct nt_choice_totals *t)
{
	double n = t->answered ? (double)t->answered : NAN;
	nt_markup(&s->m, "items\tanswered\tacc\tacc_stderr\tacc_by_byte\tacc_by_byte_stderr\n"
			 "%" PRIu64 "\t%" PRIu64 "\t%.6f\t%.6f\t%.6f\t%.6f\n",
		  t->items, t->answered, (double)t->right / n, nt_share_error(t->right, t->answered),
		  (double)t->right_by_byte / n, nt_share_error(t->right_by_byte, t->answered));
}

const struct nt_show_way nt_show_tsv = {
	.header = put_header,
	.document = put_document,
	.total = put_total,
	.choices_header = put_choices_header,
	.choices = put_choices,
	.choices_total = put_choices_total,
};

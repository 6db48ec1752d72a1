/* SPDX-License-Identifier: MIT */
/* show_json.c - scores for programs, a JSON object a document */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/show.h"

static void put_string(struct nt_show *s, const char *name, const char *text, size_t len)
{
	nt_markup(&s->m, "\"%s\": ", name);
	nt_markup_json(&s->m, text, len);
	nt_markup(&s->m, ", ");
}

static void put_token(struct nt_show *s, const char *name, uint32_t id)
{
	size_t len;
	const char *text = nt_show_text(&s->tokens, id, &len);
	nt_markup(&s->m, "\"%s_id\": %" PRIu32 ", ", name, id);
	put_string(s, name, text, len);
}

static void put_number(struct nt_show *s, const char *name, double x)
{
	if (isfinite(x))
		nt_markup(&s->m, "\"%s\": %.6f, ", name, x);
	else
		nt_markup(&s->m, "\"%s\": null, ", name);
}

static void put_document(struct nt_show *s, const struct nt_score_of *doc)
{
	double sum = 0;
	nt_markup(&s->m, "{\"doc\": %" PRIu64 ", ", doc->number);
	put_string(s, "source", doc->source, strlen(doc->source));
	nt_markup(&s->m, "\"positions\": [");
	for (size_t i = 0; i + 1 < doc->n; i++) {
		const struct nt_scored *at = &doc->scored[i];
		nt_markup(&s->m, "%s{\"pos\": %zu, ", i ? ", " : "", i);
		put_token(s, "input", doc->id[i]);
		put_token(s, "target", doc->id[i + 1]);
		put_number(s, "nll", at->nll);
		put_number(s, "cum", sum += at->nll);
		put_token(s, "pred", at->pred_id);
		put_number(s, "p_pred", at->p_pred);
		nt_markup(&s->m, "\"rank\": %" PRIu32 "}", at->rank);
		nt_show_flush(s);
	}
	nt_markup(&s->m, "], ");
	put_number(s, "nats", sum);
	nt_markup(&s->m, "\"targets\": %zu, \"bytes\": %" PRIu64 "}\n", doc->n ? doc->n - 1 : 0, doc->bytes);
}

/* One object, without what ends it. */
static void put_sums(struct nt_show *s, const struct nt_totals *t)
{
	nt_markup(&s->m, "{");
	put_number(s, "nats", t->nats);
	put_number(s, "nats_per_token", nt_nats_per_token(t));
	put_number(s, "perplexity", exp(nt_nats_per_token(t)));
	put_number(s, "bits_per_byte", nt_bits_per_byte(t));
	nt_markup(&s->m, "\"documents\": %" PRIu64 ", \"targets\": %" PRIu64 ", \"bytes\": %" PRIu64, t->documents,
		  t->targets, t->bytes);
}

static void put_total(struct nt_show *s, const struct nt_score_sums *tally)
{
	put_sums(s, &tally->sum);
	nt_markup(&s->m, ", \"by_position\": [");
	for (size_t i = 0; i < nt_n_bin(tally->position); i++) {
		const struct nt_position_sum *p = &tally->position[i];
		nt_markup(&s->m, "%s{\"from\": %" PRIu64 ", \"to\": %" PRIu64 ", ", i ? ", " : "", UINT64_C(1) << i,
			  (UINT64_C(2) << i) - 1);
		put_number(s, "nats_per_token", p->targets ? p->nats / (double)p->targets : 0);
		nt_markup(&s->m, "\"targets\": %" PRIu64 "}", p->targets);
	}
	nt_markup(&s->m, "]");
	for (size_t i = 0; tally->n_source > 1 && i < tally->n_source; i++) {
		const char *name = tally->source[i].source;
		nt_markup(&s->m, i ? ", " : ", \"sources\": {");
		nt_markup_json(&s->m, name, strlen(name));
		nt_markup(&s->m, ": ");
		put_sums(s, &tally->source[i]);
		nt_markup(&s->m, "}");
	}
	nt_markup(&s->m, tally->n_source > 1 ? "}}\n" : "}\n");
}

static void put_choices(struct nt_show *s, const struct nt_chosen *c)
{
	nt_markup(&s->m, "{\"item\": %" PRIu64 ", ", c->number);
	put_string(s, "source", c->source, strlen(c->source));
	nt_markup(&s->m, "\"choices\": [");
	for (size_t i = 0; i < c->n_choice; i++) {
		nt_markup(&s->m, "%s{", i ? ", " : "");
		const struct nt_choice *of = &c->choice[i];
		put_number(s, "nats", of->nats);
		nt_markup(&s->m, "\"targets\": %zu, \"bytes\": %zu}", of->n - of->n_context, of->bytes);
	}
	nt_markup(&s->m, "], \"likeliest\": %zu, \"likeliest_by_byte\": %zu", nt_chosen_best(c, false),
		  nt_chosen_best(c, true));
	if (c->answer != SIZE_MAX)
		nt_markup(&s->m, ", \"answer\": %zu", c->answer);
	nt_markup(&s->m, "}\n");
}

static void put_choices_total(struct nt_show *s, const struct nt_choice_totals *t)
{
	double n = t->answered ? (double)t->answered : NAN;
	nt_markup(&s->m, "{");
	put_number(s, "acc", (double)t->right / n);
	put_number(s, "acc_stderr", nt_share_error(t->right, t->answered));
	put_number(s, "acc_by_byte", (double)t->right_by_byte / n);
	put_number(s, "acc_by_byte_stderr", nt_share_error(t->right_by_byte, t->answered));
	nt_markup(&s->m, "\"items\": %" PRIu64 ", \"answered\": %" PRIu64 "}\n", t->items, t->answered);
}

const struct nt_show_way nt_show_json = {
	.document = put_document,
	.total = put_total,
	.choices = put_choices,
	.choices_total = put_choices_total,
};

/* SPDX-License-Identifier: MIT */
/*
 * passage.c - held-out text, each token shaded by what it cost
 *
 * From nothing at 0 nats to full at 10: a token that was as likely as one in 20,000. What a
 * reader wants to know next, what the model would rather have said, is under the pointer.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "nt/file.h"
#include "nt/report.h"
#include "report/markup.h"
#include "report/show.h"

/* A token in quotes, as JSON has it; its id, where there is no vocabulary. */
static void put_quoted(struct report_markup *m, const struct nt_show_tokens *t, uint32_t id)
{
	if (!t->text) {
		nt_markup(m, "%" PRIu32, id);
		return;
	}
	struct nt_buf quoted = {0};
	size_t len;
	const char *text = nt_show_text(t, id, &len);
	if (m->rc == 0)
		m->rc = nt_json_string(&quoted, text, len);
	nt_markup_text(m, (const char *)quoted.data, quoted.len);
	nt_buf_release(&quoted);
}

/* The token as text; a line feed with a sign that a pointer finds. */
static void put_text(struct report_markup *m, const struct nt_show_tokens *t, uint32_t id)
{
	size_t len;
	const char *p = nt_show_text(t, id, &len);
	bool is_mark = t->mark && t->mark(t->vocabulary, id);
	if (!t->text)
		nt_markup(m, "%" PRIu32 " ", id);
	if (is_mark)
		nt_markup(m, "<s>");
	while (len > 0) {
		const char *feed = memchr(p, '\n', len);
		size_t n = feed ? (size_t)(feed - p) : len;
		nt_markup_text(m, p, n);
		if (feed)
			nt_markup(m, "<s>\xe2\x86\xb5</s>\n");
		n += feed != NULL;
		p += n;
		len -= n;
	}
	if (is_mark)
		nt_markup(m, "</s>");
}

/* The target, and the likeliest tokens but it. */
static void put_token(struct report_markup *m, const struct nt_show_tokens *t, uint32_t id,
		      const struct nt_scored *s)
{
	double nll = s->nll > 0 ? s->nll : 0; /* also of what is no number */
	const char *name = s->rank > 1 ? "likelier:" : "next:";
	nt_markup(m, "<i style=\"--h:%.0f\" title=\"", 9 * fmin(nll, 10));
	put_quoted(m, t, id);
	nt_markup(m, "  %.3g %%, %.2f nats, rank %" PRIu32, 100 * exp(-nll), nll, s->rank);
	for (size_t i = 0, n = 0; n < NT_SCORED_TOP - 1 && i < NT_SCORED_TOP && s->top_p[i] > 0; i++) {
		if (s->top_id[i] == id)
			continue;
		nt_markup(m, "\n%s ", n++ ? "" : name);
		put_quoted(m, t, s->top_id[i]);
		nt_markup(m, "  %.3g %%", 100 * (double)s->top_p[i]);
	}
	nt_markup(m, "\">");
	put_text(m, t, id);
	nt_markup(m, "</i>");
}

int nt_report_passage(struct nt_buf *html, const struct nt_show_tokens *tokens, const struct nt_score_of *doc)
{
	struct report_markup m = {.out = html};
	double nats = 0;
	size_t n = doc->n ? doc->n - 1 : 0;
	for (size_t i = 0; i < n; i++)
		nats += doc->scored[i].nll;
	nt_markup(&m, "<div class=\"passage\"><h3>");
	nt_markup_words(&m, doc->source);
	nt_markup(&m, "<span class=\"number\"> %" PRIu64 "</span>: %zu tokens, %.4f nats/token", doc->number, n, n ? nats / (double)n : 0);
	if (doc->bytes)
		nt_markup(&m, ", %.4f bits/byte", nats / log(2) / (double)doc->bytes);
	nt_markup(&m, "</h3><p>");
	for (size_t i = 0; i < n; i++)
		put_token(&m, tokens, doc->id[i + 1], &doc->scored[i]);
	nt_markup(&m, "</p></div>\n");
	return m.rc;
}

static int add_passage(struct nt_buf *html, const struct nt_passages *p, uint64_t i, struct nt_ids *ids)
{
	enum { MOST = 256 }; /* targets */
	const char *slash = strrchr(p->source, '/');
	int rc = p->read(p->arg, i, MOST + 1, ids);
	if (rc < 0 || ids->n < 2)
		return rc;
	struct nt_score_of doc = {.number = i, .source = slash ? slash + 1 : p->source, .id = ids->id, .n = ids->n};
	for (size_t k = 1, len; k < doc.n; k++) {
		p->tokens.text(p->tokens.vocabulary, doc.id[k], &len);
		doc.bytes += len;
	}
	rc = nt_scorer_run(p->scorer, doc.id, doc.n, &doc.scored);
	return rc < 0 ? rc : nt_report_passage(html, &p->tokens, &doc);
}

int nt_report_passages(struct nt_buf *html, const struct nt_passages *p)
{
	struct nt_ids ids = {0};
	uint64_t n = p->n < p->most ? p->n : p->most;
	int rc = 0;
	for (uint64_t i = 0; rc == 0 && i < n; i++)
		rc = add_passage(html, p, p->n / n * i, &ids);
	nt_ids_release(&ids);
	return rc;
}

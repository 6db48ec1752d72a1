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
#include "report/page.h"

enum { N_RIVAL = 4 };

/* The bytes of a token, or the name of a special one. */
static const char *text_of(const struct nt_show_tokens *t, uint32_t id, size_t *len)
{
	const char *mark = t->mark ? t->mark(t->vocabulary, id) : NULL;
	const uint8_t *p = !mark && t->text ? t->text(t->vocabulary, id, len) : NULL;
	if (mark)
		*len = strlen(mark);
	else if (!p)
		*len = 0;
	return mark ? mark : p ? (const char *)p : "";
}

/* A token in quotes, as JSON has it. */
static void put_quoted(struct report_markup *m, const struct nt_show_tokens *t, uint32_t id)
{
	struct nt_buf quoted = {0};
	size_t len;
	const char *text = text_of(t, id, &len);
	if (m->rc == 0)
		m->rc = nt_json_string(&quoted, text, len);
	nt_markup_text(m, (const char *)quoted.data, quoted.len);
	nt_buf_release(&quoted);
}

/* The token as text; a line feed with a sign that a pointer finds. */
static void put_text(struct report_markup *m, const struct nt_show_tokens *t, uint32_t id)
{
	size_t len;
	const char *p = text_of(t, id, &len);
	bool is_mark = t->mark && t->mark(t->vocabulary, id);
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

struct rival {
	uint32_t id;
	nt_real logit;
};

/* The likeliest tokens but the target, the first one first; returns their number. */
static size_t find_rivals(struct rival best[N_RIVAL], const nt_real *logits, size_t vocab_size, uint32_t target)
{
	size_t n = 0;
	for (size_t id = 0; id < vocab_size; id++) {
		nt_real logit = logits[id];
		if (id == target || !(n < N_RIVAL || logit > best[n - 1].logit))
			continue;
		size_t at = n < N_RIVAL ? n++ : n - 1;
		for (; at > 0 && logit > best[at - 1].logit; at--)
			best[at] = best[at - 1];
		best[at] = (struct rival){(uint32_t)id, logit};
	}
	return n;
}

/* p of a rival follows from that of the target, and from how far apart they are. */
static void put_token(struct report_markup *m, const struct nt_show_tokens *t, uint32_t id,
		      const struct nt_scored *s, const nt_real *logits, size_t vocab_size)
{
	struct rival best[N_RIVAL];
	double nll = s->nll > 0 ? s->nll : 0; /* also of what is no number */
	size_t n = find_rivals(best, logits, vocab_size, id);
	nt_markup(m, "<i style=\"--h:%.0f\" title=\"", 9 * fmin(nll, 10));
	put_quoted(m, t, id);
	nt_markup(m, "  %.3g %%, %.2f nats, rank %" PRIu32, 100 * exp(-nll), nll, s->rank);
	for (size_t i = 0; i < n; i++) {
		nt_markup(m, "\n%s ", i == 0 && s->rank > 1 ? "likelier:" : i == 0 ? "next:" : "");
		put_quoted(m, t, best[i].id);
		nt_markup(m, "  %.3g %%", 100 * exp((double)best[i].logit - (double)logits[id] - nll));
	}
	nt_markup(m, "\">");
	put_text(m, t, id);
	nt_markup(m, "</i>");
}

int nt_report_passage(struct nt_buf *html, const struct nt_show_tokens *tokens, const struct nt_score_of *doc,
		      const nt_real *logits, size_t vocab_size)
{
	struct report_markup m = {.out = html};
	double nats = 0;
	size_t n = doc->n ? doc->n - 1 : 0;
	for (size_t i = 0; i < n; i++)
		nats += doc->scored[i].nll;
	nt_markup(&m, "<div class=\"passage\"><h3>");
	nt_markup_words(&m, doc->source);
	nt_markup(&m, " %" PRIu64 ": %zu tokens, %.4f nats/token", doc->number, n, n ? nats / (double)n : 0);
	if (doc->bytes)
		nt_markup(&m, ", %.4f bits/byte", nats / log(2) / (double)doc->bytes);
	nt_markup(&m, "</h3><p>");
	for (size_t i = 0; i < n; i++)
		put_token(&m, tokens, doc->id[i + 1], &doc->scored[i], logits + i * vocab_size, vocab_size);
	nt_markup(&m, "</p></div>\n");
	return m.rc;
}

/* SPDX-License-Identifier: MIT */
/*
 * show_page.c - scores as a page: every text shaded by what its tokens cost
 *
 * Documents go out as they come, so memory is that of one. Totals are known last and are read
 * first: they stand at the end of the file, and the style puts them on top.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nt/report.h"
#include "report/frame.h"
#include "report/page.h"
#include "report/show.h"

static void put_header(struct nt_show *s)
{
	const char *title = s->options.title;
	nt_frame_begin(&s->m, 0);
	nt_markup_words(&s->m, title);
	nt_frame_body(&s->m);
	nt_markup(&s->m, "<header>\n<h1>");
	nt_markup_words(&s->m, title);
	nt_markup(&s->m, "</h1>\n</header>\n<main class=\"scores\">\n<section>\n");
	nt_frame_scale(&s->m);
	nt_markup(&s->m, "<div class=\"passages\">\n");
}

static void put_document(struct nt_show *s, const struct nt_score_of *doc)
{
	if (s->m.rc == 0)
		s->m.rc = nt_report_passage(&s->line, &s->tokens, doc);
}

/* A perplexity or a sum may be anything: four digits of a small one, of a large one all. */
static const char *say_any(double x, char text[SAY_BYTES])
{
	if (x < 1000)
		snprintf(text, SAY_BYTES, "%.*f", x < 100 ? 2 : 1, x);
	else
		nt_say_whole(x, text);
	return text;
}

static void put_card(struct report_markup *m, const char *name, const char *value)
{
	nt_markup(m, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
}

static void put_cards(struct report_markup *m, const struct nt_totals *sum)
{
	double each = nt_nats_per_token(sum);
	char text[SAY_BYTES];
	nt_markup(m, "<dl class=\"cards\">\n<div><dt>nats/token</dt><dd>%.4f</dd></div>\n", each);
	put_card(m, "perplexity", say_any(exp(each), text));
	if (sum->bytes)
		nt_markup(m, "<div><dt>bits/byte</dt><dd>%.4f</dd></div>\n", nt_bits_per_byte(sum));
	put_card(m, "nats", say_any(sum->nats, text));
	put_card(m, "documents", nt_say_whole((double)sum->documents, text));
	put_card(m, "targets", nt_say_whole((double)sum->targets, text));
	put_card(m, "bytes", nt_say_whole((double)sum->bytes, text));
	nt_markup(m, "</dl>\n");
}

static void put_table_head(struct report_markup *m, const char *first, const char *last)
{
	nt_markup(m, "<div class=\"scroll\"><table><thead><tr><th>%s</th><th>targets</th><th>nats/token</th>"
		     "<th>perplexity</th>%s</tr></thead>\n<tbody>\n", first, last);
}

/* What stands behind the name of a row, but bits per byte. */
static void put_row_end(struct report_markup *m, uint64_t targets, double nats)
{
	char text[SAY_BYTES];
	double each = nats / (double)targets;
	nt_markup(m, "</th><td>%s</td><td>%.4f</td>", nt_say_whole((double)targets, text), each);
	nt_markup(m, "<td>%s</td>", say_any(exp(each), text));
}

static void put_sources(struct report_markup *m, const struct nt_score_sums *tally)
{
	put_table_head(m, "source", "<th>bits/byte</th>");
	for (size_t i = 0; i < tally->n_source; i++) {
		const struct nt_totals *t = &tally->source[i];
		if (t->targets == 0)
			continue;
		nt_markup(m, "<tr><th>");
		nt_markup_words(m, t->source);
		put_row_end(m, t->targets, t->nats);
		if (t->bytes)
			nt_markup(m, "<td>%.4f</td></tr>\n", nt_bits_per_byte(t));
		else
			nt_markup(m, "<td></td></tr>\n");
	}
	nt_markup(m, "</tbody></table></div>\n");
}

static void put_positions(struct report_markup *m, const struct nt_position_sum *position)
{
	char name[32];
	nt_markup(m, "<details><summary>by position: what a token costs behind so many others</summary>\n");
	put_table_head(m, "position", "");
	for (size_t i = 0; i < nt_n_bin(position); i++) {
		if (position[i].targets == 0)
			continue;
		nt_markup(m, "<tr><th>%s", nt_bin_name(i, name));
		put_row_end(m, position[i].targets, position[i].nats);
		nt_markup(m, "</tr>\n");
	}
	nt_markup(m, "</tbody></table></div></details>\n");
}

static void put_total(struct nt_show *s, const struct nt_score_sums *tally)
{
	nt_markup(&s->m, "</div>\n</section>\n<section class=\"totals\">\n");
	put_cards(&s->m, &tally->sum);
	if (tally->n_source > 1)
		put_sources(&s->m, tally);
	if (nt_n_bin(tally->position))
		put_positions(&s->m, tally->position);
	nt_markup(&s->m, "</section>\n</main>\n");
	nt_frame_end(&s->m);
}

const struct nt_show_way nt_show_page = {
	.header = put_header,
	.document = put_document,
	.total = put_total,
};

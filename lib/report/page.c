/* SPDX-License-Identifier: MIT */
/*
 * page.c - one or several runs as a page
 *
 * Without the script the page is the same but for values under the
 * pointer: each chart is there against steps, tokens and time, and a button, which is
 * plain HTML, shows one of the three.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "report/frame.h"
#include "report/page.h"

enum { N_X = 3, SAMPLES_SHOWN = 12, WIDE = 1000 };
static const char *const x_class[N_X] = {"xs", "xk", "xt"};

struct page {
	struct report_markup m;
	struct nt_run *const *run;
	struct report_facts *facts; /* [n_run] */
	size_t n_run;
	const struct nt_page_options *o;
};

const char *nt_say_whole(double x, char text[SAY_BYTES])
{
	char digits[SAY_BYTES];
	int n = isnan(x) ? 0 : snprintf(digits, sizeof(digits), "%.0f", fmin(x, 1e18));
	char *at = text;
	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			*at++ = ',';
		*at++ = digits[i];
	}
	*at = 0;
	return text;
}

/* --- what a run came to --------------------------------------------------------------- */

/* The last of a track, or nothing at all. */
static struct report_point last_of(const struct report_track *t)
{
	struct report_point none = {NAN, NAN, NAN, {NAN, NAN, NAN, NAN, NAN}};
	return t->n ? t->point[t->n - 1] : none;
}

/* The mean loss of the last fiftieth of the steps. */
static double last_loss(const struct nt_run *r)
{
	size_t n = r->step.n / 50 + 1, taken = 0;
	double sum = 0;
	for (size_t i = r->step.n; i-- > 0 && taken < n;) {
		double loss = r->step.point[i].value[V_LOSS];
		if (isnan(loss))
			continue;
		sum += loss;
		taken++;
	}
	return taken ? sum / (double)taken : NAN;
}

struct figure {
	const char *name;
	enum report_unit unit;
	double value;
	bool is_best_low;
};
enum { N_FIGURE = 8 };

static void figures_of(const struct page *p, size_t i, struct figure f[N_FIGURE])
{
	const struct nt_run *r = p->run[i];
	struct report_point step = last_of(&r->step), look = last_of(&r->look);
	const char *parameters = nt_facts_find(&p->facts[i], "parameters");
	const struct figure all[N_FIGURE] = {
		{"held-out nats/token", U_PLAIN, look.value[V_VAL_LOSS], true},
		{"held-out bits/byte", U_PLAIN, look.value[V_VAL_BPB], true},
		{"training nats/token", U_PLAIN, last_loss(r), false},
		{"parameters", U_COUNT, parameters ? strtod(parameters, NULL) : NAN, false},
		{"tokens seen", U_COUNT, step.tokens, false},
		{"time", U_TIME, step.time, false},
		{"tokens/s", U_COUNT, step.value[V_SPEED], false},
		{"MFU", U_SHARE, step.value[V_MFU], false},
	};
	memcpy(f, all, sizeof(all));
}

static void put_status(struct page *p, const struct nt_run *r)
{
	char now[SAY_BYTES], all[SAY_BYTES];
	double step = last_of(&r->step).step;
	nt_say_whole(isnan(step) ? 0 : step, now);
	if (r->has_ended && !(step < r->max_steps))
		nt_markup(&p->m, "finished, %s steps", now);
	else if (r->max_steps > 0)
		nt_markup(&p->m, "%s step %s of %s", r->has_ended ? "stopped at" : "at", now,
			  nt_say_whole(r->max_steps, all));
	else
		nt_markup(&p->m, "%s steps", now);
}

static void put_cards(struct page *p)
{
	struct figure f[N_FIGURE];
	char text[SAY_BYTES];
	figures_of(p, 0, f);
	nt_markup(&p->m, "<dl class=\"cards\">\n");
	for (size_t i = 0; i < N_FIGURE; i++)
		if (!isnan(f[i].value))
			nt_markup(&p->m, "<div><dt>%s</dt><dd>%s</dd></div>\n", f[i].name,
				  nt_unit_say(f[i].unit, f[i].value, text));
	nt_markup(&p->m, "</dl>\n");
}

/* The lowest of a figure over all runs. */
static double best_of(const struct page *p, size_t k)
{
	struct figure f[N_FIGURE];
	double best = INFINITY;
	for (size_t i = 0; i < p->n_run; i++) {
		figures_of(p, i, f);
		best = f[k].is_best_low && f[k].value < best ? f[k].value : best;
	}
	return best;
}

static void put_run_row(struct page *p, size_t i)
{
	struct figure f[N_FIGURE];
	char text[SAY_BYTES];
	figures_of(p, i, f);
	nt_markup(&p->m, "<tr><th><i class=\"key c%zu\"></i>", i % 8);
	nt_markup_words(&p->m, nt_run_label(p->run[i]));
	nt_markup(&p->m, "<small>");
	put_status(p, p->run[i]);
	nt_markup(&p->m, "</small></th>");
	for (size_t k = 0; k < N_FIGURE; k++)
		nt_markup(&p->m, "<td%s>%s</td>", f[k].value == best_of(p, k) ? " class=\"best\"" : "",
			  nt_unit_say(f[k].unit, f[k].value, text));
	nt_markup(&p->m, "</tr>\n");
}

static void put_run_table(struct page *p)
{
	struct figure f[N_FIGURE];
	figures_of(p, 0, f);
	nt_markup(&p->m, "<div class=\"scroll\"><table class=\"runs\"><thead><tr><th>run</th>");
	for (size_t k = 0; k < N_FIGURE; k++)
		nt_markup(&p->m, "<th>%s</th>", f[k].name);
	nt_markup(&p->m, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < p->n_run; i++)
		put_run_row(p, i);
	nt_markup(&p->m, "</tbody></table></div>\n");
}

/* --- charts ----------------------------------------------------------------------------- */

/* <svg class="chart" data-x="LO HI IS_LOG UNIT" data-y="...">: what the script needs to know. */
static void put_plot(struct page *p, const struct report_chart *c, double height)
{
	nt_markup(&p->m, "<svg class=\"chart\" overflow=\"visible\" data-x=\"%.9g %.9g %d %d\" "
			 "data-y=\"%.9g %.9g %d %d\">\n",
		  c->x.lo, c->x.hi, c->x.is_log, c->x.unit, c->y.lo, c->y.hi, c->y.is_log, c->y.unit);
	nt_svg_plot(&p->m, c, p->run, WIDE, height);
	nt_markup(&p->m, "</svg>");
}

static void put_source_key(struct page *p, const struct report_names *sources)
{
	nt_markup(&p->m, "<div class=\"legend\">");
	for (size_t i = 0; i < sources->n; i++) {
		nt_markup(&p->m, "<span><svg width=\"22\" height=\"10\"><path");
		nt_svg_class(&p->m, "marks", i);
		nt_markup(&p->m, " d=\"M1 5h20\"/></svg><b class=\"name\">");
		nt_markup_words(&p->m, sources->name[i]);
		nt_markup(&p->m, "</b></span>");
	}
	nt_markup(&p->m, "</div>\n");
}

/* A chart against all three; 0 as well if there is nothing to draw. */
static int put_chart(struct page *p, enum nt_chart_of of, bool is_wide)
{
	struct nt_chart_options o = p->o->chart;
	struct report_chart c;
	o.of = of;
	o.width = is_wide ? 630 : 360;
	o.height = is_wide ? 330 : 200;
	if (of != NT_CHART_LOSS && of != NT_CHART_HELD_OUT && of != NT_CHART_SOURCES && of != NT_CHART_BPB)
		o.lo = o.hi = NAN;
	for (int x = 0; x < N_X; x++) {
		o.x = (enum nt_chart_x)x;
		int rc = nt_chart_build(&c, p->run, p->n_run, &o, is_wide ? 480 : 300);
		if (rc == NT_EFAIL)
			break;
		if (rc < 0)
			return rc;
		if (x == 0)
			nt_markup(&p->m, "<figure%s><figcaption>%s</figcaption>", is_wide ? " class=\"wide\"" : "", c.title);
		if (x == 0 && of == NT_CHART_SOURCES)
			put_source_key(p, &c.sources);
		nt_markup(&p->m, "<div class=\"plot %s\">", x_class[x]);
		put_plot(p, &c, is_wide ? 330 : 200);
		nt_markup(&p->m, "</div>\n");
		nt_chart_release(&c);
		if (x == N_X - 1)
			nt_markup(&p->m, "</figure>\n");
	}
	return 0;
}

static void put_key(struct page *p)
{
	struct report_markup *m = &p->m;
	nt_markup(m, "<div class=\"legend\">");
	for (size_t i = 0; i < p->n_run; i++) {
		nt_markup(m, "<span><svg width=\"22\" height=\"10\"><path");
		nt_svg_class(m, "smooth", i);
		nt_markup(m, " d=\"M1 5h20\"/></svg><b class=\"name\">");
		nt_markup_words(m, nt_run_label(p->run[i]));
		nt_markup(m, "</b></span>");
	}
	nt_markup(m, "<span class=\"styles\"><svg width=\"22\" height=\"10\"><path class=\"smooth k\" d=\"M1 5h20\"/></svg>"
		     "training, smoothed</span>"
		     "<span class=\"styles\"><svg width=\"22\" height=\"10\"><path class=\"swatch k\" d=\"M1 5h20\"/></svg>"
		     "each step</span>"
		     "<span class=\"styles\"><svg width=\"22\" height=\"10\"><path class=\"marks k\" d=\"M1 5h20\"/>"
		     "<path class=\"dot k\" d=\"M11 5h0\"/><path class=\"eye\" d=\"M11 5h0\"/></svg>held out</span></div>\n");
}

static int put_charts(struct page *p)
{
	static const char *const name[N_X] = {"steps", "tokens", "time"};
	struct report_names sources;
	nt_markup(&p->m, "<section>\n<h2>Curves</h2>\n");
	for (int x = 0; x < N_X; x++)
		nt_markup(&p->m, "<input type=\"radio\" name=\"x\" id=\"%s\"%s><label for=\"%s\">%s</label>", x_class[x],
			  x == (int)p->o->chart.x ? " checked" : "", x_class[x], name[x]);
	put_key(p);
	nt_markup(&p->m, "<div class=\"charts\">\n");
	int rc = put_chart(p, NT_CHART_LOSS, true);
	if (rc == 0 && p->n_run > 1)
		rc = put_chart(p, NT_CHART_HELD_OUT, true);
	nt_source_names(&sources, p->run, p->n_run);
	if (rc == 0 && sources.n > 1)
		rc = put_chart(p, NT_CHART_SOURCES, true);
	for (int of = NT_CHART_BPB; rc == 0 && of < NT_CHART_N; of++)
		rc = put_chart(p, (enum nt_chart_of)of, false);
	nt_markup(&p->m, "</div>\n</section>\n");
	return rc;
}

/* --- texts -------------------------------------------------------------------------------- */

static void put_warnings(struct page *p)
{
	char step[SAY_BYTES];
	for (size_t i = 0; i < p->n_run; i++)
		for (size_t k = 0; k < p->run[i]->n_note; k++) {
			const struct report_note *n = &p->run[i]->note[k];
			if (!n->is_warning)
				continue;
			nt_markup(&p->m, "<p class=\"warning\">");
			nt_markup_words(&p->m, nt_run_label(p->run[i]));
			nt_markup(&p->m, ", step %s: ", nt_say_whole(n->step, step));
			nt_markup_text(&p->m, n->text, n->len);
			nt_markup(&p->m, "</p>\n");
		}
}

static void put_sample(struct page *p, const struct report_note *n)
{
	char step[SAY_BYTES];
	nt_markup(&p->m, "<article><h3>step %s</h3><p>", nt_say_whole(n->step, step));
	nt_markup_text(&p->m, n->text, n->len);
	nt_markup(&p->m, "</p></article>\n");
}

/* Some of a run's samples, evenly over all of them, the last one always. */
static void put_samples_of(struct page *p, const struct nt_run *r)
{
	size_t n = 0, seen = 0;
	for (size_t i = 0; i < r->n_note; i++)
		n += !r->note[i].is_warning;
	if (n == 0)
		return;
	if (p->n_run > 1) {
		nt_markup(&p->m, "<h3>");
		nt_markup_words(&p->m, nt_run_label(r));
		nt_markup(&p->m, "</h3>");
	}
	nt_markup(&p->m, "<div class=\"samples\">\n");
	size_t shown = n < SAMPLES_SHOWN ? n : SAMPLES_SHOWN;
	for (size_t i = 0; i < r->n_note; i++) {
		if (r->note[i].is_warning)
			continue;
		seen++;
		if (seen * shown / n != (seen - 1) * shown / n)
			put_sample(p, &r->note[i]);
	}
	nt_markup(&p->m, "</div>\n");
}

static void put_samples(struct page *p)
{
	bool has = false;
	for (size_t i = 0; i < p->n_run; i++)
		for (size_t k = 0; k < p->run[i]->n_note; k++)
			has |= !p->run[i]->note[k].is_warning;
	if (!has)
		return;
	nt_markup(&p->m, "<section>\n<h2>Samples through time</h2>\n");
	for (size_t i = 0; i < p->n_run; i++)
		put_samples_of(p, p->run[i]);
	nt_markup(&p->m, "</section>\n");
}

/* Is this run's manifest none, or one that stood with a run before it? */
static bool is_told(const struct page *p, size_t i)
{
	const struct nt_buf *a = &p->run[i]->manifest;
	bool is_known = a->len == 0;
	for (size_t k = 0; k < i && !is_known; k++) {
		const struct nt_buf *b = &p->run[k]->manifest;
		is_known = b->len == a->len && memcmp(b->data, a->data, a->len) == 0;
	}
	return is_known;
}

/* The data of a run; of a log that tells no sense about it nothing. */
static int put_funnel(struct page *p, const struct nt_run *r)
{
	size_t before = p->m.out->len;
	if (p->n_run > 1) {
		nt_markup(&p->m, "<h3>");
		nt_markup_words(&p->m, nt_run_label(r));
		nt_markup(&p->m, "</h3>\n");
	}
	nt_markup(&p->m, "<div class=\"scroll\">");
	int rc = nt_funnel_put(&p->m, &r->manifest);
	nt_markup(&p->m, "</div>\n");
	if (rc == NT_EFORMAT)
		p->m.out->len = before;
	return rc == NT_EFORMAT ? 0 : rc;
}

static int put_funnels(struct page *p)
{
	int rc = 0;
	size_t n = 0;
	for (size_t i = 0; rc == 0 && i < p->n_run; i++) {
		if (is_told(p, i))
			continue;
		if (n++ == 0)
			nt_markup(&p->m, "<section>\n<h2>Data, from bytes to tokens</h2>\n");
		rc = put_funnel(p, p->run[i]);
	}
	if (n)
		nt_markup(&p->m, "</section>\n");
	return rc;
}

/* --- the whole --------------------------------------------------------------------------- */

static void put_title(struct page *p)
{
	const char *title = p->o->chart.title;
	if (!title && p->n_run > 1)
		nt_markup(&p->m, "%zu runs", p->n_run);
	else
		nt_markup_words(&p->m, title ? title : nt_run_label(p->run[0]));
}

static void put_head(struct page *p)
{
	struct report_markup *m = &p->m;
	nt_frame_begin(m, p->o->refresh);
	put_title(p);
	nt_frame_body(m);
	nt_markup(m, "<header>\n<h1>");
	put_title(p);
	nt_markup(m, "</h1>\n");
	if (p->n_run == 1) {
		nt_markup(m, "<p>");
		put_status(p, p->run[0]);
		nt_markup(m, "</p>\n");
	}
	nt_markup(m, "</header>\n<main>\n");
}

static void put_passages_of(struct page *p, size_t i)
{
	const struct nt_buf *html = &p->o->passages[i];
	if (html->len == 0)
		return;
	if (p->n_run > 1) {
		nt_markup(&p->m, "<h3><i class=\"key c%zu\"></i>", i % 8);
		nt_markup_words(&p->m, nt_run_label(p->run[i]));
		nt_markup(&p->m, "</h3>\n");
	}
	nt_markup(&p->m, "<div class=\"passages\">\n");
	nt_markup_raw(&p->m, (const char *)html->data, html->len);
	nt_markup(&p->m, "</div>\n");
}

static void put_passages(struct page *p)
{
	size_t n = 0;
	for (size_t i = 0; p->o->passages && i < p->n_run; i++)
		n += p->o->passages[i].len > 0;
	if (n == 0)
		return;
	nt_markup(&p->m, "<section>\n<h2>What %s of held-out text</h2>\n", p->n_run > 1 ? "they make" : "it makes");
	nt_frame_scale(&p->m);
	for (size_t i = 0; i < p->n_run; i++)
		put_passages_of(p, i);
	nt_markup(&p->m, "</section>\n");
}

static int put_page(struct page *p)
{
	put_head(p);
	put_warnings(p);
	if (p->n_run == 1)
		put_cards(p);
	else
		put_run_table(p);
	int rc = put_charts(p);
	if (rc == 0)
		rc = put_funnels(p);
	put_passages(p);
	put_samples(p);
	nt_settings_put(&p->m, p->run, p->facts, p->n_run);
	nt_markup(&p->m, "</main>\n");
	nt_frame_end(&p->m);
	return rc < 0 ? rc : p->m.rc;
}

int nt_report_page(struct nt_buf *out, struct nt_run *const *run, size_t n_run, const struct nt_page_options *o)
{
	struct page p = {.m.out = out, .run = run, .n_run = n_run, .o = o};
	nt_assert(n_run > 0);
	if (!(p.facts = nt_calloc(n_run, sizeof(*p.facts))))
		return NT_ESYS;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n_run; i++)
		rc = nt_facts_read(&p.facts[i], run[i]);
	if (rc == 0)
		rc = put_page(&p);
	for (size_t i = 0; i < n_run; i++)
		nt_facts_release(&p.facts[i]);
	free(p.facts);
	return rc;
}

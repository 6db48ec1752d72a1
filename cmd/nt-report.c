/* SPDX-License-Identifier: MIT */
/*
 * nt-report - training runs as charts
 *
 * Logs are read as they are, also while they grow: what is drawn is what has come so far.
 * Standard output, or -o FILE, gets all of a chart or nothing.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/main.h"
#include "nt/file.h"
#include "nt/mem.h"
#include "nt/report.h"

struct options {
	bool svg;
	int chart, x, log;
	uint64_t smooth, width, height;
	struct nt_list label;
	const char *title, *range, *output;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "What to make"},
	{0, "svg", NT_OPT_FLAG, AT(svg), NULL, NULL, 0, 0, "one chart as an SVG file"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{.help = "The chart"},
	{0, "chart", NT_OPT_ENUM, AT(chart), "loss|held-out|bits|lr|grad-norm|speed|mfu", "loss", 0, 0,
	 "what is drawn"},
	{'x', "against", NT_OPT_ENUM, AT(x), "steps|tokens|time", "steps", 0, 0, "what it is drawn against"},
	{0, "log", NT_OPT_ENUM, AT(log), "none|x|y|both", "none", 0, 0, "logarithmic axes"},
	{0, "smooth", NT_OPT_COUNT, AT(smooth), "N", NULL, 1, 1e9,
	 "steps that a point of the smoothed curve is the mean of (default 1/50 of the run)"},
	{0, "range", NT_OPT_STR, AT(range), "LO:HI", NULL, 0, 0,
	 "where the upright axis begins and ends; one of the two may be left out"},
	{0, "width", NT_OPT_COUNT, AT(width), "N", "760", 200, 10000, "pixels of an SVG file"},
	{0, "height", NT_OPT_COUNT, AT(height), "N", "440", 150, 10000, "pixels of an SVG file"},
	{.help = "Names"},
	{0, "label", NT_OPT_LIST, AT(label), "NAME", NULL, 0, 0,
	 "what the first run is called; again, the next one (default: nt-train's --label, or the path)"},
	{0, "title", NT_OPT_STR, AT(title), "TEXT", NULL, 0, 0, "what stands above"},
	{0},
};

struct runs {
	struct nt_run **run; /* [n] */
	size_t n, cap;
};

/* One end of a range; NaN: left out. */
static int read_end(const char *text, size_t len, double *end)
{
	char copy[64], *behind;
	*end = NAN;
	if (len == 0)
		return 0;
	snprintf(copy, sizeof(copy), "%.*s", (int)(len < sizeof(copy) ? len : sizeof(copy)), text);
	*end = strtod(copy, &behind);
	return *behind || !isfinite(*end) || fabs(*end) > 1e30 ? -1 : 0;
}

static int read_range(const char *text, struct nt_chart_options *c)
{
	const char *colon = text ? strchr(text, ':') : NULL;
	c->lo = c->hi = NAN;
	if (!text)
		return 0;
	if (!colon || read_end(text, (size_t)(colon - text), &c->lo) < 0 ||
	    read_end(colon + 1, strlen(colon + 1), &c->hi) < 0 || c->lo >= c->hi)
		return nt_fail(NT_EARG, "--range: '%s' is not LO:HI, as in 1.2:3", text);
	return 0;
}

static int open_runs(const struct options *o, struct runs *runs, char **operand, size_t n)
{
	int rc = nt_grow(&runs->run, &runs->cap, n, sizeof(struct nt_run *));
	if (rc == 0 && o->label.n > n)
		rc = nt_fail(NT_EARG, "%zu labels for %s", o->label.n, nt_cli_count(n, "run"));
	while (rc == 0 && runs->n < n) {
		struct nt_run **r = &runs->run[runs->n];
		rc = nt_run_open(r, operand[runs->n]);
		runs->n++;
		if (rc == 0 && runs->n <= o->label.n)
			rc = nt_run_set_label(*r, o->label.item[runs->n - 1]);
	}
	return rc;
}

static int read_runs(const struct nt_cli *cli, const struct runs *runs, char **operand)
{
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < runs->n; i++) {
		rc = nt_run_read(runs->run[i]);
		if (rc >= 0 && nt_run_n_skipped(runs->run[i]))
			nt_cli_warn(cli, "%s: %s no event of a log, first %s", nt_input_name(operand[i]),
				    nt_cli_count(nt_run_n_skipped(runs->run[i]), "line"),
				    nt_run_why_skipped(runs->run[i]));
	}
	return rc < 0 ? rc : 0;
}

static int write_out(const struct options *o, const struct nt_buf *made)
{
	struct nt_out *out;
	int rc = nt_out_open(&out, o->output, 0);
	if (rc < 0)
		return rc;
	rc = nt_out_write(out, made->data, made->len);
	if (rc == 0)
		return nt_out_close(out);
	nt_out_discard(out);
	return rc;
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	struct options *o = opt;
	struct nt_chart_options c = {.of = (enum nt_chart_of)o->chart, .x = (enum nt_chart_x)o->x,
				     .log = (unsigned)o->log, .smooth = o->smooth, .title = o->title,
				     .width = (unsigned)o->width, .height = (unsigned)o->height};
	struct runs runs = {0};
	struct nt_buf made = {0};
	if (n_operand < 1)
		return nt_fail(NT_EARG, "no run named: a checkpoint directory, or its log.jsonl");
	int rc = read_range(o->range, &c);
	if (rc == 0)
		rc = open_runs(o, &runs, operand, (size_t)n_operand);
	if (rc == 0)
		rc = read_runs(cli, &runs, operand);
	if (rc == 0)
		rc = nt_chart_svg(&made, runs.run, runs.n, &c);
	if (rc == 0)
		rc = write_out(o, &made);
	for (size_t i = 0; i < runs.n; i++)
		nt_run_free(runs.run[i]);
	free(runs.run);
	nt_buf_release(&made);
	return rc;
}

static const struct nt_example examples[] = {
	{"nt-report --svg ckpt > loss.svg", "The loss of a run, so far or to its end"},
	{"nt-report --svg --chart held-out -x time --label AdamW --label Muon a b > both.svg",
	 "Two runs, held-out loss against time"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-report",
	.what = "training runs as charts",
	.synopsis = "[OPTION...] RUN...",
	.about = "Draws what nt-train logged: training loss, smoothed, with what each step measured faintly "
		 "behind it, and held-out loss; or learning rate, gradient norm, tokens a second, or the share "
		 "of the machine's FLOP/s. A RUN is a checkpoint directory or its log.jsonl, - is a log on "
		 "standard input; several are drawn in one chart. A run may still go on. Of steps that "
		 "were taken twice, because it was stopped after its last save, the later ones are drawn.\n\n"
		 "An SVG file is complete in itself and follows its reader from light to dark.",
	.examples = examples,
	.see_also = "nt-info nt-score nt-train",
	.opts = opts,
	.opts_bytes = sizeof(struct options),
	.run = run,
};

int main(int argc, char **argv)
{
	return nt_cli_main(&cmd, argc, argv);
}

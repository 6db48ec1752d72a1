/* SPDX-License-Identifier: MIT */
/*
 * nt-report - training runs as a page, or as a chart
 *
 * Logs are read as they are, also while they grow: what is drawn is what has come so far.
 * Following looks again every second, which works on any file system and costs nothing.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/main.h"
#include "nt/cpu.h"
#include "nt/file.h"
#include "nt/generate.h"
#include "nt/mem.h"
#include "nt/report.h"
#include "nt/tokenizer.h"
#include "nt/train.h"

struct options {
	bool svg, terminal, follow;
	int chart, x, log;
	uint64_t smooth, width, height, passages;
	struct nt_list label;
	const char *title, *range, *output, *val;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "What to make"},
	{0, "svg", NT_OPT_FLAG, AT(svg), NULL, NULL, 0, 0, "one chart as an SVG file, not a page"},
	{0, "terminal", NT_OPT_FLAG, AT(terminal), NULL, NULL, 0, 0, "one chart in characters"},
	{0, "follow", NT_OPT_FLAG, AT(follow), NULL, NULL, 0, 0,
	 "again and again while the runs go on: in characters, or as the page or chart of -o FILE"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{.help = "The page"},
	{0, "passages", NT_OPT_COUNT, AT(passages), "N", "3", 0, 1000,
	 "pieces of held-out text that each run's model is shown"},
	{0, "val", NT_OPT_STR, AT(val), "FILE", NULL, 0, 0,
	 "the data file they are of (default: nt-train's, or what it held out of its data)"},
	{.help = "Charts"},
	{0, "chart", NT_OPT_ENUM, AT(chart), "loss|held-out|sources|bits|lr|grad-norm|speed|mfu", "loss", 0, 0,
	 "which one --svg and --terminal draw"},
	{'x', "against", NT_OPT_ENUM, AT(x), "steps|tokens|time", "steps", 0, 0, "what it is drawn against"},
	{0, "log", NT_OPT_ENUM, AT(log), "none|x|y|both", "none", 0, 0, "logarithmic axes"},
	{0, "smooth", NT_OPT_COUNT, AT(smooth), "N", NULL, 1, 1e9,
	 "steps that a point of the smoothed curve is the mean of (default 1/50 of the run)"},
	{0, "range", NT_OPT_STR, AT(range), "LO:HI", NULL, 0, 0,
	 "where the upright axis begins and ends; one of the two may be left out"},
	{0, "width", NT_OPT_COUNT, AT(width), "N", NULL, 20, 10000,
	 "pixels of --svg (default 760), or columns of --terminal (default those there are)"},
	{0, "height", NT_OPT_COUNT, AT(height), "N", NULL, 8, 10000, "the same upright (default 440 pixels)"},
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
		rc = nt_fail(NT_EARG, "%zu labels for %s", o->label.n, nt_counted(n, "run"));
	while (rc == 0 && runs->n < n) {
		struct nt_run **r = &runs->run[runs->n];
		rc = nt_run_open(r, operand[runs->n]);
		runs->n++;
		if (rc == 0 && runs->n <= o->label.n)
			rc = nt_run_set_label(*r, o->label.item[runs->n - 1]);
	}
	return rc;
}

static void close_runs(struct runs *runs)
{
	for (size_t i = 0; i < runs->n; i++)
		nt_run_free(runs->run[i]);
	runs->n = 0;
}

/* 1 if anything came. */
static int read_runs(const struct runs *runs, char **operand)
{
	int news = 0;
	for (size_t i = 0; i < runs->n; i++) {
		int rc = nt_run_read(runs->run[i]);
		if (rc < 0)
			return rc;
		if (nt_run_is_empty(runs->run[i]) && nt_run_n_skipped(runs->run[i]))
			return nt_fail(NT_EFORMAT, "%s: no log of nt-train's: none of its lines is an event, first %s",
				       nt_input_name(operand[i]), nt_run_why_skipped(runs->run[i]));
		news |= rc;
	}
	return news;
}

static void tell_skipped(const struct nt_cli *cli, const struct runs *runs, char **operand)
{
	for (size_t i = 0; i < runs->n; i++)
		if (nt_run_n_skipped(runs->run[i]))
			nt_cli_warn(cli, "%s: %s no event of a log, first %s", nt_input_name(operand[i]),
				    nt_counted(nt_run_n_skipped(runs->run[i]), "line"),
				    nt_run_why_skipped(runs->run[i]));
}

/* --- what models make of held-out text ----------------------------------------------- */

/* A run's model, and the text it is shown: that of the data file that was held out, or what nt-train
 * held out of its data. */
struct reader {
	const struct nt_cli *cli;
	const char *name; /* of the text */
	struct nt_held_out *held;
	struct nt_pool *pool;
	struct nt_lm *lm;
	struct nt_tokenizer *t;
	struct nt_scorer *scorer;
	uint64_t n_read, n_shown;
};

/* What was held out of these data, if they are still there: a NUL is behind each name. */
static int open_held_out(struct reader *r, const char *ckpt, const struct nt_buf *names)
{
	char **path = NULL;
	size_t n = 0, cap = 0;
	int rc = 0;
	for (size_t at = 0; rc == 0 && at < names->len; at += strlen((char *)names->data + at) + 1) {
		rc = nt_grow(&path, &cap, n + 1, sizeof(*path));
		if (rc == 0)
			path[n++] = (char *)names->data + at;
	}
	if (rc == 0)
		rc = nt_held_out_open(&r->held, ckpt, path, n);
	free(path);
	return rc;
}

static int open_model(struct reader *r, const char *ckpt)
{
	const struct nt_ident *of = nt_held_out_ident(r->held), *ident = NULL;
	size_t len;
	int rc = (r->pool = nt_pool_new((int)r->cli->threads)) ? 0 : NT_ESYS;
	if (rc == 0)
		rc = nt_lm_load(&r->lm, ckpt, NT_LM_F32, r->pool);
	const char *json = rc == 0 ? nt_lm_tokenizer_json(r->lm, &len) : NULL;
	if (rc == 0 && !json)
		rc = nt_fail(NT_EFORMAT, "%s: holds no tokenizer.json", ckpt);
	if (rc == 0)
		rc = nt_tokenizer_parse(&r->t, json, len, ckpt);
	if (rc == 0 && !(ident = nt_tokenizer_ident(r->t)))
		rc = NT_ESYS;
	if (rc == 0 && !nt_ident_equal(of, ident))
		rc = nt_fail(NT_EFORMAT, "%s: of tokenizer '%s', the model of another, '%s'", r->name, of->name,
			     ident->name);
	return rc < 0 ? rc : nt_scorer_new(&r->scorer, r->lm, r->pool);
}

static const uint8_t *token_text(const void *t, uint32_t id, size_t *len)
{
	return nt_token_bytes(t, id, len);
}

static const char *token_mark(const void *t, uint32_t id)
{
	return nt_token_name(t, id);
}

static int read_passage(void *arg, uint64_t i, size_t most, struct nt_ids *ids)
{
	struct reader *r = arg;
	nt_cli_progress(r->cli, "%s: passage %llu of %llu", r->name, nt_llu(++r->n_read), nt_llu(r->n_shown));
	return nt_held_out_read(r->held, i, most, ids);
}

static int show_passages(struct reader *r, const char *ckpt, uint64_t most, struct nt_buf *html)
{
	int rc = open_model(r, ckpt);
	if (rc < 0)
		return rc;
	struct nt_passages how = {.source = r->name, .n = nt_held_out_n_row(r->held), .most = most, .read = read_passage,
				  .arg = r, .scorer = r->scorer,
				  .tokens = {.vocabulary = r->t, .text = token_text, .mark = token_mark}};
	r->n_shown = how.n < most ? how.n : most;
	return nt_report_passages(html, &how);
}

/* Appends up to `most` pieces; none if it is not known what was held out. val: of this data file;
 * NULL: of the run's own. */
static int passages_of(const struct nt_cli *cli, const struct nt_run *run, const char *ckpt, const char *val,
		       uint64_t most, struct nt_buf *html)
{
	struct nt_buf names = {0};
	val = val ? val : nt_run_val(run);
	struct reader r = {.cli = cli, .name = val ? val : "held-out row"};
	int rc = val ? nt_held_out_open_file(&r.held, val) : nt_run_data(run, &names);
	if (rc == 0 && names.len)
		rc = open_held_out(&r, ckpt, &names);
	if (rc == 0 && r.held)
		rc = show_passages(&r, ckpt, most, html);
	nt_scorer_free(r.scorer);
	nt_tokenizer_free(r.t);
	nt_lm_free(r.lm);
	nt_pool_free(r.pool);
	nt_held_out_close(r.held);
	nt_buf_release(&names);
	return rc;
}

/* What was only supposed may be gone: that is worth a word, and no failure. */
static int add_passages(const struct nt_cli *cli, const struct options *o, const struct nt_run *r, const char *ckpt,
			struct nt_buf *html)
{
	int rc = o->passages ? passages_of(cli, r, ckpt, o->val, o->passages, html) : 0;
	if (rc < 0 && !o->val) {
		html->len = 0;
		nt_cli_say(cli, "%s: no held-out text on the page: %s", nt_run_label(r), nt_errmsg());
		rc = 0;
	}
	return rc;
}

/* --- the command -------------------------------------------------------------------- */

struct job {
	const struct nt_cli *cli;
	const struct options *o;
	struct nt_chart_options chart;
	struct runs runs;
	char **operand;
	size_t n_operand;
	const volatile sig_atomic_t *stop; /* NULL: not following */
	int drawn;                         /* lines on the terminal, to be drawn over */
	uint64_t news_ns;                  /* when something came last */
	bool was_written;                  /* a run was seen with an nt-train at it */
	bool is_old;                       /* nothing was written for long before, and nothing came since */
};

/* Does the terminal show more than ASCII? What the locale is called says it, also where that
 * locale is not installed. */
static bool is_utf8(void)
{
	static const char *const name[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *locale = NULL;
	for (size_t i = 0; i < 3 && !(locale && *locale); i++)
		locale = getenv(name[i]);
	return locale && (strcasestr(locale, "utf-8") || strcasestr(locale, "utf8"));
}

static int draw_in_characters(const struct job *j, struct nt_buf *made)
{
	struct nt_chart_options c = j->chart;
	struct winsize w;
	bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 && w.ws_row > 1;
	c.width = j->o->width ? (unsigned)j->o->width : is_known ? w.ws_col : 80u;
	c.height = j->o->height ? (unsigned)j->o->height : is_known ? w.ws_row - 1u : 24u;
	return nt_chart_terminal(made, j->runs.run, j->runs.n, &c, is_utf8(), j->cli->has_color && !j->o->output);
}

static int make_page(const struct job *j, struct nt_buf *made, bool is_last)
{
	size_t n = j->runs.n;
	struct nt_buf *html = nt_calloc(n, sizeof(*html)); /* of each run */
	struct nt_page_options page = {.chart = j->chart, .passages = html, .refresh = is_last ? 0 : 5};
	int rc = html ? 0 : NT_ESYS;
	for (size_t i = 0; rc == 0 && is_last && i < n; i++)
		rc = add_passages(j->cli, j->o, j->runs.run[i], j->operand[i], &html[i]);
	if (rc == 0)
		rc = nt_report_page(made, j->runs.run, n, &page);
	for (size_t i = 0; html && i < n; i++)
		nt_buf_release(&html[i]);
	free(html);
	return rc;
}

static int make(const struct job *j, struct nt_buf *made, bool is_last)
{
	if (j->o->terminal)
		return draw_in_characters(j, made);
	if (j->o->svg)
		return nt_chart_svg(made, j->runs.run, j->runs.n, &j->chart);
	return make_page(j, made, is_last);
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

/* Over what was drawn before: each line clears what is left of the one it replaces. */
static int redraw(struct job *j, const struct nt_buf *made)
{
	struct nt_buf frame = {0};
	int rc = j->drawn ? nt_buf_printf(&frame, "\033[%dA\r", j->drawn) : 0;
	j->drawn = 0;
	for (size_t at = 0, end; rc == 0 && at < made->len; at = end + 1) {
		const uint8_t *feed = memchr(made->data + at, '\n', made->len - at);
		end = feed ? (size_t)(feed - made->data) : made->len;
		rc = nt_buf_add(&frame, made->data + at, end - at);
		if (rc == 0)
			rc = nt_buf_printf(&frame, "\033[K\n");
		j->drawn++;
	}
	if (rc == 0)
		rc = nt_buf_printf(&frame, "\033[J");
	if (rc == 0)
		rc = nt_write_full(STDOUT_FILENO, frame.data, frame.len, "standard output");
	nt_buf_release(&frame);
	return rc;
}

/* What there is now. Before the first step there is nothing to draw, which only the last time
 * is worth a word. */
static int show(struct job *j, bool is_last)
{
	struct nt_buf made = {0};
	int rc = make(j, &made, is_last);
	if (rc == 0)
		rc = j->stop && !j->o->output ? redraw(j, &made) : write_out(j->o, &made);
	nt_buf_release(&made);
	return rc == NT_EFAIL && !is_last ? 0 : rc;
}

static bool have_ended(const struct runs *runs)
{
	bool all = true;
	for (size_t i = 0; i < runs->n; i++)
		all = all && nt_run_has_ended(runs->run[i]);
	return all;
}

static void wait_a_second(void)
{
	nanosleep(&(struct timespec){.tv_sec = 1}, NULL); /* a signal ends it sooner */
}

/* All that there is; following, when there is something. What is there and is no log becomes none. */
static int begin(struct job *j)
{
	bool is_told = false;
	for (;;) {
		int rc = open_runs(j->o, &j->runs, j->operand, j->n_operand);
		bool are_open = rc == 0;
		if (are_open)
			rc = read_runs(&j->runs, j->operand);
		bool is_final = rc >= 0 || rc == NT_EARG || (rc == NT_EFORMAT && are_open);
		if (is_final || !j->stop || *j->stop)
			return rc < 0 ? rc : 0;
		if (!is_told)
			nt_cli_say(j->cli, "%s; waiting for it", nt_errmsg());
		is_told = true;
		close_runs(&j->runs);
		wait_a_second();
	}
}

/* A killed nt-train says no end. Its lock is gone; a log that is brought from another machine never
 * had one, and may come in pieces that are minutes apart. Where none came for so long before, one
 * that is about to go on has some seconds to begin. */
enum { QUIET_S = 3, OLD_QUIET_S = 5, LONG_QUIET_S = 600 };

static bool are_old(const struct runs *r)
{
	bool are = true;
	for (size_t i = 0; i < r->n && are; i++)
		are = nt_run_has_ended(r->run[i]) || nt_run_age_s(r->run[i]) >= LONG_QUIET_S;
	return are;
}

static bool are_left(struct job *j)
{
	uint64_t quiet_s = (nt_now_ns() - j->news_ns) / 1000000000;
	bool is_written = false;
	for (size_t i = 0; i < j->runs.n && !is_written; i++)
		is_written = !nt_run_has_ended(j->runs.run[i]) && nt_run_is_written(j->runs.run[i]);
	j->was_written |= is_written;
	return !is_written && quiet_s >= (j->was_written ? QUIET_S : j->is_old ? OLD_QUIET_S : LONG_QUIET_S);
}

static int follow(struct job *j)
{
	int rc = show(j, false);
	j->is_old = are_old(&j->runs);
	for (j->news_ns = nt_now_ns(); rc >= 0 && !*j->stop && !have_ended(&j->runs); wait_a_second()) {
		rc = read_runs(&j->runs, j->operand);
		if (rc > 0) {
			j->news_ns = nt_now_ns();
			j->is_old = false;
			rc = show(j, false);
		} else if (rc == 0 && are_left(j)) {
			nt_cli_warn(j->cli, "no nt-train is at it any more, and it has no end: run nt-train again to go on");
			break;
		}
	}
	return rc < 0 ? rc : show(j, true);
}

static int check(const struct options *o, int n_operand)
{
	if (n_operand < 1)
		return nt_fail(NT_EARG, "no run named: a checkpoint directory, or its log.jsonl");
	if (o->svg && o->terminal)
		return nt_fail(NT_EARG, "--svg and --terminal: choose one");
	if (o->follow && o->terminal && o->output)
		return nt_fail(NT_EARG, "--follow draws on the terminal, not into a file: leave -o out");
	if (o->follow && !o->output && !isatty(STDOUT_FILENO))
		return nt_fail(NT_EARG, "--follow draws on a terminal, which standard output is not: "
					"name a file with -o");
	return 0;
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	struct options *o = opt;
	int rc = check(o, n_operand);
	o->terminal |= o->follow && !o->output;
	struct job j = {.cli = cli, .o = o, .operand = operand, .n_operand = (size_t)n_operand,
			.stop = o->follow ? nt_cli_stop_flag() : NULL};
	j.chart = (struct nt_chart_options){.of = (enum nt_chart_of)o->chart, .x = (enum nt_chart_x)o->x,
					    .log = (unsigned)o->log, .smooth = o->smooth, .title = o->title,
					    .width = o->width ? (unsigned)o->width : 760,
					    .height = o->height ? (unsigned)o->height : 440};
	if (rc == 0)
		rc = read_range(o->range, &j.chart);
	if (rc == 0)
		rc = begin(&j);
	if (rc == 0)
		rc = o->follow ? follow(&j) : show(&j, true);
	if (rc == 0)
		tell_skipped(cli, &j.runs, operand);
	close_runs(&j.runs);
	free(j.runs.run);
	return rc;
}

static const struct nt_example examples[] = {
	{"nt-report ckpt > run.html", "All of a run, so far or to its end"},
	{"nt-report --label AdamW --label Muon a b > both.html", "Two runs side by side"},
	{"nt-report --follow ckpt", "Watch a run on a terminal, also over ssh"},
	{"nt-report --follow -o run.html ckpt", "... or in a browser: the page is written anew, and looks again by itself"},
	{"nt-report --svg --chart held-out -x time a b > loss.svg", "One chart: held-out loss against time"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-report",
	.what = "training runs as a page, or as a chart",
	.synopsis = "[OPTION...] RUN...",
	.about = "Shows what nt-train logged as one HTML page: what the run came to; training loss, smoothed, with "
		 "what each step measured faintly behind it, held-out loss, learning rate, gradient norm, tokens "
		 "a second and the share of the machine's FLOP/s, each against steps, tokens or time; what "
		 "became of the data from bytes to tokens; pieces of held-out text as each run sees them, each token shaded by its "
		 "-log p; samples; settings and machine. The page holds all that it needs and asks for "
		 "nothing; it is light or dark as its reader is. --svg draws one chart, as a file of its own; "
		 "--terminal draws it in characters, Braille where the locale is UTF-8. --follow goes on until "
		 "the runs have ended, their nt-train is gone, or it is interrupted, and waits for runs that have not begun.\n\n"
		 "A RUN is a checkpoint directory or its log.jsonl; - is a log on standard input. Several are "
		 "compared: in one chart, with settings that differ side by side. A run may still go on. "
		 "Of steps that were taken twice, because it was stopped after its last save, the later "
		 "ones are drawn.\n\n"
		 "Held-out text is read from the data that nt-train was given, where they still lie there by "
		 "the same names, or from --val.",
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

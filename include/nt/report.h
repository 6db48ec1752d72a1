/* SPDX-License-Identifier: MIT */
#ifndef NT_REPORT_H
#define NT_REPORT_H
/*
 * nt/report.h - training runs, read from their logs and drawn
 *
 *	nt_run_open		a log, nothing read yet
 *	nt_run_read		what it holds so far; again, what came since
 *	nt_chart_svg		one chart of several runs
 *	nt_chart_terminal	the same in characters
 *
 * A log is log.jsonl of a checkpoint's directory (docs/training.md). Of steps that a run
 * took twice, because it was stopped after its last save, the later ones count. A last
 * line without its end is left for the next reading. A line that is no event is counted
 * and passed over. Memory is 64 bytes a step.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/mem.h"
#include "nt/show.h"

struct nt_run;

/* path: a checkpoint's directory, one step of it, a log, or "-". */
int nt_run_open(struct nt_run **r, const char *path);
void nt_run_free(struct nt_run *r); /* NULL is harmless */

/*
 * Reads on: 1 if anything came, 0 if nothing did. NT_ESYS: there is no log, or it cannot
 * be read. A log that became shorter is read from its beginning.
 */
int nt_run_read(struct nt_run *r);

uint64_t nt_run_n_step(const struct nt_run *r);   /* how far it has come */
bool nt_run_is_empty(const struct nt_run *r);     /* no event has come */
bool nt_run_has_ended(const struct nt_run *r);    /* nothing is to come, unless it is resumed */
bool nt_run_is_written(const struct nt_run *r);   /* nt-train is at it, on this machine */
uint64_t nt_run_age_s(const struct nt_run *r);    /* seconds since its log was written; 0: not known */
/* Lines that were no events, and what was wrong with the first of them; "" if there is none. */
uint64_t nt_run_n_skipped(const struct nt_run *r);
const char *nt_run_why_skipped(const struct nt_run *r);

/* The data file that was held out from the run, as it was named there; NULL: not known. */
const char *nt_run_val(const struct nt_run *r);
/* Appends the names of the files it was trained on, a NUL behind each: none if they are not known. */
int nt_run_data(const struct nt_run *r, struct nt_buf *names);

/* What charts call it: the label in its log, or the directory it lies in ... */
const char *nt_run_label(const struct nt_run *r);
int nt_run_set_label(struct nt_run *r, const char *label); /* ... or this, which is copied */

/* --- charts --------------------------------------------------------------------- */

enum nt_chart_of {
	NT_CHART_LOSS,      /* of training, smoothed and raw, and of what is held out, nats/token */
	NT_CHART_HELD_OUT,  /* that alone */
	NT_CHART_SOURCES,   /* that of each source of the data, the first eight */
	NT_CHART_BPB,       /* held out, in bits/byte */
	NT_CHART_LR,        /* learning rate */
	NT_CHART_GRAD_NORM,
	NT_CHART_SPEED,     /* tokens/s */
	NT_CHART_MFU,       /* share of the machine's FLOP/s */
	NT_CHART_N,
};

enum nt_chart_x { NT_X_STEPS, NT_X_TOKENS, NT_X_TIME };

enum { NT_LOG_X = 1, NT_LOG_Y = 2 };

struct nt_chart_options {
	enum nt_chart_of of;
	enum nt_chart_x x;
	unsigned log;         /* NT_LOG_X | NT_LOG_Y: logarithmic axes */
	uint64_t smooth;      /* steps that a point of the smoothed curve is the mean of; 0: 1/50 of them */
	double lo, hi;        /* of the y axis; NaN: what the curves need */
	const char *title;    /* or NULL */
	unsigned width, height; /* pixels, or characters; too small ones are enlarged */
};

/* Appends an SVG file: complete, without anything from elsewhere, light or dark as its
 * reader is. NT_EFAIL: there is nothing to draw yet. */
int nt_chart_svg(struct nt_buf *out, struct nt_run *const *run, size_t n_run,
		 const struct nt_chart_options *o);

/* Appends lines for a terminal: dots of Braille if is_utf8, else ASCII. The same errors. */
int nt_chart_terminal(struct nt_buf *out, struct nt_run *const *run, size_t n_run,
		      const struct nt_chart_options *o, bool is_utf8, bool has_color);

/* --- the page ------------------------------------------------------------------- */

struct nt_page_options {
	struct nt_chart_options chart;  /* log, smooth, title, x; lo and hi of losses */
	const struct nt_buf *passages;  /* [n_run] of nt_report_passage, or NULL */
	unsigned refresh;               /* seconds until a browser looks again; 0: never */
};

/* Appends a piece of held-out text for the page: each token shaded by its -log p, with its
 * strongest rivals on hover. */
int nt_report_passage(struct nt_buf *html, const struct nt_show_tokens *tokens, const struct nt_score_of *doc);

/* What a run's model is shown, spread evenly over the text, so that runs with the same text show the same. */
struct nt_passages {
	const char *source;              /* of the text; of a path the last part is shown */
	uint64_t n, most;                /* pieces there are, and are shown */
	int (*read)(void *arg, uint64_t i, size_t most, struct nt_ids *ids); /* the first `most` ids of piece i */
	void *arg;
	struct nt_scorer *scorer;
	struct nt_show_tokens tokens;    /* has text */
};
/* Appends those of up to 256 targets each. */
int nt_report_passages(struct nt_buf *html, const struct nt_passages *p);

/*
 * Appends one HTML page that needs nothing else and asks for nothing: figures, every chart
 * against steps, tokens and time, the data's funnel, passages, samples, settings. A run
 * without a single step is shown, too. All text from outside is escaped.
 */
int nt_report_page(struct nt_buf *out, struct nt_run *const *run, size_t n_run,
		   const struct nt_page_options *o);

#endif

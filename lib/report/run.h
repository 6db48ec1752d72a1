/* SPDX-License-Identifier: MIT */
#ifndef REPORT_RUN_H
#define REPORT_RUN_H
/*
 * run.h - what a log says, as columns
 */
#include "nt/report.h"

/* What is measured at a point of a run: of each step, or of each look at held-out text. */
enum report_value { V_LOSS, V_LR, V_GRAD_NORM, V_SPEED, V_MFU, N_VALUE, V_VAL_LOSS = 0, V_VAL_BPB };

struct report_point {
	double step, tokens, time; /* in all; seconds of work */
	double value[N_VALUE];     /* NaN: not said */
};

struct report_track {
	struct report_point *point; /* [n], steps ascending */
	size_t n, cap;
};

/* A sample or a warning. */
struct report_note {
	double step;
	char *text;      /* [len] */
	size_t len;
	bool is_warning;
};

/* A setting of the run: an option, or what it ran on. */
struct report_fact {
	char *key, *value;
};

struct report_facts {
	struct report_fact *fact; /* [n] */
	size_t n, cap;
};

/* What is held out of one source of the data. */
struct report_source {
	char *name;
	struct report_track look; /* V_VAL_LOSS alone */
};

struct nt_run {
	char *path;              /* as it was named ... */
	char *log;               /* ... and its log */
	char *label;             /* as the user says it, or NULL */
	char *own_label;         /* as the log does, or NULL */
	uint64_t offset;         /* bytes of the log that were read */
	struct nt_buf rest;      /* a line whose end has not come */
	bool is_rest_too_long;
	uint64_t n_line, n_event, n_skipped;
	char why_skipped[160];
	struct report_track step, look; /* steps; looks at what is held out */
	struct report_source *source;   /* [n_source] */
	size_t n_source, source_cap;
	struct report_note *note;
	size_t n_note, note_cap;
	double max_steps;        /* 0: not known */
	struct nt_buf manifest;  /* of its data, a JSON array, or empty */
	struct nt_buf data;      /* names of the files, a JSON array, or empty */
	char *val;               /* the path of what was held out, or NULL */
	struct report_facts machine; /* as the log says: threads, the CPU ... */
	bool has_ended;
};

/* Settings beside the log, of the newest step: none where there is no checkpoint, or it
 * cannot be read. */
int nt_facts_read(struct report_facts *f, const struct nt_run *r);
const char *nt_facts_find(const struct report_facts *f, const char *key); /* or NULL */
/* Copies both. value is JSON: a string, or anything as it is written; null is left out. */
int nt_facts_add(struct report_facts *f, const char *key, size_t key_len, const char *value, size_t len);
void nt_facts_release(struct report_facts *f); /* harmless twice */

/* Takes one line in, without its end; a NUL stands behind it. NT_EFORMAT: it is no event. */
int nt_run_take(struct nt_run *r, const char *line, size_t len);

/* source.c: a log's "sources" at a point of the run; what was known behind a step is forgotten */
int nt_run_take_sources(struct nt_run *r, const struct nt_buf *json, const struct report_point *at);
void nt_run_cut_sources(struct nt_run *r, double step);
void nt_run_free_sources(struct nt_run *r);

/* Sources of several runs, numbered from 0 as they come: the same name, the same number. */
enum { N_SOURCE = 8 }; /* as many as there are colours; what comes behind them is not drawn */
struct report_names {
	const char *name[N_SOURCE]; /* [n], the runs' own: valid until one is read on, or freed */
	size_t n;
};
void nt_source_names(struct report_names *s, struct nt_run *const *run, size_t n_run);
size_t nt_source_number(const struct report_names *s, const char *name); /* n: it is none of them */

#endif

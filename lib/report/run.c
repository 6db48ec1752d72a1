/* SPDX-License-Identifier: MIT */
/*
 * run.c - a log, read as it grows
 *
 * Lines are taken as they come, so a log of any length needs memory for its numbers
 * alone. Nothing in a log is believed: a number that is not one, or is larger than any
 * run could make it, is left out, and a line that says no step is passed over. A step
 * that comes again takes the place of what was known from there on, as does a `start`
 * (docs/training.md): what was lost with a crash is not drawn.
 */
#include "report/run.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/block.h"
#include "io/json.h"
#include "nt/err.h"
#include "nt/file.h"

enum { READ_BYTES = NT_BLOCK(1 << 18), LINE_MOST = 1 << 24 };
#define COUNT_MOST 1e18 /* steps, tokens, seconds: more is damage */
#define VALUE_MOST 1e30 /* far from where differences of two overflow */

/* --- one line -------------------------------------------------------------------- */

enum kind { START, STEP, EVAL, SAMPLE, WARNING, PLAN, END, OTHER };
static const char *const kind_name[] = {"start", "step", "eval", "sample", "warning", "plan", "end"};

struct event {
	enum kind kind;
	bool has_kind;
	double step, tokens, time, max_steps; /* NaN: not said */
	double value[N_VALUE], val_loss, val_bpb;
	struct nt_buf text, label, val, manifest, data, sources;
	bool has_text, has_label, has_val;
	struct report_facts machine;
};

static const struct {
	const char *key;
	size_t at;
	double least, most;
} numbers[] = {
#define AT(member) offsetof(struct event, member)
	{"step", AT(step), 0, COUNT_MOST},
	{"tokens", AT(tokens), 0, COUNT_MOST},
	{"time", AT(time), 0, COUNT_MOST},
	{"max_steps", AT(max_steps), 0, COUNT_MOST},
	{"loss", AT(value[V_LOSS]), -VALUE_MOST, VALUE_MOST},
	{"lr", AT(value[V_LR]), -VALUE_MOST, VALUE_MOST},
	{"grad_norm", AT(value[V_GRAD_NORM]), -VALUE_MOST, VALUE_MOST},
	{"tokens_per_s", AT(value[V_SPEED]), -VALUE_MOST, VALUE_MOST},
	{"mfu", AT(value[V_MFU]), -VALUE_MOST, VALUE_MOST},
	{"val_loss", AT(val_loss), -VALUE_MOST, VALUE_MOST},
	{"val_bpb", AT(val_bpb), -VALUE_MOST, VALUE_MOST},
#undef AT
};

enum { N_NUMBER = sizeof(numbers) / sizeof(*numbers) };

/* A number as JSON writes it, with something behind it; NaN if it is none, or out of range. */
static double number_of(const struct nt_json_text *s, double least, double most)
{
	if (s->len == 0 || (*s->p != '-' && (*s->p < '0' || *s->p > '9')))
		return NAN;
	double x = strtod((const char *)s->p, NULL);
	return x >= least && x <= most ? x : NAN;
}

static int read_text(struct nt_json *j, struct nt_buf *text, bool *has)
{
	struct nt_json_text s;
	if (nt_json_peek(j) != '"')
		return nt_json_skip(j, NULL);
	int rc = nt_json_read_string(j, &s);
	text->len = 0;
	*has = true;
	return rc < 0 ? rc : nt_buf_add(text, s.p, s.len);
}

static int read_kind(struct nt_json *j, struct event *e)
{
	struct nt_json_text s;
	int rc = nt_json_read_string(j, &s), kind = 0;
	while (rc == 0 && kind < OTHER && !nt_json_is(&s, kind_name[kind]))
		kind++;
	e->kind = (enum kind)kind;
	e->has_kind = rc == 0;
	return rc;
}

/* What a start says of data and machine, as it is written. */
static const char *const about[] = {"manifest", "data", "cpu", "cpus", "threads", "isa", "version"};
enum { N_ABOUT = sizeof(about) / sizeof(*about) };

static int read_about(size_t which, const struct nt_json_text *value, struct event *e)
{
	const char *text = (const char *)value->p;
	if (which > 1)
		return nt_facts_add(&e->machine, about[which], strlen(about[which]), text, value->len);
	struct nt_buf *list = which == 0 ? &e->manifest : &e->data;
	list->len = 0;
	return *text == '[' ? nt_buf_add(list, text, value->len) : 0;
}

static int read_member(struct nt_json *j, const struct nt_json_text *key, struct event *e)
{
	struct nt_json_text s;
	if (nt_json_is(key, "event"))
		return read_kind(j, e);
	if (nt_json_is(key, "text"))
		return read_text(j, &e->text, &e->has_text);
	if (nt_json_is(key, "label"))
		return read_text(j, &e->label, &e->has_label);
	if (nt_json_is(key, "val"))
		return read_text(j, &e->val, &e->has_val);
	bool is_sources = nt_json_is(key, "sources");
	size_t i = 0, k = 0;
	while (i < N_NUMBER && !nt_json_is(key, numbers[i].key))
		i++;
	while (k < N_ABOUT && !nt_json_is(key, about[k]))
		k++;
	int rc = nt_json_skip(j, &s); /* the key may be gone now */
	if (rc == 0 && i < N_NUMBER)
		*(double *)((char *)e + numbers[i].at) = number_of(&s, numbers[i].least, numbers[i].most);
	if (rc == 0 && is_sources) {
		e->sources.len = 0;
		return nt_buf_add(&e->sources, s.p, s.len);
	}
	return rc < 0 || k == N_ABOUT ? rc : read_about(k, &s, e);
}

static int read_event(const char *line, size_t len, struct event *e)
{
	struct nt_json j;
	struct nt_json_text key;
	for (size_t i = 0; i < N_NUMBER; i++)
		*(double *)((char *)e + numbers[i].at) = NAN;
	nt_json_init(&j, line, len);
	int rc = nt_json_enter(&j, '{');
	while (rc >= 0 && (rc = nt_json_key(&j, &key)) > 0)
		rc = read_member(&j, &key, e);
	if (rc == 0)
		rc = nt_json_end(&j);
	nt_json_release(&j);
	if (rc == 0 && !e->has_kind)
		rc = nt_fail(NT_EFORMAT, "an object without \"event\"");
	if (rc == 0 && isnan(e->step) && e->kind != OTHER)
		rc = nt_fail(NT_EFORMAT, "an event without a step");
	return rc;
}

/* --- what is known of the run ------------------------------------------------------ */

static void cut_track(struct report_track *t, double step, bool is_kept)
{
	while (t->n && (t->point[t->n - 1].step > step || (!is_kept && t->point[t->n - 1].step == step)))
		t->n--;
}

static void cut_notes(struct nt_run *r, double step)
{
	while (r->n_note && r->note[r->n_note - 1].step > step)
		free(r->note[--r->n_note].text);
}

static int add_point(struct report_track *t, const struct event *e, const double *value, size_t n)
{
	cut_track(t, e->step, false);
	int rc = nt_grow(&t->point, &t->cap, t->n + 1, sizeof(*t->point));
	if (rc < 0)
		return rc;
	struct report_point *p = &t->point[t->n++];
	*p = (struct report_point){.step = e->step, .tokens = e->tokens, .time = e->time};
	for (size_t i = 0; i < N_VALUE; i++)
		p->value[i] = i < n ? value[i] : NAN;
	return 0;
}

static int add_look(struct nt_run *r, const struct event *e)
{
	double value[] = {[V_VAL_LOSS] = e->val_loss, [V_VAL_BPB] = e->val_bpb};
	int rc = isnan(e->val_loss) ? 0 : add_point(&r->look, e, value, sizeof(value) / sizeof(*value));
	struct report_point at = {.step = e->step, .tokens = e->tokens, .time = e->time};
	return rc == 0 && e->sources.len ? nt_run_take_sources(r, &e->sources, &at) : rc;
}

static int add_note(struct nt_run *r, struct event *e)
{
	int rc = e->has_text ? nt_grow(&r->note, &r->note_cap, r->n_note + 1, sizeof(*r->note)) : 0;
	if (rc < 0 || !e->has_text)
		return rc;
	cut_notes(r, e->step);
	r->note[r->n_note++] = (struct report_note){.step = e->step, .text = (char *)e->text.data,
						    .len = e->text.len, .is_warning = e->kind == WARNING};
	e->text = (struct nt_buf){0};
	return 0;
}

/* *kept becomes the text, if there is one. */
static int keep(char **kept, bool has, const struct nt_buf *text)
{
	char *copy = has ? strndup(text->len ? (const char *)text->data : "", text->len) : NULL;
	if (has && !copy)
		return nt_fail(NT_ESYS, "out of memory");
	if (has) {
		free(*kept);
		*kept = copy;
	}
	return 0;
}

static void swap(struct nt_buf *a, struct nt_buf *b)
{
	struct nt_buf kept = *a;
	*a = *b;
	*b = kept;
}

static int start(struct nt_run *r, struct event *e)
{
	cut_track(&r->step, e->step, true);
	cut_track(&r->look, e->step, true);
	nt_run_cut_sources(r, e->step);
	cut_notes(r, e->step);
	r->max_steps = isnan(e->max_steps) ? 0 : e->max_steps;
	int rc = keep(&r->own_label, e->has_label, &e->label);
	if (rc == 0)
		rc = keep(&r->val, e->has_val, &e->val);
	if (rc == 0 && e->manifest.len)
		swap(&r->manifest, &e->manifest);
	if (rc == 0 && e->data.len)
		swap(&r->data, &e->data);
	if (rc == 0 && e->machine.n) {
		struct report_facts before = r->machine;
		r->machine = e->machine;
		e->machine = before;
	}
	return rc;
}

static int take_event(struct nt_run *r, struct event *e)
{
	r->n_event++;
	if (e->kind != OTHER)
		r->has_ended = e->kind == END;
	switch (e->kind) {
	case START:
		return start(r, e);
	case STEP:
		return add_point(&r->step, e, e->value, N_VALUE);
	case EVAL:
	case END:
		return add_look(r, e);
	case SAMPLE:
	case WARNING:
		return add_note(r, e);
	case PLAN:
		r->max_steps = isnan(e->max_steps) ? r->max_steps : e->max_steps;
		break;
	case OTHER:
		break;
	}
	return 0;
}

int nt_run_take(struct nt_run *r, const char *line, size_t len)
{
	struct event e = {0};
	int rc = read_event(line, len, &e);
	if (rc == 0)
		rc = take_event(r, &e);
	nt_buf_release(&e.text);
	nt_buf_release(&e.label);
	nt_buf_release(&e.val);
	nt_buf_release(&e.manifest);
	nt_buf_release(&e.data);
	nt_buf_release(&e.sources);
	nt_facts_release(&e.machine);
	return rc;
}

/* --- the file ---------------------------------------------------------------------- */

static void forget(struct nt_run *r)
{
	cut_notes(r, -1);
	nt_run_cut_sources(r, -1);
	r->step.n = r->look.n = 0;
	r->rest.len = 0;
	r->offset = r->n_line = r->n_event = r->n_skipped = 0;
	r->is_rest_too_long = r->has_ended = false;
	*r->why_skipped = 0;
}

static void skip(struct nt_run *r, const char *why)
{
	if (r->n_skipped++ == 0)
		snprintf(r->why_skipped, sizeof(r->why_skipped), "line %llu: %s",
			 (unsigned long long)r->n_line, why);
}

static int end_line(struct nt_run *r)
{
	r->n_line++;
	int rc = 0;
	if (r->is_rest_too_long)
		skip(r, "longer than 16 MiB");
	else if (r->rest.len && (rc = nt_buf_add(&r->rest, "", 1)) == 0)
		rc = nt_run_take(r, (const char *)r->rest.data, r->rest.len - 1);
	if (rc == NT_EFORMAT) {
		skip(r, nt_errmsg());
		rc = 0;
	}
	r->rest.len = 0;
	r->is_rest_too_long = false;
	return rc;
}

static int take_bytes(struct nt_run *r, const char *p, size_t n)
{
	for (int rc; n > 0;) {
		const char *feed = memchr(p, '\n', n);
		size_t len = feed ? (size_t)(feed - p) : n;
		r->is_rest_too_long |= r->rest.len + len > LINE_MOST;
		if (!r->is_rest_too_long && (rc = nt_buf_add(&r->rest, p, len)) < 0)
			return rc;
		if (feed && (rc = end_line(r)) < 0)
			return rc;
		len += feed != NULL;
		p += len;
		n -= len;
	}
	return 0;
}

/* The rest may be a line that is under way, if it begins an object as a log's lines do. */
static bool may_go_on(const struct nt_run *r)
{
	return !r->is_rest_too_long && (r->rest.len == 0 || *r->rest.data == '{');
}

/* To where it can be read on. A pipe goes on by itself. */
static int seek(struct nt_run *r, int fd)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return nt_fail_sys("%s: cannot look at it", r->log);
	if (!S_ISREG(st.st_mode))
		return 0;
	if ((uint64_t)st.st_size < r->offset)
		forget(r);
	return lseek(fd, (off_t)r->offset, SEEK_SET) < 0 ? nt_fail_sys("%s: cannot seek", r->log) : 0;
}

int nt_run_read(struct nt_run *r)
{
	uint64_t before = r->n_line;
	char *bytes = nt_alloc(READ_BYTES, 1);
	int fd = bytes ? nt_open_read(r->log) : NT_ESYS;
	int rc = fd < 0 ? fd : seek(r, fd);
	for (ssize_t n = READ_BYTES; rc == 0 && n == READ_BYTES;) {
		n = nt_read_full(fd, bytes, READ_BYTES, r->log);
		if (n < 0)
			rc = (int)n;
		else
			rc = take_bytes(r, bytes, (size_t)n);
		r->offset += n > 0 ? (size_t)n : 0;
	}
	if (rc == 0 && !may_go_on(r))
		rc = end_line(r);
	if (fd >= 0)
		nt_close_read(fd);
	free(bytes);
	return rc < 0 ? rc : r->n_line != before;
}

/* --- names -------------------------------------------------------------------------- */

static int join(struct nt_buf *path, const char *dir, const char *name)
{
	path->len = 0;
	int rc = nt_buf_printf(path, "%s/%s", dir, name);
	return rc < 0 ? rc : nt_buf_add(path, "", 1);
}

/* The log of what was named: in a directory, or beside the step that is one. */
static int find_log(struct nt_run *r)
{
	struct nt_buf path = {0};
	if (!nt_is_folder(r->path))
		return (r->log = strdup(r->path)) ? 0 : nt_fail(NT_ESYS, "out of memory");
	int rc = join(&path, r->path, "log.jsonl");
	if (rc == 0 && access((char *)path.data, F_OK) < 0)
		rc = join(&path, r->path, "../log.jsonl");
	r->log = (char *)path.data;
	if (rc == 0 && access(r->log, F_OK) < 0)
		rc = nt_fail(NT_EFORMAT, "%s: holds no log.jsonl: no directory of nt-train's", r->path);
	return rc;
}

int nt_run_open(struct nt_run **result, const char *path)
{
	struct nt_run *r = nt_calloc(1, sizeof(*r));
	if (!(*result = r))
		return NT_ESYS;
	if (!(r->path = strdup(path)))
		return nt_fail(NT_ESYS, "out of memory");
	size_t n = strlen(r->path);
	while (n > 1 && r->path[n - 1] == '/')
		r->path[--n] = 0;
	return find_log(r);
}

void nt_run_free(struct nt_run *r)
{
	if (!r)
		return;
	cut_notes(r, -1);
	free(r->note);
	free(r->step.point);
	free(r->look.point);
	nt_run_free_sources(r);
	nt_buf_release(&r->rest);
	nt_buf_release(&r->manifest);
	nt_buf_release(&r->data);
	nt_facts_release(&r->machine);
	free(r->val);
	free(r->path);
	free(r->log);
	free(r->label);
	free(r->own_label);
	free(r);
}

int nt_run_set_label(struct nt_run *r, const char *label)
{
	char *copy = strdup(label);
	if (!copy)
		return nt_fail(NT_ESYS, "out of memory");
	free(r->label);
	r->label = copy;
	return 0;
}

const char *nt_run_label(const struct nt_run *r)
{
	return r->label ? r->label : r->own_label && *r->own_label ? r->own_label : nt_input_name(r->path);
}

const char *nt_run_val(const struct nt_run *r)
{
	return r->val;
}

int nt_run_data(const struct nt_run *r, struct nt_buf *names)
{
	struct nt_json j;
	struct nt_json_text name;
	size_t before = names->len;
	if (r->data.len == 0)
		return 0;
	nt_json_init(&j, r->data.data, r->data.len);
	int rc = nt_json_enter(&j, '[');
	while (rc >= 0 && (rc = nt_json_more(&j)) > 0) {
		if ((rc = nt_json_read_string(&j, &name)) < 0)
			break;
		rc = nt_buf_add(names, name.p, name.len);
		if (rc == 0)
			rc = nt_buf_add(names, "", 1);
	}
	nt_json_release(&j);
	if (rc == NT_EFORMAT) /* not names: as good as none */
		names->len = before;
	return rc == NT_EFORMAT ? 0 : rc;
}

uint64_t nt_run_n_step(const struct nt_run *r)
{
	return r->step.n ? (uint64_t)r->step.point[r->step.n - 1].step : 0;
}

bool nt_run_has_ended(const struct nt_run *r)
{
	return r->has_ended;
}

/* nt-train holds a lock on its log as long as it lives. */
bool nt_run_is_written(const struct nt_run *r)
{
	int fd = nt_open_read(r->log);
	bool is_locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	if (fd >= 0)
		flock(fd, LOCK_UN);
	nt_close_read(fd);
	return is_locked;
}

uint64_t nt_run_age_s(const struct nt_run *r)
{
	struct stat st;
	time_t now = time(NULL);
	bool is_file = stat(r->log, &st) == 0 && S_ISREG(st.st_mode);
	return is_file && st.st_mtime < now ? (uint64_t)(now - st.st_mtime) : 0;
}

bool nt_run_is_empty(const struct nt_run *r)
{
	return r->n_event == 0;
}

uint64_t nt_run_n_skipped(const struct nt_run *r)
{
	return r->n_skipped;
}

const char *nt_run_why_skipped(const struct nt_run *r)
{
	return r->why_skipped;
}

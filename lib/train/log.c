/* SPDX-License-Identifier: MIT */
/* log.c - log.jsonl: one JSON object an event */
#include "train/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "nt/err.h"
#include "nt/file.h"

/* Each of our lines begins so, but for one that a run could not finish. */
static bool is_ours(const uint8_t *data, size_t len)
{
	static const char begin[] = "{\"event\": \"";
	size_t n = len < strlen(begin) ? len : strlen(begin);
	return data[0] == 0 || memcmp(data, begin, n) == 0;
}

/*
 * A run that was killed, had no disk left or no power may have left part of a line, or zeros
 * where the disk had room for lines and never got them. From there on nothing can be read.
 */
static int cut_torn(const struct nt_log *log, bool force)
{
	struct nt_map map;
	struct stat st;
	if (fstat(log->fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return 0;
	int rc = nt_map_open(&map, log->path);
	if (rc < 0)
		return rc;
	const uint8_t *zero = memchr(map.data, 0, map.len);
	size_t len = zero ? (size_t)(zero - map.data) : map.len;
	while (len > 0 && map.data[len - 1] != '\n')
		len--;
	bool is_foreign = !is_ours(map.data, map.len);
	if (is_foreign)
		len = 0;
	if (is_foreign && !force)
		rc = nt_fail(NT_EARG, "%s: it was not written by nt-train: use -o OTHER, or -f to replace it", log->path);
	else if (len < map.len && ftruncate(log->fd, (off_t)len) < 0)
		rc = nt_fail_sys("%s: cannot cut what a stopped run left at its end", log->path);
	nt_map_close(&map);
	return rc;
}

/* Who only looks whether the log is written (nt-report --follow) holds its lock for a moment, too. */
static bool is_locked(int fd)
{
	for (int i = 0; i < 20; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	return false;
}

int nt_log_open(struct nt_log *log, const char *dir, bool force)
{
	struct nt_buf path = {0};
	int rc = nt_buf_printf(&path, "%s/log.jsonl", dir);
	if (rc == 0)
		rc = nt_buf_add(&path, "", 1);
	*log = (struct nt_log){.fd = -1, .path = (char *)path.data};
	if (rc < 0)
		return rc;
	log->fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (log->fd < 0)
		return nt_fail_sys("%s: cannot open", log->path);
	if (!is_locked(log->fd))
		return nt_fail(NT_ESYS, "%s: another nt-train is writing it: wait, or use -o OTHER", dir);
	return cut_torn(log, force);
}

void nt_log_close(struct nt_log *log)
{
	if (log->path && log->fd >= 0)
		close(log->fd);
	free(log->path);
	*log = (struct nt_log){.fd = -1};
}

/* A number that is not one is left out: JSON has no NaN. */
static int add_real(struct nt_buf *b, const char *key, double value)
{
	return isfinite(value) ? nt_buf_printf(b, ", \"%s\": %.9g", key, value) : 0;
}

static int add_count(struct nt_buf *b, const char *key, uint64_t value)
{
	return nt_buf_printf(b, ", \"%s\": %" PRIu64, key, value);
}

static int add_text(struct nt_buf *b, const char *key, const char *text)
{
	int rc = nt_buf_printf(b, ", \"%s\": ", key);
	return rc < 0 ? rc : nt_json_string(b, text, strlen(text));
}

/* What each source made of a loss; one without targets is left out. */
static int add_sources(struct nt_buf *b, const struct nt_train_event *e)
{
	bool is_val = e->kind != NT_EVENT_STEP;
	const char *before = ", \"sources\": {";
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < e->n_source; i++) {
		const struct nt_train_loss *s = &e->source[i];
		if (s->n_target == 0)
			continue;
		rc = nt_buf_printf(b, "%s", before);
		if (rc == 0)
			rc = nt_json_string(b, s->name, strlen(s->name));
		if (rc == 0)
			rc = nt_buf_printf(b, ": {\"targets\": %" PRIu64, s->n_target);
		if (rc == 0)
			rc = add_real(b, is_val ? "val_loss" : "loss", s->loss);
		if (rc == 0 && is_val)
			rc = add_real(b, "val_bpb", s->bpb);
		if (rc == 0)
			rc = nt_buf_printf(b, "}");
		before = ", ";
	}
	return rc == 0 && *before == ',' && before[2] == 0 ? nt_buf_printf(b, "}") : rc;
}

static int add_numbers(struct nt_buf *b, const struct nt_train_event *e)
{
	int rc = 0;
	switch (e->kind) {
	case NT_EVENT_PLAN:
		return add_count(b, "max_steps", e->max_steps);
	case NT_EVENT_START:
		rc = add_count(b, "max_steps", e->max_steps);
		if (rc == 0 && e->label)
			rc = add_text(b, "label", e->label);
		return rc < 0 || !e->about ? rc : nt_buf_add(b, e->about->data, e->about->len);
	case NT_EVENT_STEP:
		if ((rc = add_real(b, "loss", e->loss)) < 0 || (rc = add_real(b, "lr", e->lr)) < 0 ||
		    (rc = add_real(b, "grad_norm", e->grad_norm)) < 0 ||
		    (rc = add_real(b, "tokens_per_s", e->tokens_per_s)) < 0)
			return rc;
		rc = add_real(b, "mfu", e->mfu);
		return rc < 0 ? rc : add_sources(b, e);
	case NT_EVENT_EVAL:
	case NT_EVENT_END:
		if ((rc = add_real(b, "val_loss", e->val_loss)) < 0)
			return rc;
		rc = add_real(b, "val_bpb", e->val_bpb);
		return rc < 0 ? rc : add_sources(b, e);
	case NT_EVENT_SPIKE:
		if ((rc = add_real(b, "loss", e->loss)) < 0 || (rc = add_real(b, "grad_norm", e->grad_norm)) < 0 ||
		    (rc = add_real(b, "mean", e->mean)) < 0 || (rc = add_real(b, "deviations", e->deviations)) < 0 ||
		    (rc = add_text(b, "action", e->action)) < 0 || (rc = nt_buf_printf(b, ", \"rows\": [")) < 0)
			return rc;
		rc = nt_buf_add(b, e->rows->data, e->rows->len);
		return rc < 0 ? rc : nt_buf_printf(b, "]");
	case NT_EVENT_SAMPLE:
	case NT_EVENT_WARNING:
		rc = nt_buf_printf(b, ", \"text\": ");
		return rc < 0 ? rc : nt_json_string(b, e->text, e->text_len);
	case NT_EVENT_SAVE:
		return add_text(b, "path", e->path);
	}
	return rc;
}

int nt_log_add(struct nt_log *log, const struct nt_train_event *e)
{
	static const char *const name[] = {"start", "step", "eval", "save", "sample", "plan", "warning", "spike",
					   "end"};
	struct nt_buf line = {0};
	int rc = nt_buf_printf(&line, "{\"event\": \"%s\", \"step\": %" PRIu64 ", \"tokens\": %" PRIu64
				      ", \"time\": %.3f",
			       name[e->kind], e->step, e->tokens, e->time);
	if (rc == 0)
		rc = add_numbers(&line, e);
	if (rc == 0)
		rc = nt_buf_add(&line, "}\n", 2);
	if (rc == 0)
		rc = nt_write_full(log->fd, line.data, line.len, log->path);
	nt_buf_release(&line);
	return rc;
}

bool nt_log_has_end(const char *dir, uint64_t step)
{
	struct nt_buf path = {0}, end = {0};
	struct nt_map map = {0};
	bool has = nt_buf_printf(&path, "%s/log.jsonl", dir) == 0 &&
		   nt_buf_printf(&end, "{\"event\": \"end\", \"step\": %" PRIu64 ",", step) == 0 &&
		   nt_map_open(&map, (const char *)path.data) == 0 && map.len > end.len &&
		   map.data[map.len - 1] == '\n';
	const uint8_t *line = has ? memrchr(map.data, '\n', map.len - 1) : NULL;
	line = line ? line + 1 : map.data;
	has = has && (size_t)(map.data + map.len - line) > end.len && memcmp(line, end.data, end.len) == 0;
	nt_map_close(&map);
	nt_buf_release(&path);
	nt_buf_release(&end);
	return has;
}

int nt_log_sync(struct nt_log *log)
{
	return fsync(log->fd) < 0 && errno != EINVAL ? nt_fail_sys("%s: cannot sync", log->path) : 0;
}

int nt_log_end(struct nt_log *log)
{
	int rc = nt_log_sync(log), fd = log->fd;
	if (rc < 0)
		return rc;
	log->fd = -1; /* closed, whatever close says */
	return close(fd) < 0 ? nt_fail_sys("%s: cannot close", log->path) : 0;
}

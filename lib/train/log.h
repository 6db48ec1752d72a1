/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_LOG_H
#define TRAIN_LOG_H
/*
 * log.h - log.jsonl: one JSON object an event, only ever appended to
 *
 * A `start` event at step s says that events before it with a greater step are void:
 * the run was stopped after its last save, or begun anew. The open log is also the
 * lock of the directory: two runs never write one checkpoint.
 */
#include "nt/train.h"

struct nt_log {
	int fd; /* -1: not open */
	char *path;
};

/* What a run that was killed left of a line is cut off; a log of other lines is NT_EARG, and replaced
 * if that is forced. NT_ESYS: cannot be written, or another run holds it. */
int nt_log_open(struct nt_log *log, const char *dir, bool force);
int nt_log_add(struct nt_log *log, const struct nt_train_event *event);
/* Is its last line the end of a run at this step? One that was killed while it looked at what it
 * had saved last lacks it. */
bool nt_log_has_end(const char *dir, uint64_t step);
int nt_log_sync(struct nt_log *log);
int nt_log_end(struct nt_log *log); /* all of it is on the disk, or NT_ESYS */
void nt_log_close(struct nt_log *log); /* harmless twice, and behind its end */

#endif

/* SPDX-License-Identifier: MIT */
#ifndef IO_AHEAD_H
#define IO_AHEAD_H
/*
 * ahead.h - operands read by several threads, handed out in their order
 */
#include "io/reader.h"
#include "io/walk.h"

struct nt_ahead;

/* options and walk must outlive it; the walk is its own from here on. */
int nt_ahead_new(struct nt_ahead **a, const struct nt_docs_options *options, struct nt_walk *walk);
int nt_ahead_next(struct nt_ahead *a, struct nt_doc *doc); /* as nt_docs_next */
/* Of the operands that have been handed out to their end; bytes: of what was handed out. */
void nt_ahead_counts(const struct nt_ahead *a, struct nt_reader_counts *counts);
const char *nt_ahead_remark(const struct nt_ahead *a); /* the latest of those, or NULL */
void nt_ahead_free(struct nt_ahead *a); /* NULL is harmless */

#endif

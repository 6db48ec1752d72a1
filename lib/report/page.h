/* SPDX-License-Identifier: MIT */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H
/*
 * page.h - parts of the page
 */
#include "report/markup.h"
#include "report/svg.h"

/* A whole number with its thousands marked, "1,116,811"; "" for NaN. Returns text. */
const char *nt_say_whole(double x, char text[SAY_BYTES]);

/* A manifest as a table. NT_EFORMAT: it is none; what was written until then has to go. */
int nt_funnel_put(struct report_markup *m, const struct nt_buf *manifest);

/* The settings of all runs side by side, those that differ first. */
void nt_settings_put(struct report_markup *m, struct nt_run *const *run, const struct report_facts *facts,
		     size_t n_run);

#endif

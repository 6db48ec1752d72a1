/* SPDX-License-Identifier: MIT */
#ifndef REPORT_FRAME_H
#define REPORT_FRAME_H
/*
 * frame.h - what every page begins and ends with
 *
 *	nt_frame_begin(m, 0); its title, as text; nt_frame_body(m); what is in it; nt_frame_end(m);
 *
 * All is in the file: style and script, and its policy forbids the browser to ask for
 * anything else.
 */
#include "report/markup.h"

void nt_frame_begin(struct report_markup *m, unsigned refresh); /* seconds until a browser looks again; 0: never */
void nt_frame_body(struct report_markup *m);
void nt_frame_end(struct report_markup *m);

/* The line that says what the shades of passages mean. */
void nt_frame_scale(struct report_markup *m);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef REPORT_STYLE_H
#define REPORT_STYLE_H
/*
 * style.h - the style sheets and the script, which are files of their own beside this one
 */
#include "report/markup.h"

void nt_style_chart(struct report_markup *m); /* chart.css */
void nt_style_page(struct report_markup *m);  /* page.css */
void nt_style_script(struct report_markup *m); /* page.js */

#endif

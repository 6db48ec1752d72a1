/* SPDX-License-Identifier: MIT */
/* style.c - files that become part of the program when it is compiled */
#include "report/style.h"

#define EMBED(name, file) \
	__asm__(".section .rodata\n.hidden " #name ", " #name "_end\n.global " #name ", " #name "_end\n" \
		#name ": .incbin \"lib/report/" file "\"\n" #name "_end:\n.previous\n"); \
	extern const char name[], name##_end[]

EMBED(nt_chart_css, "chart.css");
EMBED(nt_page_css, "page.css");
EMBED(nt_page_js, "page.js");

void nt_style_chart(struct report_markup *m)
{
	nt_markup_raw(m, nt_chart_css, (size_t)(nt_chart_css_end - nt_chart_css));
}

void nt_style_page(struct report_markup *m)
{
	nt_markup_raw(m, nt_page_css, (size_t)(nt_page_css_end - nt_page_css));
}

void nt_style_script(struct report_markup *m)
{
	nt_markup_raw(m, nt_page_js, (size_t)(nt_page_js_end - nt_page_js));
}

/* SPDX-License-Identifier: MIT */
/* frame.c - what every page begins and ends with; the why is in frame.h */
#include "report/frame.h"

#include "report/style.h"

void nt_frame_begin(struct report_markup *m, unsigned refresh)
{
	nt_markup(m, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
		     "script-src 'unsafe-inline'; img-src data:\">\n"
		     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
	if (refresh)
		nt_markup(m, "<meta http-equiv=\"refresh\" content=\"%u\">\n", refresh);
	nt_markup(m, "<link rel=\"icon\" href=\"data:,\">\n<title>");
}

void nt_frame_body(struct report_markup *m)
{
	nt_markup(m, "</title>\n<style>\n");
	nt_style_chart(m);
	nt_style_page(m);
	nt_markup(m, "</style>\n</head>\n<body>\n");
}

void nt_frame_end(struct report_markup *m)
{
	nt_markup(m, "<script>\n");
	nt_style_script(m);
	nt_markup(m, "</script>\n</body>\n</html>\n");
}

void nt_frame_scale(struct report_markup *m)
{
	nt_markup(m, "<p class=\"scale\">-log p of each token, in nats: <span>0</span><i></i><span>10</span></p>\n");
}

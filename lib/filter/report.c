/* SPDX-License-Identifier: MIT */
/*
 * report.c - what rules there are and what they did, for people and for programs
 *
 * Two tables with tabs, the rules and a line for each document; and two pieces of JSON, a report
 * of its own and members of a manifest.
 */
#include <math.h>
#include <stdio.h>

#include "filter/rules.h"
#include "nt/err.h"

_Static_assert((int)NT_N_RULE <= (int)NT_FILTER_RULES, "nt_filter_counts has no room for all rules");

static void number(char out[32], double x)
{
	snprintf(out, 32, "%.*g", x == floor(x) && fabs(x) < 1e15 ? 16 : 6, x);
}

int nt_filter_list(struct nt_buf *out, const struct nt_filter *f)
{
	static const char *const sense[] = {"at least", "at most", "none", "line", "setting"};
	const struct nt_filter_rule *r;
	int rc = nt_buf_printf(out, "family\trule\tasked\tsense\tthreshold\twhat\n");
	for (size_t i = 0; rc == 0 && (r = nt_filter_rule(i)); i++) {
		char value[32] = "";
		if (r->has_value && !isnan(f->value[i]))
			number(value, f->value[i]);
		rc = nt_buf_printf(out, "%s\t%s\t%s\t%s\t%s\t%s\n", r->family, r->name, f->on[i] ? "yes" : "no",
				   sense[r->sense], value, r->what);
	}
	return rc;
}

/* --- a line for each document ------------------------------------------------------- */

int nt_filter_explain_names(struct nt_buf *out)
{
	return nt_buf_printf(out, "doc\tsource\tverdict\trule\tvalue\tthreshold\n");
}

/* A source may be a file's name, which may hold anything. */
static int add_source(struct nt_buf *out, const char *source)
{
	int rc = 0;
	for (const char *p = source; *p && rc == 0; p++)
		rc = *p == '\t' || *p == '\n' || *p == '\\' ? nt_buf_printf(out, "\\x%02x", *p)
							    : nt_buf_add(out, p, 1);
	return rc;
}

int nt_filter_explain(struct nt_buf *out, uint64_t doc, const char *source, const struct nt_filter_reason *why)
{
	char measured[32] = "", threshold[32] = "";
	if (why->rule) {
		number(measured, why->value);
		if (isfinite(why->threshold))
			number(threshold, why->threshold);
	}
	int rc = nt_buf_printf(out, "%llu\t", (unsigned long long)doc);
	if (rc == 0)
		rc = add_source(out, source);
	if (rc == 0)
		rc = nt_buf_printf(out, "\t%s\t%s\t%s\t%s\n", why->rule ? "dropped" : "kept",
				   why->rule ? why->rule : "", measured, threshold);
	return rc;
}

/* --- JSON --------------------------------------------------------------------------- */

static bool drops(const struct nt_filter_rule *r)
{
	return r->sense <= NT_RULE_NONE;
}

static int add_sum(struct nt_buf *out, const char *name, const struct nt_filter_sum *s)
{
	return nt_buf_printf(out, "\"%s\": {\"documents\": %llu, \"bytes\": %llu}", name,
			     (unsigned long long)s->documents, (unsigned long long)s->bytes);
}

static int report_rule(struct nt_buf *out, const struct nt_filter *f, const struct nt_filter_counts *c, size_t i)
{
	const struct nt_filter_rule *r = nt_filter_rule(i);
	int rc = nt_buf_printf(out, "{\"rule\": \"%s\", \"family\": \"%s\"", r->name, r->family);
	if (rc == 0 && r->has_value)
		rc = nt_buf_printf(out, ", \"threshold\": %.17g", f->value[i]);
	if (rc == 0 && drops(r) && (rc = nt_buf_printf(out, ", ")) == 0)
		rc = add_sum(out, "dropped", &c->by_rule[i]);
	return rc < 0 ? rc : nt_buf_printf(out, "}");
}

int nt_filter_report(struct nt_buf *out, const struct nt_filter *f, const struct nt_filter_counts *c)
{
	const char *comma = "";
	int rc = nt_buf_printf(out, "{");
	if (rc == 0)
		rc = add_sum(out, "read", &c->in);
	if (rc == 0 && (rc = nt_buf_printf(out, ", ")) == 0)
		rc = add_sum(out, "kept", &c->kept);
	if (rc == 0)
		rc = nt_buf_printf(out, ", \"rules\": [");
	for (size_t i = 0; rc == 0 && i < NT_N_RULE; i++) {
		if (!f->on[i])
			continue;
		if ((rc = nt_buf_printf(out, "%s\n", comma)) == 0)
			rc = report_rule(out, f, c, i);
		comma = ",";
	}
	if (rc == 0 && c->other && (rc = nt_buf_printf(out, "%s\n{\"rule\": \"%s\", ", comma, c->other)) == 0 &&
	    (rc = add_sum(out, "dropped", &c->by_other)) == 0)
		rc = nt_buf_printf(out, "}");
	return rc < 0 ? rc : nt_buf_printf(out, "]}\n");
}

int nt_filter_thresholds(struct nt_buf *out, const struct nt_filter *f)
{
	const char *comma = "";
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < NT_N_RULE; i++) {
		if (!f->on[i])
			continue;
		rc = nt_buf_printf(out, "%s\"%s\": ", comma, nt_filter_rule(i)->name);
		if (rc == 0)
			rc = nt_filter_rule(i)->has_value ? nt_buf_printf(out, "%.15g", f->value[i])
							  : nt_buf_printf(out, "true");
		comma = ", ";
	}
	return rc;
}

int nt_filter_dropped(struct nt_buf *out, const struct nt_filter *f, const struct nt_filter_counts *c)
{
	const char *comma = "";
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < NT_N_RULE; i++) {
		if (!f->on[i] || !drops(nt_filter_rule(i)))
			continue;
		rc = nt_buf_printf(out, "%s\"%s\": %llu", comma, nt_filter_rule(i)->name,
				   (unsigned long long)c->by_rule[i].documents);
		comma = ", ";
	}
	if (rc == 0 && c->other)
		rc = nt_buf_printf(out, "%s\"%s\": %llu", comma, c->other,
				   (unsigned long long)c->by_other.documents);
	return rc;
}

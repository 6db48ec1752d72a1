/* SPDX-License-Identifier: MIT */
/* show.c - scores as a table, as TSV and as JSON; the why is in nt/show.h */
#include "nt/show.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/mem.h"

enum { CELL = 14 }; /* characters of a token in the table */

struct nt_show {
	struct nt_out *out;
	struct nt_show_tokens tokens;
	enum nt_show_form form;
	bool has_color;
	struct nt_buf line; /* what goes out next */
};

int nt_show_new(struct nt_show **result, struct nt_out *out, const struct nt_show_tokens *tokens,
		enum nt_show_form form, bool has_color)
{
	struct nt_show *s = nt_calloc(1, sizeof(*s));
	if (!(*result = s))
		return NT_ESYS;
	s->out = out;
	s->tokens = *tokens;
	s->form = form;
	s->has_color = has_color;
	return 0;
}

void nt_show_free(struct nt_show *s)
{
	if (s)
		nt_buf_release(&s->line);
	free(s);
}

static int flush_line(struct nt_show *s)
{
	int rc = nt_out_write(s->out, s->line.data, s->line.len);
	s->line.len = 0;
	return rc;
}

static double per(double a, double b)
{
	return b > 0 ? a / b : 0;
}

/* The name of a special token, or NULL. */
static const char *mark_of(const struct nt_show *s, uint32_t id)
{
	return s->tokens.mark ? s->tokens.mark(s->tokens.vocabulary, id) : NULL;
}

static const uint8_t *bytes_of(const struct nt_show *s, uint32_t id, size_t *len)
{
	const char *mark = mark_of(s, id);
	*len = mark ? strlen(mark) : 0;
	if (mark)
		return (const uint8_t *)mark;
	const uint8_t *p = s->tokens.text ? s->tokens.text(s->tokens.vocabulary, id, len) : NULL;
	return p ? p : (const uint8_t *)"";
}

/* --- the table ------------------------------------------------------------------ */

/* Cuts or pads what stands in the line from `from` on to CELL characters. */
static int fit_cell(struct nt_buf *b, size_t from)
{
	size_t at = from, shown = 0;
	for (; at < b->len; at++) /* a character begins at every byte but 10xxxxxx */
		if ((b->data[at] & 0xc0) != 0x80 && ++shown > CELL)
			break;
	b->len = at;
	int rc = 0;
	for (; rc == 0 && shown < CELL; shown++)
		rc = nt_buf_add(b, " ", 1);
	return rc < 0 ? rc : nt_buf_add(b, "  ", 2);
}

/* How a special token is shown: [B] and [E] as in the equation, if they are two tokens. */
static const char *special_name(const struct nt_show *s, uint32_t id)
{
	uint32_t bos = s->tokens.bos, eos = s->tokens.eos;
	if (bos != eos && (id == bos || id == eos))
		return id == bos ? "[B]" : "[E]";
	return mark_of(s, id);
}

/* The token in quotes; a special bare; where there is no vocabulary, its id. */
static int add_cell(struct nt_show *s, uint32_t id)
{
	size_t len, from = s->line.len;
	const uint8_t *p = bytes_of(s, id, &len);
	int rc;
	if (!s->tokens.text)
		rc = nt_buf_printf(&s->line, "%u", id);
	else if (special_name(s, id))
		rc = nt_buf_printf(&s->line, "%s", special_name(s, id));
	else
		rc = nt_json_string(&s->line, p, len);
	return rc < 0 ? rc : fit_cell(&s->line, from);
}

/* How hard the target was: the likeliest, among the likeliest, not expected. */
static const char *color_of(const struct nt_show *s, uint32_t rank)
{
	if (!s->has_color)
		return "";
	return rank == 1 ? "\033[32m" : rank > 10 ? "\033[31m" : "\033[33m";
}

static int put_position(struct nt_show *s, const struct nt_score_of *doc, size_t i, double sum)
{
	const struct nt_scored *at = &doc->scored[i];
	int rc = nt_buf_printf(&s->line, "%5zu  ", i + 1);
	if (rc == 0)
		rc = add_cell(s, doc->id[i]);
	if (rc == 0)
		rc = add_cell(s, at->pred_id);
	if (rc == 0)
		rc = nt_buf_printf(&s->line, "%s", color_of(s, at->rank));
	if (rc == 0)
		rc = add_cell(s, doc->id[i + 1]);
	if (rc == 0)
		rc = nt_buf_printf(&s->line, "%s%6.2f %%  ", s->has_color ? "\033[0m" : "",
				   100 * exp(-at->nll));
	if (rc == 0)
		rc = add_cell(s, at->wrong_id);
	if (rc == 0)
		rc = nt_buf_printf(&s->line, "%6.2f %%  %9.4f  %11.4f\n", 100 * at->p_wrong, at->nll, sum);
	return rc < 0 ? rc : flush_line(s);
}

static int put_table(struct nt_show *s, const struct nt_score_of *doc)
{
	double sum = 0;
	size_t n = doc->n ? doc->n - 1 : 0;
	int rc = nt_buf_printf(&s->line, "%s%s\n%5s  %-*s  %-*s  %-*s  %8s  %-*s  %8s  %9s  %11s\n",
			       doc->number ? "\n" : "", doc->source, "n", CELL, "input", CELL, "prediction",
			       CELL, "target", "p", CELL, "best other", "p", "-log p", "L");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = put_position(s, doc, i, sum += doc->scored[i].nll);
	double each = per(sum, (double)n);
	if (rc == 0)
		rc = nt_buf_printf(&s->line, "L = %.4f nats over %zu target%s: %.4f nats/token, perplexity %.2f",
				   sum, n, n == 1 ? "" : "s", each, exp(each));
	if (rc == 0 && doc->bytes)
		rc = nt_buf_printf(&s->line, ", %.4f bits/byte", sum / log(2) / (double)doc->bytes);
	if (rc == 0)
		rc = nt_buf_add(&s->line, "\n", 1);
	return rc < 0 ? rc : flush_line(s);
}

/* --- TSV ------------------------------------------------------------------------ */

static int add_escaped(struct nt_buf *b, const uint8_t *p, size_t len)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < len; i++)
		rc = p[i] < 0x20 || p[i] > 0x7e || p[i] == '\\' ? nt_buf_printf(b, "\\x%02x", p[i])
								: nt_buf_add(b, p + i, 1);
	return rc;
}

static int add_tsv_token(struct nt_show *s, uint32_t id)
{
	size_t len;
	const uint8_t *p = bytes_of(s, id, &len);
	int rc = nt_buf_printf(&s->line, "%u\t", id);
	if (rc == 0)
		rc = add_escaped(&s->line, p, len);
	return rc < 0 ? rc : nt_buf_add(&s->line, "\t", 1);
}

static int put_tsv(struct nt_show *s, const struct nt_score_of *doc)
{
	double sum = 0;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i + 1 < doc->n; i++) {
		const struct nt_scored *at = &doc->scored[i];
		sum += at->nll;
		rc = nt_buf_printf(&s->line, "%" PRIu64 "\t%zu\t", doc->number, i);
		if (rc == 0)
			rc = add_tsv_token(s, doc->id[i]);
		if (rc == 0)
			rc = add_tsv_token(s, doc->id[i + 1]);
		if (rc == 0)
			rc = nt_buf_printf(&s->line, "%.6f\t%.6f\t%u\t", at->nll, sum, at->rank);
		if (rc == 0)
			rc = add_tsv_token(s, at->pred_id);
		if (rc == 0)
			rc = nt_buf_printf(&s->line, "%.6f\n", at->p_pred);
		if (rc == 0)
			rc = flush_line(s);
	}
	return rc;
}

/* --- JSON ----------------------------------------------------------------------- */

static int add_json_token(struct nt_show *s, const char *name, uint32_t id)
{
	size_t len;
	const uint8_t *p = bytes_of(s, id, &len);
	int rc = nt_buf_printf(&s->line, "\"%s_id\": %u, \"%s\": ", name, id, name);
	if (rc == 0)
		rc = nt_json_string(&s->line, p, len);
	return rc < 0 ? rc : nt_buf_add(&s->line, ", ", 2);
}

static int add_json_number(struct nt_show *s, const char *name, double x)
{
	return isfinite(x) ? nt_buf_printf(&s->line, "\"%s\": %.6f, ", name, x)
			   : nt_buf_printf(&s->line, "\"%s\": null, ", name);
}

static int add_json_position(struct nt_show *s, const struct nt_score_of *doc, size_t i, double sum)
{
	const struct nt_scored *at = &doc->scored[i];
	int rc = nt_buf_printf(&s->line, "%s{\"pos\": %zu, ", i ? ", " : "", i);
	if (rc == 0)
		rc = add_json_token(s, "input", doc->id[i]);
	if (rc == 0)
		rc = add_json_token(s, "target", doc->id[i + 1]);
	if (rc == 0)
		rc = add_json_number(s, "nll", at->nll);
	if (rc == 0)
		rc = add_json_number(s, "cum", sum);
	if (rc == 0)
		rc = add_json_token(s, "pred", at->pred_id);
	if (rc == 0)
		rc = add_json_number(s, "p_pred", at->p_pred);
	return rc < 0 ? rc : nt_buf_printf(&s->line, "\"rank\": %u}", at->rank);
}

static int put_json(struct nt_show *s, const struct nt_score_of *doc)
{
	double sum = 0;
	int rc = nt_buf_printf(&s->line, "{\"doc\": %" PRIu64 ", \"source\": ", doc->number);
	if (rc == 0)
		rc = nt_json_string(&s->line, doc->source, strlen(doc->source));
	if (rc == 0)
		rc = nt_buf_printf(&s->line, ", \"positions\": [");
	for (size_t i = 0; rc == 0 && i + 1 < doc->n; i++)
		rc = add_json_position(s, doc, i, sum += doc->scored[i].nll);
	if (rc == 0)
		rc = nt_buf_printf(&s->line, "], ");
	if (rc == 0)
		rc = add_json_number(s, "nats", sum);
	if (rc == 0)
		rc = nt_buf_printf(&s->line, "\"targets\": %zu, \"bytes\": %" PRIu64 "}\n",
				   doc->n ? doc->n - 1 : 0, doc->bytes);
	return rc < 0 ? rc : flush_line(s);
}

static double nats_per_token(const struct nt_totals *sum)
{
	return per(sum->nats, (double)sum->targets);
}

static double bits_per_byte(const struct nt_totals *sum)
{
	return sum->bytes ? sum->nats / log(2) / (double)sum->bytes : NAN;
}

/* One object, without what ends it. */
static int add_json_total(struct nt_show *s, const struct nt_totals *sum)
{
	int rc = nt_buf_printf(&s->line, "{");
	if (rc == 0)
		rc = add_json_number(s, "nats", sum->nats);
	if (rc == 0)
		rc = add_json_number(s, "nats_per_token", nats_per_token(sum));
	if (rc == 0)
		rc = add_json_number(s, "perplexity", exp(nats_per_token(sum)));
	if (rc == 0)
		rc = add_json_number(s, "bits_per_byte", bits_per_byte(sum));
	return rc < 0 ? rc
		      : nt_buf_printf(&s->line, "\"documents\": %" PRIu64 ", \"targets\": %" PRIu64
						", \"bytes\": %" PRIu64,
				      sum->documents, sum->targets, sum->bytes);
}

static int put_json_total(struct nt_show *s, const struct nt_totals *sum,
			  const struct nt_totals *source, size_t n_source)
{
	int rc = add_json_total(s, sum);
	for (size_t i = 0; rc == 0 && i < n_source; i++) {
		rc = nt_buf_printf(&s->line, i ? ", " : ", \"sources\": {");
		if (rc == 0)
			rc = nt_json_string(&s->line, source[i].source, strlen(source[i].source));
		if (rc == 0)
			rc = nt_buf_printf(&s->line, ": ");
		if (rc == 0)
			rc = add_json_total(s, &source[i]);
		if (rc == 0)
			rc = nt_buf_printf(&s->line, "}");
	}
	return rc < 0 ? rc : nt_buf_printf(&s->line, n_source ? "}}\n" : "}\n");
}

static int put_table_total(struct nt_show *s, const struct nt_totals *sum,
			   const struct nt_totals *source, size_t n_source)
{
	double each = nats_per_token(sum);
	int rc = nt_buf_printf(&s->line,
			       "nats        %.6f\nnats/token  %.6f\nperplexity  %.4f\nbits/byte   %.6f\n"
			       "documents   %" PRIu64 "\ntargets     %" PRIu64 "\nbytes       %" PRIu64 "\n",
			       sum->nats, each, exp(each), bits_per_byte(sum), sum->documents, sum->targets,
			       sum->bytes);
	for (size_t i = 0; rc == 0 && i < n_source; i++)
		rc = nt_buf_printf(&s->line, "source      %s: %.6f nats/token, %.6f bits/byte, %" PRIu64
					     " documents, %" PRIu64 " targets\n",
				   source[i].source, nats_per_token(&source[i]),
				   bits_per_byte(&source[i]), source[i].documents, source[i].targets);
	return rc;
}

static int put_tsv_total(struct nt_show *s, const struct nt_totals *sum)
{
	double each = nats_per_token(sum);
	return nt_buf_printf(&s->line,
			     "nats\tnats_per_token\tperplexity\tbits_per_byte\tdocuments\ttargets\tbytes\n"
			     "%.6f\t%.6f\t%.6f\t%.6f\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
			     sum->nats, each, exp(each), bits_per_byte(sum), sum->documents, sum->targets,
			     sum->bytes);
}

/* --- what forms have in common ---------------------------------------------------- */

int nt_show_header(struct nt_show *s)
{
	static const char names[] = "doc\tpos\tinput_id\tinput\ttarget_id\ttarget\tnll\tcum\trank\t"
				    "pred_id\tpred\tp_pred\n";
	return s->form == NT_SHOW_TSV ? nt_out_write(s->out, names, sizeof(names) - 1) : 0;
}

int nt_show_document(struct nt_show *s, const struct nt_score_of *doc)
{
	if (s->form == NT_SHOW_JSON)
		return put_json(s, doc);
	return s->form == NT_SHOW_TSV ? put_tsv(s, doc) : put_table(s, doc);
}

int nt_show_total(struct nt_show *s, const struct nt_totals *sum, const struct nt_totals *source,
		  size_t n_source)
{
	int rc = s->form == NT_SHOW_JSON  ? put_json_total(s, sum, source, n_source)
		 : s->form == NT_SHOW_TSV ? put_tsv_total(s, sum)
					  : put_table_total(s, sum, source, n_source);
	return rc < 0 ? rc : flush_line(s);
}
